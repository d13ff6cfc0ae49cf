// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of states and operations in hv.yaml: each cell alone and with
 * eight callers at once, and random sequences against a model of it.
 *
 * usage: states [SEQUENCES] [SEED]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "nl.h"
#include "tap.h"

#define CALLERS		8
#define OPS_MAX		12	/* of a sequence */
#define GONE		-1
#define TRIES		2000
#define TRY_US		5000

enum column { CREATED, RUNNING, PAUSED, STOPPED, AWAITING, NR_COLUMNS };

static const char *const column_names[] = { "created", "running", "paused", "stopped",
					    "awaiting restart" };

/**
 * enum share - how many of several callers have success
 * @ALL: each
 * @ONE: one, the others EBUSY
 * @FIRST: one, the others ENOENT
 * @SOME: one or more, the others EBUSY
 */
enum share { ALL, ONE, FIRST, SOME };

/**
 * struct row - an operation
 * @name: for people
 * @cmd: its command
 * @share: of callers at once, where it is allowed
 * @to: the state it leads to by the one it starts in; ~errno where that forbids it
 */
struct row {
	const char *name;
	uint8_t cmd;
	enum share share;
	int to[NR_COLUMNS];
};

#define NO	(~EBUSY)

static const struct row table[] = {
	{ "start", HV_CMD_GUEST_START, ONE, { RUNNING, NO, NO, RUNNING, RUNNING } },
	{ "stop", HV_CMD_GUEST_STOP, ALL, { NO, RUNNING, PAUSED, NO, STOPPED } },
	{ "kill", HV_CMD_GUEST_KILL, SOME, { NO, STOPPED, STOPPED, NO, STOPPED } },
	{ "pause", HV_CMD_GUEST_PAUSE, ONE, { NO, PAUSED, NO, NO, NO } },
	{ "resume", HV_CMD_GUEST_RESUME, ONE, { NO, NO, RUNNING, NO, NO } },
	{ "reset", HV_CMD_GUEST_RESET, ALL, { NO, RUNNING, PAUSED, NO, NO } },
	{ "set", HV_CMD_GUEST_SET, ALL, { CREATED, RUNNING, PAUSED, STOPPED, AWAITING } },
	{ "get", HV_CMD_GUEST_GET, ALL, { CREATED, RUNNING, PAUSED, STOPPED, AWAITING } },
	{ "stats", HV_CMD_STATS_GET, ALL, { CREATED, RUNNING, PAUSED, STOPPED, AWAITING } },
	{ "region-new", HV_CMD_REGION_NEW, ALL, { CREATED, NO, PAUSED, STOPPED, AWAITING } },
	{ "region-del", HV_CMD_REGION_DEL, ALL, { CREATED, NO, PAUSED, STOPPED, AWAITING } },
	{ "del", HV_CMD_GUEST_DEL, FIRST, { GONE, NO, NO, GONE, GONE } },
};

#define NR_ROWS	(sizeof(table) / sizeof(table[0]))

static struct nl *s;
static unsigned int sequences, seed;
static int idle_fd, exit_fd;

/* Real mode: sti; hlt; jmp back. */
static const uint8_t idle_code[] = { 0xfb, 0xf4, 0xeb, 0xfc };
/* mov al, 1; out 0xf4, al; hlt. */
static const uint8_t exit_code[] = { 0xb0, 0x01, 0xe6, 0xf4, 0xf4 };

static void begin_guest(struct nl_msg *m, int fd, size_t len)
{
	hv_start(s, m, HV_CMD_GUEST_NEW);
	hv_state(m);
	hv_region(m, 0, 1 << 20);
	hv_segment(m, 0, fd, 0, len);
	nl_u16(m, HV_A_GUEST_DEBUG_EXIT_PORT, 0xf4);
}

static uint64_t finish_guest(struct nl_msg *m)
{
	return nl_call(s, m) ? 0 : hv_id(s);
}

static uint64_t idle_guest(unsigned int vcpus)
{
	struct nl_msg m;

	begin_guest(&m, idle_fd, sizeof(idle_code));
	nl_u32(&m, HV_A_GUEST_VCPUS, vcpus);
	return finish_guest(&m);
}

