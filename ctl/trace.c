// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl trace: a guest's tracepoints as they come.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tracefs.h"

static const struct option_row options[] = {
	{ "events", 'e', "LIST", "entry, exit, inject, s2_fault, state; by default all", NULL },
	{ "lines", 'n', "N", "end after N events", NULL },
	{ 0 }
};

#define WORDS_MAX	16
#define EVENTS_MAX	8

/**
 * struct event - a line of the tracer, taken apart in place
 * @us: monotonic time, microseconds
 * @name: without its "hv_"
 * @count: of @key and @value
 * @key: what is before each "="
 * @value: and behind it
 */
struct event {
	uint64_t us;
	const char *name;
	unsigned int count;
	const char *key[WORDS_MAX];
	const char *value[WORDS_MAX];
};

/**
 * struct view - what is printed
 * @c: the command
 * @show: which of tracefs_events
 * @left: how many lines are still wanted
 * @end: the guest is gone, or nobody reads
 */
struct view {
	struct context *c;
	bool show[EVENTS_MAX];
	uint64_t left;
	bool end;
};

static int event_index(const char *name)
{
	for (int i = 0; tracefs_events[i]; i++)
		if (!strcmp(tracefs_events[i], name))
			return i;
	return -1;
}

/* "12.345678" */
static uint64_t microseconds(const char *text)
{
	char *point;
	uint64_t seconds = strtoull(text, &point, 10);

	return seconds * 1000000 + (*point == '.' ? strtoull(point + 1, NULL, 10) : 0);
}

/* What follows the event's name: words with a "=" in each. */
static void split_words(char *text, struct event *e)
{
	char *save, *equals;

	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		equals = strchr(word, '=');
		if (!equals || e->count == WORDS_MAX)
			continue;
		*equals = '\0';
		e->key[e->count] = word;
		e->value[e->count++] = equals + 1;
	}
}

/*
 * "  TASK-PID  [CPU] FLAGS  TIME: hv_NAME: WORDS".  A task may be called what
 * it likes: the last ": hv_" is the tracer's.
 */
static bool parse_line(char *line, struct event *e)
{
	char *name = NULL, *time, *end;

	for (char *at = line; (at = strstr(at, ": hv_")); at++)
		name = at;
	if (!name)
		return false;
	*name = '\0';
	time = strrchr(line, ' ');
	name += strlen(": hv_");
	end = strchr(name, ':');
	if (!time || !end)
		return false;
	*end = '\0';
	*e = (struct event){ .us = microseconds(time + 1), .name = name };
	split_words(end + 1, e);
	return true;
}

static const char *find_value(const struct event *e, const char *key)
{
	for (unsigned int i = 0; i < e->count; i++)
		if (!strcmp(e->key[i], key))
			return e->value[i];
	return NULL;
}

/* A reason by its name, anything else as it is. */
static const char *readable(const struct event *e, unsigned int i)
{
	if (strcmp(e->key[i], "stop_reason"))
		return e->value[i];
	return hvctl_stop_reason_name(strtoul(e->value[i], NULL, 10));
}

static void print_text(const struct event *e)
{
	const char *vcpu = find_value(e, "vcpu");

	printf("%6llu.%06llu %3s  %-8s ", (unsigned long long)e->us / 1000000,
	       (unsigned long long)e->us % 1000000, vcpu ? vcpu : "-", e->name);
	for (unsigned int i = 0; i < e->count; i++)
		if (strcmp(e->key[i], "guest") && strcmp(e->key[i], "vcpu"))
			printf(" %s=%s", e->key[i], readable(e, i));
	putchar('\n');
}

static void print_json(const struct view *v, const struct event *e)
{
	struct out *out = out_new(v->c, OUT_STREAM);
	uint64_t number;

	out_row(out);
	out_number(out, "time_us", NULL, e->us, NULL);
	out_text(out, "event", NULL, e->name);
	for (unsigned int i = 0; i < e->count; i++) {
		const char *value = readable(e, i);

		if (strcmp(e->key[i], "name") && !parse_number(value, &number))
			out_number(out, e->key[i], NULL, number, NULL);
		else
			out_text(out, e->key[i], NULL, value);
	}
	out_end(out);
}

