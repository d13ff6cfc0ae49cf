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

/* In the order in which the summary and the manual page have them. */
const struct command *const commands[] = {
	&cmd_run, &cmd_create, &cmd_start, &cmd_stop, &cmd_kill, &cmd_pause, &cmd_resume,
	&cmd_reset, &cmd_restart, &cmd_wait, &cmd_rm, &cmd_prune, &cmd_ls, &cmd_inspect, &cmd_update,
	&cmd_stats, &cmd_top, &cmd_events, &cmd_logs, &cmd_console, &cmd_mem, &cmd_regs, &cmd_trace,
	&cmd_doctor,
	&cmd_completion, &cmd_man, &cmd_help, &cmd_version, NULL,
};

#define COMMANDS_MAX	64

/* Names, then aliases; returns which command each belongs to. */
static void collect_names(const char **names, const struct command **owners)
{
	int n = 0;

	for (int i = 0; commands[i] && n < COMMANDS_MAX; i++) {
		owners[n] = commands[i];
		names[n++] = commands[i]->name;
	}
	for (int i = 0; commands[i] && n < COMMANDS_MAX; i++) {
		if (!commands[i]->alias)
			continue;
		owners[n] = commands[i];
		names[n++] = commands[i]->alias;
	}
	names[n] = NULL;
}

static void explain_unknown(const char *const *names, const char *typed, bool ambiguous)
{
	const char *nearest = words_nearest(names, typed);
	char list[256];

	words_list(names, typed, "", list, sizeof(list));
	if (ambiguous)
		fprintf(stderr, "hvctl: '%s' could be %s\n", typed, list);
	else if (nearest)
		fprintf(stderr, "hvctl: there is no command '%s': did you mean %s?\n", typed,
			nearest);
	else
		fprintf(stderr, "hvctl: there is no command '%s': hvctl --help lists them\n",
			typed);
}

/**
 * find_command() - find a command
 * @typed: its name, its alias, or the beginning of only one
 *
 * Return: it, or NULL after a sentence.
 */
const struct command *find_command(const char *typed)
{
	const struct command *owners[COMMANDS_MAX];
	const char *names[COMMANDS_MAX + 1];
	int found;

	collect_names(names, owners);
	found = words_find(names, typed);
	if (found >= 0)
		return owners[found];
	explain_unknown(names, typed, found == WORD_AMBIGUOUS);
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
	struct context c = { .command = command, .json = json, .scan = 1 };
	char said[SENTENCE_SIZE] = "";
	int status;

	c.said = said;
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
	if (first == argc) {
		print_summary(stderr);
		return STATUS_FAILED;
	}
	if (is_one_of(argv[first], "-h", "--help"))
		argv[first] = "help";
	if (is_one_of(argv[first], "-V", "--version"))
		argv[first] = "version";
	command = find_command(argv[first]);
	return command ? run_command(command, json, argc - first, argv + first) : STATUS_FAILED;
}
