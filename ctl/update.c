// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl update
 */
#include "ctl.h"

static const struct option_row options[] = {
	{ "label", 'l', "KEY=VALUE", "add a label, or give it another value", "label" },
	{ "unlabel", 0, "KEY", "take a label away", "unlabel" },
	{ "restart", 0, "POLICY", "no, on-failure or always", "restart" },
	{ "on-reset", 0, "POLICY", "reset or stop when it resets itself", "on-reset" },
	{ "rm", 0, "true|false", "remove it when it has stopped", "rm" },
	{ "cpuset", 0, "LIST", "the host's CPUs that it may use, such as 0-3,6; none for all", "cpuset" },
	{ "cpu-weight", 0, "N", "1 to 10000, beside others with 100 each", "cpu-weight" },
	{ "memory-limit", 0, "SIZE", "of all that its cgroup is charged for; or none", "memory-limit" },
	{ 0 }
};

#define CHANGES_MAX	64

/**
 * struct change - what is to be changed
 * @key: what
 * @value: to what
 */
static struct change {
	const char *key;
	const char *value;
} changes[CHANGES_MAX];

static size_t nr_changes;

/* In the order of the command line; the first that is refused is the last. */
static int update_one(struct context *c, uint64_t id)
{
	int err = 0;

	for (size_t i = 0; i < nr_changes && !err; i++)
		err = hvctl_set(c->h, id, changes[i].key, changes[i].value);
	return err ? fail_library(c, err) : 0;
}

static int run(struct context *c)
{
	const struct option_row *row;
	const char *value;

	while ((row = next_option(c, &value))) {
		if (nr_changes == CHANGES_MAX)
			return fail(c, "that is more than %d changes", CHANGES_MAX);
		changes[nr_changes++] = (struct change){ row->key, value };
	}
	if (!options_failed(c) && !nr_changes)
		return fail(c, "say what to change: hvctl update --help lists the options");
	return for_each_guest(c, update_one);
}

const struct command cmd_update = {
	.name = "update", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Change guests that exist, running ones too",
	.text = "Each change counts at once.",
	.options = options, .run = run,
};
