// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unikernels by the thousand, at once: each is started, answers what it is
 * asked on its console, and ends with its own status when it is told to.
 *
 * usage: unikernels [GUESTS]     (1000)
 *
 * Fewer, which it says, where the host's memory has no room for them or where
 * starting them takes minutes.
 */
#include <sys/resource.h>
#include <time.h>

#include "items.h"

#define MAX		1000
#define GUEST_KIB	512	/* one guest, with all that the kernel has for it */
#define ANSWER_MS	300000
#define START_SECONDS	200
#define TEXT_MAX	256

static struct hvctl *h;
static unsigned int guests;
static uint64_t ids[MAX];
static int consoles[MAX];

static unsigned int room(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / GUEST_KIB;
}

/* A descriptor for each console. */
static void raise_limit(void)
{
	struct rlimit limit = { .rlim_cur = MAX + 64, .rlim_max = MAX + 64 };
	struct rlimit now;

	if (!getrlimit(RLIMIT_NOFILE, &now) && now.rlim_cur < limit.rlim_cur &&
	    setrlimit(RLIMIT_NOFILE, &limit))
		test_die("descriptors: %s", strerror(errno));
}

static long seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void start_all(void)
{
	long begin = seconds();
	struct hvctl_spec *spec;
	unsigned int i;

	for (i = 0; i < guests; i++) {
		if (i && seconds() - begin > START_SECONDS) {
			printf("# this host is slow: %u of them\n", i);
			guests = i;
			break;
		}
		spec = item_spec(h, "unikernel", i + 1, 0);
		/* Too small for a page of 2 MiB each. */
		CHECK_OK(h, hvctl_spec_set(h, spec, "memory", "1984K"));
		ids[i] = create_spec(h, spec);
		CHECK_OK(h, hvctl_start(h, ids[i]));
		consoles[i] = hvctl_console(h, ids[i], HV_CONSOLE_WRITE);
		CHECK_OK(h, consoles[i]);
	}
}

/* The next line of a console, without its end; "" where none comes in time. */
static const char *next_line(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static char text[TEXT_MAX];
	unsigned int used = 0;

	while (used < sizeof(text) - 1 && poll(&p, 1, ANSWER_MS) == 1 &&
	       read(fd, text + used, 1) == 1 && text[used] != '\n')
		used++;
	text[used] = '\0';
	return text;
}

static void all_greet(void)
{
	char want[TEXT_MAX];
	unsigned int i;

	for (i = 0; i < guests; i++) {
		snprintf(want, sizeof(want), "hello from %u", i + 1);
		CHECK_STR(next_line(consoles[i]), want);
	}
}

static void all_run(void)
{
	struct hvctl_guest **list, **g;
	unsigned int n = 0;

	CHECK_OK(h, hvctl_list(h, &list));
	for (g = list; *g; g++)
		n += (*g)->state == HV_STATE_RUNNING;
	hvctl_list_free(list);
	CHECK_EQ(n, guests);
}

static void ask(unsigned int i, const char *line)
{
	ssize_t len = strlen(line);

	if (write(consoles[i], line, len) != len)
		test_die("console of guest %u: %s", i + 1, strerror(errno));
}

/* All are asked before any is heard. */
static void all_answer(void)
{
	char want[TEXT_MAX];
	unsigned int i;

	for (i = 0; i < guests; i++) {
		snprintf(want, sizeof(want), "are you %u\n", i + 1);
		ask(i, want);
	}
	for (i = 0; i < guests; i++) {
		snprintf(want, sizeof(want), "%u: ARE YOU %u", i + 1, i + 1);
		CHECK_STR(next_line(consoles[i]), want);
	}
}

static void all_end(void)
{
	struct hvctl_guest *g;
	unsigned int i;

	for (i = 0; i < guests; i++)
		ask(i, "bye\n");
	for (i = 0; i < guests; i++) {
		CHECK_OK(h, hvctl_wait(h, ids[i], ANSWER_MS, &g));
		CHECK_STR(hvctl_stop_reason_name(g->stop_reason), "exit");
		CHECK_EQ(g->stop_status, i + 1);
		hvctl_guest_free(g);
		close(consoles[i]);
		CHECK_OK(h, hvctl_remove(h, ids[i]));
	}
}

static const struct tap_test tests[] = {
	{ "all start", start_all },
	{ "all greet", all_greet },
	{ "all of them run at once", all_run },
	{ "all answer", all_answer },
	{ "each ends with its own status", all_end },
};

int main(int argc, char **argv)
{
	guests = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(MAX, 16);
	if (!guests || guests > MAX)
		test_die("1 to %u guests", MAX);
	if (room() < guests) {
		guests = room();
		printf("# this host's memory has room for %u guests\n", guests);
	}
	TEST_REQUIRE(guests, "no memory");
	raise_limit();
	h = test_open();
	printf("# %u guests\n", guests);
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
