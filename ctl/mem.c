// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl mem
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "output", 'o', "FILE", "read: the bytes themselves go there; - is standard output", NULL },
	{ "input", 'i', "FILE", "write: the bytes come from there; - is standard input", NULL },
	{ "file", 'f', "FILE", "map: share this memfd, such as /proc/PID/fd/N, from its first byte",
	  NULL },
	{ 0 }
};

#define CHUNK		(1UL << 20)
#define LINE		16
#define SHOWN_MAX	(1UL << 20)	/* of bytes as text; more belongs into a file */

/**
 * struct request - what the command line asked for
 * @guest: of which guest
 * @gpa: where
 * @len: how many bytes, for read and map
 * @file: --output, --input or --file, or NULL
 * @hex: bytes to write, as hexadecimal digits, or NULL
 */
struct request {
	struct hvctl_guest *guest;
	uint64_t gpa;
	uint64_t len;
	const char *file;
	const char *hex;
};

static int list(struct context *c, const struct request *r)
{
	struct out *out = out_new(c, OUT_TABLE);
	char gpa[32], size[16];

	for (const struct hvctl_region *region = r->guest->region; region; region = region->next) {
		out_row(out);
		snprintf(gpa, sizeof(gpa), "0x%" PRIx64, region->gpa);
		out_number(out, "gpa", "GPA", region->gpa, gpa);
		out_number(out, "size", "SIZE", region->size,
			   size_text(size, sizeof(size), region->size));
		out_bool(out, "shared", region->shared);
		out_text(out, NULL, "MEMORY", region->shared ? "shared" : "own");
	}
	return out_end(out);
}

static void show_line(uint64_t gpa, const unsigned char *bytes, size_t len)
{
	printf("%016" PRIx64 " ", gpa);
	for (size_t i = 0; i < LINE; i++) {
		if (i % 8 == 0)
			putchar(' ');
		if (i < len)
			printf("%02x ", bytes[i]);
		else
			printf("   ");
	}
	printf(" |");
	for (size_t i = 0; i < len; i++)
		putchar(bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : '.');
	printf("|\n");
}

static int show_json(struct context *c, const struct request *r, const unsigned char *bytes)
{
	struct out *out = out_new(c, OUT_RECORD);
	char *hex = malloc(2 * r->len + 1);

	if (!hex) {
		out_drop(out);
		return fail(c, "out of memory");
	}
	hex[0] = '\0';
	for (uint64_t i = 0; i < r->len; i++)
		sprintf(hex + 2 * i, "%02x", bytes[i]);
	out_row(out);
	out_number(out, "gpa", NULL, r->gpa, NULL);
	out_number(out, "length", NULL, r->len, NULL);
	out_text(out, "bytes", NULL, hex);
	free(hex);
	return out_end(out);
}

static int show(struct context *c, const struct request *r)
{
	unsigned char *bytes;
	int err, status = 0;

	if (r->len > SHOWN_MAX)
		return fail(c, "more than 1 MiB is not for reading: give a file with --output");
	bytes = malloc(r->len + 1);
	if (!bytes)
		return fail(c, "out of memory");
	err = hvctl_memory_read(c->h, r->guest->id, r->gpa, bytes, r->len);
	if (err)
		status = fail_library(c, err);
	else if (c->json)
		status = show_json(c, r, bytes);
	else
		for (uint64_t at = 0; at < r->len; at += LINE)
			show_line(r->gpa + at, bytes + at,
				  r->len - at < LINE ? r->len - at : LINE);
	free(bytes);
	return status;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			bytes += n;
			len -= n;
		}
	}
	return true;
}

/* Copies guest memory to @fd, or what @fd has to guest memory, a chunk at a time. */
static int save(struct context *c, const struct request *r, int fd, char *chunk)
{
	for (uint64_t done = 0; done < r->len;) {
		size_t n = r->len - done < CHUNK ? r->len - done : CHUNK;
		int err = hvctl_memory_read(c->h, r->guest->id, r->gpa + done, chunk, n);

		if (err)
			return fail_library(c, err);
		if (!write_all(fd, chunk, n))
			return fail(c, "cannot write %s: %s", r->file, strerror(errno));
		done += n;
	}
	return 0;
}

