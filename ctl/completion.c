// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl completion: what the table of commands knows, in a shell's words.
 */
#include <string.h>

#include "ctl.h"

static const char *const shells[] = { "bash", "zsh", NULL };

static const struct option_row common[] = {
	{ "help", 'h', NULL, "print what the command does", NULL },
	{ "json", 'j', NULL, "print JSON", NULL },
	{ 0 }
};

static bool shown(const struct option_row *row)
{
	return row->help;
}

/* What an option's value is, by what the table calls it. */
static bool is_file(const struct option_row *row)
{
	return row->arg && !strcmp(row->arg, "FILE");
}

static void bash_options(const struct option_row *rows)
{
	for (; rows && rows->name; rows++)
		if (shown(rows))
			printf(" --%s", rows->name);
}

/* Options with a value, so that what follows them is not taken for a guest. */
static void bash_values(const struct option_row *rows, bool files)
{
	for (; rows && rows->name; rows++) {
		if (!shown(rows) || !rows->arg || is_file(rows) != files)
			continue;
		printf(" --%s", rows->name);
		if (rows->letter)
			printf(" -%c", rows->letter);
	}
}

static void bash_arguments(const struct command *command)
{
	switch (command->argument) {
	case ARGUMENT_GUEST:
		printf("words=$(hvctl ls --all --names 2>/dev/null)");
		break;
	case ARGUMENT_FILE:
		printf("files=y");
		break;
	case ARGUMENT_WORD:
		printf("words=\"");
		for (const char *const *w = command->words; *w; w++)
			printf("%s%s", w == command->words ? "" : " ", *w);
		printf("\"");
		break;
	default:
		printf(":");
	}
}

static void bash_command(const struct command *command)
{
	printf("\t%s", command->name);
	if (command->alias)
		printf(" | %s", command->alias);
	printf(")\n\t\toptions=\"");
	bash_options(command->options);
	bash_options(common);
	printf("\"\n\t\tvalues=\"");
	bash_values(command->options, false);
	printf(" \"\n\t\tfile_values=\"");
	bash_values(command->options, true);
	printf(" \"\n\t\t");
	bash_arguments(command);
	printf("\n\t\t;;\n");
}

static void print_bash(void)
{
	printf("# bash completion for hvctl: hvctl completion bash >/etc/bash_completion.d/hvctl\n"
	       "_hvctl()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tlocal i=1 options= values= file_values= words= files=\n"
	       "\twhile [[ $i -lt $COMP_CWORD && ${COMP_WORDS[i]} == -* ]]; do i=$((i + 1)); done\n"
	       "\tif [[ $i -ge $COMP_CWORD ]]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	for (int i = 0; commands[i]; i++)
		if (commands[i]->help)
			printf("%s ", commands[i]->name);
	printf("--json --help --version\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	       "\tcase ${COMP_WORDS[i]} in\n");
	for (int i = 0; commands[i]; i++)
		if (commands[i]->help)
			bash_command(commands[i]);
	printf("\tesac\n"
	       "\tif [[ $file_values == *\" $prev \"* ]]; then\n\t\tfiles=y words=\n"
	       "\telif [[ $values == *\" $prev \"* ]]; then\n\t\treturn\n"
	       "\telif [[ $cur == -* ]]; then\n\t\twords=$options files=\n\tfi\n"
	       "\tCOMPREPLY=($(compgen ${files:+-f} -W \"$words\" -- \"$cur\"))\n"
	       "\t[[ -z $files ]] || compopt -o filenames 2>/dev/null\n"
	       "}\ncomplete -F _hvctl hvctl\n");
}

/* In single quotes, for _arguments: brackets and colons mean something there. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_option(const struct option_row *row)
{
	if (!shown(row))
		return;
	if (row->letter)
		printf(" \\\n\t\t\t'(-%c --%s)'{-%c,--%s%s}'[", row->letter, row->name,
		       row->letter, row->name, row->arg ? "=" : "");
	else
		printf(" \\\n\t\t\t'--%s%s[", row->name, row->arg ? "=" : "");
	zsh_text(row->help);
	printf("]");
	if (row->arg) {
		printf(":");
		zsh_text(row->arg);
		printf(":%s", is_file(row) ? "_files" : "");
	}
	printf("'");
}

static void zsh_arguments(const struct command *command)
{
	switch (command->argument) {
	case ARGUMENT_GUEST:
		printf(" \\\n\t\t\t'*:guest:_hvctl_guests'");
		break;
	case ARGUMENT_FILE:
		printf(" \\\n\t\t\t'*:image:_files'");
		break;
	case ARGUMENT_WORD:
		printf(" \\\n\t\t\t'1:word:(");
		for (const char *const *w = command->words; *w; w++)
			printf("%s%s", w == command->words ? "" : " ", *w);
		printf(")' \\\n\t\t\t'*:guest:_hvctl_guests'");
		break;
	default:
		break;
	}
}

static void zsh_command(const struct command *command)
{
	printf("\t%s", command->name);
	if (command->alias)
		printf(" | %s", command->alias);
	printf(")\n\t\t_arguments -s");
	for (const struct option_row *row = command->options; row && row->name; row++)
		zsh_option(row);
	for (const struct option_row *row = common; row->name; row++)
		zsh_option(row);
	zsh_arguments(command);
	printf("\n\t\t;;\n");
}

static void print_zsh(void)
{
	printf("#compdef hvctl\n"
	       "# zsh completion for hvctl: hvctl completion zsh >/usr/share/zsh/site-functions/_hvctl\n"
	       "_hvctl_guests()\n{\n\tlocal -a names\n"
	       "\tnames=(${(f)\"$(hvctl ls --all --names 2>/dev/null)\"})\n"
	       "\tcompadd -a names\n}\n\n_hvctl()\n{\n\tlocal -a commands\n\tcommands=(\n");
	for (int i = 0; commands[i]; i++) {
		if (!commands[i]->help)
			continue;
		printf("\t\t'%s:", commands[i]->name);
		zsh_text(commands[i]->help);
		printf("'\n");
	}
	printf("\t)\n\tlocal curcontext=$curcontext state line\n"
	       "\t_arguments -C '(-j --json)'{-j,--json}'[print JSON]' '1: :->command' '*:: :->rest'\n"
	       "\tif [[ $state == command ]]; then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	       "\tcase $words[1] in\n");
	for (int i = 0; commands[i]; i++)
		if (commands[i]->help)
			zsh_command(commands[i]);
	printf("\tesac\n}\n\n_hvctl \"$@\"\n");
}

static int run(struct context *c)
{
	const char *value;
	int status, which;

	while (next_option(c, &value))
		;
	status = expect_arguments(c, 1, 1);
	if (status)
		return status;
	which = words_find(shells, c->argv[0]);
	if (which < 0)
		return fail(c, "'%s' is neither bash nor zsh", c->argv[0]);
	if (which)
		print_zsh();
	else
		print_bash();
	return 0;
}

const struct command cmd_completion = {
	.name = "completion", .args = "bash|zsh", .argument = ARGUMENT_WORD, .words = shells,
	.help = "Print a shell's completion of hvctl",
	.run = run,
};
