// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * Local APIC: registers, priorities, messages, x2APIC's faults, the timer.
 */
#include "board.h"
#include "tap.h"

#define X2(reg)		(LAPIC_MSR_X2_FIRST + (reg))

static enum lapic_result wr(unsigned int n, u32 msr, u64 value)
{
	return lapic_write_msr(board_lapic(n), msr, value);
}

static enum lapic_result rd(unsigned int n, u32 msr, u64 *value)
{
	return lapic_read_msr(board_lapic(n), msr, value);
}

static void setup_x2(unsigned int nr)
{
	unsigned int i;

	board_setup_apics(nr);
	for (i = 0; i < nr; i++)
		wr(i, LAPIC_MSR_BASE, MEMMAP_LAPIC | LAPIC_BASE_ENABLE | LAPIC_BASE_X2);
}

static void test_reset_values(void)
{
	board_setup(2);
	CHECK_EQ(apic_read(0, LAPIC_VERSION), 0x50014);
	CHECK_EQ(apic_read(1, LAPIC_ID), 0x01000000);
	CHECK_EQ(apic_read(0, LAPIC_SVR), 0xff);
	CHECK_EQ(apic_read(0, LAPIC_DFR), 0xffffffff);
	CHECK_EQ(apic_read(0, LAPIC_LVT_TIMER), LAPIC_LVT_MASKED);
	CHECK_EQ(apic_read(0, LAPIC_LVT_LINT0), 0x700);
	CHECK_EQ(apic_read(1, LAPIC_LVT_LINT0), LAPIC_LVT_MASKED);
	CHECK_EQ(board_lapic(0)->s.base, 0xfee00900);
	CHECK_EQ(board_lapic(1)->s.base, 0xfee00800);
}

static void test_software_disabled(void)
{
	board_setup(1);
	lapic_accept(board_lapic(0), 0x40, false);
	CHECK(!lapic_pending(board_lapic(0)));
	CHECK_EQ(mock_kicks, 0);
	apic_write(0, LAPIC_LVT_ERROR, 0xfe);
	CHECK_EQ(apic_read(0, LAPIC_LVT_ERROR), 0xfe | LAPIC_LVT_MASKED);
	/* Disabling masks what was open. */
	board_enable_apic(0);
	apic_write(0, LAPIC_LVT_ERROR, 0xfe);
	apic_write(0, LAPIC_SVR, 0xff);
	CHECK_EQ(apic_read(0, LAPIC_LVT_ERROR), 0xfe | LAPIC_LVT_MASKED);
}

static void test_accept_take_eoi(void)
{
	struct lapic *l;

	board_setup_apics(1);
	l = board_lapic(0);
	CHECK_EQ(lapic_next(l), -1);
	lapic_accept(l, 0x41, false);
	CHECK(lapic_pending(l));
	CHECK_EQ(mock_kicks, 1);
	lapic_accept(l, 0x41, false);
	CHECK_EQ(mock_kicks, 1);
	CHECK_EQ(apic_read(0, LAPIC_IRR + 2), BIT(1));
	CHECK_EQ(lapic_next(l), 0x41);
	lapic_take(l, 0x41);
	CHECK(!lapic_pending(l));
	CHECK_EQ(apic_read(0, LAPIC_IRR + 2), 0);
	CHECK_EQ(apic_read(0, LAPIC_ISR + 2), BIT(1));
	CHECK_EQ(apic_read(0, LAPIC_PPR), 0x40);
	/* Same class waits, a higher one does not. */
	lapic_accept(l, 0x4f, false);
	CHECK_EQ(lapic_next(l), -1);
	CHECK(!lapic_pending(l));
	lapic_accept(l, 0x51, false);
	CHECK_EQ(lapic_next(l), 0x51);
	lapic_take(l, 0x51);
	apic_write(0, LAPIC_EOI, 0);
	CHECK_EQ(apic_read(0, LAPIC_ISR + 2), BIT(1));
	apic_write(0, LAPIC_EOI, 0);
	CHECK(lapic_pending(l));
	CHECK_EQ(lapic_next(l), 0x4f);
	lapic_take(l, 0x4f);
	apic_write(0, LAPIC_EOI, 0);
	apic_write(0, LAPIC_EOI, 0);
	CHECK_EQ(apic_read(0, LAPIC_PPR), 0);
}

