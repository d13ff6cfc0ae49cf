// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Linux's bzImage by the 64-bit boot protocol, version 2.12 and later
 * (Documentation/arch/x86/boot.rst; section numbers do not exist there, so
 * comments name the header's fields).
 *
 * The image consists of (setup_sects + 1) sectors of real-mode code, which
 * are only read for the header in them, and the protected-mode kernel, which
 * goes to guest memory as it is.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <asm/bootparam.h>

#include "boot.h"
#include "machine.h"

#define SECTOR		512
#define PARAGRAPH	16
#define HDR_START	0x1f1
#define HDR_END_AT	0x201		/* operand of the jump over the header */
#define HDR_END_BASE	0x202
#define HDR_END_MIN	0x264		/* init_size, the last field used, ends here */
#define HDR_END_MAX	0x290
#define BOOT_FLAG	0xaa55
#define MAGIC		0x53726448	/* "HdrS" */
#define VERSION_MIN	0x20c
#define VERSION_NAME	"2.12"
#define ENTRY_64	0x200		/* from the start of the protected-mode kernel */
#define LOADER_UNKNOWN	0xff
#define VGA_NORMAL	0xffff
#define E820_RAM	1
#define E820_RESERVED	2
#define ALIGN_MAX	(1ULL << 30)

static_assert(sizeof(struct boot_params) == 4096, "the zero page is a page");
static_assert(offsetof(struct boot_params, hdr) == HDR_START, "header offset");
static_assert(BOOT_ZERO_PAGE + sizeof(struct boot_params) == BOOT_TABLES, "low memory");
static_assert(BOOT_TABLES + BOOT_TABLES_SIZE == BOOT_CMDLINE, "low memory");

/**
 * struct bzimage - a checked image
 * @hdr: its header
 * @hdr_len: bytes of header in the image
 * @offset: first byte of the protected-mode kernel in the file
 * @length: its bytes
 * @span: memory it needs at @load
 * @load: where it goes
 */
struct bzimage {
	struct setup_header hdr;
	size_t hdr_len;
	uint64_t offset;
	uint64_t length;
	uint64_t span;
	uint64_t load;
};

static uint16_t get16(const uint8_t *at)
{
	return at[0] | at[1] << 8;
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

/**
 * boot_is_bzimage() - does an image claim to be a bzImage?
 * @image: its bytes
 * @len: how many
 *
 * Return: whether both of its magic numbers are there.
 */
bool boot_is_bzimage(const uint8_t *image, size_t len)
{
	return len >= HDR_END_BASE + 4 &&
	       get16(image + offsetof(struct boot_params, hdr.boot_flag)) == BOOT_FLAG &&
	       get32(image + offsetof(struct boot_params, hdr.header)) == MAGIC;
}

/* The header's length is in the image: a jump over it that lands behind it. */
static int read_header(struct boot_plan *plan, const struct boot_input *in, struct bzimage *bz)
{
	size_t end;

	if (!boot_is_bzimage(in->kernel, in->kernel_len))
		return boot_refuse(plan,
				   "the image is no bzImage: its boot flag or header magic is missing");
	end = HDR_END_BASE + in->kernel[HDR_END_AT];
	if (end > HDR_END_MAX)
		end = HDR_END_MAX;
	if (in->kernel_len < end)
		return boot_refuse(plan,
				   "the bzImage is truncated: %zu bytes do not even hold its header",
				   in->kernel_len);
	bz->hdr_len = end - HDR_START;
	memcpy(&bz->hdr, in->kernel + HDR_START,
	       bz->hdr_len < sizeof(bz->hdr) ? bz->hdr_len : sizeof(bz->hdr));
	if (bz->hdr.version < VERSION_MIN)
		return boot_refuse(plan,
				   "the kernel speaks boot protocol %u.%02u, but hv needs " VERSION_NAME " or later (Linux 3.8)",
				   bz->hdr.version >> 8, bz->hdr.version & 0xff);
	if (end < HDR_END_MIN)
		return boot_refuse(plan,
				   "the bzImage's header is too short for the boot protocol version that it names");
	return 0;
}

static int check_flags(struct boot_plan *plan, const struct setup_header *hdr)
{
	if (!(hdr->loadflags & LOADED_HIGH))
		return boot_refuse(plan, "the image is a zImage, which is too old: give a bzImage");
	if (!(hdr->xloadflags & XLF_KERNEL_64))
		return boot_refuse(plan,
				   "the kernel has no 64-bit entry point: hv boots 64-bit kernels only");
	return 0;
}

/*
 * syssize counts paragraphs of 16 bytes, and not every image has all of its last one
 * (memtest86+ has not); what follows is a signature at most.
 */
static int check_sizes(struct boot_plan *plan, const struct boot_input *in, struct bzimage *bz)
{
	const struct setup_header *hdr = &bz->hdr;
	unsigned int sectors = hdr->setup_sects ? hdr->setup_sects : 4;

	bz->offset = (sectors + 1) * SECTOR;
	bz->length = (uint64_t)hdr->syssize * PARAGRAPH;
	if (in->kernel_len < bz->offset ||
	    in->kernel_len - bz->offset + PARAGRAPH <= bz->length)
		return boot_refuse(plan,
				   "the bzImage is truncated: it has %zu bytes, its header says %llu",
				   in->kernel_len, (unsigned long long)(bz->offset + bz->length));
	if (bz->length > in->kernel_len - bz->offset)
		bz->length = in->kernel_len - bz->offset;
	if (bz->length <= ENTRY_64)
		return boot_refuse(plan, "the bzImage has no kernel in it");
	if (hdr->payload_offset > bz->length ||
	    hdr->payload_length > bz->length - hdr->payload_offset)
		return boot_refuse(plan, "the bzImage's compressed kernel reaches beyond its end");
	bz->span = hdr->init_size > bz->length ? hdr->init_size : bz->length;
	return 0;
}

static int refuse_memory(struct boot_plan *plan, const struct bzimage *bz)
{
	unsigned long long end = bz->hdr.pref_address + bz->span;

	if (end < bz->span || end > MACHINE_LOW_END)
		return boot_refuse(plan,
				   "the kernel wants %llu MiB at %#llx, where a guest has no memory",
				   (unsigned long long)(bz->span / MACHINE_MIB),
				   (unsigned long long)bz->hdr.pref_address);
	return boot_refuse(plan,
			   "the kernel needs %llu MiB of memory to start, the guest has %llu MiB",
			   (end + MACHINE_MIB - 1) / MACHINE_MIB,
			   (unsigned long long)(plan->region[0].size / MACHINE_MIB));
}

/*
 * At pref_address if there is room; a relocatable kernel also anywhere above
 * it.  Below would not help: it moves itself up to pref_address then.
 */
static int place_kernel(struct boot_plan *plan, struct bzimage *bz)
{
	const struct setup_header *hdr = &bz->hdr;
	uint64_t align = hdr->relocatable_kernel ? hdr->kernel_alignment : 1;
	struct boot_range room;
	uint64_t skip;

	if (!align || align & (align - 1) || align > ALIGN_MAX)
		return boot_refuse(plan, "the bzImage's kernel alignment %#llx makes no sense",
				   (unsigned long long)align);
	boot_usable(plan, 0, &room);
	if (hdr->pref_address < room.start && !hdr->relocatable_kernel)
		return refuse_memory(plan, bz);
	skip = hdr->pref_address > room.start ? hdr->pref_address - room.start : 0;
	if (skip > room.size)
		return refuse_memory(plan, bz);
	room.start += skip;
	room.size -= skip;
	if (boot_find_room(&room, bz->span, align, &bz->load))
		return refuse_memory(plan, bz);
	return 0;
}

static int check_image(struct boot_plan *plan, const struct boot_input *in, struct bzimage *bz)
{
	int err = read_header(plan, in, bz);

	if (!err)
		err = check_flags(plan, &bz->hdr);
	if (!err)
		err = check_sizes(plan, in, bz);
	return err ? err : place_kernel(plan, bz);
}

/* Highest page-aligned place in a range, so that the kernel keeps room to move. */
static bool fit_top(uint64_t start, uint64_t end, uint64_t size, uint64_t *gpa)
{
	if (end < start || end - start < size)
		return false;
	*gpa = (end - size) & ~(MACHINE_PAGE - 1);
	return *gpa >= start;
}

static bool fit_low(const struct boot_plan *plan, const struct bzimage *bz, uint64_t size,
		    uint64_t *gpa)
{
	uint64_t limit = (uint64_t)bz->hdr.initrd_addr_max + 1;
	uint64_t end = plan->region[0].size;

	if (end > limit)
		end = limit;
	return fit_top(bz->load + bz->span, end, size, gpa) ||
	       fit_top(MACHINE_MIB, bz->load < end ? bz->load : end, size, gpa);
}

static bool fit_high(const struct boot_plan *plan, const struct bzimage *bz, uint64_t size,
		     uint64_t *gpa)
{
	struct boot_range room;

	boot_usable(plan, 1, &room);
	return bz->hdr.xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G && room.size &&
	       fit_top(room.start, room.start + room.size, size, gpa);
}

static int place_initrd(struct boot_plan *plan, const struct boot_input *in,
			const struct bzimage *bz, struct boot_params *params)
{
	uint64_t gpa;

	if (!in->initrd_len)
		return 0;
	if (!fit_low(plan, bz, in->initrd_len, &gpa) && !fit_high(plan, bz, in->initrd_len, &gpa))
		return boot_refuse(plan,
				   "the initial RAM disk of %llu KiB does not fit into guest memory beside the kernel: give the guest more",
				   (unsigned long long)((in->initrd_len + 1023) / 1024));
	params->hdr.ramdisk_image = gpa;
	params->hdr.ramdisk_size = in->initrd_len;
	params->ext_ramdisk_image = gpa >> 32;
	params->ext_ramdisk_size = in->initrd_len >> 32;
	return boot_add(plan, BOOT_FROM_INITRD, 0, in->initrd_len, gpa);
}

static int check_cmdline(struct boot_plan *plan, const struct boot_input *in,
			 const struct bzimage *bz)
{
	size_t max = bz->hdr.cmdline_size < BOOT_CMDLINE_MAX ? bz->hdr.cmdline_size :
							       BOOT_CMDLINE_MAX;
	size_t len = strlen(in->cmdline);

	if (len > max)
		return boot_refuse(plan, "the command line has %zu bytes, the kernel takes %zu",
				   len, max);
	return 0;
}

static void add_e820(struct boot_params *params, uint64_t start, uint64_t end, uint32_t type)
{
	params->e820_table[params->e820_entries++] = (struct boot_e820_entry){
		.addr = start, .size = end - start, .type = type,
	};
}

static void fill_e820(const struct boot_plan *plan, struct boot_params *params)
{
	struct boot_range range;

	add_e820(params, 0, MACHINE_EBDA, E820_RAM);
	add_e820(params, MACHINE_EBDA, MACHINE_HOLE, E820_RESERVED);
	add_e820(params, MACHINE_BIOS, MACHINE_BIOS_END, E820_RESERVED);
	for (unsigned int i = 0; i < plan->nr_regions; i++) {
		boot_usable(plan, i, &range);
		add_e820(params, range.start, range.start + range.size, E820_RAM);
	}
}

/*
 * Only the header is taken over from the image, the rest stays zero: the
 * kernel checks that ("sentinel").
 */
static void fill_params(struct boot_params *params, const struct boot_plan *plan,
			const struct bzimage *bz)
{
	struct setup_header *hdr = &params->hdr;

	*hdr = bz->hdr;
	hdr->type_of_loader = LOADER_UNKNOWN;
	hdr->vid_mode = VGA_NORMAL;
	hdr->code32_start = bz->load;
	hdr->ramdisk_image = 0;
	hdr->ramdisk_size = 0;
	hdr->setup_data = 0;
	hdr->cmd_line_ptr = BOOT_CMDLINE;
	params->acpi_rsdp_addr = MACHINE_BIOS;
	fill_e820(plan, params);
}

static uint8_t *make_low(struct boot_plan *plan, const struct boot_input *in)
{
	size_t len = strlen(in->cmdline);
	uint8_t *low = boot_make(plan, BOOT_LOW, BOOT_CMDLINE - BOOT_LOW + len + 1);

	if (!low)
		return NULL;
	boot_long_mode_gdt(low);
	boot_long_mode_tables(low + (BOOT_TABLES - BOOT_LOW), BOOT_TABLES);
	memcpy(low + (BOOT_CMDLINE - BOOT_LOW), in->cmdline, len + 1);
	return low;
}

static int build(struct boot_plan *plan, const struct boot_input *in, const struct bzimage *bz)
{
	struct boot_params params = { 0 };
	uint8_t *low = make_low(plan, in);
	int err;

	if (!low)
		return -ENOEXEC;
	fill_params(&params, plan, bz);
	err = boot_add(plan, BOOT_FROM_KERNEL, bz->offset, bz->length, bz->load);
	if (!err)
		err = place_initrd(plan, in, bz, &params);
	if (!err)
		err = boot_add_tables(plan, in->vcpus);
	memcpy(low + (BOOT_ZERO_PAGE - BOOT_LOW), &params, sizeof(params));
	return err;
}

/**
 * boot_load_bzimage() - plan a Linux kernel's boot
 * @plan: begun by boot_plan_init()
 * @in: the image and what goes with it
 *
 * Return: 0, or -ENOEXEC with a sentence in @plan.
 */
int boot_load_bzimage(struct boot_plan *plan, const struct boot_input *in)
{
	struct bzimage bz = { 0 };
	int err = check_image(plan, in, &bz);

	if (!err)
		err = check_cmdline(plan, in, &bz);
	if (!err)
		err = build(plan, in, &bz);
	if (err)
		return err;
	boot_long_mode_state(&plan->state, BOOT_LOW, BOOT_TABLES);
	plan->state.gpr[HV_RSI] = BOOT_ZERO_PAGE;
	plan->state.gpr[HV_RSP] = BOOT_STACK;
	plan->state.rip = bz.load + ENTRY_64;
	return 0;
}
