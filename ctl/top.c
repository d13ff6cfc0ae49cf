// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl top
 */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "delay", 'd', "SECONDS", "between two looks; 1 by default", NULL },
	{ "count", 'n', "N", "end after so many", NULL },
	{ "filter", 0, "KEY=VALUE", "only guests with this id, name, state, stop or label", NULL },
	{ 0 }
};

#define LINES_DEFAULT	24

/**
 * struct entry - a guest with what it does
 * @guest: as hvctl_list() has it
 * @stats: as hvctl_list_stats() has it
 * @sum: its counters
 * @rate: since the last look
 */
struct entry {
	const struct hvctl_guest *guest;
	const struct hvctl_guest *stats;
	struct sample sum;
	struct rate rate;
};

/* The busiest first; those that do nothing by id, so that lines keep their places. */
static int by_load(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	if (one->rate.permille != other->rate.permille)
		return one->rate.permille < other->rate.permille ? 1 : -1;
	return one->guest->id < other->guest->id ? -1 : one->guest->id > other->guest->id;
}

/* Both lists are by id; a guest that is in one of them only has just come or gone. */
static size_t join(struct entry *entries, struct hvctl_guest **guests, struct hvctl_guest **stats,
		   const struct filters *filters)
{
	size_t n = 0;

	for (; *guests; guests++) {
		while (*stats && (*stats)->id < (*guests)->id)
			stats++;
		if (!*stats || (*stats)->id != (*guests)->id || !filter_passes(filters, *guests))
			continue;
		entries[n].guest = *guests;
		entries[n++].stats = *stats;
	}
	return n;
}

static void add_entry(struct out *out, const struct entry *e, bool known)
{
	const struct hvctl_guest *guest = e->guest;
	char cpu[32], size[16], resident[16];

	out_row(out);
	out_number(out, "id", "ID", guest->id, NULL);
	out_text(out, "name", "NAME", guest->name);
	out_text(out, "state", "STATE", hvctl_state_name(guest->state));
	out_colour(out, state_colour(guest));
	out_number(out, "vcpus", "CPUS", guest->vcpus, NULL);
	snprintf(cpu, sizeof(cpu), "%llu.%llu", (unsigned long long)e->rate.permille / 10,
		 (unsigned long long)e->rate.permille % 10);
	out_number(out, "cpu_permille", "CPU%", e->rate.permille, known ? cpu : "-");
	out_number(out, "exits_per_second", "EXITS/S", e->rate.exits, known ? NULL : "-");
	out_number(out, "memory_size", "MEMORY", guest->memory_size,
		   size_text(size, sizeof(size), guest->memory_size));
	out_number(out, "memory_resident", "RESIDENT", guest->memory_resident,
		   size_text(resident, sizeof(resident), guest->memory_resident));
	out_number(out, "resets", "RESETS", guest->resets, NULL);
}

static int print(struct context *c, struct out *out)
{
	struct winsize size = { .ws_row = LINES_DEFAULT };

	if (c->json || !isatty(STDOUT_FILENO))
		return out_end(out);
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	return out_screen(out, size.ws_row ? size.ws_row : LINES_DEFAULT);
}

static int print_entries(struct context *c, struct rates *rates, struct entry *entries, size_t n)
{
	bool known = rates->before.at;
	struct out *out;

	for (size_t i = 0; i < n; i++) {
		entries[i].sum = rates_sum(entries[i].stats);
		rates_get(rates, &entries[i].sum, &entries[i].rate);
	}
	qsort(entries, n, sizeof(*entries), by_load);
	out = out_new(c, c->json ? OUT_STREAM : OUT_TABLE);
	for (size_t i = 0; i < n; i++)
		add_entry(out, &entries[i], known);
	return print(c, out);
}

static int look(struct context *c, struct rates *rates, const struct filters *filters)
{
	struct hvctl_guest **guests = NULL, **stats = NULL;
	struct entry *entries = NULL;
	size_t n = 0;
	int err, status;

	rates_begin(rates);
	err = hvctl_list(c->h, &guests);
	if (!err)
		err = hvctl_list_stats(c->h, &stats);
	while (!err && guests[n])
		n++;
	if (!err)
		entries = calloc(n + 1, sizeof(*entries));
	if (err)
		status = fail_library(c, err);
	else if (!entries)
		status = fail(c, "out of memory");
	else
		status = print_entries(c, rates, entries, join(entries, guests, stats, filters));
	free(entries);
	hvctl_list_free(stats);
	hvctl_list_free(guests);
	return status;
}

static int watch(struct context *c, const struct filters *filters, uint64_t delay, uint64_t count)
{
	const struct timespec pause = { .tv_sec = delay };
	struct rates rates = { 0 };
	int status;

	rates_init(&rates, c->h);
	if (!c->json && isatty(STDOUT_FILENO))
		fputs("\033[2J", stdout);
	while (!(status = look(c, &rates, filters)) && --count)
		nanosleep(&pause, NULL);
	rates_end(&rates);
	return status;
}

static int run(struct context *c)
{
	uint64_t delay = 1, count = UINT64_MAX;
	struct filters filters = { 0 };
	const struct option_row *row;
	const char *value;
	int status = 0;

	while (!status && (row = next_option(c, &value))) {
		if (is_option(row, "filter"))
			status = filter_add(c, &filters, value);
		else
			status = take_number(c, row, value, UINT32_MAX,
					     is_option(row, "delay") ? &delay : &count);
	}
	if (!status)
		status = expect_arguments(c, 0, 0);
	if (!status && !count)
		status = fail(c, "--count: 0 looks show nothing");
	if (!status)
		status = open_library(c);
	return status ? status : watch(c, &filters, delay, count);
}

const struct command cmd_top = {
	.name = "top", .args = "", .help = "Show all guests and what they do, the busiest first",
	.text = "On a terminal the list is redrawn in its place, up to the terminal's height; elsewhere "
		"each look is printed below the last. Ctrl-C ends it.",
	.options = options, .run = run,
};
