// SPDX-License-Identifier: GPL-2.0-only
/*
 * Endurance: workers make, start, pause, reset, kill and remove guests at random,
 * change their memory and limits and freeze their cgroups, while CPUs go and come and
 * something else wants the host's memory. In the end the host has what it had.
 *
 * usage: churn [SECONDS [SEED]]     (20 1)
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

#include "account.h"
#include "items.h"

#define WORKERS		8
#define GUESTS		4	/* of each worker */
#define PRESSURE	(256UL << 20)
#define MORE_GPA	0x10000000ULL

static unsigned int seconds = 20;
static uint64_t first = 1;
static atomic_bool over;
static atomic_uint tries[16], successes[16];

/**
 * struct worker - one of them
 * @thread: itself
 * @h: a handle of its own
 * @rng: where its numbers come from
 * @id: its guests, 0: none
 */
struct worker {
	pthread_t thread;
	struct hvctl *h;
	uint64_t rng;
	uint64_t id[GUESTS];
};

/* SplitMix64 */
static unsigned int below(struct worker *w, unsigned int n)
{
	uint64_t z = w->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % n;
}

static int make(struct worker *w, uint64_t *id)
{
	/* Some that go on, some that end at once, some that write to all of their memory. */
	static const struct {
		const char *payload;
		uint64_t part, arg;
	} kinds[] = { { "ticker", 0, 0 }, { "ticker", 0, 0 }, { "memory", 3, 0 },
		      { "memory", 0, 32 << 20 } };
	unsigned int kind = below(w, 4);
	struct hvctl_spec *spec = item_spec(w->h, kinds[kind].payload, kinds[kind].part,
					    kinds[kind].arg);
	static const char *const restarts[] = { "no", "no", "on-failure", "always" };
	char vcpus[2] = { '1' + below(w, 3) };
	int err;

	if (hvctl_spec_set(w->h, spec, "memory", kind == 3 ? "48M" : "16M") ||
	    hvctl_spec_set(w->h, spec, "vcpus", vcpus) ||
	    hvctl_spec_set(w->h, spec, "restart", restarts[below(w, 4)]))
		test_die("specification: %s", hvctl_error(w->h));
	err = hvctl_create(w->h, spec, id);
	hvctl_spec_free(spec);
	return err;
}

static int freeze(struct worker *w, uint64_t id)
{
	struct hvctl_guest *g;
	char path[512], group[256] = "";
	FILE *f;
	int fd;

	if (hvctl_get(w->h, id, &g))
		return -1;
	snprintf(path, sizeof(path), "/proc/%u/cgroup", g->vcpu ? g->vcpu->tid : 0);
	hvctl_guest_free(g);
	f = fopen(path, "re");
	if (!f || fscanf(f, "0::%255s", group) != 1 || !strstr(group, "hv.slice"))
		group[0] = '\0';
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.freeze", group);
	fd = group[0] ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return -1;
	if (write(fd, "1", 1) == 1)
		usleep(1000 * below(w, 20));
	while (write(fd, "0", 1) < 0 && errno == EINTR)
		;
	close(fd);
	return 0;
}

static int limits(struct worker *w, uint64_t id)
{
	static const char *const weights[] = { "1", "100", "10000", "none" };

	return hvctl_set(w->h, id, "cpu-weight", weights[below(w, 4)]) ?:
	       hvctl_set(w->h, id, "cpuset", below(w, 2) ? "0" : "0-1");
}

static int registers(struct worker *w, uint64_t id)
{
	struct hv_vcpu_state state;

	return hvctl_get_regs(w->h, id, 0, &state) ?: hvctl_set_regs(w->h, id, 0, &state);
}

static int more(struct worker *w, uint64_t id)
{
	return hvctl_memory_add(w->h, id, MORE_GPA, 4 << 20, -1, 0);
}

static int less(struct worker *w, uint64_t id)
{
	return hvctl_memory_delete(w->h, id, MORE_GPA, 4 << 20);
}

static int peek(struct worker *w, uint64_t id)
{
	char bytes[4096];

	return hvctl_memory_read(w->h, id, 0x100000 + 4096 * below(w, 1000), bytes, sizeof(bytes));
}

static int start(struct worker *w, uint64_t id) { return hvctl_start(w->h, id); }
static int stop(struct worker *w, uint64_t id) { return hvctl_stop(w->h, id); }
static int kill_it(struct worker *w, uint64_t id) { return hvctl_kill(w->h, id); }
static int pause_it(struct worker *w, uint64_t id) { return hvctl_pause(w->h, id); }
static int resume(struct worker *w, uint64_t id) { return hvctl_resume(w->h, id); }
static int reset(struct worker *w, uint64_t id) { return hvctl_reset(w->h, id); }

