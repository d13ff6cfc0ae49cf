// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flight recorder and the histograms after an abnormal end: what the guest
 * did last is there, in order, and each exit's time is counted once.
 */
#include <sys/ioctl.h>

#include "items.h"

#define CPUIDS	1000
#define MMIOS	5

static struct hvctl *h;
static uint64_t id;
static struct hv_exit_record records[HV_LAST_EXITS_MAX];
static int count;

/* What the host's interrupts added is no part of the guest's doing. */
static bool is_hosts(const struct hv_exit_record *r)
{
	return !strcmp(r->name, "interrupt") || !strcmp(r->name, "nmi");
}

static void drop_hosts(void)
{
	int i, kept = 0;

	for (i = 0; i < count; i++)
		if (!is_hosts(&records[i]))
			records[kept++] = records[i];
	count = kept;
}

static void before_a_start(void)
{
	CHECK_EQ(hvctl_last_exits(h, id, 0, records, HV_LAST_EXITS_MAX), 0);
}

static void ends(void)
{
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);

	CHECK_EQ(g->stop_reason, HV_STOP_REASON_TRIPLE_FAULT);
	hvctl_guest_free(g);
	count = hvctl_last_exits(h, id, 0, records, HV_LAST_EXITS_MAX);
	CHECK_EQ(count, HV_LAST_EXITS_MAX);
}

static void in_order(void)
{
	int i;

	for (i = 1; i < count; i++)
		CHECK(records[i].tsc >= records[i - 1].tsc);
}

/* Newest first: the triple fault, the accesses, CPUIDs. */
static void the_last(void)
{
	int i, n;

	drop_hosts();
	n = count - 1;
	CHECK(n > 50);
	CHECK_STR(records[n--].name, "triple-fault");
	for (i = 0; i < MMIOS; i++, n--) {
		CHECK_STR(records[n].name, "page-fault");
		CHECK_EQ(records[n].rip, records[count - 2].rip);
	}
	for (; n >= 0; n--) {
		CHECK_STR(records[n].name, "cpuid");
		CHECK_EQ(records[n].rip, records[0].rip);
	}
}

static void newest_where_few_fit(void)
{
	struct hv_exit_record few[3];

	memset(few, 0xee, sizeof(few));
	CHECK_EQ(hvctl_last_exits(h, id, 0, few, 2), 2);
	CHECK(!memcmp(&few[1], &records[count - 1], sizeof(few[1])));
	CHECK_EQ(few[2].tsc, 0xeeeeeeeeeeeeeeeeULL);
	CHECK_EQ(hvctl_last_exits(h, id, 0, NULL, 0), 0);
}

static int last_exits(int fd, struct hv_last_exits arg)
{
	return ioctl(fd, HV_LAST_EXITS, &arg) ? errno : 0;
}

static void bad_input(void)
{
	int fd = hvctl_guest_fd(h, id);

	CHECK(fd >= 0);
	CHECK_EQ(last_exits(fd, (struct hv_last_exits){ .vcpu = 1 }), EINVAL);
	CHECK_EQ(last_exits(fd, (struct hv_last_exits){ .vcpu = -1 }), EINVAL);
	CHECK_EQ(last_exits(fd, (struct hv_last_exits){ .total = 1 }), EINVAL);
	CHECK_EQ(last_exits(fd, (struct hv_last_exits){ .count = 1 }), EFAULT);
	CHECK_EQ(last_exits(fd, (struct hv_last_exits){ .count = -1, .records = 1ULL << 63 }),
		 EFAULT);
	close(fd);
}

static uint64_t timed(const struct hvctl_guest *stats, const char *name)
{
	const struct hvctl_exit *e;
	uint64_t sum = 0;
	int i;

	for (e = stats->vcpu->exits; e; e = e->next)
		for (i = 0; i < HVCTL_EXIT_TIMES && !strcmp(e->name, name); i++)
			sum += e->times[i];
	return sum;
}

static void times(void)
{
	struct hvctl_guest *stats = last_stats(h, id);

	CHECK_EQ(exit_count(stats, "cpuid"), CPUIDS);
	CHECK_EQ(timed(stats, "cpuid"), CPUIDS);
	CHECK_EQ(exit_count(stats, "mmio"), MMIOS);
	CHECK_EQ(timed(stats, "mmio"), MMIOS);
	CHECK_EQ(timed(stats, "page-fault"), exit_count(stats, "page-fault") - MMIOS);
	/* No entry followed it. */
	CHECK_EQ(exit_count(stats, "triple-fault"), 1);
	CHECK_EQ(timed(stats, "triple-fault"), 0);
	hvctl_guest_free(stats);
}

/* It goes on after a start; the time in between is nobody's. */
static void again(void)
{
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS), *stats = last_stats(h, id);

	CHECK_EQ(g->stop_reason, HV_STOP_REASON_TRIPLE_FAULT);
	CHECK_EQ(timed(stats, "cpuid"), 2 * CPUIDS);
	CHECK_EQ(timed(stats, "triple-fault"), 0);
	hvctl_guest_free(stats);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

static const struct tap_test tests[] = {
	{ "nothing before the first start", before_a_start },
	{ "256 exits are there after a triple fault", ends },
	{ "in the order of time", in_order },
	{ "they are what the guest did last", the_last },
	{ "the newest where few fit", newest_where_few_fit },
	{ "calls that are refused", bad_input },
	{ "each exit's time is counted once", times },
	{ "again after a start", again },
};

int main(void)
{
	h = test_open();
	id = create_spec(h, item_spec(h, "recorder", CPUIDS, MMIOS));
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
