// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's cgroup allows it holds, and changes while it runs: CPU weight,
 * cpu.max, cpuset, memory. How well is for tests/bench to say.
 *
 * Guests count in a word that is shared with this program.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "neighbour.h"

#define SLICE		"/sys/fs/cgroup/hv.slice"
#define TRIES		3000
#define TRY_US		10000
/* Of both together: many turns of the scheduler. */
#define ROUNDS		30000

static struct own one, other;

/* Its name, for a path: hv made it up. */
static void name_of(uint64_t id, char name[HV_NAME_MAX + 1])
{
	struct hvctl_guest *g;

	if (hvctl_get(h, id, &g))
		test_die("get: %s", hvctl_error(h));
	snprintf(name, HV_NAME_MAX + 1, "%s", g->name);
	hvctl_guest_free(g);
}

static FILE *cgroup_file(uint64_t id, const char *file, const char *mode)
{
	char name[HV_NAME_MAX + 1], path[256];

	name_of(id, name);
	snprintf(path, sizeof(path), SLICE "/%s/%s", name, file);
	return fopen(path, mode);
}

static bool set_cgroup(uint64_t id, const char *file, const char *text)
{
	FILE *f = cgroup_file(id, file, "we");
	bool good = f && fputs(text, f) >= 0;

	return f && !fclose(f) && good;
}

/* A line 'KEY NUMBER' of a file; -1 without one. */
static long long cgroup_value(uint64_t id, const char *file, const char *key)
{
	FILE *f = cgroup_file(id, file, "re");
	long long value = -1, n;
	char word[64];

	while (f && value < 0 && fscanf(f, "%63s %lld", word, &n) == 2)
		if (!strcmp(word, key))
			value = n;
	if (f)
		fclose(f);
	return value;
}

/* Of ROUNDS together @more does the larger part, and @less the rest, which is not none. */
static bool does_more(const struct own *more, const struct own *less)
{
	uint64_t from_more = more->words[COUNT], from_less = less->words[COUNT], a = 0, b = 0;
	unsigned int tries;

	for (tries = 0; tries < TRIES && a + b < ROUNDS; tries++) {
		usleep(TRY_US);
		a = more->words[COUNT] - from_more;
		b = less->words[COUNT] - from_less;
	}
	printf("# %llu and %llu rounds\n", (unsigned long long)a, (unsigned long long)b);
	return a + b >= ROUNDS && a > b && b > 0;
}

static bool outdoes(const struct own *more, const struct own *less)
{
	if (hvctl_set(h, more->id, "cpu-weight", "400") ||
	    hvctl_set(h, less->id, "cpu-weight", "20"))
		test_die("cpu-weight: %s", hvctl_error(h));
	return does_more(more, less);
}

static void weights(void)
{
	CHECK(outdoes(&one, &other));
}

static void weights_swapped(void)
{
	CHECK(outdoes(&other, &one));
}

/* It has to wait again and again, and goes on; without a limit it does not. */
static void cpu_max(void)
{
	CHECK_OK(h, hvctl_set(h, other.id, "cpu-weight", "100"));
	CHECK_OK(h, hvctl_set(h, one.id, "cpu-weight", "100"));
	CHECK_EQ(cgroup_value(one.id, "cpu.stat", "nr_throttled"), 0);
	CHECK(set_cgroup(one.id, "cpu.max", "5000 100000"));
	CHECK(does_more(&other, &one));
	CHECK(cgroup_value(one.id, "cpu.stat", "nr_throttled") > 0);
	CHECK(set_cgroup(one.id, "cpu.max", "max 100000"));
	CHECK(goes_on(one.words, 10));
}

/* The CPU that a thread ran on last: field 39 of its stat, 37 behind its name. */
static int cpu_of(pid_t tid)
{
	char path[64], line[1024], *p;
	int cpu = -1, i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f)) {
		p = strrchr(line, ')');
		for (i = 0; p && i < 37; i++)
			p = strchr(p + 1, ' ');
		cpu = p ? atoi(p) : -1;
	}
	if (f)
		fclose(f);
	return cpu;
}

/* It gets there, and all that it does from then on it does there. */
static bool runs_on(const struct own *o, const char *list, int cpu)
{
	unsigned int tries, there = 0;

	if (hvctl_set(h, o->id, "cpuset", list))
		return false;
	for (tries = 0; tries < TRIES && there < 50; tries++) {
		if (cpu_of(o->tid) == cpu)
			there++;
		else if (there)
			return false;
		usleep(TRY_US);
	}
	return there == 50 && goes_on(o->words, 10);
}

