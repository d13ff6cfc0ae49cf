// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: there when it is touched, shared with who maps it, cleared by
 * a reset, gone with its guest, and nothing else of the host's is lost.
 *
 * usage: memory [ROUNDS]
 */
#include <sys/mman.h>

#include "account.h"
#include "items.h"

#define MIB		(1ULL << 20)
#define MAILBOX		0x300000
#define PING_PONGS	200
#define BIG		"256M"
#define BIG_BYTES	(256 * MIB)
#define WARM_UP		50

/* As payload_memory.c has them. */
enum part { PART_TOUCH, PART_PING_PONG, PART_RESET, PART_NOTHING };

static struct hvctl *h;
static unsigned int rounds;

static uint64_t create_part(enum part part, uint64_t arg, const char *memory)
{
	struct hvctl_spec *spec = item_spec(h, "memory", part, arg);

	if (hvctl_spec_set(h, spec, "memory", memory) ||
	    hvctl_spec_set(h, spec, "on-reset", "reset"))
		test_die("memory: %s", hvctl_error(h));
	return create_spec(h, spec);
}

/* Waits for @word to stand on the console. */
static bool wait_text(uint64_t id, const char *word)
{
	unsigned int i;
	bool found = false;
	char *text;

	for (i = 0; i < 1000 && !found; i++) {
		text = console_text(h, id);
		found = strstr(text, word);
		free(text);
		if (!found)
			usleep(10000);
	}
	return found;
}

static volatile uint64_t *map_mailbox(uint64_t id)
{
	void *memory;

	if (hvctl_memory_map(h, id, MAILBOX, 4096, PROT_READ | PROT_WRITE, &memory))
		test_die("map: %s", hvctl_error(h));
	return memory;
}

static struct hvctl_guest *wait_stop(uint64_t id)
{
	struct hvctl_guest *g;

	if (hvctl_wait(h, id, GUEST_SECONDS * 1000, &g))
		test_die("wait: %s", hvctl_error(h));
	return g;
}

/* How much of it is resident while @part waits with the memory up to @touched written. */
static struct hvctl_guest *stats_after_touch(uint64_t touched, long long *shmem)
{
	uint64_t id = create_part(PART_TOUCH, touched, BIG);
	volatile uint64_t *mailbox;
	struct hvctl_guest *stats;

	if (hvctl_start(h, id))
		test_die("start: %s", hvctl_error(h));
	if (!wait_text(id, "touched"))
		test_die("the payload says nothing");
	stats = last_stats(h, id);
	*shmem = meminfo("Shmem");
	mailbox = map_mailbox(id);
	mailbox[0] = 1;
	munmap((void *)mailbox, 4096);
	hvctl_guest_free(wait_stop(id));
	if (hvctl_remove(h, id))
		test_die("remove: %s", hvctl_error(h));
	return stats;
}

