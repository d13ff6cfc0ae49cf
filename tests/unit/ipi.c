// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/irq/lapic.c kmod/irq/route.c kmod/irq/ioapic.c kmod/irq/pic.c */
/* SOURCES: kmod/plat/pit.c kmod/plat/cmos.c kmod/plat/uart.c kmod/plat/pm.c */
/* SOURCES: kmod/plat/misc.c kmod/plat/platform.c */
/* SOURCES: tests/unit/shim/mock.c tests/unit/shim/board.c */
/*
 * Messages between local APICs: who gets what, for every kind of destination.
 */
#include <pthread.h>

#include "board.h"
#include "tap.h"

#define VECTOR		0x51
#define X2(reg)		(LAPIC_MSR_X2_FIRST + (reg))
#define FIXED		0x000
#define LOWEST		0x100
#define NMI		0x400
#define INIT		0x500
#define SIPI		0x600
#define LOGICAL		0x800
#define ASSERT		0x4000
#define SHORT(n)	((u32)(n) << 18)

static void to_x2(unsigned int n)
{
	lapic_write_msr(board_lapic(n), LAPIC_MSR_BASE,
			MEMMAP_LAPIC | LAPIC_BASE_ENABLE | LAPIC_BASE_X2);
}

static void setup_x2(unsigned int nr)
{
	unsigned int i;

	board_setup_apics(nr);
	for (i = 0; i < nr; i++)
		to_x2(i);
}

static void ipi(unsigned int n, u8 dest, u32 icr)
{
	apic_write(n, LAPIC_ICR_HIGH, (u32)dest << 24);
	apic_write(n, LAPIC_ICR, icr);
}

static void ipi_x2(unsigned int n, u32 dest, u32 icr)
{
	lapic_write_msr(board_lapic(n), X2(LAPIC_ICR), (u64)dest << 32 | icr);
}

/* Which of the local APICs have VECTOR requested; none has it afterwards. */
static u64 got_vector(void)
{
	u64 got = 0;
	unsigned int i;

	for (i = 0; i < board.nr_lapics; i++) {
		if (lapic_next(board_lapic(i)) != VECTOR)
			continue;
		got |= BIT_ULL(i);
		lapic_take(board_lapic(i), VECTOR);
		if (lapic_is_x2(board_lapic(i)))
			lapic_write_msr(board_lapic(i), X2(LAPIC_EOI), 0);
		else
			apic_write(i, LAPIC_EOI, 0);
	}
	return got;
}

static u64 got(enum lapic_pending what)
{
	u64 got = 0;
	unsigned int i;

	for (i = 0; i < board.nr_lapics; i++)
		if (lapic_test_clear(board_lapic(i), what))
			got |= BIT_ULL(i);
	return got;
}

static void test_physical(void)
{
	unsigned int dest;

	board_setup_apics(64);
	for (dest = 0; dest < 0xff; dest++) {
		ipi(3, dest, FIXED | VECTOR);
		CHECK_EQ(got_vector(), dest < 64 ? BIT_ULL(dest) : 0);
	}
	ipi(3, 0xff, FIXED | VECTOR);
	CHECK_EQ(got_vector(), ~0ULL);
	/* Level-triggered is sent as an edge: no EOI goes to the IOAPIC. */
	ipi(3, 5, FIXED | 0x8000 | ASSERT | VECTOR);
	CHECK_EQ(apic_read(5, LAPIC_TMR + VECTOR / 32), 0);
	CHECK_EQ(got_vector(), BIT_ULL(5));
}

static void test_physical_x2(void)
{
	static const u32 nobody[] = { 64, 0xff, 0x100, 0x10003, 0x80000000, 0xfffffffe };
	unsigned int i;

	setup_x2(64);
	for (i = 0; i < 64; i++) {
		ipi_x2(63, i, FIXED | VECTOR);
		CHECK_EQ(got_vector(), BIT_ULL(i));
	}
	for (i = 0; i < ARRAY_SIZE(nobody); i++) {
		ipi_x2(63, nobody[i], FIXED | VECTOR);
		CHECK_EQ(got_vector(), 0);
	}
	ipi_x2(63, 0xffffffff, FIXED | VECTOR);
	CHECK_EQ(got_vector(), ~0ULL);
}

