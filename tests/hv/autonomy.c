// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody owns a guest: whoever started it may be killed at any moment, and it
 * goes on, reboots included; or it was never made.
 *
 * usage: autonomy [ROUNDS] [SEED]
 */
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "items.h"

static struct hvctl *h;
static unsigned int rounds, seed, longest_us;

/* hvctl with its output in a pipe that is read or not; returns its process. */
static pid_t start_hvctl(const char *name, bool detached, int out)
{
	char image[PATH_MAX];
	pid_t pid;

	payload_path("ticker", image);
	pid = fork();
	if (pid)
		return pid;
	dup2(open("/dev/null", O_RDWR), 0);
	dup2(out, 1);
	dup2(out, 2);
	execlp("hvctl", "hvctl", "run", detached ? "-d" : "-m16M", "-m16M", "--name", name,
	       image, NULL);
	_exit(127);
}

static char *run_hvctl(const char *command, const char *name)
{
	static char out[1 << 17];
	char line[256];
	size_t n;
	FILE *f;

	snprintf(line, sizeof(line), "hvctl %s %s 2>&1", command, name);
	f = popen(line, "r");
	n = f ? fread(out, 1, sizeof(out) - 1, f) : 0;
	out[n] = '\0';
	if (f)
		pclose(f);
	return out;
}

/* The last N of 'tick N' on the console, or -1. */
static int last_tick(uint64_t id)
{
	char *text = console_text(h, id), *at = text;
	int last = -1;

	for (; (at = strstr(at, "tick ")); at++)
		if (strchr(at, '\n'))
			last = atoi(at + 5);
	free(text);
	return last;
}

/* Every number once, from 0: nothing of what it printed meanwhile is missing. */
static bool all_ticks(const char *text)
{
	int want = 0, n;

	for (; (text = strstr(text, "tick ")); text++) {
		n = atoi(text + 5);
		if (!strchr(text, '\n'))
			break;
		if (n != want++)
			return false;
	}
	return want > 0;
}

static bool goes_on(uint64_t id)
{
	int before = last_tick(id), tries;

	for (tries = 0; tries < 300 && last_tick(id) < before + 2; tries++)
		usleep(10000);
	return last_tick(id) >= before + 2;
}

static bool listed(const char *name)
{
	return strstr(run_hvctl("ls -a", ""), name);
}

/**
 * enum found - what is left of a hvctl that was killed
 * @FOUND_NONE: no guest
 * @FOUND_CREATED: a whole guest that was not started yet
 * @FOUND_RUNNING: one that runs
 * @FOUND_BROKEN: anything else
 */
enum found { FOUND_NONE, FOUND_CREATED, FOUND_RUNNING, FOUND_BROKEN };

/* One that was not started can still be started, and then runs like any other. */
static enum found look(const char *name)
{
	enum found found = FOUND_RUNNING;
	struct hvctl_guest *g;
	uint64_t id;

	if (hvctl_lookup(h, name, &id))
		return listed(name) ? FOUND_BROKEN : FOUND_NONE;
	if (!listed(name) || hvctl_get(h, id, &g))
		return FOUND_BROKEN;
	if (g->state == HV_STATE_CREATED)
		found = hvctl_start(h, id) ? FOUND_BROKEN : FOUND_CREATED;
	else if (g->state != HV_STATE_RUNNING)
		found = FOUND_BROKEN;
	hvctl_guest_free(g);
	if (found != FOUND_BROKEN && (!goes_on(id) || !all_ticks(run_hvctl("logs", name))))
		found = FOUND_BROKEN;
	run_hvctl("rm -f", name);
	return found;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/* How long a hvctl run takes here: the moments are spread around its end. */
static void measure(void)
{
	int out = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	uint64_t start = now_us();

	waitpid(start_hvctl("measured", true, out), &status, 0);
	longest_us = now_us() - start;
	close(out);
	run_hvctl("rm -f", "measured");
	printf("# hvctl run takes %u us\n", longest_us);
}

/* Kills a hvctl run after a random while. */
static enum found kill_once(unsigned int i)
{
	int out = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned int us = longest_us / 3 + rand_r(&seed) % longest_us;
	char name[32];
	int status;
	pid_t pid;

