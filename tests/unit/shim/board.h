/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's chips with their vCPUs, and a console that keeps what is sent.
 */
#ifndef HV_TESTS_BOARD_H
#define HV_TESTS_BOARD_H

#include "core/vcpu.h"
#include "mock.h"

#define BOARD_VCPUS	HV_MAX_VCPUS

extern struct platform board;
extern struct vcpu board_vcpu[BOARD_VCPUS];

/* What uart_tx() got, as a string, and how often the receiver was drained. */
extern char board_sent[4096];
extern unsigned int board_nr_sent;
extern unsigned int board_drained;

/* A board with @nr vCPUs after power-on, clocks and counts reset. */
void board_setup(unsigned int nr);

/* The same with every local APIC software-enabled, and no kick counted for that. */
void board_setup_apics(unsigned int nr);

/* The local APIC of vCPU @n. */
static inline struct lapic *board_lapic(unsigned int n)
{
	return &board_vcpu[n].lapic;
}

static inline u8 inb(u16 port)
{
	return platform_in(&board, port, 1);
}

static inline void outb(u8 value, u16 port)
{
	platform_out(&board, port, 1, value);
}

/* xAPIC registers by number, as enum lapic_reg has them. */
static inline u32 apic_read(unsigned int n, unsigned int reg)
{
	return lapic_mmio_read(board_lapic(n), reg << 4, 4);
}

static inline void apic_write(unsigned int n, unsigned int reg, u32 value)
{
	lapic_mmio_write(board_lapic(n), reg << 4, 4, value);
}

static inline u32 io_apic_read(u8 reg)
{
	ioapic_mmio_write(&board, 0, 4, reg);
	return ioapic_mmio_read(&board, 0x10, 4);
}

static inline void io_apic_write(u8 reg, u32 value)
{
	ioapic_mmio_write(&board, 0, 4, reg);
	ioapic_mmio_write(&board, 0x10, 4, value);
}

/* What a device does: drive an ISA interrupt under the board's lock. */
void board_irq(unsigned int irq, bool level);

/* Software-enable the local APIC of vCPU @n. */
void board_enable_apic(unsigned int n);

/* The run loop's part: the next vector of vCPU 0, PIC first; -1 for none. */
int board_interrupt(void);

#endif /* HV_TESTS_BOARD_H */
