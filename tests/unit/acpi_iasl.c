// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ACPICA's compiler and disassembler, iasl, makes of the tables: each is
 * disassembled without a complaint, and the DSDT compiles again.
 */
/* SOURCES: userlib/acpi.c userlib/aml.c */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../userlib/acpi.h"
#include "bytes.h"
#include "tap.h"

#define GPA	0xe0000ULL
#define SKIP	4

static uint8_t area[0x2000];
static char dir[] = "/tmp/hv-acpi.XXXXXX";

static uint64_t gpa_of(const char *name)
{
	const uint8_t *xsdt = area + (get(area + 24, 8) - GPA);
	const uint8_t *fadt = area + (get(xsdt + 36, 8) - GPA);

	if (!strcmp(name, "XSDT"))
		return get(area + 24, 8);
	if (!strcmp(name, "FACP"))
		return get(xsdt + 36, 8);
	if (!strcmp(name, "APIC"))
		return get(xsdt + 44, 8);
	return get(fadt + (strcmp(name, "FACS") ? 40 : 36), 4);
}

static bool save(const char *name)
{
	const uint8_t *table = area + (gpa_of(name) - GPA);
	size_t len = get(table + 4, 4);
	char path[64];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s.dat", dir, name);
	file = fopen(path, "w");
	if (!file)
		return false;
	ok = fwrite(table, 1, len, file) == len;
	return !fclose(file) && ok;
}

/* Runs iasl and looks for anything that sounds like trouble. */
static bool iasl(const char *options, const char *name)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "cd %s && iasl %s %s >log 2>&1 && ! grep -iE 'warning +[0-9]|error +[0-9]|incorrect|invalid|could not|truncated' log",
		 dir, options, name);
	return !system(command);
}

static void check_table(const char *name)
{
	char file[32];

	snprintf(file, sizeof(file), "%s.dat", name);
	CHECK(save(name));
	CHECK(iasl("-d", file));
}

static void test_xsdt(void)
{
	check_table("XSDT");
}

static void test_facp(void)
{
	check_table("FACP");
}

static void test_apic(void)
{
	check_table("APIC");
}

static void test_facs(void)
{
	check_table("FACS");
}

static void test_dsdt(void)
{
	check_table("DSDT");
	CHECK(iasl("-we", "DSDT.dsl"));
}

static const struct tap_test tests[] = {
	{ "XSDT", test_xsdt },
	{ "FADT", test_facp },
	{ "MADT", test_apic },
	{ "FACS", test_facs },
	{ "DSDT", test_dsdt },
};

int main(void)
{
	char command[64];
	int status;

	if (system("iasl -v >/dev/null 2>&1")) {
		puts("1..0 # SKIP there is no iasl (package acpica-tools)");
		return SKIP;
	}
	if (!mkdtemp(dir) || !acpi_build(area, sizeof(area), GPA, 64))
		return 1;
	status = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) ? 1 : status;
}
