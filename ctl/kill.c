// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl kill
 */
#include "ctl.h"

static int kill_one(struct context *c, uint64_t id)
{
	int err = hvctl_kill(c->h, id);

	return err ? fail_library(c, err) : 0;
}

static int run(struct context *c)
{
	const char *value;

	while (next_option(c, &value))
		;
	return for_each_guest(c, kill_one);
}

const struct command cmd_kill = {
	.name = "kill", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Stop running guests at once",
	.run = run,
};
