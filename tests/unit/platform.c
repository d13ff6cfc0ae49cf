// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * The board: dispatch of ports, resets, debug exit, and everything at random.
 */
#include "board.h"
#include "tap.h"

static u32 in(u16 port, unsigned int size)
{
	return platform_in(&board, port, size);
}

static void out(u32 value, u16 port, unsigned int size)
{
	platform_out(&board, port, size, value);
}

static enum platform_event event(void)
{
	u32 value;

	return platform_take(&board, &value);
}

static void test_empty(void)
{
	board_setup(1);
	CHECK_EQ(in(0x1234, 1), 0xff);
	CHECK_EQ(in(0x1234, 2), 0xffff);
	CHECK_EQ(in(0x1234, 4), 0xffffffff);
	CHECK_EQ(in(0xffff, 4), 0xffffffff);
	CHECK_EQ(in(0x80, 1), 0xff);
	out(0x12345678, 0xffff, 4);
	/* No PCI: the address register keeps nothing. */
	out(0x80000000, 0xcf8, 4);
	CHECK_EQ(in(0xcf8, 4), 0xffffffff);
	CHECK_EQ(in(0xcfc, 4), 0xffffffff);
	CHECK_EQ(in(0xcfc, 2), 0xffff);
	CHECK_EQ(in(0xcf8, 1), 0xff);
	CHECK_EQ(event(), PLATFORM_NONE);
}

static void test_split(void)
{
	board_setup(1);
	out(0x5aa5, 0x21, 2);		/* 0x22 is nobody's */
	CHECK_EQ(in(0x21, 1), 0xa5);
	CHECK_EQ(in(0x21, 2), 0xffa5);
	/* Index and data of the CMOS in one access. */
	out(0x7740, 0x70, 2);
	CHECK_EQ(in(0x71, 1), 0x77);
	CHECK_EQ(in(0x3fd, 4), 0xff00b060);
}

static void test_resets(void)
{
	board_setup(1);
	out(0x02, 0xcf9, 1);
	CHECK_EQ(event(), PLATFORM_NONE);
	out(0x06, 0xcf9, 1);
	CHECK_EQ(event(), PLATFORM_RESET);
	CHECK_EQ(in(0xcf9, 1), 0x06);
	out(0x0e, 0xcf9, 1);		/* bit 2 did not rise */
	CHECK_EQ(event(), PLATFORM_NONE);
	platform_reset(&board);
	/* PCI's address register shares the port, but not the access. */
	out(0x80000e00, 0xcf8, 4);
	out(0x0e00, 0xcf8, 2);
	CHECK_EQ(event(), PLATFORM_NONE);
	CHECK_EQ(in(0x64, 1) & 0x03, 0);
	out(0xd1, 0x64, 1);
	out(0xdf, 0x60, 1);
	CHECK_EQ(event(), PLATFORM_NONE);
	out(0xfe, 0x64, 1);
	CHECK_EQ(event(), PLATFORM_RESET);
	CHECK_EQ(in(0x92, 1), 0x02);
	out(0x02, 0x92, 1);
	CHECK_EQ(event(), PLATFORM_NONE);
	out(0x03, 0x92, 1);
	CHECK_EQ(event(), PLATFORM_RESET);
}

static void test_debug_exit(void)
{
	u32 value;

	board_setup(1);
	out(0x10, 0xf4, 1);
	CHECK_EQ(event(), PLATFORM_NONE);
	board.debug_exit_port = 0xf4;
	out(0x10, 0xf4, 1);
	CHECK_EQ(platform_take(&board, &value), PLATFORM_DEBUG_EXIT);
	CHECK_EQ(value, 0x21);
	out(0x1234, 0xf4, 2);
	CHECK_EQ(platform_take(&board, &value), PLATFORM_DEBUG_EXIT);
	CHECK_EQ(value, 0x2469);
	/* The first event stays. */
	out(0x80000003, 0xf4, 4);
	out(0xfe, 0x64, 1);
	CHECK_EQ(platform_take(&board, &value), PLATFORM_DEBUG_EXIT);
	CHECK_EQ(value, 7);
	CHECK_EQ(in(0xf4, 1), 0xff);
}

static void test_reset_quiet(void)
{
	board_setup(1);
	board_enable_apic(0);
	out(0x34, 0x43, 1);
	out(100, 0x40, 1);
	out(0, 0x40, 1);
	out(0x0b, 0x70, 1);
	out(0x72, 0x71, 1);
	out(2, 0x3f9, 1);
	CHECK(mock_timers() > 0);
	platform_reset(&board);
	CHECK_EQ(mock_timers(), 0);
	CHECK_EQ(board.ioapic.lines, 0);
	CHECK_EQ(in(0x21, 1), 0xff);
	CHECK_EQ(in(0x3f9, 1), 0);
	CHECK_EQ(event(), PLATFORM_NONE);
	mock_fired = 0;
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(mock_fired, 0);
}

