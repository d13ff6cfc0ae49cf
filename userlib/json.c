// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A strict reader of JSON; see json.h.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define DEPTH_MAX	32

/**
 * struct reader - a text being read
 * @at: the next byte
 * @end: behind the last
 * @line: of @at, from 1
 * @depth: arrays and objects around it
 * @error: result
 */
struct reader {
	const char *at;
	const char *end;
	unsigned int line;
	unsigned int depth;
	struct json_error *error;
};

static struct json *read_value(struct reader *r);

__attribute__((format(printf, 2, 3)))
static void *refuse(struct reader *r, const char *fmt, ...)
{
	va_list ap;

	r->error->line = r->line;
	va_start(ap, fmt);
	vsnprintf(r->error->sentence, sizeof(r->error->sentence), fmt, ap);
	va_end(ap);
	return NULL;
}

static int peek(const struct reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : EOF;
}

static void skip_blanks(struct reader *r)
{
	for (; r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at; r->at++)
		r->line += *r->at == '\n';
}

/* What stands there, for a sentence. */
static const char *found(const struct reader *r, char *buf, size_t size)
{
	if (r->at == r->end)
		return "the end of the text";
	if (isprint(peek(r)))
		snprintf(buf, size, "'%c'", *r->at);
	else
		snprintf(buf, size, "byte 0x%02x", peek(r));
	return buf;
}

static void *expected(struct reader *r, const char *what)
{
	char buf[16];

	return refuse(r, "%s is missing before %s", what, found(r, buf, sizeof(buf)));
}

static struct json *new_value(struct reader *r, enum json_kind kind)
{
	struct json *value = calloc(1, sizeof(*value));

	if (!value)
		return refuse(r, "out of memory");
	value->kind = kind;
	value->line = r->line;
	return value;
}

static struct json *new_text(struct reader *r, enum json_kind kind, const char *text, size_t len)
{
	struct json *value = new_value(r, kind);

	if (!value)
		return NULL;
	value->text = strndup(text, len);
	if (value->text)
		return value;
	json_free(value);
	return refuse(r, "out of memory");
}

/* Bytes of the UTF-8 sequence at @s, which has @len bytes; 0 if it is none. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, a surrogate, or beyond Unicode's end. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/**
 * json_is_utf8() - is it text?
 * @text: bytes
 * @len: how many
 *
 * Return: whether all of it is UTF-8.
 */
bool json_is_utf8(const char *text, size_t len)
{
	while (len) {
		size_t n = utf8_len((const unsigned char *)text, len);

		if (!n)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = c;
	} else if (c < 0x800) {
		*to++ = 0xc0 | c >> 6;
		*to++ = 0x80 | (c & 0x3f);
	} else if (c < 0x10000) {
		*to++ = 0xe0 | c >> 12;
		*to++ = 0x80 | (c >> 6 & 0x3f);
		*to++ = 0x80 | (c & 0x3f);
	} else {
		*to++ = 0xf0 | c >> 18;
		*to++ = 0x80 | (c >> 12 & 0x3f);
		*to++ = 0x80 | (c >> 6 & 0x3f);
		*to++ = 0x80 | (c & 0x3f);
	}
	return to;
}

static bool read_hex4(struct reader *r, uint32_t *c)
{
	*c = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		if (!isxdigit(peek(r)))
			return false;
		*c = *c << 4 | (isdigit(peek(r)) ? *r->at - '0' : (*r->at | 0x20) - 'a' + 10);
	}
	return true;
}

