// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that watches over the terminal: if ours is killed while the
 * terminal is raw, it puts it back.
 *
 * It has nothing open but the terminal and a pipe from us, over which it hears
 * how the terminal is; the pipe's end is ours.  Signals meant for us are none
 * of its affair.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"

static void ignore_signals(void)
{
	static const int signals[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE,
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
}

/* Ignoring SIGTTOU, it may set a terminal that a shell has taken back already. */
static void watch(int pipe, const struct termios *cooked)
{
	char state = GUARD_COOKED;
	ssize_t n;

	ignore_signals();
	dup2(pipe, STDOUT_FILENO);
	close_range(STDERR_FILENO, ~0U, 0);
	do
		n = read(STDOUT_FILENO, &state, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (state == GUARD_RAW)
		tcsetattr(STDIN_FILENO, TCSANOW, cooked);
	_exit(0);
}

/**
 * guard_start() - begin to watch over standard input's terminal
 * @guard: result; without one, all goes on unwatched
 * @cooked: how the terminal is to be left
 */
void guard_start(struct guard *guard, const struct termios *cooked)
{
	int ends[2];

	guard->pipe = -1;
	guard->pid = -1;
	if (pipe2(ends, O_CLOEXEC))
		return;
	fflush(stdout);
	guard->pid = fork();
	if (!guard->pid) {
		close(ends[1]);
		watch(ends[0], cooked);
	}
	close(ends[0]);
	if (guard->pid > 0)
		guard->pipe = ends[1];
	else
		close(ends[1]);
}

/**
 * guard_tell() - say how the terminal is going to be, or how it is
 * @guard: which
 * @state: GUARD_RAW before it is made so, GUARD_COOKED once it is
 */
void guard_tell(const struct guard *guard, char state)
{
	while (guard->pipe >= 0 && write(guard->pipe, &state, 1) < 0 && errno == EINTR)
		;
}

/**
 * guard_end() - the terminal is as it was
 * @guard: which
 */
void guard_end(struct guard *guard)
{
	if (guard->pipe < 0)
		return;
	close(guard->pipe);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
	guard->pipe = -1;
}
