// SPDX-License-Identifier: GPL-2.0-only
/*
 * 8259A pair, from Intel's data sheet 8259A. Only the 8086 mode exists: the
 * 8080's call sequences are not there. ICW1's level bit is ignored, as on every
 * PC since the edge/level control registers came.
 */
#include "core/host.h"
#include "core/platform.h"
#include "irq/lapic.h"
#include "irq/pic.h"

#define PIC_CASCADE	2		/* the master's input that the slave drives */

#define ICW1		BIT(4)		/* tells ICW1 from OCW2 and OCW3 at A0 = 0 */
#define ICW1_IC4	BIT(0)
#define ICW1_SINGLE	BIT(1)
#define ICW4_AUTO_EOI	BIT(1)
#define ICW4_NESTED	BIT(4)

#define OCW3		BIT(3)		/* tells OCW3 from OCW2 */
#define OCW3_READ_ISR	BIT(0)
#define OCW3_READ	BIT(1)
#define OCW3_POLL	BIT(2)
#define OCW3_MASK	BIT(5)
#define OCW3_SET_MASK	BIT(6)

/* OCW2's command is in its bits 7 to 5: rotate, specific, EOI. */
#define OCW2_EOI	BIT(5)
#define OCW2_SPECIFIC	BIT(6)
#define OCW2_ROTATE	BIT(7)

/* The timer, the keyboard, the cascade, the clock and the FPU are always edges. */
static const u8 pic_elcr_mask[2] = { 0xf8, 0xde };

/* The input that comes @n-th in priority order, 0 the highest. */
static unsigned int pic_input(const struct pic_chip *c, unsigned int n)
{
	return (c->lowest + 1 + n) & 7;
}

/* What stands in the way of equal and lower requests. */
static u8 pic_blocking(const struct pic_chip *c)
{
	return c->special_mask ? c->isr & ~c->imr : c->isr;
}

/*
 * "Fully nested mode": the highest request above everything in service, or -1.
 * "Special fully nested mode": the cascade's own level may request again.
 */
static int pic_pending(const struct pic_chip *c)
{
	u8 requests = c->irr & ~c->imr, blocking = pic_blocking(c);
	unsigned int n;

	if (c->icw || !requests)
		return -1;
	for (n = 0; n < 8; n++) {
		unsigned int input = pic_input(c, n);
		bool served = blocking & BIT(input);

		if (served && !(c->nested && input == PIC_CASCADE))
			return -1;
		if (requests & BIT(input))
			return input;
		if (served)
			return -1;
	}
	return -1;
}

/* INT is wired to every processor's LINT0; the first that acknowledges has the vector. */
static void pic_drive(struct platform *p, bool output)
{
	unsigned int i;

	for (i = 0; i < p->nr_lapics; i++)
		lapic_lint(p->lapics[i], 0, output);
}

/* Carry the slave's output to the master, and the master's to LINT0. @p->lock held. */
static void pic_update(struct platform *p)
{
	struct pic_chip *master = &p->pic.chip[0];
	bool output;

	if (pic_pending(&p->pic.chip[1]) >= 0)
		master->irr |= BIT(PIC_CASCADE);
	else
		master->irr &= ~BIT(PIC_CASCADE);
	output = pic_pending(master) >= 0;
	if (output == p->pic.output)
		return;
	p->pic.output = output;
	pic_drive(p, output);
}

/*
 * An edge stays latched until it is acknowledged. (The chip itself forgets it if
 * the line falls before, and then reports input 7; devices that pulse rely on
 * the latch.)
 */
void pic_set_line(struct platform *p, unsigned int irq, bool level)
{
	struct pic_chip *c = &p->pic.chip[(irq >> 3) & 1];
	u8 bit = BIT(irq & 7), old = c->lines;

	if (irq == PIC_CASCADE)
		return;
	c->lines = level ? old | bit : old & ~bit;
	if (c->elcr & bit)
		c->irr = (c->irr & ~bit) | (c->lines & bit);
	else
		c->irr |= c->lines & ~old;
	pic_update(p);
}

static void pic_ack(struct pic_chip *c, unsigned int input)
{
	if (!(c->elcr & BIT(input)))
		c->irr &= ~BIT(input);
	if (!c->auto_eoi)
		c->isr |= BIT(input);
	else if (c->rotate)
		c->lowest = input;
}

/* One acknowledge cycle. A request that went away gives input 7, not in service. */
static u8 pic_ack_chip(struct pic_chip *c)
{
	int input = pic_pending(c);

	if (input < 0)
		return 7;
	pic_ack(c, input);
	return input;
}

