// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl resume
 */
#include "ctl.h"

static int resume_one(struct context *c, uint64_t id)
{
	int err = hvctl_resume(c->h, id);

	return err ? fail_library(c, err) : 0;
}

static int run(struct context *c)
{
	const char *value;

	while (next_option(c, &value))
		;
	return for_each_guest(c, resume_one);
}

const struct command cmd_resume = {
	.name = "resume", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Let paused guests go on where they were",
	.run = run,
};
