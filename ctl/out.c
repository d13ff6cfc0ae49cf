// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text and JSON from the same calls.
 *
 * A command describes rows of fields.  In text a field stands in the column
 * of its heading, whose width is that of its longest value; one without a
 * heading is for JSON only, and one without a key for text only.  Objects and
 * arrays are opened and closed among the fields, and are JSON's alone.
 * Everything is printed by out_end(), or row by row with out_flush().
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define COLUMNS_MAX	32
#define NESTING_MAX	8

/* What every terminal since the VT100 knows. */
#define HOME		"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_REST	"\033[J"
#define WRAP_OFF	"\033[?7l"
#define WRAP_ON		"\033[?7h"

enum field_kind {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_LITERAL,		/* true, false or null */
	FIELD_OPEN,		/* its text is the bracket */
	FIELD_CLOSE,
};

/**
 * struct field - a value
 * @next: in the same row
 * @kind: what JSON makes of it
 * @colour: on a terminal
 * @key: for JSON; NULL for text only, but in an array, where there are none
 * @head: for text, or NULL
 * @text: as text has it
 * @number: as JSON has it, for FIELD_NUMBER
 */
struct field {
	struct field *next;
	enum field_kind kind;
	enum out_colour colour;
	const char *key;
	const char *head;
	char *text;
	uint64_t number;
};

struct row {
	struct row *next;
	struct field *fields;
};

/**
 * struct out - an output
 * @kind: what it looks like
 * @json: instead of text
 * @colours: standard output is a terminal that wants them
 * @failed: there was no memory for all of it
 * @headed: the headings of a table are out
 * @screen: lines are redrawn in their places
 * @lines_left: on the screen
 * @rows: what is to be printed
 * @last: the last of them
 * @last_field: its last field
 * @width: of columns printed so far
 */
struct out {
	enum out_kind kind;
	bool json;
	bool colours;
	bool failed;
	bool headed;
	bool screen;
	int lines_left;
	struct row *rows;
	struct row *last;
	struct field *last_field;
	int width[COLUMNS_MAX];
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
	out->colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
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

static struct field *add(struct out *out, enum field_kind kind, const char *key,
			 const char *head, const char *text)
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
	field->kind = kind;
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
	add(out, FIELD_TEXT, key, head, text);
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
	field = add(out, FIELD_NUMBER, key, head, text ? text : digits);
	if (field)
		field->number = value;
}

/**
 * out_bool() - add a truth to the row, for JSON
 * @out: an output
 * @key: JSON key
 * @value: value
 */
void out_bool(struct out *out, const char *key, bool value)
{
	add(out, FIELD_LITERAL, key, NULL, value ? "true" : "false");
}

/**
 * out_null() - add what is not there to the row, for JSON
 * @out: an output
 * @key: JSON key
 */
void out_null(struct out *out, const char *key)
{
	add(out, FIELD_LITERAL, key, NULL, "null");
}

/**
 * out_open() - begin an object or an array, for JSON
 * @out: an output
 * @key: JSON key; NULL in an array
 * @bracket: "{" or "["
 *
 * Fields that follow are in it, up to the next out_close().
 */
void out_open(struct out *out, const char *key, const char *bracket)
{
	add(out, FIELD_OPEN, key, NULL, bracket);
}

/**
 * out_close() - end the object or array that was opened last
 * @out: an output
 */
void out_close(struct out *out)
{
	add(out, FIELD_CLOSE, NULL, NULL, "");
}

/**
 * out_colour() - colour the field that was added last
 * @out: an output
 * @colour: on a terminal; nothing else has any
 */
