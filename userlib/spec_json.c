// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Specifications as JSON: one object, a setting a key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "json.h"

static int refuse(struct hvctl *h, int err, unsigned int line, const char *sentence)
{
	return set_error(h, err, "line %u: %s", line, sentence);
}

/* Settings say what is wrong, and here is where. */
static int refuse_setting(struct hvctl *h, int err, unsigned int line)
{
	char sentence[SENTENCE_MAX];

	memcpy(sentence, h->error, sizeof(sentence));
	return refuse(h, err, line, sentence);
}

static bool fits(enum setting_kind kind, enum json_kind value)
{
	return value == JSON_STRING || (value == JSON_NUMBER && kind != SETTING_TEXT);
}

static int take_setting(struct hvctl *h, struct hvctl_spec *spec, const struct setting *setting,
			const struct json *value)
{
	int err;

	if (!fits(setting->kind, value->kind))
		return set_error(h, -EINVAL, "line %u: %s: this takes %s, not %s", value->line,
				 setting->key, setting->kind == SETTING_TEXT ? "a string" :
				 setting->kind == SETTING_SIZE ? "a size" : "a number",
				 json_kind_name(value->kind));
	err = setting->set(h, spec, value->text);
	return err ? refuse_setting(h, err, value->line) : 0;
}

/* What hvctl inspect adds: how the guest was then, and nothing to make one from. */
static bool is_status(const struct json *member)
{
	return !strcmp(member->key, "status") && member->kind == JSON_OBJECT;
}

static int take_incomplete(struct hvctl *h, struct hvctl_spec *spec, const struct json *value)
{
	if (value->kind != JSON_STRING)
		return refuse(h, -EINVAL, value->line, "incomplete: this takes a string");
	free(spec->incomplete);
	spec->incomplete = strdup(value->text);
	return spec->incomplete ? 0 : set_error(h, -ENOMEM, "out of memory");
}

static int take_member(struct hvctl *h, struct hvctl_spec *spec, const struct json *member)
{
	const struct setting *setting = spec_setting(member->key);

	if (setting)
		return take_setting(h, spec, setting, member);
	if (is_status(member))
		return 0;
	if (!strcmp(member->key, "incomplete"))
		return take_incomplete(h, spec, member);
	return set_error(h, -ENOKEY, "line %u: %.64s: there is no such setting", member->line,
			 member->key);
}

static unsigned int line_of(const struct json *object, const char *key)
{
	for (const struct json *m = object->child; m; m = m->next)
		if (!strcmp(m->key, key))
			return m->line;
	return 0;
}

/* Where the later of the two keys stands, if either is from this text. */
static int check(struct hvctl *h, const struct hvctl_spec *spec, const struct json *object)
{
	const struct contradiction *c = spec_contradiction(spec);
	unsigned int line, other;

	if (!c)
		return 0;
	line = line_of(object, c->key);
	other = line_of(object, c->other);
	return set_error(h, -EINVAL, "line %u: %s: contradicts %s: %s",
			 line > other ? line : other, c->key, c->other, c->sentence);
}

int hvctl_spec_from_json(struct hvctl *h, struct hvctl_spec *spec, const char *text, size_t len)
{
	struct json_error error;
	struct json *object = json_parse(text, len, &error);
	int err = 0;

	if (!object)
		return refuse(h, -EINVAL, error.line, error.sentence);
	if (object->kind != JSON_OBJECT)
		err = refuse(h, -EINVAL, object->line, "a guest is an object: { \"key\": value, ... }");
	for (const struct json *m = object->child; m && !err; m = m->next)
		err = take_member(h, spec, m);
	if (!err)
		err = check(h, spec, object);
	if (!err && spec->incomplete)
		err = -ENODATA;
	if (err == -ENODATA)
		set_error(h, err,
			  "line %u: incomplete: the guest came from a program that kept this to itself: %s",
			  line_of(object, "incomplete"), spec->incomplete);
	json_free(object);
	return err;
}

/* Names of what no file has, with commas between; "" if all is there. */
static void list_missing(const struct hvctl_spec *spec, char *buf, size_t size)
{
	const char *known = spec->incomplete ? spec->incomplete : "";
	const char *image = spec->kernel_fd >= 0 ? "image" : "";
	const char *segments = spec->segments ? "segments" : "";
	const char *state = spec->has_state ? "vcpu-state" : "";
	const char *parts[] = { known, image, segments, state };
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && used < size; i++)
		if (parts[i][0])
			used += snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
					 parts[i]);
}

static void write_key(FILE *to, const char *key)
{
	fprintf(to, "%s\n  ", ftell(to) > 1 ? "," : "");
	json_write(to, key);
	fputs(": ", to);
}

static int write_setting(struct hvctl *h, FILE *to, const struct setting *setting,
			 const char *value)
{
	if (!json_is_utf8(value, strlen(value)))
		return set_error(h, -EILSEQ, "%s: JSON cannot have it: it is not UTF-8",
				 setting->key);
	write_key(to, setting->key);
	if (setting->kind == SETTING_NUMBER)
		fputs(value, to);
	else
		json_write(to, value);
	return 0;
}

static int write_spec(struct hvctl *h, const struct hvctl_spec *spec, FILE *to)
{
	char buf[SETTING_ROOM], missing[256];
	int err = 0;

	fputc('{', to);
	for (const struct setting *s = spec_settings; s->key && !err; s++) {
		const char *value = s->get(spec, buf, sizeof(buf));

		if (value)
			err = write_setting(h, to, s, value);
	}
	list_missing(spec, missing, sizeof(missing));
	if (missing[0]) {
		write_key(to, "incomplete");
		json_write(to, missing);
	}
	fputs("\n}\n", to);
	return err;
}

int hvctl_spec_to_json(struct hvctl *h, const struct hvctl_spec *spec, char **text)
{
	FILE *to;
	size_t len;
	int err;

	*text = NULL;
	to = open_memstream(text, &len);
	if (!to)
		return set_error(h, -ENOMEM, "out of memory");
	err = write_spec(h, spec, to);
	if (fclose(to) && !err)
		err = set_error(h, -ENOMEM, "out of memory");
	if (err) {
		free(*text);
		*text = NULL;
	}
	return err;
}
