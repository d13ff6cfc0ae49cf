/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PC's two 8259A interrupt controllers, with the chipset's edge/level
 * registers. Everything here is under platform.lock.
 */
#ifndef HV_IRQ_PIC_H
#define HV_IRQ_PIC_H

#include "core/host.h"

struct platform;

/**
 * struct pic_chip - one 8259A
 * @lines: level of each input
 * @irr: requests: latched for edges, the line itself for levels
 * @isr: in service
 * @imr: masked
 * @elcr: inputs that are level-triggered
 * @base: vector of input 0
 * @lowest: input with the lowest priority; the next one has the highest
 * @icw: initialisation word expected next, 2 to 4; 0: operational
 * @want_icw4: ICW1 announced an ICW4
 * @single: ICW1 said that there is no cascade, so no ICW3
 * @read_isr: reads give the ISR, not the IRR
 * @poll: the next read acknowledges
 * @special_mask: special mask mode
 * @nested: special fully nested mode
 * @auto_eoi: no EOI needed
 * @rotate: with auto_eoi: what was acknowledged becomes lowest
 */
struct pic_chip {
	u8 lines;
	u8 irr;
	u8 isr;
	u8 imr;
	u8 elcr;
	u8 base;
	u8 lowest;
	u8 icw;
	bool want_icw4;
	bool single;
	bool read_isr;
	bool poll;
	bool special_mask;
	bool nested;
	bool auto_eoi;
	bool rotate;
};

/**
 * struct pic - the pair
 * @chip: master, and the slave at its input 2
 * @output: level of the master's INT pin
 */
struct pic {
	struct pic_chip chip[2];
	bool output;
};

void pic_reset(struct platform *p);

/* Drive @irq, 0 to 15. @p->lock held. */
void pic_set_line(struct platform *p, unsigned int irq, bool level);

/* Acknowledge: the vector to inject, spurious 7 or 15 included. Takes @p->lock. */
int pic_take(struct platform *p);

/* Ports: A0 and the chip; ELCR. @p->lock held. */
u32 pic_read(struct platform *p, unsigned int chip, u16 a0);
void pic_write(struct platform *p, unsigned int chip, u16 a0, u32 value);
u32 pic_read_elcr(struct platform *p, u16 chip);
void pic_write_elcr(struct platform *p, u16 chip, u32 value);

#endif /* HV_IRQ_PIC_H */