static void test_tpr(void)
{
	struct lapic *l;

	board_setup_apics(1);
	l = board_lapic(0);
	lapic_set_cr8(l, 5);
	CHECK_EQ(apic_read(0, LAPIC_TPR), 0x50);
	lapic_accept(l, 0x5f, false);
	CHECK_EQ(lapic_next(l), -1);
	CHECK(!lapic_wakes(l));
	CHECK(!lapic_pending(l));
	apic_write(0, LAPIC_TPR, 0x4f);
	CHECK_EQ(lapic_get_cr8(l), 4);
	CHECK_EQ(apic_read(0, LAPIC_PPR), 0x4f);
	CHECK(lapic_pending(l));
	CHECK(lapic_wakes(l));
	CHECK_EQ(lapic_next(l), 0x5f);
}

static void test_esr(void)
{
	board_setup_apics(1);
	apic_write(0, LAPIC_LVT_ERROR, 0xfe);
	apic_write(0, LAPIC_ICR, 0x40000 | 5);
	CHECK_EQ(lapic_next(board_lapic(0)), 0xfe);
	lapic_take(board_lapic(0), 0xfe);
	CHECK_EQ(apic_read(0, LAPIC_ESR), 0);
	apic_write(0, LAPIC_ESR, 0);
	CHECK_EQ(apic_read(0, LAPIC_ESR), BIT(5));
	apic_write(0, LAPIC_ESR, 0);
	CHECK_EQ(apic_read(0, LAPIC_ESR), 0);
	lapic_accept(board_lapic(0), 15, false);
	apic_write(0, 0x3a, 1);
	apic_write(0, LAPIC_ESR, 0);
	CHECK_EQ(apic_read(0, LAPIC_ESR), BIT(6) | BIT(7));
	/* An error vector that is itself illegal ends after one round. */
	apic_write(0, LAPIC_LVT_ERROR, 3);
	apic_write(0, LAPIC_ICR, 0x40000 | 5);
	apic_write(0, LAPIC_ESR, 0);
	CHECK_EQ(apic_read(0, LAPIC_ESR), BIT(5) | BIT(6));
}

static void test_mmio_shapes(void)
{
	board_setup_apics(1);
	CHECK_EQ(lapic_mmio_read(board_lapic(0), 0x30, 1), 0x14);
	CHECK_EQ(lapic_mmio_read(board_lapic(0), 0x32, 2), 5);
	CHECK_EQ(lapic_mmio_read(board_lapic(0), 0x33, 2), 0);
	CHECK_EQ(lapic_mmio_read(board_lapic(0), 0x38, 4), 0);
	lapic_mmio_write(board_lapic(0), 0x80, 1, 0x50);
	lapic_mmio_write(board_lapic(0), 0x82, 4, 0x50);
	CHECK_EQ(apic_read(0, LAPIC_TPR), 0);
	/* Reserved bits are dropped, read-only registers stay. */
	apic_write(0, LAPIC_TPR, 0xffffff50);
	CHECK_EQ(apic_read(0, LAPIC_TPR), 0x50);
	apic_write(0, LAPIC_VERSION, 0);
	apic_write(0, LAPIC_ID, 0x05000000);
	CHECK_EQ(apic_read(0, LAPIC_VERSION), 0x50014);
	CHECK_EQ(apic_read(0, LAPIC_ID), 0);
	CHECK_EQ(apic_read(0, LAPIC_SELF_IPI), 0);
	apic_write(0, LAPIC_DFR, 0);
	CHECK_EQ(apic_read(0, LAPIC_DFR), 0x0fffffff);
	CHECK_EQ(lapic_mmio_read(board_lapic(0), 0xff0, 4), 0);
}

