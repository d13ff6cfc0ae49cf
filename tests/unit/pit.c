// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * 8254: what Linux's calibration does with it, the modes, IRQ 0's timer.
 */
#include "board.h"
#include "tap.h"

#define TICK_NS(n)	((u64)(n) * NSEC_PER_SEC / PIT_HZ)

/* Channel 0 to the IOAPIC's pin 2, vector 0x30. */
static void setup(void)
{
	board_setup(1);
	board_enable_apic(0);
	io_apic_write(0x14, 0x30);
	mock_kicks = 0;
}

static bool irq0(void)
{
	int vector = lapic_next(board_lapic(0));

	if (vector < 0)
		return false;
	lapic_take(board_lapic(0), vector);
	apic_write(0, LAPIC_EOI, 0);
	return vector == 0x30;
}

static void program(u8 control, u16 count)
{
	u16 port = 0x40 + (control >> 6);

	outb(control, 0x43);
	outb(count, port);
	outb(count >> 8, port);
}

static u16 latch(unsigned int channel)
{
	u8 low;

	outb(channel << 6, 0x43);
	low = inb(0x40 + channel);
	return inb(0x40 + channel) << 8 | low;
}

/* Linux's pit_calibrate_tsc(): 10 ms on channel 2, watched in port 0x61's bit 5. */
static void test_calibrate(void)
{
	unsigned int latch = PIT_HZ / 100, loops = 0;
	u64 start;

	board_setup(1);
	outb((inb(0x61) & ~0x02) | 0x01, 0x61);
	outb(0xb0, 0x43);
	outb(latch & 0xff, 0x42);
	outb(latch >> 8, 0x42);
	start = mock_now;
	while (!(inb(0x61) & 0x20)) {
		mock_advance(1000);
		CHECK(++loops < 20000);
	}
	CHECK(mock_now - start > 9990000 && mock_now - start < 10010000);
}

/* Linux's quick_pit_calibrate(): the high byte falls every 256 ticks. */
static void test_quick_calibrate(void)
{
	unsigned int expect;
	u64 last;

	board_setup(1);
	outb((inb(0x61) & ~0x02) | 0x01, 0x61);
	outb(0xb0, 0x43);
	outb(0xff, 0x42);
	outb(0xff, 0x42);
	mock_advance(2000);
	inb(0x42);
	CHECK_EQ(inb(0x42), 0xff);
	last = mock_now;
	for (expect = 0xfe; expect > 0xd0; expect--) {
		u8 msb;

		do {
			mock_advance(200);
			inb(0x42);
			msb = inb(0x42);
		} while (msb == expect + 1);
		CHECK_EQ(msb, expect);
		if (expect < 0xfe)
			CHECK(mock_now - last > TICK_NS(254) && mock_now - last < TICK_NS(258));
		last = mock_now;
	}
}

static void test_gate_pauses(void)
{
	u16 left;

	board_setup(1);
	outb(1, 0x61);
	program(0xb0, 10000);
	mock_advance(TICK_NS(4000));
	left = latch(2);
	CHECK(left > 5995 && left < 6005);
	outb(0, 0x61);
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(latch(2), left);
	CHECK_EQ(inb(0x61) & 0x20, 0);
	outb(1, 0x61);
	mock_advance(TICK_NS(left + 2));
	CHECK_EQ(inb(0x61) & 0x20, 0x20);
	/* The gate is closed when the count is loaded: it waits. */
	outb(0, 0x61);
	program(0xb0, 100);
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(inb(0x61) & 0x20, 0);
	outb(1, 0x61);
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(inb(0x61) & 0x20, 0x20);
	CHECK_EQ(inb(0x61) & 0x03, 1);
}

/* Channel 2 in each mode: its output tick by tick. */
static bool out2_at(u8 mode, u16 count, u64 ticks)
{
	board_setup(1);
	outb(0, 0x61);
	program(0xb0 | mode << 1, count);
	outb(1, 0x61);
	mock_advance(TICK_NS(ticks) + 400);
	return inb(0x61) & 0x20;
}

static void test_outputs(void)
{
	/* For count 10: at which ticks the output is low, as bits 0 to 29. */
	static const u32 low[6] = {
		0x000003ff, 0x000003ff, 0x20080200, 0x3e0f83e0, 0x00000400, 0x00000400,
	};
	unsigned int mode, tick;

	for (mode = 0; mode < 6; mode++)
		for (tick = 0; tick < 30; tick++)
			CHECK_EQ(out2_at(mode, 10, tick), !(low[mode] & BIT(tick)));
	/* An odd square wave is high for the longer half. */
	CHECK(out2_at(3, 11, 5));
	CHECK(!out2_at(3, 11, 6));
	CHECK(!out2_at(3, 11, 10));
	CHECK(out2_at(3, 11, 11));
}

