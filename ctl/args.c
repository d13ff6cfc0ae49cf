// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options, as a command's table has them.
 *
 * They may stand anywhere before "--", as --name=VALUE, --name VALUE, -nVALUE
 * or -n VALUE; long names may be cut where only one begins so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define ROWS_MAX	48

/* Every command has these. */
static const struct option_row common_rows[] = {
	{ "help", 'h', NULL, "print this", NULL },
	{ "json", 'j', NULL, "print JSON", NULL },
};

#define NR_COMMON ((int)(sizeof(common_rows) / sizeof(common_rows[0])))

/**
 * struct option_names - the options of a command
 * @row: theirs
 * @name: their long names, NULL-terminated
 */
struct option_names {
	const struct option_row *row[ROWS_MAX + NR_COMMON];
	const char *name[ROWS_MAX + NR_COMMON + 1];
};

static void collect(const struct option_row *rows, struct option_names *names)
{
	int n = 0;

	for (; rows && rows->name && n < ROWS_MAX; rows++)
		names->row[n++] = rows;
	for (int i = 0; i < NR_COMMON; i++)
		names->row[n++] = &common_rows[i];
	for (int i = 0; i < n; i++)
		names->name[i] = names->row[i]->name;
	names->name[n] = NULL;
}

/* Says what is wrong with the command line; NULL, for the caller to return. */
#define REFUSE(c, ...) ((c)->mistake = true, (void)fail(c, __VA_ARGS__), NULL)

static const struct option_row *unknown(struct context *c, const struct option_names *names,
					const char *typed, bool ambiguous)
{
	const char *nearest = words_nearest(names->name, typed);
	char shown[80], hint[256];

	snprintf(shown, sizeof(shown), "--%.64s", typed);
	if (ambiguous) {
		words_list(names->name, typed, "--", hint, sizeof(hint));
		return REFUSE(c, "option %s could be %s", shown, hint);
	}
	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean --%s?", nearest);
	else
		snprintf(hint, sizeof(hint), "hvctl %s --help lists the options",
			 c->command->name);
	return REFUSE(c, "there is no option %s: %s", shown, hint);
}

/* The next argument, where an option has no value of its own. */
static bool take_value(struct context *c, const struct option_row *row, const char **value)
{
	if (!row->arg || *value)
		return true;
	if (c->scan < c->argc)
		*value = c->argv[c->scan++];
	return *value;
}

static const struct option_row *long_option(struct context *c, const char *typed,
					    const char **value)
{
	const char *equals = strchr(typed, '=');
	struct option_names names;
	char name[64];
	int found;

	collect(c->command->options, &names);
	snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - typed) : (int)strlen(typed),
		 typed);
	found = words_find(names.name, name);
	if (found < 0)
		return unknown(c, &names, name, found == WORD_AMBIGUOUS);
	*value = equals ? equals + 1 : NULL;
	if (*value && !names.row[found]->arg)
		return REFUSE(c, "--%s takes no value", names.row[found]->name);
	if (!take_value(c, names.row[found], value))
		return REFUSE(c, "--%s needs a value: %s", names.row[found]->name,
			      names.row[found]->arg);
	return names.row[found];
}

/* The next of the letters behind one dash; the rest may be its value. */
static const struct option_row *letter_option(struct context *c, const char **value)
{
	const char shown[] = { '-', *c->letters++, '\0' };
	const struct option_row *row = NULL;
	struct option_names names;

	collect(c->command->options, &names);
	for (int i = 0; names.name[i] && !row; i++)
		if (names.row[i]->letter && names.row[i]->letter == shown[1])
			row = names.row[i];
	if (!row)
		return REFUSE(c, "there is no option %s: hvctl %s --help lists the options", shown,
			      c->command->name);
	*value = row->arg && *c->letters ? c->letters : NULL;
	if (row->arg || !*c->letters)
		c->letters = NULL;
	if (!take_value(c, row, value))
		return REFUSE(c, "%s needs a value: %s", shown, row->arg);
	return row;
}

/* Arguments that are no options move to the front, in their order. */
static const struct option_row *scan_option(struct context *c, const char **value)
{
	*value = NULL;
	if (c->letters)
		return letter_option(c, value);
	while (c->scan < c->argc) {
		char *arg = c->argv[c->scan++];

		if (arg[0] != '-' || !arg[1]) {
			c->argv[c->kept++] = arg;
			continue;
		}
		if (arg[1] == '-')
			return long_option(c, arg + 2, value);
		c->letters = arg + 1;
		return letter_option(c, value);
	}
	c->argc = c->kept;
	return NULL;
}

/* True if the option was one that every command has. */
static bool take_common(struct context *c, const struct option_row *row)
{
	if (is_option(row, "help")) {
		print_usage(c->command);
		exit(fflush(stdout) ? STATUS_FAILED : 0);
	}
	c->json |= is_option(row, "json");
	return is_option(row, "json");
}

/**
 * next_option() - the command line's next option
 * @c: the command
 * @value: its argument
 *
 * --help ends the program, --json is noted in the context.
 *
 * Return: its row; NULL when there are no more, or after a mistake that has
 * been reported: see options_failed().
 */
const struct option_row *next_option(struct context *c, const char **value)
{
	const struct option_row *row;

	do
		row = c->mistake ? NULL : scan_option(c, value);
	while (row && take_common(c, row));
	if (!row || row->help)
		return row;
	return REFUSE(c, "--%s comes with a later release of hv", row->name);
}

/**
 * options_failed() - was there a mistake?
 * @c: the command
 *
 * Return: whether next_option() reported one.
 */
bool options_failed(const struct context *c)
{
	return c->mistake;
}

/**
 * is_option() - is it this one?
 * @row: from next_option()
 * @name: the long name
 *
 * Return: whether.
 */
bool is_option(const struct option_row *row, const char *name)
{
	return !strcmp(row->name, name);
}

/**
 * take_number() - an option's value as a number
 * @c: the command
 * @row: the option
 * @value: what was typed: decimal digits, or hexadecimal behind 0x
 * @max: at most this
 * @number: result
 *
 * Return: 0, or the exit status after a sentence.
 */
int take_number(struct context *c, const struct option_row *row, const char *value,
		uint64_t max, uint64_t *number)
{
	if (parse_number(value, number) || *number > max)
		return fail(c, "--%s: '%s' is no number between 0 and %llu", row->name, value,
			    (unsigned long long)max);
	return 0;
}

/**
 * parse_number() - read a number
 * @text: decimal digits, or hexadecimal ones behind 0x, and nothing else
 * @number: result
 *
 * Return: 0 or -EINVAL.
 */
int parse_number(const char *text, uint64_t *number)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = text + (hex ? 2 : 0);
	char *end;

	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return -EINVAL;
	errno = 0;
	*number = strtoull(digits, &end, hex ? 16 : 10);
	return errno ? -EINVAL : 0;
}

/**
 * expect_arguments() - check the number of arguments
 * @c: the command, after its options
 * @min: at least
 * @max: at most, or -1
 *
 * Return: 0, or the exit status after a sentence.
 */
int expect_arguments(struct context *c, int min, int max)
{
	if (options_failed(c))
		return STATUS_FAILED;
	if (c->argc < min)
		return fail(c, "something is missing: hvctl %s%s %s", c->command->name,
			    c->command->options ? " [options]" : "", c->command->args);
	if (max >= 0 && c->argc > max)
		return fail(c, "'%s' is one argument too many", c->argv[max]);
	if (c->rest && !strstr(c->command->args, "--"))
		return fail(c, "'--' means nothing here");
	return 0;
}