static void test_base_transitions(void)
{
	/* From, to, and whether it is legal; from the SDM's table of transitions. */
	static const struct {
		u32 from, to;
		enum lapic_result result;
	} rows[] = {
		{ 0x000, 0x000, LAPIC_OK }, { 0x000, 0x800, LAPIC_OK },
		{ 0x000, 0xc00, LAPIC_GP }, { 0x000, 0x400, LAPIC_GP },
		{ 0x800, 0x000, LAPIC_OK }, { 0x800, 0x800, LAPIC_OK },
		{ 0x800, 0xc00, LAPIC_OK }, { 0x800, 0x400, LAPIC_GP },
		{ 0xc00, 0x000, LAPIC_OK }, { 0xc00, 0x800, LAPIC_GP },
		{ 0xc00, 0xc00, LAPIC_OK }, { 0xc00, 0x400, LAPIC_GP },
	};
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		board_setup(1);
		if (rows[i].from == 0)
			CHECK_EQ(wr(0, LAPIC_MSR_BASE, MEMMAP_LAPIC), LAPIC_OK);
		else
			CHECK_EQ(wr(0, LAPIC_MSR_BASE, MEMMAP_LAPIC | rows[i].from), LAPIC_OK);
		CHECK_EQ(wr(0, LAPIC_MSR_BASE, MEMMAP_LAPIC | rows[i].to), rows[i].result);
		CHECK_EQ(rd(0, LAPIC_MSR_BASE, &value), LAPIC_OK);
		CHECK_EQ(value & 0xc00, rows[i].result ? rows[i].from : rows[i].to);
		CHECK_EQ(value & LAPIC_BASE_BSP, LAPIC_BASE_BSP);
	}
	board_setup(1);
	for (i = 0; i < 64; i++)
		if (i < 8 || i == 9 || (i > 11 && i < 64))
			CHECK_EQ(wr(0, LAPIC_MSR_BASE, 0xfee00800 ^ BIT_ULL(i)), LAPIC_GP);
}

static void test_disabled(void)
{
	board_setup_apics(1);
	apic_write(0, LAPIC_TPR, 0x20);
	CHECK_EQ(wr(0, LAPIC_MSR_BASE, MEMMAP_LAPIC), LAPIC_OK);
	CHECK_EQ(apic_read(0, LAPIC_VERSION), 0xffffffff);
	CHECK_EQ(lapic_mmio_read(board_lapic(0), 0x30, 1), 0xff);
	lapic_accept(board_lapic(0), 0x40, false);
	CHECK(!lapic_wakes(board_lapic(0)));
	CHECK(lapic_accepts_extint(board_lapic(0)));
	CHECK_EQ(wr(0, LAPIC_MSR_BASE, MEMMAP_LAPIC | LAPIC_BASE_ENABLE), LAPIC_OK);
	CHECK_EQ(apic_read(0, LAPIC_TPR), 0);
	CHECK_EQ(apic_read(0, LAPIC_SVR), 0xff);
}

/* Every MSR from 0x800 to 0x8ff: readable, writable, and the bits it takes. */
static const struct x2_row {
	u8 first, last;
	bool read, write;
	u64 valid;
} x2_rows[] = {
	{ 0x02, 0x03, true, false, 0 },
	{ 0x08, 0x08, true, true, 0xff },
	{ 0x0a, 0x0a, true, false, 0 },
	{ 0x0b, 0x0b, false, true, 0 },
	{ 0x0d, 0x0d, true, false, 0 },
	{ 0x0f, 0x0f, true, true, 0x3ff },
	{ 0x10, 0x27, true, false, 0 },
	{ 0x28, 0x28, true, true, 0 },
	{ 0x30, 0x30, true, true, 0xffffffff000cdfffULL },
	{ 0x32, 0x32, true, true, 0x710ff },
	{ 0x33, 0x34, true, true, 0x117ff },
	{ 0x35, 0x36, true, true, 0x1f7ff },
	{ 0x37, 0x37, true, true, 0x110ff },
	{ 0x38, 0x38, true, true, 0xffffffff },
	{ 0x39, 0x39, true, false, 0 },
	{ 0x3e, 0x3e, true, true, 0xb },
	{ 0x3f, 0x3f, false, true, 0xff },
};

static struct x2_row x2_expect(unsigned int reg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(x2_rows); i++)
		if (reg >= x2_rows[i].first && reg <= x2_rows[i].last)
			return x2_rows[i];
	return (struct x2_row){ 0 };
}

