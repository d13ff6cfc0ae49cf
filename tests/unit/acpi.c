// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI tables: found the way a kernel finds them, checksums, and the fields
 * that a kernel acts on.  acpi_iasl.c has ACPICA's opinion.
 */
/* SOURCES: userlib/acpi.c userlib/aml.c */
#include <stdlib.h>
#include <string.h>

#include "../../userlib/acpi.h"
#include "../../userlib/machine.h"
#include "bytes.h"
#include "tap.h"

#define AREA	0x2000
#define GPA	0xe0000ULL

static uint8_t area[AREA];
static size_t used;

static const uint8_t *at_gpa(uint64_t gpa)
{
	return gpa >= GPA && gpa < GPA + used ? area + (gpa - GPA) : NULL;
}

/* A table by its signature, through RSDP and XSDT. */
static const uint8_t *table(const char *signature)
{
	const uint8_t *xsdt = at_gpa(get(area + 24, 8));

	for (size_t i = 36; xsdt && i < get(xsdt + 4, 4); i += 8) {
		const uint8_t *found = at_gpa(get(xsdt + i, 8));

		if (found && !memcmp(found, signature, 4))
			return found;
	}
	return NULL;
}

static void build(unsigned int vcpus)
{
	memset(area, 0, sizeof(area));
	used = acpi_build(area, sizeof(area), GPA, vcpus);
}

static void test_rsdp(void)
{
	build(1);
	CHECK(used && !memcmp(area, "RSD PTR ", 8));
	CHECK(area[15] == 2 && get(area + 20, 4) == 36);
	CHECK(sum(area, 20) == 0 && sum(area, 36) == 0);
}

static void test_checksums(void)
{
	const uint8_t *fadt, *dsdt, *xsdt;

	build(1);
	xsdt = at_gpa(get(area + 24, 8));
	fadt = table("FACP");
	CHECK(xsdt && fadt && table("APIC"));
	dsdt = at_gpa(get(fadt + 40, 4));
	CHECK(dsdt && !memcmp(dsdt, "DSDT", 4));
	CHECK(sum(xsdt, get(xsdt + 4, 4)) == 0 && sum(fadt, get(fadt + 4, 4)) == 0);
	CHECK(sum(dsdt, get(dsdt + 4, 4)) == 0);
	CHECK(sum(table("APIC"), get(table("APIC") + 4, 4)) == 0);
}

static void test_fadt(void)
{
	const uint8_t *fadt, *facs;

	build(1);
	fadt = table("FACP");
	CHECK(fadt && get(fadt + 4, 4) == 276 && fadt[8] == 6);
	facs = at_gpa(get(fadt + 36, 4));
	CHECK(facs && !memcmp(facs, "FACS", 4) && get(fadt + 36, 4) % 64 == 0);
	CHECK_EQ(get(fadt + 46, 2), 9);
	CHECK_EQ(get(fadt + 48, 4), 0);
	CHECK_EQ(get(fadt + 56, 4), 0x600);
	CHECK_EQ(get(fadt + 64, 4), 0x604);
	CHECK_EQ(get(fadt + 76, 4), 0x608);
	CHECK(fadt[88] == 4 && fadt[89] == 2 && fadt[91] == 4);
}

static void test_fadt_flags(void)
{
	const uint8_t *fadt;
	uint32_t flags;

	build(1);
	fadt = table("FACP");
	CHECK(fadt);
	flags = get(fadt + 112, 4);
	CHECK(flags & 1 << 0 && flags & 1 << 8 && flags & 1 << 10);
	/* A fixed power button, and hardware that is not reduced. */
	CHECK(!(flags & 1 << 4) && !(flags & 1 << 20));
	CHECK_EQ(get(fadt + 109, 2), 5);
	CHECK(fadt[116] == 1 && fadt[117] == 8 && get(fadt + 120, 8) == 0xcf9);
	CHECK_EQ(fadt[128], 6);
	CHECK_EQ(get(fadt + 140, 8), get(fadt + 40, 4));
}

static void test_madt(void)
{
	static const uint8_t expected[] = {
		0, 8, 0, 0, 1, 0, 0, 0,
		1, 12, 0, 0, 0x00, 0x00, 0xc0, 0xfe, 0, 0, 0, 0,
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0,
		2, 10, 0, 9, 9, 0, 0, 0, 0xd, 0,
		4, 6, 0xff, 0, 0, 1,
	};
	const uint8_t *madt;

	build(1);
	madt = table("APIC");
	CHECK(madt && get(madt + 36, 4) == 0xfee00000 && get(madt + 40, 4) == 1);
	CHECK_EQ(get(madt + 4, 4), 44 + sizeof(expected));
	CHECK(!memcmp(madt + 44, expected, sizeof(expected)));
}

static void test_sizes(void)
{
	build(64);
	CHECK(used && used <= AREA && get(table("APIC") + 4, 4) == 44 + 64 * 8 + 38);
	CHECK(acpi_build(area, sizeof(area), GPA, 0) == 0);
	CHECK(acpi_build(area, sizeof(area), GPA, 65) == 0);
	build(1);
	for (size_t size = 0; size < used; size++) {
		uint8_t *exact = calloc(1, size ? size : 1);
		size_t got = acpi_build(exact, size, GPA, 1);

		free(exact);
		CHECK(got == 0);
	}
}

static const struct tap_test tests[] = {
	{ "RSDP", test_rsdp },
	{ "checksums", test_checksums },
	{ "FADT addresses", test_fadt },
	{ "FADT flags and reset register", test_fadt_flags },
	{ "MADT", test_madt },
	{ "up to 64 CPUs, and areas that are too small", test_sizes },
};

TAP_MAIN(tests)
