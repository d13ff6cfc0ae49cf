// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * 64-bit long mode with flat segments and the first 4 GiB mapped one to one:
 * how Linux's 64-bit boot protocol wants to be entered, and flat binaries too.
 */
#include <endian.h>
#include <string.h>

#include "boot.h"
#include "machine.h"

#define PTE_PRESENT	(1ULL << 0)
#define PTE_WRITE	(1ULL << 1)
#define PTE_LARGE	(1ULL << 7)

#define CR0_PE		(1ULL << 0)
#define CR0_ET		(1ULL << 4)
#define CR0_NE		(1ULL << 5)
#define CR0_PG		(1ULL << 31)
#define CR4_PAE		(1ULL << 5)
#define EFER_LME	(1ULL << 8)
#define EFER_LMA	(1ULL << 10)

#define RFLAGS_FIXED	(1ULL << 1)

/* struct hv_segment.attr, accessed and busy bits set as a loaded segment has them. */
#define ATTR_CODE64	0xa9b
#define ATTR_DATA	0xc93
#define ATTR_TSS_BUSY	0x08b
#define ATTR_LDT	0x082

#define DESC_CODE64	0x00af9b000000ffffULL
#define DESC_DATA	0x00cf93000000ffffULL
#define GDT_SIZE	32

#define GIBS		4
#define ENTRIES		512

/* Thousands of these are in each guest. */
static void put64(uint8_t *at, uint64_t value)
{
	value = htole64(value);
	memcpy(at, &value, sizeof(value));
}

/**
 * boot_long_mode_tables() - page tables that map 4 GiB one to one
 * @tables: BOOT_TABLES_SIZE bytes to fill, zeroed
 * @gpa: where they will be
 *
 * 2 MiB pages: the guest's CPU need not have 1 GiB ones, and 24 KiB more in
 * the manifest are cheaper than two variants.
 */
void boot_long_mode_tables(uint8_t *tables, uint64_t gpa)
{
	uint8_t *pdpt = tables + MACHINE_PAGE;
	uint8_t *pd = pdpt + MACHINE_PAGE;

	put64(tables, (gpa + MACHINE_PAGE) | PTE_PRESENT | PTE_WRITE);
	for (uint64_t i = 0; i < GIBS; i++)
		put64(pdpt + 8 * i,
		      (gpa + (2 + i) * MACHINE_PAGE) | PTE_PRESENT | PTE_WRITE);
	for (uint64_t i = 0; i < GIBS * ENTRIES; i++)
		put64(pd + 8 * i, (i << 21) | PTE_PRESENT | PTE_WRITE | PTE_LARGE);
}

/**
 * boot_long_mode_gdt() - the descriptor table that the state below refers to
 * @gdt: 32 bytes to fill, zeroed
 */
void boot_long_mode_gdt(uint8_t *gdt)
{
	put64(gdt + BOOT_CS, DESC_CODE64);
	put64(gdt + BOOT_DS, DESC_DATA);
}

static void set_segments(struct hv_vcpu_state *state)
{
	const struct hv_segment data = {
		.limit = 0xffffffff, .selector = BOOT_DS, .attr = ATTR_DATA,
	};

	state->cs = (struct hv_segment){
		.limit = 0xffffffff, .selector = BOOT_CS, .attr = ATTR_CODE64,
	};
	state->ds = data;
	state->es = data;
	state->ss = data;
	state->fs = data;
	state->gs = data;
	state->ldtr = (struct hv_segment){ .limit = 0xffff, .attr = ATTR_LDT };
	state->tr = (struct hv_segment){ .limit = 0xffff, .attr = ATTR_TSS_BUSY };
}

/**
 * boot_long_mode_state() - a vCPU in long mode, interrupts off
 * @state: to fill; general registers and rip are zero
 * @gdt: where the descriptor table is
 * @tables: where the page tables are
 *
 * There is no interrupt table: an exception before the guest has its own is
 * a triple fault.
 */
void boot_long_mode_state(struct hv_vcpu_state *state, uint64_t gdt, uint64_t tables)
{
	memset(state, 0, sizeof(*state));
	state->rflags = RFLAGS_FIXED;
	state->cr0 = CR0_PG | CR0_NE | CR0_ET | CR0_PE;
	state->cr3 = tables;
	state->cr4 = CR4_PAE;
	state->efer = EFER_LME | EFER_LMA;
	set_segments(state);
	state->gdtr.base = gdt;
	state->gdtr.limit = GDT_SIZE - 1;
}
