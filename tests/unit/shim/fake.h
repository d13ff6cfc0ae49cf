/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One vCPU with an engine of plain variables, memory that can be missing, and
 * chips that are memory: what the emulator, the page walk and the models need.
 */
#ifndef HV_TESTS_FAKE_H
#define HV_TESTS_FAKE_H

#include "core/vcpu.h"
#include "mmu/s2.h"

#define FAKE_PAGES	256U		/* of guest memory, from gpa 0 */
#define FAKE_SIZE	(FAKE_PAGES * 4096ULL)
#define FAKE_TABLES	0x80000ULL	/* page tables are allocated from here on */

/**
 * struct fake - what the engine would have, and what it was told
 * @cr0, @cr3, @cr4, @efer, @pat, @tsc: as named
 * @cpl: privilege level
 * @seg: segments
 * @missing: bit per page: not filled yet
 * @readonly: bit per page: filled, not writable
 * @chip: the page behind the LAPIC and, above, the IOAPIC
 * @chip_reads, @chip_writes: accesses
 * @bus_read, @bus_write: which time the lock on instructions was held for the last access to the IOAPIC
 * @injected: exceptions; @vector, @error, @address of the last
 * @stops: calls of vcpu_stop(); reason and detail in the vCPU
 * @logs: calls of host_log()
 * @tsc_stable: what host_tsc_stable() says
 * @port, @port_size: last port access
 * @port_out: what was written, one after another, @nr_port_out of them
 * @port_in: what is read next; counts up
 */
struct fake {
	u64 cr0, cr3, cr4, efer, pat, tsc;
	unsigned int cpl;
	struct hv_segment seg[NR_SEGS];
	unsigned long missing[FAKE_PAGES / 64];
	unsigned long readonly[FAKE_PAGES / 64];
	u8 chip[2][4096];
	unsigned int chip_reads, chip_writes;
	unsigned long bus_read, bus_write;
	unsigned int injected;
	u8 vector;
	u32 error;
	u64 address;
	unsigned int stops;
	unsigned int logs;
	bool tsc_stable;
	u16 port;
	unsigned int port_size;
	u32 port_out[256];
	unsigned int nr_port_out;
	u32 port_in;
};

extern struct fake fake;
extern struct vcpu fake_vcpu;
extern struct platform fake_platform;
extern u8 *fake_page[FAKE_PAGES];	/* each its own allocation: overruns are seen */

/* 64-bit mode at CPL 0 with paging, nothing mapped; memory zeroed. */
void fake_reset(void);

/* Flat segments for 16- or 32-bit protected mode or real mode, no paging. */
void fake_mode(enum cpu_mode mode);

/* Map a 4 KiB page in 4-level tables; @bits: PTE bits beside present. */
void fake_map(u64 gva, u64 gpa, u64 bits);

/* Copy bytes into guest memory, physical. */
void fake_poke(u64 gpa, const void *from, unsigned int len);
u64 fake_peek64(u64 gpa);
void fake_poke64(u64 gpa, u64 value);
void fake_poke32(u64 gpa, u32 value);

u64 fake_random(void);
void fake_seed(u64 seed);

#endif /* HV_TESTS_FAKE_H */