/* Behind the "u"; beyond 0xffff it takes two of them. */
static char *read_unicode(struct reader *r, char *to)
{
	uint32_t c, low = 0;

	if (!read_hex4(r, &c))
		return refuse(r, "\\u takes four hexadecimal digits");
	if (c >= 0xd800 && c < 0xdc00) {
		bool pair = r->end - r->at >= 2 && r->at[0] == '\\' && r->at[1] == 'u';

		r->at += pair ? 2 : 0;
		if (!pair || !read_hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
			return refuse(r, "half of a surrogate pair is missing");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c < 0xe000) {
		return refuse(r, "half of a surrogate pair is missing");
	}
	if (!c)
		return refuse(r, "a string cannot have \\u0000 here");
	return put_utf8(to, c);
}

static char *read_escape(struct reader *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	int c = peek(r);
	const char *which = c == EOF || !c ? NULL : strchr(from, c);

	if (which) {
		*to++ = plain[which - from];
		r->at++;
		return to;
	}
	if (c != 'u')
		return refuse(r, "a backslash stands before something that it does not go with");
	r->at++;
	return read_unicode(r, to);
}

static char *read_char(struct reader *r, char *to)
{
	size_t n = utf8_len((const unsigned char *)r->at, r->end - r->at);

	if ((unsigned char)*r->at < ' ')
		return refuse(r, *r->at == '\n' ? "a string has no end in its line" :
						  "a control character stands in a string");
	if (!n)
		return refuse(r, "a string is not UTF-8");
	if (*r->at == '\\') {
		r->at++;
		return read_escape(r, to);
	}
	memcpy(to, r->at, n);
	r->at += n;
	return to + n;
}

/* What is unescaped is never longer.  NULL after a refusal. */
static char *read_string(struct reader *r)
{
	char *text, *to;

	if (peek(r) != '"')
		return expected(r, "a string");
	r->at++;
	to = text = malloc(r->end - r->at + 1);
	if (!text)
		return refuse(r, "out of memory");
	while (to && peek(r) != '"')
		to = peek(r) == EOF ? refuse(r, "a string has no end") : read_char(r, to);
	if (!to) {
		free(text);
		return NULL;
	}
	*to = '\0';
	r->at++;
	return text;
}

static struct json *read_string_value(struct reader *r)
{
	struct json *value = new_value(r, JSON_STRING);

	if (!value)
		return NULL;
	value->text = read_string(r);
	if (value->text)
		return value;
	json_free(value);
	return NULL;
}

static size_t read_digits(struct reader *r)
{
	const char *start = r->at;

	while (isdigit(peek(r)))
		r->at++;
	return r->at - start;
}

static struct json *read_number(struct reader *r)
{
	const char *start = r->at;
	bool zero;

	r->at += peek(r) == '-';
	zero = peek(r) == '0';
	if (read_digits(r) > 1 && zero)
		return refuse(r, "a number begins with 0");
	if (!isdigit(r->at[-1]))
		return expected(r, "a digit");
	if (peek(r) == '.') {
		r->at++;
		if (!read_digits(r))
			return expected(r, "a digit");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		r->at += peek(r) == '+' || peek(r) == '-';
		if (!read_digits(r))
			return expected(r, "a digit");
	}
	return new_text(r, JSON_NUMBER, start, r->at - start);
}

static struct json *read_word(struct reader *r)
{
	static const struct {
		const char *word;
		enum json_kind kind;
	} words[] = { { "true", JSON_BOOL }, { "false", JSON_BOOL }, { "null", JSON_NULL } };
	const char *start = r->at;

	while (isalnum(peek(r)) || peek(r) == '_')
		r->at++;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((size_t)(r->at - start) == strlen(words[i].word) &&
		    !memcmp(start, words[i].word, r->at - start))
			return new_text(r, words[i].kind, start, r->at - start);
	if (r->at > start)
		return refuse(r, "'%.*s' needs quotation marks",
			      r->at - start > 32 ? 32 : (int)(r->at - start), start);
	return expected(r, "a value");
}

static const struct json *member(const struct json *object, const char *key)
{
	for (const struct json *m = object->child; m; m = m->next)
		if (!strcmp(m->key, key))
			return m;
	return NULL;
}

static struct json *read_member(struct reader *r, const struct json *object)
{
	char *key = read_string(r);
	unsigned int line = r->line;
	const struct json *twin = key ? member(object, key) : NULL;
	struct json *value = NULL;

	if (twin)
		refuse(r, "%.64s: the key stands in line %u already", key, twin->line);
	if (!key || twin)
		goto fail;
	skip_blanks(r);
	if (peek(r) != ':') {
		refuse(r, "%.64s: a colon is missing behind the key", key);
		goto fail;
	}
	r->at++;
	value = read_value(r);
	if (!value)
		goto fail;
	value->key = key;
	/* Where its key is: that is what somebody looks for. */
	value->line = line;
	return value;
fail:
	free(key);
	return NULL;
}

/* The members of an object or the elements of an array, to the closing bracket. */
static bool read_children(struct reader *r, struct json *parent, char bracket)
{
	struct json **end = &parent->child;

	skip_blanks(r);
	if (peek(r) == bracket)
		return true;
	for (;;) {
		skip_blanks(r);
		*end = parent->kind == JSON_OBJECT ? read_member(r, parent) : read_value(r);
		if (!*end)
			return false;
		end = &(*end)->next;
		skip_blanks(r);
		if (peek(r) == bracket)
			return true;
		if (peek(r) != ',')
			return expected(r, bracket == '}' ? "a comma or '}'" : "a comma or ']'");
		r->at++;
	}
}

static struct json *read_container(struct reader *r, enum json_kind kind, char bracket)
{
	struct json *value = new_value(r, kind);

	if (!value)
		return NULL;
	r->at++;
	if (++r->depth > DEPTH_MAX) {
		refuse(r, "brackets are nested more than %d deep", DEPTH_MAX);
	} else if (read_children(r, value, bracket)) {
		r->at++;
		r->depth--;
		return value;
	}
	json_free(value);
	return NULL;
}

static struct json *read_value(struct reader *r)
{
	skip_blanks(r);
	switch (peek(r)) {
	case '{':
		return read_container(r, JSON_OBJECT, '}');
	case '[':
		return read_container(r, JSON_ARRAY, ']');
	case '"':
		return read_string_value(r);
	case '-':
	case '0' ... '9':
		return read_number(r);
	default:
		return read_word(r);
	}
}

/**
 * json_parse() - read a text
 * @text: JSON, in UTF-8
 * @len: bytes
 * @error: what is wrong, if anything is
 *
 * Return: its value, to be freed by json_free(), or NULL.
 */
struct json *json_parse(const char *text, size_t len, struct json_error *error)
{
	struct reader r = { .at = text, .end = text + len, .line = 1, .error = error };
	struct json *value = read_value(&r);
	char buf[16];

	if (!value)
		return NULL;
	skip_blanks(&r);
	if (r.at == r.end)
		return value;
	json_free(value);
	return refuse(&r, "%s follows behind the end", found(&r, buf, sizeof(buf)));
}

/**
 * json_free() - give a value back, with all that is in it and follows it
 * @value: which, or NULL
 */
void json_free(struct json *value)
{
	while (value) {
		struct json *next = value->next;

		json_free(value->child);
		free(value->key);
		free(value->text);
		free(value);
		value = next;
	}
}

/**
 * json_kind_name() - what a kind is called in a sentence
 * @kind: which
 *
 * Return: for example "a number".
 */
const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_NULL] = "null", [JSON_BOOL] = "true or false", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	return names[kind];
}

/**
 * json_write() - write a string
 * @to: where
 * @text: UTF-8
 */
void json_write(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fprintf(to, "\\u%04x", *text);
		else
			fprintf(to, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	}
	fputc('"', to);
}
