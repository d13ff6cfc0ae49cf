/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What hvctl's commands share.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <termios.h>

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

/* What a shell's completion offers for a command's arguments. */
enum argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_GUEST,
	ARGUMENT_FILE,
	ARGUMENT_WORD,		/* one of struct command.words */
};

/**
 * struct command - a command
 * @name: what the user types
 * @alias: or this, or NULL
 * @args: how its arguments are called
 * @help: one line
 * @text: more, for --help and the manual page, or NULL
 * @argument: what its arguments are
 * @words: what they can be, for ARGUMENT_WORD, NULL-terminated
 * @options: its options, or NULL
 * @run: does it; returns the exit status
 */
struct command {
	const char *name;
	const char *alias;
	const char *args;
	const char *help;
	const char *text;
	enum argument_kind argument;
	const char *const *words;
	const struct option_row *options;
	int (*run)(struct context *c);
};

#define SENTENCE_SIZE	1024

/**
 * struct context - a command under way
 * @command: which
 * @h: the library, once open_library() was called
 * @json: wanted instead of text
 * @argc: how many arguments are left when next_option() has returned NULL
 * @argv: those
 * @rest: what stood behind "--", NULL-terminated, or NULL
 * @said: SENTENCE_SIZE bytes for what fail() said last, or NULL
 * @scan: next_option()'s place: the argument that it reads next
 * @kept: how many of those that it has read are no options
 * @letters: what is left of a row of letters behind one dash, or NULL
 * @mistake: next_option() reported one
 */
struct context {
	const struct command *command;
	struct hvctl *h;
	bool json;
	int argc;
	char **argv;
	char **rest;
	char *said;
	int scan;
	int kept;
	char *letters;
	bool mistake;
};

extern const struct command *const commands[];	/* NULL-terminated */
extern const struct command cmd_completion, cmd_console, cmd_create, cmd_doctor, cmd_events, cmd_help, cmd_inspect, cmd_kill,
	cmd_logs, cmd_ls, cmd_man, cmd_mem, cmd_pause, cmd_prune, cmd_regs, cmd_reset,
	cmd_restart, cmd_resume, cmd_rm, cmd_run, cmd_start, cmd_stats, cmd_stop, cmd_top,
	cmd_trace, cmd_update, cmd_version, cmd_wait;

/* main.c */
const struct command *find_command(const char *typed);

/* usage.c */
void print_usage(const struct command *command);
void print_summary(FILE *to);

/* words.c */
#define WORD_NONE	(-1)
#define WORD_AMBIGUOUS	(-2)
int words_find(const char *const *words, const char *typed);
const char *words_nearest(const char *const *words, const char *typed);
void words_list(const char *const *words, const char *typed, const char *prefix, char *buf,
		size_t size);

/* args.c */
const struct option_row *next_option(struct context *c, const char **value);
bool options_failed(const struct context *c);
bool is_option(const struct option_row *row, const char *name);
int take_number(struct context *c, const struct option_row *row, const char *value,
		uint64_t max, uint64_t *number);
int parse_number(const char *text, uint64_t *number);
int expect_arguments(struct context *c, int min, int max);

/* common.c */
int fail(const struct context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fail_library(const struct context *c, int err);
int open_library(struct context *c);
int find_guest(struct context *c, const char *name_or_id, uint64_t *id);
int get_guest(struct context *c, const char *name_or_id, struct hvctl_guest **guest);
const char *stop_text(char *buf, size_t len, const struct hvctl_guest *guest);
int end_status(const struct context *c, const struct hvctl_guest *guest);
int for_each_guest(struct context *c, int (*act)(struct context *c, uint64_t id));
void note(const struct context *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* out.c: see there */
enum out_kind {
	OUT_TABLE,	/* rows of columns; a JSON array */
	OUT_RECORD,	/* one line a field; a JSON object */
	OUT_RECORDS,	/* several of them; a JSON array */
	OUT_STREAM,	/* a table that goes on; a JSON object a line */
};

enum out_colour {
	OUT_PLAIN,
	OUT_GREEN,
	OUT_YELLOW,
	OUT_RED,
};

struct out;
struct out *out_new(const struct context *c, enum out_kind kind);
void out_row(struct out *out);
void out_text(struct out *out, const char *key, const char *head, const char *text);
void out_number(struct out *out, const char *key, const char *head, uint64_t value,
		const char *text);
void out_bool(struct out *out, const char *key, bool value);
void out_null(struct out *out, const char *key);
void out_open(struct out *out, const char *key, const char *bracket);
void out_close(struct out *out);
void out_colour(struct out *out, enum out_colour colour);
int out_flush(struct out *out);
int out_screen(struct out *out, int lines);
int out_end(struct out *out);
void out_drop(struct out *out);
const char *size_text(char *buf, size_t len, uint64_t bytes);

/* common.c, with these */
enum out_colour state_colour(const struct hvctl_guest *guest);
void add_stop(struct out *out, const struct hvctl_guest *guest);
void add_restarts(struct out *out, const struct hvctl_guest *guest);
void add_policy(struct out *out, const struct hvctl_guest *guest);

/* file.c */
int read_text(struct context *c, const char *name, char **text, size_t *len);

/* flight.c */
int add_last_exits(struct context *c, struct out *out, const char *name_or_id);

/* filter.c */
#define FILTERS_MAX	16

/**
 * struct filters - which guests are meant
 * @text: KEY=VALUE, as the command line has them
 * @count: how many
 */
struct filters {
	const char *text[FILTERS_MAX];
	size_t count;
};

int filter_add(struct context *c, struct filters *filters, const char *text);
bool filter_has(const struct filters *filters, const char *key);
bool filter_passes(const struct filters *filters, const struct hvctl_guest *guest);

/**
 * struct sample - a guest's counters
 * @id: which guest
 * @ticks: TSC ticks in the guest
 * @exits: how many
 * @entries: how many
 */
struct sample {
	uint64_t id;
	uint64_t ticks;
	uint64_t exits;
	uint64_t entries;
};

/**
 * struct rates - two rounds of samples
 * @before: the last one
 * @now: this one
 * @tsc_khz: the TSC's frequency, 0 if unknown
 */
struct rates {
	struct round {
		struct sample *sample;
		size_t count;
		uint64_t at;
	} before, now;
	uint32_t tsc_khz;
};

/**
 * struct rate - what a guest does
 * @permille: of one CPU
 * @exits: a second
 */
struct rate {
	uint64_t permille;
	uint64_t exits;
};

/* rates.c */
void rates_init(struct rates *rates, struct hvctl *h);
void rates_begin(struct rates *rates);
void rates_end(struct rates *rates);
struct sample rates_sum(const struct hvctl_guest *guest);
bool rates_get(struct rates *rates, const struct sample *sum, struct rate *rate);
void rates_add(struct out *out, struct rates *rates, const struct sample *sum);

/* guard.c */
#define GUARD_RAW	'r'
#define GUARD_COOKED	'c'

/**
 * struct guard - who puts the terminal back if we are killed
 * @pipe: to it, or -1 if there is none
 * @pid: the process
 */
struct guard {
	int pipe;
	pid_t pid;
};

void guard_start(struct guard *guard, const struct termios *cooked);
void guard_tell(const struct guard *guard, char state);
void guard_end(struct guard *guard);

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
