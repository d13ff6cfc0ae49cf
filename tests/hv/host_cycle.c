// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a host does to its tasks and CPUs while guests run: CPUs go and come,
 * threads are moved, frozen and preempted, and their time is accounted.
 */
#include <signal.h>
#include <sys/wait.h>

#include "neighbour.h"

#define CGROUP	"/sys/fs/cgroup/hv-host-cycle"

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!good)
		printf("# %s < %s: %s\n", path, text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

/* Field @n of a thread's stat, counted as proc(5) does. */
static uint64_t stat_field(pid_t tid, unsigned int n)
{
	char path[32], text[1024], *field;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		test_die("%s: %s", path, strerror(errno));
	fclose(f);
	/* The name, the second, may have anything in it. */
	field = strrchr(text, ')');
	for (; n > 2 && field; n--)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

#define STAT_UTIME	14
#define STAT_CPU	39
#define STAT_GUEST_TIME	43

static bool soon(bool (*is_so)(const struct own *o), const struct own *o)
{
	unsigned int tries;

	for (tries = 0; tries < 6000; tries++) {
		if (is_so(o))
			return true;
		usleep(10000);
	}
	return false;
}

static bool on_cpu_0(const struct own *o) { return stat_field(o->tid, STAT_CPU) == 0; }
static bool on_cpu_1(const struct own *o) { return stat_field(o->tid, STAT_CPU) == 1; }
static bool has_guest_time(const struct own *o)
{
	return stat_field(o->tid, STAT_GUEST_TIME) >= 5;
}

static bool has_user_time(const struct own *o)
{
	return stat_field(o->tid, STAT_UTIME) >= 5;
}

static bool cpu_1(bool online)
{
	return put("/sys/devices/system/cpu/cpu1/online", online ? "1" : "0");
}

/* One that may run anywhere, and one that was told to stay on the CPU that goes. */
static void cpu_goes_and_comes(void)
{
	struct own o[2] = { own_start(), own_start_on(1) };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		CHECK(cpu_1(false));
		CHECK(goes_on(o[0].words, 3) && goes_on(o[1].words, 3));
		CHECK(on_cpu_0(&o[0]) && on_cpu_0(&o[1]));
		CHECK(cpu_1(true));
		CHECK(goes_on(o[0].words, 3) && goes_on(o[1].words, 3));
	}
	pin(o[1].tid, 1);
	CHECK(soon(on_cpu_1, &o[1]));
	CHECK(goes_on(o[1].words, 3));
	CHECK_EQ(own_end(&o[0]), 0);
	CHECK_EQ(own_end(&o[1]), 0);
}

static void starts_with_a_cpu_gone(void)
{
	struct own o;

	CHECK(cpu_1(false));
	o = own_start();
	CHECK(goes_on(o.words, 3));
	CHECK(cpu_1(true));
	CHECK(goes_on(o.words, 3));
	CHECK_EQ(own_end(&o), 0);
}

static void affinity(void)
{
	struct own o = own_start();
	unsigned int i;

	for (i = 0; i < 5; i++) {
		pin(o.tid, 1);
		CHECK(soon(on_cpu_1, &o));
		CHECK(goes_on(o.words, 2));
		pin(o.tid, 0);
		CHECK(soon(on_cpu_0, &o));
		CHECK(goes_on(o.words, 2));
	}
	CHECK_EQ(own_end(&o), 0);
}

static const char *tid_text(pid_t tid)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", tid);
	return text;
}

static bool into_cgroup(pid_t tid)
{
	return put(CGROUP "/cgroup.procs", tid_text(tid));
}

static void cpuset(void)
{
	struct own o = own_start();

	CHECK(put("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset"));
	CHECK(put(CGROUP "/cpuset.cpus", "1"));
	CHECK(into_cgroup(o.tid));
	CHECK(soon(on_cpu_1, &o));
	CHECK(goes_on(o.words, 3));
	CHECK(put(CGROUP "/cpuset.cpus", "0"));
	CHECK(soon(on_cpu_0, &o));
	CHECK(goes_on(o.words, 3));
	CHECK_EQ(own_end(&o), 0);
	CHECK(put(CGROUP "/cpuset.cpus", "0-1"));
}

static bool stands(const struct own *o)
{
	uint64_t count = o->words[COUNT];

	usleep(300000);
	return o->words[COUNT] == count;
}

/* The thread itself does it: cgroup2's freezer leaves kernel threads alone. */
static void cgroup_freezer(void)
{
	struct own o = own_start(), other = own_start();
	uint64_t count;

	CHECK(into_cgroup(o.tid));
	CHECK(goes_on(o.words, 3));
	CHECK(put(CGROUP "/cgroup.freeze", "1"));
	CHECK(soon(stands, &o));
	count = o.words[COUNT];
	CHECK(goes_on(other.words, 10));
	CHECK_EQ(o.words[COUNT], count);
	CHECK(put(CGROUP "/cgroup.freeze", "0"));
	CHECK(goes_on(o.words, 3));
	CHECK_EQ(own_end(&o), 0);
	CHECK_EQ(own_end(&other), 0);
}

