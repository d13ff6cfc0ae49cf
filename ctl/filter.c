// SPDX-License-Identifier: GPL-2.0-only
/*
 * --filter KEY=VALUE: which guests are meant.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "ctl.h"

/* A filter's value may have * ? and [...]. */
static bool matches(const char *pattern, const char *text)
{
	return !fnmatch(pattern, text, 0);
}

static bool match_id(const struct hvctl_guest *guest, const char *value)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRIu64, guest->id);
	return matches(value, id);
}

static bool match_name(const struct hvctl_guest *guest, const char *value)
{
	return matches(value, guest->name);
}

static bool match_state(const struct hvctl_guest *guest, const char *value)
{
	return matches(value, hvctl_state_name(guest->state));
}

static bool match_stop(const struct hvctl_guest *guest, const char *value)
{
	return guest->state == HV_STATE_STOPPED &&
	       matches(value, hvctl_stop_reason_name(guest->stop_reason));
}

/* label=KEY: any value; label=KEY=VALUE. */
static bool match_label(const struct hvctl_guest *guest, const char *value)
{
	const char *equals = strchr(value, '=');
	char key[128];

	snprintf(key, sizeof(key), "%.*s", equals ? (int)(equals - value) : 127, value);
	for (const struct hvctl_label *l = guest->label; l; l = l->next)
		if (matches(key, l->key) && (!equals || matches(equals + 1, l->value)))
			return true;
	return false;
}

static const struct {
	const char *key;
	bool (*match)(const struct hvctl_guest *guest, const char *value);
} keys[] = {
	{ "id", match_id },
	{ "name", match_name },
	{ "state", match_state },
	{ "stop", match_stop },
	{ "label", match_label },
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static size_t key_len(const char *filter)
{
	return strcspn(filter, "=");
}

static bool is_key(const char *filter, const char *key)
{
	return key_len(filter) == strlen(key) && !memcmp(filter, key, strlen(key));
}

/**
 * filter_add() - one more filter from the command line
 * @c: the command
 * @filters: where it goes
 * @text: KEY=VALUE
 *
 * Return: 0, or the exit status after a sentence.
 */
int filter_add(struct context *c, struct filters *filters, const char *text)
{
	if (!strchr(text, '=') || !key_len(text))
		return fail(c, "--filter: '%s' is no filter: give one like state=running", text);
	if (filters->count == FILTERS_MAX)
		return fail(c, "--filter: that is more than %d filters", FILTERS_MAX);
	filters->text[filters->count++] = text;
	return 0;
}

/**
 * filter_has() - is there a filter of this kind?
 * @filters: which
 * @key: the kind
 *
 * Return: whether.
 */
bool filter_has(const struct filters *filters, const char *key)
{
	for (size_t i = 0; i < filters->count; i++)
		if (is_key(filters->text[i], key))
			return true;
	return false;
}

static bool passes(const char *filter, const struct hvctl_guest *guest)
{
	const char *value = filter + key_len(filter) + 1;

	for (size_t i = 0; i < NR_KEYS; i++)
		if (is_key(filter, keys[i].key))
			return keys[i].match(guest, value);
	/* What is no kind of filter is a label's key. */
	return match_label(guest, filter);
}

/**
 * filter_passes() - is this guest meant?
 * @filters: all of them have to pass
 * @guest: which
 *
 * Return: whether.
 */
bool filter_passes(const struct filters *filters, const struct hvctl_guest *guest)
{
	for (size_t i = 0; i < filters->count; i++)
		if (!passes(filters->text[i], guest))
			return false;
	return true;
}
