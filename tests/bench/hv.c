// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of hv.
 *
 * usage: hv exits PAYLOAD          instructions of each kind of exit
 *        hv memory PAYLOAD COUNT   the host's memory for each of COUNT idle guests
 *        hv alive PAYLOAD COUNT    COUNT guests at once, of which each answers
 *        hv boot KERNEL INITRD     from hvctl run to a guest's user space
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define REACHED		"hv guest: user space reached"

/* Exits. */

static void exits(const char *payload)
{
	uint64_t id = create(flat_spec(payload));
	struct hvctl_guest *guest;
	void *rows;

	must(hvctl_start(h, id), "start");
	must(hvctl_wait(h, id, GUEST_MS, &guest), "wait");
	if (guest->stop_reason != HV_STOP_REASON_DEBUG_EXIT)
		die("the payload ended: %s %s", hvctl_stop_reason_name(guest->stop_reason),
		    guest->stop_detail);
	must(hvctl_memory_map(h, id, BENCH_GPA, 1 << 20, PROT_READ | PROT_WRITE, &rows), "map");
	print_samples("hv", rows);
	must(hvctl_remove(h, id), "remove");
}

/* Memory. */

/**
 * struct memory - /proc/meminfo's account, in bytes
 * @free: MemFree, and what waits on the CPUs' own lists to be used again
 * @shmem: guests' pages
 * @slab: Slab
 * @stacks: KernelStack
 * @percpu: Percpu
 * @user: pages of processes, and page tables and caches on their behalf
 */
struct memory {
	int64_t free, shmem, slab, stacks, percpu, user;
};

static void add_field(struct memory *m, const char *name, int64_t bytes)
{
	static const char *const user[] = { "AnonPages", "Cached", "Buffers", "PageTables" };
	unsigned int i;

	if (!strcmp(name, "MemFree"))
		m->free = bytes;
	else if (!strcmp(name, "Shmem"))
		m->shmem = bytes;
	else if (!strcmp(name, "Slab"))
		m->slab = bytes;
	else if (!strcmp(name, "KernelStack"))
		m->stacks = bytes;
	else if (!strcmp(name, "Percpu"))
		m->percpu = bytes;
	for (i = 0; i < sizeof(user) / sizeof(user[0]); i++)
		if (!strcmp(name, user[i]))
			m->user += bytes;
}

/* What is freed late (RCU, per-CPU lists) has had its time. */
static void settle(void)
{
	int fd;

	sleep(2);
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "3", 1) != 1)
		die("drop_caches: %s", strerror(errno));
	close(fd);
	sleep(1);
}

/* MemFree lacks them, and there can be tens of megabytes: /proc/zoneinfo, 'count:'. */
static int64_t on_cpu_lists(void)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	char *line = NULL;
	long long pages;
	int64_t sum = 0;
	size_t size = 0;

	if (!f)
		die("/proc/zoneinfo: %s", strerror(errno));
	while (getline(&line, &size, f) > 0)
		if (sscanf(line, " count: %lld", &pages) == 1)
			sum += pages * 4096;
	free(line);
	fclose(f);
	return sum;
}

static struct memory memory_now(void)
{
	struct memory m = { 0 };
	char name[64];
	long long kib;
	FILE *f;

	settle();
	f = fopen("/proc/meminfo", "re");
	if (!f)
		die("/proc/meminfo: %s", strerror(errno));
	while (fscanf(f, " %63[^:]: %lld%*[^\n]", name, &kib) == 2)
		add_field(&m, name, kib << 10);
	fclose(f);
	m.user -= m.shmem;	/* Cached has it too */
	m.free += on_cpu_lists();
	return m;
}

