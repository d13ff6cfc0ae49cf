// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guests do a second: their counters now and a round before.
 */
#include <stdlib.h>
#include <time.h>

#include "ctl.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/**
 * rates_init() - before the first round
 * @rates: zeroed; given back by rates_end()
 * @h: a handle
 */
void rates_init(struct rates *rates, struct hvctl *h)
{
	struct hv_info info;

	if (!hvctl_info(h, &info))
		rates->tsc_khz = info.tsc_khz;
}

/**
 * rates_begin() - begin a round
 * @rates: which, or NULL
 */
void rates_begin(struct rates *rates)
{
	if (!rates)
		return;
	free(rates->before.sample);
	rates->before = rates->now;
	rates->now = (struct round){ .at = now_ns() };
}

/**
 * rates_end() - give the samples back
 * @rates: whose
 */
void rates_end(struct rates *rates)
{
	free(rates->before.sample);
	free(rates->now.sample);
}

/**
 * rates_sum() - a guest's counters, over its vCPUs
 * @guest: from hvctl_stats() or hvctl_list_stats()
 *
 * Return: those.
 */
struct sample rates_sum(const struct hvctl_guest *guest)
{
	struct sample sum = { .id = guest->id };

	for (const struct hvctl_vcpu *v = guest->vcpu; v; v = v->next) {
		sum.entries += v->entries;
		sum.ticks += v->guest_ticks;
		for (const struct hvctl_exit *e = v->exits; e; e = e->next)
			sum.exits += e->count;
	}
	return sum;
}

static const struct sample *find_sample(const struct round *round, uint64_t id)
{
	for (size_t i = 0; i < round->count; i++)
		if (round->sample[i].id == id)
			return &round->sample[i];
	return NULL;
}

static void remember(struct round *round, const struct sample *sample)
{
	struct sample *grown = realloc(round->sample, (round->count + 1) * sizeof(*grown));

	if (!grown)
		return;
	round->sample = grown;
	grown[round->count++] = *sample;
}

/**
 * rates_get() - what a guest did since the round before
 * @rates: in a round
 * @sum: the guest's counters now
 * @rate: result
 *
 * Return: whether there is a round before to compare with.
 */
bool rates_get(struct rates *rates, const struct sample *sum, struct rate *rate)
{
	const struct sample *then = find_sample(&rates->before, sum->id);
	double seconds = (rates->now.at - rates->before.at) / 1e9;

	*rate = (struct rate){ 0 };
	remember(&rates->now, sum);
	if (!then || seconds <= 0)
		return false;
	if (sum->exits >= then->exits)
		rate->exits = (sum->exits - then->exits) / seconds;
	if (rates->tsc_khz && sum->ticks >= then->ticks)
		rate->permille = (sum->ticks - then->ticks) / (double)rates->tsc_khz / seconds;
	return true;
}

/**
 * rates_add() - add a guest's rates to the row
 * @out: an output
 * @rates: in a round
 * @sum: the guest's counters now
 */
void rates_add(struct out *out, struct rates *rates, const struct sample *sum)
{
	struct rate rate;
	bool known = rates_get(rates, sum, &rate);
	char text[32];

	snprintf(text, sizeof(text), "%llu.%llu", (unsigned long long)rate.permille / 10,
		 (unsigned long long)rate.permille % 10);
	out_number(out, "cpu_permille", "CPU%", rate.permille, known ? text : "-");
	out_number(out, "exits_per_second", "EXITS/S", rate.exits, known ? NULL : "-");
}