static void test_counts(void)
{
	board_setup(1);
	/* A latched value stays until it was read. */
	program(0x34, 1000);
	mock_advance(TICK_NS(100) + 400);
	outb(0x00, 0x43);
	mock_advance(TICK_NS(300));
	outb(0x00, 0x43);
	CHECK_EQ(inb(0x40), 900 & 0xff);
	CHECK_EQ(inb(0x40), 900 >> 8);
	CHECK_EQ(latch(0), 600);
	/* It wraps at the reload value, and 0 stands for 65536. */
	mock_advance(TICK_NS(700));
	CHECK_EQ(latch(0), 900);
	program(0x34, 0);
	CHECK_EQ(latch(0), 0);
	mock_advance(TICK_NS(1) + 400);
	CHECK_EQ(latch(0), 0xffff);
	/* Mode 3 counts by two. */
	program(0x36, 1000);
	mock_advance(TICK_NS(100) + 400);
	CHECK_EQ(latch(0), 800);
	mock_advance(TICK_NS(400));
	CHECK_EQ(latch(0), 1000);
	/* One byte only, low and high. */
	outb(0x14, 0x43);
	outb(50, 0x40);
	mock_advance(TICK_NS(10) + 400);
	CHECK_EQ(inb(0x40), 40);
	CHECK_EQ(inb(0x40), 40);
	outb(0x24, 0x43);
	outb(2, 0x40);
	mock_advance(TICK_NS(10) + 400);
	CHECK_EQ(inb(0x40), 1);
}

static void test_read_back(void)
{
	board_setup(1);
	outb(0x34, 0x43);
	outb(0xe2, 0x43);	/* status of channel 0: no count yet */
	CHECK_EQ(inb(0x40), 0x80 | 0x40 | 0x34);
	outb(0xe8, 0x40);
	outb(0x03, 0x40);
	mock_advance(TICK_NS(100) + 400);
	outb(0xc2, 0x43);	/* both: status first */
	mock_advance(TICK_NS(100));
	CHECK_EQ(inb(0x40), 0x80 | 0x34);
	CHECK_EQ(inb(0x40), 900 & 0xff);
	CHECK_EQ(inb(0x40), 900 >> 8);
	CHECK_EQ(inb(0x43), 0xff);
}

static void test_periodic(void)
{
	unsigned int i, n = 0;

	setup();
	program(0x34, PIT_HZ / 250);	/* HZ=250 */
	for (i = 0; i < 1000; i++) {
		mock_advance(NSEC_PER_MSEC);
		n += irq0();
	}
	CHECK(n >= 249 && n <= 251);
	/* Late by a hundred: one, and in step. */
	mock_now += NSEC_PER_SEC * 2 / 5 + NSEC_PER_MSEC;
	mock_fired = 0;
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(mock_fired, 1);
	/* No storm. */
	program(0x34, 1);
	mock_fired = 0;
	mock_advance(10 * NSEC_PER_MSEC);
	CHECK(mock_fired <= 10 * NSEC_PER_MSEC / PIT_MIN_PERIOD_NS + 1);
	CHECK(mock_fired >= 10 * NSEC_PER_MSEC / PIT_MIN_PERIOD_NS - 1);
}

/* Linux's clock event device: mode 4 for one-shot, mode 0 to shut it down. */
static void test_oneshot(void)
{
	setup();
	outb(0x38, 0x43);
	CHECK_EQ(mock_timers(), 0);
	outb(PIT_HZ / 1000 & 0xff, 0x40);
	outb(PIT_HZ / 1000 >> 8, 0x40);
	mock_advance(NSEC_PER_MSEC - 2000);
	CHECK(!irq0());
	mock_advance(4000);
	CHECK(irq0());
	mock_advance(NSEC_PER_SEC);
	CHECK(!irq0());
	/* Reloading alone starts it again. */
	outb(PIT_HZ / 1000 & 0xff, 0x40);
	outb(PIT_HZ / 1000 >> 8, 0x40);
	mock_advance(NSEC_PER_MSEC + 2000);
	CHECK(irq0());
	outb(0x30, 0x43);
	CHECK_EQ(mock_timers(), 0);
	/* Mode 0 raises the line once and leaves it there. */
	outb(100, 0x40);
	outb(0, 0x40);
	mock_advance(NSEC_PER_MSEC);
	CHECK(irq0());
	CHECK(board.ioapic.lines & BIT(2));
	outb(0x30, 0x43);
	CHECK(!(board.ioapic.lines & BIT(2)));
	/* Its first byte stops the count. */
	outb(100, 0x40);
	outb(0, 0x40);
	outb(100, 0x40);
	mock_advance(NSEC_PER_MSEC);
	CHECK_EQ(latch(0), 100);
}

static void test_refresh(void)
{
	unsigned int i, flips = 0;
	u8 now, last;

	board_setup(1);
	last = inb(0x61) & 0x10;
	for (i = 0; i < 1000; i++) {
		mock_advance(1000);
		now = inb(0x61) & 0x10;
		flips += now != last;
		last = now;
	}
	CHECK(flips >= 65 && flips <= 67);
	outb(0xff, 0x61);
	CHECK_EQ(inb(0x61) & 0xcf, 0x0f);
}

static const struct tap_test tests[] = {
	{ "channel 2 and port 0x61, timed", test_calibrate },
	{ "channel 2's high byte, timed", test_quick_calibrate },
	{ "the gate pauses mode 0", test_gate_pauses },
	{ "outputs of all modes", test_outputs },
	{ "counts, latched and not", test_counts },
	{ "read-back command", test_read_back },
	{ "IRQ 0: periodic, late, too fast", test_periodic },
	{ "IRQ 0: one-shot", test_oneshot },
	{ "refresh bit", test_refresh },
};

TAP_MAIN(tests)
