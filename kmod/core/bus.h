/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bus: ports, and guest physical addresses without memory.  A chip of the
 * board answers, or a user program through the host side, or nobody does.
 *
 * An instruction whose access waits for the host side has not happened yet:
 * its handler returns OUT_TRAP and has changed nothing.  Once the answer is
 * there, core_run() handles the same exit again before anything else, and the
 * accesses that were made already are taken from the vCPU's log.  So chips and
 * programs see each access once, whatever the instruction is made of.
 */
#ifndef HV_CORE_BUS_H
#define HV_CORE_BUS_H

#include <linux/hv.h>

#include "core/exit.h"

struct platform;
struct vcpu;

/**
 * struct bus_range - addresses that the host side answers
 * @first: first address
 * @last: last address; a doorbell matches @first alone
 * @data: a doorbell's: what has to be written
 * @id: for the host side: whose it is
 * @space: enum hv_space
 * @size: a doorbell's: bytes of the write; 0: any
 * @match: a doorbell's: @data counts
 */
struct bus_range {
	u64 first;
	u64 last;
	u64 data;
	u32 id;
	u8 space;
	u8 size;
	bool match;
};

/**
 * struct bus_table - all of a guest's; constant once the platform has it
 * @nr_traps: ranges that take every access which lies in them whole
 * @nr_doorbells: addresses that take writes before any trap does
 * @ranges: traps, which do not overlap, then doorbells: each by space and address
 */
struct bus_table {
	unsigned int nr_traps;
	unsigned int nr_doorbells;
	struct bus_range ranges[];
};

/**
 * struct bus_access - an access of the instruction under way
 * @address: port, or guest physical
 * @data: written, or read
 * @space: enum hv_space
 * @size: bytes: 1, 2, 4 or 8
 * @write: direction
 * @done: it was made; otherwise it waits for the host side
 */
struct bus_access {
	u64 address;
	u64 data;
	u8 space;
	u8 size;
	bool write;
	bool done;
};

/*
 * A read and a write of eight bytes that cross a page at an odd address: four
 * accesses each (3 + 5 bytes are 2 + 1 + 4 + 1). No instruction makes more.
 */
#define BUS_LOG_MAX	8

/**
 * struct bus_log - the accesses of the instruction under way, in order
 * @access: the last one may wait, all others are done
 * @nr: how many; not 0 between two core_run(): the exit is handled again
 * @next: of these, how many this round has been through
 * @owner: bus_range.id of the one that waits
 * @serial: counts those that had to wait, so that no answer goes to another access
 */
struct bus_log {
	struct bus_access access[BUS_LOG_MAX];
	u8 nr;
	u8 next;
	u32 owner;
	u32 serial;
};

/**
 * bus_read() - an instruction reads
 * @v: vCPU
 * @space: where @address counts
 * @address: port, or guest physical address where there is no memory
 * @size: bytes: 1, 2, 4, or with HV_SPACE_MMIO 8
 * @value: set with OUT_RESUME; all ones where nobody answers
 *
 * Return: OUT_RESUME, or OUT_TRAP: undo what the instruction has done, return
 * this from the exit's handler, and make the same accesses when called again.
 */
enum outcome bus_read(struct vcpu *v, enum hv_space space, u64 address, unsigned int size,
		      u64 *value);

/* Likewise for a write. */
enum outcome bus_write(struct vcpu *v, enum hv_space space, u64 address, unsigned int size,
		       u64 value);

/**
 * bus_ring() - the guest rings a doorbell
 * @v: vCPU
 * @number: which
 * @heard: set with OUT_RESUME: somebody was there
 *
 * Return: as from bus_read().
 */
enum outcome bus_ring(struct vcpu *v, u64 number, bool *heard);

/* The instruction, or one element of a REP, is over: its accesses are history. */
void bus_done(struct vcpu *v);

/* Start over with the accesses that were made: the same exit is handled again. */
void bus_again(struct vcpu *v);

/*
 * What @v waits for, or NULL; and the answer to it, which ends the wait (@data
 * counts for reads).  Host side, while the vCPU is not in the core.
 */
struct bus_access *bus_pending(struct vcpu *v);
void bus_answer(struct vcpu *v, u64 data);

/* Does a chip answer anywhere in [first, last]? Constant. */
bool bus_has_chip(const struct platform *p, enum hv_space space, u64 first, u64 last);

/* Give @p a new table (NULL: none), and get the old one, which nobody uses any more. */
struct bus_table *bus_set_table(struct platform *p, struct bus_table *table);

#endif /* HV_CORE_BUS_H */
