// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/core/ring.c */
/*
 * The console's ring: order, overrun, wrap and limits, against a model that
 * keeps every byte.
 */
#include "core/ring.h"
#include "tap.h"

#define SIZE	16

static u8 data[SIZE];

/* The byte at a position is a function of it, so any mix-up shows. */
static u8 at(u64 pos)
{
	return pos * 7 + 3;
}

static bool in_order(const u8 *buf, u64 pos, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (buf[i] != at(pos + i))
			return false;
	return true;
}

static void put_many(struct ring *r, u32 n)
{
	while (n--)
		ring_put(r, at(r->head));
}

static u32 add_many(struct ring *r, u32 n)
{
	u8 buf[2 * SIZE];
	u32 i;

	for (i = 0; i < n; i++)
		buf[i] = at(r->head + i);
	return ring_add(r, buf, n);
}

static void test_empty(void)
{
	struct ring r;
	u8 buf[4];
	u64 pos = 0;

	ring_init(&r, data, SIZE);
	CHECK(ring_used(&r) == 0 && ring_space(&r) == SIZE);
	CHECK(ring_read(&r, &pos, buf, 4) == 0 && pos == 0);
	ring_drop(&r, 5);
	CHECK(r.tail == 0);
}

static void test_overrun(void)
{
	struct ring r;
	u8 buf[2 * SIZE];
	u64 pos = 0;

	ring_init(&r, data, SIZE);
	put_many(&r, SIZE);
	CHECK(r.tail == 0 && !ring_space(&r));
	put_many(&r, 5);
	CHECK(r.tail == 5 && ring_used(&r) == SIZE);
	CHECK(ring_read(&r, &pos, buf, 3) == 3 && pos == 5 && in_order(buf, 5, 3));
	pos = 10;
	CHECK(ring_read(&r, &pos, buf, sizeof(buf)) == 11 && pos == 10 && in_order(buf, 10, 11));
}

static void test_add(void)
{
	struct ring r;
	u8 buf[SIZE];
	u64 pos = 0;

	ring_init(&r, data, SIZE);
	CHECK(add_many(&r, 10) == 10 && add_many(&r, 10) == 6 && add_many(&r, 10) == 0);
	ring_drop(&r, 7);
	CHECK(add_many(&r, 10) == 7);
	CHECK(ring_read(&r, &pos, buf, SIZE) == SIZE && pos == 7 && in_order(buf, 7, SIZE));
	ring_drop(&r, 1000);
	CHECK(ring_used(&r) == 0 && r.tail == r.head);
}

/* From any place in the old ring, the bytes keep their positions. */
static void test_move(void)
{
	static u8 larger[4 * SIZE];
	u8 buf[4 * SIZE];
	struct ring r;
	u32 gone, n;
	u64 pos;

	for (gone = 0; gone < 2 * SIZE; gone++) {
		ring_init(&r, data, SIZE);
		put_many(&r, gone);
		ring_drop(&r, gone % 5);
		n = ring_used(&r);
		pos = r.tail;
		ring_move(&r, larger, sizeof(larger));
		CHECK(ring_used(&r) == n && r.head == gone && r.tail == pos);
		CHECK(add_many(&r, 2 * SIZE) == 2 * SIZE);
		n += 2 * SIZE;
		CHECK(ring_read(&r, &pos, buf, sizeof(buf)) == n && in_order(buf, pos, n));
	}
}

/* A ring that has nothing yet, and what it gets later. */
static void test_none(void)
{
	struct ring r = { 0 };
	u64 pos = 0;
	u8 buf[4];

	CHECK(!ring_space(&r) && !add_many(&r, 3) && !ring_read(&r, &pos, buf, 4));
	ring_drop(&r, 3);
	ring_move(&r, data, SIZE);
	CHECK(add_many(&r, 3) == 3 && ring_read(&r, &pos, buf, 4) == 3 && in_order(buf, 0, 3));
}

/* All operations in a random order; the ring's own bounds are the model. */
static bool step(struct ring *r, u64 *pos, unsigned int n)
{
	u8 buf[2 * SIZE];
	u64 start;
	u32 got;

	switch (rand() % 4) {
	case 0:
		put_many(r, n);
		break;
	case 1:
		add_many(r, n);
		break;
	case 2:
		ring_drop(r, n);
		break;
	default:
		start = max(*pos, r->tail);
		got = ring_read(r, pos, buf, n);
		if (*pos != start || got != min_t(u64, n, r->head - start) ||
		    !in_order(buf, start, got))
			return false;
		*pos += got;
	}
	return r->head - r->tail <= SIZE;
}

static void test_random(void)
{
	struct ring r;
	unsigned int i;
	u64 pos = 0;
	bool good = true;

	srand(1);
	ring_init(&r, data, SIZE);
	for (i = 0; good && i < 100000; i++)
		good = step(&r, &pos, rand() % (2 * SIZE));
	CHECK(good);
}

static const struct tap_test tests[] = {
	{ "a new ring is empty", test_empty },
	{ "a full ring loses its oldest bytes, and overrun readers skip them", test_overrun },
	{ "adding stops where the ring is full, dropping makes room", test_add },
	{ "a larger one keeps every byte in its place", test_move },
	{ "one of no bytes takes nothing and gives nothing", test_none },
	{ "100000 random operations keep every byte in its place", test_random },
};

TAP_MAIN(tests)
