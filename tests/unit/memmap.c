// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine that the module models is the machine that libhvctl describes
 * to the guest.
 */
#include "../../kmod/core/memmap.h"
#include "../../userlib/machine.h"
#include "tap.h"

static void test_memory(void)
{
	CHECK_EQ(MACHINE_LOW_END, MEMMAP_LOW_END);
	CHECK_EQ(MACHINE_HIGH_START, MEMMAP_HIGH_START);
	CHECK_EQ(MACHINE_IOAPIC, MEMMAP_IOAPIC);
	CHECK_EQ(MACHINE_LAPIC, MEMMAP_LAPIC);
}

static void test_ports(void)
{
	CHECK_EQ(MACHINE_CMOS, MEMMAP_CMOS);
	CHECK_EQ(MACHINE_COM1, MEMMAP_COM1);
	CHECK_EQ(MACHINE_PM, MEMMAP_PM);
	CHECK_EQ(MACHINE_PM_TIMER, MEMMAP_PM_TIMER);
	CHECK_EQ(MACHINE_RESET, MEMMAP_RESET);
}

static void test_interrupts(void)
{
	CHECK_EQ(MACHINE_IRQ_PIT, MEMMAP_IRQ_PIT);
	CHECK_EQ(MACHINE_IRQ_COM1, MEMMAP_IRQ_COM1);
	CHECK_EQ(MACHINE_IRQ_RTC, MEMMAP_IRQ_RTC);
	CHECK_EQ(MACHINE_IRQ_SCI, MEMMAP_IRQ_SCI);
	CHECK_EQ(MACHINE_SLP_TYP_S5, MEMMAP_SLP_TYP_S5);
}

static const struct tap_test tests[] = {
	{ "guest physical memory", test_memory },
	{ "I/O ports", test_ports },
	{ "interrupts and sleep types", test_interrupts },
};

TAP_MAIN(tests)