static void test_x2_faults(void)
{
	unsigned int reg, bit;
	u64 value;

	for (reg = 0; reg < 0x100; reg++) {
		struct x2_row row = x2_expect(reg);

		setup_x2(1);
		CHECK_EQ(rd(0, X2(reg), &value), row.read ? LAPIC_OK : LAPIC_GP);
		CHECK_EQ(wr(0, X2(reg), 0), row.write ? LAPIC_OK : LAPIC_GP);
		for (bit = 0; bit < 64; bit++)
			CHECK_EQ(wr(0, X2(reg), BIT_ULL(bit)),
				 row.write && row.valid & BIT_ULL(bit) ? LAPIC_OK : LAPIC_GP);
		/* None of it outside of x2APIC mode. */
		board_setup_apics(1);
		CHECK_EQ(rd(0, X2(reg), &value), LAPIC_GP);
		CHECK_EQ(wr(0, X2(reg), 0), LAPIC_GP);
	}
}

static void test_x2_mode(void)
{
	u64 value;

	setup_x2(3);
	CHECK_EQ(rd(2, X2(LAPIC_ID), &value), LAPIC_OK);
	CHECK_EQ(value, 2);
	rd(2, X2(LAPIC_LDR), &value);
	CHECK_EQ(value, 4);
	CHECK_EQ(apic_read(2, LAPIC_VERSION), 0xffffffff);
	/* Fixed to 2, physical, then logical to 0 and 2, then everyone. */
	CHECK_EQ(wr(0, X2(LAPIC_ICR), 2ULL << 32 | 0x61), LAPIC_OK);
	CHECK_EQ(lapic_next(board_lapic(2)), 0x61);
	rd(0, X2(LAPIC_ICR), &value);
	CHECK_EQ(value, 2ULL << 32 | 0x61);
	wr(0, X2(LAPIC_ICR), 5ULL << 32 | 0x862);
	CHECK_EQ(lapic_next(board_lapic(0)), 0x62);
	CHECK_EQ(lapic_next(board_lapic(1)), -1);
	CHECK_EQ(lapic_next(board_lapic(2)), 0x62);
	wr(0, X2(LAPIC_ICR), 0xffffffffULL << 32 | 0x63);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x63);
	/* 0xff is no broadcast here. */
	wr(0, X2(LAPIC_ICR), 0xffULL << 32 | 0x64);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x63);
	wr(0, X2(LAPIC_SELF_IPI), 0x70);
	CHECK_EQ(lapic_next(board_lapic(0)), 0x70);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x63);
}

static void test_ipi_shorthands(void)
{
	board_setup_apics(3);
	mock_kicks = 0;
	apic_write(1, LAPIC_ICR, 1 << 18 | 0x51);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x51);
	CHECK_EQ(mock_kicks, 1);
	apic_write(1, LAPIC_ICR, 3 << 18 | 0x52);
	CHECK_EQ(lapic_next(board_lapic(0)), 0x52);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x51);
	CHECK_EQ(lapic_next(board_lapic(2)), 0x52);
	apic_write(1, LAPIC_ICR, 2 << 18 | 0x53);
	CHECK_EQ(lapic_next(board_lapic(0)), 0x53);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x53);
	CHECK_EQ(lapic_next(board_lapic(2)), 0x53);
	CHECK_EQ(mock_kicks, 6);
	CHECK(mock_kicked == &board_vcpu[2]);
}

/* One is taken, one waits behind it; what comes beyond that is lost. */
static void test_two_nmis(void)
{
	struct lapic *l;
	unsigned int i;

	board_setup_apics(1);
	l = board_lapic(0);
	for (i = 0; i < 3; i++)
		lapic_nmi(l);
	CHECK(lapic_take_nmi(l));
	lapic_nmi(l);
	CHECK(lapic_take_nmi(l));
	CHECK(lapic_take_nmi(l));
	CHECK(!lapic_take_nmi(l) && !lapic_pending(l));
	lapic_nmi(l);
	lapic_nmi(l);
	lapic_drop_nmis(l, false);
	CHECK(lapic_take_nmi(l) && !lapic_take_nmi(l));
	lapic_nmi(l);
	lapic_nmi(l);
	lapic_drop_nmis(l, true);
	CHECK(!lapic_take_nmi(l) && !lapic_pending(l));
}

