// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/mmu/npt.c kmod/mmu/ept.c kmod/mmu/s2.c */
/*
 * The two formats of second-level tables: bits by the manuals, and the one
 * walker over both.
 */
#include "mmu/s2.h"
#include "tap.h"

static u64 tables[S2_LEVELS][S2_ENTRIES] __aligned(4096);
static u8 memory[4096] __aligned(4096);

static void test_ept_bits(void)
{
	const struct s2_format *f = &s2_format_ept;

	CHECK_EQ(s2_leaf(f, 0x5000, 0, S2_READ | S2_WRITE | S2_EXEC), 0x5000 | 0x70 | 7);
	CHECK_EQ(s2_leaf(f, 0x200000, 1, S2_READ), 0x200000 | 0xf0 | 1);
	CHECK_EQ(f->table, 7);
	CHECK(s2_present(f, 4));		/* execute only is present, too */
	CHECK(!s2_present(f, 0x70));
}

static void test_npt_bits(void)
{
	const struct s2_format *f = &s2_format_npt;

	CHECK_EQ(s2_leaf(f, 0x5000, 0, S2_READ | S2_WRITE | S2_EXEC), 0x5000 | 7);
	CHECK_EQ(s2_leaf(f, 0x200000, 1, S2_READ), 0x200000 | 0x85 | BIT_ULL(63));
	CHECK_EQ(f->table, 7);
}

static void check_rights(const struct s2_format *f)
{
	unsigned int rights;

	for (rights = S2_READ; rights <= (S2_READ | S2_WRITE | S2_EXEC); rights += 2) {
		CHECK_EQ(s2_rights(f, s2_leaf(f, 0x1000, 0, rights)), rights);
		/* Accessed and dirty bits of either format change nothing. */
		CHECK_EQ(s2_rights(f, s2_leaf(f, 0x1000, 0, rights) | 0x360), rights);
		CHECK_EQ(s2_hpa(s2_leaf(f, 0x1000, 0, rights) | 0x360), 0x1000);
	}
}

static void test_rights(void)
{
	check_rights(&s2_format_ept);
	check_rights(&s2_format_npt);
}

static void check_walk(const struct s2_format *f)
{
	struct s2 s2 = { .root = tables[3], .format = f };
	const u64 gpa = 0x123456789000ULL;
	unsigned int level;

	memset(tables, 0, sizeof(tables));
	for (level = S2_LEVELS - 1; level > 0; level--)
		tables[level][s2_index(gpa, level)] = host_hpa(tables[level - 1]) | f->table;
	CHECK(!s2_va(&s2, gpa, S2_READ));
	tables[0][s2_index(gpa, 0)] = s2_leaf(f, host_hpa(memory), 0, S2_READ);
	CHECK(s2_va(&s2, gpa + 5, S2_READ) == memory + 5);
	CHECK(!s2_va(&s2, gpa, S2_READ | S2_WRITE));
	CHECK(!s2_va(&s2, gpa + 4096, S2_READ));
	CHECK(!s2_va(&s2, gpa | BIT_ULL(48), S2_READ));
	/* A chip's page is none of the guest's memory, though it is mapped. */
	tables[0][s2_index(gpa, 0)] |= S2_CHIP;
	CHECK(s2_present(f, tables[0][s2_index(gpa, 0)]));
	CHECK(!s2_va(&s2, gpa, S2_READ));
	/* A large page, of which this is one piece. */
	tables[1][s2_index(gpa, 1)] = s2_leaf(f, host_hpa(memory), 1, S2_READ | S2_WRITE);
	CHECK(s2_va(&s2, gpa & ~0x1fffffULL, S2_WRITE) == memory);
}

static void test_walk(void)
{
	check_walk(&s2_format_ept);
	check_walk(&s2_format_npt);
}

static const struct tap_test tests[] = {
	{ "EPT entries", test_ept_bits },
	{ "NPT entries", test_npt_bits },
	{ "rights there and back", test_rights },
	{ "the walker reads both", test_walk },
};

TAP_MAIN(tests)