/* A guest that has stopped costs its host no timer interrupts. */
static void test_quiesce(void)
{
	board_setup(2);
	board_enable_apic(1);
	apic_write(1, LAPIC_LVT_TIMER, 0x200ec);
	apic_write(1, LAPIC_TMICT, 1000000);
	out(0x34, 0x43, 1);
	out(100, 0x40, 1);
	out(0, 0x40, 1);
	out(0x0b, 0x70, 1);
	out(0x12, 0x71, 1);
	CHECK_EQ(mock_timers(), 3);
	platform_quiesce(&board);
	CHECK_EQ(mock_timers(), 0);
}

/* A guest of 4 vCPUs that does anything to its chips. */

static const u16 fuzz_ports[] = {
	0x20, 0x21, 0xa0, 0xa1, 0x40, 0x41, 0x42, 0x43, 0x61, 0x60, 0x64, 0x70, 0x71,
	0x92, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff, 0x4d0, 0x4d1,
	0x5ff, 0x600, 0x602, 0x604, 0x608, 0xcf8, 0xcf9, 0xcfc, 0xf4, 0x80,
};

static u16 fuzz_port(void)
{
	u64 r = mock_random();

	return r & 0xf00 ? fuzz_ports[(r >> 16) % ARRAY_SIZE(fuzz_ports)] : r >> 16;
}

/* Small values and single bits reach more than any 32 bits would. */
static u64 fuzz_value(void)
{
	u64 r = mock_random();

	switch (r & 7) {
	case 0:
		return 0;
	case 1:
		return r >> 56;
	case 2:
		return BIT_ULL(r >> 58);
	case 3:
		return ~0ULL;
	case 4:
		return (r >> 48) & 0x1ff;
	default:
		return mock_random();
	}
}

/* Nothing may come back beyond the access's width. */
static void fuzz_in(unsigned int n)
{
	unsigned int size = 1 << mock_random() % 3;

	if (in(fuzz_port(), size) & ~bus_mask(size))
		abort();
}

static void fuzz_out(unsigned int n)
{
	out(fuzz_value(), fuzz_port(), 1 << mock_random() % 3);
}

static void fuzz_lapic_read(unsigned int n)
{
	lapic_mmio_read(board_lapic(n), mock_random() & 0xfff, 1 << mock_random() % 4);
}

static void fuzz_lapic_write(unsigned int n)
{
	u32 offset = mock_random() & (mock_random() & 1 ? 0x3f0 : 0xfff);

	lapic_mmio_write(board_lapic(n), offset, 4, fuzz_value());
}

static void fuzz_ioapic_read(unsigned int n)
{
	ioapic_mmio_read(&board, mock_random() & 0x1f, 4);
}

static void fuzz_ioapic_write(unsigned int n)
{
	ioapic_mmio_write(&board, mock_random() & 0x10, 4, fuzz_value());
}

/* A pin that works: some vector above 15, to somebody. */
static void fuzz_ioapic_pin(unsigned int n)
{
	u8 pin = mock_random() % IOAPIC_PINS;

	io_apic_write(0x11 + 2 * pin, n << 24);
	io_apic_write(0x10 + 2 * pin, (mock_random() & 0x8100) | (16 + mock_random() % 240));
}

static void fuzz_irq(unsigned int n)
{
	board_irq(mock_random() % 16, mock_random() & 1);
}

static u32 fuzz_msr(void)
{
	u64 r = mock_random();

	if (r & 0x3f)
		return 0x800 + (r >> 32) % 0x41;
	return r & 0x40 ? 0x1b : r & 0x80 ? 0x6e0 : 0x8ff;
}

static void fuzz_rdmsr(unsigned int n)
{
	u64 value;

	lapic_read_msr(board_lapic(n), fuzz_msr(), &value);
}

static void fuzz_wrmsr(unsigned int n)
{
	lapic_write_msr(board_lapic(n), fuzz_msr(), fuzz_value());
}

/* Change the mode of an APIC, mostly to one that is on. */
static void fuzz_base(unsigned int n)
{
	static const u32 modes[] = { 0x800, 0xc00, 0x800, 0x000, 0xc00, 0x400 };

	lapic_write_msr(board_lapic(n), LAPIC_MSR_BASE,
			MEMMAP_LAPIC | modes[mock_random() % ARRAY_SIZE(modes)]);
	lapic_write_msr(board_lapic(n), 0x80f, 0x1ff);
	apic_write(n, LAPIC_SVR, 0x1ff);
}

