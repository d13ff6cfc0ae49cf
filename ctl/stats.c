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
	{ "histogram", 0, NULL, "print how long exits took, by reason, once", NULL },
	{ 0 }
};

static void add_guest(struct out *out, const struct hvctl_guest *guest, struct rates *rates)
{
	struct sample sum = rates_sum(guest);
	char text[16];

	out_row(out);
	out_number(out, "id", "ID", guest->id, NULL);
	out_text(out, "name", "NAME", guest->name);
	if (rates)
		rates_add(out, rates, &sum);
	out_number(out, "exits", "EXITS", sum.exits, NULL);
	out_number(out, "entries", "ENTRIES", sum.entries, NULL);
	out_number(out, "guest_ticks", NULL, sum.ticks, NULL);
	out_number(out, "memory_resident", "RESIDENT", guest->memory_resident,
		   size_text(text, sizeof(text), guest->memory_resident));
	out_number(out, "table_pages", "TABLES", guest->table_pages, NULL);
	out_number(out, "kernel_memory", "KERNEL", guest->kernel_memory,
		   size_text(text, sizeof(text), guest->kernel_memory));
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

static int print_round(struct context *c, struct rates *rates)
{
	struct hvctl_guest **guests;
	struct out *out;
	int status = fetch(c, &guests);

	if (status)
		return status;
	rates_begin(rates);
	out = out_new(c, rates ? OUT_STREAM : OUT_TABLE);
	for (size_t i = 0; guests[i]; i++)
		add_guest(out, guests[i], rates);
	if (rates && !c->json && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	status = out_end(out);
	hvctl_list_free(guests);
	return status;
}

static int stream(struct context *c)
{
	const struct timespec pause = { .tv_sec = 1 };
	struct rates rates = { 0 };
	int status;

	rates_init(&rates, c->h);
	while (!(status = print_round(c, &rates)))
		nanosleep(&pause, NULL);
	rates_end(&rates);
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

/* Where a number of struct hvctl_exit.times begins, in ticks. */
static uint64_t times_from(unsigned int i)
{
	return i ? 64ULL << i : 0;
}

static const char *range_text(char *buf, size_t len, unsigned int i)
{
	if (i + 1 < HVCTL_EXIT_TIMES)
		snprintf(buf, len, "< %llu", (unsigned long long)times_from(i + 1));
	else
		snprintf(buf, len, ">= %llu", (unsigned long long)times_from(i));
	return buf;
}

static void add_times(struct out *out, const struct hvctl_guest *guest,
		      const struct hvctl_vcpu *vcpu, const struct hvctl_exit *e)
{
	char text[32];

	for (unsigned int i = 0; i < HVCTL_EXIT_TIMES; i++) {
		if (!e->times[i])
			continue;
		out_row(out);
		out_number(out, "id", NULL, guest->id, NULL);
		out_text(out, "guest", "GUEST", guest->name);
		out_number(out, "vcpu", "VCPU", vcpu->index, NULL);
		out_text(out, "exit", "EXIT", e->name);
		out_number(out, "ticks_from", "TICKS", times_from(i),
			   range_text(text, sizeof(text), i));
		out_number(out, "count", "COUNT", e->times[i], NULL);
	}
}

static void add_histogram(struct out *out, const struct hvctl_guest *guest,
			  const struct hvctl_vcpu *vcpu)
{
	for (const struct hvctl_exit *e = vcpu->exits; e; e = e->next)
		add_times(out, guest, vcpu, e);
}

typedef void (*add_vcpu_fn)(struct out *out, const struct hvctl_guest *guest,
			    const struct hvctl_vcpu *vcpu);

static int print_vcpus(struct context *c, add_vcpu_fn add)
{
	struct hvctl_guest **guests;
	struct out *out;
	int status = fetch(c, &guests);

	if (status)
		return status;
	out = out_new(c, OUT_TABLE);
	for (size_t i = 0; guests[i]; i++)
		for (const struct hvctl_vcpu *v = guests[i]->vcpu; v; v = v->next)
			add(out, guests[i], v);
	status = out_end(out);
	hvctl_list_free(guests);
	return status;
}

static int run(struct context *c)
{
	bool once = false;
	add_vcpu_fn add = NULL;
	const struct option_row *row;
	const char *value;
	int status;

	while ((row = next_option(c, &value))) {
		once |= is_option(row, "no-stream");
		if (is_option(row, "exits"))
			add = add_exits;
		if (is_option(row, "histogram"))
			add = add_histogram;
	}
	status = expect_arguments(c, 0, -1);
	if (!status)
		status = open_library(c);
	if (status)
		return status;
	if (add)
		return print_vcpus(c, add);
	return once ? print_round(c, NULL) : stream(c);
}

const struct command cmd_stats = {
	.name = "stats", .args = "[NAME...]", .argument = ARGUMENT_GUEST,
	.help = "Show what guests use, each second",
	.options = options, .run = run,
};
