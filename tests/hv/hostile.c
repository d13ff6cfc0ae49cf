// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that do their worst: the host stays responsive, a neighbour on the
 * same CPUs goes on, the log stays quiet, and a kill ends them soon.
 */
#include <sched.h>
#include <time.h>

#include "ends.h"
#include "items.h"

#define KILL_MS		2000
#define SLEEP_MS	10
#define LATE_MS		1500	/* an emulated host is slow; a hung one is slower */
#define LOG_LINES	40

static struct hvctl *h;
static uint64_t neighbour;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static uint64_t start_end(enum end what)
{
	uint64_t id = create_spec(h, item_spec(h, "ends", what, 0));

	if (hvctl_start(h, id))
		test_die("start: %s", hvctl_error(h));
	return id;
}

/* Bytes that the neighbour has printed: its console is read on by one descriptor. */
static size_t neighbour_prints(void)
{
	static int fd = -1;
	char buf[4096];
	size_t total = 0;
	ssize_t n;

	if (fd < 0) {
		fd = hvctl_console(h, neighbour, HV_CONSOLE_TAIL);
		fcntl(fd, F_SETFL, O_NONBLOCK);
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		total += n;
	return total;
}

static bool neighbour_goes_on(void)
{
	unsigned int tries;

	neighbour_prints();
	for (tries = 0; tries < 500; tries++) {
		usleep(10000);
		if (neighbour_prints() >= strlen("progress\n"))
			return true;
	}
	return false;
}

/* The longest that a short sleep takes meanwhile, on each CPU. */
static uint64_t latest_wake(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), i;
	uint64_t start, took, worst = 0;
	cpu_set_t set;

	for (i = 0; i < 10 * cpus; i++) {
		CPU_ZERO(&set);
		CPU_SET(i % cpus, &set);
		sched_setaffinity(0, sizeof(set), &set);
		start = now_ms();
		usleep(SLEEP_MS * 1000);
		took = now_ms() - start;
		worst = took > worst ? took : worst;
	}
	CPU_ZERO(&set);
	for (i = 0; i < cpus; i++)
		CPU_SET(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
	return worst;
}

/* One on each CPU, so that nobody is out of its way. */
static void runs_wild(enum end what)
{
	uint64_t bad[2] = { start_end(what), start_end(what) }, wake, start;
	unsigned int before = log_lines(), i;
	struct hvctl_guest *g;

	wake = latest_wake();
	CHECK(neighbour_goes_on());
	for (i = 0; i < 2; i++) {
		start = now_ms();
		CHECK_OK(h, hvctl_kill(h, bad[i]));
		printf("# a sleep of %u ms took %llu at most, the kill %llu\n", SLEEP_MS,
		       (unsigned long long)wake, (unsigned long long)(now_ms() - start));
		CHECK(now_ms() - start < KILL_MS);
		CHECK_OK(h, hvctl_get(h, bad[i], &g));
		CHECK_EQ(g->stop_reason, HV_STOP_REASON_KILLED);
		hvctl_guest_free(g);
		CHECK_OK(h, hvctl_remove(h, bad[i]));
	}
	CHECK(wake < LATE_MS);
	CHECK(log_lines() - before < LOG_LINES);
}

static void starts_neighbour(void)
{
	neighbour = start_end(END_PROGRESS);
	CHECK(neighbour_goes_on());
}

static void flood(void)
{
	runs_wild(END_FLOOD);
}

static void spin(void)
{
	runs_wild(END_SPIN);
}

static void exits(void)
{
	runs_wild(END_EXIT_STORM);
}

static void mmio(void)
{
	runs_wild(END_MMIO_STORM);
}

static void interrupts(void)
{
	runs_wild(END_INTERRUPT_STORM);
}

/* Breakpoints without end bring down QEMU 7.2's TCG itself: see kmod/README.md. */
static void debug(void)
{
	if (host_is_tcg()) {
		printf("# left out: the emulator does not survive it\n");
		return;
	}
	runs_wild(END_DEBUG_STORM);
}

static void long_rep(void)
{
	runs_wild(END_LONG_REP);
}

/* It overwrites what it runs, and faults for it. */
static void writes_everything(void)
{
	uint64_t id = create_spec(h, item_spec(h, "ends", END_WRITE_EVERYTHING, 0));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);
	char *text = console_text(h, id);

	printf("# %s: %s\n", hvctl_stop_reason_name(g->stop_reason), g->stop_detail);
	CHECK_STR(text, "halfway\n");
	CHECK(g->stop_reason != HV_STOP_REASON_KILLED && g->stop_reason);
	free(text);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK(neighbour_goes_on());
}

static void neighbour_ends(void)
{
	CHECK_OK(h, hvctl_kill(h, neighbour));
	CHECK_OK(h, hvctl_remove(h, neighbour));
}

static const struct tap_test tests[] = {
	{ "a neighbour works", starts_neighbour },
	{ "one that floods its UART", flood },
	{ "one that spins with interrupts off", spin },
	{ "one that exits all the time", exits },
	{ "one that touches empty MMIO all the time", mmio },
	{ "one that interrupts itself without end", interrupts },
	{ "one whose debug exceptions do not end", debug },
	{ "one with a string instruction that does not end", long_rep },
	{ "one that writes all of its memory", writes_everything },
	{ "the neighbour has outlived them all", neighbour_ends },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
