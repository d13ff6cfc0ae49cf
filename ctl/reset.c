// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl reset
 */
#include "ctl.h"

static int reset_one(struct context *c, uint64_t id)
{
	int err = hvctl_reset(c->h, id);

	return err ? fail_library(c, err) : 0;
}

static int run(struct context *c)
{
	const char *value;

	while (next_option(c, &value))
		;
	return for_each_guest(c, reset_one);
}

const struct command cmd_reset = {
	.name = "reset", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Press the reset button of running guests",
	.text = "Memory is cleared and the boot manifest applied, whatever on-reset says.",
	.run = run,
};
