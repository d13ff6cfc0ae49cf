// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * 8259A pair: initialisation as Linux does it, priorities, EOIs, modes.
 */
#include "board.h"
#include "tap.h"

/* Linux's init_8259A(): vectors 0x30 and 0x38, all masked but what @mask opens. */
static void init_pics(u8 master_icw4, u16 mask)
{
	board_setup(1);
	outb(0xff, 0x21);
	outb(0x11, 0x20);
	outb(0x30, 0x21);
	outb(0x04, 0x21);
	outb(master_icw4, 0x21);
	outb(0x11, 0xa0);
	outb(0x38, 0xa1);
	outb(0x02, 0xa1);
	outb(0x01, 0xa1);
	outb(mask, 0x21);
	outb(mask >> 8, 0xa1);
}

static bool output(void)
{
	return test_bit(LAPIC_PENDING_EXTINT, &board_lapic(0)->s.pending);
}

static void pulse(unsigned int irq)
{
	board_irq(irq, true);
	board_irq(irq, false);
}

static u8 read_isr(u16 port)
{
	outb(0x0b, port);
	return inb(port);
}

static u8 read_irr(u16 port)
{
	outb(0x0a, port);
	return inb(port);
}

static void test_probe(void)
{
	board_setup(1);
	/* Linux's probe_8259A(): is there a mask register that keeps what is written? */
	outb(0xff, 0xa1);
	outb(0xfb, 0x21);
	CHECK_EQ(inb(0x21), 0xfb);
	/* ELCR: the inputs that may not be levels stay edges. */
	outb(0xff, 0x4d0);
	outb(0xff, 0x4d1);
	CHECK_EQ(inb(0x4d0), 0xf8);
	CHECK_EQ(inb(0x4d1), 0xde);
}

static void test_init(void)
{
	init_pics(1, 0);
	CHECK_EQ(inb(0x21), 0);
	pulse(4);
	CHECK(output());
	CHECK_EQ(mock_kicks, 1);
	CHECK_EQ(board_interrupt(), 0x34);
	CHECK(!output());
	CHECK_EQ(read_isr(0x20), BIT(4));
	outb(0x20, 0x20);
	CHECK_EQ(read_isr(0x20), 0);
	pulse(12);
	CHECK_EQ(board_interrupt(), 0x3c);
	CHECK_EQ(read_isr(0x20), BIT(2));
	CHECK_EQ(read_isr(0xa0), BIT(4));
	/* ICW1 clears the mask and the edges, and nothing comes until it is over. */
	outb(0xff, 0x21);
	board_irq(3, true);
	outb(0x11, 0x20);
	CHECK_EQ(read_irr(0x20), 0);
	board_irq(5, true);
	CHECK(!output());
	outb(0x50, 0x21);
	outb(0x04, 0x21);
	outb(0x01, 0x21);
	CHECK_EQ(board_interrupt(), 0x55);
}

static void test_single_no_icw4(void)
{
	board_setup(1);
	outb(0x12, 0x20);	/* single, no ICW4: ICW2 is the last */
	outb(0x40, 0x21);
	outb(0xfe, 0x21);
	CHECK_EQ(inb(0x21), 0xfe);
	pulse(0);
	CHECK_EQ(board_interrupt(), 0x40);
}

static void test_priority(void)
{
	init_pics(1, 0);
	pulse(5);
	CHECK_EQ(board_interrupt(), 0x35);
	pulse(6);
	CHECK(!output());
	pulse(5);
	CHECK(!output());
	pulse(1);
	CHECK(output());
	CHECK_EQ(board_interrupt(), 0x31);
	outb(0x20, 0x20);
	CHECK(!output());
	outb(0x20, 0x20);
	CHECK_EQ(board_interrupt(), 0x35);
	outb(0x65, 0x20);
	CHECK_EQ(board_interrupt(), 0x36);
	/* A specific EOI of something else leaves it. */
	outb(0x61, 0x20);
	CHECK_EQ(read_isr(0x20), BIT(6));
	outb(0x66, 0x20);
	CHECK_EQ(read_isr(0x20), 0);
	/* Masked requests wait. */
	outb(0x80, 0x21);
	pulse(7);
	CHECK(!output());
	outb(0, 0x21);
	CHECK(output());
}

