// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text and JSON from the same calls.
 *
 * A command describes rows of fields.  In text a field stands in the column
 * of its heading, whose width is that of its longest value; one without a
 * heading is for JSON only.  Everything is printed by out_end().
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define COLUMNS_MAX	32

/**
 * struct field - a value
 * @next: in the same row
 * @key: for JSON
 * @head: for text, or NULL
 * @text: as text has it
 * @number: as JSON has it, if @is_number
 * @is_number: or the text, quoted
 */
struct field {
	struct field *next;
	const char *key;
	const char *head;
	char *text;
	uint64_t number;
	bool is_number;
};

struct row {
	struct row *next;
	struct field *fields;
};

struct out {
	enum out_kind kind;
	bool json;
	bool failed;
	struct row *rows;
	struct row *last;
	struct field *last_field;
};

/**
 * out_new() - begin an output
 * @c: the command
 * @kind: what it looks like
 *
 * Return: it, or NULL if there is no memory, which the other calls bear with.
 */
struct out *out_new(const struct context *c, enum out_kind kind)
{
	struct out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->kind = kind;
	out->json = c->json;
	return out;
}

/**
 * out_row() - begin a row
 * @out: an output
 */
void out_row(struct out *out)
{
	struct row *row = calloc(1, sizeof(*row));

	if (!out || !row) {
		free(row);
		if (out)
			out->failed = true;
		return;
	}
	if (out->last)
		out->last->next = row;
	else
		out->rows = row;
	out->last = row;
	out->last_field = NULL;
}

static struct field *add(struct out *out, const char *key, const char *head, const char *text)
{
	struct field *field;

	if (!out || !out->last)
		return NULL;
	field = calloc(1, sizeof(*field));
	if (field)
		field->text = strdup(text);
	if (!field || !field->text) {
		free(field);
		out->failed = true;
		return NULL;
	}
	field->key = key;
	field->head = head;
	if (out->last_field)
		out->last_field->next = field;
	else
		out->last->fields = field;
	out->last_field = field;
	return field;
}

/**
 * out_text() - add a text to the row
 * @out: an output
 * @key: JSON key
 * @head: heading, or NULL
 * @text: value
 */
void out_text(struct out *out, const char *key, const char *head, const char *text)
{
	add(out, key, head, text);
}

/**
 * out_number() - add a number to the row
 * @out: an output
 * @key: JSON key
 * @head: heading, or NULL
 * @value: value
 * @text: how text shows it, or NULL for its digits
 */
void out_number(struct out *out, const char *key, const char *head, uint64_t value,
		const char *text)
{
	char digits[24];
	struct field *field;

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	field = add(out, key, head, text ? text : digits);
	if (!field)
		return;
	field->number = value;
	field->is_number = true;
}

/*
 * What comes from the kernel and from file names need not be UTF-8, but JSON
 * must be: anything beyond ASCII is passed on only if it is well formed.
 */
static size_t utf8_len(const unsigned char *s)
{
	size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, a surrogate, or beyond Unicode's end. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void json_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putchar('"');
	while (*s) {
		size_t len = *s >= 0x80 ? utf8_len(s) : 1;

		if (!len || *s < 0x20 || *s == 0x7f)
			printf("\\u%04x", len ? *s : 0xfffd);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else
			fwrite(s, 1, len, stdout);
		s += len ? len : 1;
	}
	putchar('"');
}

static void json_row(const struct row *row)
{
	putchar('{');
	for (const struct field *f = row->fields; f; f = f->next) {
		json_string(f->key);
		putchar(':');
		if (f->is_number)
			printf("%" PRIu64, f->number);
		else
			json_string(f->text);
		if (f->next)
			putchar(',');
	}
	putchar('}');
}

static void json_print(const struct out *out)
{
	if (out->kind == OUT_TABLE)
		putchar('[');
	for (const struct row *row = out->rows; row; row = row->next) {
		json_row(row);
		if (out->kind != OUT_TABLE)
			putchar('\n');
		else if (row->next)
			putchar(',');
	}
	if (out->kind == OUT_TABLE)
		puts("]");
}

/* Columns are those of the first row; rows of a table all have the same. */
static int measure(const struct out *out, int *width)
{
	int columns = 0;

	for (const struct row *row = out->rows; row; row = row->next) {
		int n = 0;

		for (const struct field *f = row->fields; f && n < COLUMNS_MAX; f = f->next) {
			if (!f->head)
				continue;
			if (row == out->rows)
				width[n] = strlen(f->head);
			if ((int)strlen(f->text) > width[n])
				width[n] = strlen(f->text);
			n++;
		}
		columns = n > columns ? n : columns;
	}
	return columns;
}

/* The last column is not padded: no blanks at the end of a line. */
static void print_cell(const char *text, int n, int columns, const int *width, bool right)
{
	if (right)
		printf("%*s", width[n], text);
	else if (n + 1 < columns)
		printf("%-*s", width[n], text);
	else
		fputs(text, stdout);
	fputs(n + 1 < columns ? "  " : "\n", stdout);
}

static void print_line(const struct row *row, int columns, const int *width, bool heads)
{
	int n = 0;

	for (const struct field *f = row->fields; f && n < COLUMNS_MAX; f = f->next)
		if (f->head)
			print_cell(heads ? f->head : f->text, n++, columns, width, f->is_number);
}

static void text_table(const struct out *out)
{
	int width[COLUMNS_MAX] = { 0 };
	int columns = measure(out, width);

	if (out->rows && columns)
		print_line(out->rows, columns, width, true);
	for (const struct row *row = out->rows; row && columns; row = row->next)
		print_line(row, columns, width, false);
}

static void text_record(const struct out *out)
{
	int width = 0;

	for (const struct row *row = out->rows; row; row = row->next) {
		for (const struct field *f = row->fields; f; f = f->next)
			if (f->head && (int)strlen(f->head) > width)
				width = strlen(f->head);
		for (const struct field *f = row->fields; f; f = f->next)
			if (f->head)
				printf("%-*s  %s\n", width, f->head, f->text);
	}
}

static void free_row(struct row *row)
{
	struct field *field;

	while ((field = row->fields)) {
		row->fields = field->next;
		free(field->text);
		free(field);
	}
	free(row);
}

static void free_out(struct out *out)
{
	struct row *row;

	while ((row = out->rows)) {
		out->rows = row->next;
		free_row(row);
	}
	free(out);
}

/**
 * out_end() - print an output and give it back
 * @out: an output
 *
 * Return: 0, or STATUS_FAILED if there was no memory or no room for it.
 */
int out_end(struct out *out)
{
	bool failed = !out || out->failed;

	if (!out)
		return STATUS_FAILED;
	if (out->json)
		json_print(out);
	else if (out->kind == OUT_RECORD)
		text_record(out);
	else
		text_table(out);
	free_out(out);
	return fflush(stdout) || failed ? STATUS_FAILED : 0;
}

/**
 * size_text() - a number of bytes for people
 * @buf: where
 * @len: room
 * @bytes: how many
 *
 * Return: @buf, for example "256M" or "1.5G".
 */
const char *size_text(char *buf, size_t len, uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	uint64_t rest = 0;
	int unit = 0;

	for (; bytes >= 1024; bytes /= 1024) {
		rest = bytes % 1024;
		unit++;
	}
	rest = rest * 10 / 1024;
	if (rest && bytes < 100)
		snprintf(buf, len, "%u.%u%c", (unsigned int)bytes, (unsigned int)rest,
			 units[unit]);
	else
		snprintf(buf, len, "%u%c", (unsigned int)bytes, units[unit]);
	return buf;
}
