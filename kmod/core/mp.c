// SPDX-License-Identifier: GPL-2.0-only
/*
 * A processor among others: reset, INIT, start-up, halt.  Intel SDM vol. 3,
 * 'Multiple-Processor Initialization' and 'Processor State After Reset'.
 *
 * INIT and SIPI come through the local APIC's pending word.  A vCPU that finds
 * one leaves the core with OUT_MP, and its thread calls core_mp(), since
 * registers are set outside of core sections.
 */
#include "core/cpuid.h"
#include "core/engine.h"
#include "core/exits.h"
#include "core/mp.h"

const struct hv_vcpu_state core_reset_state = {
	.rip = 0xfff0,
	.rflags = 2,
	.cr0 = 0x60000010,
	.cs = { .base = 0xffff0000, .limit = 0xffff, .selector = 0xf000, .attr = 0x9b },
	.ds = { .limit = 0xffff, .attr = 0x93 },
	.es = { .limit = 0xffff, .attr = 0x93 },
	.fs = { .limit = 0xffff, .attr = 0x93 },
	.gs = { .limit = 0xffff, .attr = 0x93 },
	.ss = { .limit = 0xffff, .attr = 0x93 },
	.ldtr = { .limit = 0xffff, .attr = 0x82 },
	.tr = { .limit = 0xffff, .attr = 0x8b },
	.gdtr = { .limit = 0xffff },
	.idtr = { .limit = 0xffff },
};

static void load(struct vcpu *v, const struct hv_vcpu_state *state, bool init)
{
	memcpy(v->gpr, state->gpr, sizeof(v->gpr));
	v->rip = state->rip;
	v->rflags = state->rflags;
	v->cr2 = state->cr2;
	bus_done(v);
	v->inject.valid = false;
	v->triple_fault = false;
	v->nmi_blocked = false;
	v->irq_shadow = false;
	engine->set_state(v, state, init);
	pvclock_reset(v);
	pv_reset(v);
}

void core_reset(struct vcpu *v, const struct hv_vcpu_state *boot)
{
	const struct hv_vcpu_state *state = v->index ? &core_reset_state : boot;

	WRITE_ONCE(v->mp, v->index ? MP_WAIT_SIPI : MP_RUNNABLE);
	v->xcr0 = 1;
	recorder_cut(&v->recorder);
	load(v, state, false);
	msr_reset(v);
	lapic_reset(&v->lapic, true);
	lapic_set_cr8(&v->lapic, state->cr8);
	/* One origin for all, or the guest finds its CPUs' counters apart. */
	vcpu_set_tsc_offset(v, -v->platform->tsc_origin);
}

/*
 * What INIT leaves alone: caching bits of CR0, the FPU with XCR0, MSRs but EFER,
 * the time stamp counter, IA32_APIC_BASE.  EDX has the processor's signature.
 */
