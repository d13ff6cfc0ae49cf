// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl run and hvctl create
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

/* run has more, in front. */
#define RUN_ONLY	2

static const struct option_row options[] = {
	{ "foreground", 0, NULL, "kill and remove it when hvctl ends, however it does", "foreground" },
	{ "detach", 'd', NULL, "start it and print its name instead of attaching", NULL },
	{ "name", 0, "NAME", "up to 63 of A-Z a-z 0-9 _ . -; made up by default", "name" },
	{ "kernel", 0, "FILE", "the image, in place of IMAGE", "kernel" },
	{ "initrd", 0, "FILE", "initial RAM disk", "initrd" },
	{ "append", 0, "STRING", "kernel command line", "append" },
	{ "memory", 'm', "SIZE", "such as 512M or 1G; 256M by default", "memory" },
	{ "cpus", 'c', "N", "how many vCPUs: 1 to 64", "vcpus" },
	{ "pv", 0, "on|off|LIST", "KVM's paravirtual features: all, none, or some", "pv" },
	{ "on-reset", 0, "POLICY", "reset (default) or stop when it resets itself", "on-reset" },
	{ "debug-exit", 0, "PORT", "I/O port that ends it with a status, as QEMU's", "debug-exit" },
	{ "cgroup", 0, "PATH", "below the cgroup2 mount; hv.slice/NAME by default", "cgroup" },
	{ "cpuset", 0, "LIST", "the host's CPUs that it may use, such as 0-3,6", "cpuset" },
	{ "cpu-weight", 0, "N", "1 to 10000, beside others with 100 each", "cpu-weight" },
	{ "memory-limit", 0, "SIZE", "of all that its cgroup is charged for", "memory-limit" },
	{ "file", 'f', "FILE", "settings as inspect prints them; - is standard input", NULL },
	{ "label", 'l', "KEY=VALUE", "at most 16 of them", "label" },
	{ "restart", 0, "POLICY", "no (default), on-failure or always: start it again", "restart" },
	{ "rm", 0, NULL, "remove it when it has stopped", "rm" },
	{ "disk", 0, "FILE", NULL, NULL },
	{ "firmware", 0, "FILE", NULL, NULL },
	{ "net", 0, "SPEC", NULL, NULL },
	{ "cpu", 0, "MODEL", NULL, NULL },
	{ 0 }
};

#define CHOICES_MAX	256

/**
 * struct choice - an option that was there
 * @row: which
 * @value: its value
 */
struct choice {
	const struct option_row *row;
	const char *value;
};

/**
 * struct request - what the command line asked for
 * @spec: the guest
 * @choice: settings, in the order in which they stand there
 * @choices: how many
 * @file: --file, or NULL
 * @append: --append, or NULL
 * @kernel: --kernel was there
 * @detach: --detach was there
 * @foreground: --foreground was there
 */
struct request {
	struct hvctl_spec *spec;
	struct choice choice[CHOICES_MAX];
	size_t choices;
	const char *file;
	const char *append;
	bool kernel;
	bool detach;
	bool foreground;
};

static int set(struct context *c, struct request *r, const char *key, const char *value)
{
	int err = hvctl_spec_set(c->h, r->spec, key, value);

	return err ? fail_library(c, err) : 0;
}

static int take_option(struct context *c, struct request *r, const struct option_row *row,
		       const char *value)
{
	if (is_option(row, "detach"))
		r->detach = true;
	else if (is_option(row, "append"))
		r->append = value;
	else if (is_option(row, "file"))
		r->file = value;
	else if (r->choices == CHOICES_MAX)
		return fail(c, "that is more than %d options", CHOICES_MAX);
	else
		r->choice[r->choices++] = (struct choice){ row, value };
	r->kernel |= is_option(row, "kernel");
	r->foreground |= is_option(row, "foreground");
	return 0;
}

