// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options, as a command's table has them.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define ROWS_MAX	40
#define SCAN_FAILED	-1

enum {
	ID_HELP = 1000,
	ID_JSON,
	ID_FIRST,	/* the command's own rows follow */
};

/**
 * struct getopt_tables - a command's options in getopt_long()'s terms
 * @longs: long options
 * @shorts: short ones
 */
struct getopt_tables {
	struct option longs[ROWS_MAX + 3];
	char shorts[2 * ROWS_MAX + 8];
};

static void make_tables(const struct option_row *rows, struct getopt_tables *t)
{
	char *s = t->shorts;
	int n = 0;

	*s++ = ':';
	*s++ = 'h';
	*s++ = 'j';
	for (; rows && rows[n].name && n < ROWS_MAX; n++) {
		t->longs[n] = (struct option){
			rows[n].name, rows[n].arg ? required_argument : no_argument, NULL,
			ID_FIRST + n,
		};
		if (!rows[n].letter)
			continue;
		*s++ = rows[n].letter;
		if (rows[n].arg)
			*s++ = ':';
	}
	t->longs[n++] = (struct option){ "help", no_argument, NULL, ID_HELP };
	t->longs[n++] = (struct option){ "json", no_argument, NULL, ID_JSON };
	t->longs[n] = (struct option){ 0 };
	*s = '\0';
}

static const struct option_row *row_of(const struct option_row *rows, int id)
{
	if (id >= ID_FIRST)
		return &rows[id - ID_FIRST];
	for (; rows && rows->name; rows++)
		if (rows->letter && rows->letter == id)
			return rows;
	return NULL;
}

static const struct option_row *bad_option(struct context *c, const char *problem)
{
	const char *arg = c->argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };

	c->scan = SCAN_FAILED;
	if (arg[0] != '-' || (arg[1] != '-' && optopt && optopt < ID_HELP))
		arg = letter;
	fail(c, "option %s %s: hvctl %s --help lists the options", arg, problem,
	     c->command->name);
	return NULL;
}

static const struct option_row *take_row(struct context *c, const struct option_row *row)
{
	if (row->help)
		return row;
	c->scan = SCAN_FAILED;
	fail(c, "--%s comes with a later release of hv", row->name);
	return NULL;
}

static void end_options(struct context *c)
{
	c->argc -= optind;
	c->argv += optind;
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
	struct getopt_tables tables;
	int id;

	make_tables(c->command->options, &tables);
	opterr = 0;
	for (;;) {
		id = getopt_long(c->argc, c->argv, tables.shorts, tables.longs, NULL);
		*value = optarg;
		if (id == 'h' || id == ID_HELP) {
			print_usage(c->command);
			exit(0);
		}
		if (id != 'j' && id != ID_JSON)
			break;
		c->json = true;
	}
	if (id == '?')
		return bad_option(c, "is unknown, ambiguous, or takes no argument");
	if (id == ':')
		return bad_option(c, "needs an argument");
	if (id != -1)
		return take_row(c, row_of(c->command->options, id));
	end_options(c);
	return NULL;
}

/**
 * options_failed() - was there a mistake?
 * @c: the command
 *
 * Return: whether next_option() reported one.
 */
bool options_failed(const struct context *c)
{
	return c->scan == SCAN_FAILED;
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
