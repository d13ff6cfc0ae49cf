// SPDX-License-Identifier: GPL-2.0-only
/*
 * JSON from standard input against a definition of a JSON schema: what a shell
 * test pipes 'hvctl -j' into.
 *
 * usage: jsoncheck SCHEMA DEFINITION [lines]
 *   lines  one value a line instead of one value
 *
 * It knows what hvctl.schema.json uses: type, enum, properties, required,
 * additionalProperties, items, anyOf and $ref.  Any other key of the schema is
 * refused, so that nothing is left unchecked unnoticed.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.c"

static const struct json *schema;

static const struct json *get(const struct json *object, const char *key)
{
	return object && object->kind == JSON_OBJECT ? member(object, key) : NULL;
}

static bool complain(const char *where, const char *fmt, ...)
{
	va_list ap;

	printf("# %s: ", where);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return false;
}

static bool has_type(const struct json *value, const char *type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null", [JSON_BOOL] = "boolean", [JSON_NUMBER] = "number",
		[JSON_STRING] = "string", [JSON_ARRAY] = "array", [JSON_OBJECT] = "object",
	};

	if (!strcmp(type, "integer"))
		return value->kind == JSON_NUMBER && !strpbrk(value->text, ".eE");
	return !strcmp(type, names[value->kind]);
}

static bool check(const struct json *value, const struct json *rule, const char *where);

static bool check_type(const struct json *value, const struct json *type, const char *where)
{
	const struct json *one = type->kind == JSON_ARRAY ? type->child : type;

	for (; one; one = type->kind == JSON_ARRAY ? one->next : NULL)
		if (has_type(value, one->text))
			return true;
	return complain(where, "%s is not of its type", json_kind_name(value->kind));
}

static bool check_enum(const struct json *value, const struct json *values, const char *where)
{
	for (const struct json *v = values->child; v; v = v->next)
		if (v->kind == value->kind && value->text && !strcmp(v->text, value->text))
			return true;
	return complain(where, "'%s' is none of the values", value->text ? value->text : "");
}

static bool check_properties(const struct json *value, const struct json *rule, const char *where)
{
	const struct json *more = get(rule, "additionalProperties");
	bool good = true;

	for (const struct json *m = value->child; m; m = m->next) {
		const struct json *known = get(get(rule, "properties"), m->key);

		if (known)
			good &= check(m, known, m->key);
		else if (!more)
			good &= complain(where, "'%s': the schema leaves that open", m->key);
		else if (more->kind == JSON_OBJECT)
			good &= check(m, more, m->key);
		else if (!strcmp(more->text, "false"))
			good &= complain(where, "'%s' is not in the schema", m->key);
	}
	return good;
}

static bool check_required(const struct json *value, const struct json *keys, const char *where)
{
	bool good = true;

	for (const struct json *k = keys->child; k; k = k->next)
		if (!get(value, k->text))
			good &= complain(where, "'%s' is missing", k->text);
	return good;
}

static bool check_items(const struct json *value, const struct json *items, const char *where)
{
	bool good = true;

	for (const struct json *v = value->child; v; v = v->next)
		good &= check(v, items, where);
	return good;
}

static bool check_any(const struct json *value, const struct json *rules, const char *where)
{
	for (const struct json *r = rules->child; r; r = r->next)
		if (check(value, r, where))
			return true;
	return complain(where, "none of the choices fits");
}

static const struct json *definition(const char *name)
{
	const struct json *found = get(get(schema, "$defs"), name);

	if (!found) {
		printf("# there is no definition '%s'\n", name);
		exit(1);
	}
	return found;
}

static bool check_key(const struct json *value, const struct json *rule, const struct json *key,
		      const char *where)
{
	if (!strcmp(key->key, "$ref"))
		return check(value, definition(key->text + strlen("#/$defs/")), where);
	if (!strcmp(key->key, "type"))
		return check_type(value, key, where);
	if (!strcmp(key->key, "enum"))
		return check_enum(value, key, where);
	if (!strcmp(key->key, "anyOf"))
		return check_any(value, key, where);
	if (!strcmp(key->key, "items"))
		return value->kind != JSON_ARRAY || check_items(value, key, where);
	if (!strcmp(key->key, "required"))
		return value->kind != JSON_OBJECT || check_required(value, key, where);
	if (!strcmp(key->key, "properties") || !strcmp(key->key, "description"))
		return true;
	if (!strcmp(key->key, "additionalProperties"))
		return value->kind != JSON_OBJECT || check_properties(value, rule, where);
	return complain(where, "the schema's '%s' is not known here", key->key);
}

static bool check(const struct json *value, const struct json *rule, const char *where)
{
	bool good = true;

	for (const struct json *key = rule->child; key; key = key->next)
		good &= check_key(value, rule, key, where);
	return good;
}

static struct json *parse_or_die(const char *text, size_t len, const char *what)
{
	struct json_error error;
	struct json *value = json_parse(text, len, &error);

	if (value)
		return value;
	printf("# %s: line %u: %s\n", what, error.line, error.sentence);
	exit(1);
}

static char *read_all(FILE *file, size_t *len)
{
	char *text = NULL;

	*len = 0;
	for (;;) {
		size_t n;

		text = realloc(text, *len + 65536);
		n = text ? fread(text + *len, 1, 65536, file) : 0;
		if (!n)
			return text;
		*len += n;
	}
}

static bool check_text(const char *text, size_t len, const char *name)
{
	struct json *value = parse_or_die(text, len, "standard input");
	bool good = check(value, definition(name), name);

	json_free(value);
	return good;
}

static bool check_lines(const char *text, size_t len, const char *name)
{
	bool good = len > 0;

	while (len) {
		size_t line = (const char *)memchr(text, '\n', len) - text;

		good &= check_text(text, line, name);
		text += line + 1;
		len -= line + 1;
	}
	return good;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[1], "r") : NULL;
	char *text;
	size_t len;

	if (!file) {
		printf("# usage: jsoncheck SCHEMA DEFINITION [lines]\n");
		return 1;
	}
	text = read_all(file, &len);
	schema = parse_or_die(text, len, argv[1]);
	text = read_all(stdin, &len);
	if (argc > 3)
		return !check_lines(text, len, argv[2]);
	return !check_text(text, len, argv[2]);
}
