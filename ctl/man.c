// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl man: hvctl(1), from the table of commands.
 *
 * For the build; it is in no list.
 */
#include <string.h>

#include "ctl.h"

#define DATE		"November 25, 2026"	/* of the last change to what stands here */
#define LINE_WIDTH	72

static void put_escaped(const char *text, int len)
{
	for (int i = 0; i < len; i++) {
		if (text[i] == '\\')
			printf("\\e");
		else if (text[i] == '-')
			printf("\\-");
		else
			putchar(text[i]);
	}
}

static bool ends_sentence(const char *word, int len)
{
	return len > 1 && strchr(".:?", word[len - 1]) && word[len] == ' ';
}

/*
 * A line of input for each sentence, and none too long.  A dot or a quote at a
 * line's start would be mdoc's own.
 */
static void put_text(const char *text)
{
	int column = 0;

	while (*text) {
		int len = strcspn(text, " \n");

		if (column + len > LINE_WIDTH)
			column = putchar('\n') == EOF;
		if (!column && (*text == '.' || *text == '\''))
			printf("\\&");
		if (column)
			putchar(' ');
		put_escaped(text, len);
		column += len + 1;
		if (ends_sentence(text, len))
			column = putchar('\n') == EOF;
		text += len;
		if (*text == '\n') {
			printf("%s.Pp\n", column ? "\n" : "");
			column = 0;
		}
		text += *text != '\0';
	}
	if (column)
		putchar('\n');
}

/* One argument of a macro: what looks like a macro's name is none. */
static void put_word(const char *text)
{
	printf(" \"");
	for (; *text; text++)
		printf(*text == '"' ? "\\(dq" : *text == '\\' ? "\\e" : "%c", *text);
	putchar('"');
}

static void put_option(const struct option_row *row)
{
	if (!row->help)
		return;
	printf(".It");
	if (row->letter)
		printf(" Fl %c ,", row->letter);
	printf(" Fl \\-%s", row->name);
	if (row->arg) {
		printf(" Ar");
		put_word(row->arg);
	}
	putchar('\n');
	put_text(row->help);
}

static void put_command(const struct command *command)
{
	printf(".It Ic %s%s", command->name, command->options ? " Oo Ar options Oc" : "");
	if (command->args[0]) {
		printf(" Ar");
		put_word(command->args);
	}
	putchar('\n');
	put_text(command->help);
	if (command->alias)
		printf("\\&; also called\n.Ic %s .\n", command->alias);
	if (command->text) {
		printf(".Pp\n");
		put_text(command->text);
	}
	if (!command->options)
		return;
	printf(".Bl -tag -width Ds\n");
	for (const struct option_row *row = command->options; row->name; row++)
		put_option(row);
	printf(".El\n");
}

static void put_head(void)
{
	printf(".\\\" Generated from hvctl's table of commands: hvctl man\n"
	       ".Dd " DATE "\n.Dt HVCTL 1\n.Os\n"
	       ".Sh NAME\n.Nm hvctl\n.Nd guests of the hv hypervisor\n"
	       ".Sh SYNOPSIS\n.Nm\n.Op Fl j\n.Ar command\n.Op Ar options\n.Op Ar arguments\n"
	       ".Sh DESCRIPTION\n"
	       ".Nm\nsets guests up and controls them.\n"
	       "A guest runs in the kernel, in the module\n.Xr hv 4 ;\n"
	       "no process stands behind it, so that it goes on when\n.Nm\nends.\n"
	       "A guest is named by its name or its id.\n"
	       ".Pp\n"
	       "Commands and long options may be cut where only one begins so.\n"
	       "Each command knows\n.Fl h , Fl \\-help\nand\n.Fl j , Fl \\-json .\n"
	       "With the latter it prints one JSON value, or one object a line where the\n"
	       "output goes on.\n"
	       "Columns have colours on a terminal, unless\n.Ev NO_COLOR\nis set.\n"
	       ".Sh COMMANDS\n.Bl -tag -width Ds\n");
}

static void put_tail(void)
{
	printf(".El\n"
	       ".Sh ENVIRONMENT\n.Bl -tag -width NO_COLOR\n.It Ev NO_COLOR\nno colours\n.El\n"
	       ".Sh FILES\n.Bl -tag -width Ds\n"
	       ".It Pa /dev/hv\nwhoever may open it may do everything; see\n.Xr hv 4\n"
	       ".It Pa share/hv/hvctl.schema.json\na JSON schema of what\n.Fl j\nprints\n.El\n"
	       ".Sh EXIT STATUS\n.Bl -tag -width 125\n"
	       ".It 0\nit is done\n"
	       ".It 125\n.Nm\nor the host failed; a sentence on standard error says why\n"
	       ".It 126\nan image cannot be used\n"
	       ".It 127\nthere is no such guest\n.El\n"
	       ".Pp\n"
	       ".Ic run\nand\n.Ic wait\nend with the guest's own status where it has one.\n"
	       ".Sh EXAMPLES\n.Bd -literal -offset indent\n"
	       "hvctl run \\-d \\-\\-name web1 vmlinuz \\-\\-initrd initrd.img \\-\\- console=ttyS0\n"
	       "hvctl logs \\-f web1\n"
	       "hvctl inspect web1 >web1.json\n"
	       "hvctl create \\-f web1.json \\-\\-name web2\n"
	       ".Ed\n"
	       ".Sh SEE ALSO\n.Xr libhvctl 3 ,\n.Xr hv 4\n");
}

static int run(struct context *c)
{
	const char *value;
	int status;

	while (next_option(c, &value))
		;
	status = expect_arguments(c, 0, 0);
	if (status)
		return status;
	put_head();
	for (int i = 0; commands[i]; i++)
		if (commands[i]->help)
			put_command(commands[i]);
	put_tail();
	return 0;
}

const struct command cmd_man = {
	.name = "man", .args = "", .run = run,
};
