// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * IOAPIC: registers, edges, levels and their EOI, destinations.
 */
#include "board.h"
#include "tap.h"

#define LOW(pin)	(0x10 + 2 * (pin))
#define HIGH(pin)	(0x11 + 2 * (pin))
#define LEVEL		0x8000
#define REMOTE_IRR	0x4000

static int take(unsigned int n)
{
	int vector = lapic_next(board_lapic(n));

	if (vector >= 0)
		lapic_take(board_lapic(n), vector);
	return vector;
}

static void eoi(unsigned int n)
{
	apic_write(n, LAPIC_EOI, 0);
}

static void test_registers(void)
{
	unsigned int pin;

	board_setup_apics(1);
	CHECK_EQ(io_apic_read(1), 0x170011);
	for (pin = 0; pin < 24; pin++) {
		CHECK_EQ(io_apic_read(LOW(pin)), 0x10000);
		CHECK_EQ(io_apic_read(HIGH(pin)), 0);
		io_apic_write(LOW(pin), 0xffffffff);
		io_apic_write(HIGH(pin), 0xffffffff);
		CHECK_EQ(io_apic_read(LOW(pin)), 0x1afff);
		CHECK_EQ(io_apic_read(HIGH(pin)), 0xff000000);
	}
	io_apic_write(0, 0xffffffff);
	CHECK_EQ(io_apic_read(0), 0x0f000000);
	CHECK_EQ(io_apic_read(2), 0x0f000000);
	/* Beyond the table, and beside the two windows. */
	CHECK_EQ(io_apic_read(0x40), 0);
	io_apic_write(0x40, 0xffffffff);
	io_apic_write(0xff, 0xffffffff);
	CHECK_EQ(ioapic_mmio_read(&board, 0x40, 4), 0);
	CHECK_EQ(ioapic_mmio_read(&board, 0x14, 4), 0);
	/* IOREGSEL by bytes, IOWIN as a whole only. */
	ioapic_mmio_write(&board, 0, 1, 1);
	CHECK_EQ(ioapic_mmio_read(&board, 0, 1), 1);
	CHECK_EQ(ioapic_mmio_read(&board, 0x10, 1), 0x11);
	ioapic_mmio_write(&board, 0, 4, LOW(5));
	ioapic_mmio_write(&board, 0x10, 1, 0);
	CHECK_EQ(io_apic_read(LOW(5)), 0x1afff);
}

static void test_edge(void)
{
	board_setup_apics(1);
	board_irq(4, true);
	io_apic_write(LOW(4), 0x34);
	/* It rose while masked: lost. */
	CHECK_EQ(take(0), -1);
	board_irq(4, false);
	board_irq(4, true);
	board_irq(4, true);
	CHECK_EQ(take(0), 0x34);
	CHECK_EQ(take(0), -1);
	eoi(0);
	CHECK_EQ(take(0), -1);
	CHECK_EQ(io_apic_read(LOW(4)), 0x34);
	/* The PIT's line is pin 2. */
	io_apic_write(LOW(2), 0x30);
	board_irq(0, true);
	CHECK_EQ(take(0), 0x30);
}

static void test_level(void)
{
	board_setup_apics(1);
	io_apic_write(LOW(9), 0x59 | LEVEL);
	board_irq(9, true);
	CHECK_EQ(take(0), 0x59);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL | REMOTE_IRR);
	CHECK_EQ(apic_read(0, LAPIC_TMR + 2), BIT(0x19));
	board_irq(9, true);
	CHECK_EQ(take(0), -1);
	/* Still high at the EOI: again. */
	eoi(0);
	CHECK_EQ(take(0), 0x59);
	board_irq(9, false);
	eoi(0);
	CHECK_EQ(take(0), -1);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL);
	/* High while masked: delivered when it is opened. */
	io_apic_write(LOW(9), 0x59 | LEVEL | 0x10000);
	board_irq(9, true);
	CHECK_EQ(take(0), -1);
	io_apic_write(LOW(9), 0x59 | LEVEL);
	CHECK_EQ(take(0), 0x59);
	/* Linux's way to end it without an EOI register: to edge and back. */
	io_apic_write(LOW(9), 0x59 | 0x10000);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | 0x10000);
	board_irq(9, false);
	io_apic_write(LOW(9), 0x59 | LEVEL);
	eoi(0);
	CHECK_EQ(take(0), -1);
}

static void test_level_no_taker(void)
{
	board_setup_apics(1);
	apic_write(0, LAPIC_SVR, 0xff);
	io_apic_write(LOW(9), 0x59 | LEVEL);
	board_irq(9, true);
	/* Nobody took it, so nothing waits for an EOI. */
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL);
	/* The line still asks: enabled, the local APIC gets it. */
	board_enable_apic(0);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL | REMOTE_IRR);
	CHECK_EQ(take(0), 0x59);
}

