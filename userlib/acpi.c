// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ACPI tables: RSDP, XSDT, FADT, MADT, FACS and DSDT of the machine in
 * machine.h, as the ACPI specification 6.4 lays them out (chapter 5).
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "acpi.h"
#include "machine.h"

#define PACKED		__attribute__((packed))
#define FACS_ALIGN	64
#define TABLE_ALIGN	16
#define DSDT_MAX	4096

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} PACKED;

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t ext_checksum;
	uint8_t reserved[3];
} PACKED;

struct xsdt {
	struct header header;
	uint64_t entry[2];
} PACKED;

/* A generic address structure (5.2.3.2). */
struct gas {
	uint8_t space;
	uint8_t bits;
	uint8_t offset;
	uint8_t access;
	uint64_t address;
} PACKED;

#define GAS_IO		1
#define GAS_BYTE	1
#define GAS_WORD	2
#define GAS_DWORD	3

struct fadt {
	struct header header;
	uint32_t facs;
	uint32_t dsdt;
	uint8_t int_model;
	uint8_t profile;
	uint16_t sci_int;
	uint32_t smi_cmd;
	uint8_t acpi_enable;
	uint8_t acpi_disable;
	uint8_t s4bios_req;
	uint8_t pstate_cnt;
	uint32_t pm1a_evt;
	uint32_t pm1b_evt;
	uint32_t pm1a_cnt;
	uint32_t pm1b_cnt;
	uint32_t pm2_cnt;
	uint32_t pm_tmr;
	uint32_t gpe0;
	uint32_t gpe1;
	uint8_t pm1_evt_len;
	uint8_t pm1_cnt_len;
	uint8_t pm2_cnt_len;
	uint8_t pm_tmr_len;
	uint8_t gpe0_len;
	uint8_t gpe1_len;
	uint8_t gpe1_base;
	uint8_t cst_cnt;
	uint16_t c2_latency;
	uint16_t c3_latency;
	uint16_t flush_size;
	uint16_t flush_stride;
	uint8_t duty_offset;
	uint8_t duty_width;
	uint8_t day_alarm;
	uint8_t month_alarm;
	uint8_t century;
	uint16_t boot_arch;
	uint8_t reserved;
	uint32_t flags;
	struct gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs;
	uint64_t x_dsdt;
	struct gas x_pm1a_evt;
	struct gas x_pm1b_evt;
	struct gas x_pm1a_cnt;
	struct gas x_pm1b_cnt;
	struct gas x_pm2_cnt;
	struct gas x_pm_tmr;
	struct gas x_gpe0;
	struct gas x_gpe1;
	struct gas sleep_control;
	struct gas sleep_status;
	uint64_t hypervisor;
} PACKED;

#define FADT_WBINVD		(1U << 0)
#define FADT_PROC_C1		(1U << 2)
#define FADT_SLP_BUTTON		(1U << 5)	/* set: there is no fixed one */
#define FADT_FIX_RTC		(1U << 6)	/* set: no RTC wake-up in fixed registers */
#define FADT_TMR_VAL_EXT	(1U << 8)
#define FADT_RESET_REG_SUP	(1U << 10)
#define BOOT_LEGACY_DEVICES	(1U << 0)
#define BOOT_NO_VGA		(1U << 2)
#define LATENCY_NO_C2		101		/* more than 100 us: not supported */
#define LATENCY_NO_C3		1001

struct facs {
	char signature[4];
	uint32_t length;
	uint32_t hardware_signature;
	uint32_t waking_vector;
	uint32_t global_lock;
	uint32_t flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
} PACKED;

struct madt_header {
	struct header header;
	uint32_t lapic;
	uint32_t flags;
} PACKED;

#define MADT_PCAT_COMPAT	(1U << 0)

struct madt_lapic {
	uint8_t type;
	uint8_t length;
	uint8_t uid;
	uint8_t id;
	uint32_t flags;
} PACKED;

#define MADT_LAPIC_ENABLED	(1U << 0)

struct madt_ioapic {
	uint8_t type;
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} PACKED;

