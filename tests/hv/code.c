// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code in memory that was data before, by large pages where there are any: on a CPU
 * that must not execute from those, they become small ones.
 */
#include "items.h"

#define PART_CODE	4
#define CODE_END	(12UL << 20)
#define LARGE_PAGES	4	/* of code, up to there */

static struct hvctl *h;

static void runs(void)
{
	uint64_t id = create_spec(h, item_spec(h, "memory", PART_CODE, CODE_END));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS), *stats;
	struct hv_info info;
	char *text;

	CHECK_OK(h, hvctl_info(h, &info));
	stats = last_stats(h, id);
	text = console_text(h, id);
	CHECK_EQ(show_items(text), 1);
	free(text);
	CHECK_EQ(payload_status(g), 0);
	printf("# code in 4 KiB pages alone: %s; %llu pages of tables, %llu KiB resident\n",
	       info.features & HV_FEATURE_SMALL_CODE ? "yes" : "no",
	       (unsigned long long)stats->table_pages,
	       (unsigned long long)stats->memory_resident >> 10);
	if (info.features & HV_FEATURE_SMALL_CODE)
		CHECK(stats->table_pages >= LARGE_PAGES + 4);
	CHECK_OK(h, hvctl_remove(h, id));
	hvctl_guest_free(stats);
	hvctl_guest_free(g);
}

/* And again, after a start that has cleared it: nothing of the split is left. */
static void runs_again(void)
{
	uint64_t id = create_spec(h, item_spec(h, "memory", PART_CODE, CODE_END));
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);

		CHECK_EQ(payload_status(g), 0);
		hvctl_guest_free(g);
	}
	CHECK_OK(h, hvctl_remove(h, id));
}

static const struct tap_test tests[] = {
	{ "what was written is run", runs },
	{ "after another start too", runs_again },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
