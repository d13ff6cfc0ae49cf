// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listing all guests while others come and go: those that stay are there once,
 * in order, and nothing is there twice.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "nl.h"
#include "tap.h"

#define GUESTS	100

static struct nl *s;
static uint64_t ids[GUESTS];

/* How many of ours the answer has; -1 where it is out of order. */
static int ours(void)
{
	struct nlmsghdr *h = NULL;
	uint64_t id, last = 0;
	unsigned int i = 0;

	while ((h = nl_next(s, h))) {
		id = nl_value(nl_attr(h, HV_A_GUEST_ID));
		if (id <= last)
			return -1;
		last = id;
		if (i < GUESTS && ids[i] == id)
			i++;
	}
	return i;
}

static void all_there(void)
{
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
	CHECK_EQ(ours(), GUESTS);
	CHECK_EQ(hv_dump(s, HV_CMD_STATS_GET), 0);
	CHECK_EQ(ours(), GUESTS);
}

/* The children's guests have names of their own kind. */
static void churn(unsigned int child)
{
	char name[HV_NAME_MAX + 1];
	unsigned int i;

	s = nl_open();
	for (i = 0;; i++) {
		snprintf(name, sizeof(name), "churn-%u-%u", child, i);
		if (hv_plain_guest(s, name))
			hv_call_name(s, HV_CMD_GUEST_DEL, name);
	}
}

static void while_others_change(void)
{
	pid_t pids[4];
	unsigned int i, dumps = tap_count(200, 20);

	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		if (!pids[i])
			churn(i);
	}
	for (i = 0; tap_ok && i < dumps; i++) {
		hv_dump(s, i % 2 ? HV_CMD_GUEST_GET : HV_CMD_STATS_GET);
		tap_ok = !s->error && ours() == GUESTS;
	}
	for (i = 0; i < 4; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	CHECK(tap_ok);
}

/* Killed at a bad moment, a child leaves a guest, which anyone may remove. */
static void sweep(void)
{
	struct nlmsghdr *h = NULL;
	struct nl *other = nl_open();

	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
	while ((h = nl_next(s, h)))
		if (!strncmp(nl_text(nl_attr(h, HV_A_GUEST_NAME)), "churn-", 6))
			hv_call_id(other, HV_CMD_GUEST_DEL, nl_value(nl_attr(h, HV_A_GUEST_ID)));
	nl_close(other);
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
	CHECK_EQ(ours(), GUESTS);
}

/* A reader that goes away in the middle. */
static void given_up(void)
{
	struct nl_msg m;
	struct nl *other;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		other = nl_open();
		nl_start(&m, other->family, HV_CMD_GUEST_GET, NLM_F_DUMP);
		nl_send(other, &m);
		if (i % 2)
			nl_receive(other);
		nl_close(other);
	}
}

static void *same_name(void *won)
{
	struct nl *mine = nl_open();
	unsigned int i;

	for (i = 0; i < 200; i++)
		*(unsigned int *)won += hv_plain_guest(mine, "the-one") != 0;
	nl_close(mine);
	return NULL;
}

static void one_winner(void)
{
	unsigned int i, won[4] = { 0 };
	pthread_t threads[4];

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, same_name, &won[i]);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(won[0] + won[1] + won[2] + won[3], 1);
	CHECK_EQ(hv_call_name(s, HV_CMD_GUEST_DEL, "the-one"), 0);
}

static const struct tap_test tests[] = {
	{ "100 guests, in order", all_there },
	{ "the same while 4 tasks create and remove", while_others_change },
	{ "what they left can be removed", sweep },
	{ "dumps that nobody reads to the end", given_up },
	{ "of 4 tasks that want one name, one gets it", one_winner },
};

int main(void)
{
	unsigned int i;
	int failed;

	s = nl_open_as_root();
	for (i = 0; i < GUESTS; i++)
		ids[i] = hv_plain_guest(s, NULL);
	if (!ids[GUESTS - 1])
		nl_die(s->sentence);
	failed = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	for (i = 0; i < GUESTS; i++)
		hv_call_id(s, HV_CMD_GUEST_DEL, ids[i]);
	return failed;
}