static void test_flat(void)
{
	unsigned int i;

	board_setup_apics(8);
	for (i = 0; i < 8; i++)
		apic_write(i, LAPIC_LDR, BIT(24 + i));
	for (i = 0; i < 0x100; i++) {
		ipi(0, i, LOGICAL | FIXED | VECTOR);
		CHECK_EQ(got_vector(), i);
	}
	/* One that shares a bit, and one that has none: all ones reach it still. */
	apic_write(7, LAPIC_LDR, BIT(24));
	apic_write(6, LAPIC_LDR, 0);
	ipi(0, 1, LOGICAL | FIXED | VECTOR);
	CHECK_EQ(got_vector(), 0x81);
	ipi(0, 0xff, LOGICAL | FIXED | VECTOR);
	CHECK_EQ(got_vector(), 0xff);
}

/* 15 clusters of four, and four that are in none. */
static u64 cluster_members(u8 dest)
{
	u64 members = 0;
	unsigned int i;

	for (i = 0; i < 60; i++)
		if (i / 4 == dest >> 4 && (dest & BIT(i % 4)))
			members |= BIT_ULL(i);
	return members;
}

static void test_cluster(void)
{
	unsigned int i;

	board_setup_apics(64);
	for (i = 0; i < 64; i++) {
		apic_write(i, LAPIC_DFR, 0);
		apic_write(i, LAPIC_LDR, i < 60 ? (i / 4) << 28 | BIT(24 + i % 4) : 0);
	}
	for (i = 0; i < 0xff; i++) {
		ipi(63, i, LOGICAL | FIXED | VECTOR);
		CHECK_EQ(got_vector(), cluster_members(i));
	}
	ipi(63, 0xff, LOGICAL | FIXED | VECTOR);
	CHECK_EQ(got_vector(), ~0ULL);
}

static void test_cluster_x2(void)
{
	unsigned int i;
	u32 dest;

	setup_x2(64);
	for (i = 0; i < 5; i++) {
		for (dest = 0; dest < 0x10000; dest += 0x1235) {
			ipi_x2(1, i << 16 | dest, LOGICAL | FIXED | VECTOR);
			CHECK_EQ(got_vector(), i < 4 ? (u64)dest << (16 * i) : 0);
		}
	}
	ipi_x2(1, 0xffffffff, LOGICAL | FIXED | VECTOR);
	CHECK_EQ(got_vector(), ~0ULL);
}

/* Some have gone over to x2APIC mode, some have not yet, one is switched off. */
static void test_mixed(void)
{
	board_setup_apics(4);
	to_x2(2);
	to_x2(3);
	lapic_write_msr(board_lapic(1), LAPIC_MSR_BASE, MEMMAP_LAPIC);
	apic_write(0, LAPIC_LDR, BIT(24));
	ipi(0, 3, FIXED | VECTOR);
	CHECK_EQ(got_vector(), 8);
	ipi(0, 0xff, FIXED | VECTOR);
	CHECK_EQ(got_vector(), 0xd);
	ipi_x2(2, 0, FIXED | VECTOR);
	CHECK_EQ(got_vector(), 1);
	ipi_x2(2, 1, FIXED | VECTOR);
	CHECK_EQ(got_vector(), 0);
	ipi_x2(2, 0xffffffff, FIXED | VECTOR);
	CHECK_EQ(got_vector(), 0xd);
	/* Logical: cluster 0's first members for both kinds, cluster 1 for neither. */
	ipi_x2(2, 0x9, LOGICAL | FIXED | VECTOR);
	CHECK_EQ(got_vector(), 9);
	ipi_x2(2, 0x10001, LOGICAL | FIXED | VECTOR);
	CHECK_EQ(got_vector(), 0);
}

static void test_shorthands(void)
{
	static const u32 modes[] = { FIXED, NMI };
	unsigned int i;
	u64 self = BIT_ULL(9), all = BIT_ULL(20) - 1;

	board_setup_apics(20);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		u32 icr = modes[i] | ASSERT | VECTOR;

		ipi(9, 3, icr | SHORT(LAPIC_SHORT_SELF));
		CHECK_EQ(modes[i] ? got(LAPIC_PENDING_NMI) : got_vector(), self);
		ipi(9, 3, icr | SHORT(LAPIC_SHORT_ALL));
		CHECK_EQ(modes[i] ? got(LAPIC_PENDING_NMI) : got_vector(), all);
		ipi(9, 3, icr | SHORT(LAPIC_SHORT_OTHERS));
		CHECK_EQ(modes[i] ? got(LAPIC_PENDING_NMI) : got_vector(), all & ~self);
	}
	lapic_write_msr(board_lapic(9), LAPIC_MSR_BASE,
			MEMMAP_LAPIC | LAPIC_BASE_ENABLE | LAPIC_BASE_X2);
	lapic_write_msr(board_lapic(9), X2(LAPIC_SELF_IPI), VECTOR);
	CHECK_EQ(got_vector(), self);
}

