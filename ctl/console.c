// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl console
 */
#include <errno.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "read-only", 'r', NULL, "show only; leave the input to others", NULL },
	{ 0 }
};

static int show(struct context *c, uint64_t id, bool read_only)
{
	struct hvctl_guest *guest;
	struct attachment a;
	enum attach_end end;
	int err = hvctl_get(c->h, id, &guest);
	int status = 0;

	if (err)
		return fail_library(c, err);
	err = attach_open(c, id, read_only, &a);
	if (err == -EBUSY)
		status = fail(c, "%s; hvctl console --read-only %s only shows it",
			      hvctl_error(c->h), guest->name);
	else if (err)
		status = fail_library(c, err);
	if (!err) {
		end = attach_run(&a);
		if (end != ATTACH_STOPPED)
			status = attach_finish(c, &a, end, guest->name);
		attach_close(&a);
	}
	hvctl_guest_free(guest);
	return status;
}

static int run(struct context *c)
{
	bool read_only = false;
	const char *value;
	uint64_t id;
	int status;

	while (next_option(c, &value))
		read_only = true;
	status = expect_arguments(c, 1, 1);
	if (!status)
		status = open_library(c);
	if (!status)
		status = find_guest(c, c->argv[0], &id);
	return status ? status : show(c, id, read_only);
}

const struct command cmd_console = {
	.name = "console", .args = "NAME", .argument = ARGUMENT_GUEST,
	.help = "Show a guest's console and type into it; Ctrl-] detaches",
	.options = options, .run = run,
};
