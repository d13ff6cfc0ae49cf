// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl: the table of commands.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const struct command *const commands[] = {
	&cmd_run, &cmd_create, &cmd_start, &cmd_kill, &cmd_rm, &cmd_ls, &cmd_console, &cmd_logs,
	&cmd_stats, &cmd_doctor, &cmd_version,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_option(const struct option_row *row)
{
	char left[40];

	if (!row->help)
		return;
	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
		 row->arg ? " " : "", row->arg ? row->arg : "");
	printf("  %-26s %s\n", left, row->help);
}

/**
 * print_usage() - print a command's usage
 * @command: which
 */
void print_usage(const struct command *command)
{
	printf("usage: hvctl [-j] %s%s%s%s\n%s%s%s%s%s\n", command->name,
	       command->options ? " [options]" : "", command->args[0] ? " " : "", command->args,
	       command->help, command->alias ? " (also: " : "",
	       command->alias ? command->alias : "", command->alias ? ")" : "",
	       command->options ? "\n" : "");
	for (const struct option_row *row = command->options; row && row->name; row++)
		print_option(row);
}

static void print_summary(void)
{
	printf("usage: hvctl [-j] COMMAND\n"
	       "Guests of the hv hypervisor. -j prints JSON.\n\n");
	for (size_t i = 0; i < NR_COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->help);
	printf("\nhvctl COMMAND --help says more. Exit status: 0; the guest's own from run;\n"
	       "125 hvctl or the host failed, 126 unusable image, 127 no such guest.\n");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name) ||
		    (commands[i]->alias && !strcmp(commands[i]->alias, name)))
			return commands[i];
	return NULL;
}

/* Cuts the arguments at "--": what follows belongs to the guest. */
static char **split_rest(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		*argc = i;
		argv[i] = NULL;
		return &argv[i + 1];
	}
	return NULL;
}

static int run_command(const struct command *command, bool json, int argc, char **argv)
{
	struct context c = { .command = command, .json = json };
	int status;

	c.rest = split_rest(&argc, argv);
	c.argc = argc;
	c.argv = argv;
	status = command->run(&c);
	hvctl_close(c.h);
	if (fflush(stdout) || ferror(stdout))
		return status ? status : STATUS_FAILED;
	return status;
}

/* Or a console could become our standard input. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

static bool is_one_of(const char *arg, const char *one, const char *other)
{
	return !strcmp(arg, one) || !strcmp(arg, other);
}

int main(int argc, char **argv)
{
	const struct command *command;
	bool json = false;
	int first = 1;

	fill_standard_descriptors();
	while (first < argc && is_one_of(argv[first], "-j", "--json")) {
		json = true;
		first++;
	}
	if (first == argc || is_one_of(argv[first], "-h", "--help") ||
	    !strcmp(argv[first], "help")) {
		print_summary();
		return first == argc ? STATUS_FAILED : 0;
	}
	if (is_one_of(argv[first], "-V", "--version"))
		argv[first] = "version";
	command = find_command(argv[first]);
	if (command)
		return run_command(command, json, argc - first, argv + first);
	fprintf(stderr, "hvctl: there is no command '%s': hvctl --help lists them\n", argv[first]);
	return STATUS_FAILED;
}
