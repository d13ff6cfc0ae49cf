// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl stop and hvctl restart
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "timeout", 't', "SECONDS", "kill what has not stopped by then; 10 by default", NULL },
	{ 0 }
};

#define SECONDS_DEFAULT	10

/**
 * struct stopping - guests on their way to their end
 * @id: those whose buttons were pressed
 * @count: how many
 * @deadline: of all of them: none waits longer because another one does
 */
static struct stopping {
	uint64_t *id;
	size_t count;
	long long deadline;
} stopping;

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* All buttons before the first wait.  Who says no here is asked again, and heard. */
static int press_all(struct context *c, uint64_t seconds)
{
	uint64_t id;

	stopping.deadline = now_ms() + seconds * 1000;
	stopping.id = calloc(c->argc + 1, sizeof(*stopping.id));
	if (!stopping.id)
		return fail(c, "out of memory");
	for (int i = 0; i < c->argc; i++)
		if (!hvctl_lookup(c->h, c->argv[i], &id) && !hvctl_stop(c->h, id))
			stopping.id[stopping.count++] = id;
	return 0;
}

static bool was_pressed(uint64_t id)
{
	for (size_t i = 0; i < stopping.count; i++)
		if (stopping.id[i] == id)
			return true;
	return false;
}

/* One that has stopped meanwhile, or is gone since, is what was wanted. */
static int kill_late(struct context *c, uint64_t id)
{
	int err = hvctl_kill(c->h, id);

	return err && err != -EBUSY && err != -ENOENT ? fail_library(c, err) : 0;
}

static int await_end(struct context *c, uint64_t id)
{
	struct hvctl_guest *guest = NULL;
	long long left;
	int err;

	do {
		left = stopping.deadline - now_ms();
		err = hvctl_wait(c->h, id, left > 0 ? (int)left : 0, &guest);
	} while (err == -EINTR);
	hvctl_guest_free(guest);
	if (err == -ETIMEDOUT)
		return kill_late(c, id);
	return err && err != -ENOENT ? fail_library(c, err) : 0;
}

static int stop_one(struct context *c, uint64_t id)
{
	int err = was_pressed(id) ? 0 : hvctl_stop(c->h, id);

	return err ? fail_library(c, err) : await_end(c, id);
}

/* One that does not run need not be stopped. */
static int restart_one(struct context *c, uint64_t id)
{
	int status = was_pressed(id) ? await_end(c, id) : 0;
	int err = status ? 0 : hvctl_start(c->h, id);

	return err ? fail_library(c, err) : status;
}

static int run_each(struct context *c, int (*act)(struct context *c, uint64_t id))
{
	uint64_t seconds = SECONDS_DEFAULT;
	const struct option_row *row;
	const char *value;
	int status = 0;

	while (!status && (row = next_option(c, &value)))
		status = take_number(c, row, value, INT_MAX / 1000, &seconds);
	if (!status)
		status = expect_arguments(c, 1, -1);
	if (!status)
		status = open_library(c);
	if (!status)
		status = press_all(c, seconds);
	if (!status)
		status = for_each_guest(c, act);
	free(stopping.id);
	return status;
}

static int stop(struct context *c)
{
	return run_each(c, stop_one);
}

static int restart(struct context *c)
{
	return run_each(c, restart_one);
}

#define HOW \
	"Presses the power button of each guest, which asks its operating system to end, and kills " \
	"what has not stopped in time. A paused guest does not notice the button, and is killed."

const struct command cmd_stop = {
	.name = "stop", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Press the power button of running guests, then kill them", .text = HOW,
	.options = options, .run = stop,
};

const struct command cmd_restart = {
	.name = "restart", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Stop guests as stop does, and start them again", .text = HOW,
	.options = options, .run = restart,
};
