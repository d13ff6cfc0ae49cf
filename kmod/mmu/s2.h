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
 * struct s2_format - how a vendor writes an entry: bits, since the core reads
 * tables on its way and an indirect call for each entry is dear
 * @present: some of these are set: the entry maps something
 * @table: set in an entry that points to the next table
 * @leaf: set in every leaf, memory type included
 * @write: set in a leaf that may be written
 * @exec: set in a leaf that may be executed, where the vendor spells it so
 * @noexec: set in one that may not, where the vendor spells it so
 */
struct s2_format {
	u64 present;
	u64 table;
	u64 leaf;
	u64 write;
	u64 exec;
	u64 noexec;
};

/* Both vendors: bit 7 of an entry above the last level, bits 51 to 12. */
#define S2_LARGE	BIT_ULL(7)
#define S2_HPA		GENMASK_ULL(51, 12)

/* Both leave it to us: a leaf for the CPU's sake, where s2_va() finds no memory. */
#define S2_CHIP		BIT_ULL(52)

static inline bool s2_present(const struct s2_format *f, u64 entry)
{
	return entry & f->present;
}

static inline bool s2_is_leaf(u64 entry, unsigned int level)
{
	return level == 0 || (entry & S2_LARGE);
}

static inline u64 s2_hpa(u64 entry)
{
	return entry & S2_HPA;
}

/* S2_* rights of a leaf. */
static inline unsigned int s2_rights(const struct s2_format *f, u64 entry)
{
	return S2_READ | (entry & f->write ? S2_WRITE : 0) |
	       ((entry & f->exec) == f->exec && !(entry & f->noexec) ? S2_EXEC : 0);
}

/* An entry that maps @hpa at @level (0: 4 KiB, 1: 2 MiB, 2: 1 GiB) with S2_* rights. */
static inline u64 s2_leaf(const struct s2_format *f, u64 hpa, unsigned int level,
			  unsigned int rights)
{
	return hpa | f->leaf | (level ? S2_LARGE : 0) | (rights & S2_WRITE ? f->write : 0) |
	       (rights & S2_EXEC ? f->exec : f->noexec);
}

extern const struct s2_format s2_format_npt;
extern const struct s2_format s2_format_ept;

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
 * @small_code: only leaves of 4 KiB may be executed; constant
 * @ranges: where there is memory, sorted; changes only while no vCPU runs
 * @nr_ranges: how many
 * @table_pages: pages used by tables, the root included; host side's fill lock
 * @leaf_pages: 4 KiB pages mapped; host side's fill lock
 */
struct s2 {
	u64 *root;
	const struct s2_format *format;
	bool small_code;
	struct s2_range ranges[S2_MAX_RANGES];
	unsigned int nr_ranges;
	u64 table_pages;
	u64 leaf_pages;
};

/* Is there memory at @gpa? (Whether mapped yet or not.) Core. */
bool s2_has_memory(const struct s2 *s2, u64 gpa);

/*
 * Host virtual address of the guest's byte at @gpa, good up to the end of its
 * 4 KiB page; NULL where nothing is mapped yet, where @rights are lacking, or where
 * a chip answers.
 * Core, interrupts off; do not keep it past the next window.
 */
void *s2_va(const struct s2 *s2, u64 gpa, unsigned int rights);

#endif /* HV_MMU_S2_H */
