// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * ACPI fixed hardware: the power button, S5, the PM timer.
 */
#include "board.h"
#include "tap.h"

#define STATUS		0x600
#define ENABLE		0x602
#define CONTROL		0x604
#define TIMER		0x608

static u16 inw(u16 port)
{
	return platform_in(&board, port, 2);
}

static void outw(u16 value, u16 port)
{
	platform_out(&board, port, 2, value);
}

static bool sci(void)
{
	return board.ioapic.lines & BIT(9);
}

static void test_power_button(void)
{
	board_setup(1);
	pm_press_power_button(&board);
	CHECK_EQ(inw(STATUS), 0x100);
	CHECK(!sci());
	outw(0x100, ENABLE);
	CHECK(sci());
	outw(0x001, STATUS);
	CHECK(sci());
	outw(0x100, STATUS);
	CHECK(!sci());
	CHECK_EQ(inw(STATUS), 0);
	pm_press_power_button(&board);
	CHECK(sci());
	/* By bytes, and as one double word. */
	CHECK_EQ(platform_in(&board, STATUS, 4), 0x01000100);
	outb(0x01, STATUS + 1);
	CHECK(!sci());
	outw(0xffff, ENABLE);
	CHECK_EQ(inw(ENABLE), 0x521);
}

static void test_s5(void)
{
	u32 value;

	board_setup(1);
	CHECK_EQ(inw(CONTROL), 1);
	outw(0, CONTROL);
	CHECK_EQ(inw(CONTROL), 1);
	outw(5 << 10, CONTROL);
	CHECK_EQ(board.event, PLATFORM_NONE);
	outw(3 << 10 | 1 << 13, CONTROL);
	CHECK_EQ(board.event, PLATFORM_NONE);
	/* As ACPICA does: the type, then both. SLP_EN reads as zero. */
	outw(5 << 10, CONTROL);
	mock_kicks = 0;
	outw(5 << 10 | 1 << 13, CONTROL);
	CHECK_EQ(mock_kicks, 1);
	CHECK(board_vcpu[0].requests & BIT(VCPU_REQ_PLATFORM));
	CHECK_EQ(platform_take(&board, &value), PLATFORM_POWEROFF);
	CHECK_EQ(platform_take(&board, &value), PLATFORM_NONE);
	CHECK_EQ(inw(CONTROL), 5 << 10 | 1);
	/* By the upper byte alone. */
	outb(0x20 | 5 << 2, CONTROL + 1);
	CHECK_EQ(board.event, PLATFORM_POWEROFF);
}

static void test_timer(void)
{
	u32 start, end;

	board_setup(1);
	start = platform_in(&board, TIMER, 4);
	mock_advance(NSEC_PER_SEC);
	end = platform_in(&board, TIMER, 4);
	CHECK_EQ(end - start, PM_TIMER_HZ);
	platform_out(&board, TIMER, 4, 0);
	CHECK_EQ(platform_in(&board, TIMER, 4), end);
	/* In parts, and across. */
	CHECK_EQ(platform_in(&board, TIMER, 2), end & 0xffff);
	CHECK_EQ(platform_in(&board, TIMER + 2, 2), end >> 16);
	CHECK_EQ(platform_in(&board, TIMER + 3, 1), end >> 24);
	CHECK_EQ(platform_in(&board, TIMER + 2, 4), 0xffff0000 | end >> 16);
	/* Its highest bit changes every ten minutes: a status bit, no SCI. */
	outw(1, ENABLE);
	mock_advance(600 * (u64)NSEC_PER_SEC);
	CHECK_EQ(inw(STATUS), 1);
	outw(1, ENABLE);
	CHECK(!sci());
	outw(1, STATUS);
	CHECK_EQ(inw(STATUS), 0);
	CHECK(!sci());
	/* It wraps after twenty. */
	mock_advance(600 * (u64)NSEC_PER_SEC);
	CHECK(platform_in(&board, TIMER, 4) < 0x10000000);
}

static const struct tap_test tests[] = {
	{ "power button and SCI", test_power_button },
	{ "soft-off", test_s5 },
	{ "PM timer", test_timer },
};

TAP_MAIN(tests)