struct madt_override {
	uint8_t type;
	uint8_t length;
	uint8_t bus;
	uint8_t source;
	uint32_t gsi;
	uint16_t flags;
} PACKED;

#define MADT_ACTIVE_HIGH	0x1
#define MADT_LEVEL		0xc

struct madt_nmi {
	uint8_t type;
	uint8_t length;
	uint8_t uid;
	uint16_t flags;
	uint8_t lint;
} PACKED;

enum {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_NMI = 4,
};

#define MADT_ALL_CPUS		0xff

struct madt_devices {
	struct madt_ioapic ioapic;
	struct madt_override pit;
	struct madt_override sci;
	struct madt_nmi nmi;
} PACKED;

static_assert(sizeof(struct header) == 36, "ACPI 5.2.6");
static_assert(sizeof(struct rsdp) == 36, "ACPI 5.2.5.3");
static_assert(sizeof(struct fadt) == 276, "ACPI 5.2.9");
static_assert(sizeof(struct facs) == 64, "ACPI 5.2.10");
static_assert(sizeof(struct madt_header) == 44, "ACPI 5.2.12");

/**
 * struct area - the memory that the tables are built in
 * @buf: its bytes
 * @size: how many
 * @len: how many are used
 * @gpa: where the guest will see it
 */
struct area {
	uint8_t *buf;
	size_t size;
	size_t len;
	uint64_t gpa;
};

/* NULL if there is no room. */
static void *reserve(struct area *area, size_t size, size_t align, uint64_t *gpa)
{
	size_t at = (area->len + align - 1) & ~(align - 1);

	if (at > area->size || size > area->size - at)
		return NULL;
	area->len = at + size;
	*gpa = area->gpa + at;
	return area->buf + at;
}

static uint8_t checksum(const void *table, size_t len)
{
	const uint8_t *byte = table;
	uint8_t sum = 0;

	while (len--)
		sum += *byte++;
	return -sum;
}

static void finish(struct header *header, const char *signature, uint8_t revision, size_t length)
{
	memcpy(header->signature, signature, sizeof(header->signature));
	header->length = length;
	header->revision = revision;
	memcpy(header->oem_id, "HV    ", sizeof(header->oem_id));
	memcpy(header->oem_table_id, "HVGUEST ", sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, "HVCT", sizeof(header->creator_id));
	header->creator_revision = 1;
	header->checksum = 0;
	header->checksum = checksum(header, length);
}

/* Name (\_S5_, Package () {5, 5, 0, 0}): SLP_TYPa, SLP_TYPb, two reserved. */
static void add_s5(struct aml *aml)
{
	size_t package;

	aml_name(aml, "_S5_");
	package = aml_begin_package(aml, 4);
	aml_integer(aml, MACHINE_SLP_TYP_S5);
	aml_integer(aml, MACHINE_SLP_TYP_S5);
	aml_integer(aml, 0);
	aml_integer(aml, 0);
	aml_end(aml, package);
}

