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

	/* Short names are all near each other. */
	if (strlen(typed) < 4 || hvctl_list(c->h, &guests))
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

/**
 * get_guest() - look a guest up and describe it
 * @c: the command
 * @name_or_id: what the user typed
 * @guest: result, to be freed by hvctl_guest_free()
 *
 * Return: 0, or the exit status after a sentence.
 */
int get_guest(struct context *c, const char *name_or_id, struct hvctl_guest **guest)
{
	uint64_t id;
	int status = find_guest(c, name_or_id, &id);
	int err = status ? 0 : hvctl_get(c->h, id, guest);

	return err ? fail_library(c, err) : status;
}

/**
 * stop_text() - why a guest stopped, for people
 * @buf: where
 * @len: room
 * @guest: which
 *
 * Return: @buf, for example "debug-exit 3", or "-" if it has not stopped.
 */
const char *stop_text(char *buf, size_t len, const struct hvctl_guest *guest)
{
	const char *reason = hvctl_stop_reason_name(guest->stop_reason);

	if (guest->state != HV_STATE_STOPPED)
		return "-";
	if (guest->stop_reason == HV_STOP_REASON_DEBUG_EXIT ||
	    guest->stop_reason == HV_STOP_REASON_EXIT)
		snprintf(buf, len, "%s %u", reason, guest->stop_status);
	else
		snprintf(buf, len, "%s%s%s", reason, guest->stop_detail[0] ? ": " : "",
			 guest->stop_detail);
	return buf;
}

/**
 * end_status() - the exit status that goes with a guest's end
 * @c: the command
 * @guest: has stopped
 *
 * Only a guest's own word counts as its status; other ends are failures.
 *
 * Return: that, after a sentence about a failure.
 */
int end_status(const struct context *c, const struct hvctl_guest *guest)
{
	char stop[320];

	switch (guest->stop_reason) {
	case HV_STOP_REASON_POWEROFF:
	case HV_STOP_REASON_RESET:
		return 0;
	case HV_STOP_REASON_DEBUG_EXIT:
	case HV_STOP_REASON_EXIT:
		return guest->stop_status & 0xff;
	default:
		return fail(c, "%s stopped: %s", guest->name, stop_text(stop, sizeof(stop), guest));
	}
}

/**
 * state_colour() - a state's colour
 * @guest: whose
 *
 * Return: green while it runs, red if it came to a bad end.
 */
enum out_colour state_colour(const struct hvctl_guest *guest)
{
	switch (guest->state) {
	case HV_STATE_RUNNING:
		return OUT_GREEN;
	case HV_STATE_PAUSED:
		return OUT_YELLOW;
	case HV_STATE_STOPPED:
		return guest->stop_reason == HV_STOP_REASON_POWEROFF ||
		       guest->stop_reason == HV_STOP_REASON_RESET ||
		       guest->stop_reason == HV_STOP_REASON_KILLED ||
		       guest->stop_reason == HV_STOP_REASON_EXIT ||
		       guest->stop_reason == HV_STOP_REASON_DEBUG_EXIT ? OUT_PLAIN : OUT_RED;
	default:
		return OUT_PLAIN;
	}
}

/**
 * add_stop() - add a guest's stop to the row, for JSON
 * @out: an output
 * @guest: which; if it has not stopped, all is null
 */
void add_stop(struct out *out, const struct hvctl_guest *guest)
{
	if (guest->state != HV_STATE_STOPPED) {
		out_null(out, "stop_reason");
		out_null(out, "stop_status");
		out_null(out, "stop_detail");
		return;
	}
	out_text(out, "stop_reason", NULL, hvctl_stop_reason_name(guest->stop_reason));
	out_number(out, "stop_status", NULL, guest->stop_status, NULL);
	out_text(out, "stop_detail", NULL, guest->stop_detail);
}

/**
 * add_restarts() - add what a guest's restart policy does to the row, for JSON
 * @out: an output
 * @guest: which
 */
void add_restarts(struct out *out, const struct hvctl_guest *guest)
{
	out_bool(out, "bound", guest->bound);
	out_number(out, "restarts", NULL, guest->restarts, NULL);
	if (guest->restart_at)
		out_number(out, "restart_at", NULL, guest->restart_at, NULL);
	else
		out_null(out, "restart_at");
}

/**
 * add_policy() - add a guest's labels and its restart policy to the row, for JSON
 * @out: an output
 * @guest: which
 */
void add_policy(struct out *out, const struct hvctl_guest *guest)
{
	out_open(out, "labels", "{");
	for (const struct hvctl_label *l = guest->label; l; l = l->next)
		out_text(out, l->key, NULL, l->value);
	out_close(out);
	out_text(out, "restart", NULL, hvctl_restart_name(guest->restart));
	out_bool(out, "rm", guest->remove_on_stop);
	add_restarts(out, guest);
}

/* @guest is NULL if there is none, or none any more. */
static void add_guest(struct out *out, const struct hvctl_guest *guest)
{
	static const struct hvctl_guest none = { .state = HVCTL_STATE_NONE };

	if (guest) {
		out_text(out, "name", NULL, guest->name);
		out_text(out, "state", NULL, hvctl_state_name(guest->state));
	} else {
		out_null(out, "name");
		out_null(out, "state");
	}
	add_stop(out, guest ? guest : &none);
}

/* With -j, what became of each guest that was named. */
static void add_result(struct context *c, struct out *out, const char *typed, const uint64_t *id,
		       int status)
{
	struct hvctl_guest *guest = NULL;

	if (!out)
		return;
	out_row(out);
	out_text(out, "guest", NULL, typed);
	if (id)
		out_number(out, "id", NULL, *id, NULL);
	else
		out_null(out, "id");
	if (id && hvctl_get(c->h, *id, &guest))
		guest = NULL;
	add_guest(out, guest);
	if (status && c->said[0])
		out_text(out, "error", NULL, c->said);
	else
		out_null(out, "error");
	out_number(out, "status", NULL, status, NULL);
	hvctl_guest_free(guest);
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
			c->said[0] = '\0';
		if (found)
			one = act(c, id);
		add_result(c, out, c->argv[i], found ? &id : NULL, one);
		if (!status)
			status = one;
	}
	return out && out_end(out) && !status ? STATUS_FAILED : status;
}
