// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl logs
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "follow", 'f', NULL, "go on until the guest stops", NULL },
	{ "tail", 0, "N", "begin with the last N lines", NULL },
	{ 0 }
};

#define CHUNK		65536
#define ALL_LINES	-1L

/**
 * struct text - what a guest printed so far
 * @bytes: that
 * @len: how much
 * @end: the guest has stopped
 */
struct text {
	char *bytes;
	size_t len;
	bool end;
};

/*
 * A ring that is filled while it is read has no end: what was there at the
 * start is at most this much.
 */
#define RING_MAX	(4UL << 20)

static int read_present(int fd, struct text *text)
{
	while (text->len < RING_MAX) {
		char *grown = realloc(text->bytes, text->len + CHUNK);
		ssize_t n;

		if (!grown)
			return -ENOMEM;
		text->bytes = grown;
		n = read(fd, grown + text->len, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		text->end = n == 0;
		if (!n)
			return 0;
		text->len += n;
	}
	return 0;
}

/* Where the last @lines lines begin; a last one without its end counts. */
static size_t tail_start(const struct text *text, long lines)
{
	size_t at = text->len;

	if (lines == ALL_LINES)
		return 0;
	if (!lines)
		return text->len;
	if (at && text->bytes[at - 1] == '\n')
		at--;
	for (; at; at--)
		if (text->bytes[at - 1] == '\n' && !--lines)
			break;
	return at;
}

static int follow(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	static char chunk[CHUNK];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			return 0;
		if (n > 0 && !write_out(chunk, n))
			return -errno;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0)
			poll(&pfd, 1, -1);
	}
}

static int show(struct context *c, int fd, long lines, bool follows)
{
	struct text text = { 0 };
	size_t start;
	int err;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	err = read_present(fd, &text);
	start = tail_start(&text, lines);
	if (!err && text.len > start && !write_out(text.bytes + start, text.len - start))
		err = -errno;
	if (!err && follows && !text.end)
		err = follow(fd);
	free(text.bytes);
	return err ? fail(c, "%s", strerror(-err)) : 0;
}

static int parse_lines(struct context *c, const char *value, long *lines)
{
	char *end;

	errno = 0;
	*lines = strtol(value, &end, 10);
	if (errno || *end || end == value || *lines < 0)
		return fail(c, "tail: '%s' is no number of lines", value);
	return 0;
}

static int parse(struct context *c, long *lines, bool *follows)
{
	const struct option_row *row;
	const char *value;
	int status = 0;

	while (!status && (row = next_option(c, &value))) {
		if (is_option(row, "follow"))
			*follows = true;
		else
			status = parse_lines(c, value, lines);
	}
	return status ? status : expect_arguments(c, 1, 1);
}

static int run(struct context *c)
{
	long lines = ALL_LINES;
	bool follows = false;
	uint64_t id;
	int status, fd;

	status = parse(c, &lines, &follows);
	if (!status)
		status = open_library(c);
	if (!status)
		status = find_guest(c, c->argv[0], &id);
	if (status)
		return status;
	fd = hvctl_console(c->h, id, 0);
	if (fd < 0)
		return fail_library(c, fd);
	status = show(c, fd, lines, follows);
	close(fd);
	return status;
}

const struct command cmd_logs = {
	.name = "logs", .args = "NAME", .argument = ARGUMENT_GUEST,
	.help = "Print what a guest has written to its console",
	.options = options, .run = run,
};
