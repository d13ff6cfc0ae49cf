// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests with many vCPUs: a thread each, and all of them meet for every start,
 * reset and end, whichever of them asks.
 *
 * usage: vcpus [ROUNDS] [SEED]
 */
#include <time.h>

#include "ends.h"
#include "items.h"

#define MAX	64U

static struct hvctl *h;
static unsigned int rounds, seed;

static struct hvctl_spec *with_vcpus(struct hvctl_spec *spec, unsigned int n)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", n);
	if (hvctl_spec_set(h, spec, "vcpus", number))
		test_die("vcpus: %s", hvctl_error(h));
	return spec;
}

static uint64_t create_ends(unsigned int n, enum end how)
{
	return create_spec(h, with_vcpus(item_spec(h, "ends", how, 0), n));
}

/* The thread's name, as ps shows it. */
static bool thread_is(uint32_t tid, const char *name)
{
	char path[64], line[128] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/comm", tid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = '\0';
	if (f)
		fclose(f);
	if (strcmp(line, name))
		printf("# thread %u is '%s', not '%s'\n", tid, line, name);
	return !strcmp(line, name);
}

static void threads_by_name(void)
{
	struct hvctl_spec *spec = with_vcpus(payload_spec(h, "hello"), MAX);
	struct hvctl_guest *g;
	struct hvctl_vcpu *v;
	unsigned int i = 0;
	char name[32];
	uint64_t id;

	CHECK_OK(h, hvctl_spec_set(h, spec, "name", "crowd"));
	id = create_spec(h, spec);
	CHECK_OK(h, hvctl_get(h, id, &g));
	CHECK_EQ(g->vcpus, MAX);
	for (v = g->vcpu; v; v = v->next, i++) {
		snprintf(name, sizeof(name), "hv/crowd/%u", i);
		CHECK_EQ(v->index, i);
		CHECK(thread_is(v->tid, name));
	}
	CHECK_EQ(i, MAX);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

/* Every vCPU once and in order, however many messages it takes. */
static bool counters_whole(const struct hvctl_guest *g)
{
	const struct hvctl_vcpu *v;
	unsigned int i = 0;

	for (v = g->vcpu; v && v->index == i; v = v->next)
		i++;
	return !v && i == MAX;
}

static void counters_of_all(void)
{
	uint64_t a = create_ends(MAX, END_HALT), b = create_ends(MAX, END_HALT);
	struct hvctl_guest **all, *g = last_stats(h, a);

	CHECK(counters_whole(g));
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_list_stats(h, &all));
	CHECK(all[0] && all[1] && !all[2]);
	CHECK(all[0]->id == a && counters_whole(all[0]));
	CHECK(all[1]->id == b && counters_whole(all[1]));
	hvctl_list_free(all);
	CHECK_OK(h, hvctl_remove(h, a));
	CHECK_OK(h, hvctl_remove(h, b));
}

/* The others wait for a start-up message meanwhile, and all meet for the end. */
static void runs_to_its_end(unsigned int n)
{
	struct hvctl_guest *g;
	uint64_t id;

	id = create_spec(h, with_vcpus(item_spec(h, "ends", END_EXIT_WORD, 0), n));
	g = run_or_kill(h, id, ITEM_MS);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(g->stop_status, 0x1234 << 1 | 1);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

static void ends_of_any_size(void)
{
	static const unsigned int sizes[] = { 1, 2, 3, 8, 63, 64 };
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		runs_to_its_end(sizes[i]);
}

static void reboots(void)
{
	struct hvctl_spec *spec = with_vcpus(item_spec(h, "reboots", 0, 5), 8);
	struct hvctl_guest *g;
	uint64_t id;

	CHECK_OK(h, hvctl_spec_set(h, spec, "on-reset", "reset"));
	id = create_spec(h, spec);
	g = run_or_kill(h, id, ITEM_MS);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 6);
	CHECK_EQ(g->resets, 5);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

/* One that spins is killed at a random moment after its start, or starts again. */
static void kill_round(uint64_t id)
{
	struct hvctl_guest *g;

	CHECK_OK(h, hvctl_start(h, id));
	usleep(rand_r(&seed) % 2000);
	CHECK_OK(h, hvctl_kill(h, id));
	CHECK_OK(h, hvctl_get(h, id, &g));
	CHECK_EQ(g->state, HV_STATE_STOPPED);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_KILLED);
	hvctl_guest_free(g);
}

static void killed_at_any_moment(void)
{
	unsigned int i;
	uint64_t id;

	printf("# seed %u\n", seed);
	for (i = 0; i < rounds && tap_ok; i++) {
		id = create_ends(1 + rand_r(&seed) % MAX, i % 2 ? END_SPIN : END_EXIT_STORM);
		kill_round(id);
		kill_round(id);
		CHECK_OK(h, hvctl_remove(h, id));
	}
}

static const struct tap_test tests[] = {
	{ "64 threads with their names", threads_by_name },
	{ "counters of 64 vCPUs", counters_of_all },
	{ "guests of any size run and end", ends_of_any_size },
	{ "8 vCPUs reboot", reboots },
	{ "killed and started again at random moments", killed_at_any_moment },
};

int main(int argc, char **argv)
{
	seed = time(NULL);
	rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(60, 6);
	if (argc > 2)
		seed = atoi(argv[2]);
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
