// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The MP table, for kernels without ACPI: Intel's MultiProcessor Specification
 * 1.4, chapter 4.  It describes the same machine as the ACPI tables.
 */
#include <assert.h>
#include <string.h>

#include "acpi.h"
#include "machine.h"

#define PACKED		__attribute__((packed))
#define SPEC_REV	4	/* 1.4 */

struct floating {
	char signature[4];
	uint32_t config;
	uint8_t length;		/* in units of 16 bytes */
	uint8_t spec_rev;
	uint8_t checksum;
	uint8_t feature[5];	/* all zero: there is a table, and virtual wire mode */
} PACKED;

struct config {
	char signature[4];
	uint16_t length;
	uint8_t spec_rev;
	uint8_t checksum;
	char oem_id[8];
	char product_id[12];
	uint32_t oem_table;
	uint16_t oem_size;
	uint16_t entries;
	uint32_t lapic;
	uint16_t ext_length;
	uint8_t ext_checksum;
	uint8_t reserved;
} PACKED;

enum { ENTRY_CPU, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_INTERRUPT, ENTRY_LOCAL };

struct cpu {
	uint8_t type;
	uint8_t id;
	uint8_t version;
	uint8_t flags;
	uint32_t signature;
	uint32_t features;
	uint32_t reserved[2];
} PACKED;

#define LAPIC_VERSION		0x14
#define CPU_ENABLED		(1U << 0)
#define CPU_BOOTSTRAP		(1U << 1)
/* The least that a processor with an APIC is; what it can do, CPUID tells. */
#define CPU_SIGNATURE		0x600
#define CPU_FEATURES		(1U << 0 | 1U << 8 | 1U << 9)	/* FPU, CMPXCHG8B, APIC */

struct bus {
	uint8_t type;
	uint8_t id;
	char name[6];
} PACKED;

struct ioapic {
	uint8_t type;
	uint8_t id;
	uint8_t version;
	uint8_t flags;
	uint32_t address;
} PACKED;

#define IOAPIC_VERSION		0x11
#define IOAPIC_ENABLED		(1U << 0)

/* Of an I/O interrupt and of a local one: 4.3.4 and 4.3.5. */
struct interrupt {
	uint8_t type;
	uint8_t kind;
	uint16_t flags;
	uint8_t bus;
	uint8_t irq;
	uint8_t dest;
	uint8_t pin;
} PACKED;

enum { KIND_INT, KIND_NMI, KIND_SMI, KIND_EXTINT };

#define ACTIVE_HIGH		0x1
#define LEVEL			0xc
#define ALL_LAPICS		0xff
#define BUS_ISA			0
#define IRQS			16
#define IRQ_CASCADE		2

static_assert(sizeof(struct floating) == 16, "MP 4.1");
static_assert(sizeof(struct config) == 44, "MP 4.2");
static_assert(sizeof(struct cpu) == 20, "MP 4.3.1");
static_assert(sizeof(struct interrupt) == 8, "MP 4.3.4");

/**
 * struct table - the table under construction
 * @buf: where
 * @size: room
 * @len: bytes used; beyond @size: it does not fit
 * @entries: how many so far
 */
struct table {
	uint8_t *buf;
	size_t size;
	size_t len;
	uint16_t entries;
};

static void add(struct table *t, const void *entry, size_t len)
{
	if (t->len <= t->size && len <= t->size - t->len)
		memcpy(t->buf + t->len, entry, len);
	t->len += len;
	t->entries++;
}

static uint8_t checksum(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum += *bytes++;
	return -sum;
}

static void add_cpus(struct table *t, unsigned int vcpus)
{
	for (unsigned int i = 0; i < vcpus; i++) {
		struct cpu cpu = {
			.type = ENTRY_CPU, .id = i, .version = LAPIC_VERSION,
			.flags = CPU_ENABLED | (i ? 0 : CPU_BOOTSTRAP),
			.signature = CPU_SIGNATURE, .features = CPU_FEATURES,
		};

		add(t, &cpu, sizeof(cpu));
	}
}

static void add_chips(struct table *t)
{
	const struct bus isa = { .type = ENTRY_BUS, .id = BUS_ISA, .name = "ISA   " };
	const struct ioapic ioapic = {
		.type = ENTRY_IOAPIC, .id = MACHINE_IOAPIC_ID, .version = IOAPIC_VERSION,
		.flags = IOAPIC_ENABLED, .address = MACHINE_IOAPIC,
	};

	add(t, &isa, sizeof(isa));
	add(t, &ioapic, sizeof(ioapic));
}

/* ISA interrupts are edges, active high, but for ACPI's. */
static void add_interrupts(struct table *t)
{
	for (unsigned int irq = 0; irq < IRQS; irq++) {
		struct interrupt entry = {
			.type = ENTRY_INTERRUPT, .kind = KIND_INT,
			.flags = irq == MACHINE_IRQ_SCI ? ACTIVE_HIGH | LEVEL : 0,
			.bus = BUS_ISA, .irq = irq, .dest = MACHINE_IOAPIC_ID,
			.pin = irq == MACHINE_IRQ_PIT ? MACHINE_GSI_PIT : irq,
		};

		if (irq != IRQ_CASCADE)
			add(t, &entry, sizeof(entry));
	}
}

/* The PIC on every LINT0, NMI on every LINT1. */
static void add_local(struct table *t)
{
	const struct interrupt extint = {
		.type = ENTRY_LOCAL, .kind = KIND_EXTINT, .dest = ALL_LAPICS, .pin = 0,
	};
	const struct interrupt nmi = {
		.type = ENTRY_LOCAL, .kind = KIND_NMI, .dest = ALL_LAPICS, .pin = 1,
	};

	add(t, &extint, sizeof(extint));
	add(t, &nmi, sizeof(nmi));
}

static void fill_floating(struct floating *f, uint64_t config)
{
	memcpy(f->signature, "_MP_", sizeof(f->signature));
	f->config = config;
	f->length = sizeof(*f) / 16;
	f->spec_rev = SPEC_REV;
	f->checksum = checksum((const uint8_t *)f, sizeof(*f));
}

static void fill_config(struct config *c, uint16_t length, uint16_t entries)
{
	memcpy(c->signature, "PCMP", sizeof(c->signature));
	c->length = length;
	c->spec_rev = SPEC_REV;
	memcpy(c->oem_id, "HV      ", sizeof(c->oem_id));
	memcpy(c->product_id, "HVGUEST     ", sizeof(c->product_id));
	c->entries = entries;
	c->lapic = MACHINE_LAPIC;
	c->checksum = checksum((const uint8_t *)c, length);
}

/**
 * mptable_build() - build the floating pointer structure and the table behind it
 * @buf: where, zeroed
 * @size: room
 * @gpa: where the guest will see @buf: a multiple of 16 between 0xf0000 and 1 MiB
 * @vcpus: how many local APICs, numbered from 0
 *
 * Return: bytes used, or 0 if they do not fit.
 */
size_t mptable_build(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus)
{
	const size_t header = sizeof(struct floating) + sizeof(struct config);
	struct table t = { .buf = buf, .size = size, .len = header };

	if (!vcpus || vcpus > MACHINE_VCPUS_MAX)
		return 0;
	add_cpus(&t, vcpus);
	add_chips(&t);
	add_interrupts(&t);
	add_local(&t);
	if (t.len > size)
		return 0;
	fill_config((struct config *)(buf + sizeof(struct floating)),
		    t.len - sizeof(struct floating), t.entries);
	fill_floating((struct floating *)buf, gpa + sizeof(struct floating));
	return t.len;
}
