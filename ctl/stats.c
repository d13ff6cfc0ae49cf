// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl stats
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "no-stream", 0, NULL, "print once instead of each second", NULL },
	{ "exits", 0, NULL, "print exits by reason, once", NULL },
	{ 0 }
};

/**
 * struct sample - a guest's counters before, for rates
 * @id: which guest
 * @ticks: TSC ticks in the guest
 * @exits: how many
 */
struct sample {
	uint64_t id;
	uint64_t ticks;
	uint64_t exits;
};

/**
 * struct history - the samples of the last round
 * @sample: those
 * @count: how many
 * @at: when they were taken, ns
 * @tsc_khz: the TSC's frequency, 0 if unknown
 */
struct history {
	struct sample *sample;
	size_t count;
	uint64_t at;
	uint32_t tsc_khz;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static struct sample sum_up(const struct hvctl_guest *guest, uint64_t *entries)
{
	struct sample sum = { .id = guest->id };

	*entries = 0;
	for (const struct hvctl_vcpu *v = guest->vcpu; v; v = v->next) {
		*entries += v->entries;
		sum.ticks += v->guest_ticks;
		for (const struct hvctl_exit *e = v->exits; e; e = e->next)
			sum.exits += e->count;
	}
	return sum;
}

static const struct sample *find_sample(const struct history *past, uint64_t id)
{
	for (size_t i = 0; past && i < past->count; i++)
		if (past->sample[i].id == id)
			return &past->sample[i];
	return NULL;
}

/* Tenths of a percent of one CPU, and exits a second. */
static void add_rates(struct out *out, const struct history *past, const struct sample *now,
		      uint64_t at)
{
	const struct sample *then = find_sample(past, now->id);
	double seconds = past->at < at ? (at - past->at) / 1e9 : 1;
	uint64_t rate = 0, permille = 0;
	char text[32];

	if (then && now->exits >= then->exits)
		rate = (now->exits - then->exits) / seconds;
	if (then && past->tsc_khz && now->ticks >= then->ticks)
		permille = (now->ticks - then->ticks) / (double)past->tsc_khz / seconds;
	snprintf(text, sizeof(text), "%llu.%llu", (unsigned long long)permille / 10,
		 (unsigned long long)permille % 10);
	out_number(out, "cpu_permille", "CPU%", permille, then ? text : "-");
	out_number(out, "exits_per_second", "EXITS/S", rate, then ? NULL : "-");
}

static struct sample add_guest(struct out *out, const struct hvctl_guest *guest,
			       const struct history *past, uint64_t at)
{
	char text[16];
	uint64_t entries;
	struct sample sum = sum_up(guest, &entries);

	out_row(out);
	out_number(out, "id", "ID", guest->id, NULL);
	out_text(out, "name", "NAME", guest->name);
	if (past)
		add_rates(out, past, &sum, at);
	out_number(out, "exits", "EXITS", sum.exits, NULL);
	out_number(out, "entries", "ENTRIES", entries, NULL);
	out_number(out, "guest_ticks", NULL, sum.ticks, NULL);
	out_number(out, "memory_resident", "RESIDENT", guest->memory_resident,
		   size_text(text, sizeof(text), guest->memory_resident));
	out_number(out, "table_pages", "TABLES", guest->table_pages, NULL);
	out_number(out, "kernel_memory", "KERNEL", guest->kernel_memory,
		   size_text(text, sizeof(text), guest->kernel_memory));
	return sum;
}

/* All guests, or those that were named. */
static int fetch(struct context *c, struct hvctl_guest ***guests)
{
	int err, status = 0;
	uint64_t id;

	if (!c->argc) {
		err = hvctl_list_stats(c->h, guests);
		return err ? fail_library(c, err) : 0;
	}
	*guests = calloc(c->argc + 1, sizeof(**guests));
	if (!*guests)
		return fail(c, "out of memory");
	for (int i = 0; i < c->argc && !status; i++) {
		status = find_guest(c, c->argv[i], &id);
		err = status ? 0 : hvctl_stats(c->h, id, &(*guests)[i]);
		if (err)
			status = fail_library(c, err);
	}
	if (status)
		hvctl_list_free(*guests);
	return status;
}

static void remember(struct history *past, const struct sample *sample, size_t n)
{
	struct sample *grown = realloc(past->sample, (n + 1) * sizeof(*grown));

	if (!grown)
		return;
	past->sample = grown;
	grown[n] = *sample;
	past->count = n + 1;
}

static int print_round(struct context *c, struct history *past)
{
	struct hvctl_guest **guests;
	struct history before = { 0 };
	uint64_t at = now_ns();
	struct out *out;
	int status = fetch(c, &guests);

	if (status)
		return status;
	if (past) {
		before = *past;
		past->sample = NULL;
		past->count = 0;
		past->at = at;
	}
	out = out_new(c, past ? OUT_STREAM : OUT_TABLE);
	for (size_t i = 0; guests[i]; i++) {
		struct sample sum = add_guest(out, guests[i], past ? &before : NULL, at);

		if (past)
			remember(past, &sum, i);
	}
	if (past && !c->json && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	status = out_end(out);
	free(before.sample);
	hvctl_list_free(guests);
	return status;
}

static int stream(struct context *c)
{
	const struct timespec pause = { .tv_sec = 1 };
	struct history past = { 0 };
	struct hv_info info;
	int status;

	if (!hvctl_info(c->h, &info))
		past.tsc_khz = info.tsc_khz;
	while (!(status = print_round(c, &past)))
		nanosleep(&pause, NULL);
	free(past.sample);
	return status;
}

static int by_count(const void *a, const void *b)
{
	const struct hvctl_exit *const *one = a, *const *other = b;

	return ((*one)->count < (*other)->count) - ((*one)->count > (*other)->count);
}

static void add_exits(struct out *out, const struct hvctl_guest *guest,
		      const struct hvctl_vcpu *vcpu)
{
	const struct hvctl_exit *e, **sorted;
	size_t count = 0;

	for (e = vcpu->exits; e; e = e->next)
		count++;
	sorted = calloc(count + 1, sizeof(*sorted));
	if (!sorted)
		return;
	count = 0;
	for (e = vcpu->exits; e; e = e->next)
		sorted[count++] = e;
	qsort(sorted, count, sizeof(*sorted), by_count);
	for (size_t i = 0; i < count; i++) {
		out_row(out);
		out_number(out, "id", NULL, guest->id, NULL);
		out_text(out, "guest", "GUEST", guest->name);
		out_number(out, "vcpu", "VCPU", vcpu->index, NULL);
		out_text(out, "exit", "EXIT", sorted[i]->name);
		out_number(out, "count", "COUNT", sorted[i]->count, NULL);
	}
	free(sorted);
}

static int print_exits(struct context *c)
{
	struct hvctl_guest **guests;
	struct out *out;
	int status = fetch(c, &guests);

	if (status)
		return status;
	out = out_new(c, OUT_TABLE);
	for (size_t i = 0; guests[i]; i++)
		for (const struct hvctl_vcpu *v = guests[i]->vcpu; v; v = v->next)
			add_exits(out, guests[i], v);
	status = out_end(out);
	hvctl_list_free(guests);
	return status;
}

static int run(struct context *c)
{
	bool once = false, exits = false;
	const struct option_row *row;
	const char *value;
	int status;

	while ((row = next_option(c, &value))) {
		once |= is_option(row, "no-stream");
		exits |= is_option(row, "exits");
	}
	status = expect_arguments(c, 0, -1);
	if (!status)
		status = open_library(c);
	if (status)
		return status;
	if (exits)
		return print_exits(c);
	return once ? print_round(c, NULL) : stream(c);
}

const struct command cmd_stats = {
	.name = "stats", .args = "[NAME...]", .argument = ARGUMENT_GUEST,
	.help = "Show what guests use, each second",
	.options = options, .run = run,
};
