// SPDX-License-Identifier: GPL-2.0-only
/*
 * Console descriptors: many readers, one writer, and what they find when the
 * guest has not started, floods, stops, starts again and goes.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/uio.h>
#include <time.h>

#include "harness.h"

#define RING		65536
#define FIRST		8192
#define INPUT		4096
#define FLOOD		70000
#define WAIT_MS		20000

static struct hvctl *h;
static uint64_t id;
static void *volatile nowhere = (void *)8;

static void set_up(void)
{
	struct hvctl_spec *spec = payload_spec(h, "console");

	if (hvctl_create(h, spec, &id))
		test_die("create: %s", hvctl_error(h));
	hvctl_spec_free(spec);
}

static int open_console(uint32_t flags)
{
	return hvctl_console(h, id, flags);
}

static int nonblocking(uint32_t flags)
{
	int fd = open_console(flags);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static short events(int fd, short wanted, int ms)
{
	struct pollfd p = { .fd = fd, .events = wanted };

	return poll(&p, 1, ms) == 1 ? p.revents : 0;
}

/* Exactly @n bytes, unless the end or trouble comes first. */
static size_t read_all(int fd, void *buf, size_t n)
{
	size_t done = 0;
	ssize_t got;

	while (done < n && (events(fd, POLLIN, WAIT_MS) & POLLIN) &&
	       (got = read(fd, (char *)buf + done, n - done)) > 0)
		done += got;
	return done;
}

static bool expect(int fd, const char *text)
{
	char buf[256] = { 0 };

	return read_all(fd, buf, strlen(text)) == strlen(text) && !strcmp(buf, text);
}