static void test_shared_vector(void)
{
	board_setup_apics(1);
	io_apic_write(LOW(9), 0x59 | LEVEL);
	io_apic_write(LOW(10), 0x59 | LEVEL);
	board_irq(9, true);
	board_irq(10, true);
	CHECK_EQ(take(0), 0x59);
	board_irq(9, false);
	eoi(0);
	CHECK_EQ(take(0), 0x59);
	board_irq(10, false);
	eoi(0);
	CHECK_EQ(take(0), -1);
	CHECK_EQ(io_apic_read(LOW(10)), 0x59 | LEVEL);
}

static void test_destinations(void)
{
	board_setup_apics(3);
	io_apic_write(HIGH(4), 1U << 24);
	io_apic_write(LOW(4), 0x34);
	board_irq(4, true);
	CHECK_EQ(take(0), -1);
	CHECK_EQ(take(1), 0x34);
	/* Everyone. */
	io_apic_write(HIGH(3), 0xffU << 24);
	io_apic_write(LOW(3), 0x43);
	board_irq(3, true);
	CHECK_EQ(take(0), 0x43);
	CHECK_EQ(take(2), 0x43);
	/* Logical, lowest priority: 2 has less to do than 1. */
	apic_write(1, LAPIC_LDR, 2U << 24);
	apic_write(2, LAPIC_LDR, 4U << 24);
	eoi(2);
	io_apic_write(HIGH(5), 6U << 24);
	io_apic_write(LOW(5), 0x955);
	board_irq(5, true);
	CHECK_EQ(take(1), 0x43);
	CHECK_EQ(take(2), 0x55);
	/* NMI. */
	io_apic_write(HIGH(6), 0);
	io_apic_write(LOW(6), 0x400);
	board_irq(6, true);
	CHECK(lapic_take_nmi(board_lapic(0)));
	/* Nobody there. */
	io_apic_write(HIGH(7), 9U << 24);
	io_apic_write(LOW(7), 0x77);
	mock_kicks = 0;
	board_irq(7, true);
	CHECK_EQ(mock_kicks, 0);
}

/* The EOI is broadcast: whoever served the vector ends it at the IOAPIC. */
static void test_eoi_elsewhere(void)
{
	board_setup_apics(3);
	io_apic_write(HIGH(9), 0xffU << 24);
	io_apic_write(LOW(9), 0x59 | LEVEL);
	board_irq(9, true);
	CHECK_EQ(take(0), 0x59);
	CHECK_EQ(take(1), 0x59);
	CHECK_EQ(take(2), 0x59);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL | REMOTE_IRR);
	board_irq(9, false);
	eoi(2);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL);
	/* The others' EOIs come for an interrupt that has ended: no harm. */
	eoi(0);
	eoi(1);
	CHECK_EQ(io_apic_read(LOW(9)), 0x59 | LEVEL);
	CHECK_EQ(take(0), -1);
	/* Moved to another processor while in service: its EOI counts all the same. */
	io_apic_write(HIGH(9), 0);
	board_irq(9, true);
	CHECK_EQ(take(0), 0x59);
	io_apic_write(HIGH(9), 1U << 24);
	eoi(0);
	CHECK_EQ(take(0), -1);
	CHECK_EQ(take(1), 0x59);
	board_irq(9, false);
	eoi(1);
}

/* NMI and INIT have no EOI, so their level is an edge; SIPI is no mode of an IOAPIC. */
static void test_modes(void)
{
	unsigned int i;

	board_setup_apics(2);
	io_apic_write(HIGH(6), 1U << 24);
	for (i = 1; i <= 3; i++) {
		io_apic_write(LOW(6), 0x400 | LEVEL);
		board_irq(6, true);
		CHECK(lapic_take_nmi(board_lapic(1)));
		CHECK_EQ(io_apic_read(LOW(6)), 0x400 | LEVEL);
		board_irq(6, false);
	}
	io_apic_write(LOW(6), 0x500);
	board_irq(6, true);
	CHECK(lapic_test_clear(board_lapic(1), LAPIC_PENDING_INIT));
	board_irq(6, false);
	io_apic_write(LOW(6), 0x655);
	board_irq(6, true);
	CHECK(!lapic_pending(board_lapic(1)));
}

static const struct tap_test tests[] = {
	{ "registers", test_registers },
	{ "edges", test_edge },
	{ "levels, remote IRR, EOI", test_level },
	{ "a level that nobody takes", test_level_no_taker },
	{ "two pins, one vector", test_shared_vector },
	{ "destinations", test_destinations },
	{ "EOI by another processor", test_eoi_elsewhere },
	{ "NMI, INIT and what is reserved", test_modes },
};

TAP_MAIN(tests)