static const struct {
	const char *name;
	int (*fn)(struct worker *w, uint64_t id);
	unsigned int weight;
} things[] = {
	{ "start", start, 24 }, { "stop", stop, 3 }, { "kill", kill_it, 12 },
	{ "pause", pause_it, 12 }, { "resume", resume, 14 }, { "reset", reset, 6 },
	{ "freeze", freeze, 4 }, { "limits", limits, 4 }, { "registers", registers, 6 },
	{ "more memory", more, 6 }, { "less memory", less, 6 }, { "peek", peek, 3 },
};

#define NR_THINGS	(sizeof(things) / sizeof(things[0]))

static void do_something(struct worker *w, uint64_t id)
{
	unsigned int at = below(w, 100), which = 0;

	for (; at >= things[which].weight; which++)
		at -= things[which].weight;
	tries[which]++;
	successes[which] += !things[which].fn(w, id);
}

static void drop(struct worker *w, uint64_t *id)
{
	/* A restart policy may be quicker. */
	while (hvctl_remove(w->h, *id) == -EBUSY)
		hvctl_kill(w->h, *id);
	*id = 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	while (!over) {
		i = below(w, GUESTS);
		if (!w->id[i] && make(w, &w->id[i]))
			w->id[i] = 0;
		else if (!below(w, 12))
			drop(w, &w->id[i]);
		else
			do_something(w, w->id[i]);
	}
	for (i = 0; i < GUESTS; i++)
		if (w->id[i])
			drop(w, &w->id[i]);
	return NULL;
}

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static unsigned int hotplugs;

static void *hotplug(void *unused)
{
	while (!over) {
		usleep(300000);
		hotplugs += put("/sys/devices/system/cpu/cpu1/online", "0");
		usleep(200000);
		put("/sys/devices/system/cpu/cpu1/online", "1");
	}
	return unused;
}

static void *press(void *unused)
{
	char *memory;

	while (!over) {
		memory = mmap(NULL, PRESSURE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		usleep(100000);
		if (memory != MAP_FAILED)
			munmap(memory, PRESSURE);
		put("/proc/sys/vm/drop_caches", "3");
		usleep(400000);
	}
	return unused;
}

static void churn_for(unsigned int how_long)
{
	static struct worker workers[WORKERS];
	pthread_t others[2];
	unsigned int i;

	over = false;
	for (i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .rng = first * 1000003 + i, .h = test_open() };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			test_die("pthread_create");
	}
	if (pthread_create(&others[0], NULL, hotplug, NULL) ||
	    pthread_create(&others[1], NULL, press, NULL))
		test_die("pthread_create");
	sleep(how_long);
	over = true;
	for (i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		hvctl_close(workers[i].h);
	}
	pthread_join(others[0], NULL);
	pthread_join(others[1], NULL);
}

static unsigned int guests_left(void)
{
	struct hvctl *h = test_open();
	struct hvctl_guest **list;
	unsigned int n = 0;

	if (hvctl_list(h, &list))
		test_die("list: %s", hvctl_error(h));
	while (list[n])
		n++;
	hvctl_list_free(list);
	hvctl_close(h);
	return n;
}

static void churn(void)
{
	struct account before, after;
	unsigned int i, waits = 10;

	churn_for(1 + seconds / 10);
	put("/proc/sys/vm/drop_caches", "3");
	before = take_account();
	churn_for(seconds);
	put("/proc/sys/vm/drop_caches", "3");
	do
		after = take_account();
	while (!is_back(&before, &after) && --waits);
	for (i = 0; i < NR_THINGS; i++)
		printf("# %s: %u of %u\n", things[i].name, successes[i], tries[i]);
	printf("# CPU 1 went %u times\n", hotplugs);
	/* A kernel that looks for bugs keeps what was freed for a while: kmemleak tells there. */
	CHECK(is_back(&before, &after) || !access("/sys/kernel/debug/kmemleak", F_OK));
	CHECK_EQ(guests_left(), 0);
	for (i = 0; i < NR_THINGS; i++)
		CHECK(successes[i]);
}

static const struct tap_test tests[] = {
	{ "the host has what it had", churn },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atoi(argv[1]);
	if (argc > 2)
		first = strtoull(argv[2], NULL, 0);
	hvctl_close(test_open());
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
