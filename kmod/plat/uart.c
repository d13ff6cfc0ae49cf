// SPDX-License-Identifier: GPL-2.0-only
/*
 * 16550A, from National Semiconductor's data sheet PC16550D. Bytes leave at
 * once, so the transmitter is always empty; the divisor is stored only. As on
 * other virtual UARTs, MCR's OUT2 does not gate the interrupt.
 */
#include "core/host.h"
#include "core/platform.h"
#include "plat/uart.h"

enum {
	UART_DATA,		/* RBR, THR; DLL */
	UART_IER,		/* DLM */
	UART_IIR,		/* FCR when written */
	UART_LCR,
	UART_MCR,
	UART_LSR,
	UART_MSR,
	UART_SCR,
};

#define IER_RX			BIT(0)
#define IER_TX			BIT(1)
#define IER_LINE		BIT(2)
#define IER_MODEM		BIT(3)
#define IER_WRITABLE		0x0f

#define IIR_NONE		0x01
#define IIR_MODEM		0x00
#define IIR_TX			0x02
#define IIR_RX			0x04
#define IIR_LINE		0x06
#define IIR_RX_TIMEOUT		0x0c
#define IIR_FIFO		0xc0

#define FCR_ENABLE		BIT(0)
#define FCR_CLEAR_RX		BIT(1)
#define FCR_STORED		(FCR_ENABLE | 0xc0)

#define LCR_DLAB		BIT(7)

#define MCR_DTR			BIT(0)
#define MCR_RTS			BIT(1)
#define MCR_OUT1		BIT(2)
#define MCR_OUT2		BIT(3)
#define MCR_LOOP		BIT(4)
#define MCR_WRITABLE		0x1f

#define LSR_DATA		BIT(0)
#define LSR_OVERRUN		BIT(1)
#define LSR_ERRORS		0x1e
#define LSR_TX_EMPTY		(BIT(5) | BIT(6))

#define MSR_CTS			BIT(4)
#define MSR_DSR			BIT(5)
#define MSR_RI			BIT(6)
#define MSR_DCD			BIT(7)
#define MSR_RI_DELTA		BIT(2)	/* trailing edge only */
#define MSR_DELTAS		0x0f

/* Receiver trigger levels by FCR bits 7 and 6. */
static const u8 uart_trigger[4] = { 1, 4, 8, 14 };