static void killed_while_frozen(void)
{
	struct own o = own_start();
	struct hvctl_guest *g;

	CHECK(into_cgroup(o.tid));
	CHECK(put(CGROUP "/cgroup.freeze", "1"));
	CHECK(soon(stands, &o));
	CHECK_OK(h, hvctl_kill(h, o.id));
	CHECK_OK(h, hvctl_wait(h, o.id, 60000, &g));
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_KILLED);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, o.id));
	CHECK(put(CGROUP "/cgroup.freeze", "0"));
}

/* More than once: which cgroup a thread was moved to is seen half a second later. */
static void killed_by_its_cgroup(struct own *o)
{
	struct hvctl_guest *g;
	unsigned int tries;
	int err;

	for (tries = 0; tries < 60; tries++) {
		CHECK(put(CGROUP "/cgroup.kill", "1"));
		err = hvctl_wait(h, o->id, 2000, &g);
		if (!err)
			break;
	}
	CHECK_OK(h, err);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_KILLED);
	CHECK_STR(g->stop_detail, "its cgroup was killed");
	hvctl_guest_free(g);
}

/* The start after it is none of its business; one that is frozen dies too. */
static void cgroup_kill(void)
{
	struct own o = own_start(), other = own_start();

	CHECK(into_cgroup(o.tid));
	CHECK(goes_on(o.words, 3));
	killed_by_its_cgroup(&o);
	CHECK_OK(h, hvctl_start(h, o.id));
	CHECK(goes_on(other.words, 10));
	CHECK(goes_on(o.words, 10));
	CHECK(put(CGROUP "/cgroup.freeze", "1"));
	CHECK(soon(stands, &o));
	killed_by_its_cgroup(&o);
	CHECK(put(CGROUP "/cgroup.freeze", "0"));
	CHECK_OK(h, hvctl_remove(h, o.id));
	CHECK(goes_on(other.words, 3));
	CHECK_EQ(own_end(&other), 0);
}

/* Above the guest's own; a kill before a start is no kill of what starts. */
static void cgroup_kill_above(void)
{
	struct own o = own_start();

	CHECK(!mkdir(CGROUP "/below", 0755));
	CHECK(put(CGROUP "/below/cgroup.procs", tid_text(o.tid)));
	CHECK(goes_on(o.words, 3));
	killed_by_its_cgroup(&o);
	CHECK(put(CGROUP "/cgroup.kill", "1"));
	CHECK_OK(h, hvctl_start(h, o.id));
	usleep(1500000);
	CHECK(goes_on(o.words, 3));
	CHECK_EQ(own_end(&o), 0);
	rmdir(CGROUP "/below");
}

/*
 * What top shows of a vCPU's thread.  Guest time is user time too, though not to
 * the tick: the kernel scales the one to what the scheduler measured.
 */
static void guest_time(void)
{
	struct own o = own_start();

	CHECK(soon(has_guest_time, &o));
	CHECK(soon(has_user_time, &o));
	CHECK_EQ(own_end(&o), 0);
}

/* A task that counts, on the guest's CPU; the guest never halts. */
static void others_run(void)
{
	volatile uint64_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct own o = own_start_on(0);
	pid_t task;

	CHECK(goes_on(o.words, 3));
	fflush(stdout);
	task = fork();
	if (!task) {
		pin(0, 0);
		for (;;)
			words[COUNT]++;
	}
	CHECK(goes_on(words, 1000000));
	CHECK(goes_on(o.words, 5));
	CHECK(goes_on(words, 1000000));
	kill(task, SIGKILL);
	waitpid(task, NULL, 0);
	munmap((void *)words, 4096);
	CHECK_EQ(own_end(&o), 0);
}

static const struct tap_test tests[] = {
	{ "a CPU goes offline and comes back", cpu_goes_and_comes },
	{ "a guest starts while a CPU is gone", starts_with_a_cpu_gone },
	{ "threads are moved by their affinity", affinity },
	{ "and by their cgroup's CPUs", cpuset },
	{ "a frozen cgroup holds its guest, and no other", cgroup_freezer },
	{ "a guest is killed while its cgroup is frozen", killed_while_frozen },
	{ "a cgroup's kill ends its guest, and no other", cgroup_kill },
	{ "so does one of a cgroup above", cgroup_kill_above },
	{ "a guest's time is its thread's guest time", guest_time },
	{ "a task on the CPU of a busy guest runs", others_run },
};

int main(void)
{
	int result;

	h = test_open();
	TEST_REQUIRE(!access("/sys/devices/system/cpu/cpu1/online", W_OK), "one CPU is not enough");
	TEST_REQUIRE(!mkdir(CGROUP, 0755) || errno == EEXIST, "no cgroup2");
	say_pace();
	result = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	rmdir(CGROUP);
	return result;
}
