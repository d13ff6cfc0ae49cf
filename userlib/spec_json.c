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
	if (kind == SETTING_BOOL)
		return value == JSON_BOOL;
	return value == JSON_STRING || (value == JSON_NUMBER && kind != SETTING_TEXT);
}

static const char *wanted(enum setting_kind kind)
{
	static const char *const names[] = {
		[SETTING_TEXT] = "a string", [SETTING_SIZE] = "a size",
		[SETTING_NUMBER] = "a number", [SETTING_BOOL] = "true or false",
	};

	return names[kind];
}

static int take_setting(struct hvctl *h, struct hvctl_spec *spec, const struct setting *setting,
			const struct json *value)
{
	int err;

	if (!fits(setting->kind, value->kind))
		return set_error(h, -EINVAL, "line %u: %s: this takes %s, not %s", value->line,
				 setting->key, wanted(setting->kind), json_kind_name(value->kind));
	err = setting->set(h, spec, value->text);
	return err ? refuse_setting(h, err, value->line) : 0;
}

/* What hvctl inspect adds: how the guest was then, and nothing to make one from. */
static bool is_status(const struct json *member)
{
	return !strcmp(member->key, "status") && member->kind == JSON_OBJECT;
}

static int take_label(struct hvctl *h, struct hvctl_spec *spec, const struct json *member)
{
	char text[512];
	int err;

	if (member->kind != JSON_STRING)
		return set_error(h, -EINVAL, "line %u: labels: %.64s: this takes a string, not %s",
				 member->line, member->key, json_kind_name(member->kind));
	if (strchr(member->key, '='))
		return set_error(h, -EINVAL, "line %u: labels: %.64s: a label's key has no '='",
				 member->line, member->key);
	snprintf(text, sizeof(text), "%.200s=%.200s", member->key, member->text);
	err = hvctl_spec_set(h, spec, "label", text);
	return err ? refuse_setting(h, err, member->line) : 0;
}

static int take_labels(struct hvctl *h, struct hvctl_spec *spec, const struct json *value)
{
	int err = 0;

	if (value->kind != JSON_OBJECT)
		return set_error(h, -EINVAL, "line %u: labels: this takes an object, not %s",
				 value->line, json_kind_name(value->kind));
	for (const struct json *m = value->child; m && !err; m = m->next)
		err = take_label(h, spec, m);
	return err;
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

	if (setting && setting->kind != SETTING_LABEL)
		return take_setting(h, spec, setting, member);
	if (!strcmp(member->key, "labels"))
		return take_labels(h, spec, member);
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
	const char *regions = spec->regions ? "regions" : "";
	const char *parts[] = { known, image, segments, regions, state };
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
	if (setting->kind == SETTING_NUMBER || setting->kind == SETTING_BOOL)
		fputs(value, to);
	else
		json_write(to, value);
	return 0;
}

static int write_labels(struct hvctl *h, FILE *to, const struct hvctl_label *labels)
{
	if (!labels)
		return 0;
	write_key(to, "labels");
	for (const struct hvctl_label *l = labels; l; l = l->next) {
		if (!json_is_utf8(l->value, strlen(l->value)))
			return set_error(h, -EILSEQ, "label: JSON cannot have %s: it is not UTF-8",
					 l->key);
		fputs(l == labels ? "{ " : ", ", to);
		json_write(to, l->key);
		fputs(": ", to);
		json_write(to, l->value);
	}
	fputs(" }", to);
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
	if (!err)
		err = write_labels(h, to, spec->labels);
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
