/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder: the last exits of a vCPU, and how long the exits of each
 * reason took.  Always on, so it is a few stores and two time stamps an exit.
 *
 * Written by the vCPU's own task between exit and entry; read from anywhere
 * without a lock.
 */
#ifndef HV_CORE_RECORDER_H
#define HV_CORE_RECORDER_H

#include <linux/hv.h>

#include "core/exit.h"

#define RECORDER_EXITS		HV_LAST_EXITS_MAX
#define RECORDER_BUCKETS	24

/* Bucket 0 has what took less than this many ticks (a power of two), as bits. */
#define RECORDER_FIRST_BITS	7

/**
 * struct recorded_exit - one exit, as it was before it was handled
 * @tsc: host TSC when the CPU had left the guest
 * @rip: the guest's
 * @info: struct exit.hw_info
 * @code: struct exit.hw_code
 * @reason: enum exit_reason
 */
struct recorded_exit {
	u64 tsc;
	u64 rip;
	u64 info[2];
	u32 code;
	u32 reason;
};

/**
 * struct recording - what is kept, whole pages
 * @ring: the exit with number n is at n % RECORDER_EXITS
 * @times: by reason, handling times by their logarithm: see recorder_bucket()
 */
struct recording {
	struct recorded_exit ring[RECORDER_EXITS];
	u64 times[NR_EXITS][RECORDER_BUCKETS];
};

/* An allocation of a byte more would take twice as much. */
static_assert(sizeof(struct recording) <= 16384);

/**
 * struct recorder - one vCPU's
 * @begun: exits whose record was begun
 * @head: exits that are recorded
 * @left_at: host TSC of the exit whose handling is timed; 0: none is
 * @kept: the records; constant
 */
struct recorder {
	u64 begun;
	u64 head;
	u64 left_at;
	struct recording *kept;
};

/*
 * Bucket 0: less than 128 ticks; bucket i: from 2^(6+i) to less than 2^(7+i);
 * the last has all that took longer.
 */
static inline unsigned int recorder_bucket(u64 ticks)
{
	return min(fls64(ticks >> RECORDER_FIRST_BITS), RECORDER_BUCKETS - 1);
}

/* The CPU has left the guest at @tsc. */
static inline void recorder_exit(struct recorder *r, const struct exit *e, u64 rip, u64 tsc)
{
	struct recorded_exit *x = &r->kept->ring[r->head % RECORDER_EXITS];

	WRITE_ONCE(r->begun, r->head + 1);
	/* recorder_read() sees @begun before what it is about to lose. */
	smp_wmb();
	x->tsc = tsc;
	x->rip = rip;
	x->info[0] = e->hw_info[0];
	x->info[1] = e->hw_info[1];
	x->code = e->hw_code;
	x->reason = e->reason;
	r->left_at = tsc;
	/* And the whole record before @head. */
	smp_store_release(&r->head, r->head + 1);
}

/* It goes back at @tsc: what lay between is the time of @reason. */
static inline void recorder_entry(struct recorder *r, enum exit_reason reason, u64 tsc)
{
	if (r->left_at)
		r->kept->times[reason][recorder_bucket(tsc - r->left_at)]++;
}

/* The vCPU is held, or starts over: the time until its next entry is nobody's. */
static inline void recorder_cut(struct recorder *r)
{
	r->left_at = 0;
}

/**
 * recorder_read() - copy the last exits
 * @r: of a vCPU that may run meanwhile
 * @out: room for RECORDER_EXITS, filled from the oldest on
 * @total: exits ever recorded, those in @out being the last of them
 *
 * Return: how many. All there are, up to RECORDER_EXITS, unless the vCPU
 * recorded over some of them meanwhile: those are left out.
 */
unsigned int recorder_read(const struct recorder *r, struct recorded_exit *out, u64 *total);

#endif /* HV_CORE_RECORDER_H */