static int call_region(struct nl *on, uint8_t cmd, uint64_t id, uint64_t gpa)
{
	struct nl_msg m;

	hv_start(on, &m, cmd);
	nl_u64(&m, HV_A_GUEST_ID, id);
	hv_region(&m, gpa, 4096);
	return nl_call(on, &m);
}

/* Each its own region, which region-del makes before. */
static int call(struct nl *on, uint8_t cmd, uint64_t id)
{
	static atomic_uint regions;
	uint64_t gpa;

	if (cmd != HV_CMD_REGION_NEW && cmd != HV_CMD_REGION_DEL)
		return hv_call_id(on, cmd, id);
	gpa = (1 << 20) + 4096 * (uint64_t)atomic_fetch_add(&regions, 1);
	if (cmd == HV_CMD_REGION_DEL)
		call_region(on, HV_CMD_REGION_NEW, id, gpa);
	return call_region(on, cmd, id, gpa);
}

/* The column that the guest is in, or GONE. */
static int column_of(uint64_t id)
{
	struct nlmsghdr *h;
	int state;

	if (call(s, HV_CMD_GUEST_GET, id))
		return GONE;
	h = nl_next(s, NULL);
	state = nl_value(nl_attr(h, HV_A_GUEST_STATE));
	return state == HV_STATE_STOPPED && nl_attr(h, HV_A_GUEST_RESTART_AT) ? AWAITING : state;
}

/* ns from its stop to its restart, where it awaits that. */
static uint64_t awaits(uint64_t id)
{
	struct nlmsghdr *h;

	if (column_of(id) != AWAITING)
		return 0;
	h = nl_next(s, NULL);
	return nl_value(nl_attr(h, HV_A_GUEST_RESTART_AT)) -
	       nl_value(nl_attr(h, HV_A_GUEST_STOPPED_AT));
}

/* One that ends at once, and has done so until there is time to look before its next restart. */
static uint64_t awaiting_guest(void)
{
	unsigned int tries;
	struct nl_msg m;
	uint64_t id;

	begin_guest(&m, exit_fd, sizeof(exit_code));
	nl_u32(&m, HV_A_GUEST_RESTART, HV_RESTART_ALWAYS);
	id = finish_guest(&m);
	if (!id || call(s, HV_CMD_GUEST_START, id))
		return 0;
	for (tries = 0; tries < TRIES && awaits(id) < 1500000000; tries++)
		usleep(TRY_US);
	return tries < TRIES ? id : 0;
}

static uint64_t guest_in(enum column column, unsigned int vcpus)
{
	uint64_t id = column == AWAITING ? awaiting_guest() : idle_guest(vcpus);
	int err = !id;

	if (column == RUNNING || column == PAUSED || column == STOPPED)
		err |= call(s, HV_CMD_GUEST_START, id);
	if (column == PAUSED)
		err |= call(s, HV_CMD_GUEST_PAUSE, id);
	if (column == STOPPED)
		err |= call(s, HV_CMD_GUEST_KILL, id);
	return err ? 0 : id;
}

static void drop(uint64_t id)
{
	call(s, HV_CMD_GUEST_KILL, id);
	call(s, HV_CMD_GUEST_DEL, id);
}

static bool cell_failed(const struct row *row, int column, const char *what, int got, int want)
{
	printf("# %s, %s: %s is %d, not %d\n", row->name, column_names[column], what, got, want);
	return false;
}

static int to_error(int to)
{
	return to < GONE ? ~to : 0;
}

/* What one that was started does next is its own affair: exit_code ends at once. */
static bool leads_to(const struct row *row, int column, uint64_t id, int to)
{
	int now = column_of(id);

	if (to_error(to))
		to = column;
	if (now == to || (column == AWAITING && to == RUNNING && now == AWAITING))
		return true;
	return cell_failed(row, column, "the state", now, to);
}