static void init_state(struct vcpu *v, struct hv_vcpu_state *state)
{
	u64 cr0;

	engine->get_state(v, state);
	cr0 = state->cr0;
	*state = core_reset_state;
	state->cr0 = (cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
	state->gpr[HV_RDX] = cpuid_signature();
}

/* An NMI that came before the INIT is void, like the interrupts in the local APIC. */
static void take_init(struct vcpu *v)
{
	struct hv_vcpu_state state;

	lapic_drop_nmis(&v->lapic, true);
	lapic_reset(&v->lapic, false);
	init_state(v, &state);
	load(v, &state, true);
}

/* 'Typical BSP Initialization Sequence': the vector is the number of a 4 KiB page. */
static void take_sipi(struct vcpu *v)
{
	u8 vector = READ_ONCE(v->lapic.s.sipi_vector);
	struct hv_vcpu_state state;

	init_state(v, &state);
	state.rip = 0;
	state.cs.selector = vector << 8;
	state.cs.base = vector << 12;
	load(v, &state, true);
}

void core_mp(struct vcpu *v)
{
	enum vcpu_mp mp = v->mp;

	/* First it is awake, then it takes a message: see is_stuck(). */
	WRITE_ONCE(v->mp, MP_RUNNABLE);
	if (lapic_test_clear(&v->lapic, LAPIC_PENDING_INIT)) {
		take_init(v);
		mp = MP_WAIT_SIPI;
	}
	if (mp == MP_WAIT_SIPI && lapic_test_clear(&v->lapic, LAPIC_PENDING_SIPI)) {
		take_sipi(v);
		mp = MP_RUNNABLE;
	}
	WRITE_ONCE(v->mp, mp);
}

/*
 * INIT makes the bootstrap processor start over at the reset vector: where the
 * firmware would be, so the whole board is reset instead.
 */
static enum outcome reset_board(struct vcpu *v)
{
	unsigned long flags = host_lock(&v->platform->lock);

	lapic_test_clear(&v->lapic, LAPIC_PENDING_INIT);
	platform_raise(v->platform, PLATFORM_RESET, 0);
	host_unlock(&v->platform->lock, flags);
	return OUT_PLATFORM;
}

/*
 * A SIPI is lost on a processor that runs, but one that comes behind an INIT is
 * not: so it goes only if no INIT came since the look.
 */
static void drop_sipi(struct lapic *l, unsigned long seen)
{
	if (seen & BIT(LAPIC_PENDING_SIPI))
		cmpxchg(&l->s.pending, seen, seen & ~BIT(LAPIC_PENDING_SIPI));
}

enum outcome mp_messages(struct vcpu *v)
{
	unsigned long pending = READ_ONCE(v->lapic.s.pending);

	if (pending & BIT(LAPIC_PENDING_INIT))
		return v->index ? OUT_MP : reset_board(v);
	drop_sipi(&v->lapic, pending);
	return OUT_RESUME;
}

/* A message that ends the rest @v is in; any context, as long as it rests. */
static bool has_message(const struct vcpu *v, enum vcpu_mp mp)
{
	unsigned long pending = READ_ONCE(v->lapic.s.pending);

	if (pending & BIT(LAPIC_PENDING_INIT))
		return true;
	if (mp == MP_WAIT_SIPI)
		return pending & BIT(LAPIC_PENDING_SIPI);
	if (READ_ONCE(v->pv.kicked))
		return true;
	return (pending & BIT(LAPIC_PENDING_NMI)) && !READ_ONCE(v->nmi_blocked);
}

static bool wakes(struct vcpu *v)
{
	if (has_message(v, v->mp))
		return true;
	return v->mp != MP_WAIT_SIPI && (v->rflags & RFLAGS_IF) && lapic_wakes(&v->lapic);
}

bool core_has_work(struct vcpu *v)
{
	return READ_ONCE(v->requests) || wakes(v);
}

/*
 * Does @v rest so that only a message of another processor could end it, and has none?
 * One that takes a message is awake before the message is gone: so where none is seen,
 * and it still rests behind that, none was taken.
 */
static bool is_stuck(const struct vcpu *v)
{
	/* Its pending word was looked at before it went to rest. */
	enum vcpu_mp mp = smp_load_acquire(&v->mp);

	if ((mp != MP_WAIT_SIPI && mp != MP_HALTED_OFF) || has_message(v, mp))
		return false;
	/* Its message before its rest: core_mp(), mp_rest(). */
	smp_rmb();
	return READ_ONCE(v->mp) == mp;
}

/*
 * Nobody is left to send a message.  A message under way is not overlooked: who
 * sends it sets the receiver's pending bit, then counts it, then runs on or
 * halts.  So either the sender is seen running, or its count is seen (then
 * somebody is awake still, and asks again when it halts), or the bit.
 */
static bool all_stuck(struct platform *p)
{
	int before = atomic_read(&p->messages);
	unsigned int i;

	/* The count before the bits. */
	smp_mb();
	for (i = 0; i < p->nr_lapics; i++)
		if (!is_stuck(p->lapics[i]->vcpu))
			return false;
	/* The bits before the count. */
	smp_mb();
	return atomic_read(&p->messages) == before;
}

/* Nothing for it to do: it waits, or the guest has come to its end. */
static enum outcome rest(struct vcpu *v)
{
	/* Of those that go to rest at the same time, the last one sees the others. */
	smp_mb();
	if (v->mp != MP_HALTED && all_stuck(v->platform))
		return vcpu_stop(v, HV_STOP_REASON_HALTED, 0,
				 "halted with interrupts off at rip %#llx",
				 v->platform->lapics[0]->vcpu->rip);
	return OUT_HALT;
}

enum outcome mp_rest(struct vcpu *v)
{
	if (!wakes(v))
		return rest(v);
	if (v->mp == MP_WAIT_SIPI)
		return OUT_MP;
	WRITE_ONCE(v->mp, MP_RUNNABLE);
	/* First it is awake, then it takes a message: see is_stuck(). */
	smp_store_release(&v->pv.kicked, false);
	return OUT_RESUME;
}

enum outcome mp_halt(struct vcpu *v)
{
	if (wakes(v)) {
		/* One that comes now is not lost: the guest looks again before it halts. */
		WRITE_ONCE(v->pv.kicked, false);
		return OUT_RESUME;
	}
	WRITE_ONCE(v->mp, v->rflags & RFLAGS_IF ? MP_HALTED : MP_HALTED_OFF);
	return rest(v);
}
