// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl pause
 */
#include "ctl.h"

static int pause_one(struct context *c, uint64_t id)
{
	int err = hvctl_pause(c->h, id);

	return err ? fail_library(c, err) : 0;
}

static int run(struct context *c)
{
	const char *value;

	while (next_option(c, &value))
		;
	return for_each_guest(c, pause_one);
}

const struct command cmd_pause = {
	.name = "pause", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Hold running guests",
	.text = "No vCPU of theirs runs until resume; their clocks stand still.",
	.run = run,
};