static bool cell_alone(const struct row *row, int column)
{
	uint64_t id = guest_in(column, 1);
	int to = row->to[column], err;
	bool ok = true;

	if (!id)
		return cell_failed(row, column, "the guest", 0, 1);
	err = call(s, row->cmd, id);
	if (err != to_error(to))
		ok = cell_failed(row, column, "the error", err, to_error(to));
	if (err && !s->sentence[0])
		ok = cell_failed(row, column, "the sentence", 0, 1);
	ok = leads_to(row, column, id, to) && ok;
	drop(id);
	return ok;
}

static void every_cell(bool (*cell)(const struct row *row, int column))
{
	unsigned int i, column;
	bool ok = true;

	for (i = 0; i < NR_ROWS; i++)
		for (column = 0; column < NR_COLUMNS; column++)
			ok = cell(&table[i], column) && ok;
	CHECK(ok);
}

static void alone(void)
{
	every_cell(cell_alone);
}

/* Eight callers at once. */

/**
 * struct caller - a thread that waits for its moment
 * @thread: itself
 * @nl: a socket of its own
 * @cmd: what to call
 * @id: on which guest
 * @err: what came of it
 */
struct caller {
	pthread_t thread;
	struct nl *nl;
	uint8_t cmd;
	uint64_t id;
	int err;
};

static pthread_barrier_t barrier;

static void *caller_thread(void *arg)
{
	struct caller *c = arg;

	pthread_barrier_wait(&barrier);
	c->err = call(c->nl, c->cmd, c->id);
	return NULL;
}

/* How many had each errno. */
static void call_at_once(struct caller *callers, uint8_t cmd, uint64_t id,
			 unsigned int *counts, unsigned int most)
{
	unsigned int i;

	memset(counts, 0, (most + 1) * sizeof(*counts));
	for (i = 0; i < CALLERS; i++) {
		callers[i].cmd = cmd;
		callers[i].id = id;
		if (pthread_create(&callers[i].thread, NULL, caller_thread, &callers[i]))
			nl_die("pthread_create");
	}
	for (i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		counts[(unsigned int)callers[i].err < most ? callers[i].err : (int)most]++;
	}
}

static struct caller callers[CALLERS];

static bool share_right(const struct row *row, int to, const unsigned int *counts)
{
	if (to_error(to))
		return counts[to_error(to)] == CALLERS;
	switch (row->share) {
	case ALL:
		return counts[0] == CALLERS;
	case ONE:
		return counts[0] == 1 && counts[EBUSY] == CALLERS - 1;
	case FIRST:
		return counts[0] == 1 && counts[ENOENT] == CALLERS - 1;
	default:
		return counts[0] >= 1 && counts[0] + counts[EBUSY] == CALLERS;
	}
}

/*
 * Awaiting its restart it is different from what it is afterwards: the first
 * stop or kill is done and the others find it stopped, and a start runs to its end at once,
 * behind which it can be started again.
 */
static enum share share_awaiting(const struct row *row)
{
	if (row->cmd == HV_CMD_GUEST_STOP || row->cmd == HV_CMD_GUEST_KILL ||
	    row->cmd == HV_CMD_GUEST_START)
		return SOME;
	return row->share;
}

static bool cell_at_once(const struct row *row, int column)
{
	struct row own = *row;
	unsigned int counts[256];
	uint64_t id = guest_in(column, 4);
	bool ok = true;

	if (!id)
		return cell_failed(row, column, "the guest", 0, 1);
	if (column == AWAITING)
		own.share = share_awaiting(row);
	call_at_once(callers, row->cmd, id, counts, 255);
	if (!share_right(&own, row->to[column], counts)) {
		printf("# %s, %s: %u succeed, %u EBUSY, %u ENOENT\n", row->name,
		       column_names[column], counts[0], counts[EBUSY], counts[ENOENT]);
		ok = false;
	}
	ok = leads_to(row, column, id, row->to[column]) && ok;
	drop(id);
	return ok;
}

static void at_once(void)
{
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, CALLERS);
	for (i = 0; i < CALLERS; i++)
		callers[i].nl = nl_open();
	every_cell(cell_at_once);
	for (i = 0; i < CALLERS; i++)
		nl_close(callers[i].nl);
}

