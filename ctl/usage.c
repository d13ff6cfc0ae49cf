// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl help, and every --help: what the table of commands has to say.
 */
#include "ctl.h"

#define TEXT_WIDTH	78

static void print_option(const struct option_row *row)
{
	char left[64];

	if (!row->help)
		return;
	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
		 row->arg ? " " : "", row->arg ? row->arg : "");
	printf("  %-26s %s\n", left, row->help);
}

/* Wraps at blanks; a newline in @text begins a paragraph. */
static void print_text(const char *text)
{
	int column = 0;

	putchar('\n');
	while (*text) {
		int len = 0;

		while (text[len] && text[len] != ' ' && text[len] != '\n')
			len++;
		if (column && column + 1 + len > TEXT_WIDTH)
			column = putchar('\n') == EOF;
		column += printf("%s%.*s", column ? " " : "", len, text);
		text += len;
		if (*text == '\n')
			column = puts("\n") == EOF;
		if (*text)
			text++;
	}
	putchar('\n');
}

/**
 * print_usage() - print a command's usage
 * @command: which
 */
void print_usage(const struct command *command)
{
	printf("usage: hvctl [-j] %s%s%s%s\n%s%s%s%s\n", command->name,
	       command->options ? " [options]" : "", command->args[0] ? " " : "", command->args,
	       command->help, command->alias ? " (also: " : "",
	       command->alias ? command->alias : "", command->alias ? ")" : "");
	if (command->text)
		print_text(command->text);
	if (command->options)
		putchar('\n');
	for (const struct option_row *row = command->options; row && row->name; row++)
		print_option(row);
}

/**
 * print_summary() - print what commands there are
 * @to: where
 */
void print_summary(FILE *to)
{
	fprintf(to, "usage: hvctl [-j] COMMAND\n"
		"Guests of the hv hypervisor. -j prints JSON.\n\n");
	for (int i = 0; commands[i]; i++)
		if (commands[i]->help)
			fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	fprintf(to, "\nhvctl COMMAND --help says more. Exit status: 0; the guest's own from run and\n"
		"wait; 125 hvctl or the host failed, 126 unusable image, 127 no such guest.\n");
}

static int run(struct context *c)
{
	const struct command *command;
	const char *value;
	int status;

	while (next_option(c, &value))
		;
	status = expect_arguments(c, 0, 1);
	if (status)
		return status;
	if (!c->argc) {
		print_summary(stdout);
		return 0;
	}
	command = find_command(c->argv[0]);
	if (!command)
		return STATUS_FAILED;
	print_usage(command);
	return 0;
}

const struct command cmd_help = {
	.name = "help", .args = "[COMMAND]", .help = "Say what a command does",
	.run = run,
};
