// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who answers an access, and what has been answered.
 */
#include "core/bus.h"
#include "core/vcpu.h"

static u64 size_mask(unsigned int size)
{
	return size < 8 ? BIT_ULL(8 * size) - 1 : ~0ULL;
}

/* Chips */

/**
 * struct mmio_page - a page that a chip answers
 * @base: guest physical
 * @enabled: it answers now; NULL: always
 * @read: 1, 2 or 4 bytes at an offset
 * @write: likewise
 */
struct mmio_page {
	u64 base;
	bool (*enabled)(struct vcpu *v);
	u32 (*read)(struct vcpu *v, u32 offset, unsigned int size);
	void (*write)(struct vcpu *v, u32 offset, unsigned int size, u32 value);
};

static bool xapic_enabled(struct vcpu *v)
{
	return lapic_enabled(&v->lapic) && !lapic_is_x2(&v->lapic);
}

static u32 xapic_read(struct vcpu *v, u32 offset, unsigned int size)
{
	return lapic_mmio_read(&v->lapic, offset, size);
}

static void xapic_write(struct vcpu *v, u32 offset, unsigned int size, u32 value)
{
	lapic_mmio_write(&v->lapic, offset, size, value);
}

static u32 ioapic_read(struct vcpu *v, u32 offset, unsigned int size)
{
	return ioapic_mmio_read(v->platform, offset, size);
}

static void ioapic_write(struct vcpu *v, u32 offset, unsigned int size, u32 value)
{
	ioapic_mmio_write(v->platform, offset, size, value);
}

static const struct mmio_page mmio_pages[] = {
	{ MEMMAP_LAPIC, xapic_enabled, xapic_read, xapic_write },
	{ MEMMAP_IOAPIC, NULL, ioapic_read, ioapic_write },
};

static const struct mmio_page *find_page(struct vcpu *v, u64 gpa)
{
	const struct mmio_page *p;

	for (p = mmio_pages; p < mmio_pages + ARRAY_SIZE(mmio_pages); p++)
		if ((gpa & ~0xfffULL) == p->base && (!p->enabled || p->enabled(v)))
			return p;
	return NULL;
}

/* Registers of chips have 32 bits: a wider access is two. */
static void chip_mmio(struct vcpu *v, struct bus_access *a)
{
	const struct mmio_page *p = find_page(v, a->address);
	unsigned int i, size = min_t(unsigned int, a->size, 4);
	u32 offset = a->address & 0xfff;
	u64 value = 0;

	if (!p) {
		a->data = ~0ULL;
		return;
	}
	for (i = 0; i < a->size; i += size) {
		if (a->write)
			p->write(v, offset + i, size, a->data >> (8 * i) & size_mask(size));
		else
			value |= (p->read(v, offset + i, size) & size_mask(size)) << (8 * i);
	}
	a->data = value;
}

static void chip_port(struct vcpu *v, struct bus_access *a)
{
	if (a->write)
		platform_out(v->platform, a->address, a->size, a->data);
	else
		a->data = platform_in(v->platform, a->address, a->size);
}

#define UNHEARD	(~0ULL)

/* Sets a->data, for reads and for doorbells. */
static void chip(struct vcpu *v, struct bus_access *a)
{
	if (a->space == HV_SPACE_PORT)
		chip_port(v, a);
	else if (a->space == HV_SPACE_MMIO)
		chip_mmio(v, a);
	else
		a->data = UNHEARD;
	a->data &= size_mask(a->size);
}

bool bus_has_chip(const struct platform *p, enum hv_space space, u64 first, u64 last)
{
	unsigned int i;

	if (space == HV_SPACE_PORT)
		return platform_has_port(p, first, last);
	if (space != HV_SPACE_MMIO)
		return false;
	for (i = 0; i < ARRAY_SIZE(mmio_pages); i++)
		if (first <= mmio_pages[i].base + 0xfff && last >= mmio_pages[i].base)
			return true;
	return false;
}

/* The host side's ranges */

static bool is_behind(const struct bus_range *r, const struct bus_access *a)
{
	return r->space != a->space ? r->space > a->space : r->first > a->address;
}

/* How many of @ranges begin at @a or before it. */
static unsigned int up_to(const struct bus_range *ranges, unsigned int nr,
			  const struct bus_access *a)
{
	unsigned int low = 0, middle;

	while (low < nr) {
		middle = low + (nr - low) / 2;
		if (is_behind(&ranges[middle], a))
			nr = middle;
		else
			low = middle + 1;
	}
	return low;
}