static void print_memory(const char *what, int count, struct memory a, struct memory b,
			 int64_t tables)
{
	int64_t all = a.free - b.free;
	int64_t shmem = b.shmem - a.shmem;
	int64_t kernel = all - shmem - tables - (b.user - a.user);

	printf("memory %s_total %lld\n", what, (long long)all / count);
	printf("memory %s_pages %lld\n", what, (long long)shmem / count);
	printf("memory %s_tables %lld\n", what, (long long)tables / count);
	printf("memory %s_kernel %lld\n", what, (long long)kernel / count);
	printf("memory %s_slab %lld\n", what, (long long)(b.slab - a.slab) / count);
	printf("memory %s_stack %lld\n", what, (long long)(b.stacks - a.stacks) / count);
	printf("memory %s_percpu %lld\n", what, (long long)(b.percpu - a.percpu) / count);
}

static uint64_t idle_guest(const char *payload)
{
	uint64_t id = create(flat_spec(payload));

	must(hvctl_start(h, id), "start");
	return id;
}

static int64_t table_bytes(const uint64_t *ids, int count)
{
	struct hvctl_guest *guest;
	int64_t bytes = 0;
	int i;

	for (i = 0; i < count; i++) {
		must(hvctl_get(h, ids[i], &guest), "get");
		if (guest->state != HV_STATE_RUNNING)
			die("an idle guest is %s: %s %s", hvctl_state_name(guest->state),
			    hvctl_stop_reason_name(guest->stop_reason), guest->stop_detail);
		bytes += guest->table_pages * 4096;
		if (!i)
			printf("memory guest_said %llu\n",
			       (unsigned long long)guest->kernel_memory);
		hvctl_guest_free(guest);
	}
	return bytes;
}

/* A cgroup is the host's own price for a guest that has one: known apart. bench.slice is there. */
static void cgroups(int count)
{
	struct memory before = memory_now(), after;
	char path[64];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/bench.slice/%d", i);
		if (mkdir(path, 0755))
			die("%s: %s", path, strerror(errno));
	}
	after = memory_now();
	print_memory("cgroup", count, before, after, 0);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/bench.slice/%d", i);
		rmdir(path);
	}
}

static void memory(const char *payload, int count)
{
	uint64_t *ids = calloc(count, sizeof(*ids));
	struct memory before, after;
	int i;

	/* One before all: what the first guest brings about stays. */
	end_guest(idle_guest(payload));
	before = memory_now();
	for (i = 0; i < count; i++)
		ids[i] = idle_guest(payload);
	after = memory_now();
	printf("memory guests %d\n", count);
	print_memory("guest", count, before, after, table_bytes(ids, count));
	for (i = 0; i < count; i++)
		end_guest(ids[i]);
	after = memory_now();
	print_memory("left", count, before, after, 0);
	free(ids);
}

/* Many at once. */

static uint64_t small_guest(const char *payload)
{
	struct hvctl_spec *spec = flat_spec(payload);
	uint64_t id;

	/* Less than a large page, which it would not need. */
	must(hvctl_spec_set(h, spec, "memory", "1536K"), "memory");
	id = create(spec);
	must(hvctl_start(h, id), "start");
	return id;
}

/* Gives the guest @word to copy; or waits until it has. */
static void ask(uint64_t id, uint64_t word, bool wait)
{
	volatile uint64_t *words;
	void *page;

	must(hvctl_memory_map(h, id, ANSWER_GPA, 4096, PROT_READ | PROT_WRITE, &page), "map");
	words = (void *)((char *)page + ANSWER_WORD);
	if (!wait)
		words[0] = word;
	while (wait && words[1] != word)
		usleep(10000);
	munmap(page, 4096);
}

static void alive(const char *payload, int count)
{
	uint64_t *ids = calloc(count, sizeof(*ids)), begin, all;
	struct memory before, after;
	int i;

	end_guest(small_guest(payload));
	before = memory_now();
	begin = ticks();
	for (i = 0; i < count; i++)
		ids[i] = small_guest(payload);
	all = ticks() - begin;
	after = memory_now();
	for (i = 0; i < 2 * count; i++)
		ask(ids[i % count], i % count + 1, i >= count);
	printf("alive %d_start %llu\n", count, (unsigned long long)(all / count));
	printf("alive %d_memory %lld\n", count, (long long)(before.free - after.free) / count);
	for (i = 0; i < count; i++)
		end_guest(ids[i]);
	free(ids);
}