static bool write_all(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void kill_and_remove(void)
{
	hvctl_kill(h, id);
	if (hvctl_remove(h, id))
		test_die("remove: %s", hvctl_error(h));
}

/* Before the start. */

static void not_started(void)
{
	int fd = nonblocking(HV_CONSOLE_WRITE);
	char buf[INPUT + 1] = { 0 };

	CHECK(fd >= 0);
	CHECK(read(fd, buf, 1) < 0 && errno == EAGAIN);
	CHECK_EQ(events(fd, POLLIN | POLLOUT, 0), POLLOUT);
	CHECK_EQ(write(fd, buf, sizeof(buf)), INPUT);
	CHECK(write(fd, buf, 1) < 0 && errno == EAGAIN);
	CHECK_EQ(events(fd, POLLIN | POLLOUT, 0), 0);
	CHECK_EQ(write(fd, buf, 0), 0);
	close(fd);
}

/* Start. What was queued before arrives first, so begin with a fresh guest. */
static void starts(void)
{
	int fd;

	kill_and_remove();
	set_up();
	fd = open_console(HV_CONSOLE_WRITE);
	CHECK(write_all(fd, "early"));
	CHECK_OK(h, hvctl_start(h, id));
	CHECK(expect(fd, "ready\nearly"));
	CHECK(write_all(fd, "hello"));
	CHECK(expect(fd, "hello"));
	close(fd);
}

static void one_writer(void)
{
	int writer = open_console(HV_CONSOLE_WRITE), reader = open_console(HV_CONSOLE_TAIL);

	CHECK(writer >= 0 && reader >= 0);
	CHECK_EQ(open_console(HV_CONSOLE_WRITE), -EBUSY);
	CHECK(write(reader, "x", 1) < 0 && errno == EBADF);
	close(writer);
	writer = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	CHECK(writer >= 0);
	CHECK(write_all(writer, "again"));
	CHECK(expect(writer, "again") && expect(reader, "again"));
	close(writer);
	close(reader);
}

/* A wake-up that is lost shows as a round that takes for ever. */
static void no_lost_wake(void)
{
	int fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	unsigned int i, rounds = tap_count(2000, 200);
	char c;

	CHECK(fd >= 0);
	alarm(60);
	for (i = 0; i < rounds; i++) {
		CHECK_EQ(write(fd, "z", 1), 1);
		CHECK(read(fd, &c, 1) == 1 && c == 'z');
	}
	alarm(0);
	close(fd);
}

static void *reads_text(void *text)
{
	int fd = open_console(HV_CONSOLE_TAIL);
	bool good;

	*(char *)text = 1;
	good = expect(fd, "to all of you\n");
	close(fd);
	return good ? text : NULL;
}

static void many_readers(void)
{
	int fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	static char there[64];
	pthread_t threads[64];
	unsigned int i, good = 0;
	void *result;

	for (i = 0; i < 64; i++)
		pthread_create(&threads[i], NULL, reads_text, &there[i]);
	for (i = 0; i < 64; i++)
		while (!__atomic_load_n(&there[i], __ATOMIC_RELAXED))
			usleep(1000);
	CHECK(write_all(fd, "to all of you\n"));
	for (i = 0; i < 64; i++) {
		pthread_join(threads[i], &result);
		good += result != NULL;
	}
	CHECK_EQ(good, 64);
	close(fd);
}

static char input[100000];
static size_t input_len;

static void *writes_input(void *fd)
{
	size_t done = 0;
	ssize_t n;

	while (done < input_len &&
	       (n = write(*(int *)fd, input + done, input_len - done)) > 0)
		done += n;
	return done == input_len ? fd : NULL;
}

/* Far more than the queue holds: every byte once, in order. */
static void much_input(void)
{
	int fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	static char back[sizeof(input)];
	pthread_t thread;
	void *result;
	size_t i;

	input_len = tap_count(sizeof(input), 20000);
	for (i = 0; i < input_len; i++)
		input[i] = "abcdefghijklmnopqrstuvwxyz0123456789\n"[i % 37];
	pthread_create(&thread, NULL, writes_input, &fd);
	CHECK_EQ(read_all(fd, back, input_len), input_len);
	pthread_join(thread, &result);
	CHECK(result);
	CHECK(!memcmp(input, back, input_len));
	close(fd);
}

/* The ring keeps the last 64 KiB: those who are late go on at its oldest byte. */
static void overrun(void)
{
	int late = open_console(0), fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	static uint8_t buf[RING];
	size_t n;

	CHECK_EQ(read(late, buf, 1), 1);
	CHECK(write_all(fd, "F."));
	/* Over when nothing more comes: any byte can be one of those that count. */
	while (events(fd, POLLIN, 1000) & POLLIN)
		if (read(fd, buf, sizeof(buf)) <= 0)
			break;
	CHECK_EQ(read_all(late, buf, RING), RING);
	for (n = 0; n < RING - 1; n++)
		CHECK_EQ(buf[n], (FLOOD + 1 - RING + n) % 251);
	CHECK_EQ(buf[RING - 1], '.');
	CHECK_EQ(events(late, POLLIN, 0), 0);
	close(late);
	close(fd);
}

static uint64_t kernel_memory(void)
{
	struct hvctl_guest *g;
	uint64_t bytes;

	if (hvctl_get(h, id, &g))
		test_die("get: %s", hvctl_error(h));
	bytes = g->kernel_memory;
	hvctl_guest_free(g);
	return bytes;
}

/* A new guest prints @n bytes as @how says: all of them are kept. */
static void kept(const char *how, size_t n)
{
	static uint8_t buf[RING];
	uint64_t before;
	int fd, late;
	size_t i;

	kill_and_remove();
	set_up();
	fd = open_console(HV_CONSOLE_WRITE);
	before = kernel_memory();
	CHECK(write_all(fd, how) && write_all(fd, "."));
	CHECK_OK(h, hvctl_start(h, id));
	CHECK(expect(fd, "ready\n"));
	CHECK_EQ(read_all(fd, buf, n + 1), n + 1);
	late = open_console(0);
	CHECK(expect(late, "ready\n"));
	CHECK_EQ(read_all(late, buf, n + 1), n + 1);
	close(late);
	close(fd);
	for (i = 0; i < n; i++)
		CHECK_EQ(buf[i], i % 251);
	CHECK_EQ(buf[n], '.');
	CHECK_EQ(kernel_memory() - before, RING - FIRST);
}

/* Its first ring is small; where more is printed it grows, and nothing is lost. */
static void grows(void)
{
	kept("H", 30000);
	kept("C", 28672);
	kept("S", 30000);
}

#define WATCHERS	4
#define LINE		1024
#define LINES		(RING / LINE + 8)

static void open_watchers(int watchers[WATCHERS])
{
	unsigned int i;

	for (i = 0; i < WATCHERS; i++)
		watchers[i] = open_console(HV_CONSOLE_TAIL);
}

/* Each has the line, and no more. */
static bool all_have(const int watchers[WATCHERS], const char line[LINE])
{
	char buf[LINE];
	unsigned int i;

	for (i = 0; i < WATCHERS; i++)
		if (read_all(watchers[i], buf, LINE) != LINE || memcmp(buf, line, LINE) ||
		    events(watchers[i], POLLIN, 0))
			return false;
	return true;
}

/* It reads nothing while more is printed than the ring holds, and then the last of it. */
static void slow_watcher(void)
{
	int slow = open_console(HV_CONSOLE_TAIL), watchers[WATCHERS];
	int writer = open_console(HV_CONSOLE_WRITE);
	static char printed[LINES * LINE], buf[RING];
	unsigned int i, j;

	open_watchers(watchers);
	CHECK(slow >= 0 && writer >= 0);
	for (i = 0; i < LINES; i++) {
		char *line = printed + i * LINE;

		for (j = 0; j < LINE; j++)
			line[j] = 'a' + (i * 7 + j) % 26;
		CHECK_EQ(write(writer, line, LINE), LINE);
		CHECK(all_have(watchers, line));
	}
	CHECK_EQ(read_all(slow, buf, RING), RING);
	CHECK(!memcmp(buf, printed + sizeof(printed) - RING, RING));
	CHECK_EQ(events(slow, POLLIN, 0), 0);
	for (i = 0; i < WATCHERS; i++)
		close(watchers[i]);
	close(writer);
	close(slow);
}

static void *blocked_read(void *fd)
{
	char c;

	return (void *)(intptr_t)read(*(int *)fd, &c, 1);
}

static void stops(void)
{
	int fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	struct hvctl_guest *g;
	pthread_t thread;
	void *result;
	char c;

	pthread_create(&thread, NULL, blocked_read, &fd);
	usleep(100000);
	CHECK(write_all(fd, "Q"));
	pthread_join(thread, &result);
	CHECK(!result);
	CHECK_OK(h, hvctl_wait(h, id, WAIT_MS, &g));
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_POWEROFF);
	hvctl_guest_free(g);
	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK(write(fd, "x", 1) < 0 && errno == EPIPE);
	CHECK(events(fd, POLLIN | POLLOUT, 0) & POLLHUP);
	CHECK(!(events(fd, POLLIN | POLLOUT, 0) & POLLOUT));
	close(fd);
	/* The log is still there. */
	fd = open_console(0);
	CHECK_EQ(read(fd, &c, 1), 1);
	close(fd);
}

