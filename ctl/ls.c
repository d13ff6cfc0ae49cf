// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl ls
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "all", 'a', NULL, "also those that do not run", NULL },
	{ "quiet", 'q', NULL, "ids only", NULL },
	{ "names", 0, NULL, "names only", NULL },
	{ "filter", 0, "KEY=VALUE", "only guests with this id, name, state, stop or label", NULL },
	{ 0 }
};

#define NS_PER_S	1000000000ULL

/* How long ago, in the largest unit that fits. */
static const char *ago(char *buf, size_t len, uint64_t ns)
{
	static const struct {
		uint64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	struct timespec now;
	uint64_t s = 0;
	size_t i = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ns && (uint64_t)now.tv_sec > ns / NS_PER_S)
		s = now.tv_sec - ns / NS_PER_S;
	while (i < 3 && s < units[i].seconds)
		i++;
	snprintf(buf, len, "%" PRIu64 "%c", s / units[i].seconds, units[i].unit);
	return buf;
}

static uint64_t since(const struct hvctl_guest *guest)
{
	if (guest->state == HV_STATE_STOPPED)
		return guest->stopped_at;
	if (guest->state == HV_STATE_CREATED)
		return guest->created_at;
	return guest->started_at;
}

static void add_text_columns(struct out *out, const struct hvctl_guest *guest)
{
	char size[16], age[32], stop[320];

	out_number(out, "id", "ID", guest->id, NULL);
	out_text(out, "name", "NAME", guest->name);
	out_text(out, "state", "STATE", hvctl_state_name(guest->state));
	out_colour(out, state_colour(guest));
	out_number(out, "memory_size", "MEMORY", guest->memory_size,
		   size_text(size, sizeof(size), guest->memory_size));
	out_number(out, "memory_resident", "RESIDENT", guest->memory_resident,
		   size_text(size, sizeof(size), guest->memory_resident));
	out_number(out, "vcpus", "CPUS", guest->vcpus, NULL);
	out_number(out, "since", "SINCE", since(guest), ago(age, sizeof(age), since(guest)));
	out_text(out, NULL, "STOP", stop_text(stop, sizeof(stop), guest));
}

static void add_guest(struct out *out, const struct hvctl_guest *guest)
{
	add_text_columns(out, guest);
	add_stop(out, guest);
	add_policy(out, guest);
	out_number(out, "resets", NULL, guest->resets, NULL);
	out_number(out, "owner_uid", NULL, guest->owner_uid, NULL);
	out_number(out, "created_at", NULL, guest->created_at, NULL);
	out_number(out, "started_at", NULL, guest->started_at, NULL);
	out_number(out, "stopped_at", NULL, guest->stopped_at, NULL);
}

static bool runs(const struct hvctl_guest *guest)
{
	return guest->state == HV_STATE_RUNNING || guest->state == HV_STATE_PAUSED;
}

/**
 * struct request - what the command line asked for
 * @all: --all, or a filter that says as much
 * @quiet: --quiet
 * @names: --names
 * @filters: --filter
 */
struct request {
	bool all;
	bool quiet;
	bool names;
	struct filters filters;
};

static void print_one(struct context *c, struct out *out, const struct request *r,
		      const struct hvctl_guest *guest)
{
	if (r->quiet && !c->json)
		printf("%" PRIu64 "\n", guest->id);
	if (r->names && !c->json)
		printf("%s\n", guest->name);
	if ((r->quiet || r->names) && !c->json)
		return;
	out_row(out);
	if (r->quiet)
		out_number(out, "id", NULL, guest->id, NULL);
	if (r->names)
		out_text(out, "name", NULL, guest->name);
	if (!r->quiet && !r->names)
		add_guest(out, guest);
}

static int print(struct context *c, struct hvctl_guest **guests, const struct request *r)
{
	struct out *out = out_new(c, OUT_TABLE);

	for (struct hvctl_guest **g = guests; *g; g++)
		if ((r->all || runs(*g)) && filter_passes(&r->filters, *g))
			print_one(c, out, r, *g);
	return out_end(out);
}

static int parse(struct context *c, struct request *r)
{
	const struct option_row *row;
	const char *value;
	int status = 0;

	while (!status && (row = next_option(c, &value))) {
		r->all |= is_option(row, "all");
		r->quiet |= is_option(row, "quiet");
		r->names |= is_option(row, "names");
		if (is_option(row, "filter"))
			status = filter_add(c, &r->filters, value);
	}
	/* Who asks for those that stopped means those that stopped. */
	r->all |= filter_has(&r->filters, "state") || filter_has(&r->filters, "stop");
	return status ? status : expect_arguments(c, 0, 0);
}

static int run(struct context *c)
{
	struct hvctl_guest **guests;
	struct request r = { 0 };
	int status, err;

	status = parse(c, &r);
	if (!status)
		status = open_library(c);
	if (status)
		return status;
	err = hvctl_list(c->h, &guests);
	if (err)
		return fail_library(c, err);
	status = print(c, guests, &r);
	hvctl_list_free(guests);
	return status;
}

const struct command cmd_ls = {
	.name = "ls", .alias = "ps", .args = "", .help = "List guests that run",
	.options = options, .run = run,
};
