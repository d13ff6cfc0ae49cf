// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bzImage loader: where things go, what the zero page says, and what is
 * refused, one spoiled field at a time.
 */
/* SOURCES: userlib/boot.c userlib/bzimage.c userlib/flat.c userlib/image.c */
/* SOURCES: userlib/longmode.c userlib/acpi.c userlib/mptable.c userlib/aml.c */
#include <errno.h>

#include "loader_image.h"
#include "tap.h"

static struct boot_plan plan;
static uint8_t image[IMAGE_LEN];

static int load(uint64_t memory, uint64_t initrd, const char *cmdline)
{
	return image_load(&plan, image, sizeof(image), memory, initrd, cmdline);
}

/* Spoils the image by one statement and sees that a sentence has the words. */
#define REFUSED(spoil, words) do { \
	struct setup_header *hdr; \
	image_fill(image); \
	hdr = image_header(image); \
	(void)hdr; \
	spoil; \
	CHECK(load(64 * MIB, 0, "") == -ENOEXEC); \
	if (!strstr(plan.error, words)) \
		printf("# %s\n", plan.error); \
	CHECK(strstr(plan.error, words)); \
} while (0)

static void test_layout(void)
{
	const struct boot_piece *kernel;

	image_fill(image);
	CHECK(load(64 * MIB, 0, "console=ttyS0") == 0);
	CHECK(plan.image == BOOT_BZIMAGE && plan.nr_regions == 1);
	kernel = piece_from(&plan, BOOT_FROM_KERNEL);
	CHECK_EQ(kernel->gpa, IMAGE_PREF);
	CHECK_EQ(kernel->offset, IMAGE_SETUP);
	CHECK_EQ(kernel->length, IMAGE_KERNEL);
	CHECK_EQ(plan.state.rip, IMAGE_PREF + 0x200);
}

static void test_state(void)
{
	const uint8_t *gdt;

	image_fill(image);
	CHECK(load(64 * MIB, 0, "") == 0);
	CHECK_EQ(plan.state.rflags, 2);
	CHECK_EQ(plan.state.cr0 & 0x80000001, 0x80000001);
	CHECK_EQ(plan.state.cr4, 0x20);
	CHECK_EQ(plan.state.efer, 0x500);
	CHECK(plan.state.cs.selector == 0x10 && plan.state.cs.attr == 0xa9b);
	CHECK(plan.state.ds.selector == 0x18 && plan.state.ss.attr == 0xc93);
	CHECK(plan.state.cs.base == 0 && plan.state.cs.limit == 0xffffffff);
	gdt = made_at(&plan, plan.state.gdtr.base);
	CHECK(gdt && plan.state.gdtr.limit == 31);
	CHECK_EQ(*(const uint64_t *)(gdt + 0x10), 0x00af9b000000ffff);
	CHECK_EQ(*(const uint64_t *)(gdt + 0x18), 0x00cf93000000ffff);
}

static uint64_t entry(uint64_t table, unsigned int index)
{
	const uint8_t *at = made_at(&plan, table + 8 * index);

	return at ? *(const uint64_t *)at : 0;
}

/* Walks what the plan holds as the MMU would. */
static uint64_t translate(uint64_t va)
{
	uint64_t pml4e = entry(plan.state.cr3, va >> 39 & 511);
	uint64_t pdpte = entry(pml4e & ~0xfffULL, va >> 30 & 511);
	uint64_t pde = entry(pdpte & ~0xfffULL, va >> 21 & 511);

	if ((pml4e & 3) != 3 || (pdpte & 3) != 3 || (pde & 0x83) != 0x83)
		return UINT64_MAX;
	return (pde & ~0x1fffffULL) | (va & 0x1fffff);
}

static void test_tables(void)
{
	static const uint64_t probes[] = {
		0, 0x7123, IMAGE_PREF, 0x3fffffff, 0x40000000, 0xfee00000, 0xffffffff,
	};

	image_fill(image);
	CHECK(load(64 * MIB, 0, "") == 0);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		CHECK_EQ(translate(probes[i]), probes[i]);
	CHECK_EQ(translate(0x100000000), UINT64_MAX);
}

static void test_zero_page(void)
{
	const struct boot_params *zp;

	image_fill(image);
	image_header(image)->setup_data = 0x1234;
	image_header(image)->ramdisk_image = 0x5678;
	CHECK(load(64 * MIB, 0, "a=b c") == 0);
	zp = zero_page(&plan);
	CHECK(zp && zp->sentinel == 0);
	CHECK(zp->hdr.header == 0x53726448 && zp->hdr.type_of_loader == 0xff);
	CHECK(zp->hdr.loadflags & LOADED_HIGH);
	CHECK_EQ(zp->hdr.code32_start, IMAGE_PREF);
	CHECK_EQ(zp->acpi_rsdp_addr, MACHINE_BIOS);
	CHECK(zp->hdr.setup_data == 0 && zp->hdr.ramdisk_image == 0 && !zp->hdr.ramdisk_size);
	CHECK(!strcmp((const char *)made_at(&plan, zp->hdr.cmd_line_ptr), "a=b c"));
	CHECK(zp->ext_cmd_line_ptr == 0);
}