static void starts_again(void)
{
	int fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	char c;

	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK_OK(h, hvctl_start(h, id));
	CHECK(expect(fd, "ready\n"));
	CHECK(write_all(fd, "once more"));
	CHECK(expect(fd, "once more"));
	close(fd);
}

static void bad_buffers(void)
{
	int fd = open_console(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL);
	char buf[8] = "abcdefg";
	struct iovec parts[2] = { { buf, 4 }, { nowhere, 4 } };

	CHECK(write(fd, nowhere, 1) < 0 && errno == EFAULT);
	CHECK_EQ(writev(fd, parts, 2), 4);
	CHECK(events(fd, POLLIN, WAIT_MS) & POLLIN);
	CHECK(read(fd, nowhere, 1) < 0 && errno == EFAULT);
	/* A byte that could not be handed over is not lost. */
	CHECK(expect(fd, "abcd"));
	CHECK(lseek(fd, 1, SEEK_SET) < 0 && errno == ESPIPE);
	close(fd);
}

static void on_alarm(int sig)
{
}

/* A blocked reader can be interrupted, and killed. */
static void interrupted(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	int fd = open_console(HV_CONSOLE_TAIL);
	char c;

	sigaction(SIGALRM, &act, NULL);
	alarm(1);
	CHECK(read(fd, &c, 1) < 0 && errno == EINTR);
	signal(SIGALRM, SIG_DFL);
	close(fd);
}

static void killed_under_reader(void)
{
	int fd = open_console(HV_CONSOLE_TAIL);
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, blocked_read, &fd);
	usleep(100000);
	CHECK_OK(h, hvctl_kill(h, id));
	pthread_join(thread, &result);
	CHECK(!result);
	close(fd);
}

static void removed_under_reader(void)
{
	struct hv_info info;
	pthread_t thread;
	void *result;
	char c;
	int fd;

	CHECK_OK(h, hvctl_remove(h, id));
	set_up();
	fd = open_console(HV_CONSOLE_WRITE);
	pthread_create(&thread, NULL, blocked_read, &fd);
	usleep(100000);
	CHECK_OK(h, hvctl_remove(h, id));
	pthread_join(thread, &result);
	CHECK(!result);
	CHECK_EQ(read(fd, &c, 1), 0);
	CHECK(write(fd, "x", 1) < 0 && errno == EPIPE);
	CHECK_OK(h, hvctl_info(h, &info));
	CHECK_EQ(info.guests, 0);
	close(fd);
}

static const struct tap_test tests[] = {
	{ "before the start input queues and nothing is read", not_started },
	{ "early input arrives", starts },
	{ "one writer", one_writer },
	{ "round trips without a lost wake-up", no_lost_wake },
	{ "64 readers", many_readers },
	{ "more input than the queue holds", much_input },
	{ "a reader that is overrun", overrun },
	{ "more than the first ring has room for", grows },
	{ "a slow watcher delays no other", slow_watcher },
	{ "end of file, EPIPE and hang-up when it stops", stops },
	{ "it goes on after a start", starts_again },
	{ "bad buffers", bad_buffers },
	{ "a blocked reader can be interrupted", interrupted },
	{ "a kill wakes a blocked reader", killed_under_reader },
	{ "so does a removal", removed_under_reader },
};

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	h = test_open();
	set_up();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
