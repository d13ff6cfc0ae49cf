// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested page tables: the format of long mode's tables (AMD APM vol. 2,
 * section 15.25.5).  Every nested access counts as a user's.
 */
#include "mmu/s2.h"

#define NPT_PRESENT	BIT_ULL(0)
#define NPT_WRITE	BIT_ULL(1)
#define NPT_USER	BIT_ULL(2)
#define NPT_LARGE	BIT_ULL(7)
#define NPT_NX		BIT_ULL(63)
#define NPT_HPA		GENMASK_ULL(51, 12)

static u64 npt_table(u64 hpa)
{
	return hpa | NPT_PRESENT | NPT_WRITE | NPT_USER;
}

static u64 npt_leaf(u64 hpa, unsigned int level, unsigned int rights)
{
	u64 entry = hpa | NPT_PRESENT | NPT_USER;

	if (rights & S2_WRITE)
		entry |= NPT_WRITE;
	if (!(rights & S2_EXEC))
		entry |= NPT_NX;
	if (level > 0)
		entry |= NPT_LARGE;
	return entry;
}

static bool npt_present(u64 entry)
{
	return entry & NPT_PRESENT;
}

static bool npt_is_leaf(u64 entry, unsigned int level)
{
	return level == 0 || (entry & NPT_LARGE);
}

static u64 npt_hpa(u64 entry)
{
	return entry & NPT_HPA;
}

static unsigned int npt_rights(u64 entry)
{
	return S2_READ | (entry & NPT_WRITE ? S2_WRITE : 0) | (entry & NPT_NX ? 0 : S2_EXEC);
}

const struct s2_format s2_format_npt = {
	.table = npt_table,
	.leaf = npt_leaf,
	.present = npt_present,
	.is_leaf = npt_is_leaf,
	.hpa = npt_hpa,
	.rights = npt_rights,
};
