// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to control guests.
 *
 * usage: control life PAYLOAD ROUNDS   from create to remove, of a guest that ends
 *                                      with its first instruction
 *        control list PAYLOAD COUNT    a list of COUNT guests
 *        control limits PAYLOAD        who gets how much of one CPU
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../hv/nl.h"
#include "guest.h"

#define LIST_ROUNDS	9

static int by_ticks(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, int count)
{
	qsort(values, count, sizeof(*values), by_ticks);
	return values[count / 2];
}

/* A life. */

enum step { CREATE, START, END, REMOVE, ALL, STEPS };

static const char *const step_names[STEPS] = { "create", "start", "end", "remove", "all" };

/* Each step's ticks go to @round of its row. */
static void one_life(const char *payload, const char *cgroup, uint64_t **rows, int round)
{
	struct hvctl_spec *spec = flat_spec(payload);
	struct hvctl_guest *guest;
	uint64_t at[STEPS], id;
	int step;

	if (cgroup)
		must(hvctl_spec_set(h, spec, "cgroup", cgroup), "cgroup");
	at[CREATE] = ticks();
	id = create(spec);
	at[START] = ticks();
	must(hvctl_start(h, id), "start");
	at[END] = ticks();
	must(hvctl_wait(h, id, GUEST_MS, &guest), "wait");
	at[REMOVE] = ticks();
	must(hvctl_remove(h, id), "remove");
	at[ALL] = ticks();
	if (guest->stop_reason != HV_STOP_REASON_DEBUG_EXIT)
		die("the payload ended: %s", hvctl_stop_reason_name(guest->stop_reason));
	hvctl_guest_free(guest);
	for (step = CREATE; step < ALL; step++)
		rows[step][round] = at[step + 1] - at[step];
	rows[ALL][round] = at[ALL] - at[CREATE];
}

/* Medians; the first round is not counted: what it brings about stays. */
static void life(const char *who, const char *payload, const char *cgroup, int rounds)
{
	uint64_t *rows[STEPS];
	int step, i;

	for (step = 0; step < STEPS; step++)
		rows[step] = calloc(rounds + 1, sizeof(uint64_t));
	for (i = 0; i <= rounds; i++)
		one_life(payload, cgroup, rows, i);
	for (step = 0; step < STEPS; step++) {
		printf("life %s_%s %llu\n", who, step_names[step],
		       (unsigned long long)median(rows[step] + 1, rounds));
		free(rows[step]);
	}
}

/* Lists. */

/* The kernel's side alone, and the copy: nobody reads what comes. */
static void dump(void)
{
	static struct nl *s;
	struct nl_msg m;

	if (!s)
		s = nl_open();
	nl_start(&m, s->family, HV_CMD_GUEST_GET, NLM_F_DUMP);
	nl_send(s, &m);
	while (!nl_receive(s))
		s->len = 0;
	if (s->error)
		die("dump: %s", s->sentence);
}

static void list(void)
{
	struct hvctl_guest **guests;

	must(hvctl_list(h, &guests), "list");
	hvctl_list_free(guests);
}

static void spawn(char **argv)
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) < 0 || status)
		die("%s failed", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
}

static void ls(void)
{
	spawn((char *[]){ "hvctl", "ls", "-a", NULL });
}

static void ls_json(void)
{
	spawn((char *[]){ "hvctl", "-j", "ls", "-a", NULL });
}

static void print_list(const char *name, void (*what)(void))
{
	uint64_t took[LIST_ROUNDS], begin;
	int i;

	what();
	for (i = 0; i < LIST_ROUNDS; i++) {
		begin = ticks();
		what();
		took[i] = ticks() - begin;
	}
	printf("list %s %llu\n", name, (unsigned long long)median(took, LIST_ROUNDS));
}

static void lists(const char *payload, int count)
{
	uint64_t *ids = calloc(count, sizeof(*ids));
	int i;

	print_list("ls_none", ls);
	for (i = 0; i < count; i++) {
		struct hvctl_spec *spec = flat_spec(payload);

		must(hvctl_spec_set(h, spec, "cgroup", ""), "cgroup");
		ids[i] = create(spec);
	}
	printf("list guests %d\n", count);
	print_list("dump", dump);
	print_list("library", list);
	print_list("ls", ls);
	print_list("ls_json", ls_json);
	for (i = 0; i < count; i++)
		must(hvctl_remove(h, ids[i]), "remove");
	free(ids);
}

/* Limits. */

#define HOST_SECONDS	4

/**
 * struct busy - a guest that counts
 * @id: its id
 * @name: of its cgroup, too
 * @count: where it counts
 */
struct busy {
	uint64_t id;
	const char *name;
	volatile uint64_t *count;
};

static struct busy busy(const char *payload, const char *name, const char *weight)
{
	struct hvctl_spec *spec = flat_spec(payload);
	struct busy b = { .name = name };
	void *memory;

	must(hvctl_spec_set(h, spec, "name", name), "name");
	must(hvctl_spec_set(h, spec, "cpu-weight", weight), "cpu-weight");
	b.id = create(spec);
	must(hvctl_memory_map(h, b.id, BENCH_GPA, 4096, PROT_READ | PROT_WRITE, &memory), "map");
	b.count = memory;
	must(hvctl_start(h, b.id), "start");
	return b;
}

/* What each has counted in some seconds of the host's, once it has settled. */
static void work(const struct busy *a, const struct busy *b, uint64_t *of_a, uint64_t *of_b)
{
	uint64_t from_a, from_b;

	sleep(1);
	from_a = *a->count;
	from_b = *b->count;
	sleep(HOST_SECONDS);
	*of_a = *a->count - from_a;
	*of_b = *b->count - from_b;
}

static void print_shares(const char *what, const struct busy *a, const struct busy *b)
{
	uint64_t of_a, of_b;

	work(a, b, &of_a, &of_b);
	printf("limits %s_a %llu\nlimits %s_b %llu\n", what, (unsigned long long)of_a, what,
	       (unsigned long long)of_b);
}

static void cpu_max(const struct busy *b, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/fs/cgroup/hv.slice/%s/cpu.max", b->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void limits(const char *payload)
{
	struct busy a = busy(payload, "light", "100"), b = busy(payload, "heavy", "300");

	print_shares("weights", &a, &b);
	must(hvctl_set(h, a.id, "cpu-weight", "300"), "cpu-weight");
	must(hvctl_set(h, b.id, "cpu-weight", "100"), "cpu-weight");
	print_shares("swapped", &a, &b);
	cpu_max(&b, "20000 100000");
	print_shares("max", &a, &b);
	must(hvctl_pause(h, a.id), "pause");
	print_shares("alone", &a, &b);
	cpu_max(&b, "max 100000");
	print_shares("free", &a, &b);
	end_guest(a.id);
	end_guest(b.id);
}

int main(int argc, char **argv)
{
	if (hvctl_open(&h))
		die("hvctl_open failed");
	if (argc == 4 && !strcmp(argv[1], "life")) {
		life("own", argv[2], NULL, atoi(argv[3]));
		life("none", argv[2], "", atoi(argv[3]));
	} else if (argc == 4 && !strcmp(argv[1], "list")) {
		lists(argv[2], atoi(argv[3]));
	} else if (argc == 3 && !strcmp(argv[1], "limits")) {
		limits(argv[2]);
	} else {
		die("usage: control life PAYLOAD ROUNDS | list PAYLOAD COUNT | limits PAYLOAD");
	}
	return 0;
}
