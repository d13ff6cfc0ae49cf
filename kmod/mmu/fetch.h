/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instruction fetch: the bytes at CS:RIP, and the page that they were found in last.
 *
 * A guest that exits for its device pages does so from the same few places again
 * and again.  Where its page was found is kept, with every table entry on the way
 * there and what was in it: as long as these read the same and the registers that
 * matter are the same, a new walk would end at the same page, so there is none.
 * Nothing is assumed of the guest, which need not flush for anything.
 *
 * The host addresses that are kept hold no reference.  Whoever takes a page of the
 * guest's away sets VCPU_REQ_FLUSH before the page goes, and a vCPU forgets them
 * when it sees that, which is before its next exit: see guest/memory.c, flush_vcpus().
 */
#ifndef HV_MMU_FETCH_H
#define HV_MMU_FETCH_H

#include "core/host.h"
#include "core/mode.h"

#define WALK_LEVELS	5

/**
 * struct walk_trail - the entries that a walk went through
 * @nr: how many; 0 without paging
 * @size: bytes of one
 * @va: where each was read
 * @entry: what was read there
 */
struct walk_trail {
	unsigned int nr;
	unsigned int size;
	const void *va[WALK_LEVELS];
	u64 entry[WALK_LEVELS];
};

/**
 * struct fetch_page - the page that a vCPU fetched from last
 * @code: where the host has it; NULL: nothing is kept
 * @page: its linear address
 * @access: ACCESS_*, as it was fetched with
 * @cr0: these as they were then
 * @cr3: likewise
 * @cr4: likewise
 * @efer: likewise
 * @trail: how it was found
 */
struct fetch_page {
	const u8 *code;
	u64 page;
	u32 access;
	u64 cr0;
	u64 cr3;
	u64 cr4;
	u64 efer;
	struct walk_trail trail;
};

#endif /* HV_MMU_FETCH_H */
