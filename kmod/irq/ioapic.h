/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * I/O APIC with 24 pins (Intel 82093AA, version 0x11: no EOI register).
 * Everything here is under platform.lock.
 */
#ifndef HV_IRQ_IOAPIC_H
#define HV_IRQ_IOAPIC_H

#include "core/host.h"

struct platform;

#define IOAPIC_PINS	24

/**
 * struct ioapic - state
 * @redir: the redirection table
 * @id: what software wrote: bits 27 to 24
 * @lines: level of each pin
 * @select: IOREGSEL
 */
struct ioapic {
	u64 redir[IOAPIC_PINS];
	u32 id;
	u32 lines;
	u8 select;
};

void ioapic_reset(struct platform *p);

/* Drive @pin. @p->lock held. */
void ioapic_set_line(struct platform *p, unsigned int pin, bool level);

/* A local APIC ended a level-triggered @vector. Takes @p->lock. */
void ioapic_eoi(struct platform *p, u8 vector);

/* A local APIC has been enabled: levels that nobody took try again. Takes @p->lock. */
void ioapic_retry(struct platform *p);

/* The guest's access at @offset of the IOAPIC's page. Take @p->lock. */
u32 ioapic_mmio_read(struct platform *p, u32 offset, unsigned int size);
void ioapic_mmio_write(struct platform *p, u32 offset, unsigned int size, u32 value);

#endif /* HV_IRQ_IOAPIC_H */
