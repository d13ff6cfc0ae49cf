// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of two guests of different hypervisors on the same CPUs, at the same
 * addresses: memory and registers hold patterns made from its number, and each
 * round looks whether they still do.  Runs under hv and under KVM (kvm.h).
 *
 * Arguments: number; rounds at least; then a word that the host sets to end it,
 * and one that counts the rounds for the host.
 */
#include "payload_check.h"

#define NUMBER	PAYLOAD_ARGS[0]
#define ROUNDS	PAYLOAD_ARGS[1]
#define STOP	PAYLOAD_ARGS[2]
#define COUNT	(((volatile u64 *)PAYLOAD_ARGS)[3])

#define PAGES	((volatile u64 *)0x800000)
#define NR_PAGES	256
#define PAGE_WORDS	512

#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_SFMASK		0xc0000084
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_SYSENTER_EIP	0x176

static u64 pattern(u64 page, u64 round)
{
	return (NUMBER << 48 | page << 32 | (round & 0xffffffff)) * 0x9e3779b97f4a7c15ULL;
}

/* One word on each page, so that each round needs each translation. */
static u32 memory_round(u64 round)
{
	volatile u64 *word;
	u32 i, bad = 0;

	for (i = 0; i < NR_PAGES; i++) {
		word = PAGES + i * PAGE_WORDS + (i * 8 & 511);
		bad += *word != (round ? pattern(i, round - 1) : 0);
		*word = pattern(i, round);
		/* Leaves the guest in the middle, now and then. */
		if (i % 64 == 0)
			cpuid(0, 0);
	}
	return bad;
}

static const u32 msrs[] = {
	MSR_STAR, MSR_LSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE, MSR_SYSENTER_EIP,
};

/* Canonical, whatever the number. */
static u64 msr_value(u32 i)
{
	return (NUMBER << 8 | i) & 0xffffffff;
}

static void set_registers(void)
{
	u64 dr = NUMBER << 12;
	u32 i;

	for (i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		wrmsr(msrs[i], msr_value(i));
	asm volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
		     : : "r"(dr), "r"(dr + 1), "r"(dr + 2), "r"(dr + 3));
}

static u32 bad_registers(void)
{
	u64 dr = NUMBER << 12, got[4];
	u32 i, bad = 0;

	for (i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		bad += rdmsr(msrs[i]) != msr_value(i);
	asm volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
		     : "=r"(got[0]), "=r"(got[1]), "=r"(got[2]), "=r"(got[3]));
	for (i = 0; i < 4; i++)
		bad += got[i] != dr + i;
	return bad;
}

int main(void)
{
	u32 bad_memory = 0, bad = 0, backwards = 0;
	u64 round, tsc, last = rdtsc();

	set_registers();
	for (round = 0; round < ROUNDS || !STOP; round++) {
		bad_memory += memory_round(round);
		bad += bad_registers();
		tsc = rdtsc();
		backwards += tsc < last;
		last = tsc;
		COUNT = round + 1;
	}
	check_eq("neighbour: words of memory that were not its own", bad_memory, 0);
	check_eq("neighbour: registers that were not its own", bad, 0);
	check_eq("neighbour: times that its clock went backwards", backwards, 0);
	return check_result();
}
