// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's console on this terminal.
 *
 * Signals come through a descriptor, so that there is no moment in which the
 * terminal is left raw: whatever ends the loop goes through leave_raw().  For
 * what ends us without asking there is guard.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

#define DETACH_KEY	0x1d	/* Ctrl-] */
#define OUTPUT_CHUNK	65536
#define INPUT_CHUNK	1024

/**
 * struct session - an attachment under way
 * @a: the console
 * @signals: a signalfd
 * @mask: signals that were blocked before
 * @tty: stdin is a terminal
 * @raw: and raw at the moment
 * @cooked: how it was at the start
 * @guard: puts it back if we are killed
 * @eof: nothing more comes from stdin
 * @detach: the detach key was seen; what was typed before it is still to go
 * @pending: typed, but not taken by the guest yet
 * @pending_len: how much
 */
struct session {
	struct attachment *a;
	int signals;
	sigset_t mask;
	bool tty;
	bool raw;
	struct termios cooked;
	struct guard guard;
	bool eof;
	bool detach;
	char pending[INPUT_CHUNK];
	size_t pending_len;
};

static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Not in the background: changing the terminal there would stop us. */
static void enter_raw(struct session *s)
{
	struct termios raw;

	if (!s->tty || s->a->input < 0 || !in_foreground())
		return;
	raw = s->cooked;
	cfmakeraw(&raw);
	guard_tell(&s->guard, GUARD_RAW);
	s->raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void leave_raw(struct session *s)
{
	if (s->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &s->cooked);
	guard_tell(&s->guard, GUARD_COOKED);
	s->raw = false;
}

static int catch_signals(struct session *s)
{
	static const int caught[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT };
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	/* One that our parent ignored (nohup) stays ignored. */
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (!sigaction(caught[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(&set, caught[i]);
	if (sigprocmask(SIG_BLOCK, &set, &s->mask))
		return -1;
	/* A closed pipe behind us must not kill us while the terminal is raw. */
	signal(SIGPIPE, SIG_IGN);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? -1 : 0;
}

/* The shell gets its terminal back while we are stopped. */
static void suspend(struct session *s)
{
	leave_raw(s);
	raise(SIGSTOP);
	enter_raw(s);
}

/* True if the session is over. */
static bool take_signal(struct session *s, enum attach_end *end)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGTSTP) {
		suspend(s);
		return false;
	}
	if (info.ssi_signo == SIGCONT) {
		/* Whoever had the terminal meanwhile may have changed it. */
		enter_raw(s);
		return false;
	}
	s->a->signal = info.ssi_signo;
	*end = ATTACH_SIGNAL;
	return true;
}

/**
 * write_out() - write to standard output, all of it
 * @bytes: what
 * @len: how many
 *
 * Return: whether it worked.
 */
bool write_out(const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);
		struct pollfd pfd = { .fd = STDOUT_FILENO, .events = POLLOUT };

		if (n < 0 && errno == EAGAIN)
			poll(&pfd, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		if (n < 0)
			continue;
		bytes += n;
		len -= n;
	}
	return true;
}

static bool take_output(struct session *s, enum attach_end *end)
{
	static char chunk[OUTPUT_CHUNK];
	ssize_t n = read(s->a->output, chunk, sizeof(chunk));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*end = n < 0 ? ATTACH_FAILED : ATTACH_STOPPED;
	if (n <= 0)
		return true;
	*end = ATTACH_DETACHED;
	return !write_out(chunk, n);
}

static void end_input(struct session *s)
{
	s->eof = true;
	if (s->a->input >= 0 && !s->pending_len) {
		/* Somebody else may want it. */
		close(s->a->input);
		s->a->input = -1;
	}
}

static void take_input(struct session *s)
{
	ssize_t n = read(STDIN_FILENO, s->pending, sizeof(s->pending));
	char *key;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end_input(s);
		return;
	}
	s->pending_len = n;
	key = s->raw ? memchr(s->pending, DETACH_KEY, n) : NULL;
	if (!key)
		return;
	s->detach = true;
	s->pending_len = key - s->pending;
}

