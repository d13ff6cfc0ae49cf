// SPDX-License-Identifier: GPL-2.0-only
/*
 * The board: which port belongs to which chip, and who drives which line.
 */
#include "core/host.h"
#include "core/platform.h"
#include "core/vcpu.h"

/**
 * struct port_range - a chip's ports
 * @first: first port
 * @last: last port
 * @width: of its registers in bytes: 1, or 4 for a single register
 * @alone: takes accesses of @width only, never a part of a wider or narrower one
 * @read: port minus @first; NULL reads as all ones
 * @write: likewise; NULL ignores
 */
struct port_range {
	u16 first;
	u16 last;
	u8 width;
	bool alone;
	u32 (*read)(struct platform *p, u16 reg);
	void (*write)(struct platform *p, u16 reg, u32 value);
};

static u32 read_pic0(struct platform *p, u16 reg)
{
	return pic_read(p, 0, reg);
}

static u32 read_pic1(struct platform *p, u16 reg)
{
	return pic_read(p, 1, reg);
}

static void write_pic0(struct platform *p, u16 reg, u32 value)
{
	pic_write(p, 0, reg, value);
}

static void write_pic1(struct platform *p, u16 reg, u32 value)
{
	pic_write(p, 1, reg, value);
}

#define PORT_PCI_ADDRESS	0xcf8

/*
 * The chips that a running guest asks most come first. PCI's address register
 * is claimed by nobody, but stands here since 32 bits written to it are no write
 * to the reset control register, which shares the second of its bytes (ICH data
 * sheet, RST_CNT).
 */
static const struct port_range ports[] = {
	{ MEMMAP_COM1, MEMMAP_COM1 + 7, 1, false, uart_read, uart_write },
	{ MEMMAP_PM_TIMER, MEMMAP_PM_TIMER + 3, 4, false, pm_read_timer, NULL },
	{ MEMMAP_PIC0, MEMMAP_PIC0 + 1, 1, false, read_pic0, write_pic0 },
	{ MEMMAP_PIC1, MEMMAP_PIC1 + 1, 1, false, read_pic1, write_pic1 },
	{ MEMMAP_PIT, MEMMAP_PIT + 3, 1, false, pit_read, pit_write },
	{ MEMMAP_PORT_B, MEMMAP_PORT_B, 1, false, pit_read_port_b, pit_write_port_b },
	{ MEMMAP_CMOS, MEMMAP_CMOS + 1, 1, false, cmos_read, cmos_write },
	{ MEMMAP_PM, MEMMAP_PM + 5, 1, false, pm_read, pm_write },
	{ MEMMAP_KBD_DATA, MEMMAP_KBD_DATA, 1, false, misc_read_kbd, NULL },
	{ MEMMAP_KBD_STATUS, MEMMAP_KBD_STATUS, 1, false,
	  misc_read_kbd_status, misc_write_kbd_command },
	{ MEMMAP_PORT_92, MEMMAP_PORT_92, 1, false, misc_read_port_92, misc_write_port_92 },
	{ MEMMAP_ELCR, MEMMAP_ELCR + 1, 1, false, pic_read_elcr, pic_write_elcr },
	{ PORT_PCI_ADDRESS, PORT_PCI_ADDRESS, 4, true, NULL, NULL },
	{ MEMMAP_RESET, MEMMAP_RESET, 1, true, misc_read_reset, misc_write_reset },
};

static const struct port_range *find_port(u16 port)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		if (port >= ports[i].first && port <= ports[i].last)
			return &ports[i];
	return NULL;
}

bool platform_has_port(const struct platform *p, u16 first, u16 last)
{
	u16 exit_port = p->debug_exit_port;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		if (first <= ports[i].last && last >= ports[i].first)
			return true;
	return exit_port && first <= exit_port && last >= exit_port;
}

/* One byte of an access of @size. A wide register is read whole and cut. */
static u8 in_byte(struct platform *p, u16 port, unsigned int size)
{
	const struct port_range *r = find_port(port);
	u16 reg;

	if (!r || !r->read || (r->alone && r->width != size))
		return 0xff;
	reg = port - r->first;
	if (r->width == 1)
		return r->read(p, reg);
	return r->read(p, 0) >> (8 * reg);
}

static void out_byte(struct platform *p, u16 port, unsigned int size, u8 value)
{
	const struct port_range *r = find_port(port);

	if (r && r->write && r->width == 1 && !(r->alone && size != 1))
		r->write(p, port - r->first, value);
}

/* A register that is as wide as the access, or NULL. */
static const struct port_range *find_whole(u16 port, unsigned int size)
{
	const struct port_range *r = size > 1 ? find_port(port) : NULL;

	return r && r->width == size && r->first == port ? r : NULL;
}