	snprintf(name, sizeof(name), "killed-%u", i);
	pid = start_hvctl(name, i % 2, out);
	usleep(us);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(out);
	return look(name);
}

static void killed_at_any_moment(void)
{
	unsigned int count[FOUND_BROKEN + 1] = { 0 }, i, first = seed;
	enum found found;

	measure();
	for (i = 0; i < rounds; i++) {
		found = kill_once(i);
		count[found]++;
		if (found == FOUND_BROKEN)
			printf("# round %u left something broken\n", i);
	}
	printf("# seed %u: %u no guest, %u created, %u running, %u broken\n", first,
	       count[FOUND_NONE], count[FOUND_CREATED], count[FOUND_RUNNING],
	       count[FOUND_BROKEN]);
	CHECK_EQ(count[FOUND_BROKEN], 0);
	/* Or the moments were not those that the test is about. */
	CHECK(count[FOUND_NONE] + count[FOUND_CREATED] && count[FOUND_RUNNING]);
}

/* Attached, killed while it shows the console; another attachment has all of it. */
static void console_in_between(void)
{
	int ends[2], status, fd;
	uint64_t id;
	pid_t pid;
	char c;

	CHECK(!pipe(ends));
	pid = start_hvctl("watched", false, ends[1]);
	CHECK_EQ(read(ends[0], &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(ends[0]);
	close(ends[1]);
	CHECK_OK(h, hvctl_lookup(h, "watched", &id));
	CHECK(goes_on(id));
	CHECK(all_ticks(run_hvctl("logs", "watched")));
	/* The input side is free again: the one that had it is gone. */
	fd = hvctl_console(h, id, HV_CONSOLE_WRITE);
	CHECK(fd >= 0);
	close(fd);
	run_hvctl("rm -f", "watched");
	CHECK(!listed("watched"));
}

/* A child makes and starts it, and is gone before the first reset. */
static uint64_t start_from_child(unsigned int way, unsigned int resets)
{
	struct hvctl_spec *spec;
	struct hvctl *own;
	uint64_t id;
	pid_t pid = fork();
	int status;

	if (pid) {
		waitpid(pid, &status, 0);
		if (hvctl_lookup(h, "rebooter", &id))
			test_die("%s", hvctl_error(h));
		return id;
	}
	if (hvctl_open(&own))
		_exit(1);
	spec = item_spec(own, "reboots", way, resets);
	hvctl_spec_set(own, spec, "on-reset", "reset");
	hvctl_spec_set(own, spec, "name", "rebooter");
	id = create_spec(own, spec);
	hvctl_start(own, id);
	kill(getpid(), SIGKILL);
	_exit(1);
}

static void reboots(unsigned int way, unsigned int resets)
{
	uint64_t id = start_from_child(way, resets);
	struct hvctl_guest *g;
	char *text, line[16];
	unsigned int i;

	CHECK_OK(h, hvctl_wait(h, id, 20000, &g));
	text = console_text(h, id);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), resets + 1);
	CHECK_EQ(g->resets, resets);
	for (i = 1; i <= resets + 1; i++) {
		snprintf(line, sizeof(line), "boot %u\n", i);
		CHECK(strstr(text, line));
	}
	free(text);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

static void reboots_cf9(void)
{
	reboots(0, 5);
}

static void reboots_keyboard(void)
{
	reboots(1, 5);
}

static void reboots_triple_fault(void)
{
	reboots(2, 2);
}

static void reboots_port_92(void)
{
	reboots(3, 5);
}

/* Names in hv.slice; -1 where there is no cgroup2. */
static int cgroups_left(void)
{
	DIR *dir = opendir("/sys/fs/cgroup/hv.slice");
	struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.') {
			printf("# left: hv.slice/%s\n", e->d_name);
			n++;
		}
	if (dir)
		closedir(dir);
	return n;
}

static void nothing_left(void)
{
	CHECK_STR(run_hvctl("ls -a -q", ""), "");
	CHECK_EQ(cgroups_left(), 0);
}

static const struct tap_test tests[] = {
	{ "hvctl run killed at any moment leaves a guest or none", killed_at_any_moment },
	{ "the console has the output in between", console_in_between },
	{ "reboots by port 0xcf9 with no process alive", reboots_cf9 },
	{ "reboots by the keyboard controller", reboots_keyboard },
	{ "reboots by triple fault", reboots_triple_fault },
	{ "reboots by port 0x92", reboots_port_92 },
	{ "nothing is left", nothing_left },
};

int main(int argc, char **argv)
{
	seed = time(NULL);
	rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(60, 10);
	if (argc > 2)
		seed = atoi(argv[2]);
	h = test_open();
	TEST_REQUIRE(!system("hvctl version >/dev/null 2>&1"), "no hvctl");
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