static void fuzz_feed(unsigned int n)
{
	u8 buf[40] = { 0 };
	unsigned long flags = host_lock(&board.lock);

	uart_feed(&board, buf, mock_random() % sizeof(buf));
	host_unlock(&board.lock, flags);
}

static void fuzz_time(unsigned int n)
{
	u64 r = mock_random();

	mock_advance(r & 0xf ? (r >> 32) % 1000000 : (r >> 16) % (20ULL * NSEC_PER_MSEC));
}

static void fuzz_misc(unsigned int n)
{
	switch (mock_random() % 64) {
	case 0:
		pm_press_power_button(&board);
		break;
	case 1:
		lapic_reset(board_lapic(n), mock_random() & 1);
		break;
	case 2:
		lapic_set_tsc_offset(board_lapic(n), fuzz_value());
		break;
	case 3:
		lapic_set_cr8(board_lapic(n), fuzz_value());
		break;
	case 4:
		mock_wall = mock_random() >> 3;
		break;
	}
}

/* What the run loop may rely on, whatever the guest did. */
static void fuzz_interrupt(unsigned int n)
{
	struct lapic *l = board_lapic(n);
	int vector = lapic_next(l);

	if (vector >= 0) {
		if (vector < 16 || vector > 255 || lapic_next(l) != vector)
			abort();
		if ((vector & 0xf0) <= (l->s.ppr & 0xf0) || !lapic_wakes(l))
			abort();
		lapic_take(l, vector);
	}
	if (n == 0 && test_bit(LAPIC_PENDING_EXTINT, &l->s.pending)) {
		vector = pic_take(&board);
		if (vector < 0 || vector > 255)
			abort();
	}
	if (lapic_next(l) < 0 && test_bit(LAPIC_PENDING_IRR, &l->s.pending))
		abort();
}

static void (*const fuzz_steps[])(unsigned int n) = {
	fuzz_in, fuzz_out, fuzz_out, fuzz_lapic_read, fuzz_lapic_write, fuzz_lapic_write,
	fuzz_ioapic_read, fuzz_ioapic_write, fuzz_ioapic_write, fuzz_rdmsr, fuzz_wrmsr,
	fuzz_wrmsr, fuzz_base, fuzz_feed, fuzz_time, fuzz_time, fuzz_misc, fuzz_interrupt,
	fuzz_interrupt, fuzz_ioapic_pin, fuzz_irq, fuzz_irq,
};

static void fuzz_round(u64 seed)
{
	unsigned int i, step;
	u32 value;

	mock_seed(seed);
	board_setup(BOARD_VCPUS);
	board.debug_exit_port = 0xf4;
	for (i = 0; i < 10000; i++) {
		step = mock_random() % ARRAY_SIZE(fuzz_steps);
		fuzz_steps[step](mock_random() % BOARD_VCPUS);
	}
	platform_take(&board, &value);
	platform_destroy(&board);
}

/* More than this many callbacks a second of guest time would be a storm. */
#define FUZZ_MAX_HZ	((BOARD_VCPUS + 1) * 20000 + 2 * 8192)

static void test_fuzz(void)
{
	u64 seed, passed;

	for (seed = 1; seed <= 100; seed++) {
		fuzz_round(seed * 0x9e3779b97f4a7c15ULL);
		passed = mock_now - 987654321;
		CHECK(mock_fired < 10000 + mul_u64_u32_div(passed, FUZZ_MAX_HZ, NSEC_PER_SEC));
	}
}

/* Whatever state the chips were left in, time alone makes no storm. */
static void test_fuzz_quiet(void)
{
	u64 seed;

	for (seed = 1; seed <= 20; seed++) {
		fuzz_round(seed * 0xd1342543de82ef95ULL);
		mock_fired = 0;
		mock_advance(NSEC_PER_SEC);
		CHECK(mock_fired <= FUZZ_MAX_HZ);
		platform_reset(&board);
		CHECK(mock_timers() <= BOARD_VCPUS);
	}
}

static const struct tap_test tests[] = {
	{ "an empty bus", test_empty },
	{ "wide accesses", test_split },
	{ "ways to reset", test_resets },
	{ "debug exit", test_debug_exit },
	{ "reset stops everything", test_reset_quiet },
	{ "a stopped guest has no timers", test_quiesce },
	{ "a million random accesses", test_fuzz },
	{ "no storm after random accesses", test_fuzz_quiet },
};

TAP_MAIN(tests)
