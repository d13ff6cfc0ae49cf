/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Second-level page tables: guest physical to host physical.
 *
 * One walker, a format for each vendor.  Entries are filled on first touch by
 * the host side (which may sleep and allocates); the CPU and the core only
 * read them.  A leaf owns one reference on the page that it maps.
 */
#ifndef HV_MMU_S2_H
#define HV_MMU_S2_H

#include "core/host.h"

#define S2_PAGE_SHIFT	12
#define S2_LEVELS	4		/* 512 entries each: 48 bits of gpa */
#define S2_GPA_BITS	48

#define S2_ENTRIES	512

/* Bytes that an entry at @level maps. */
static inline u64 s2_size(unsigned int level)
{
	return BIT_ULL(S2_PAGE_SHIFT + 9 * level);
}

static inline unsigned int s2_index(u64 gpa, unsigned int level)
{
	return (gpa >> (S2_PAGE_SHIFT + 9 * level)) & (S2_ENTRIES - 1);
}

#define S2_READ		BIT(0)
#define S2_WRITE	BIT(1)
#define S2_EXEC		BIT(2)

/**
 * struct s2_format - how a vendor writes an entry
 * @table: entry that points to the next table at @hpa
 * @leaf: entry that maps @hpa at @level (0: 4 KiB, 1: 2 MiB, 2: 1 GiB) with S2_* rights
 * @present: the entry maps something
 * @is_leaf: ... and not a table
 * @hpa: what it points to
 * @rights: S2_* of a leaf
 */
struct s2_format {
	u64 (*table)(u64 hpa);
	u64 (*leaf)(u64 hpa, unsigned int level, unsigned int rights);
	bool (*present)(u64 entry);
	bool (*is_leaf)(u64 entry, unsigned int level);
	u64 (*hpa)(u64 entry);
	unsigned int (*rights)(u64 entry);
};

extern const struct s2_format s2_format_npt;

/**
 * struct s2_range - a piece of guest physical memory
 * @gfn: first page
 * @pages: how many
 */
struct s2_range {
	u64 gfn;
	u64 pages;
};

#define S2_MAX_RANGES	16

/**
 * struct s2 - one guest's tables
 * @root: host virtual address of the top table; constant
 * @format: constant
 * @ranges: where there is memory, sorted; changes only while no vCPU runs
 * @nr_ranges: how many
 * @table_pages: pages used by tables, the root included; host side's fill lock
 * @leaf_pages: 4 KiB pages mapped; host side's fill lock
 */
struct s2 {
	u64 *root;
	const struct s2_format *format;
	struct s2_range ranges[S2_MAX_RANGES];
	unsigned int nr_ranges;
	u64 table_pages;
	u64 leaf_pages;
};

/* Is there memory at @gpa? (Whether mapped yet or not.) Core. */
bool s2_has_memory(const struct s2 *s2, u64 gpa);

/*
 * Host virtual address of the guest's byte at @gpa, good up to the end of its
 * 4 KiB page; NULL where nothing is mapped yet or where @rights are lacking.
 * Core, interrupts off; do not keep it past the next window.
 */
void *s2_va(const struct s2 *s2, u64 gpa, unsigned int rights);

#endif /* HV_MMU_S2_H */
