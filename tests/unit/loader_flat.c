// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flat binaries, and what kind of image is what.
 */
/* SOURCES: userlib/boot.c userlib/bzimage.c userlib/flat.c userlib/image.c */
/* SOURCES: userlib/longmode.c userlib/acpi.c userlib/mptable.c userlib/aml.c */
#include <errno.h>

#include "loader_image.h"
#include "tap.h"

static struct boot_plan plan;
static uint8_t image[65536];

static void fill(void)
{
	memset(image, 0x90, sizeof(image));
}

static int load(size_t len, uint64_t memory)
{
	return image_load(&plan, image, len, memory, 0, NULL);
}

static void test_flat(void)
{
	fill();
	CHECK(load(100, 2 * MIB) == 0 && plan.image == BOOT_FLAT_BINARY);
	CHECK_EQ(plan.state.rip, MIB);
	CHECK_EQ(plan.state.gpr[HV_RSP], BOOT_STACK);
	CHECK_EQ(plan.state.gpr[HV_RDI], 0);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_KERNEL)->gpa, MIB);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_KERNEL)->length, 100);
	CHECK(!memcmp(made_at(&plan, MACHINE_BIOS), "RSD PTR ", 8));
}

static void test_flat_limits(void)
{
	fill();
	CHECK(load(1, MIB + 4096) == 0);
	CHECK(load(4096, MIB + 4096) == 0);
	CHECK(load(4097, MIB + 4096) == -ENOEXEC);
	CHECK(strstr(plan.error, "4097"));
	CHECK(load(0, 2 * MIB) == -ENOEXEC && strstr(plan.error, "empty"));
	CHECK(image_load(&plan, image, 100, 2 * MIB, 0, "x") == -ENOEXEC);
	CHECK(image_load(&plan, image, 100, 2 * MIB, 1, "") == -ENOEXEC);
}

static void check_magic(size_t at, const char *magic, size_t len, const char *words)
{
	fill();
	memcpy(image + at, magic, len);
	CHECK(load(sizeof(image), 64 * MIB) == -ENOEXEC);
	if (!strstr(plan.error, words))
		printf("# %s\n", plan.error);
	CHECK(strstr(plan.error, words));
}

static void test_refused(void)
{
	check_magic(0, "\177ELF", 4, "ELF");
	check_magic(0, "QFI\373", 4, "qcow2");
	check_magic(512, "EFI PART", 8, "disk");
	check_magic(510, "\125\252", 2, "disk");
	check_magic(32769, "CD001", 5, "CD image");
	check_magic(0, "MZ", 2, "cut-off kernel");
	check_magic(0, "\037\213", 2, "gzip");
	check_magic(0, "\3757zXZ\0", 6, "xz");
	check_magic(0, "\050\265\057\375", 4, "zstd");
	check_magic(0, "070701", 6, "cpio");
}

static void test_text(void)
{
	memset(image, 'a', sizeof(image));
	CHECK(load(sizeof(image), 64 * MIB) == -ENOEXEC && strstr(plan.error, "text"));
	CHECK(load(1, 64 * MIB) == -ENOEXEC);
	memset(image, 0, sizeof(image));
	CHECK(load(sizeof(image), 64 * MIB) == -ENOEXEC && strstr(plan.error, "zeros"));
}

static void test_overlap(void)
{
	CHECK(boot_plan_init(&plan, 8 * MIB) == 0);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 4096, 2 * MIB) == 0);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 4096, 2 * MIB + 4096) == 0);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 4096, 2 * MIB - 4096) == 0);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 4097, 2 * MIB - 8192) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 1, 2 * MIB + 4095) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 8 * MIB, 0) == -ENOEXEC);
}

static void test_inside(void)
{
	CHECK(boot_plan_init(&plan, 8 * MIB) == 0);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 0, 2 * MIB) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 1, 8 * MIB) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 2, 8 * MIB - 1) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, UINT64_MAX, 1) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 2, UINT64_MAX) == -ENOEXEC);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 1, 8 * MIB - 1) == 0);
	for (int i = 1; i < BOOT_PIECES_MAX; i++)
		CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 1, i) == 0);
	CHECK(boot_add(&plan, BOOT_FROM_KERNEL, 0, 1, 4096) == -ENOEXEC);
}

static const struct tap_test tests[] = {
	{ "a flat binary goes to 1 MiB", test_flat },
	{ "flat binaries that are too large, empty, or come with extras", test_flat_limits },
	{ "other formats are refused by name", test_refused },
	{ "text and zeros are no kernel", test_text },
	{ "pieces do not overlap", test_overlap },
	{ "pieces lie inside memory", test_inside },
};

TAP_MAIN(tests)