static void test_ipi_kinds(void)
{
	struct lapic *l;

	board_setup_apics(2);
	l = board_lapic(1);
	apic_write(0, LAPIC_ICR_HIGH, 1 << 24);
	apic_write(0, LAPIC_ICR, 0x4400);
	CHECK(lapic_wakes(l));
	CHECK(lapic_take_nmi(l));
	CHECK(!lapic_take_nmi(l));
	apic_write(0, LAPIC_ICR, 0xc500);	/* INIT, level assert */
	CHECK(lapic_test_clear(l, LAPIC_PENDING_INIT));
	apic_write(0, LAPIC_ICR, 0x8500);	/* INIT, level de-assert */
	CHECK(!lapic_test_clear(l, LAPIC_PENDING_INIT));
	apic_write(0, LAPIC_ICR, 0x469a);
	CHECK(lapic_test_clear(l, LAPIC_PENDING_SIPI));
	CHECK_EQ(l->s.sipi_vector, 0x9a);
	apic_write(0, LAPIC_ICR, 0x4200);	/* SMI */
	apic_write(0, LAPIC_ICR, 0x4300);	/* reserved */
	apic_write(0, LAPIC_ICR, 0x4750);	/* ExtINT: not from an ICR */
	CHECK(!lapic_pending(l));
	CHECK_EQ(apic_read(0, LAPIC_ICR), 0x4750);
}

static void test_logical_xapic(void)
{
	board_setup_apics(3);
	apic_write(0, LAPIC_LDR, 1 << 24);
	apic_write(1, LAPIC_LDR, 2 << 24);
	apic_write(2, LAPIC_LDR, 4 << 24);
	apic_write(0, LAPIC_ICR_HIGH, 6U << 24);
	apic_write(0, LAPIC_ICR, 0x850);
	CHECK_EQ(lapic_next(board_lapic(0)), -1);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x50);
	CHECK_EQ(lapic_next(board_lapic(2)), 0x50);
	/* Lowest priority goes to one of them: the one with less to do. */
	apic_write(1, LAPIC_TPR, 0x30);
	apic_write(0, LAPIC_ICR, 0x960);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x50);
	CHECK_EQ(lapic_next(board_lapic(2)), 0x60);
	/* Cluster mode: cluster 1, member 2. */
	apic_write(1, LAPIC_DFR, 0);
	apic_write(1, LAPIC_LDR, 0x12U << 24);
	apic_write(0, LAPIC_ICR_HIGH, 0x12U << 24);
	apic_write(0, LAPIC_ICR, 0x870);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x70);
	apic_write(0, LAPIC_ICR_HIGH, 0x22U << 24);
	apic_write(0, LAPIC_ICR, 0x880);
	CHECK_EQ(lapic_next(board_lapic(1)), 0x70);
}

static void test_lint0(void)
{
	struct lapic *l;

	board_setup(1);
	l = board_lapic(0);
	lapic_lint(l, 0, true);
	CHECK(lapic_pending(l));
	CHECK(lapic_accepts_extint(l));
	CHECK(lapic_wakes(l));
	CHECK_EQ(mock_kicks, 1);
	board_enable_apic(0);
	apic_write(0, LAPIC_LVT_LINT0, LAPIC_LVT_MASKED | 0x700);
	CHECK(!lapic_wakes(l));
	/* Opened later, the request that waits is there. */
	apic_write(0, LAPIC_LVT_LINT0, 0x700);
	CHECK(lapic_wakes(l));
	lapic_lint(l, 0, false);
	CHECK(!lapic_pending(l));
	/* LINT0 as a fixed vector, and as NMI. */
	apic_write(0, LAPIC_LVT_LINT0, 0x45);
	lapic_lint(l, 0, true);
	CHECK(!lapic_accepts_extint(l));
	CHECK_EQ(lapic_next(l), 0x45);
	lapic_lint(l, 0, false);
	apic_write(0, LAPIC_LVT_LINT0, 0x400);
	lapic_lint(l, 0, true);
	CHECK(lapic_take_nmi(l));
}