/* What follows "--", then --append, with blanks between. */
static char *join_cmdline(const struct context *c, const struct request *r)
{
	size_t len = r->append ? strlen(r->append) + 1 : 0;
	char *line, *to;

	for (char **arg = c->rest; arg && *arg; arg++)
		len += strlen(*arg) + 1;
	line = malloc(len + 1);
	if (!line)
		return NULL;
	to = line;
	for (char **arg = c->rest; arg && *arg; arg++)
		to += sprintf(to, "%s%s", to == line ? "" : " ", *arg);
	sprintf(to, "%s%s", r->append && to != line ? " " : "", r->append ? r->append : "");
	return line;
}

static int set_cmdline(struct context *c, struct request *r)
{
	char *line;
	int status;

	if (!c->rest && !r->append)
		return 0;
	line = join_cmdline(c, r);
	if (!line)
		return fail(c, "out of memory");
	status = set(c, r, "cmdline", line);
	free(line);
	return status;
}

static int read_file(struct context *c, struct request *r)
{
	size_t len;
	char *text;
	int err, status;

	if (!r->file)
		return 0;
	status = read_text(c, r->file, &text, &len);
	if (status)
		return status;
	err = hvctl_spec_from_json(c->h, r->spec, text, len);
	free(text);
	return err ? fail(c, "%s: %s", strcmp(r->file, "-") ? r->file : "standard input",
			  hvctl_error(c->h)) : 0;
}

static int set_choices(struct context *c, struct request *r)
{
	int status = 0;

	for (size_t i = 0; i < r->choices && !status; i++)
		status = set(c, r, r->choice[i].row->key,
			     r->choice[i].row->arg ? r->choice[i].value : "true");
	return status;
}

/* A file comes first, wherever it is named: the command line changes what it says. */
static int apply(struct context *c, struct request *r)
{
	int status = read_file(c, r);

	if (!status)
		status = set_choices(c, r);
	if (!status && c->argc)
		status = set(c, r, "kernel", c->argv[0]);
	return status ? status : set_cmdline(c, r);
}

static int parse(struct context *c, struct request *r)
{
	const struct option_row *row;
	const char *value;
	int status = 0;

	while (!status && (row = next_option(c, &value)))
		status = take_option(c, r, row, value);
	if (!status && r->kernel && !options_failed(c) && c->argc)
		return fail(c, "'%s' is one image too many beside --kernel", c->argv[0]);
	if (!status && r->detach && r->foreground)
		return fail(c, "--foreground contradicts --detach: the guest would go at once");
	if (!status)
		status = expect_arguments(c, r->kernel || r->file ? 0 : 1, 1);
	return status ? status : apply(c, r);
}

static int make(struct context *c, const struct request *r, struct hvctl_guest **guest)
{
	uint64_t id;
	int err = hvctl_create(c->h, r->spec, &id);

	if (err)
		return fail_library(c, err);
	if (hvctl_warning(c->h)[0])
		note(c, "%s", hvctl_warning(c->h));
	err = hvctl_get(c->h, id, guest);
	return err ? fail_library(c, err) : 0;
}

static int print_guest(struct context *c, const struct hvctl_guest *guest)
{
	struct out *out;

	if (!c->json) {
		puts(guest->name);
		return 0;
	}
	out = out_new(c, OUT_RECORD);
	out_row(out);
	out_number(out, "id", NULL, guest->id, NULL);
	out_text(out, "name", NULL, guest->name);
	return out_end(out);
}

static int final_status(struct context *c, const struct hvctl_guest *guest)
{
	struct hvctl_guest *last;
	int err, status;

	do
		err = hvctl_wait(c->h, guest->id, -1, &last);
	while (err == -EINTR);
	if (err == -ENOENT)
		return fail(c, "%s is removed, and how it ended is not known", guest->name);
	if (err)
		return fail_library(c, err);
	status = end_status(c, last);
	hvctl_guest_free(last);
	return status;
}

/* Its policy may start it again: then its console goes on, after a while. */
static bool goes_on(struct context *c, uint64_t id)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	struct hvctl_guest *guest;
	bool waits = true, runs = false;

	while (waits && !hvctl_get(c->h, id, &guest)) {
		runs = guest->state == HV_STATE_RUNNING || guest->state == HV_STATE_PAUSED;
		waits = !runs && guest->restart_at;
		hvctl_guest_free(guest);
		if (waits)
			nanosleep(&pause, NULL);
	}
	return runs;
}