static void test_cmdline_default(void)
{
	image_fill(image);
	CHECK(load(64 * MIB, 0, NULL) == 0);
	CHECK(!strcmp((const char *)made_at(&plan, BOOT_CMDLINE), "console=ttyS0"));
}

static void check_e820(const struct boot_params *zp, unsigned int i, uint64_t addr, uint64_t end,
		       uint32_t type)
{
	CHECK_EQ(zp->e820_table[i].addr, addr);
	CHECK_EQ(zp->e820_table[i].addr + zp->e820_table[i].size, end);
	CHECK_EQ(zp->e820_table[i].type, type);
}

static void test_e820(void)
{
	const struct boot_params *zp;

	image_fill(image);
	CHECK(load(5120 * MIB, 0, "") == 0);
	zp = zero_page(&plan);
	CHECK_EQ(zp->e820_entries, 5);
	check_e820(zp, 0, 0, 0x9fc00, 1);
	check_e820(zp, 1, 0x9fc00, 0xa0000, 2);
	check_e820(zp, 2, 0xe0000, 0x100000, 2);
	check_e820(zp, 3, 0x100000, 0xc0000000, 1);
	check_e820(zp, 4, 0x100000000, 0x180000000, 1);
}

static void test_regions(void)
{
	CHECK(boot_plan_init(&plan, 3072 * MIB) == 0 && plan.nr_regions == 1);
	CHECK(boot_plan_init(&plan, 3072 * MIB + 4096) == 0 && plan.nr_regions == 2);
	CHECK_EQ(plan.region[1].start, 0x100000000);
	CHECK_EQ(plan.region[1].size, 4096);
	CHECK(boot_plan_init(&plan, 0) == -EINVAL);
	CHECK(boot_plan_init(&plan, MIB) == -EINVAL);
	CHECK(boot_plan_init(&plan, 2 * MIB + 1) == -EINVAL);
	CHECK(boot_plan_init(&plan, ~0xfffULL) == -EINVAL);
}

static void test_too_little_memory(void)
{
	image_fill(image);
	CHECK(load(IMAGE_PREF + IMAGE_INIT_SIZE, 0, "") == 0);
	CHECK(load(IMAGE_PREF + IMAGE_INIT_SIZE - 4096, 0, "") == -ENOEXEC);
	CHECK(strstr(plan.error, "needs 24 MiB"));
	CHECK(load(4 * MIB, 0, "") == -ENOEXEC);
	image_header(image)->pref_address = 0xfee00000;
	CHECK(load(5120 * MIB, 0, "") == -ENOEXEC);
	image_header(image)->pref_address = ~0ULL;
	CHECK(load(5120 * MIB, 0, "") == -ENOEXEC);
}

/* A relocatable kernel may go higher than it prefers, and never into the first MiB. */
static void test_elsewhere(void)
{
	image_fill(image);
	image_header(image)->pref_address = 0;
	CHECK(load(64 * MIB, 0, "") == 0);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_KERNEL)->gpa, 0x200000);
	image_header(image)->pref_address = 0x1000001;
	CHECK(load(64 * MIB, 0, "") == 0);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_KERNEL)->gpa, 0x1200000);
	image_header(image)->relocatable_kernel = 0;
	image_header(image)->pref_address = 0;
	CHECK(load(64 * MIB, 0, "") == -ENOEXEC);
	image_header(image)->pref_address = 0x300000;
	CHECK(load(64 * MIB, 0, "") == 0);
	CHECK_EQ(plan.state.rip, 0x300200);
}

static void test_initrd_low(void)
{
	const struct boot_params *zp;
	const struct boot_piece *initrd;

	image_fill(image);
	CHECK(load(64 * MIB, 5000, "") == 0);
	initrd = piece_from(&plan, BOOT_FROM_INITRD);
	zp = zero_page(&plan);
	CHECK_EQ(initrd->gpa, 64 * MIB - 8192);
	CHECK_EQ(initrd->length, 5000);
	CHECK(zp->hdr.ramdisk_image == initrd->gpa && zp->hdr.ramdisk_size == 5000);
	/* Too large for what is above the kernel, but not for what is below it. */
	CHECK(load(25 * MIB, 10 * MIB, "") == 0);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_INITRD)->gpa, 6 * MIB);
	CHECK(load(25 * MIB, 16 * MIB, "") == -ENOEXEC);
	CHECK(strstr(plan.error, "does not fit"));
}

static void test_initrd_max(void)
{
	image_fill(image);
	CHECK(load(3072 * MIB, 4096, "") == 0);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_INITRD)->gpa, 0x7ffff000);
	image_header(image)->initrd_addr_max = 0xffffffff;
	CHECK(load(3072 * MIB, 4096, "") == 0);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_INITRD)->gpa, 0xbffff000);
	image_header(image)->initrd_addr_max = 0;
	image_header(image)->xloadflags = XLF_KERNEL_64;
	CHECK(load(8192 * MIB, 4096, "") == -ENOEXEC);
}

