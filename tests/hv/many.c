// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many guests at once, each with work and a status of its own: all of them are
 * there, working, before the first is told that it may end.
 *
 * usage: many [GUESTS]     (64)
 */
#include <sys/mman.h>

#include "items.h"

#define MAX	512
#define ROUNDS	20
#define STEPS	20000

static struct hvctl *h;
static unsigned int guests;
static uint64_t ids[MAX];

/* What payload_many.c computes. */
static uint64_t expected(uint64_t x)
{
	unsigned int i;

	for (i = 0; i < ROUNDS * STEPS; i++)
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
	return x;
}

static void create_all(void)
{
	struct hvctl_spec *spec;
	unsigned int i;

	for (i = 0; i < guests; i++) {
		spec = item_spec(h, "many", i + 1, ROUNDS);
		CHECK_OK(h, hvctl_spec_set(h, spec, "memory", "6M"));
		ids[i] = create_spec(h, spec);
	}
}

static unsigned int running(void)
{
	struct hvctl_guest **list, **g;
	unsigned int n = 0;

	if (hvctl_list(h, &list))
		test_die("list: %s", hvctl_error(h));
	for (g = list; *g; g++)
		n += (*g)->state == HV_STATE_RUNNING;
	hvctl_list_free(list);
	return n;
}

/* Its third argument is what the guest waits for. */
static void let_end(uint64_t id)
{
	void *page;

	if (hvctl_memory_map(h, id, ITEM_ARGS_GPA, 4096, PROT_READ | PROT_WRITE, &page))
		test_die("memory: %s", hvctl_error(h));
	((volatile uint64_t *)page)[2] = 1;
	munmap(page, 4096);
}

static void start_all(void)
{
	unsigned int i;

	for (i = 0; i < guests; i++)
		CHECK_OK(h, hvctl_start(h, ids[i]));
	CHECK_EQ(running(), guests);
	for (i = 0; i < guests; i++)
		let_end(ids[i]);
}

static bool printed_right(unsigned int i)
{
	char *text = console_text(h, ids[i]), want[80];
	bool same;

	snprintf(want, sizeof(want), "guest %016x has %016llx\n", i + 1,
		 (unsigned long long)expected(i + 1));
	same = !strcmp(text, want);
	if (!same)
		printf("# guest %u printed '%s', not '%s'\n", i + 1, text, want);
	free(text);
	return same;
}

static void wait_all(void)
{
	struct hvctl_guest *g;
	unsigned int i;

	for (i = 0; i < guests; i++) {
		CHECK_OK(h, hvctl_wait(h, ids[i], 120000, &g));
		CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
		CHECK_EQ(payload_status(g), i + 1);
		CHECK(printed_right(i));
		hvctl_guest_free(g);
	}
}

static void remove_all(void)
{
	unsigned int i;

	for (i = 0; i < guests; i++)
		CHECK_OK(h, hvctl_remove(h, ids[i]));
}

static const struct tap_test tests[] = {
	{ "all are created", create_all },
	{ "all start", start_all },
	{ "each ends with its own status and result", wait_all },
	{ "all are removed", remove_all },
};

int main(int argc, char **argv)
{
	guests = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(64, 8);
	if (!guests || guests > MAX)
		test_die("1 to %u guests", MAX);
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
