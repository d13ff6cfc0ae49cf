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

static struct hvctl_spec *named_spec(struct hvctl *own, const char *name)
{
	struct hvctl_spec *spec = payload_spec(own, "ticker");

	hvctl_spec_set(own, spec, "name", name);
	return spec;
}

/*
 * One life of a guest, in every call that a program may be killed in.  What
 * fails because of what was left of the last program is not looked at.
 */
static void one_life(struct hvctl *own, const char *name)
{
	struct hv_exit_record records[4];
	struct hv_vcpu_state state;
	struct hvctl_guest *g, **all;
	uint8_t bytes[16];
	char text[64];
	uint64_t id;
	int fd;

	id = create_spec(own, named_spec(own, name));
	hvctl_start(own, id);
	fd = hvctl_console(own, id, HV_CONSOLE_WRITE);
	if (write(fd, "x", 1) == 1 && read(fd, text, sizeof(text)) > 0)
		hvctl_memory_read(own, id, 0x1000, bytes, sizeof(bytes));
	if (!hvctl_pause(own, id) && !hvctl_get_regs(own, id, 0, &state))
		hvctl_set_regs(own, id, 0, &state);
	hvctl_resume(own, id);
	hvctl_set(own, id, "label", "a=b");
	if (!hvctl_stats(own, id, &g))
		hvctl_guest_free(g);
	if (!hvctl_list(own, &all))
		hvctl_list_free(all);
	hvctl_last_exits(own, id, 0, records, 4);
	hvctl_reset(own, id);
	hvctl_kill(own, id);
	hvctl_start(own, id);
	hvctl_kill(own, id);
	close(fd);
	hvctl_remove(own, id);
}

/* Names differ within a program: the last one of each is looked at. */
static pid_t start_program(unsigned int i)
{
	unsigned int life;
	struct hvctl *own;
	char name[32];
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	if (hvctl_open(&own))
		_exit(1);
	for (life = 0;; life++) {
		snprintf(name, sizeof(name), "sdk-%u-%u", i, life);
		one_life(own, name);
	}
}

static bool set_going(uint64_t id)
{
	struct hvctl_guest *g;
	uint32_t state;

	if (hvctl_get(h, id, &g))
		return false;
	state = g->state;
	hvctl_guest_free(g);
	if (state == HV_STATE_PAUSED)
		hvctl_resume(h, id);
	else if (state != HV_STATE_RUNNING)
		hvctl_start(h, id);
	return !hvctl_reset(h, id) && goes_on(id);
}

/*
 * It does all that a guest does, whatever was being done to it.  The program's
 * kill may have been under way, and end it once more.
 */
static bool is_whole(const struct hvctl_guest *g)
{
	bool good = listed(g->name) && (set_going(g->id) || set_going(g->id));

	good = good && !hvctl_kill(h, g->id);
	return !hvctl_remove(h, g->id) && good;
}

/* Returns how many were left, at most one; what is wrong is counted in @broken. */
static unsigned int look_at_all(unsigned int states[], unsigned int *broken)
{
	struct hvctl_guest **all;
	unsigned int n;

	if (hvctl_list(h, &all))
		test_die("list: %s", hvctl_error(h));
	for (n = 0; all[n]; n++) {
		states[all[n]->state]++;
		if (!is_whole(all[n])) {
			printf("# %s, state %u, is broken: %s\n", all[n]->name, all[n]->state,
			       hvctl_error(h));
			(*broken)++;
		}
	}
	hvctl_list_free(all);
	return n;
}

#define LIFE_US	250000		/* about, on the slowest of hosts */

static void programs_killed(void)
{
	unsigned int n = tap_count(800, 20), states[HV_STATE_STOPPED + 1] = { 0 };
	unsigned int i, none = 0, broken = 0, left, first = seed;
	int status;
	pid_t pid;

	for (i = 0; i < n; i++) {
		pid = start_program(i);
		usleep(rand_r(&seed) % LIFE_US);
		kill(pid, SIGKILL);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status));
		left = look_at_all(states, &broken);
		CHECK(left <= 1);
		none += !left;
	}
	printf("# seed %u: %u no guest, %u created, %u running, %u paused, %u stopped, %u broken\n",
	       first, none, states[HV_STATE_CREATED], states[HV_STATE_RUNNING],
	       states[HV_STATE_PAUSED], states[HV_STATE_STOPPED], broken);
	CHECK_EQ(broken, 0);
	CHECK(states[HV_STATE_RUNNING]);
}

/* A child makes and starts it, and is gone before the first reset. */
static uint64_t start_from_child(unsigned int way, unsigned int resets)
{
	struct hvctl_spec *spec;
	struct hvctl *own;
	uint64_t id;
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
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

/* Kernel memory that is in no cache, KiB. */
static uint64_t slab_kib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	uint64_t kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "SUnreclaim: %lu", &kib);
	if (f)
		fclose(f);
	return kib;
}

#define SLAB_NOISE_KIB	2048

/* What a guest holds after @resets reboots of its own; it is gone then. */
static struct hvctl_guest *held_after(unsigned int resets)
{
	uint64_t id = start_from_child(0, resets);
	struct hvctl_guest *g;

	if (hvctl_wait(h, id, 300000, &g))
		test_die("wait: %s", hvctl_error(h));
	if (g->resets != resets || payload_status(g) != resets + 1)
		test_die("%u reboots, status %u", g->resets, payload_status(g));
	hvctl_guest_free(g);
	g = last_stats(h, id);
	if (hvctl_remove(h, id))
		test_die("remove: %s", hvctl_error(h));
	return g;
}

static void reboots_without_growth(void)
{
	unsigned int n = tap_count(1000, 50);
	struct hvctl_guest *few = held_after(20), *many;
	uint64_t slab = slab_kib(), grown;

	many = held_after(n);
	grown = slab_kib() > slab ? slab_kib() - slab : 0;
	printf("# %u reboots: %llu KiB of pages, %llu table pages, %llu bytes of the kernel's, slab +%llu KiB\n",
	       n, (unsigned long long)many->memory_resident >> 10,
	       (unsigned long long)many->table_pages, (unsigned long long)many->kernel_memory,
	       (unsigned long long)grown);
	CHECK_EQ(many->memory_resident, few->memory_resident);
	CHECK_EQ(many->table_pages, few->table_pages);
	CHECK_EQ(many->kernel_memory, few->kernel_memory);
	CHECK(grown < SLAB_NOISE_KIB);
	hvctl_guest_free(few);
	hvctl_guest_free(many);
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
	{ "a program killed in any call leaves a whole guest or none", programs_killed },
	{ "reboots by port 0xcf9 with no process alive", reboots_cf9 },
	{ "reboots by the keyboard controller", reboots_keyboard },
	{ "reboots by triple fault", reboots_triple_fault },
	{ "reboots by port 0x92", reboots_port_92 },
	{ "a thousand reboots without growth", reboots_without_growth },
	{ "nothing is left", nothing_left },
};

int main(int argc, char **argv)
{
	seed = time(NULL);
	rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(200, 10);
	if (argc > 2)
		seed = atoi(argv[2]);
	h = test_open();
	TEST_REQUIRE(!system("hvctl version >/dev/null 2>&1"), "no hvctl");
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
