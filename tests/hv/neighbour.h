/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests of hv that run payload_neighbour.c until they are told to end, count
 * their rounds, and then say whether memory and registers were theirs throughout.
 */
#ifndef HV_TESTS_NEIGHBOUR_H
#define HV_TESTS_NEIGHBOUR_H

#include <sched.h>
#include <sys/mman.h>

#include "items.h"

#define FOREVER	(~0ULL)
/* Words of the payload's arguments. */
#define STOP	2
#define COUNT	3

static struct hvctl *h;

/**
 * struct own - a guest of hv
 * @id: its id
 * @tid: its vCPU's thread
 * @words: the arguments that it shares with this program
 */
struct own {
	uint64_t id;
	pid_t tid;
	volatile uint64_t *words;
};

static inline void pin(pid_t tid, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set))
		test_die("affinity of %d: %s", tid, strerror(errno));
}

static inline struct own own_start(void)
{
	static unsigned int guests;
	struct own o = { .id = create_spec(h, item_spec(h, "neighbour", ++guests, FOREVER)) };
	struct hvctl_guest *g;
	void *memory;

	if (hvctl_memory_map(h, o.id, ITEM_ARGS_GPA, 4096, PROT_READ | PROT_WRITE, &memory) ||
	    hvctl_get(h, o.id, &g))
		test_die("guest: %s", hvctl_error(h));
	o.words = memory;
	o.tid = g->vcpu->tid;
	hvctl_guest_free(g);
	if (hvctl_start(h, o.id))
		test_die("start: %s", hvctl_error(h));
	return o;
}

/* Together with whoever else is there, so that they take turns. */
static inline struct own own_start_on(unsigned int cpu)
{
	struct own o = own_start();

	pin(o.tid, cpu);
	return o;
}

static inline void say_pace(void)
{
	if (host_is_bochs())
		printf("# a fifth of the rounds: this host is slow\n");
}

/* It does @rounds more, a fifth of them on Bochs, sooner or later. */
static inline bool goes_on(volatile uint64_t *words, unsigned int rounds)
{
	uint64_t to = words[COUNT] + (host_is_bochs() ? (rounds + 4) / 5 : rounds);
	unsigned int tries;

	for (tries = 0; tries < 6000; tries++) {
		if (words[COUNT] >= to)
			return true;
		usleep(10000);
	}
	return false;
}

/* Rounds first: it looks at both. */
static inline void words_end(volatile uint64_t *words)
{
	words[1] = 0;
	words[STOP] = 1;
}

/* Its checks are all good when it is told to end. */
static inline int own_end(struct own *o)
{
	struct hvctl_guest *g;
	int status = 99;
	char *text;

	words_end(o->words);
	if (hvctl_wait(h, o->id, 60000, &g)) {
		printf("# guest %llu: %s\n", (unsigned long long)o->id, hvctl_error(h));
		hvctl_kill(h, o->id);
		return status;
	}
	text = console_text(h, o->id);
	show_items(text);
	free(text);
	if (g->stop_reason == HV_STOP_REASON_DEBUG_EXIT)
		status = payload_status(g);
	else
		printf("# stopped: %s: %s\n", hvctl_stop_reason_name(g->stop_reason),
		       g->stop_detail);
	hvctl_guest_free(g);
	munmap((void *)o->words, 4096);
	if (hvctl_remove(h, o->id))
		status = 98;
	return status;
}

#endif /* HV_TESTS_NEIGHBOUR_H */