static void test_timer_oneshot(void)
{
	board_setup_apics(1);
	apic_write(0, LAPIC_LVT_TIMER, 0xec);
	apic_write(0, LAPIC_TDCR, 3);		/* by 16 */
	apic_write(0, LAPIC_TMICT, 1000);
	CHECK_EQ(apic_read(0, LAPIC_TMCCT), 1000);
	mock_advance(8000);
	CHECK_EQ(apic_read(0, LAPIC_TMCCT), 500);
	mock_advance(7999);
	CHECK_EQ(apic_read(0, LAPIC_TMCCT), 1);
	CHECK_EQ(lapic_next(board_lapic(0)), -1);
	mock_advance(1);
	CHECK_EQ(lapic_next(board_lapic(0)), 0xec);
	CHECK_EQ(mock_kicks, 1);
	CHECK_EQ(apic_read(0, LAPIC_TMCCT), 0);
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(mock_fired, 1);
	/* Writing 0 stops it. */
	apic_write(0, LAPIC_TMICT, 1000);
	apic_write(0, LAPIC_TMICT, 0);
	CHECK_EQ(mock_timers(), 0);
}

static void test_timer_divide(void)
{
	static const u8 shift[16] = { 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 0, 5, 6, 7, 0 };
	unsigned int i;

	for (i = 0; i < 16; i++) {
		board_setup_apics(1);
		apic_write(0, LAPIC_TDCR, i);
		apic_write(0, LAPIC_TMICT, 1000000);
		mock_advance(100000ULL << shift[i]);
		CHECK_EQ(apic_read(0, LAPIC_TMCCT), 900000);
		/* Another rate from here on: the count goes on. */
		apic_write(0, LAPIC_TDCR, 0xb);
		mock_advance(400000);
		CHECK_EQ(apic_read(0, LAPIC_TMCCT), 500000);
	}
}

static void test_timer_periodic(void)
{
	unsigned int i;

	board_setup_apics(1);
	apic_write(0, LAPIC_LVT_TIMER, 0x200ec);
	apic_write(0, LAPIC_TDCR, 0xb);
	apic_write(0, LAPIC_TMICT, NSEC_PER_MSEC);
	for (i = 0; i < 10; i++) {
		mock_advance(NSEC_PER_MSEC);
		CHECK_EQ(lapic_next(board_lapic(0)), 0xec);
		lapic_take(board_lapic(0), 0xec);
		apic_write(0, LAPIC_EOI, 0);
	}
	CHECK_EQ(mock_fired, 10);
	/* Late by ten and a half: one interrupt, and in step afterwards. */
	mock_now += 10 * NSEC_PER_MSEC + NSEC_PER_MSEC / 2;
	mock_advance(0);
	CHECK_EQ(mock_fired, 11);
	CHECK_EQ(apic_read(0, LAPIC_TMCCT), NSEC_PER_MSEC / 2);
	mock_advance(NSEC_PER_MSEC / 2);
	CHECK_EQ(mock_fired, 12);
	/* No storm: a period of one tick is stretched. */
	apic_write(0, LAPIC_TMICT, 1);
	mock_fired = 0;
	mock_advance(10 * NSEC_PER_MSEC);
	CHECK_EQ(mock_fired, 10 * NSEC_PER_MSEC / LAPIC_MIN_PERIOD_NS);
	/* Masked it still counts, and delivers nothing. */
	lapic_take(board_lapic(0), 0xec);
	apic_write(0, LAPIC_EOI, 0);
	apic_write(0, LAPIC_LVT_TIMER, 0x300ec);
	mock_kicks = 0;
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(mock_kicks, 0);
}

