/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 16550A at COM1. Everything here is under platform.lock.
 */
#ifndef HV_PLAT_UART_H
#define HV_PLAT_UART_H

#include "core/host.h"

struct platform;

#define UART_FIFO	16

/**
 * struct uart - state
 * @fifo: received bytes, a ring
 * @head: oldest byte in @fifo
 * @count: bytes in @fifo; at most 1 while the FIFOs are off
 * @ier: interrupt enable
 * @fcr: FIFO control as written: enable and trigger level
 * @lcr: line control
 * @mcr: modem control
 * @lsr: line status' error bits; the others are computed
 * @msr: modem status' delta bits; the others are computed
 * @scr: scratch
 * @dll: divisor, low byte
 * @dlm: divisor, high byte
 * @thr_empty: the transmitter-empty interrupt is pending
 */
struct uart {
	u8 fifo[UART_FIFO];
	u8 head;
	u8 count;
	u8 ier;
	u8 fcr;
	u8 lcr;
	u8 mcr;
	u8 lsr;
	u8 msr;
	u8 scr;
	u8 dll;
	u8 dlm;
	bool thr_empty;
};

void uart_reset(struct platform *p);

/* Ports 0x3f8 to 0x3ff. @p->lock held. */
u32 uart_read(struct platform *p, u16 reg);
void uart_write(struct platform *p, u16 reg, u32 value);

/* How many bytes uart_feed() would take. @p->lock held. */
unsigned int uart_rx_room(struct platform *p);

/* Bytes arrive on the line; returns how many fitted. @p->lock held. */
unsigned int uart_feed(struct platform *p, const u8 *buf, unsigned int n);

/*
 * The console's side, in guest/. Both are called with platform.lock held and
 * interrupts off: uart_tx() for each byte the guest sends, uart_rx_drained() when
 * it has emptied the receiver, which may answer with uart_feed().
 */
void uart_tx(struct uart *u, u8 byte);
void uart_rx_drained(struct uart *u);

#endif /* HV_PLAT_UART_H */
