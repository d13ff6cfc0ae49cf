// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading second-level tables: the core's half.
 */
#include "mmu/s2.h"

bool s2_has_memory(const struct s2 *s2, u64 gpa)
{
	u64 gfn = gpa >> S2_PAGE_SHIFT;
	unsigned int i;

	for (i = 0; i < s2->nr_ranges; i++)
		if (gfn - s2->ranges[i].gfn < s2->ranges[i].pages)
			return true;
	return false;
}

void *s2_va(const struct s2 *s2, u64 gpa, unsigned int rights)
{
	const struct s2_format *f = s2->format;
	const u64 *table = s2->root;
	unsigned int level;
	u64 entry;

	if (gpa >> S2_GPA_BITS)
		return NULL;
	for (level = S2_LEVELS - 1; ; level--) {
		entry = READ_ONCE(table[s2_index(gpa, level)]);
		if (!s2_present(f, entry))
			return NULL;
		if (s2_is_leaf(entry, level))
			break;
		table = host_va(s2_hpa(entry));
	}
	if (rights & ~s2_rights(f, entry) || entry & S2_CHIP)
		return NULL;
	return host_va(s2_hpa(entry)) + (gpa & (s2_size(level) - 1));
}