static void test_timer_deadline(void)
{
	struct lapic *l;
	u64 value, tsc;

	board_setup_apics(1);
	l = board_lapic(0);
	lapic_set_tsc_offset(l, 0x123456789ULL);
	tsc = host_tsc() + 0x123456789ULL;
	/* Ignored in another mode. */
	CHECK_EQ(wr(0, LAPIC_MSR_DEADLINE, tsc + 1000), LAPIC_OK);
	rd(0, LAPIC_MSR_DEADLINE, &value);
	CHECK_EQ(value, 0);
	apic_write(0, LAPIC_LVT_TIMER, 0x400ec);
	wr(0, LAPIC_MSR_DEADLINE, tsc + MOCK_TSC_KHZ);	/* 1 ms */
	rd(0, LAPIC_MSR_DEADLINE, &value);
	CHECK_EQ(value, tsc + MOCK_TSC_KHZ);
	CHECK_EQ(apic_read(0, LAPIC_TMCCT), 0);
	apic_write(0, LAPIC_TMICT, 77);
	CHECK_EQ(apic_read(0, LAPIC_TMICT), 0);
	mock_advance(NSEC_PER_MSEC - 2);
	CHECK_EQ(lapic_next(l), -1);
	mock_advance(4);
	CHECK_EQ(lapic_next(l), 0xec);
	rd(0, LAPIC_MSR_DEADLINE, &value);
	CHECK_EQ(value, 0);
	/* In the past: at once. */
	lapic_take(l, 0xec);
	apic_write(0, LAPIC_EOI, 0);
	wr(0, LAPIC_MSR_DEADLINE, 1);
	CHECK_EQ(lapic_next(l), 0xec);
	lapic_take(l, 0xec);
	apic_write(0, LAPIC_EOI, 0);
	/* Disarmed by 0, and by leaving the mode. */
	wr(0, LAPIC_MSR_DEADLINE, ~0ULL);
	CHECK_EQ(mock_timers(), 1);
	wr(0, LAPIC_MSR_DEADLINE, 0);
	CHECK_EQ(mock_timers(), 0);
	wr(0, LAPIC_MSR_DEADLINE, ~0ULL);
	apic_write(0, LAPIC_LVT_TIMER, 0xec);
	CHECK_EQ(mock_timers(), 0);
	/* A guest that moves its TSC moves the expiry. */
	apic_write(0, LAPIC_LVT_TIMER, 0x400ec);
	wr(0, LAPIC_MSR_DEADLINE, ~0ULL - 1);
	mock_advance(10 * 3600 * (u64)NSEC_PER_SEC);
	CHECK_EQ(lapic_next(l), -1);
	lapic_set_tsc_offset(l, ~0ULL - host_tsc());
	CHECK_EQ(lapic_next(l), 0xec);
}

static void test_reset_kinds(void)
{
	struct lapic *l;

	setup_x2(2);
	l = board_lapic(1);
	wr(1, X2(LAPIC_TPR), 0x40);
	wr(1, X2(LAPIC_TMICT), 1000);
	lapic_accept(l, 0x90, false);
	lapic_reset(l, false);
	CHECK(lapic_is_x2(l));
	CHECK_EQ(l->s.reg[LAPIC_TPR], 0);
	CHECK_EQ(mock_timers(), 0);
	CHECK(!lapic_pending(l));
	lapic_nmi(l);
	lapic_reset(l, true);
	CHECK(!lapic_is_x2(l));
	CHECK(!lapic_pending(l));
	CHECK_EQ(l->s.base, 0xfee00800);
}

/* A deadline is the engine's to keep in the core, and the host's outside. */
static void test_timer_engine(void)
{
	struct lapic *l;

	setup_x2(1);
	l = board_lapic(0);
	l->has_timer = true;
	wr(0, X2(LAPIC_LVT_TIMER), 2 << 17 | 0x40);
	lapic_timer_enter(l);
	CHECK_EQ(lapic_timer_left(l), ~0ULL);
	wr(0, LAPIC_MSR_DEADLINE, host_tsc() + 20000);
	CHECK_EQ(mock_timers(), 0);
	CHECK_EQ(lapic_timer_left(l), 20000);
	/* Too early, then late. */
	lapic_timer_over(l);
	CHECK_EQ(lapic_next(l), -1);
	mock_advance(20000ULL * NSEC_PER_MSEC / MOCK_TSC_KHZ);
	CHECK_EQ(lapic_timer_left(l), 0);
	lapic_timer_over(l);
	CHECK_EQ(lapic_next(l), 0x40);
	CHECK_EQ(lapic_timer_left(l), ~0ULL);
	lapic_take(l, 0x40);
	wr(0, X2(LAPIC_EOI), 0);
	/* Left with some to go, and left too late. */
	wr(0, LAPIC_MSR_DEADLINE, host_tsc() + 20000);
	lapic_timer_leave(l);
	CHECK_EQ(mock_timers(), 1);
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(lapic_next(l), 0x40);
	lapic_take(l, 0x40);
	wr(0, X2(LAPIC_EOI), 0);
	lapic_timer_enter(l);
	wr(0, LAPIC_MSR_DEADLINE, host_tsc() + 20000);
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(lapic_next(l), -1);
	lapic_timer_leave(l);
	CHECK_EQ(lapic_next(l), 0x40);
	CHECK_EQ(mock_timers(), 0);
}

