// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended page tables: Intel SDM vol. 3, section 'The extended page table
 * mechanism (EPT)'.  Memory is write-back whatever the guest's PAT says: no
 * device but hv's own, which have no pages, sees it.
 */
#include "mmu/s2.h"

#define EPT_READ	BIT_ULL(0)
#define EPT_WRITE	BIT_ULL(1)
#define EPT_EXEC	BIT_ULL(2)
#define EPT_WB		(6ULL << 3)
#define EPT_IGNORE_PAT	BIT_ULL(6)

const struct s2_format s2_format_ept = {
	.present = EPT_READ | EPT_WRITE | EPT_EXEC,
	.table = EPT_READ | EPT_WRITE | EPT_EXEC,
	.leaf = EPT_READ | EPT_WB | EPT_IGNORE_PAT,
	.write = EPT_WRITE,
	.exec = EPT_EXEC,
};