void out_colour(struct out *out, enum out_colour colour)
{
	if (out && out->last_field)
		out->last_field->colour = colour;
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

static void json_value(const struct field *f)
{
	if (f->kind == FIELD_NUMBER)
		printf("%" PRIu64, f->number);
	else if (f->kind == FIELD_TEXT)
		json_string(f->text);
	else
		fputs(f->text, stdout);
}

/* The brackets that are open, as a string of those that will close them. */
struct nesting {
	char closing[NESTING_MAX];
	int depth;
	bool first;
};

static void json_field(struct nesting *in, const struct field *f)
{
	bool in_array = in->closing[in->depth] == ']';

	if (f->kind == FIELD_CLOSE) {
		putchar(in->closing[in->depth--]);
		in->first = false;
		return;
	}
	if (!f->key && !in_array)
		return;
	if (!in->first)
		putchar(',');
	if (!in_array) {
		json_string(f->key);
		putchar(':');
	}
	json_value(f);
	in->first = f->kind == FIELD_OPEN;
	if (in->first)
		in->closing[++in->depth] = f->text[0] == '{' ? '}' : ']';
}

static void json_row(const struct row *row)
{
	struct nesting in = { .closing = "}", .first = true };

	putchar('{');
	for (const struct field *f = row->fields; f; f = f->next)
		json_field(&in, f);
	putchar('}');
}

static void json_print(const struct out *out)
{
	bool array = out->kind == OUT_TABLE || out->kind == OUT_RECORDS;

	if (array)
		putchar('[');
	for (const struct row *row = out->rows; row; row = row->next) {
		json_row(row);
		if (!array)
			putchar('\n');
		else if (row->next)
			putchar(',');
	}
	if (array)
		puts("]");
}

/* As a terminal shows it: bytes that go on with a character take no room. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

/* Columns are those of the first row; rows of a table all have the same. */
static int measure(struct out *out)
{
	int columns = 0, *width = out->width;

	for (const struct row *row = out->rows; row; row = row->next) {
		int n = 0;

		for (const struct field *f = row->fields; f && n < COLUMNS_MAX; f = f->next) {
			if (!f->head)
				continue;
			if (text_width(f->head) > width[n])
				width[n] = text_width(f->head);
			if (text_width(f->text) > width[n])
				width[n] = text_width(f->text);
			n++;
		}
		columns = n > columns ? n : columns;
	}
	return columns;
}

/* What somebody else wrote, such as a label, must not steer the terminal. */
static void put_text(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void put_coloured(const struct out *out, const struct field *f, const char *text)
{
	static const char *const codes[] = {
		[OUT_GREEN] = "\033[32m", [OUT_YELLOW] = "\033[33m", [OUT_RED] = "\033[31m",
	};
	bool coloured = out->colours && f->colour != OUT_PLAIN && text == f->text;

	if (coloured)
		fputs(codes[f->colour], stdout);
	put_text(text);
	if (coloured)
		fputs("\033[0m", stdout);
}

/* The last column is not padded: no blanks at the end of a line. */
static void print_cell(const struct out *out, const struct field *f, const char *text, int n,
		       int columns)
{
	int padding = out->width[n] - text_width(text);
	bool right = f->kind == FIELD_NUMBER, last = n + 1 == columns;

	printf("%*s", right ? padding : 0, "");
	put_coloured(out, f, text);
	if (last)
		fputs(out->screen ? CLEAR_LINE "\n" : "\n", stdout);
	else
		printf("%*s", (right ? 0 : padding) + 2, "");
}

static void print_line(struct out *out, const struct row *row, int columns, bool heads)
{
	int n = 0;

	if (out->screen && out->lines_left-- <= 0)
		return;
	for (const struct field *f = row->fields; f && n < COLUMNS_MAX; f = f->next)
		if (f->head)
			print_cell(out, f, heads ? f->head : f->text, n++, columns);
}

static void text_table(struct out *out)
{
	int columns = measure(out);

	if (out->rows && columns && !out->headed)
		print_line(out, out->rows, columns, true);
	out->headed |= columns > 0;
	for (const struct row *row = out->rows; row && columns; row = row->next)
		print_line(out, row, columns, false);
}

static void text_record(const struct out *out)
{
	int width = 0;

	for (const struct row *row = out->rows; row; row = row->next) {
		for (const struct field *f = row->fields; f; f = f->next)
			if (f->head && (int)strlen(f->head) > width)
				width = strlen(f->head);
		for (const struct field *f = row->fields; f; f = f->next) {
			if (!f->head)
				continue;
			printf("%-*s  ", width, f->head);
			put_coloured(out, f, f->text);
			putchar('\n');
		}
		if (row->next)
			putchar('\n');
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

static void drop_rows(struct out *out)
{
	struct row *row;

	while ((row = out->rows)) {
		out->rows = row->next;
		free_row(row);
	}
	out->last = NULL;
	out->last_field = NULL;
}

static void print_rows(struct out *out)
{
	if (out->json)
		json_print(out);
	else if (out->kind == OUT_RECORD || out->kind == OUT_RECORDS)
		text_record(out);
	else
		text_table(out);
}

/**
 * out_flush() - print what there is so far, and go on
 * @out: an OUT_STREAM
 *
 * Headings come once, and a column's width never shrinks.
 *
 * Return: 0, or STATUS_FAILED as from out_end().
 */
int out_flush(struct out *out)
{
	if (!out)
		return STATUS_FAILED;
	print_rows(out);
	drop_rows(out);
	return fflush(stdout) || out->failed ? STATUS_FAILED : 0;
}

/**
 * out_screen() - print an output in the last one's place, and give it back
 * @out: an OUT_TABLE
 * @lines: of the terminal
 *
 * Return: as from out_end().
 */
int out_screen(struct out *out, int lines)
{
	if (out) {
		out->screen = true;
		/* One is the cursor's. */
		out->lines_left = lines - 1;
		fputs(HOME WRAP_OFF, stdout);
		print_rows(out);
		fputs(CLEAR_REST WRAP_ON, stdout);
		drop_rows(out);
	}
	return out_end(out);
}

/**
 * out_drop() - give an output back unprinted
 * @out: an output
 */
void out_drop(struct out *out)
{
	if (out)
		drop_rows(out);
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
	print_rows(out);
	out_drop(out);
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
