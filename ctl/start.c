// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl start
 */
#include "ctl.h"

static int start_one(struct context *c, uint64_t id)
{
	int err = hvctl_start(c->h, id);

	return err ? fail_library(c, err) : 0;
}

static int run(struct context *c)
{
	const char *value;

	while (next_option(c, &value))
		;
	return for_each_guest(c, start_one);
}

const struct command cmd_start = {
	.name = "start", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Start created or stopped guests",
	.run = run,
};