/* Random sequences: the model is the table. */

static bool step(uint64_t id, int *column, char *trail)
{
	const struct row *row = &table[rand_r(&seed) % NR_ROWS];
	int to = row->to[*column], err, now;

	sprintf(trail + strlen(trail), " %s", row->name);
	err = call(s, row->cmd, id);
	if (err != to_error(to))
		return cell_failed(row, *column, "the error", err, to_error(to));
	if (!err)
		*column = to;
	now = column_of(id);
	if (now == *column)
		return true;
	printf("# %s: the state is %d, not %d\n", row->name, now, *column);
	return false;
}

static bool sequence(unsigned int number)
{
	unsigned int i, first = seed, steps = 1 + rand_r(&seed) % OPS_MAX;
	uint64_t id = idle_guest(1 + rand_r(&seed) % 3);
	char trail[OPS_MAX * 16] = "";
	int column = CREATED;
	bool ok = id;

	for (i = 0; ok && i < steps && column != GONE; i++)
		ok = step(id, &column, trail);
	if (!ok)
		printf("# sequence %u, seed %u:%s\n", number, first, trail);
	drop(id);
	return ok;
}

static void random_sequences(void)
{
	unsigned int i;

	printf("# seed %u\n", seed);
	for (i = 0; i < sequences; i++)
		CHECK(sequence(i));
}

/* Callers who do different things to one guest: nobody hangs, and it stays a guest. */
static void *random_caller(void *arg)
{
	static const uint8_t cmds[] = { HV_CMD_GUEST_START, HV_CMD_GUEST_KILL, HV_CMD_GUEST_PAUSE,
					HV_CMD_GUEST_RESUME, HV_CMD_GUEST_RESET,
					HV_CMD_GUEST_STOP };
	struct caller *c = arg;
	unsigned int own = c->err, i;

	c->err = 0;
	for (i = 0; i < 300 && !c->err; i++) {
		c->err = call(c->nl, cmds[rand_r(&own) % sizeof(cmds)], c->id);
		if (c->err == EBUSY)
			c->err = 0;
	}
	return NULL;
}

static void all_at_once(void)
{
	uint64_t id = idle_guest(8);
	unsigned int i;

	CHECK(id);
	for (i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){ .nl = nl_open(), .id = id, .err = rand_r(&seed) };
		if (pthread_create(&callers[i].thread, NULL, random_caller, &callers[i]))
			nl_die("pthread_create");
	}
	for (i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		nl_close(callers[i].nl);
	}
	for (i = 0; i < CALLERS; i++)
		CHECK_EQ(callers[i].err, 0);
	call(s, HV_CMD_GUEST_KILL, id);
	CHECK_EQ(call(s, HV_CMD_GUEST_START, id) == 0 || column_of(id) == STOPPED, 1);
	CHECK_EQ(call(s, HV_CMD_GUEST_KILL, id), 0);
	CHECK_EQ(column_of(id), STOPPED);
	CHECK_EQ(call(s, HV_CMD_GUEST_DEL, id), 0);
}

static void removed(void)
{
	uint64_t id = idle_guest(1);
	unsigned int i;

	CHECK(id);
	CHECK_EQ(call(s, HV_CMD_GUEST_DEL, id), 0);
	for (i = 0; i < NR_ROWS; i++) {
		CHECK_EQ(call(s, table[i].cmd, id), ENOENT);
		CHECK(s->sentence[0]);
	}
}

static const struct tap_test tests[] = {
	{ "every cell alone", alone },
	{ "every cell with eight callers at once", at_once },
	{ "eight callers who each want something else", all_at_once },
	{ "random sequences agree with the table", random_sequences },
	{ "a guest that was removed", removed },
};

int main(int argc, char **argv)
{
	seed = time(NULL);
	sequences = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(10000, 100);
	if (argc > 2)
		seed = atoi(argv[2]);
	s = nl_open_as_root();
	idle_fd = hv_memfd(idle_code, sizeof(idle_code), HV_SEALS);
	exit_fd = hv_memfd(exit_code, sizeof(exit_code), HV_SEALS);
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
