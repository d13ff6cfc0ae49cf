// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MP table: found as the MP Specification says, its sums, and each entry.
 */
/* SOURCES: userlib/mptable.c */
#include <stdlib.h>
#include <string.h>

#include "../../userlib/acpi.h"
#include "../../userlib/machine.h"
#include "bytes.h"
#include "tap.h"

#define AREA	0x800
#define GPA	MACHINE_MPTABLE

static uint8_t area[AREA];
static size_t used;

static void build(unsigned int vcpus)
{
	memset(area, 0, sizeof(area));
	used = mptable_build(area, sizeof(area), GPA, vcpus);
}

static const uint8_t *config(void)
{
	return area + (get(area + 4, 4) - GPA);
}

/* Entry @n of @type, or NULL; entries come in the order of their types. */
static const uint8_t *entry(unsigned int type, unsigned int n)
{
	const uint8_t *at = config() + 44;
	unsigned int i;

	for (i = 0; i < get(config() + 34, 2); i++) {
		if (*at == type && !n--)
			return at;
		at += *at ? 8 : 20;
	}
	return NULL;
}

static void test_headers(void)
{
	build(1);
	CHECK(used && !memcmp(area, "_MP_", 4) && GPA % 16 == 0);
	CHECK(GPA >= 0xf0000 && GPA + AREA <= 0x100000);
	CHECK(area[8] == 1 && area[9] == 4 && sum(area, 16) == 0);
	/* No default configuration, and the PIC's mode is virtual wire. */
	CHECK_EQ(get(area + 11, 4) | area[15], 0);
	CHECK(!memcmp(config(), "PCMP", 4) && config()[6] == 4);
	CHECK_EQ(get(config() + 4, 2), used - 16);
	CHECK(sum(config(), get(config() + 4, 2)) == 0);
	CHECK_EQ(get(config() + 36, 4), 0xfee00000);
}

static void test_cpus(void)
{
	unsigned int i;

	build(64);
	for (i = 0; i < 64; i++) {
		const uint8_t *cpu = entry(0, i);

		CHECK(cpu && cpu[1] == i && cpu[2] == 0x14 && cpu[3] == (i ? 1 : 3));
		CHECK_EQ(get(cpu + 8, 4), 0x301);
	}
	CHECK(!entry(0, 64));
}

static void test_chips(void)
{
	static const uint8_t bus[] = { 1, 0, 'I', 'S', 'A', ' ', ' ', ' ' };
	static const uint8_t ioapic[] = { 2, 0, 0x11, 1, 0, 0, 0xc0, 0xfe };

	build(2);
	CHECK(entry(1, 0) && !memcmp(entry(1, 0), bus, 8) && !entry(1, 1));
	CHECK(entry(2, 0) && !memcmp(entry(2, 0), ioapic, 8) && !entry(2, 1));
}

static void test_interrupts(void)
{
	static const uint8_t local[2][8] = {
		{ 4, 3, 0, 0, 0, 0, 0xff, 0 }, { 4, 1, 0, 0, 0, 0, 0xff, 1 },
	};
	unsigned int i;

	build(3);
	for (i = 0; i < 15; i++) {
		unsigned int irq = i < 2 ? i : i + 1;
		const uint8_t expected[] = { 3, 0, irq == 9 ? 0xd : 0, 0, 0, irq, 0, irq ? irq : 2 };

		CHECK(entry(3, i) && !memcmp(entry(3, i), expected, 8));
	}
	CHECK(!entry(3, 15));
	for (i = 0; i < 2; i++)
		CHECK(entry(4, i) && !memcmp(entry(4, i), local[i], 8));
	CHECK(!entry(4, 2));
	CHECK_EQ(get(config() + 34, 2), 3 + 2 + 15 + 2);
}

static void test_sizes(void)
{
	build(64);
	CHECK(used && used <= AREA);
	CHECK(!mptable_build(area, sizeof(area), GPA, 0));
	CHECK(!mptable_build(area, sizeof(area), GPA, 65));
	for (size_t size = 0; size < used; size++) {
		uint8_t *exact = calloc(1, size ? size : 1);
		size_t got = mptable_build(exact, size, GPA, 64);

		free(exact);
		CHECK(got == 0);
	}
}

static const struct tap_test tests[] = {
	{ "headers and sums", test_headers },
	{ "processors", test_cpus },
	{ "bus and IOAPIC", test_chips },
	{ "interrupts", test_interrupts },
	{ "up to 64 CPUs, and areas that are too small", test_sizes },
};

TAP_MAIN(tests)