static void test_initrd_high(void)
{
	const struct boot_params *zp;

	image_fill(image);
	CHECK(load(9216 * MIB, 5120 * MIB, "") == 0);
	zp = zero_page(&plan);
	CHECK_EQ(piece_from(&plan, BOOT_FROM_INITRD)->gpa, 0x140000000);
	CHECK(zp->hdr.ramdisk_image == 0x40000000 && zp->ext_ramdisk_image == 1);
	CHECK(zp->hdr.ramdisk_size == 0x40000000 && zp->ext_ramdisk_size == 1);
	CHECK(load(9216 * MIB, 6145 * MIB, "") == -ENOEXEC);
	image_header(image)->xloadflags = XLF_KERNEL_64;
	CHECK(load(9216 * MIB, 5120 * MIB, "") == -ENOEXEC);
	CHECK(load(64 * MIB, UINT64_MAX, "") == -ENOEXEC);
}

static void test_cmdline_length(void)
{
	static char line[BOOT_CMDLINE_MAX + 2];

	image_fill(image);
	memset(line, 'x', 2047);
	CHECK(load(64 * MIB, 0, line) == 0);
	line[2047] = 'x';
	CHECK(load(64 * MIB, 0, line) == -ENOEXEC && strstr(plan.error, "2048"));
	image_header(image)->cmdline_size = UINT32_MAX;
	memset(line, 'x', BOOT_CMDLINE_MAX);
	CHECK(load(64 * MIB, 0, line) == 0);
	line[BOOT_CMDLINE_MAX] = 'x';
	CHECK(load(64 * MIB, 0, line) == -ENOEXEC);
}

static void test_refused(void)
{
	REFUSED(hdr->boot_flag = 0, "");
	REFUSED(hdr->version = 0x20b, "2.11");
	REFUSED(hdr->loadflags = 0, "zImage");
	REFUSED(hdr->xloadflags = 0, "64-bit");
	REFUSED(hdr->syssize++, "truncated");
	REFUSED(hdr->syssize = UINT32_MAX, "truncated");
	REFUSED(hdr->syssize = 32, "no kernel");
	REFUSED(hdr->syssize = 0, "no kernel");
	REFUSED(hdr->setup_sects = 0, "truncated");
	REFUSED(hdr->setup_sects = 255, "truncated");
	REFUSED(hdr->payload_offset = IMAGE_KERNEL + 1, "beyond");
	REFUSED(hdr->payload_length = UINT32_MAX, "beyond");
	REFUSED(hdr->kernel_alignment = 0, "alignment");
	REFUSED(hdr->kernel_alignment = 3, "alignment");
	REFUSED(hdr->kernel_alignment = 0x80000000, "alignment");
	REFUSED(hdr->jump = 0x20eb, "too short");
	REFUSED(hdr->init_size = UINT32_MAX, "wants 4095 MiB");
}

/* Every length that a cut-off download can have; of its last paragraph not all need be there. */
static void test_truncated(void)
{
	size_t len;

	for (len = 0; len <= IMAGE_LEN - 16; len++) {
		image_fill(image);
		CHECK(image_load(&plan, image, len, 64 * MIB, 0, "") == -ENOEXEC || len < 0x206);
		CHECK(len < 0x206 || plan.error[0]);
	}
	for (; len <= IMAGE_LEN; len++) {
		CHECK(image_load(&plan, image, len, 64 * MIB, 0, "") == 0);
		CHECK_EQ(piece_from(&plan, BOOT_FROM_KERNEL)->length, len - IMAGE_SETUP);
	}
}

/* A header that says it is longer than the zero page has room for. */
static void test_long_header(void)
{
	image_fill(image);
	image_header(image)->jump = 0xffeb;
	CHECK(load(64 * MIB, 0, "") == 0);
	CHECK(zero_page(&plan)->edd_mbr_sig_buffer[0] == 0);
}

static const struct tap_test tests[] = {
	{ "the kernel goes where it prefers", test_layout },
	{ "registers and descriptors are those of the 64-bit protocol", test_state },
	{ "page tables map 4 GiB one to one", test_tables },
	{ "the zero page has the header and nothing else of the image", test_zero_page },
	{ "without a command line there is a serial console", test_cmdline_default },
	{ "E820 describes both regions", test_e820 },
	{ "memory is split at 3 GiB", test_regions },
	{ "too little memory", test_too_little_memory },
	{ "a relocatable kernel elsewhere", test_elsewhere },
	{ "initrd below 4 GiB", test_initrd_low },
	{ "initrd_addr_max", test_initrd_max },
	{ "initrd above 4 GiB", test_initrd_high },
	{ "command line length", test_cmdline_length },
	{ "spoiled headers", test_refused },
	{ "truncated at every length", test_truncated },
	{ "a header longer than the zero page has room for", test_long_header },
};

TAP_MAIN(tests)