static int load(struct context *c, const struct request *r, int fd, char *chunk)
{
	uint64_t gpa = r->gpa;

	for (;;) {
		ssize_t n = read(fd, chunk, CHUNK);
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(c, "cannot read %s: %s", r->file, strerror(errno));
		if (!n)
			return 0;
		err = hvctl_memory_write(c->h, r->guest->id, gpa, chunk, n);
		if (err)
			return fail_library(c, err);
		gpa += n;
	}
}

static int open_file(const char *name, bool output)
{
	if (!strcmp(name, "-"))
		return dup(output ? STDOUT_FILENO : STDIN_FILENO);
	return output ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) :
			open(name, O_RDONLY | O_CLOEXEC);
}

static int transfer(struct context *c, const struct request *r, bool output)
{
	int fd = open_file(r->file, output);
	char *chunk;
	int status;

	if (fd < 0)
		return fail(c, "cannot open %s: %s", r->file, strerror(errno));
	chunk = malloc(CHUNK);
	if (!chunk)
		status = fail(c, "out of memory");
	else
		status = output ? save(c, r, fd, chunk) : load(c, r, fd, chunk);
	free(chunk);
	if (close(fd) && !status)
		status = fail(c, "cannot write %s: %s", r->file, strerror(errno));
	return status;
}

static int read_memory(struct context *c, const struct request *r)
{
	return r->file ? transfer(c, r, true) : show(c, r);
}

/* Digits by pairs, with blanks between pairs where somebody likes them. */
static int parse_hex(const char *hex, unsigned char *bytes)
{
	int n = 0;

	for (; *hex; hex++) {
		unsigned int byte;

		if (isspace((unsigned char)*hex))
			continue;
		if (!isxdigit((unsigned char)hex[0]) || !isxdigit((unsigned char)hex[1]))
			return -EINVAL;
		sscanf(hex, "%2x", &byte);
		bytes[n++] = byte;
		hex++;
	}
	return n;
}

static int write_hex(struct context *c, const struct request *r)
{
	unsigned char *bytes = malloc(strlen(r->hex) + 1);
	int n, err, status = 0;

	if (!bytes)
		return fail(c, "out of memory");
	n = parse_hex(r->hex, bytes);
	if (n <= 0) {
		status = fail(c, "'%.64s' is no row of bytes: give pairs of hexadecimal digits",
			      r->hex);
	} else {
		err = hvctl_memory_write(c->h, r->guest->id, r->gpa, bytes, n);
		status = err ? fail_library(c, err) : 0;
	}
	free(bytes);
	return status;
}

static int write_memory(struct context *c, const struct request *r)
{
	return r->file ? transfer(c, r, false) : write_hex(c, r);
}

