// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/core/mp.c kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * INIT, start-up and halt: states, what INIT keeps, and when nobody is left.
 */
#include <stdarg.h>

#include "board.h"
#include "core/cpuid.h"
#include "core/engine.h"
#include "core/mp.h"
#include "core/msr.h"
#include "tap.h"

#define SIGNATURE	0x00800f12U

static struct hv_vcpu_state states[BOARD_VCPUS];
static bool kept[BOARD_VCPUS];	/* the last set_state() was an INIT's */

static void set_state(struct vcpu *v, const struct hv_vcpu_state *state, bool init)
{
	states[v->index] = *state;
	kept[v->index] = init;
}

static void get_state(struct vcpu *v, struct hv_vcpu_state *state)
{
	*state = states[v->index];
}

static const struct engine_ops ops = { .set_state = set_state, .get_state = get_state };
const struct engine_ops *engine = &ops;

u32 cpuid_signature(void)
{
	return SIGNATURE;
}

void msr_reset(struct vcpu *v)
{
	memset(&v->msrs, 0, sizeof(v->msrs));
}

void pvclock_reset(struct vcpu *v)
{
}

void pv_reset(struct vcpu *v)
{
	memset(&v->pv, 0, sizeof(v->pv));
}

void bus_done(struct vcpu *v)
{
}

void vcpu_set_tsc_offset(struct vcpu *v, u64 offset)
{
	v->tsc_offset = offset;
}

enum outcome vcpu_stop(struct vcpu *v, enum hv_stop_reason reason, u32 status,
		       const char *fmt, ...)
{
	v->stop.reason = reason;
	return OUT_STOP;
}

static const struct hv_vcpu_state boot = { .rip = 0x100000, .rflags = 2, .cr0 = 0x80000031 };

static void setup(unsigned int nr)
{
	unsigned int i;

	board_setup(nr);
	for (i = 0; i < nr; i++) {
		board_vcpu[i].platform = &board;
		board_vcpu[i].index = i;
		core_reset(&board_vcpu[i], &boot);
	}
}

static struct vcpu *vcpu(unsigned int n)
{
	return &board_vcpu[n];
}

static void init(unsigned int n)
{
	lapic_receive(board_lapic(n), &(struct lapic_message){ .mode = LAPIC_INIT });
}

static void sipi(unsigned int n, u8 page)
{
	lapic_receive(board_lapic(n), &(struct lapic_message){ .mode = LAPIC_SIPI, .vector = page });
}

/* As the run loop does: until there is nothing to do but to run or to rest. */
static enum outcome pump(unsigned int n)
{
	struct vcpu *v = vcpu(n);
	enum outcome out;

	for (;;) {
		out = v->mp != MP_RUNNABLE ? mp_rest(v) : OUT_RESUME;
		if (out == OUT_RESUME)
			out = mp_messages(v);
		if (out != OUT_MP)
			return out;
		core_mp(v);
	}
}

static void start(unsigned int n)
{
	sipi(n, 0x9a);
	pump(n);
}

static void test_power_up(void)
{
	setup(3);
	mock_now += 12345;
	CHECK_EQ(vcpu(0)->mp, MP_RUNNABLE);
	CHECK_EQ(vcpu(0)->rip, 0x100000);
	CHECK_EQ(vcpu(1)->mp, MP_WAIT_SIPI);
	CHECK_EQ(states[1].cr0, 0x60000010);
	CHECK_EQ(states[1].cs.base, 0xffff0000);
	CHECK_EQ(vcpu(1)->rip, 0xfff0);
	/* However long one reset took after another, the counters are the same. */
	CHECK_EQ(vcpu(1)->tsc_offset, vcpu(0)->tsc_offset);
	CHECK_EQ(vcpu(2)->tsc_offset, -board.tsc_origin);
	CHECK_EQ(pump(1), OUT_HALT);
	CHECK(!core_has_work(vcpu(1)));
}

static void test_start(void)
{
	setup(2);
	sipi(1, 0x9a);
	CHECK(core_has_work(vcpu(1)));
	CHECK_EQ(pump(1), OUT_RESUME);
	CHECK_EQ(vcpu(1)->mp, MP_RUNNABLE);
	CHECK_EQ(vcpu(1)->rip, 0);
	CHECK_EQ(states[1].cs.selector, 0x9a00);
	CHECK_EQ(states[1].cs.base, 0x9a000);
	CHECK_EQ(vcpu(1)->gpr[HV_RDX], SIGNATURE);
	/* One that runs does not hear of it, and it does not stay behind. */
	sipi(1, 0x10);
	CHECK_EQ(pump(1), OUT_RESUME);
	CHECK_EQ(states[1].cs.selector, 0x9a00);
	CHECK(!lapic_pending(board_lapic(1)));
	/* An NMI does not start one that waits. */
	setup(2);
	lapic_nmi(board_lapic(1));
	CHECK_EQ(pump(1), OUT_HALT);
}

static void test_init(void)
{
	setup(2);
	start(1);
	vcpu(1)->msrs.mtrr_def_type = 0xc06;
	vcpu(1)->xcr0 = 7;
	vcpu(1)->gpr[HV_RBX] = 1;
	vcpu(1)->nmi_blocked = true;
	vcpu(1)->inject.valid = true;
	states[1].cr0 = 0xe0000031;
	board_enable_apic(1);
	lapic_accept(board_lapic(1), 0x41, false);
	lapic_nmi(board_lapic(1));
	init(1);
	CHECK(core_has_work(vcpu(1)));
	CHECK_EQ(pump(1), OUT_HALT);
	CHECK_EQ(vcpu(1)->mp, MP_WAIT_SIPI);
	CHECK_EQ(states[1].cr0, 0x60000010);	/* CD and NW as they were */
	CHECK_EQ(vcpu(1)->gpr[HV_RBX], 0);
	CHECK(kept[1] && !vcpu(1)->nmi_blocked && !vcpu(1)->inject.valid);
	CHECK_EQ(vcpu(1)->msrs.mtrr_def_type, 0xc06);
	CHECK_EQ(vcpu(1)->xcr0, 7);
	CHECK(!lapic_pending(board_lapic(1)));
	CHECK_EQ(apic_read(1, LAPIC_SVR), 0xff);
}