/* Boot. */

static void hvctl_run(char *kernel, char *initrd)
{
	char *argv[] = {
		"hvctl", "run", "-d", "-m", "256M", "--name", "bench", "--on-reset", "stop",
		"--initrd", initrd, kernel, "--", "console=ttyS0", "hvtest=reboot", NULL
	};
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) < 0 || status)
		die("hvctl run failed");
}

static void read_until(int fd, const char *line)
{
	static char text[1 << 20];
	size_t used = 0, from = 0;
	ssize_t n;

	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0) {
		used += n;
		text[used] = '\0';
		/* Only where it can be new: this program's work counts, too. */
		if (strstr(text + from, line))
			return;
		from = used > strlen(line) ? used - strlen(line) : 0;
	}
	die("the guest did not reach its user space; its console ends: %s",
	    text + (used > 500 ? used - 500 : 0));
}

/* Less than this many ticks, each time: see struct hvctl_exit. */
static uint64_t longest(const struct hvctl_exit *e)
{
	unsigned int i = HVCTL_EXIT_TIMES - 1;

	while (i && !e->times[i])
		i--;
	return 128ULL << i;
}

static void print_exits(uint64_t id)
{
	const struct hvctl_exit *e;
	struct hvctl_guest *stats;

	must(hvctl_stats(h, id, &stats), "stats");
	printf("boot entries %llu\n", (unsigned long long)stats->vcpu->entries);
	printf("boot core_ticks %llu\n", (unsigned long long)stats->vcpu->guest_ticks);
	for (e = stats->vcpu->exits; e; e = e->next)
		if (e->count)
			printf("reason %s %llu\nlongest %s %llu\n", e->name,
			       (unsigned long long)e->count, e->name,
			       (unsigned long long)longest(e));
	hvctl_guest_free(stats);
}

static void boot(char *kernel, char *initrd)
{
	uint64_t begin = ticks(), created, reached, ended, id;
	struct hvctl_guest *guest;

	hvctl_run(kernel, initrd);
	created = ticks();
	must(hvctl_lookup(h, "bench", &id), "lookup");
	read_until(hvctl_console(h, id, 0), REACHED);
	reached = ticks();
	must(hvctl_wait(h, id, GUEST_MS, &guest), "wait");
	ended = ticks();
	if (guest->stop_reason != HV_STOP_REASON_RESET)
		die("the guest ended: %s %s", hvctl_stop_reason_name(guest->stop_reason),
		    guest->stop_detail);
	printf("boot hvctl_run %llu\n", (unsigned long long)(created - begin));
	printf("boot user_space %llu\n", (unsigned long long)(reached - begin));
	printf("boot reset %llu\n", (unsigned long long)(ended - begin));
	printf("boot resident %llu\n", (unsigned long long)guest->memory_resident);
	print_exits(id);
	must(hvctl_remove(h, id), "remove");
}

int main(int argc, char **argv)
{
	if (hvctl_open(&h))
		die("hvctl_open failed");
	if (argc == 3 && !strcmp(argv[1], "exits")) {
		exits(argv[2]);
	} else if (argc == 4 && !strcmp(argv[1], "memory")) {
		memory(argv[2], atoi(argv[3]));
		cgroups(atoi(argv[3]));
	} else if (argc == 4 && !strcmp(argv[1], "alive")) {
		alive(argv[2], atoi(argv[3]));
	} else if (argc == 4 && !strcmp(argv[1], "boot")) {
		boot(argv[2], argv[3]);
	} else {
		die("usage: hv exits PAYLOAD | memory PAYLOAD COUNT | alive PAYLOAD COUNT | boot KERNEL INITRD");
	}
	return 0;
}