static void test_init_sipi(void)
{
	u64 others = 0xb;

	board_setup_apics(4);
	/* Nobody INITs or starts itself. */
	ipi(2, 0, INIT | ASSERT | SHORT(LAPIC_SHORT_SELF));
	ipi(2, 0, INIT | ASSERT | SHORT(LAPIC_SHORT_ALL));
	ipi(2, 0, SIPI | ASSERT | SHORT(LAPIC_SHORT_ALL) | 0x9a);
	CHECK_EQ(got(LAPIC_PENDING_INIT) | got(LAPIC_PENDING_SIPI), 0);
	CHECK_EQ(mock_kicks, 0);
	ipi(2, 0, INIT | ASSERT | SHORT(LAPIC_SHORT_OTHERS));
	ipi(2, 0, SIPI | ASSERT | SHORT(LAPIC_SHORT_OTHERS) | 0x9a);
	CHECK_EQ(got(LAPIC_PENDING_INIT), others);
	CHECK_EQ(got(LAPIC_PENDING_SIPI), others);
	CHECK_EQ(board_lapic(3)->s.sipi_vector, 0x9a);
	/* What came before the INIT does not count. */
	ipi(2, 3, SIPI | ASSERT | 0x10);
	ipi(2, 3, INIT | ASSERT);
	CHECK_EQ(got(LAPIC_PENDING_SIPI), 0);
	CHECK_EQ(got(LAPIC_PENDING_INIT), 8);
	/* Level de-assert: for old buses. */
	ipi(2, 3, INIT | 0x8000);
	CHECK_EQ(got(LAPIC_PENDING_INIT), 0);
	/* Disabled by software they are still reached; by IA32_APIC_BASE not. */
	apic_write(3, LAPIC_SVR, 0xff);
	ipi(2, 3, INIT | ASSERT);
	CHECK_EQ(got(LAPIC_PENDING_INIT), 8);
	lapic_write_msr(board_lapic(3), LAPIC_MSR_BASE, MEMMAP_LAPIC);
	ipi(2, 3, INIT | ASSERT);
	CHECK_EQ(got(LAPIC_PENDING_INIT), 0);
}

static void test_lowest(void)
{
	u64 seen = 0, one;
	unsigned int i;

	board_setup_apics(8);
	for (i = 0; i < 8; i++)
		apic_write(i, LAPIC_LDR, BIT(24 + i));
	/* Equal ones take turns: none gets a second one before all had one. */
	for (i = 0; i < 8; i++) {
		ipi(0, 0xff, LOGICAL | LOWEST | VECTOR);
		one = got_vector();
		CHECK(one && !(one & (one - 1)) && !(one & seen));
		seen |= one;
	}
	/* The one with the lowest priority that is named, and enabled. */
	for (i = 0; i < 8; i++)
		apic_write(i, LAPIC_TPR, 0x10 + ((i + 3) % 8));
	ipi(0, 0xff, LOGICAL | LOWEST | VECTOR);
	CHECK_EQ(got_vector(), BIT_ULL(5));
	ipi(0, 0xc3, LOGICAL | LOWEST | VECTOR);
	CHECK_EQ(got_vector(), BIT_ULL(6));
	apic_write(6, LAPIC_SVR, 0xff);
	ipi(0, 0xc3, LOGICAL | LOWEST | VECTOR);
	CHECK_EQ(got_vector(), BIT_ULL(7));
	/* By its ID, and by a shorthand. */
	ipi(0, 2, LOWEST | VECTOR);
	CHECK_EQ(got_vector(), BIT_ULL(2));
	ipi(5, 0, LOWEST | SHORT(LAPIC_SHORT_OTHERS) | VECTOR);
	CHECK_EQ(got_vector(), BIT_ULL(7));
	ipi(0, 99, LOWEST | VECTOR);
	CHECK_EQ(got_vector(), 0);
}

