// SPDX-License-Identifier: GPL-2.0-only
/*
 * NMIs that come while a guest runs are the host's: they reach its handler, each
 * one, and the guest goes on. The kernel sends them to have all CPUs say where
 * they are (SysRq l).
 */
#include "neighbour.h"

#define GUEST_CPU	1
#define TRIES		50
#define WANTED		3	/* that found the guest in guest mode */

static bool ask_all_cpus(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, "l", 1) == 1;

	if (fd >= 0)
		close(fd);
	return good;
}

/* GUEST_CPU's, of /proc/interrupts: a column for each CPU. */
static uint64_t host_nmis(void)
{
	unsigned long long n[2] = { 0 };
	char line[256];
	FILE *f = fopen("/proc/interrupts", "re");

	if (!f)
		test_die("/proc/interrupts: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " NMI: %llu %llu", &n[0], &n[1]) > 0)
			break;
	fclose(f);
	return n[GUEST_CPU];
}

static uint64_t guest_exits(uint64_t id)
{
	struct hvctl_guest *stats;
	uint64_t n;

	if (hvctl_stats(h, id, &stats))
		test_die("stats: %s", hvctl_error(h));
	n = exit_count(stats, "nmi");
	hvctl_guest_free(stats);
	return n;
}

static void nmi(void)
{
	struct own o = own_start_on(GUEST_CPU);
	uint64_t before = host_nmis();
	unsigned int tries;

	CHECK(goes_on(o.words, 1));
	for (tries = 0; tries < TRIES && guest_exits(o.id) < WANTED; tries++) {
		CHECK(ask_all_cpus());
		CHECK(goes_on(o.words, 1));
	}
	printf("# %u NMIs sent, %llu in guest mode, %llu taken by the host\n", tries,
	       (unsigned long long)guest_exits(o.id),
	       (unsigned long long)(host_nmis() - before));
	CHECK(guest_exits(o.id) >= WANTED);
	CHECK_EQ(host_nmis() - before, tries);
	CHECK_EQ(own_end(&o), 0);
}

static const struct tap_test tests[] = {
	{ "an NMI that comes in a guest reaches the host's handler", nmi },
};

int main(void)
{
	pin(0, 0);
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
