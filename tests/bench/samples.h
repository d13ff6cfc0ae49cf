/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the payload leaves in its memory for whoever runs it, on hv and on KVM alike.
 */
#ifndef HV_BENCH_SAMPLES_H
#define HV_BENCH_SAMPLES_H

#include <stdint.h>

#define BENCH_MEMORY	(16 << 20)
#define ANSWER_GPA	0x100000	/* payload_answer.S: the page with its two words */
#define ANSWER_WORD	0x800		/* where in it, and the next */
#define BENCH_GPA	0x400000	/* of struct samples[BENCH_ROWS] */
#define BENCH_PORT	0xf4		/* written at the end */
#define BENCH_ROUNDS	1001		/* odd: the median is one of them */
#define BENCH_WARM_UP	200

/**
 * struct samples - one kind of exit
 * @name: of the row
 * @ticks: of each round, from RDTSC to RDTSC
 */
struct samples {
	char name[16];
	uint32_t ticks[BENCH_ROUNDS];
};

/* The first row measures nothing: what remains is the measurement's own cost. */
enum bench_row {
	BENCH_NOTHING, BENCH_CPUID, BENCH_HYPERCALL, BENCH_RDMSR, BENCH_WRMSR, BENCH_PORT_IN,
	BENCH_UART_OUT, BENCH_MMIO_READ, BENCH_APIC_READ, BENCH_APIC_EOI, BENCH_X2_READ,
	BENCH_X2_EOI, BENCH_SELF_IPI, BENCH_DEADLINE, BENCH_WAKE,
	BENCH_ROWS
};

#endif /* HV_BENCH_SAMPLES_H */
