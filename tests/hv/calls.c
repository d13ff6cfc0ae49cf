// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv's guest interface: its payload looks at results, this side at the console
 * and at the end.
 */
#include "items.h"

static struct hvctl *h;

static void results(void)
{
	uint64_t id = create_spec(h, item_spec(h, "calls", 0, 0));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);
	char *text = console_text(h, id);
	bool written = strstr(text, "ok written by a call\n") &&
		       strstr(text, "ok written by the other call\n");
	unsigned int good = show_items(text);

	free(text);
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	CHECK(good > 30);
	CHECK(written);
	hvctl_guest_free(g);
}

static void end(void)
{
	uint64_t id = create_spec(h, item_spec(h, "calls", 1, 0));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);

	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_STR(hvctl_stop_reason_name(g->stop_reason), "exit");
	CHECK_EQ(g->stop_status, 7);
	hvctl_guest_free(g);
}

static const struct tap_test tests[] = {
	{ "results, limits and errors", results },
	{ "a guest that ends itself", end },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