static void test_rotate(void)
{
	init_pics(1, 0);
	outb(0xc3, 0x20);	/* 3 is lowest, so 4 is highest */
	pulse(3);
	pulse(4);
	pulse(0);
	CHECK_EQ(board_interrupt(), 0x34);
	outb(0xa0, 0x20);	/* non-specific EOI, rotate: 4 lowest */
	CHECK_EQ(board_interrupt(), 0x30);
	outb(0xe0, 0x20);	/* specific EOI of 0, rotate: 0 lowest */
	pulse(0);
	CHECK_EQ(board_interrupt(), 0x33);
	outb(0x20, 0x20);
	CHECK_EQ(board_interrupt(), 0x30);
}

static void test_auto_eoi(void)
{
	init_pics(3, 0);
	pulse(4);
	CHECK_EQ(board_interrupt(), 0x34);
	CHECK_EQ(read_isr(0x20), 0);
	outb(0x80, 0x20);	/* rotate in automatic EOI mode */
	pulse(4);
	CHECK_EQ(board_interrupt(), 0x34);
	pulse(4);
	pulse(5);
	CHECK_EQ(board_interrupt(), 0x35);
	CHECK_EQ(board_interrupt(), 0x34);
}

static void test_special_mask(void)
{
	init_pics(1, 0);
	pulse(1);
	CHECK_EQ(board_interrupt(), 0x31);
	pulse(5);
	CHECK(!output());
	outb(0x02, 0x21);
	CHECK(!output());
	outb(0x68, 0x20);	/* special mask mode: what is masked does not block */
	CHECK_EQ(board_interrupt(), 0x35);
	/* The non-specific EOI passes over what is masked. */
	outb(0x20, 0x20);
	CHECK_EQ(read_isr(0x20), BIT(1));
}

static void test_fully_nested(void)
{
	init_pics(0x11, 0);
	pulse(12);
	CHECK_EQ(board_interrupt(), 0x3c);
	/* The slave may interrupt itself with something higher. */
	pulse(9);
	CHECK_EQ(board_interrupt(), 0x39);
	init_pics(1, 0);
	pulse(12);
	CHECK_EQ(board_interrupt(), 0x3c);
	pulse(9);
	CHECK_EQ(board_interrupt(), -1);
}

static void test_spurious(void)
{
	init_pics(1, 0);
	outb(0xff, 0x4d0);
	outb(0xff, 0x4d1);
	/* A level that falls before it is acknowledged. */
	board_irq(5, true);
	board_irq(5, false);
	CHECK(!output());
	CHECK_EQ(pic_take(&board), 0x37);
	CHECK_EQ(read_isr(0x20), 0);
	/* One that the slave takes back after the master has accepted. */
	board_irq(11, true);
	outb(0xff, 0xa1);
	CHECK_EQ(pic_take(&board), 0x37);
}

static void test_level(void)
{
	init_pics(1, 0);
	outb(0x20, 0x4d0);
	board_irq(5, true);
	CHECK_EQ(board_interrupt(), 0x35);
	CHECK(!output());
	outb(0x20, 0x20);
	/* Still high: again. */
	CHECK_EQ(board_interrupt(), 0x35);
	board_irq(5, false);
	outb(0x20, 0x20);
	CHECK(!output());
}

static void test_poll(void)
{
	init_pics(1, 0);
	outb(0x0c, 0x20);
	CHECK_EQ(inb(0x20), 0);
	pulse(4);
	outb(0x0c, 0x20);
	CHECK_EQ(inb(0x20), 0x84);
	CHECK(!output());
	CHECK_EQ(read_isr(0x20), BIT(4));
}

static void test_virtual_wire(void)
{
	init_pics(1, 0);
	/* Closed by LINT0, open again when the APIC is switched off altogether. */
	board_enable_apic(0);
	apic_write(0, LAPIC_LVT_LINT0, 0x10700);
	pulse(4);
	CHECK_EQ(board_interrupt(), -1);
	lapic_write_msr(board_lapic(0), LAPIC_MSR_BASE, MEMMAP_LAPIC);
	CHECK_EQ(board_interrupt(), 0x34);
}

static const struct tap_test tests[] = {
	{ "probe and ELCR", test_probe },
	{ "initialisation and cascade", test_init },
	{ "single, without ICW4", test_single_no_icw4 },
	{ "priorities and EOIs", test_priority },
	{ "rotation", test_rotate },
	{ "automatic EOI", test_auto_eoi },
	{ "special mask mode", test_special_mask },
	{ "special fully nested mode", test_fully_nested },
	{ "spurious interrupts", test_spurious },
	{ "level-triggered input", test_level },
	{ "poll command", test_poll },
	{ "virtual wire", test_virtual_wire },
};

TAP_MAIN(tests)