/* A guest that has stopped takes no input: drop it, its output says the rest. */
static void give_input(struct session *s)
{
	ssize_t n = write(s->a->input, s->pending, s->pending_len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		n = s->pending_len;
	s->pending_len -= n;
	memmove(s->pending, s->pending + n, s->pending_len);
	if (s->eof)
		end_input(s);
}

static bool wants_stdin(const struct session *s)
{
	if (s->a->input < 0 || s->eof || s->pending_len)
		return false;
	return !s->tty || s->raw;
}

static bool step(struct session *s, enum attach_end *end)
{
	struct pollfd pfd[] = {
		{ .fd = s->a->output, .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = wants_stdin(s) ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = s->pending_len ? s->a->input : -1, .events = POLLOUT },
	};

	if (poll(pfd, 4, -1) < 0)
		return errno != EINTR;
	if (pfd[1].revents && take_signal(s, end))
		return true;
	if (pfd[2].revents)
		take_input(s);
	if (pfd[3].revents)
		give_input(s);
	/* The guest may never take the rest: detaching does not wait for it. */
	if (s->detach) {
		*end = ATTACH_DETACHED;
		if (s->pending_len)
			give_input(s);
		return true;
	}
	return pfd[0].revents && take_output(s, end);
}

/**
 * attach_open() - open a guest's console
 * @c: the command
 * @id: which guest
 * @read_only: do not ask for its input
 * @a: result
 *
 * Return: 0 or a negative errno of the library.
 */
int attach_open(struct context *c, uint64_t id, bool read_only, struct attachment *a)
{
	a->signal = 0;
	a->input = -1;
	a->output = hvctl_console(c->h, id, 0);
	if (a->output < 0)
		return a->output;
	if (!read_only)
		a->input = hvctl_console(c->h, id, HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	if (!read_only && a->input < 0) {
		int err = a->input;

		attach_close(a);
		return err;
	}
	fcntl(a->output, F_SETFL, O_NONBLOCK);
	if (a->input >= 0)
		fcntl(a->input, F_SETFL, O_NONBLOCK);
	return 0;
}

/**
 * attach_run() - connect a console and this terminal
 * @a: opened by attach_open()
 *
 * Return: what ended it.
 */
enum attach_end attach_run(struct attachment *a)
{
	struct session s = { .a = a, .guard.pipe = -1 };
	enum attach_end end = ATTACH_FAILED;

	if (catch_signals(&s))
		return ATTACH_FAILED;
	s.tty = !tcgetattr(STDIN_FILENO, &s.cooked);
	if (s.tty && a->input >= 0)
		guard_start(&s.guard, &s.cooked);
	enter_raw(&s);
	while (!step(&s, &end))
		;
	leave_raw(&s);
	guard_end(&s.guard);
	close(s.signals);
	sigprocmask(SIG_SETMASK, &s.mask, NULL);
	return end;
}

/**
 * attach_close() - close a console
 * @a: from attach_open()
 */
void attach_close(struct attachment *a)
{
	if (a->output >= 0)
		close(a->output);
	if (a->input >= 0)
		close(a->input);
	a->output = -1;
	a->input = -1;
}

/**
 * attach_finish() - say that a guest goes on
 * @c: the command
 * @a: the attachment
 * @end: how it ended; not ATTACH_STOPPED
 * @name: the guest's
 *
 * A signal then does to us what it was sent for.
 *
 * Return: the exit status.
 */
int attach_finish(struct context *c, const struct attachment *a, enum attach_end end,
		  const char *name)
{
	if (end == ATTACH_FAILED)
		return fail(c, "the console of %s cannot be read; the guest goes on", name);
	if (isatty(STDOUT_FILENO))
		write_out("\r\n", 2);
	note(c, "%s goes on; hvctl console %s attaches to it again", name, name);
	if (end == ATTACH_SIGNAL) {
		signal(a->signal, SIG_DFL);
		raise(a->signal);
	}
	return 0;
}
