// SPDX-License-Identifier: GPL-2.0-only
/*
 * A payload is loaded, entered, heard on the console, and ends with its status.
 */
#include "harness.h"

static struct hvctl *h;

static void ends_with_its_status(void)
{
	struct hvctl_guest *g = run_payload(h, "hello");

	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 7);
	hvctl_guest_free(g);
}

static void console_outlives_it(void)
{
	struct hvctl_spec *spec = payload_spec(h, "hello");
	uint64_t id;
	char *text;

	CHECK_OK(h, hvctl_create(h, spec, &id));
	hvctl_guest_free(run_to_stop(h, id));
	text = console_text(h, id);
	CHECK_STR(text, "hello from a payload\r\n");
	free(text);
	CHECK_OK(h, hvctl_remove(h, id));
	hvctl_spec_free(spec);
}

static const struct tap_test tests[] = {
	{ "a payload ends with its status", ends_with_its_status },
	{ "its console outlives it", console_outlives_it },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
