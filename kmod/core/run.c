// SPDX-License-Identifier: GPL-2.0-only
/*
 * The run loop: from one need of the host side to the next.
 */
#include "core/engine.h"
#include "core/exits.h"
#include "core/mp.h"
#include "mmu/walk.h"

/*
 * PIC before LAPIC: an ExtINT has no priority and is not held back by the PPR.
 * What the LAPIC has lent to the hardware is not for us to deliver.
 */
static int next_vector(struct vcpu *v)
{
	int vector;

	if (test_bit(LAPIC_PENDING_EXTINT, &v->lapic.s.pending) && lapic_accepts_extint(&v->lapic))
		return pic_take(v->platform);
	if (lapic_is_lent(&v->lapic))
		return -1;
	vector = lapic_next(&v->lapic);
	if (vector >= 0)
		lapic_take(&v->lapic, vector);
	return vector;
}

static bool wants_interrupt(struct vcpu *v)
{
	if (test_bit(LAPIC_PENDING_EXTINT, &v->lapic.s.pending) && lapic_accepts_extint(&v->lapic))
		return true;
	return !lapic_is_lent(&v->lapic) && lapic_next(&v->lapic) >= 0;
}

static bool inject_nmi(struct vcpu *v)
{
	if (v->nmi_blocked)
		lapic_drop_nmis(&v->lapic, false);
	if (v->inject.valid || v->nmi_blocked)
		return false;
	/* Not between MOV SS and the instruction that sets the stack pointer. */
	if (v->irq_shadow && (READ_ONCE(v->lapic.s.pending) & BIT(LAPIC_PENDING_NMI))) {
		static_call(engine_nmi_window)(v, true);
		return false;
	}
	if (!lapic_take_nmi(&v->lapic))
		return false;
	v->inject = (struct vcpu_event){ .valid = true, .type = EVENT_NMI, .vector = VEC_NMI };
	v->nmi_blocked = true;
	static_call(engine_nmi_window)(v, true);
	return true;
}

/* One test of one word in the common case; see lapic_pending(). */
static void deliver(struct vcpu *v)
{
	int vector;

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
	clear_bit(VCPU_REQ_WAKE, &v->requests);
	if (test_and_clear_bit(VCPU_REQ_FLUSH, &v->requests)) {
		static_call(engine_flush)(v);
		guest_fetch_forget(v);
	}
	if (test_bit(VCPU_REQ_LEAVE, &v->requests)) {
		recorder_cut(&v->recorder);
		return OUT_REQUEST;
	}
	if (test_bit(VCPU_REQ_PLATFORM, &v->requests))
		return OUT_PLATFORM;
	if (test_bit(VCPU_REQ_CONSOLE, &v->requests))
		return OUT_CONSOLE;
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
	if (unlikely(v->mp != MP_RUNNABLE)) {
		out = mp_rest(v);
		if (out != OUT_RESUME)
			return out;
	}
	if (lapic_pending(&v->lapic)) {
		out = mp_messages(v);
		if (out != OUT_RESUME)
			return out;
		deliver(v);
	}
	if (v->pv.eoi && !lapic_is_lent(&v->lapic))
		pv_offer_eoi(v);
	host_trace(inject, v);
	host_trace(entry, v);
	recorder_entry(&v->recorder, v->exit.reason, host_ticks());
	static_call(engine_run)(v);
	recorder_exit(&v->recorder, &v->exit, v->rip, host_ticks());
	host_trace(exit, v);
	v->entries++;
	v->exits[v->exit.reason]++;
	if (v->pv.eoi_offered)
		pv_collect_eoi(v);
	return exit_handle(v);
}

static enum outcome root_take(struct vcpu *v)
{
	v->root_held = static_call(engine_root_take)(v);
	if (!v->root_held)
		return root_lost(v);
	pvclock_refresh(v);
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
	lapic_timer_enter(&v->lapic);
	out = root_take(v);
	if (out == OUT_RESUME)
		pv_section_begin(v);
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
	lapic_timer_leave(&v->lapic);
	pv_section_end(v);
	root_give(v);
	host_section_end(v);
	return out;
}

/* What the clock page says of them is not true any more where it has the host's time. */
void core_go_on(struct vcpu *v, u64 ticks)
{
	vcpu_set_tsc_offset(v, v->tsc_offset - ticks);
	v->pvclock.cpu = -1;
}
