// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl prune
 */
#include <errno.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "all", 'a', NULL, "also those that were never started", NULL },
	{ "filter", 0, "KEY=VALUE", "only guests with this id, name, state, stop or label", NULL },
	{ 0 }
};

static bool is_over(const struct hvctl_guest *guest, bool all)
{
	return guest->state == HV_STATE_STOPPED || (all && guest->state == HV_STATE_CREATED);
}

/* One that somebody else removed or started meanwhile is no failure. */
static int prune_one(struct context *c, struct out *out, const struct hvctl_guest *guest)
{
	int err = hvctl_remove(c->h, guest->id);

	if (err == -ENOENT || err == -EBUSY)
		return 0;
	if (err)
		return fail_library(c, err);
	if (!c->json)
		puts(guest->name);
	out_row(out);
	out_number(out, "id", NULL, guest->id, NULL);
	out_text(out, "name", NULL, guest->name);
	return 0;
}

static int prune(struct context *c, bool all, const struct filters *filters)
{
	struct hvctl_guest **guests;
	int err = hvctl_list(c->h, &guests);
	int status = 0;
	struct out *out;

	if (err)
		return fail_library(c, err);
	out = out_new(c, OUT_TABLE);
	for (struct hvctl_guest **g = guests; *g && !status; g++)
		if (is_over(*g, all) && filter_passes(filters, *g))
			status = prune_one(c, out, *g);
	hvctl_list_free(guests);
	return out_end(out) && !status ? STATUS_FAILED : status;
}

static int run(struct context *c)
{
	struct filters filters = { 0 };
	const struct option_row *row;
	const char *value;
	bool all = false;
	int status = 0;

	while (!status && (row = next_option(c, &value))) {
		if (is_option(row, "all"))
			all = true;
		else
			status = filter_add(c, &filters, value);
	}
	if (!status)
		status = expect_arguments(c, 0, 0);
	if (!status)
		status = open_library(c);
	return status ? status : prune(c, all, &filters);
}

const struct command cmd_prune = {
	.name = "prune", .args = "", .help = "Remove the guests that have stopped",
	.text = "Prints the name of each.",
	.options = options, .run = run,
};