static void cpus(void)
{
	CHECK(runs_on(&one, "1", 1));
	CHECK(runs_on(&one, "0", 0));
	CHECK(runs_on(&one, "1", 1));
	CHECK_OK(h, hvctl_set(h, one.id, "cpuset", "none"));
	CHECK(goes_on(one.words, 10));
}

static void ends_well(void)
{
	CHECK_EQ(own_end(&other), 0);
	CHECK_EQ(own_end(&one), 0);
}

/* payload_memory.c's first part: it writes to every page below its argument. */
#define TOUCH		0
#define MIB		(1ULL << 20)

static uint64_t memory_guest(const char *limit)
{
	struct hvctl_spec *spec = item_spec(h, "memory", TOUCH, 96 * MIB);

	if (hvctl_spec_set(h, spec, "memory", "128M") ||
	    hvctl_spec_set(h, spec, "memory-limit", limit))
		test_die("limit: %s", hvctl_error(h));
	return create_spec(h, spec);
}

/* A user's process, which holds memory of its own meanwhile. */
static pid_t bystander(void)
{
	pid_t pid = fork();

	if (!pid) {
		memset(malloc(16 * MIB), 1, 16 * MIB);
		for (;;)
			pause();
	}
	return pid;
}

static void memory_limit(void)
{
	uint64_t id = memory_guest("32M");
	pid_t pid = bystander();
	struct hvctl_guest *g;

	CHECK(pid > 0);
	g = run_to_stop(h, id);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_MEMORY_LIMIT);
	CHECK(strstr(g->stop_detail, "limit"));
	CHECK(g->memory_resident <= 32 * MIB);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	CHECK_EQ(cgroup_value(id, "memory.events", "oom_kill"), 0);
	CHECK(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

/* The limit that stopped it is taken away: the same guest runs to its end. */
static void memory_raised(void)
{
	uint64_t id = memory_guest("32M");
	struct hvctl_guest *g = run_to_stop(h, id);

	CHECK_EQ(g->stop_reason, HV_STOP_REASON_MEMORY_LIMIT);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_set(h, id, "memory-limit", "none"));
	g = run_to_stop(h, id);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

#define ODD_MOUNT	"/tmp/a cgroup"

/* With the cgroups at another place, whose name mountinfo has to escape, and none at the usual. */
static int create_elsewhere(const char *name)
{
	struct hvctl_spec *spec;
	struct hvctl *own;
	uint64_t id;

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", ODD_MOUNT, "cgroup2", 0, NULL) ||
	    mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) || hvctl_open(&own))
		return 1;
	spec = payload_spec(own, "hello");
	return hvctl_spec_set(own, spec, "name", name) || hvctl_create(own, spec, &id);
}

static void mounted_elsewhere(void)
{
	static const char name[] = "elsewhere";
	uint64_t id;
	int status;
	pid_t pid;

	mkdir(ODD_MOUNT, 0755);
	pid = fork();
	if (!pid)
		_exit(create_elsewhere(name));
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	rmdir(ODD_MOUNT);
	CHECK_OK(h, hvctl_lookup(h, name, &id));
	CHECK(!access(SLICE "/elsewhere", F_OK));
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK(access(SLICE "/elsewhere", F_OK) && errno == ENOENT);
}

static const struct tap_test tests[] = {
	{ "the heavier of two guests does more", weights },
	{ "and less when it is the lighter one", weights_swapped },
	{ "cpu.max makes a guest wait, and goes on", cpu_max },
	{ "a guest runs where its cpuset says", cpus },
	{ "and nothing was wrong with them meanwhile", ends_well },
	{ "a guest over its memory limit stops, and nobody else", memory_limit },
	{ "the same guest without that limit goes on", memory_raised },
	{ "cgroups are found where they are mounted", mounted_elsewhere },
};

int main(void)
{
	h = test_open();
	TEST_REQUIRE(get_nprocs() > 1, "needs two CPUs");
	TEST_REQUIRE(!access("/sys/fs/cgroup/cgroup.controllers", W_OK), "needs cgroup2");
	other = own_start();
	one = own_start();
	if (hvctl_set(h, other.id, "cpuset", "0") || hvctl_set(h, one.id, "cpuset", "0"))
		test_die("cpuset: %s", hvctl_error(h));
	say_pace();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