static void lazy(void)
{
	uint64_t id = create_part(PART_NOTHING, 0, BIG);
	struct hvctl_guest *g;

	g = last_stats(h, id);
	CHECK_EQ(g->memory_resident, 0);
	hvctl_guest_free(g);
	hvctl_guest_free(run_to_stop(h, id));
	g = last_stats(h, id);
	printf("# resident after a small payload: %llu KiB in %llu pages of tables\n",
	       (unsigned long long)g->memory_resident >> 10,
	       (unsigned long long)g->table_pages);
	CHECK(g->memory_resident > 0 && g->memory_resident <= 8 * MIB);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

/* 256 MiB in small pages would take 128 tables more. */
static void large(void)
{
	struct hvctl_guest *g;
	long long shmem;

	g = stats_after_touch(BIG_BYTES, &shmem);
	printf("# all touched: %llu MiB resident, %llu pages of tables\n",
	       (unsigned long long)g->memory_resident >> 20,
	       (unsigned long long)g->table_pages);
	CHECK(g->memory_resident >= BIG_BYTES - 2 * MIB && g->memory_resident <= BIG_BYTES);
	CHECK(g->table_pages <= 16);
	hvctl_guest_free(g);
}

static void gone_at_destroy(void)
{
	long long before = meminfo("Shmem"), during, after;

	hvctl_guest_free(stats_after_touch(BIG_BYTES, &during));
	/* The last reference goes with the vCPU's thread, a moment later. */
	usleep(200000);
	after = meminfo("Shmem");
	printf("# Shmem: %lld, %lld, %lld KiB\n", before, during, after);
	CHECK(during - before >= (long long)(BIG_BYTES >> 10) - 4096);
	CHECK(after - before < 2048);
}

static bool answers(volatile uint64_t *mailbox, uint64_t i)
{
	unsigned int tries;

	mailbox[0] = i;
	for (tries = 0; tries < 100000 && mailbox[1] != ~i; tries++)
		usleep(50);
	return mailbox[1] == ~i;
}

static void shared(void)
{
	uint64_t id = create_part(PART_PING_PONG, PING_PONGS, "16M"), i;
	volatile uint64_t *mailbox;
	struct hvctl_guest *g;

	CHECK_OK(h, hvctl_start(h, id));
	mailbox = map_mailbox(id);
	for (i = 1; i <= PING_PONGS; i++)
		CHECK(answers(mailbox, i));
	g = wait_stop(id);
	CHECK_EQ(payload_status(g), 0);
	hvctl_guest_free(g);
	/* The mapping outlives the guest, and what was written with it. */
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_EQ(mailbox[1], ~(uint64_t)PING_PONGS);
	munmap((void *)mailbox, 4096);
}

/* What a mapping shows follows a reset, which empties the memory under it. */
static void reset_clears(void)
{
	uint64_t id = create_part(PART_RESET, 4, "16M");
	struct hvctl_guest *g;
	char *text;

	CHECK_OK(h, hvctl_start(h, id));
	g = wait_stop(id);
	text = console_text(h, id);
	CHECK_EQ(show_items(text), 4 * 4 + 1);
	CHECK_EQ(payload_status(g), 0);
	CHECK_EQ(g->resets, 3);
	free(text);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

/* A stopped guest starts from its manifest again, not from what it left. */
static void restart_clears(void)
{
	uint64_t id = create_part(PART_TOUCH, 4 * MIB, "16M");
	volatile uint64_t *mailbox = map_mailbox(id);

	CHECK_OK(h, hvctl_start(h, id));
	CHECK(wait_text(id, "touched"));
	mailbox[0] = 1;
	hvctl_guest_free(wait_stop(id));
	CHECK_EQ(mailbox[0], 1);
	CHECK_OK(h, hvctl_start(h, id));
	CHECK_EQ(mailbox[0] == 1, 0);
	usleep(100000);
	mailbox[0] = 1;
	hvctl_guest_free(wait_stop(id));
	CHECK_OK(h, hvctl_remove(h, id));
	munmap((void *)mailbox, 4096);
}

static void round_trip(void)
{
	uint64_t id = create_part(PART_NOTHING, 0, "16M");
	struct hvctl_guest *g = run_to_stop(h, id);

	if (payload_status(g) || hvctl_remove(h, id))
		test_die("round: %s", hvctl_error(h));
	hvctl_guest_free(g);
}

static void nothing_lost(void)
{
	struct account before, after;
	unsigned int i, tries = 5;

	for (i = 0; i < WARM_UP; i++)
		round_trip();
	before = take_account();
	for (i = 0; i < rounds; i++)
		round_trip();
	do
		after = take_account();
	while (!is_back(&before, &after) && --tries);
	CHECK(is_back(&before, &after));
}

static const struct tap_test tests[] = {
	{ "memory is there when it is touched", lazy },
	{ "large pages are used", large },
	{ "it is gone with its guest", gone_at_destroy },
	{ "it is shared with who maps it", shared },
	{ "a reset clears it and applies the manifest", reset_clears },
	{ "so does a start", restart_clears },
	{ "nothing is lost in many rounds", nothing_lost },
};

int main(int argc, char **argv)
{
	rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(1000, WARM_UP);
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
