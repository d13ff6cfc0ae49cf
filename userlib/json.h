/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON as RFC 8259 has it, and nothing besides: no duplicate keys, no bytes
 * that are not UTF-8, nothing behind the end.  Every value knows its line,
 * which no packaged parser keeps, so that whoever reads a value can say where
 * it is wrong.
 */
#ifndef HVCTL_JSON_H
#define HVCTL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

/**
 * struct json - a value
 * @next: the next one in the same array or object
 * @child: the first one in this array or object
 * @key: its key, in an object
 * @text: a string's text; true, false, null and a number as they were written
 * @line: where it begins, from 1
 * @kind: what it is
 */
struct json {
	struct json *next;
	struct json *child;
	char *key;
	char *text;
	unsigned int line;
	enum json_kind kind;
};

/**
 * struct json_error - what is wrong
 * @line: where, from 1
 * @sentence: without its full stop
 */
struct json_error {
	unsigned int line;
	char sentence[160];
};

struct json *json_parse(const char *text, size_t len, struct json_error *error);
void json_free(struct json *value);
const char *json_kind_name(enum json_kind kind);
bool json_is_utf8(const char *text, size_t len);
void json_write(FILE *to, const char *text);

#endif /* HVCTL_JSON_H */
