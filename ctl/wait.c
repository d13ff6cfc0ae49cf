// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl wait
 */
#include <errno.h>
#include <limits.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "timeout", 't', "SECONDS", "give up after so long; for ever by default", NULL },
	{ 0 }
};

static int timeout_ms = -1;

static int wait_one(struct context *c, uint64_t id)
{
	struct hvctl_guest *guest;
	char stop[320];
	int err, status;

	do
		err = hvctl_wait(c->h, id, timeout_ms, &guest);
	while (err == -EINTR);
	if (err == -ENOENT) {
		fail(c, "the guest was removed while it ran");
		return STATUS_NO_GUEST;
	}
	if (err)
		return fail_library(c, err);
	if (!c->json) {
		printf("%s: %s\n", guest->name, stop_text(stop, sizeof(stop), guest));
		fflush(stdout);
	}
	status = end_status(c, guest);
	hvctl_guest_free(guest);
	return status;
}

static int run(struct context *c)
{
	const struct option_row *row;
	const char *value;
	uint64_t seconds;
	int status = 0;

	while (!status && (row = next_option(c, &value))) {
		status = take_number(c, row, value, INT_MAX / 1000, &seconds);
		if (!status)
			timeout_ms = seconds * 1000;
	}
	return status ? status : for_each_guest(c, wait_one);
}

const struct command cmd_wait = {
	.name = "wait", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Wait until guests have stopped",
	.text = "Prints why each of them stopped, and ends with the status of the first that is not 0: "
		"a guest that powered off or reset itself has 0, one that wrote its debug-exit port "
		"what QEMU makes of the value, and any other end is a failure (125). With -j the "
		"guest's own status and hvctl's cannot be confused.",
	.options = options, .run = run,
};