static u32 port_in(struct platform *p, u16 port, unsigned int size)
{
	const struct port_range *r = find_whole(port, size);
	u32 value = 0;
	unsigned int i;

	if (r)
		return r->read ? r->read(p, 0) : bus_mask(size);
	for (i = 0; i < size; i++)
		value |= (u32)in_byte(p, port + i, size) << (8 * i);
	return value;
}

static void port_out(struct platform *p, u16 port, unsigned int size, u32 value)
{
	const struct port_range *r = find_whole(port, size);
	unsigned int i;

	if (r && r->write)
		r->write(p, 0, value);
	if (r)
		return;
	for (i = 0; i < size; i++)
		out_byte(p, port + i, size, value >> (8 * i));
}

u32 platform_in(struct platform *p, u16 port, unsigned int size)
{
	unsigned long flags = host_lock(&p->lock);
	u32 value = port_in(p, port, min(size, 4U));

	host_unlock(&p->lock, flags);
	return value;
}

/* The debug-exit port's status is what QEMU's isa-debug-exit makes of the value. */
void platform_out(struct platform *p, u16 port, unsigned int size, u32 value)
{
	unsigned long flags = host_lock(&p->lock);

	value &= bus_mask(size);
	if (p->debug_exit_port && port == p->debug_exit_port)
		platform_raise(p, PLATFORM_DEBUG_EXIT, value << 1 | 1);
	else
		port_out(p, port, min(size, 4U), value);
	host_unlock(&p->lock, flags);
}

/* The PIT's IRQ 0 is on the IOAPIC's pin 2, where IRQ 2, the cascade, has no use for it. */
void platform_irq(struct platform *p, unsigned int irq, bool level)
{
	unsigned int pin = irq == MEMMAP_IRQ_PIT ? 2 : irq;

	/* A chip says so at each access; few change it. */
	if (!!(p->ioapic.lines & BIT(pin)) == level)
		return;
	pic_set_line(p, irq, level);
	ioapic_set_line(p, pin, level);
}

void platform_gsi(struct platform *p, unsigned int gsi, bool level)
{
	if (gsi < 16)
		platform_irq(p, gsi, level);
	else
		ioapic_set_line(p, gsi, level);
}

bool platform_has_gsi(unsigned int gsi)
{
	const u32 chips = BIT(MEMMAP_IRQ_PIT) | BIT(2) | BIT(MEMMAP_IRQ_COM1) |
			  BIT(MEMMAP_IRQ_RTC) | BIT(MEMMAP_IRQ_SCI);

	return gsi < IOAPIC_PINS && (chips & BIT(gsi));
}

void platform_raise(struct platform *p, enum platform_event event, u32 value)
{
	struct vcpu *vcpu;

	if (p->event != PLATFORM_NONE)
		return;
	p->event = event;
	p->event_value = value;
	if (!p->nr_lapics)
		return;
	vcpu = p->lapics[0]->vcpu;
	set_bit(VCPU_REQ_PLATFORM, &vcpu->requests);
	host_kick(vcpu);
}

enum platform_event platform_take(struct platform *p, u32 *value)
{
	unsigned long flags = host_lock(&p->lock);
	enum platform_event event = p->event;

	*value = p->event_value;
	p->event = PLATFORM_NONE;
	host_unlock(&p->lock, flags);
	return event;
}

void platform_init(struct platform *p)
{
	host_lock_init(&p->lock);
	host_lock_init(&p->insn);
	pit_init(p);
	cmos_init(p);
}

/* Chips first, then what their lines lead to. */
void platform_reset(struct platform *p)
{
	unsigned long flags = host_lock(&p->lock);

	p->tsc_origin = host_tsc();
	p->ns_origin = host_now();
	p->stood = 0;
	uart_reset(p);
	pit_reset(p);
	cmos_reset(p);
	pm_reset(p);
	misc_reset(p);
	ioapic_reset(p);
	pic_reset(p);
	p->event = PLATFORM_NONE;
	p->event_value = 0;
	host_unlock(&p->lock, flags);
}

void platform_destroy(struct platform *p)
{
	pit_destroy(p);
	cmos_destroy(p);
}

void platform_quiesce(struct platform *p)
{
	unsigned int i;

	pit_destroy(p);
	cmos_destroy(p);
	for (i = 0; i < p->nr_lapics; i++)
		lapic_destroy(p->lapics[i]);
}

void platform_go_on(struct platform *p, u64 ns, u64 ticks)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < p->nr_lapics; i++)
		lapic_go_on(p->lapics[i], ns);
	flags = host_lock(&p->lock);
	WRITE_ONCE(p->stood, p->stood + ns);
	p->tsc_origin += ticks;
	pit_go_on(p, ns);
	pm_go_on(p, ns);
	cmos_go_on(p);
	host_unlock(&p->lock, flags);
}