/* Where the reader was too slow: "CPU:1 [LOST 23 EVENTS]". */
static bool print_lost(const struct view *v, const char *line)
{
	const char *lost = strstr(line, "[LOST ");

	if (!lost || strstr(line, ": hv_"))
		return false;
	note(v->c, "%lu events came too fast and are lost", strtoul(lost + 6, NULL, 10));
	return true;
}

static void take_line(struct view *v, char *line)
{
	const char *state;
	struct event e;
	int which;

	if (print_lost(v, line) || !parse_line(line, &e))
		return;
	which = event_index(e.name);
	state = find_value(&e, "state");
	if (state && !strcmp(state, "gone"))
		v->end = true;
	if (which < 0 || !v->show[which] || !v->left)
		return;
	v->left--;
	if (v->c->json)
		print_json(v, &e);
	else
		print_text(&e);
}

/* What the pipe has now; a line that is not whole yet is kept in @buf. */
static void take_lines(struct view *v, int pipe)
{
	static char buf[65536];
	static size_t used;
	char *line = buf, *end;
	ssize_t n;

	n = read(pipe, buf + used, sizeof(buf) - 1 - used);
	if (n <= 0)
		return;
	used += n;
	buf[used] = '\0';
	for (; v->left && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(v, line);
	}
	used = strlen(line);
	memmove(buf, line, used);
	if (used == sizeof(buf) - 1)
		used = 0;
	if (fflush(stdout) || ferror(stdout))
		v->end = true;
}

/* Signals that end a command come by descriptor: the instance has to go. */
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int watch(struct view *v, const struct tracefs *t, int signals)
{
	struct pollfd fds[] = {
		{ .fd = t->pipe, .events = POLLIN }, { .fd = signals, .events = POLLIN },
	};

	while (v->left && !v->end && !fds[1].revents) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail(v->c, "cannot wait for events: %s", strerror(errno));
		if (fds[0].revents)
			take_lines(v, t->pipe);
	}
	return 0;
}

static int trace(struct view *v, uint64_t id)
{
	int signals = catch_signals();
	struct tracefs t;
	int status = tracefs_open(v->c, &t);

	for (int i = 0; !status && tracefs_events[i]; i++)
		/* Which guest is gone only hv_state says. */
		if (v->show[i] || !strcmp(tracefs_events[i], "state"))
			status = tracefs_enable(v->c, &t, tracefs_events[i], id);
	if (!status)
		status = watch(v, &t, signals);
	tracefs_close(&t);
	close(signals);
	return status;
}

/* "exit,inject": by name or the beginning of one. */
static int choose_events(struct view *v, const char *list)
{
	char *copy = strdup(list), *save, *word;
	int status = 0, which;

	if (!copy)
		return fail(v->c, "out of memory");
	memset(v->show, 0, sizeof(v->show));
	for (word = strtok_r(copy, ",", &save); word && !status; word = strtok_r(NULL, ",", &save)) {
		which = words_find(tracefs_events, word);
		if (which >= 0)
			v->show[which] = true;
		else
			status = fail(v->c, "there is no event '%s': entry, exit, inject, s2_fault and state are what there is",
				      word);
	}
	free(copy);
	return status;
}

static int run(struct context *c)
{
	struct view v = { .c = c, .left = UINT64_MAX };
	const struct option_row *row;
	const char *value;
	int status = 0;
	uint64_t id;

	memset(v.show, true, sizeof(v.show));
	while (!status && (row = next_option(c, &value)))
		status = is_option(row, "events") ? choose_events(&v, value) :
			 take_number(c, row, value, UINT64_MAX, &v.left);
	status = status ? status : expect_arguments(c, 1, 1);
	status = status ? status : open_library(c);
	status = status ? status : find_guest(c, c->argv[0], &id);
	return status ? status : trace(&v, id);
}

const struct command cmd_trace = {
	.name = "trace", .args = "NAME", .help = "Show each entry, exit and injection as it happens",
	.text = "Reads the tracepoints hv:hv_* in an instance of the kernel's tracer that is its own "
		"and is removed at the end. Each line has the time of the monotonic clock, the vCPU "
		"and the event. It ends when the guest is removed.",
	.argument = ARGUMENT_GUEST, .options = options, .run = run,
};
