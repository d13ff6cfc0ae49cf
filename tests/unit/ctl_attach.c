// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl's console on a pseudo-terminal, with socket pairs in the guest's
 * place: what is typed and printed arrives, and whatever ends the session
 * leaves the terminal as it was.
 */
/* SOURCES: ctl/attach.c ctl/guard.c ctl/common.c ctl/out.c ctl/words.c */
/* CFLAGS: -Iuserlib */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>
#include <unistd.h>

#include "../../ctl/ctl.h"
#include "tap.h"

/* What common.c would want of the library. */
const char *hvctl_error(const struct hvctl *h)
{
	(void)h;
	return "";
}

int hvctl_open(struct hvctl **h)
{
	*h = NULL;
	return -ENODEV;
}

int hvctl_lookup(struct hvctl *h, const char *name, uint64_t *id)
{
	(void)h;
	(void)name;
	*id = 0;
	return -ENOENT;
}

int hvctl_get(struct hvctl *h, uint64_t id, struct hvctl_guest **guest)
{
	(void)h;
	(void)id;
	*guest = NULL;
	return -ENOENT;
}

int hvctl_list(struct hvctl *h, struct hvctl_guest ***guests)
{
	(void)h;
	*guests = NULL;
	return -ENODEV;
}

void hvctl_guest_free(struct hvctl_guest *guest)
{
	(void)guest;
}

void hvctl_list_free(struct hvctl_guest **guests)
{
	(void)guests;
}

const char *hvctl_state_name(uint32_t state)
{
	(void)state;
	return "";
}

const char *hvctl_stop_reason_name(uint32_t reason)
{
	(void)reason;
	return "";
}

const char *hvctl_restart_name(uint32_t restart)
{
	(void)restart;
	return "";
}

int expect_arguments(struct context *c, int min, int max)
{
	(void)c;
	(void)min;
	(void)max;
	return 0;
}

/* attach_open()'s; the test opens its consoles itself. */
static int console_out[2], console_in[2];

int hvctl_console(struct hvctl *h, uint64_t id, uint32_t flags)
{
	(void)h;
	(void)id;
	return flags & HV_CONSOLE_WRITE ? console_in[1] : console_out[1];
}

static const struct command console = { .name = "console" };

/**
 * struct guest - the test's side of a session
 * @pid: who plays hvctl
 * @tty: the terminal's other end
 * @peer: the terminal itself, for its settings
 * @out: the guest prints here
 * @in: and reads here
 * @shell: the session's leader, where that is not who plays hvctl
 */
static struct {
	pid_t pid;
	int tty;
	int peer;
	int out;
	int in;
	pid_t shell;
} s;

static void child(bool tty)
{
	struct context c = { .command = &console };
	struct attachment a;
	enum attach_end end;

	close(console_out[0]);
	close(console_in[0]);
	if (tty && login_tty(s.peer))
		_exit(99);
	if (!tty)
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	if (attach_open(&c, 1, false, &a))
		_exit(98);
	end = attach_run(&a);
	_exit(end == ATTACH_STOPPED ? 10 : attach_finish(&c, &a, end, "web1"));
}

static void child_of_shell(void)
{
	struct context c = { .command = &console };
	struct attachment a;

	close(console_out[0]);
	close(console_in[0]);
	if (attach_open(&c, 1, false, &a))
		_exit(98);
	attach_run(&a);
	_exit(0);
}

static void begin(bool tty)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, console_out);
	socketpair(AF_UNIX, SOCK_STREAM, 0, console_in);
	openpty(&s.tty, &s.peer, NULL, NULL, NULL);
	fflush(stdout);
	s.pid = fork();
	if (!s.pid)
		child(tty);
	close(console_out[1]);
	close(console_in[1]);
	s.out = console_out[0];
	s.in = console_in[0];
}

static void end(void)
{
	close(s.out);
	close(s.in);
	close(s.tty);
	close(s.peer);
}

static bool is_raw(void)
{
	struct termios t;

	return !tcgetattr(s.peer, &t) && !(t.c_lflag & ICANON);
}

/* Within five seconds. */
static bool becomes(bool (*condition)(void), bool wanted)
{
	for (int i = 0; i < 500; i++) {
		if (condition() == wanted)
			return true;
		usleep(10000);
	}
	return false;
}

static int status(void)
{
	int status = -1;

	waitpid(s.pid, &status, 0);
	return status;
}

static bool reads(int fd, const char *text)
{
	char buf[4096];
	size_t len = 0;

	while (len < sizeof(buf) - 1) {
		ssize_t n = read(fd, buf + len, sizeof(buf) - 1 - len);

		if (n <= 0)
			return false;
		len += n;
		buf[len] = '\0';
		if (strstr(buf, text))
			return true;
	}
	return false;
}

static void test_echo(void)
{
	begin(true);
	CHECK(becomes(is_raw, true));
	CHECK(write(s.out, "hello", 5) == 5 && reads(s.tty, "hello"));
	CHECK(write(s.tty, "a\003\032b", 4) == 4 && reads(s.in, "a\003\032b"));
	close(s.out);
	CHECK(WEXITSTATUS(status()) == 10 && !is_raw());
	end();
}