static unsigned int uart_depth(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static unsigned int uart_trigger_level(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? uart_trigger[u->fcr >> 6] : 1;
}

/*
 * Table 4, by priority. Below the trigger level the data sheet waits for four
 * character times before it reports a timeout; here that time is zero.
 */
static u8 uart_iir(const struct uart *u)
{
	if (u->ier & IER_LINE && u->lsr & LSR_ERRORS)
		return IIR_LINE;
	if (u->ier & IER_RX && u->count)
		return u->count >= uart_trigger_level(u) ? IIR_RX : IIR_RX_TIMEOUT;
	if (u->ier & IER_TX && u->thr_empty)
		return IIR_TX;
	if (u->ier & IER_MODEM && u->msr & MSR_DELTAS)
		return IIR_MODEM;
	return IIR_NONE;
}

static void uart_update(struct platform *p)
{
	platform_irq(p, MEMMAP_IRQ_COM1, uart_iir(&p->uart) != IIR_NONE);
}

/* Receiver. */

static void uart_push(struct uart *u, u8 byte)
{
	if (u->count >= uart_depth(u)) {
		u->lsr |= LSR_OVERRUN;
		return;
	}
	u->fifo[(u->head + u->count) % UART_FIFO] = byte;
	u->count++;
}

/* In loopback mode the line is cut off. */
unsigned int uart_rx_room(struct platform *p)
{
	return p->uart.mcr & MCR_LOOP ? 0 : uart_depth(&p->uart) - p->uart.count;
}

unsigned int uart_feed(struct platform *p, const u8 *buf, unsigned int n)
{
	unsigned int i;

	n = min(n, uart_rx_room(p));
	for (i = 0; i < n; i++)
		uart_push(&p->uart, buf[i]);
	uart_update(p);
	return n;
}

static void uart_check_drained(struct uart *u)
{
	if (!u->count && !(u->mcr & MCR_LOOP))
		uart_rx_drained(u);
}

/* An empty receiver gives its last byte again; 0 will do. */
static u8 uart_read_data(struct uart *u)
{
	u8 byte;

	if (!u->count)
		return 0;
	byte = u->fifo[u->head];
	u->head = (u->head + 1) % UART_FIFO;
	u->count--;
	uart_check_drained(u);
	return byte;
}

static void uart_clear_rx(struct uart *u)
{
	u->count = 0;
	u->head = 0;
	u->lsr = 0;
	uart_check_drained(u);
}

/* Modem lines: ready for ever, or in loopback mode what MCR drives. */
static u8 uart_lines(u8 mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void uart_write_mcr(struct uart *u, u8 value)
{
	u8 old = uart_lines(u->mcr), now = uart_lines(value);
	u8 deltas = (old ^ now) >> 4;

	if (!(old & MSR_RI))
		deltas &= ~MSR_RI_DELTA;
	u->msr |= deltas;
	u->mcr = value;
	/* Out of loopback: the line is back, and bytes may wait there. */
	uart_check_drained(u);
}

/* Registers that change something when read. */

static u8 uart_read_iir(struct uart *u)
{
	u8 iir = uart_iir(u);

	if (iir == IIR_TX)
		u->thr_empty = false;
	return iir | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static u8 uart_read_lsr(struct uart *u)
{
	u8 lsr = u->lsr | LSR_TX_EMPTY | (u->count ? LSR_DATA : 0);

	u->lsr &= ~LSR_ERRORS;
	return lsr;
}

static u8 uart_read_msr(struct uart *u)
{
	u8 msr = u->msr | uart_lines(u->mcr);

	u->msr = 0;
	return msr;
}

static u8 uart_read_reg(struct uart *u, u16 reg)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case UART_DATA:
		return dlab ? u->dll : uart_read_data(u);
	case UART_IER:
		return dlab ? u->dlm : u->ier;
	case UART_IIR:
		return uart_read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return uart_read_lsr(u);
	case UART_MSR:
		return uart_read_msr(u);
	default:
		return u->scr;
	}
}

u32 uart_read(struct platform *p, u16 reg)
{
	u8 value = uart_read_reg(&p->uart, reg);

	uart_update(p);
	return value;
}

/* Writes. */

static void uart_write_data(struct uart *u, u8 value)
{
	if (u->mcr & MCR_LOOP)
		uart_push(u, value);
	else
		uart_tx(u, value);
	u->thr_empty = true;
}

/* Enabling the transmitter's interrupt while it is empty raises it at once. */
static void uart_write_ier(struct uart *u, u8 value)
{
	if (value & ~u->ier & IER_TX)
		u->thr_empty = true;
	u->ier = value & IER_WRITABLE;
}

/* Turning the FIFOs on or off empties them; the other bits need bit 0 set. */
static void uart_write_fcr(struct uart *u, u8 value)
{
	bool on = value & FCR_ENABLE, was_on = u->fcr & FCR_ENABLE;

	u->fcr = on ? value & FCR_STORED : 0;
	if (on != was_on || (on && value & FCR_CLEAR_RX))
		uart_clear_rx(u);
}

static void uart_write_reg(struct uart *u, u16 reg, u8 value)
{
	bool dlab = u->lcr & LCR_DLAB;

	if (reg == UART_DATA && dlab)
		u->dll = value;
	else if (reg == UART_DATA)
		uart_write_data(u, value);
	else if (reg == UART_IER && dlab)
		u->dlm = value;
	else if (reg == UART_IER)
		uart_write_ier(u, value);
	else if (reg == UART_IIR)
		uart_write_fcr(u, value);
	else if (reg == UART_LCR)
		u->lcr = value;
	else if (reg == UART_MCR)
		uart_write_mcr(u, value & MCR_WRITABLE);
	else if (reg == UART_SCR)
		u->scr = value;
}

/* A byte that was sent is a new edge for an edge-triggered line: let it fall first. */
void uart_write(struct platform *p, u16 reg, u32 value)
{
	if (reg == UART_DATA && !(p->uart.lcr & LCR_DLAB)) {
		p->uart.thr_empty = false;
		uart_update(p);
	}
	uart_write_reg(&p->uart, reg, value);
	uart_update(p);
}

/* Table 1, "UART reset configuration"; 9600 baud, as firmware would leave it. */
void uart_reset(struct platform *p)
{
	memset(&p->uart, 0, sizeof(p->uart));
	p->uart.dll = 12;
}
