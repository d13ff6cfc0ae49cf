/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hvctl's commands share.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvctl.h>

/* Exit statuses beside 0 and the guest's own. */
#define STATUS_FAILED	125	/* hvctl or the host */
#define STATUS_IMAGE	126	/* an image that cannot be used */
#define STATUS_NO_GUEST	127

/**
 * struct option_row - an option of a command; rows end with a NULL @name
 * @name: the long one, without its dashes
 * @letter: the short one, or 0
 * @arg: what its argument is called, or NULL if it takes none
 * @help: one line, or NULL if the option is known but comes later
 * @key: what it sets in a guest's specification, or NULL
 */
struct option_row {
	const char *name;
	char letter;
	const char *arg;
	const char *help;
	const char *key;
};

struct context;

/**
 * struct command - a command
 * @name: what the user types
 * @alias: or this, or NULL
 * @args: how its arguments are called
 * @help: one line
 * @options: its options, or NULL
 * @run: does it; returns the exit status
 */
struct command {
	const char *name;
	const char *alias;
	const char *args;
	const char *help;
	const struct option_row *options;
	int (*run)(struct context *c);
};

/**
 * struct context - a command under way
 * @command: which
 * @h: the library, once open_library() was called
 * @json: wanted instead of text
 * @argc: how many arguments are left when next_option() has returned NULL
 * @argv: those
 * @rest: what stood behind "--", NULL-terminated, or NULL
 * @scan: next_option()'s place
 */
struct context {
	const struct command *command;
	struct hvctl *h;
	bool json;
	int argc;
	char **argv;
	char **rest;
	int scan;
};

extern const struct command cmd_console, cmd_create, cmd_doctor, cmd_kill, cmd_logs, cmd_ls,
	cmd_rm, cmd_run, cmd_start, cmd_stats, cmd_version;

/* main.c */
void print_usage(const struct command *command);

/* args.c */
const struct option_row *next_option(struct context *c, const char **value);
bool options_failed(const struct context *c);
bool is_option(const struct option_row *row, const char *name);
int expect_arguments(struct context *c, int min, int max);

/* common.c */
int fail(const struct context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fail_library(const struct context *c, int err);
int open_library(struct context *c);
int find_guest(struct context *c, const char *name_or_id, uint64_t *id);
int for_each_guest(struct context *c, int (*act)(struct context *c, uint64_t id));
void note(const struct context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* out.c: see there */
enum out_kind {
	OUT_TABLE,	/* rows of columns; a JSON array */
	OUT_RECORD,	/* one line a field; a JSON object */
	OUT_STREAM,	/* a table that goes on; a JSON object a line */
};

struct out;
struct out *out_new(const struct context *c, enum out_kind kind);
void out_row(struct out *out);
void out_text(struct out *out, const char *key, const char *head, const char *text);
void out_number(struct out *out, const char *key, const char *head, uint64_t value,
		const char *text);
int out_end(struct out *out);
const char *size_text(char *buf, size_t len, uint64_t bytes);

/* attach.c */
enum attach_end {
	ATTACH_STOPPED,
	ATTACH_DETACHED,
	ATTACH_SIGNAL,
	ATTACH_FAILED,
};

/**
 * struct attachment - a console and the terminal it is shown on
 * @output: the console, for reading
 * @input: the console, for writing; -1 if read-only
 * @signal: which signal ended it, for ATTACH_SIGNAL
 */
struct attachment {
	int output;
	int input;
	int signal;
};

int attach_open(struct context *c, uint64_t id, bool read_only, struct attachment *a);
enum attach_end attach_run(struct attachment *a);
void attach_close(struct attachment *a);
int attach_finish(struct context *c, const struct attachment *a, enum attach_end end,
		  const char *name);
bool write_out(const char *bytes, size_t len);

#endif /* CTL_H */
