// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl rm
 */
#include <errno.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "force", 'f', NULL, "kill those that run", NULL },
	{ 0 }
};

static int remove_one(struct context *c, uint64_t id)
{
	int err = hvctl_remove(c->h, id);

	return err ? fail_library(c, err) : 0;
}

/*
 * One that does not run need not be killed, so what kill says does not
 * matter: what remove says does.
 */
static int force_one(struct context *c, uint64_t id)
{
	if (hvctl_kill(c->h, id) == -ENOENT)
		return fail_library(c, -ENOENT);
	return remove_one(c, id);
}

static int run(struct context *c)
{
	bool force = false;
	const char *value;

	while (next_option(c, &value))
		force = true;
	return for_each_guest(c, force ? force_one : remove_one);
}

const struct command cmd_rm = {
	.name = "rm", .args = "NAME...", .argument = ARGUMENT_GUEST, .help = "Remove guests",
	.options = options, .run = run,
};