/* INIT, then at once the start-up message: neither is lost. The other way round one is. */
static void test_order(void)
{
	setup(2);
	start(1);
	init(1);
	sipi(1, 0x20);
	CHECK_EQ(pump(1), OUT_RESUME);
	CHECK_EQ(states[1].cs.selector, 0x2000);
	sipi(1, 0x30);
	init(1);
	CHECK_EQ(pump(1), OUT_HALT);
	CHECK_EQ(vcpu(1)->mp, MP_WAIT_SIPI);
	/* Twice, and of one that waits. */
	init(1);
	init(1);
	CHECK_EQ(pump(1), OUT_HALT);
	sipi(1, 0x40);
	sipi(1, 0x40);
	CHECK_EQ(pump(1), OUT_RESUME);
	CHECK_EQ(states[1].cs.selector, 0x4000);
}

static void test_bootstrap(void)
{
	u32 value;

	setup(2);
	init(0);
	CHECK_EQ(pump(0), OUT_PLATFORM);
	CHECK_EQ(vcpu(0)->mp, MP_RUNNABLE);
	CHECK_EQ(platform_take(&board, &value), PLATFORM_RESET);
	CHECK(!lapic_pending(board_lapic(0)));
}

static void test_halt(void)
{
	struct vcpu *v;

	setup(1);
	v = vcpu(0);
	board_enable_apic(0);
	v->rflags |= RFLAGS_IF;
	CHECK_EQ(mp_halt(v), OUT_HALT);
	CHECK_EQ(v->mp, MP_HALTED);
	/* The host's requests get it out of the core, and do not end the halt. */
	v->requests = 1;
	CHECK(core_has_work(v));
	CHECK_EQ(mp_rest(v), OUT_HALT);
	v->requests = 0;
	lapic_accept(board_lapic(0), 0x41, false);
	CHECK_EQ(mp_rest(v), OUT_RESUME);
	CHECK_EQ(v->mp, MP_RUNNABLE);
	/* One that waits already: no halt at all. */
	CHECK_EQ(mp_halt(v), OUT_RESUME);
	/* With interrupts off only NMI and INIT count, and NMI not in its own handler. */
	v->rflags &= ~RFLAGS_IF;
	lapic_nmi(board_lapic(0));
	CHECK_EQ(mp_halt(v), OUT_RESUME);
	v->nmi_blocked = true;
	CHECK_EQ(mp_halt(v), OUT_STOP);
	CHECK_EQ(v->stop.reason, HV_STOP_REASON_HALTED);
}

static void test_kick(void)
{
	setup(2);
	start(1);
	CHECK_EQ(mp_halt(vcpu(0)), OUT_HALT);
	vcpu(0)->pv.kicked = true;
	CHECK(core_has_work(vcpu(0)));
	CHECK_EQ(mp_rest(vcpu(0)), OUT_RESUME);
	CHECK(!vcpu(0)->pv.kicked);
	/* Before the halt: it does not begin. */
	vcpu(0)->pv.kicked = true;
	CHECK_EQ(mp_halt(vcpu(0)), OUT_RESUME);
	CHECK(!vcpu(0)->pv.kicked);
}

/* The guest ends when all rest in a way that only another one of them could end. */
static void test_end(void)
{
	setup(3);
	start(1);
	CHECK_EQ(mp_halt(vcpu(0)), OUT_HALT);	/* 1 runs, 2 waits */
	CHECK_EQ(mp_rest(vcpu(0)), OUT_HALT);
	vcpu(1)->rflags |= RFLAGS_IF;
	CHECK_EQ(mp_halt(vcpu(1)), OUT_HALT);	/* an interrupt can come yet */
	lapic_nmi(board_lapic(0));
	CHECK_EQ(mp_rest(vcpu(1)), OUT_HALT);
	vcpu(1)->mp = MP_RUNNABLE;
	vcpu(1)->rflags &= ~RFLAGS_IF;
	CHECK_EQ(mp_halt(vcpu(1)), OUT_HALT);	/* 0 has an NMI to take */
	CHECK_EQ(mp_rest(vcpu(0)), OUT_RESUME);
	lapic_take_nmi(board_lapic(0));
	sipi(2, 0x9a);
	CHECK_EQ(mp_halt(vcpu(0)), OUT_HALT);	/* 2 has been told to start */
	pump(2);
	CHECK_EQ(mp_halt(vcpu(2)), OUT_STOP);
	CHECK_EQ(vcpu(2)->stop.reason, HV_STOP_REASON_HALTED);
	/* The last one to leave may also be one that an INIT stops. */
	setup(2);
	start(1);
	init(1);
	CHECK_EQ(mp_halt(vcpu(0)), OUT_HALT);
	CHECK_EQ(pump(1), OUT_STOP);
}

static const struct tap_test tests[] = {
	{ "power-up", test_power_up },
	{ "start-up", test_start },
	{ "INIT", test_init },
	{ "INIT and SIPI in a row", test_order },
	{ "INIT of the bootstrap processor", test_bootstrap },
	{ "HLT", test_halt },
	{ "a paravirtual kick", test_kick },
	{ "nobody is left", test_end },
};

TAP_MAIN(tests)
