// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested page tables: the format of long mode's tables (AMD APM vol. 2,
 * section 15.25.5).  Every nested access counts as a user's.
 */
#include "mmu/s2.h"

#define NPT_PRESENT	BIT_ULL(0)
#define NPT_WRITE	BIT_ULL(1)
#define NPT_USER	BIT_ULL(2)
#define NPT_NX		BIT_ULL(63)

const struct s2_format s2_format_npt = {
	.present = NPT_PRESENT,
	.table = NPT_PRESENT | NPT_WRITE | NPT_USER,
	.leaf = NPT_PRESENT | NPT_USER,
	.write = NPT_WRITE,
	.noexec = NPT_NX,
};
