// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * 16550A: what Linux's driver does to find it, FIFO, interrupts.
 */
#include "board.h"
#include "tap.h"

#define COM		0x3f8
enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

#define VECTOR		0x54

static void setup(void)
{
	board_setup(1);
	board_enable_apic(0);
	io_apic_write(0x10 + 2 * 4, VECTOR);
}

static u8 get(unsigned int reg)
{
	return inb(COM + reg);
}

static void put(unsigned int reg, u8 value)
{
	outb(value, COM + reg);
}

static bool irq4(void)
{
	int vector = lapic_next(board_lapic(0));

	if (vector < 0)
		return false;
	lapic_take(board_lapic(0), vector);
	apic_write(0, LAPIC_EOI, 0);
	return vector == VECTOR;
}

static bool line(void)
{
	return board.ioapic.lines & BIT(4);
}

static unsigned int feed(const char *text)
{
	unsigned long flags = host_lock(&board.lock);
	unsigned int n = uart_feed(&board, (const u8 *)text, strlen(text));

	host_unlock(&board.lock, flags);
	return n;
}

/* The steps of the Linux driver's autoconfig(), in its order. */
static void test_autoconfig(void)
{
	u8 status1, status2;

	board_setup(1);
	put(IER, 0);
	CHECK_EQ(get(IER), 0);
	put(IER, 0x0f);
	CHECK_EQ(get(IER), 0x0f);
	put(IER, 0);
	put(MCR, 0x10 | 0x0a);
	CHECK_EQ(get(MSR) & 0xf0, 0x90);
	put(MCR, 0);
	put(LCR, 0xbf);
	put(IIR, 0);
	put(LCR, 0);
	put(IIR, 1);
	CHECK_EQ(get(IIR) >> 6, 3);
	/* Not a 16650: there is no EFR that keeps what is written. */
	put(LCR, 0x80);
	CHECK(get(IIR) != 0);
	put(LCR, 0xbf);
	CHECK(get(IIR) != 0);
	/* Not a 16750: no 64-byte FIFO. */
	put(LCR, 0);
	put(IIR, 0x21);
	status1 = get(IIR) >> 5;
	put(IIR, 0x01);
	put(LCR, 0x80);
	put(IIR, 0x21);
	status2 = get(IIR) >> 5;
	put(IIR, 0x01);
	put(LCR, 0);
	CHECK_EQ(status1, 6);
	CHECK_EQ(status2, 6);
	/* Not an XScale: IER bit 6 is not there. */
	put(IER, 0x40);
	CHECK_EQ(get(IER), 0);
	put(SCR, 0x5a);
	CHECK_EQ(get(SCR), 0x5a);
	/* The divisor. */
	put(LCR, 0x83);
	put(DATA, 1);
	put(IER, 0);
	CHECK_EQ(get(DATA), 1);
	put(LCR, 0x03);
	CHECK_EQ(get(LCR), 0x03);
	CHECK_EQ(board_nr_sent, 0);
}

/* serial8250_do_startup(): does the THRE interrupt come again when it is enabled again? */
static void test_thre_probe(void)
{
	u8 iir1, iir2;

	setup();
	put(IER, 2);
	iir1 = get(IIR);
	put(IER, 0);
	put(IER, 2);
	iir2 = get(IIR);
	put(IER, 0);
	CHECK_EQ(iir1 & 1, 0);
	CHECK_EQ(iir2 & 1, 0);
	CHECK_EQ(get(LSR), 0x60);
}

static void test_transmit(void)
{
	const char *c;

	setup();
	put(IIR, 1);
	for (c = "hv guest"; *c; c++)
		put(DATA, *c);
	CHECK(!strcmp(board_sent, "hv guest"));
	CHECK(!irq4());
	put(IER, 2);
	CHECK(irq4());
	CHECK_EQ(get(IIR), 0xc2);
	CHECK_EQ(get(IIR), 0xc1);
	CHECK(!line());
	/* A byte sent is a new interrupt, a new edge with it. */
	put(DATA, 'x');
	CHECK(irq4());
	put(DATA, 'y');
	CHECK(irq4());
	CHECK_EQ(get(IIR), 0xc2);
	put(IER, 2);
	CHECK(!irq4());
	CHECK_EQ(get(IIR), 0xc1);
}

