// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * CMOS clock: the time in its formats, setting it, flags and interrupts.
 */
#include <time.h>

#include "board.h"
#include "tap.h"

#define VECTOR_RTC	0x58

static u8 get(u8 reg)
{
	outb(reg, 0x70);
	return inb(0x71);
}

static void put(u8 reg, u8 value)
{
	outb(reg, 0x70);
	outb(value, 0x71);
}

/* The RTC's interrupt on the IOAPIC's pin 8. */
static void setup(void)
{
	board_setup(1);
	board_enable_apic(0);
	io_apic_write(0x10 + 2 * 8, VECTOR_RTC);
}

static bool irq8(void)
{
	int vector = lapic_next(board_lapic(0));

	if (vector < 0)
		return false;
	lapic_take(board_lapic(0), vector);
	apic_write(0, LAPIC_EOI, 0);
	return vector == VECTOR_RTC;
}

static u8 bcd(u32 n)
{
	return n / 10 << 4 | n % 10;
}

static void test_time(void)
{
	board_setup(1);
	/* 2023-11-14 22:13:20 UTC, a Tuesday */
	CHECK_EQ(get(0), 0x20);
	CHECK_EQ(get(2), 0x13);
	CHECK_EQ(get(4), 0x22);
	CHECK_EQ(get(6), 3);
	CHECK_EQ(get(7), 0x14);
	CHECK_EQ(get(8), 0x11);
	CHECK_EQ(get(9), 0x23);
	CHECK_EQ(get(0x32), 0x20);
	CHECK_EQ(get(0x0a), 0x26);
	CHECK_EQ(get(0x0b), 0x02);
	CHECK_EQ(get(0x0d), 0x80);
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(get(0), 0x21);
	put(0x0b, 0x06);
	CHECK_EQ(get(2), 13);
	CHECK_EQ(get(4), 22);
	put(0x0b, 0x04);
	CHECK_EQ(get(4), 0x80 | 10);
	put(0x0b, 0x00);
	CHECK_EQ(get(4), 0x80 | 0x10);
}

/* Against the C library, over the years that a time_t of ours may see. */
static void test_calendar(void)
{
	unsigned int i;

	mock_seed(42);
	board_setup(1);
	for (i = 0; i < 20000; i++) {
		time_t t = mock_random() % 7258118400ULL;	/* up to 2200 */
		struct tm tm;

		mock_wall = (u64)t * NSEC_PER_SEC + 5;
		gmtime_r(&t, &tm);
		CHECK_EQ(get(0), bcd(tm.tm_sec));
		CHECK_EQ(get(2), bcd(tm.tm_min));
		CHECK_EQ(get(4), bcd(tm.tm_hour));
		CHECK_EQ(get(6), tm.tm_wday + 1);
		CHECK_EQ(get(7), bcd(tm.tm_mday));
		CHECK_EQ(get(8), bcd(tm.tm_mon + 1));
		CHECK_EQ(get(9), bcd(tm.tm_year % 100));
		CHECK_EQ(get(0x32), bcd(19 + tm.tm_year / 100));
	}
}

/* As Linux's mc146818_set_time() does it. */
static void set_time(u8 century, u8 year, u8 month, u8 day, u8 hour, u8 minute, u8 second)
{
	u8 control = get(0x0b), select;

	put(0x0b, control | 0x80);
	select = get(0x0a);
	put(0x0a, select | 0x70);
	put(9, year);
	put(8, month);
	put(7, day);
	put(4, hour);
	put(2, minute);
	put(0, second);
	put(0x32, century);
	put(0x0b, control);
	put(0x0a, select);
}

static void test_set(void)
{
	board_setup(1);
	set_time(0x20, 0x24, 0x02, 0x28, 0x23, 0x59, 0x58);
	CHECK_EQ(get(0), 0x58);
	mock_advance(3 * (u64)NSEC_PER_SEC);
	CHECK_EQ(get(7), 0x29);
	CHECK_EQ(get(4), 0);
	CHECK_EQ(get(0), 0x01);
	CHECK_EQ(get(6), 5);
	/* SET holds the registers still. */
	put(0x0b, 0x82);
	mock_advance(5 * (u64)NSEC_PER_SEC);
	CHECK_EQ(get(0), 0x01);
	put(0x0b, 0x02);
	CHECK_EQ(get(0), 0x01);
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(get(0), 0x02);
	/* Without SET a single field can be written too. */
	put(9, 0x99);
	CHECK_EQ(get(9), 0x99);
	CHECK_EQ(get(7), 0x01);		/* no 29 February in 2099 */
	CHECK_EQ(get(8), 0x03);
	/* It survives a reset, like the RAM. */
	put(0x40, 0xab);
	platform_reset(&board);
	CHECK_EQ(get(9), 0x99);
	CHECK_EQ(get(0x40), 0xab);
	/* The 12-hour clock. */
	put(0x0b, 0x00);
	put(4, 0x12);
	put(0x0b, 0x02);
	CHECK_EQ(get(4), 0x00);
	put(0x0b, 0x00);
	CHECK_EQ(get(4), 0x12);
	put(4, 0x92);
	CHECK_EQ(get(4), 0x92);
	put(0x0b, 0x02);
	CHECK_EQ(get(4), 0x12);
}

