/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the measuring programs share. They print lines 'KIND KEY VALUE...' for
 * tests/bench/report.
 */
#ifndef HV_BENCH_BENCH_H
#define HV_BENCH_BENCH_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"

static inline __attribute__((noreturn, format(printf, 1, 2)))
void die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "bench: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* 'exit WHO ROW MIN MEDIAN MAX', less what measuring nothing takes at least. */
static inline void print_samples(const char *who, struct samples *rows)
{
	uint32_t own;
	int row;

	for (row = 0; row < BENCH_ROWS; row++)
		qsort(rows[row].ticks, BENCH_ROUNDS, sizeof(uint32_t), by_value);
	own = rows[BENCH_NOTHING].ticks[0];
	for (row = 1; row < BENCH_ROWS; row++)
		printf("exit %s %.16s %u %u %u\n", who, rows[row].name,
		       rows[row].ticks[0] - own, rows[row].ticks[BENCH_ROUNDS / 2] - own,
		       rows[row].ticks[BENCH_ROUNDS - 1] - own);
}

#endif /* HV_BENCH_BENCH_H */