static void add_device(struct aml *aml, const char *name, const char *id, unsigned int uid,
		       uint16_t port, uint8_t ports, unsigned int irq)
{
	size_t device = aml_begin_device(aml, name);
	size_t resources;

	aml_name_eisaid(aml, "_HID", id);
	aml_name(aml, "_UID");
	aml_integer(aml, uid);
	resources = aml_begin_resources(aml);
	aml_io(aml, port, ports);
	aml_irq(aml, irq);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

/*
 * Each processor of the MADT is a device of the name space as well, found by
 * its unique ID (8.4).
 */
static void add_processors(struct aml *aml, unsigned int vcpus)
{
	char name[5];
	size_t device;

	for (unsigned int i = 0; i < vcpus; i++) {
		snprintf(name, sizeof(name), "CP%02X", i & 0xff);
		device = aml_begin_device(aml, name);
		aml_name(aml, "_HID");
		aml_string(aml, "ACPI0007");
		aml_name(aml, "_UID");
		aml_integer(aml, i);
		aml_end(aml, device);
	}
}

static uint64_t add_dsdt(struct area *area, unsigned int vcpus)
{
	uint8_t code[DSDT_MAX];
	struct aml aml = { .buf = code, .size = sizeof(code) };
	struct header *header;
	uint64_t gpa;
	size_t scope;

	add_s5(&aml);
	scope = aml_begin_scope(&aml, "\\_SB_");
	add_device(&aml, "COM1", "PNP0501", 1, MACHINE_COM1, 8, MACHINE_IRQ_COM1);
	add_device(&aml, "RTC_", "PNP0B00", 0, MACHINE_CMOS, 2, MACHINE_IRQ_RTC);
	add_processors(&aml, vcpus);
	aml_end(&aml, scope);

	header = reserve(area, sizeof(*header) + aml.len, TABLE_ALIGN, &gpa);
	if (!header || aml.full)
		return 0;
	memcpy(header + 1, code, aml.len);
	/* Revision 2: integers have 64 bits. */
	finish(header, "DSDT", 2, sizeof(*header) + aml.len);
	return gpa;
}

static uint64_t add_facs(struct area *area)
{
	struct facs *facs;
	uint64_t gpa;

	facs = reserve(area, sizeof(*facs), FACS_ALIGN, &gpa);
	if (!facs)
		return 0;
	memcpy(facs->signature, "FACS", sizeof(facs->signature));
	facs->length = sizeof(*facs);
	facs->version = 2;
	return gpa;
}

static struct gas gas_io(uint16_t port, uint8_t bytes, uint8_t access)
{
	return (struct gas){
		.space = GAS_IO, .bits = bytes * 8, .access = access, .address = port,
	};
}

static void fill_fadt_blocks(struct fadt *fadt)
{
	fadt->pm1a_evt = MACHINE_PM;
	fadt->pm1_evt_len = 4;
	fadt->x_pm1a_evt = gas_io(MACHINE_PM, 4, GAS_WORD);
	fadt->pm1a_cnt = MACHINE_PM + 4;
	fadt->pm1_cnt_len = 2;
	fadt->x_pm1a_cnt = gas_io(MACHINE_PM + 4, 2, GAS_WORD);
	fadt->pm_tmr = MACHINE_PM_TIMER;
	fadt->pm_tmr_len = 4;
	fadt->x_pm_tmr = gas_io(MACHINE_PM_TIMER, 4, GAS_DWORD);
	fadt->reset_reg = gas_io(MACHINE_RESET, 1, GAS_BYTE);
	fadt->reset_value = MACHINE_RESET_VALUE;
}

/*
 * Full ACPI hardware, always in ACPI mode: SMI_CMD is 0.  The fixed power
 * button is there, because its flag is clear.
 */
static uint64_t add_fadt(struct area *area, uint64_t facs, uint64_t dsdt)
{
	struct fadt *fadt;
	uint64_t gpa;

	fadt = reserve(area, sizeof(*fadt), TABLE_ALIGN, &gpa);
	if (!fadt || !facs || !dsdt)
		return 0;
	fadt->facs = facs;
	fadt->dsdt = dsdt;
	fadt->x_dsdt = dsdt;
	fadt->sci_int = MACHINE_IRQ_SCI;
	fadt->c2_latency = LATENCY_NO_C2;
	fadt->c3_latency = LATENCY_NO_C3;
	fadt->boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA;
	fadt->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_FIX_RTC |
		      FADT_TMR_VAL_EXT | FADT_RESET_REG_SUP;
	fill_fadt_blocks(fadt);
	fadt->minor = 4;
	finish(&fadt->header, "FACP", 6, sizeof(*fadt));
	return gpa;
}

static void fill_madt_devices(struct madt_devices *devices)
{
	devices->ioapic = (struct madt_ioapic){
		.type = MADT_IOAPIC, .length = sizeof(struct madt_ioapic),
		.id = MACHINE_IOAPIC_ID, .address = MACHINE_IOAPIC,
	};
	devices->pit = (struct madt_override){
		.type = MADT_OVERRIDE, .length = sizeof(struct madt_override),
		.source = MACHINE_IRQ_PIT, .gsi = MACHINE_GSI_PIT,
	};
	devices->sci = (struct madt_override){
		.type = MADT_OVERRIDE, .length = sizeof(struct madt_override),
		.source = MACHINE_IRQ_SCI, .gsi = MACHINE_IRQ_SCI,
		.flags = MADT_ACTIVE_HIGH | MADT_LEVEL,
	};
	devices->nmi = (struct madt_nmi){
		.type = MADT_NMI, .length = sizeof(struct madt_nmi),
		.uid = MADT_ALL_CPUS, .lint = 1,
	};
}

/*
 * Local APIC entries alone: an ID below 255 may not have an x2APIC entry
 * (5.2.12.12), and there are none above.
 */
static uint64_t add_madt(struct area *area, unsigned int vcpus)
{
	size_t size = sizeof(struct madt_header) + vcpus * sizeof(struct madt_lapic) +
		      sizeof(struct madt_devices);
	struct madt_header *madt;
	struct madt_lapic *lapic;
	uint64_t gpa;

	madt = reserve(area, size, TABLE_ALIGN, &gpa);
	if (!madt)
		return 0;
	madt->lapic = MACHINE_LAPIC;
	madt->flags = MADT_PCAT_COMPAT;
	lapic = (struct madt_lapic *)(madt + 1);
	for (unsigned int i = 0; i < vcpus; i++)
		lapic[i] = (struct madt_lapic){
			.type = MADT_LAPIC, .length = sizeof(*lapic),
			.uid = i, .id = i, .flags = MADT_LAPIC_ENABLED,
		};
	fill_madt_devices((struct madt_devices *)(lapic + vcpus));
	finish(&madt->header, "APIC", 5, size);
	return gpa;
}

static uint64_t add_xsdt(struct area *area, uint64_t fadt, uint64_t madt)
{
	struct xsdt *xsdt;
	uint64_t gpa;

	xsdt = reserve(area, sizeof(*xsdt), TABLE_ALIGN, &gpa);
	if (!xsdt || !fadt || !madt)
		return 0;
	xsdt->entry[0] = fadt;
	xsdt->entry[1] = madt;
	finish(&xsdt->header, "XSDT", 1, sizeof(*xsdt));
	return gpa;
}

static void fill_rsdp(struct rsdp *rsdp, uint64_t xsdt)
{
	memcpy(rsdp->signature, "RSD PTR ", sizeof(rsdp->signature));
	memcpy(rsdp->oem_id, "HV    ", sizeof(rsdp->oem_id));
	rsdp->revision = 2;
	rsdp->length = sizeof(*rsdp);
	rsdp->xsdt = xsdt;
	/* The first checksum covers what ACPI 1.0 had. */
	rsdp->checksum = checksum(rsdp, offsetof(struct rsdp, length));
	rsdp->ext_checksum = checksum(rsdp, sizeof(*rsdp));
}

/**
 * acpi_build() - build the tables
 * @buf: where, zeroed
 * @size: room
 * @gpa: where the guest will see @buf, a multiple of 64; the RSDP is first
 * @vcpus: how many local APICs, numbered from 0
 *
 * Return: bytes used, or 0 if they do not fit.
 */
size_t acpi_build(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus)
{
	struct area area = { .buf = buf, .size = size, .gpa = gpa };
	uint64_t at, facs, dsdt, xsdt;
	struct rsdp *rsdp;

	if (!vcpus || vcpus > MACHINE_VCPUS_MAX)
		return 0;
	rsdp = reserve(&area, sizeof(*rsdp), TABLE_ALIGN, &at);
	if (!rsdp)
		return 0;
	facs = add_facs(&area);
	dsdt = add_dsdt(&area, vcpus);
	xsdt = add_xsdt(&area, add_fadt(&area, facs, dsdt), add_madt(&area, vcpus));
	if (!xsdt)
		return 0;
	fill_rsdp(rsdp, xsdt);
	return area.len;
}