static void test_extremes(void)
{
	board_setup(1);
	set_time(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	mock_advance(NSEC_PER_SEC);
	get(9);
	set_time(0, 0, 0, 0, 0, 0, 0);
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(get(0), 0x01);
	set_time(0, 0, 1, 1, 0, 0, 0);
	mock_wall = 0;
	get(9);
	CHECK_EQ(get(0), 0x00);
	put(0x0d, 0xff);
	put(0x0c, 0xff);
	CHECK_EQ(get(0x0d), 0x80);
	CHECK_EQ(get(0x70), 0);
	CHECK_EQ(inb(0x70), 0xff);
}

static void test_uip(void)
{
	board_setup(1);
	mock_wall = 1700000000ULL * NSEC_PER_SEC + 500 * NSEC_PER_MSEC;
	CHECK_EQ(get(0x0a) & 0x80, 0);
	mock_advance(500 * NSEC_PER_MSEC - 200000);
	CHECK_EQ(get(0x0a) & 0x80, 0x80);
	CHECK_EQ(get(0), 0x20);
	mock_advance(200000);
	CHECK_EQ(get(0x0a) & 0x80, 0);
	CHECK_EQ(get(0), 0x21);
}

static void test_update_interrupt(void)
{
	unsigned int i;

	setup();
	get(0x0c);
	put(0x0b, 0x12);
	for (i = 0; i < 5; i++) {
		mock_advance(NSEC_PER_SEC);
		CHECK(irq8());
		CHECK_EQ(get(0x0c), 0xd0);	/* the periodic flag is there too */
	}
	/* Nobody reads C: no more interrupts, and no more timers. */
	mock_advance(NSEC_PER_SEC);
	CHECK(irq8());
	CHECK_EQ(mock_timers(), 0);
	mock_advance(10 * (u64)NSEC_PER_SEC);
	CHECK(!irq8());
	/* SET turns it off. */
	put(0x0b, 0x92);
	CHECK_EQ(get(0x0b), 0x82);
}

static void test_alarm(void)
{
	setup();
	put(1, 0x00);
	put(3, 0x15);
	put(5, 0x22);
	get(0x0c);
	put(0x0b, 0x22);
	mock_advance(99 * (u64)NSEC_PER_SEC);
	CHECK(!irq8());
	mock_advance(NSEC_PER_SEC);
	CHECK(irq8());
	CHECK_EQ(get(0x0c) & 0xa0, 0xa0);
	/* Again tomorrow, not before. */
	mock_advance(86399 * (u64)NSEC_PER_SEC);
	CHECK(!irq8());
	mock_advance(NSEC_PER_SEC);
	CHECK(irq8());
	/* Any hour, any minute: once a minute. */
	put(3, 0xc0);
	put(5, 0xff);
	get(0x0c);
	mock_advance(59 * (u64)NSEC_PER_SEC);
	CHECK(!irq8());
	mock_advance(NSEC_PER_SEC);
	CHECK(irq8());
	/* One that never comes. */
	get(0x0c);
	put(5, 0x33);
	CHECK_EQ(mock_timers(), 0);
	mock_advance(2 * 86400 * (u64)NSEC_PER_SEC);
	CHECK(!irq8());
	/* Polled: the flag is there without an interrupt. */
	put(0x0b, 0x02);
	put(5, 0xff);
	get(0x0c);
	mock_advance(60 * (u64)NSEC_PER_SEC);
	CHECK_EQ(get(0x0c) & 0xa0, 0x20);
	CHECK(!irq8());
}

static void test_periodic(void)
{
	unsigned int i, n = 0;

	setup();
	put(0x0a, 0x26);	/* 1024 Hz */
	put(0x0b, 0x42);
	for (i = 0; i < 10000; i++) {
		mock_advance(100000);
		if (irq8()) {
			n++;
			CHECK_EQ(get(0x0c) & 0xc0, 0xc0);
		}
	}
	CHECK(n >= 1022 && n <= 1026);
	put(0x0a, 0x20);
	get(0x0c);
	irq8();
	CHECK_EQ(mock_timers(), 0);
	mock_advance(NSEC_PER_SEC);
	CHECK_EQ(get(0x0c) & 0x40, 0);
}

static void test_clock_steps(void)
{
	setup();
	put(0x0b, 0x12);
	get(0x0c);
	/* The host's clock is set back by a year, then forward by ten. */
	mock_wall -= 31536000ULL * NSEC_PER_SEC;
	mock_advance(2 * (u64)NSEC_PER_SEC);
	CHECK(irq8());
	get(0x0c);
	mock_advance(NSEC_PER_SEC);
	CHECK(irq8());
	mock_wall += 315360000ULL * NSEC_PER_SEC;
	get(0x0c);
	mock_advance(NSEC_PER_SEC);
	CHECK(irq8());
}

static const struct tap_test tests[] = {
	{ "the time in its four formats", test_time },
	{ "calendar", test_calendar },
	{ "setting it", test_set },
	{ "values out of range", test_extremes },
	{ "update in progress", test_uip },
	{ "update interrupt", test_update_interrupt },
	{ "alarm", test_alarm },
	{ "periodic interrupt", test_periodic },
	{ "the host's clock is set", test_clock_steps },
};

TAP_MAIN(tests)
