// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest of the exit figures: each kind of exit, many times, one at a time.
 */
#include "payload.h"
#include "samples.h"

#define MSR_TSC_ADJUST	0x3b
#define PORT_PIC_MASK	0x21

/* One that no hypervisor knows: what remains is the exit. */
#define HYPERCALL	0x7fff

/* A loop of its own for each row: nothing is called between the two time stamps. */
#define MEASURE(row, label, what) do { \
	struct samples *s = (struct samples *)BENCH_GPA + (row); \
	int i; \
	memcpy(s->name, label, sizeof(label)); \
	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) { \
		u64 begin = rdtsc(); \
		what; \
		s->ticks[i < 0 ? 0 : i] = rdtsc() - begin; \
	} \
} while (0)

static inline void vmmcall(u64 nr)
{
	asm volatile("vmmcall" : "+a"(nr) : : "memory");
}

int main(void)
{
	u64 adjust = rdmsr(MSR_TSC_ADJUST);

	MEASURE(BENCH_NOTHING, "nothing", asm volatile("" : : : "memory"));
	MEASURE(BENCH_CPUID, "cpuid", cpuid(0, 0));
	MEASURE(BENCH_HYPERCALL, "hypercall", vmmcall(HYPERCALL));
	MEASURE(BENCH_RDMSR, "rdmsr", rdmsr(MSR_TSC_ADJUST));
	MEASURE(BENCH_WRMSR, "wrmsr", wrmsr(MSR_TSC_ADJUST, adjust));
	MEASURE(BENCH_PORT_IN, "port-in", inb(PORT_PIC_MASK));
	return 0;
}