static void test_receive(void)
{
	unsigned int i;

	setup();
	put(IIR, 0x81);		/* FIFO, trigger at 8 */
	put(IER, 1);
	board_drained = 0;
	CHECK_EQ(feed("abc"), 3);
	CHECK(irq4());
	CHECK_EQ(get(IIR), 0xcc);	/* below the trigger level: timeout */
	CHECK_EQ(get(LSR), 0x61);
	CHECK_EQ(feed("0123456789abcdef"), 13);
	CHECK_EQ(uart_rx_room(&board), 0);
	CHECK_EQ(get(IIR), 0xc4);
	CHECK_EQ(get(DATA), 'a');
	CHECK_EQ(get(DATA), 'b');
	CHECK_EQ(get(DATA), 'c');
	CHECK_EQ(board_drained, 0);
	for (i = 0; i < 13; i++)
		CHECK_EQ(get(DATA), "0123456789abc"[i]);
	CHECK_EQ(board_drained, 1);
	CHECK_EQ(get(LSR), 0x60);
	CHECK_EQ(get(IIR), 0xc1);
	CHECK(!line());
	CHECK_EQ(get(DATA), 0);
	/* No overrun: what does not fit was not taken. */
	CHECK_EQ(get(LSR), 0x60);
	/* Without the FIFO it is one byte. */
	put(IIR, 0);
	CHECK_EQ(feed("xy"), 1);
	CHECK_EQ(get(IIR), 0x04);
	CHECK_EQ(get(DATA), 'x');
}

static void test_fifo_control(void)
{
	setup();
	put(IIR, 1);
	feed("abc");
	board_drained = 0;
	put(IIR, 3);		/* clear */
	CHECK_EQ(get(LSR), 0x60);
	CHECK_EQ(board_drained, 1);
	feed("abc");
	put(IIR, 0);		/* off */
	CHECK_EQ(get(LSR), 0x60);
	put(IIR, 0xc2);		/* bit 0 clear: the rest does not count */
	CHECK_EQ(get(IIR), 0x01);
}

static void test_loopback(void)
{
	unsigned int i;

	setup();
	put(IIR, 1);
	put(MCR, 0x1f);
	CHECK_EQ(get(MSR) & 0xf0, 0xf0);
	put(MCR, 0x10);
	CHECK_EQ(get(MSR), 0x0f);	/* all lines fell, RI's trailing edge too */
	CHECK_EQ(get(MSR), 0x00);
	put(DATA, 'L');
	CHECK_EQ(board_nr_sent, 0);
	CHECK_EQ(get(DATA), 'L');
	CHECK_EQ(feed("abc"), 0);
	/* The seventeenth byte is an overrun, with the highest interrupt. */
	put(IER, 7);
	for (i = 0; i < 17; i++)
		put(DATA, 'a' + i);
	CHECK_EQ(get(IIR), 0xc6);
	CHECK_EQ(get(LSR), 0x63);
	CHECK_EQ(get(LSR), 0x61);
	CHECK_EQ(get(DATA), 'a');
	put(IIR, 3);
	board_drained = 0;
	put(MCR, 0x0b);
	CHECK_EQ(board_drained, 1);
	CHECK_EQ(get(MSR) & 0xf0, 0xb0);
	/* Modem status interrupt: raised by the deltas, cleared by reading them. */
	put(IER, 8);
	CHECK_EQ(get(IIR), 0xc1);
	put(MCR, 0x10);
	CHECK_EQ(get(IIR), 0xc0);
	get(MSR);
	CHECK_EQ(get(IIR), 0xc1);
}

static const struct tap_test tests[] = {
	{ "Linux finds a 16550A", test_autoconfig },
	{ "Linux's THRE probe", test_thre_probe },
	{ "sending", test_transmit },
	{ "receiving", test_receive },
	{ "FIFO control", test_fifo_control },
	{ "loopback", test_loopback },
};

TAP_MAIN(tests)
