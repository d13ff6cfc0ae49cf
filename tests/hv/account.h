/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the host has of memory and threads: to be the same before and after.
 */
#ifndef HV_TESTS_ACCOUNT_H
#define HV_TESTS_ACCOUNT_H

#include "harness.h"

/* A figure of /proc/meminfo in KiB. */
static inline long long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	long long value = -1;
	char line[128];

	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = atoll(line + strlen(name) + 1);
	if (f)
		fclose(f);
	return value;
}

/* Threads of the system, the kernel's included. */
static inline long long threads(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	long long n = -1;

	if (!f || fscanf(f, "%*s %*s %*s %*d/%lld", &n) != 1)
		test_die("/proc/loadavg");
	fclose(f);
	return n;
}

/**
 * struct account - what the host has
 * @available: KiB of memory, that on the CPUs' own lists included
 * @slab: KiB
 * @tables: KiB of page tables
 * @stacks: KiB of kernel stacks
 * @percpu: KiB
 * @threads: of all processes
 */
struct account {
	long long available, slab, tables, stacks, percpu, threads;
};

/* KiB on the CPUs' own lists of free pages, large ones among them: free, but not counted so. */
static inline long long percpu_lists(void)
{
	FILE *f = fopen("/proc/zoneinfo", "r");
	long long count, pages = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " count: %lld", &count) == 1)
			pages += count;
	if (f)
		fclose(f);
	return pages * 4;
}

static inline struct account take_account(void)
{
	struct account a;

	/* Freed pages and threads come home after a grace period. */
	sleep(1);
	a.available = meminfo("MemAvailable") + percpu_lists();
	a.slab = meminfo("Slab");
	a.tables = meminfo("PageTables");
	a.stacks = meminfo("KernelStack");
	a.percpu = meminfo("Percpu");
	a.threads = threads();
	printf("# available %lld, slab %lld, page tables %lld, stacks %lld, percpu %lld KiB; %lld threads\n",
	       a.available, a.slab, a.tables, a.stacks, a.percpu, a.threads);
	return a;
}

/*
 * KiB, of which 1,000 rounds that each lose a page would exceed the first by
 * far.
 */
static inline bool is_back(const struct account *before, const struct account *after)
{
	return before->available - after->available < 2048 &&
	       after->slab - before->slab < 1024 && after->percpu - before->percpu < 256 &&
	       after->stacks - before->stacks < 128 && after->threads - before->threads < 8;
}

#endif /* HV_TESTS_ACCOUNT_H */
