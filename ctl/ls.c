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
	{ "filter", 0, "K=V", NULL, NULL },
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

static const char *why(char *buf, size_t len, const struct hvctl_guest *guest)
{
	const char *reason = hvctl_stop_reason_name(guest->stop_reason);

	if (guest->state != HV_STATE_STOPPED)
		return "-";
	if (guest->stop_reason == HV_STOP_REASON_DEBUG_EXIT)
		snprintf(buf, len, "%s %" PRIu32, reason, guest->stop_status);
	else
		snprintf(buf, len, "%s%s%s", reason, guest->stop_detail[0] ? ": " : "",
			 guest->stop_detail);
	return buf;
}

static void add_text_columns(struct out *out, const struct hvctl_guest *guest)
{
	char size[16], age[32], stop[320];

	out_number(out, "id", "ID", guest->id, NULL);
	out_text(out, "name", "NAME", guest->name);
	out_text(out, "state", "STATE", hvctl_state_name(guest->state));
	out_number(out, "memory_size", "MEMORY", guest->memory_size,
		   size_text(size, sizeof(size), guest->memory_size));
	out_number(out, "memory_resident", "RESIDENT", guest->memory_resident,
		   size_text(size, sizeof(size), guest->memory_resident));
	out_number(out, "vcpus", "CPUS", guest->vcpus, NULL);
	out_number(out, "since", "SINCE", since(guest), ago(age, sizeof(age), since(guest)));
	out_text(out, "stop", "STOP", why(stop, sizeof(stop), guest));
}

static void add_guest(struct out *out, const struct hvctl_guest *guest)
{
	add_text_columns(out, guest);
	out_text(out, "stop_reason", NULL, hvctl_stop_reason_name(guest->stop_reason));
	out_number(out, "stop_status", NULL, guest->stop_status, NULL);
	out_text(out, "stop_detail", NULL, guest->stop_detail);
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

static int print(struct context *c, struct hvctl_guest **guests, bool all, bool quiet)
{
	struct out *out = out_new(c, OUT_TABLE);

	for (struct hvctl_guest **g = guests; *g; g++) {
		if (!all && !runs(*g))
			continue;
		if (quiet && !c->json) {
			printf("%" PRIu64 "\n", (*g)->id);
			continue;
		}
		out_row(out);
		if (quiet)
			out_number(out, "id", NULL, (*g)->id, NULL);
		else
			add_guest(out, *g);
	}
	return out_end(out);
}

static int run(struct context *c)
{
	bool all = false, quiet = false;
	const struct option_row *row;
	struct hvctl_guest **guests;
	const char *value;
	int status;

	while ((row = next_option(c, &value))) {
		all |= is_option(row, "all");
		quiet |= is_option(row, "quiet");
	}
	status = expect_arguments(c, 0, 0);
	if (!status)
		status = open_library(c);
	if (status)
		return status;
	status = hvctl_list(c->h, &guests);
	if (status)
		return fail_library(c, status);
	status = print(c, guests, all, quiet);
	hvctl_list_free(guests);
	return status;
}

const struct command cmd_ls = {
	.name = "ls", .alias = "ps", .args = "", .help = "List guests that run",
	.options = options, .run = run,
};