static const struct bus_range *find_trap(const struct bus_table *t, const struct bus_access *a)
{
	unsigned int n = up_to(t->ranges, t->nr_traps, a);
	const struct bus_range *r = &t->ranges[n - 1];

	return n && r->space == a->space && a->address + a->size - 1 <= r->last ? r : NULL;
}

/* Several may be at one address, for different data. */
static const struct bus_range *find_doorbell(const struct bus_table *t, const struct bus_access *a)
{
	const struct bus_range *first = t->ranges + t->nr_traps;
	const struct bus_range *r = first + up_to(first, t->nr_doorbells, a);

	if (!a->write)
		return NULL;
	while (r-- > first && r->space == a->space && r->first == a->address)
		if ((!r->size || r->size == a->size) && (!r->match || r->data == a->data))
			return r;
	return NULL;
}

/* Is @a the host side's? Then *id says whose. */
static bool trapped(struct vcpu *v, const struct bus_access *a, u32 *id)
{
	const struct bus_range *r = NULL;
	struct platform *p = v->platform;
	unsigned long flags;

	if (likely(!READ_ONCE(p->bus)))
		return false;
	flags = host_lock(&p->lock);
	if (p->bus)
		r = find_doorbell(p->bus, a) ?: find_trap(p->bus, a);
	if (r)
		*id = r->id;
	host_unlock(&p->lock, flags);
	return r;
}

struct bus_table *bus_set_table(struct platform *p, struct bus_table *table)
{
	unsigned long flags = host_lock(&p->lock);
	struct bus_table *old = p->bus;

	WRITE_ONCE(p->bus, table);
	host_unlock(&p->lock, flags);
	return old;
}

/* The log */

static bool is_same(const struct bus_access *a, const struct bus_access *b)
{
	return a->address == b->address && a->space == b->space && a->size == b->size &&
	       a->write == b->write;
}

/*
 * Was @a made before? OUT_RESUME with its data, or OUT_TRAP where it still
 * waits.  Another access in its place: the guest has changed its code or its
 * page tables under the instruction, and gets what it does now.
 */
static bool replay(struct bus_log *log, struct bus_access *a, enum outcome *out)
{
	const struct bus_access *made = &log->access[log->next];

	if (log->next >= log->nr)
		return false;
	if (!is_same(made, a)) {
		log->nr = log->next;
		return false;
	}
	*a = *made;
	*out = a->done ? OUT_RESUME : OUT_TRAP;
	log->next += a->done;
	return true;
}

static enum outcome access(struct vcpu *v, struct bus_access *a)
{
	struct bus_log *log = &v->bus;
	enum outcome out;

	if (replay(log, a, &out))
		return out;
	a->done = log->nr == BUS_LOG_MAX || !trapped(v, a, &log->owner);
	if (a->done)
		chip(v, a);
	else
		log->serial++;
	if (log->nr < BUS_LOG_MAX)
		log->access[log->nr++] = *a;
	log->next += a->done;
	return a->done ? OUT_RESUME : OUT_TRAP;
}

enum outcome bus_read(struct vcpu *v, enum hv_space space, u64 address, unsigned int size,
		      u64 *value)
{
	struct bus_access a = { .address = address, .space = space, .size = size };
	enum outcome out = access(v, &a);

	*value = a.data;
	return out;
}

enum outcome bus_write(struct vcpu *v, enum hv_space space, u64 address, unsigned int size,
		       u64 value)
{
	struct bus_access a = {
		.address = address, .space = space, .size = size, .write = true,
		.data = value & size_mask(size),
	};

	return access(v, &a);
}

enum outcome bus_ring(struct vcpu *v, u64 number, bool *heard)
{
	struct bus_access a = {
		.address = number, .space = HV_SPACE_DOORBELL, .size = 8, .write = true,
	};
	enum outcome out = access(v, &a);

	*heard = a.data != UNHEARD;
	return out;
}

void bus_done(struct vcpu *v)
{
	v->bus.nr = 0;
	v->bus.next = 0;
}

void bus_again(struct vcpu *v)
{
	v->bus.next = 0;
}

struct bus_access *bus_pending(struct vcpu *v)
{
	struct bus_log *log = &v->bus;

	return log->nr && !log->access[log->nr - 1].done ? &log->access[log->nr - 1] : NULL;
}

void bus_answer(struct vcpu *v, u64 data)
{
	struct bus_access *a = bus_pending(v);

	if (!a->write)
		a->data = data & size_mask(a->size);
	a->done = true;
}
