// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run loop: from one need of the host side to the next.
 */
#include "core/engine.h"
#include "core/exits.h"

/* PIC before LAPIC: an ExtINT has no priority and is not held back by the PPR. */
static int next_vector(struct vcpu *v)
{
	int vector;

	if (test_bit(LAPIC_PENDING_EXTINT, &v->lapic.s.pending) && lapic_accepts_extint(&v->lapic))
		return pic_take(v->platform);
	vector = lapic_next(&v->lapic);
	if (vector >= 0)
		lapic_take(&v->lapic, vector);
	return vector;
}

static bool wants_interrupt(struct vcpu *v)
{
	if (test_bit(LAPIC_PENDING_EXTINT, &v->lapic.s.pending) && lapic_accepts_extint(&v->lapic))
		return true;
	return lapic_next(&v->lapic) >= 0;
}

static bool inject_nmi(struct vcpu *v)
{
	if (v->inject.valid || v->nmi_blocked)
		return false;
	/* Not between MOV SS and the instruction that sets the stack pointer. */
	if (v->irq_shadow && (READ_ONCE(v->lapic.s.pending) & BIT(LAPIC_PENDING_NMI))) {
		static_call(engine_nmi_window)(v, true);
		return false;
	}
	if (!lapic_test_clear(&v->lapic, LAPIC_PENDING_NMI))
		return false;
	v->inject = (struct vcpu_event){ .valid = true, .type = EVENT_NMI, .vector = VEC_NMI };
	v->nmi_blocked = true;
	static_call(engine_nmi_window)(v, true);
	return true;
}

/*
 * Messages that a processor gets which is running.  INIT makes the bootstrap
 * processor start over at the reset vector: where the firmware would be, so
 * the whole board is reset instead.  SIPI is ignored unless INIT came before.
 */
static void take_init(struct vcpu *v)
{
	unsigned long flags;

	lapic_test_clear(&v->lapic, LAPIC_PENDING_SIPI);
	if (!lapic_test_clear(&v->lapic, LAPIC_PENDING_INIT))
		return;
	flags = host_lock(&v->platform->lock);
	platform_raise(v->platform, PLATFORM_RESET, 0);
	host_unlock(&v->platform->lock, flags);
}

/* One test of one word in the common case; see lapic_pending(). */
static void deliver(struct vcpu *v)
{
	int vector;

	take_init(v);
	if (inject_nmi(v))
		return;
	if (static_call(engine_can_interrupt)(v)) {
		vector = next_vector(v);
		if (vector >= 0)
			v->inject = (struct vcpu_event){ .valid = true, .vector = vector };
	}
	static_call(engine_window)(v, wants_interrupt(v));
}

/* What the host side asked for before the next entry. */
static enum outcome requested(struct vcpu *v)
{
	if (test_and_clear_bit(VCPU_REQ_FLUSH, &v->requests))
		static_call(engine_flush)(v);
	if (test_bit(VCPU_REQ_LEAVE, &v->requests))
		return OUT_REQUEST;
	if (test_bit(VCPU_REQ_PLATFORM, &v->requests))
		return OUT_PLATFORM;
	return OUT_RESUME;
}

/*
 * The last exit's instruction is not over: some of its accesses were made, one
 * of them by the host side perhaps.  The guest does not go on before it is.
 */
static enum outcome again(struct vcpu *v)
{
	enum outcome out = requested(v);

	if (out != OUT_RESUME)
		return out;
	bus_again(v);
	return exit_handle(v);
}

static enum outcome step(struct vcpu *v)
{
	enum outcome out;

	if (READ_ONCE(v->requests)) {
		out = requested(v);
		if (out != OUT_RESUME)
			return out;
	}
	if (v->mp == MP_WAIT_SIPI)
		return OUT_HALT;
	if (lapic_pending(&v->lapic))
		deliver(v);
	static_call(engine_run)(v);
	v->entries++;
	v->exits[v->exit.reason]++;
	return exit_handle(v);
}

static enum outcome root_take(struct vcpu *v)
{
	v->root_held = static_call(engine_root_take)(v);
	if (!v->root_held)
		return root_lost(v);
	if (unlikely(v->cpu != v->pvclock.cpu))
		pvclock_moved(v);
	return OUT_RESUME;
}

static void root_give(struct vcpu *v)
{
	if (v->root_held)
		static_call(engine_root_give)(v);
	v->root_held = false;
}

/* Let the host's interrupts in, with root given back meanwhile. */
static enum outcome window(struct vcpu *v)
{
	root_give(v);
	return host_window(v) ? OUT_YIELD : root_take(v);
}

/*
 * A pending host interrupt ends the guest's run at its next instruction.  A
 * guest that never gets to one (an event whose delivery exits each time) would
 * keep the host's interrupts out for ever: so let them in now and then anyway.
 */
#define STEPS_MAX	256

enum outcome core_run(struct vcpu *v)
{
	unsigned int steps = 0;
	enum outcome out;

	host_section_begin(v);
	out = root_take(v);
	if (out == OUT_RESUME && v->bus.nr)
		out = again(v);
	while (out == OUT_RESUME) {
		out = step(v);
		if (out == OUT_RESUME && ++steps < STEPS_MAX)
			continue;
		if (out == OUT_RESUME || out == OUT_INTERRUPT)
			out = window(v);
		steps = 0;
	}
	root_give(v);
	host_section_end(v);
	return out;
}

/* EDX has the processor's signature there, which nobody reads who has CPUID. */
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

void core_reset(struct vcpu *v, const struct hv_vcpu_state *state)
{
	v->mp = v->index ? MP_WAIT_SIPI : MP_RUNNABLE;
	memcpy(v->gpr, state->gpr, sizeof(v->gpr));
	v->rip = state->rip;
	v->rflags = state->rflags;
	v->cr2 = state->cr2;
	bus_done(v);
	v->inject.valid = false;
	v->triple_fault = false;
	v->nmi_blocked = false;
	v->irq_shadow = false;
	v->xcr0 = 1;
	engine->set_state(v, state);
	msr_reset(v);
	pvclock_reset(v);
	lapic_reset(&v->lapic, true);
	lapic_set_cr8(&v->lapic, state->cr8);
	vcpu_set_tsc(v, 0);
}

bool core_has_work(struct vcpu *v)
{
	const unsigned long always = BIT(LAPIC_PENDING_NMI) | BIT(LAPIC_PENDING_INIT);

	if (READ_ONCE(v->requests))
		return true;
	if (v->mp == MP_WAIT_SIPI)
		return false;
	if (READ_ONCE(v->lapic.s.pending) & always)
		return true;
	return (v->rflags & RFLAGS_IF) && lapic_wakes(&v->lapic);
}
