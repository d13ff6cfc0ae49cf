/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What guest_fuzz.c tells payload_fuzz.c, and what it hears of it.
 */
#ifndef HV_TESTS_FUZZ_H
#define HV_TESTS_FUZZ_H

/* Arguments: the seed, then operations a CPU, CPUs and flags. */
#define FUZZ_PACK(ops, cpus, flags)	((ops) | (uint64_t)(cpus) << 32 | (uint64_t)(flags) << 40)
#define FUZZ_OPS(arg)			((arg) & 0xffffffff)
#define FUZZ_CPUS(arg)			((arg) >> 32 & 0xff)
#define FUZZ_FLAGS(arg)			((arg) >> 40)

/* What an emulated host does not survive: kmod/README.md, 'Seen in the lab'. */
#define FUZZ_NO_DR7	1
#define FUZZ_NO_BAD_CR	2	/* what MOV to CR0 and CR3 would refuse */
#define FUZZ_NO_BYTES	4	/* no random instructions */
/* And what would make two runs differ. */
#define FUZZ_NO_TIME	8	/* no timers, no interrupts */

/* The report: a row of words for each CPU. */
#define FUZZ_REPORT	0x21000
#define FUZZ_ROW	8
#define FUZZ_DONE	0	/* operations */
#define FUZZ_FAULTS	1	/* exceptions that were caught */
#define FUZZ_KIND	2	/* of the operation under way */

#endif /* HV_TESTS_FUZZ_H */