static int map_file(struct context *c, const struct request *r)
{
	int fd = open(r->file, O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return fail(c, "cannot open %s: %s", r->file, strerror(errno));
	err = hvctl_memory_add(c->h, r->guest->id, r->gpa, r->len, fd, 0);
	close(fd);
	return err ? fail_library(c, err) : 0;
}

static int map_memory(struct context *c, const struct request *r)
{
	int err;

	if (r->file)
		return map_file(c, r);
	err = hvctl_memory_add(c->h, r->guest->id, r->gpa, r->len, -1, 0);
	return err ? fail_library(c, err) : 0;
}

static int unmap_memory(struct context *c, const struct request *r)
{
	const struct hvctl_region *region = r->guest->region;
	int err;

	while (region && region->gpa != r->gpa)
		region = region->next;
	if (!region)
		return fail(c, "no region of %s begins at 0x%" PRIx64 ": hvctl mem ls %s lists them",
			    r->guest->name, r->gpa, r->guest->name);
	err = hvctl_memory_delete(c->h, r->guest->id, region->gpa, region->size);
	return err ? fail_library(c, err) : 0;
}

/**
 * struct action - what can be done to guest memory
 * @name: what the user types first
 * @args: how many arguments follow
 * @file: the option that it takes, or NULL
 * @run: does it
 */
struct action {
	const char *name;
	int args;
	const char *file;
	int (*run)(struct context *c, const struct request *r);
};

static const struct action actions[] = {
	{ "ls", 1, NULL, list },
	{ "read", 3, "output", read_memory },
	{ "write", 3, "input", write_memory },
	{ "map", 3, "file", map_memory },
	{ "unmap", 2, NULL, unmap_memory },
};

static const char *const words[] = { "ls", "read", "write", "map", "unmap", NULL };

static int find_action(struct context *c, const struct action **action)
{
	int which = c->argc ? words_find(words, c->argv[0]) : WORD_NONE;

	if (which < 0)
		return fail(c, "say what to do: hvctl mem %s", c->command->args);
	*action = &actions[which];
	return 0;
}

static int parse_address(struct context *c, const char *text, uint64_t *gpa)
{
	if (parse_number(text, gpa))
		return fail(c, "'%s' is no guest physical address: give one like 0x100000", text);
	return 0;
}

/* With a unit, or without. */
static int parse_length(struct context *c, const char *text, uint64_t *len)
{
	static const char units[] = "KMGT";
	size_t digits = strlen(text);
	const char *unit = digits > 1 ? strchr(units, toupper((unsigned char)text[digits - 1])) :
					NULL;
	unsigned int shift = unit ? 10 * (unit - units + 1) : 0;
	char number[32];

	snprintf(number, sizeof(number), "%.*s", (int)(digits - !!unit), text);
	if (parse_number(number, len) || *len > UINT64_MAX >> shift)
		return fail(c, "'%s' is no number of bytes: give one like 4096, 0x1000 or 4K", text);
	*len <<= shift;
	return 0;
}

/* For write, a file stands for the bytes; for read it is the length that must be there. */
static int parse_arguments(struct context *c, const struct action *action, struct request *r)
{
	int args = action->args - (r->file && action->run == write_memory);
	int status = expect_arguments(c, args + 1, args + 1);

	if (!status && args > 1)
		status = parse_address(c, c->argv[2], &r->gpa);
	if (!status && (action->run == read_memory || action->run == map_memory))
		status = parse_length(c, c->argv[3], &r->len);
	if (!status && action->run == write_memory && !r->file)
		r->hex = c->argv[3];
	return status;
}

static int parse(struct context *c, struct request *r, const struct action **action)
{
	const struct option_row *row, *file = NULL;
	const char *value;
	int status;

	while ((row = next_option(c, &value))) {
		r->file = value;
		file = row;
	}
	if (options_failed(c))
		return STATUS_FAILED;
	status = find_action(c, action);
	if (!status && file && (!(*action)->file || !is_option(file, (*action)->file)))
		return fail(c, "--%s means nothing to mem %s", file->name, (*action)->name);
	return status ? status : parse_arguments(c, *action, r);
}

static int run(struct context *c)
{
	const struct action *action = NULL;
	struct request r = { 0 };
	int status;

	status = parse(c, &r, &action);
	if (!status)
		status = open_library(c);
	if (!status)
		status = get_guest(c, c->argv[1], &r.guest);
	if (!status)
		status = action->run(c, &r);
	hvctl_guest_free(r.guest);
	return status;
}

const struct command cmd_mem = {
	.name = "mem",
	.args = "ls NAME | read NAME GPA LENGTH | write NAME GPA BYTES | map NAME GPA LENGTH | unmap NAME GPA",
	.argument = ARGUMENT_WORD, .words = words,
	.help = "List, read, write, add and remove guest memory",
	.text = "GPA is a guest physical address and LENGTH a number of bytes, hexadecimal "
		"behind 0x; LENGTH may have a unit, such as 4K. "
		"BYTES are pairs of hexadecimal digits; --input takes a file in their place. A guest "
		"that runs goes on meanwhile. map gives a guest that does not run (pause it) more "
		"memory where it has none, and unmap takes the region away that begins at GPA; the "
		"guest is not told, and keeps what was changed until it is removed.",
	.options = options, .run = run,
};
