// SPDX-License-Identifier: GPL-2.0-only
#include "board.h"

struct platform board;
struct vcpu board_vcpu[BOARD_VCPUS];
char board_sent[4096];
unsigned int board_nr_sent;
unsigned int board_drained;

void uart_tx(struct uart *u, u8 byte)
{
	if (!board.lock.held || u != &board.uart)
		abort();
	if (board_nr_sent < sizeof(board_sent) - 1)
		board_sent[board_nr_sent++] = byte;
}

void uart_rx_drained(struct uart *u)
{
	if (!board.lock.held || u != &board.uart)
		abort();
	board_drained++;
}

void board_setup(unsigned int nr)
{
	unsigned int i;

	mock_reset();
	memset(&board, 0, sizeof(board));
	memset(board_vcpu, 0, sizeof(board_vcpu));
	memset(board_sent, 0, sizeof(board_sent));
	platform_init(&board);
	for (i = 0; i < nr; i++) {
		lapic_init(board_lapic(i), &board_vcpu[i], &board, i);
		board.lapics[i] = board_lapic(i);
	}
	board.nr_lapics = nr;
	platform_reset(&board);
	board_nr_sent = 0;
	board_drained = 0;
	mock_kicks = 0;
}

void board_irq(unsigned int irq, bool level)
{
	unsigned long flags = host_lock(&board.lock);

	platform_irq(&board, irq, level);
	host_unlock(&board.lock, flags);
}

void board_enable_apic(unsigned int n)
{
	apic_write(n, LAPIC_SVR, LAPIC_SVR_ENABLE | 0xff);
}

void board_setup_apics(unsigned int nr)
{
	unsigned int i;

	board_setup(nr);
	for (i = 0; i < nr; i++)
		board_enable_apic(i);
	mock_kicks = 0;
}

int board_interrupt(void)
{
	struct lapic *l = board_lapic(0);
	int vector;

	if (test_bit(LAPIC_PENDING_EXTINT, &l->s.pending) && lapic_accepts_extint(l))
		return pic_take(&board);
	vector = lapic_next(l);
	if (vector >= 0)
		lapic_take(l, vector);
	return vector;
}