int pic_take(struct platform *p)
{
	unsigned long flags = host_lock(&p->lock);
	struct pic_chip *master = &p->pic.chip[0], *slave = &p->pic.chip[1];
	u8 input = pic_ack_chip(master);
	int vector = master->base + input;

	if (input == PIC_CASCADE)
		vector = slave->base + pic_ack_chip(slave);
	pic_update(p);
	host_unlock(&p->lock, flags);
	return vector;
}

/* "Initialization command words". Level inputs that are high request at once. */
static void pic_write_icw1(struct pic_chip *c, u8 value)
{
	struct pic_chip fresh = {
		.lines = c->lines,
		.irr = c->lines & c->elcr,
		.elcr = c->elcr,
		.base = c->base,
		.lowest = 7,
		.icw = 2,
		.want_icw4 = value & ICW1_IC4,
		.single = value & ICW1_SINGLE,
	};

	*c = fresh;
}

/* ICW2 to ICW4 follow each other at A0 = 1; then OCW1. ICW3 says what the board is. */
static void pic_write_a1(struct pic_chip *c, u8 value)
{
	switch (c->icw) {
	case 0:
		c->imr = value;
		break;
	case 2:
		c->base = value & 0xf8;
		c->icw = c->single ? (c->want_icw4 ? 4 : 0) : 3;
		break;
	case 3:
		c->icw = c->want_icw4 ? 4 : 0;
		break;
	case 4:
		c->auto_eoi = value & ICW4_AUTO_EOI;
		c->nested = value & ICW4_NESTED;
		c->icw = 0;
		break;
	}
}

/* The input a non-specific EOI ends: the highest in service, or -1. */
static int pic_serving(const struct pic_chip *c)
{
	u8 serving = pic_blocking(c);
	unsigned int n;

	for (n = 0; n < 8; n++)
		if (serving & BIT(pic_input(c, n)))
			return pic_input(c, n);
	return -1;
}

static void pic_eoi(struct pic_chip *c, int input, bool rotate)
{
	if (input < 0)
		return;
	c->isr &= ~BIT(input);
	if (rotate)
		c->lowest = input;
}

static void pic_write_ocw2(struct pic_chip *c, u8 value)
{
	bool rotate = value & OCW2_ROTATE;

	if (value & OCW2_EOI)
		pic_eoi(c, value & OCW2_SPECIFIC ? value & 7 : pic_serving(c), rotate);
	else if (!(value & OCW2_SPECIFIC))
		c->rotate = rotate;
	else if (rotate)
		c->lowest = value & 7;
}

static void pic_write_ocw3(struct pic_chip *c, u8 value)
{
	if (value & OCW3_POLL)
		c->poll = true;
	else if (value & OCW3_READ)
		c->read_isr = value & OCW3_READ_ISR;
	if (value & OCW3_SET_MASK)
		c->special_mask = value & OCW3_MASK;
}

void pic_write(struct platform *p, unsigned int chip, u16 a0, u32 value)
{
	struct pic_chip *c = &p->pic.chip[chip];

	if (a0)
		pic_write_a1(c, value);
	else if (value & ICW1)
		pic_write_icw1(c, value);
	else if (value & OCW3)
		pic_write_ocw3(c, value);
	else
		pic_write_ocw2(c, value);
	pic_update(p);
}

/* "Poll command": the read is the acknowledge; bit 7 says whether there was any. */
static u8 pic_poll(struct pic_chip *c)
{
	int input = pic_pending(c);

	c->poll = false;
	if (input < 0)
		return 0;
	pic_ack(c, input);
	return 0x80 | input;
}

u32 pic_read(struct platform *p, unsigned int chip, u16 a0)
{
	struct pic_chip *c = &p->pic.chip[chip];
	u8 value;

	if (!c->poll)
		return a0 ? c->imr : c->read_isr ? c->isr : c->irr;
	value = pic_poll(c);
	pic_update(p);
	return value;
}

u32 pic_read_elcr(struct platform *p, u16 chip)
{
	return p->pic.chip[chip & 1].elcr;
}

void pic_write_elcr(struct platform *p, u16 chip, u32 value)
{
	struct pic_chip *c = &p->pic.chip[chip & 1];

	c->elcr = value & pic_elcr_mask[chip & 1];
	c->irr = (c->irr & ~c->elcr) | (c->lines & c->elcr);
	pic_update(p);
}

void pic_reset(struct platform *p)
{
	unsigned int i;

	memset(&p->pic, 0, sizeof(p->pic));
	for (i = 0; i < ARRAY_SIZE(p->pic.chip); i++) {
		p->pic.chip[i].lowest = 7;
		p->pic.chip[i].imr = 0xff;	/* as firmware would leave it */
	}
	pic_drive(p, false);
}
