// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest goes through every mode of the CPU and every kind of paging.
 */
#include "harness.h"

static struct hvctl *h;

static void modes(void)
{
	struct hvctl_spec *spec = payload_spec(h, "modes");
	struct hvctl_guest *g;
	uint64_t id;
	char *text;

	CHECK_OK(h, hvctl_create(h, spec, &id));
	hvctl_spec_free(spec);
	g = run_to_stop(h, id);
	text = console_text(h, id);
	CHECK_OK(h, hvctl_remove(h, id));
	if (g->stop_reason != HV_STOP_REASON_DEBUG_EXIT)
		printf("# %s: %s\n", hvctl_stop_reason_name(g->stop_reason), g->stop_detail);
	CHECK_STR(text, "abcdefghiabcdefghi");
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	free(text);
	hvctl_guest_free(g);
}

static const struct tap_test tests[] = {
	{ "long mode, PAE, 32-bit paging, real mode, and back, twice", modes },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
