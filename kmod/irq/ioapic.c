// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O APIC, from Intel's data sheet 82093AA.
 *
 * The polarity bit is stored and ignored: lines inside hv are true or false.
 * Pin 0 has no wire (a PC's PIC reaches the processor through LINT0).
 */
#include "core/host.h"
#include "core/platform.h"
#include "irq/ioapic.h"
#include "irq/lapic.h"

#define IOREGSEL		0x00
#define IOWIN			0x10

#define REG_ID			0x00
#define REG_VERSION		0x01
#define REG_ARBITRATION		0x02
#define REG_REDIR		0x10

#define IOAPIC_VERSION_VALUE	(0x11 | (IOAPIC_PINS - 1) << 16)

/* Section 3.2.4, I/O redirection table registers. */
#define REDIR_VECTOR		0xffULL
#define REDIR_MODE_SHIFT	8
#define REDIR_LOGICAL		BIT_ULL(11)
#define REDIR_STATUS		BIT_ULL(12)
#define REDIR_REMOTE_IRR	BIT_ULL(14)
#define REDIR_LEVEL		BIT_ULL(15)
#define REDIR_MASKED		BIT_ULL(16)
#define REDIR_DEST_SHIFT	56
#define REDIR_WRITABLE		(0xff0000000001ffffULL & ~(REDIR_STATUS | REDIR_REMOTE_IRR))

static u8 redir_mode(u64 redir)
{
	return (redir >> REDIR_MODE_SHIFT) & 7;
}

/* NMI and INIT are edges whatever the trigger mode says: there is no EOI for them. */
static bool redir_is_level(u64 redir)
{
	return (redir & REDIR_LEVEL) && redir_mode(redir) <= LAPIC_LOWEST;
}

/* Modes 3 and 6 are reserved: an IOAPIC starts no processor. */
static unsigned int ioapic_deliver(struct platform *p, u64 redir)
{
	struct lapic_message m = {
		.dest = redir >> REDIR_DEST_SHIFT,
		.vector = redir & REDIR_VECTOR,
		.mode = redir_mode(redir),
		.logical = redir & REDIR_LOGICAL,
		.level = redir_is_level(redir),
	};

	return m.mode == LAPIC_SIPI ? 0 : lapic_send(p, &m);
}

/* Level: at most one message until its EOI, which is what remote IRR stands for. */
static void ioapic_service_level(struct platform *p, unsigned int pin)
{
	u64 *redir = &p->ioapic.redir[pin];

	if (!(p->ioapic.lines & BIT(pin)) || *redir & (REDIR_MASKED | REDIR_REMOTE_IRR))
		return;
	if (ioapic_deliver(p, *redir))
		*redir |= REDIR_REMOTE_IRR;
}

void ioapic_set_line(struct platform *p, unsigned int pin, bool level)
{
	struct ioapic *io = &p->ioapic;
	u32 old = io->lines;

	if (pin >= IOAPIC_PINS)
		return;
	io->lines = level ? old | BIT(pin) : old & ~BIT(pin);
	if (redir_is_level(io->redir[pin]))
		ioapic_service_level(p, pin);
	else if (io->lines & ~old && !(io->redir[pin] & REDIR_MASKED))
		ioapic_deliver(p, io->redir[pin]);
}

static bool ioapic_awaits_eoi(u64 redir, u8 vector)
{
	return redir_is_level(redir) && (redir & REDIR_REMOTE_IRR) &&
	       (redir & REDIR_VECTOR) == vector;
}

void ioapic_eoi(struct platform *p, u8 vector)
{
	unsigned long flags = host_lock(&p->lock);
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		if (!ioapic_awaits_eoi(p->ioapic.redir[pin], vector))
			continue;
		p->ioapic.redir[pin] &= ~REDIR_REMOTE_IRR;
		ioapic_service_level(p, pin);
	}
	host_unlock(&p->lock, flags);
}

void ioapic_retry(struct platform *p)
{
	unsigned long flags = host_lock(&p->lock);
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++)
		if (redir_is_level(p->ioapic.redir[pin]))
			ioapic_service_level(p, pin);
	host_unlock(&p->lock, flags);
}

/*
 * An edge while masked is lost. Turning a pin to edge clears remote IRR: with
 * no EOI register, that is how software ends an interrupt that got stuck.
 */
static void ioapic_write_redir(struct platform *p, unsigned int index, u32 value)
{
	unsigned int pin = index / 2, shift = index % 2 * 32;
	u64 *redir = &p->ioapic.redir[pin];
	u64 half = (u64)0xffffffffU << shift;
	u64 changed = REDIR_WRITABLE & half;

	*redir = (*redir & ~changed) | ((u64)value << shift & changed);
	if (redir_is_level(*redir))
		ioapic_service_level(p, pin);
	else
		*redir &= ~REDIR_REMOTE_IRR;
}

static u32 ioapic_read_reg(struct ioapic *io)
{
	unsigned int index = io->select - REG_REDIR;

	if (io->select == REG_ID || io->select == REG_ARBITRATION)
		return io->id;
	if (io->select == REG_VERSION)
		return IOAPIC_VERSION_VALUE;
	if (io->select < REG_REDIR || index >= 2 * IOAPIC_PINS)
		return 0;
	return io->redir[index / 2] >> (index % 2 * 32);
}

static void ioapic_write_reg(struct platform *p, u32 value)
{
	struct ioapic *io = &p->ioapic;
	unsigned int index = io->select - REG_REDIR;

	if (io->select == REG_ID)
		io->id = value & 0x0f000000;
	else if (io->select >= REG_REDIR && index < 2 * IOAPIC_PINS)
		ioapic_write_redir(p, index, value);
}

u32 ioapic_mmio_read(struct platform *p, u32 offset, unsigned int size)
{
	unsigned long flags = host_lock(&p->lock);
	u32 value = 0;

	if (offset == IOREGSEL)
		value = p->ioapic.select;
	else if (offset == IOWIN)
		value = ioapic_read_reg(&p->ioapic) & bus_mask(size);
	host_unlock(&p->lock, flags);
	return value;
}

/* Section 3.1: IOWIN is written as a whole, of IOREGSEL eight bits count. */
void ioapic_mmio_write(struct platform *p, u32 offset, unsigned int size, u32 value)
{
	unsigned long flags = host_lock(&p->lock);

	if (offset == IOREGSEL)
		p->ioapic.select = value;
	else if (offset == IOWIN && size == 4)
		ioapic_write_reg(p, value);
	host_unlock(&p->lock, flags);
}

void ioapic_reset(struct platform *p)
{
	unsigned int pin;

	memset(&p->ioapic, 0, sizeof(p->ioapic));
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		p->ioapic.redir[pin] = REDIR_MASKED;
}
