// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences, exit statuses, and finding guests.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static void say(const struct context *c, const char *fmt, va_list ap)
{
	char sentence[SENTENCE_SIZE];

	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	if (c->said)
		memcpy(c->said, sentence, sizeof(sentence));
	fflush(stdout);
	fprintf(stderr, "hvctl %s: %s\n", c->command->name, sentence);
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

/* The name that comes nearest; valid until the next call. */
static const char *nearest_guest(struct context *c, const char *typed)
{
	static char name[HV_NAME_MAX + 1];
	struct hvctl_guest **guests;
	const char **names, *nearest = NULL;
	size_t n = 0;

	if (hvctl_list(c->h, &guests))
		return NULL;
	while (guests[n])
		n++;
	names = calloc(n + 1, sizeof(*names));
	for (size_t i = 0; names && i < n; i++)
		names[i] = guests[i]->name;
	if (names)
		nearest = words_nearest(names, typed);
	if (nearest)
		snprintf(name, sizeof(name), "%s", nearest);
	free(names);
	hvctl_list_free(guests);
	return nearest ? name : NULL;
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
	const char *nearest;

	if (err != -ENOENT)
		return err ? fail_library(c, err) : 0;
	nearest = nearest_guest(c, name_or_id);
	if (!nearest)
		fail(c, "no guest is called '%.64s'", name_or_id);
	else
		fail(c, "no guest is called '%.64s': did you mean %s?", name_or_id, nearest);
	return STATUS_NO_GUEST;
}

static void add_state(struct context *c, struct out *out, uint64_t id)
{
	struct hvctl_guest *guest = NULL;
	bool gone = hvctl_get(c->h, id, &guest);

	out_number(out, "id", NULL, id, NULL);
	if (gone)
		out_null(out, "name");
	else
		out_text(out, "name", NULL, guest->name);
	out_text(out, "state", NULL, gone ? "gone" : hvctl_state_name(guest->state));
	hvctl_guest_free(guest);
}

/* With -j, what became of each guest that was named. */
static void add_result(struct context *c, struct out *out, const char *typed, const uint64_t *id,
		       int status)
{
	out_row(out);
	out_text(out, "guest", NULL, typed);
	if (id) {
		add_state(c, out, *id);
	} else {
		out_null(out, "id");
		out_null(out, "name");
		out_null(out, "state");
	}
	if (status)
		out_text(out, "error", NULL, c->said);
	else
		out_null(out, "error");
	out_number(out, "status", NULL, status, NULL);
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
	struct out *out = NULL;
	uint64_t id;

	if (!status)
		status = open_library(c);
	if (status)
		return status;
	if (c->json)
		out = out_new(c, OUT_TABLE);
	for (int i = 0; i < c->argc; i++) {
		int one = find_guest(c, c->argv[i], &id);
		bool found = !one;

		if (found)
			one = act(c, id);
		add_result(c, out, c->argv[i], found ? &id : NULL, one);
		if (!status)
			status = one;
	}
	return out && out_end(out) && !status ? STATUS_FAILED : status;
}