static enum attach_end attach(struct context *c, const struct hvctl_guest *guest,
			      struct attachment *a)
{
	enum attach_end end;

	do
		end = attach_run(a);
	while (end == ATTACH_STOPPED && goes_on(c, guest->id));
	return end;
}

/*
 * The console is opened before the start, so that nobody comes between.  If
 * somebody has, the guest runs all the same, with its input there.
 */
static int start_and_attach(struct context *c, const struct hvctl_guest *guest)
{
	enum attach_end end;
	struct attachment a;
	int err, status;

	/* Or nobody could tell how one ended that is removed then. */
	hvctl_events_fd(c->h);
	err = attach_open(c, guest->id, false, &a);
	if (err == -EBUSY) {
		note(c, "%s: this one only shows it", hvctl_error(c->h));
		err = attach_open(c, guest->id, true, &a);
	}
	if (err)
		return fail_library(c, err);
	err = hvctl_start(c->h, guest->id);
	if (err) {
		attach_close(&a);
		return fail_library(c, err);
	}
	end = attach(c, guest, &a);
	status = end == ATTACH_STOPPED ? final_status(c, guest) :
					 attach_finish(c, &a, end, guest->name);
	attach_close(&a);
	return status;
}

static int start_detached(struct context *c, const struct hvctl_guest *guest)
{
	int err = hvctl_start(c->h, guest->id);

	return err ? fail_library(c, err) : print_guest(c, guest);
}

/* A guest that never ran is no use to anybody: nothing is left behind. */
static int drop_unstarted(struct context *c, const struct hvctl_guest *guest, int status)
{
	struct hvctl_guest *now;

	if (!status || hvctl_get(c->h, guest->id, &now))
		return status;
	if (now->state == HV_STATE_CREATED)
		hvctl_remove(c->h, guest->id);
	hvctl_guest_free(now);
	return status;
}

static int run_guest(struct context *c, const struct request *r, const struct hvctl_guest *guest)
{
	int status = r->detach ? start_detached(c, guest) : start_and_attach(c, guest);

	return drop_unstarted(c, guest, status);
}

/*
 * Settings are checked by the library, and mistakes in them are worth knowing
 * where the module is not loaded too: so what opening says waits.
 */
static int run_or_create(struct context *c, bool start)
{
	struct request r = { .spec = hvctl_spec_new() };
	struct hvctl_guest *guest = NULL;
	int err = hvctl_open(&c->h);
	int status;

	if (!c->h || !r.spec)
		return fail(c, "out of memory");
	status = parse(c, &r);
	if (!status && err)
		status = fail_library(c, err);
	if (!status)
		status = make(c, &r, &guest);
	if (!status)
		status = start ? run_guest(c, &r, guest) : print_guest(c, guest);
	hvctl_guest_free(guest);
	hvctl_spec_free(r.spec);
	return status;
}

static int run(struct context *c)
{
	return run_or_create(c, true);
}

static int create(struct context *c)
{
	return run_or_create(c, false);
}

#define IMAGES \
	"IMAGE is a bzImage, or a flat binary that is loaded at 1 MiB and entered at its first " \
	"byte in 64-bit mode. What follows \"--\" is the kernel's command line.\n" \
	"A file given by --file has one JSON object, a setting a key, as inspect prints it; options " \
	"beside it change what it says."

const struct command cmd_run = {
	.name = "run", .args = "IMAGE [-- KERNEL ARGS]", .argument = ARGUMENT_FILE,
	.help = "Create a guest, start it and attach to its console", .text = IMAGES,
	.options = options, .run = run,
};

const struct command cmd_create = {
	.name = "create", .args = "IMAGE [-- KERNEL ARGS]", .argument = ARGUMENT_FILE,
	.help = "Create a guest and print its name", .text = IMAGES,
	.options = options + RUN_ONLY, .run = create,
};