static void test_detach(void)
{
	begin(true);
	CHECK(becomes(is_raw, true));
	CHECK(write(s.tty, "last\035lost", 9) == 9 && reads(s.in, "last"));
	CHECK(reads(s.tty, "web1 goes on; hvctl console web1 attaches"));
	CHECK(status() == 0 && !is_raw());
	end();
}

static void check_signal(int sig)
{
	begin(true);
	CHECK(becomes(is_raw, true));
	kill(s.pid, sig);
	CHECK(reads(s.tty, "goes on"));
	CHECK(WTERMSIG(status()) == sig && !is_raw());
	end();
}

static void test_signals(void)
{
	check_signal(SIGTERM);
	check_signal(SIGHUP);
	check_signal(SIGINT);
}

static void test_stop(void)
{
	int status_now;

	begin(true);
	CHECK(becomes(is_raw, true));
	kill(s.pid, SIGTSTP);
	CHECK(waitpid(s.pid, &status_now, WUNTRACED) == s.pid && WIFSTOPPED(status_now));
	CHECK(!is_raw());
	kill(s.pid, SIGCONT);
	CHECK(becomes(is_raw, true));
	CHECK(write(s.tty, "x", 1) == 1 && reads(s.in, "x"));
	CHECK(write(s.tty, "\035", 1) == 1 && status() == 0 && !is_raw());
	end();
}

/* The guest takes no input, and hvctl can be left all the same. */
static void test_full(void)
{
	static char much[100000];

	begin(true);
	CHECK(becomes(is_raw, true));
	fcntl(s.tty, F_SETFL, O_NONBLOCK);
	memset(much, 'x', sizeof(much));
	for (int i = 0; i < 100; i++) {
		if (write(s.tty, much, sizeof(much)) < 0)
			usleep(1000);
	}
	kill(s.pid, SIGTERM);
	CHECK(WTERMSIG(status()) == SIGTERM && !is_raw());
	end();
}

static bool is_over(void)
{
	return kill(s.pid, 0) && errno == ESRCH;
}

/* hvctl below a shell, which keeps the terminal: a session's leader takes it along. */
static void begin_below_shell(void)
{
	pid_t *pid = mmap(NULL, sizeof(*pid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	pid_t shell, command;

	socketpair(AF_UNIX, SOCK_STREAM, 0, console_out);
	socketpair(AF_UNIX, SOCK_STREAM, 0, console_in);
	openpty(&s.tty, &s.peer, NULL, NULL, NULL);
	fflush(stdout);
	shell = fork();
	if (!shell) {
		s.peer = login_tty(s.peer) ? -1 : dup(STDIN_FILENO);
		/* Only the shell tells: its child's 0 may come after. */
		command = fork();
		if (!command)
			child_of_shell();
		*pid = command;
		while (waitpid(command, NULL, 0) < 0)
			;
		pause();
	}
	while (!*(volatile pid_t *)pid)
		usleep(1000);
	s.pid = *pid;
	s.shell = shell;
	close(console_out[1]);
	close(console_in[1]);
	s.out = console_out[0];
	s.in = console_in[0];
	munmap(pid, sizeof(*pid));
}

/* Killed without a word: what it leaves behind puts the terminal back. */
static void test_killed(void)
{
	begin_below_shell();
	CHECK(becomes(is_raw, true));
	kill(s.pid, SIGKILL);
	CHECK(becomes(is_over, true));
	CHECK(becomes(is_raw, false));
	kill(s.shell, SIGKILL);
	waitpid(s.shell, NULL, 0);
	end();
}

/* Bytes that mean something to a terminal or a shell mean nothing here. */
static void test_bytes(void)
{
	static const char typed[] = "\303\244\342\202\254\033[8;50;132t\001\004\021\023\177\377";
	static const char printed[] = "\033[18t\303\266\r\n\377\033[6n";

	begin(true);
	CHECK(becomes(is_raw, true));
	CHECK(write(s.tty, typed, sizeof(typed) - 1) == sizeof(typed) - 1 && reads(s.in, typed));
	CHECK(write(s.out, printed, sizeof(printed) - 1) == sizeof(printed) - 1);
	CHECK(reads(s.tty, printed));
	CHECK(write(s.tty, "\035", 1) == 1 && status() == 0);
	end();
}

/* The guest's console goes away under it: a lost connection. */
static void test_lost(void)
{
	struct linger reset = { .l_onoff = 1 };

	begin(true);
	CHECK(becomes(is_raw, true));
	setsockopt(s.out, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(s.in);
	close(s.out);
	CHECK(WIFEXITED(status()) && !is_raw());
	end();
}

static void test_no_terminal(void)
{
	begin(false);
	/* Its input is given up, so that another console may have it. */
	CHECK(!reads(s.in, "x"));
	close(s.out);
	CHECK(WEXITSTATUS(status()) == 10);
	end();
}

static const struct tap_test tests[] = {
	{ "typed and printed", test_echo },
	{ "Ctrl-] detaches", test_detach },
	{ "a signal that ends it leaves the terminal as it was", test_signals },
	{ "stopped and continued", test_stop },
	{ "a guest that takes no input", test_full },
	{ "killed", test_killed },
	{ "bytes pass as they are", test_bytes },
	{ "a lost connection", test_lost },
	{ "no terminal", test_no_terminal },
};

int main(void)
{
	/* A session that hangs fails the test instead of hanging it. */
	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
