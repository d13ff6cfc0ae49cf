// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/core/recorder.c */
/* CFLAGS: -pthread */
/*
 * The flight recorder: what it keeps, what a reader gets while it is written,
 * and which bucket a time falls into.
 */
#include <pthread.h>

#include "core/recorder.h"
#include "tap.h"

static struct recording recording;
static struct recorder recorder = { .kept = &recording };
static struct recorded_exit out[RECORDER_EXITS];

/* Every field is a function of the exit's number, so any mix-up shows. */
static void record(struct recorder *r, u64 n)
{
	struct exit e = {
		.reason = n % NR_EXITS,
		.hw_code = n * 3,
		.hw_info = { n * 5, n * 7 },
	};

	recorder_exit(r, &e, n * 11, n + 1);
}

static bool is_exit(const struct recorded_exit *x, u64 n)
{
	return x->reason == n % NR_EXITS && x->code == (u32)(n * 3) && x->info[0] == n * 5 &&
	       x->info[1] == n * 7 && x->rip == n * 11 && x->tsc == n + 1;
}

static void start_over(void)
{
	memset(&recording, 0, sizeof(recording));
	recorder = (struct recorder){ .kept = &recording };
	memset(out, 0xee, sizeof(out));
}

static void empty(void)
{
	u64 total;

	start_over();
	CHECK_EQ(recorder_read(&recorder, out, &total), 0);
	CHECK_EQ(total, 0);
}

/* After @n exits the last of them are there, in order. */
static void keeps_last(u64 n)
{
	unsigned int want = min_t(u64, n, RECORDER_EXITS), i;
	u64 total;

	start_over();
	for (i = 0; i < n; i++)
		record(&recorder, i);
	CHECK_EQ(recorder_read(&recorder, out, &total), want);
	CHECK_EQ(total, n);
	for (i = 0; i < want; i++)
		CHECK(is_exit(&out[i], n - want + i));
}

static void in_order(void)
{
	keeps_last(1);
	keeps_last(RECORDER_EXITS - 1);
	keeps_last(RECORDER_EXITS);
	keeps_last(RECORDER_EXITS + 1);
	keeps_last(5 * RECORDER_EXITS + 77);
}

/* A record that is under way overwrites the oldest: a reader does not get that one. */
static void half_written(void)
{
	unsigned int i;
	u64 total;

	start_over();
	for (i = 0; i < 2 * RECORDER_EXITS; i++)
		record(&recorder, i);
	recorder.begun++;
	CHECK_EQ(recorder_read(&recorder, out, &total), RECORDER_EXITS - 1);
	CHECK_EQ(total, 2 * RECORDER_EXITS);
	CHECK(is_exit(&out[0], RECORDER_EXITS + 1));
	CHECK(is_exit(&out[RECORDER_EXITS - 2], 2 * RECORDER_EXITS - 1));
	/* So far ahead that nothing of the copy is good. */
	recorder.begun += RECORDER_EXITS;
	CHECK_EQ(recorder_read(&recorder, out, &total), 0);
}

static bool writer_ends;

static void *writer(void *arg)
{
	u64 n = 0;

	while (!READ_ONCE(writer_ends))
		record(&recorder, n++);
	return NULL;
}

/* Whatever a reader gets beside a writer is whole, in a row, and the last there is. */
static void beside_a_writer(void)
{
	unsigned int round, n, i;
	pthread_t thread;
	u64 total;

	start_over();
	writer_ends = false;
	CHECK_EQ(pthread_create(&thread, NULL, writer, NULL), 0);
	for (round = 0; round < 20000 && tap_ok; round++) {
		n = recorder_read(&recorder, out, &total);
		for (i = 0; i < n && tap_ok; i++)
			tap_ok = is_exit(&out[i], total - n + i);
	}
	WRITE_ONCE(writer_ends, true);
	pthread_join(thread, NULL);
	CHECK(tap_ok);
}

static void buckets(void)
{
	unsigned int i;

	CHECK_EQ(recorder_bucket(0), 0);
	CHECK_EQ(recorder_bucket(127), 0);
	CHECK_EQ(recorder_bucket(128), 1);
	for (i = 1; i < RECORDER_BUCKETS - 1; i++) {
		CHECK_EQ(recorder_bucket(64ULL << i), i);
		CHECK_EQ(recorder_bucket((128ULL << i) - 1), i);
	}
	CHECK_EQ(recorder_bucket(1ULL << 29), RECORDER_BUCKETS - 1);
	CHECK_EQ(recorder_bucket(U64_MAX), RECORDER_BUCKETS - 1);
}

static u64 timed(const struct recorder *r)
{
	unsigned int i, j;
	u64 sum = 0;

	for (i = 0; i < NR_EXITS; i++)
		for (j = 0; j < RECORDER_BUCKETS; j++)
			sum += r->kept->times[i][j];
	return sum;
}

static void times(void)
{
	struct exit e = { .reason = EXIT_CPUID };

	start_over();
	/* The first entry follows no exit. */
	recorder_entry(&recorder, EXIT_UNKNOWN, 1000);
	CHECK_EQ(timed(&recorder), 0);
	recorder_exit(&recorder, &e, 0, 2000);
	recorder_entry(&recorder, EXIT_CPUID, 2000 + 300);
	CHECK_EQ(recording.times[EXIT_CPUID][2], 1);
	/* What it turned out to be counts. */
	recorder_exit(&recorder, &e, 0, 3000);
	recorder_entry(&recorder, EXIT_MMIO, 3000);
	CHECK_EQ(recording.times[EXIT_MMIO][0], 1);
	/* A pause is nobody's time. */
	recorder_exit(&recorder, &e, 0, 4000);
	recorder_cut(&recorder);
	recorder_entry(&recorder, EXIT_CPUID, 1ULL << 40);
	CHECK_EQ(timed(&recorder), 2);
}

static const struct tap_test tests[] = {
	{ "nothing at first", empty },
	{ "the last exits, in order", in_order },
	{ "a half written record is left out", half_written },
	{ "a reader beside a writer gets whole records", beside_a_writer },
	{ "buckets are powers of two", buckets },
	{ "times go to what the exit turned out to be", times },
};

int main(void)
{
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