static void test_illegal(void)
{
	board_setup_apics(2);
	ipi(0, 1, FIXED | 15);
	ipi(0, 1, 0x300 | VECTOR);
	ipi(0, 1, 0x700 | VECTOR);
	CHECK_EQ(got_vector(), 0);
	CHECK_EQ(lapic_next(board_lapic(1)), -1);
	/* The sender has noticed, the receiver has not been asked. */
	apic_write(0, LAPIC_ESR, 0);
	apic_write(1, LAPIC_ESR, 0);
	CHECK_EQ(apic_read(0, LAPIC_ESR), BIT(5));
	CHECK_EQ(apic_read(1, LAPIC_ESR), 0);
	/* Delivered when the write returns: never busy. */
	ipi(0, 1, FIXED | VECTOR | 0x1000);
	CHECK_EQ(apic_read(0, LAPIC_ICR), VECTOR);
	CHECK_EQ(apic_read(0, LAPIC_ICR_HIGH), 1 << 24);
}

/* INT is on every LINT0; who is kicked is who lets it through. */
static void test_extint(void)
{
	board_setup_apics(3);
	apic_write(1, LAPIC_LVT_LINT0, 0x700);
	outb(0x11, 0x20);
	outb(0x20, 0x21);
	outb(0x04, 0x21);
	outb(0x01, 0x21);
	outb(0xef, 0x21);
	mock_kicks = 0;
	board_irq(4, true);
	CHECK_EQ(mock_kicks, 2);
	CHECK(lapic_wakes(board_lapic(0)) && lapic_wakes(board_lapic(1)));
	CHECK(!lapic_wakes(board_lapic(2)));
	/* The first to acknowledge has it; then the line is low for all. */
	CHECK_EQ(pic_take(&board), 0x24);
	CHECK(!lapic_wakes(board_lapic(0)) && !lapic_wakes(board_lapic(1)));
}

#define SENDERS	4
#define ROUNDS	20000

static volatile u32 taken[SENDERS];
static volatile bool lost;

/* Sends again as soon as the last one was taken: one that is lost ends the test. */
static void *sender(void *arg)
{
	unsigned int me = (uintptr_t)arg;
	u64 spins;
	u32 i;

	for (i = 0; i < ROUNDS && !lost; i++) {
		lapic_accept(board_lapic(0), 0x40 + 0x11 * me, me & 1);
		for (spins = 0; READ_ONCE(taken[me]) == i && !lost; spins++)
			if (!(spins & 0x3ff))
				sched_yield();
	}
	return NULL;
}

static u32 receive_one(void)
{
	int vector;

	if (!lapic_pending(board_lapic(0)))
		return 0;
	vector = lapic_next(board_lapic(0));
	if (vector < 0)
		return 0;
	lapic_take(board_lapic(0), vector);
	apic_write(0, LAPIC_EOI, 0);
	WRITE_ONCE(taken[(vector - 0x40) / 0x11], taken[(vector - 0x40) / 0x11] + 1);
	return 1;
}

/* Several post at once, and one takes: every one arrives, and is seen. */
static void test_concurrent(void)
{
	pthread_t threads[SENDERS];
	u64 idle = 0;
	u32 sum = 0;
	uintptr_t i;

	board_setup_apics(1);
	memset((void *)taken, 0, sizeof(taken));
	for (i = 0; i < SENDERS; i++)
		if (pthread_create(&threads[i], NULL, sender, (void *)i))
			abort();
	while (sum < SENDERS * ROUNDS && idle < 20000000) {
		u32 n = receive_one();

		sum += n;
		idle = n ? 0 : idle + 1;
		if (idle && !(idle & 0xff))
			sched_yield();
	}
	lost = sum < SENDERS * ROUNDS;
	for (i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(sum, SENDERS * ROUNDS);
	CHECK(!lapic_pending(board_lapic(0)));
}

static const struct tap_test tests[] = {
	{ "physical", test_physical },
	{ "physical, x2APIC", test_physical_x2 },
	{ "logical, flat", test_flat },
	{ "logical, cluster", test_cluster },
	{ "logical, x2APIC", test_cluster_x2 },
	{ "xAPICs and x2APICs in one guest", test_mixed },
	{ "shorthands and self-IPI", test_shorthands },
	{ "INIT and SIPI", test_init_sipi },
	{ "lowest priority", test_lowest },
	{ "illegal messages", test_illegal },
	{ "ExtINT", test_extint },
	{ "several senders at once", test_concurrent },
};

TAP_MAIN(tests)