/* What the hardware holds while the guest runs, and what comes meanwhile. */
static void test_lent(void)
{
	unsigned long irr[LAPIC_MAP_WORDS], isr[LAPIC_MAP_WORDS] = { 0 };
	struct lapic *l;

	setup_x2(1);
	l = board_lapic(0);
	CHECK(!lapic_is_lent(l));
	l->lends = true;
	CHECK(lapic_is_lent(l));
	lapic_accept(l, 0x41, false);
	lapic_accept(l, 0xf0, true);
	lapic_lend(l, irr);
	CHECK_EQ(irr[1], BIT(1));
	CHECK_EQ(irr[3], BIT_ULL(48));
	CHECK(!lapic_pending(l));
	CHECK_EQ(lapic_next(l), -1);
	/* One more arrives; 0xf0 is in service, 0x41 was not delivered. */
	lapic_accept(l, 0x42, false);
	CHECK(lapic_pending(l));
	irr[3] = 0;
	isr[3] = BIT_ULL(48);
	lapic_return(l, irr, isr, 0x20);
	CHECK_EQ(l->s.irr[1], BIT(1) | BIT(2));
	CHECK_EQ(l->s.ppr, 0xf0);
	CHECK_EQ(lapic_get_cr8(l), 2);
	CHECK_EQ(lapic_next(l), -1);
	isr[3] = 0;
	lapic_lend(l, irr);
	irr[1] &= ~BIT(1);
	lapic_return(l, irr, isr, 0x20);
	CHECK_EQ(lapic_next(l), 0x42);
	/* Not where software has disabled it, and in xAPIC mode only with a page. */
	wr(0, X2(LAPIC_SVR), 0xff);
	CHECK(!lapic_is_lent(l));
	board_setup(1);
	board_enable_apic(0);
	l = board_lapic(0);
	l->lends = true;
	CHECK(!lapic_is_lent(l));
	l->lends_page = true;
	CHECK(lapic_is_lent(l));
}

static const struct tap_test tests[] = {
	{ "reset values", test_reset_values },
	{ "software disabled: nothing accepted, LVT masked", test_software_disabled },
	{ "IRR to ISR to EOI by priority", test_accept_take_eoi },
	{ "TPR, PPR and CR8", test_tpr },
	{ "ESR latches, LVT ERROR fires", test_esr },
	{ "xAPIC access shapes", test_mmio_shapes },
	{ "IA32_APIC_BASE transitions", test_base_transitions },
	{ "disabled by IA32_APIC_BASE", test_disabled },
	{ "x2APIC: every MSR, every bit", test_x2_faults },
	{ "x2APIC: ID, LDR, ICR, self-IPI", test_x2_mode },
	{ "IPI shorthands", test_ipi_shorthands },
	{ "two NMIs", test_two_nmis },
	{ "IPI kinds", test_ipi_kinds },
	{ "logical destinations", test_logical_xapic },
	{ "LINT0: virtual wire, fixed, NMI", test_lint0 },
	{ "timer: one-shot", test_timer_oneshot },
	{ "timer: divide configuration", test_timer_divide },
	{ "timer: periodic, late, too fast", test_timer_periodic },
	{ "timer: TSC-deadline", test_timer_deadline },
	{ "timer: the engine's", test_timer_engine },
	{ "lent to the hardware", test_lent },
	{ "INIT and power-on", test_reset_kinds },
};

TAP_MAIN(tests)
