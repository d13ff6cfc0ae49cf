// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences, exit statuses, and finding guests.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "ctl.h"

static void say(const struct context *c, const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "hvctl %s: ", c->command->name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

/**
 * fail() - say what is wrong
 * @c: the command
 * @fmt: a sentence without its full stop
 *
 * Return: STATUS_FAILED.
 */
int fail(const struct context *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
	return STATUS_FAILED;
}

/**
 * note() - say something that is no failure
 * @c: the command
 * @fmt: a sentence without its full stop
 */
void note(const struct context *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
}

/**
 * fail_library() - say what the library says
 * @c: the command
 * @err: what it returned
 *
 * Return: the exit status that goes with it.
 */
int fail_library(const struct context *c, int err)
{
	fail(c, "%s", hvctl_error(c->h));
	switch (err) {
	case -ENOEXEC:
		return STATUS_IMAGE;
	case -ENOENT:
		return STATUS_NO_GUEST;
	default:
		return STATUS_FAILED;
	}
}

/**
 * open_library() - open the library's handle
 * @c: the command
 *
 * Return: 0, or the exit status after a sentence.
 */
int open_library(struct context *c)
{
	int err = hvctl_open(&c->h);

	return err ? fail_library(c, err) : 0;
}

/**
 * find_guest() - look a guest up
 * @c: the command
 * @name_or_id: what the user typed
 * @id: result
 *
 * Return: 0, or the exit status after a sentence.
 */
int find_guest(struct context *c, const char *name_or_id, uint64_t *id)
{
	int err = hvctl_lookup(c->h, name_or_id, id);

	return err ? fail_library(c, err) : 0;
}

/**
 * for_each_guest() - do something to each guest that was named
 * @c: the command, after its options
 * @act: what; returns an exit status after a sentence
 *
 * One that fails does not keep the others from their turn.
 *
 * Return: the first exit status that is not 0.
 */
int for_each_guest(struct context *c, int (*act)(struct context *c, uint64_t id))
{
	int status = expect_arguments(c, 1, -1);
	uint64_t id;

	if (!status)
		status = open_library(c);
	if (status)
		return status;
	for (int i = 0; i < c->argc; i++) {
		int one = find_guest(c, c->argv[i], &id);

		if (!one)
			one = act(c, id);
		if (!status)
			status = one;
	}
	return status;
}
