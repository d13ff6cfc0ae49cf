// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The boot plan: regions, pieces, and the checks that every loader's result
 * passes whatever the loader thought.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "acpi.h"
#include "boot.h"
#include "machine.h"

/* Without it Linux would talk to a screen that is not there. */
#define CMDLINE_DEFAULT	"console=ttyS0"

/**
 * boot_refuse() - note why an image cannot be loaded
 * @plan: where
 * @fmt: a sentence without its full stop, printf style
 *
 * Return: -ENOEXEC.
 */
int boot_refuse(struct boot_plan *plan, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(plan->error, sizeof(plan->error), fmt, ap);
	va_end(ap);
	return -ENOEXEC;
}

/**
 * boot_plan_init() - begin a plan
 * @plan: to fill
 * @memory: guest memory in bytes, a multiple of the page size
 *
 * Return: 0, or -EINVAL with a sentence.
 */
int boot_plan_init(struct boot_plan *plan, uint64_t memory)
{
	uint64_t low = memory < MACHINE_LOW_END ? memory : MACHINE_LOW_END;

	memset(plan, 0, sizeof(*plan));
	if (memory % MACHINE_PAGE || memory <= MACHINE_MIB ||
	    memory > UINT64_MAX - MACHINE_HIGH_START) {
		boot_refuse(plan, "memory of %llu bytes is not a multiple of 4096 above 1 MiB",
			    (unsigned long long)memory);
		return -EINVAL;
	}
	plan->region[plan->nr_regions++] = (struct boot_range){ 0, low };
	if (memory > low)
		plan->region[plan->nr_regions++] =
			(struct boot_range){ MACHINE_HIGH_START, memory - low };
	return 0;
}

static bool inside(const struct boot_range *range, uint64_t start, uint64_t size)
{
	return start >= range->start && size <= range->size &&
	       start - range->start <= range->size - size;
}

static bool in_memory(const struct boot_plan *plan, uint64_t gpa, uint64_t length)
{
	for (unsigned int i = 0; i < plan->nr_regions; i++)
		if (inside(&plan->region[i], gpa, length))
			return true;
	return false;
}

/* Both lie in memory, so neither end can wrap. */
static bool overlaps(const struct boot_piece *piece, uint64_t gpa, uint64_t length)
{
	return gpa < piece->gpa + piece->length && piece->gpa < gpa + length;
}

/**
 * boot_add() - add a piece to a plan
 * @plan: the plan
 * @source: what the piece is filled from
 * @offset: first byte there
 * @length: bytes, at least 1
 * @gpa: where it goes
 *
 * The last line of defence: a piece lies inside one region and overlaps none
 * of the others, whatever arithmetic led to it.
 *
 * Return: 0, or -ENOEXEC with a sentence.
 */
int boot_add(struct boot_plan *plan, enum boot_source source, uint64_t offset,
	     uint64_t length, uint64_t gpa)
{
	if (!length || !in_memory(plan, gpa, length))
		return boot_refuse(plan, "%llu bytes at %#llx do not fit into guest memory",
				   (unsigned long long)length, (unsigned long long)gpa);
	for (unsigned int i = 0; i < plan->nr_pieces; i++)
		if (overlaps(&plan->piece[i], gpa, length))
			return boot_refuse(plan, "two parts of the image overlap at %#llx",
					   (unsigned long long)gpa);
	if (plan->nr_pieces == BOOT_PIECES_MAX)
		return boot_refuse(plan, "the image has more than %d parts", BOOT_PIECES_MAX);
	plan->piece[plan->nr_pieces++] = (struct boot_piece){
		.source = source, .offset = offset, .length = length, .gpa = gpa,
	};
	return 0;
}

/**
 * boot_make() - add a piece of bytes that the loader makes itself
 * @plan: the plan
 * @gpa: where it goes
 * @size: bytes
 *
 * Return: the bytes, zeroed, to be filled, or NULL with a sentence.
 */
uint8_t *boot_make(struct boot_plan *plan, uint64_t gpa, size_t size)
{
	uint8_t *bytes = plan->made + plan->made_len;

	if (size > sizeof(plan->made) - plan->made_len) {
		boot_refuse(plan, "the boot parameters are too large");
		return NULL;
	}
	if (boot_add(plan, BOOT_FROM_MADE, plan->made_len, size, gpa))
		return NULL;
	plan->made_len += size;
	return bytes;
}

/**
 * boot_find_room() - lowest aligned place in a range
 * @free: where to look
 * @size: bytes needed
 * @align: a power of two
 * @gpa: result
 *
 * Return: 0 or -ENOSPC.
 */
int boot_find_room(const struct boot_range *free, uint64_t size, uint64_t align, uint64_t *gpa)
{
	uint64_t start;

	if (free->start > UINT64_MAX - (align - 1))
		return -ENOSPC;
	start = (free->start + align - 1) & ~(align - 1);
	if (!inside(free, start, size))
		return -ENOSPC;
	*gpa = start;
	return 0;
}

/**
 * boot_usable() - the part of a region that images may use
 * @plan: the plan
 * @region: index of the region
 * @range: result; empty if there is no such region
 */
void boot_usable(const struct boot_plan *plan, unsigned int region, struct boot_range *range)
{
	uint64_t skip = region ? 0 : MACHINE_MIB;

	*range = (struct boot_range){ 0, 0 };
	if (region >= plan->nr_regions)
		return;
	range->start = plan->region[region].start + skip;
	range->size = plan->region[region].size - skip;
}

typedef size_t (*build_fn)(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus);

static int add_table(struct boot_plan *plan, build_fn build, uint64_t gpa, size_t max,
		     unsigned int vcpus)
{
	uint8_t table[BOOT_ACPI_MAX] = { 0 };
	size_t size = build(table, max, gpa, vcpus);
	uint8_t *bytes;

	if (!size)
		return boot_refuse(plan, "tables for %u CPUs do not fit", vcpus);
	bytes = boot_make(plan, gpa, size);
	if (!bytes)
		return -ENOEXEC;
	memcpy(bytes, table, size);
	return 0;
}

/**
 * boot_add_tables() - add the ACPI tables and the MP table to a plan
 * @plan: the plan
 * @vcpus: how many local APICs there are
 *
 * Return: 0, or -ENOEXEC with a sentence.
 */
int boot_add_tables(struct boot_plan *plan, unsigned int vcpus)
{
	int err = add_table(plan, acpi_build, MACHINE_BIOS, BOOT_ACPI_MAX, vcpus);

	return err ? err : add_table(plan, mptable_build, MACHINE_MPTABLE, BOOT_MPTABLE_MAX,
				     vcpus);
}

/**
 * boot_load() - plan an image's boot
 * @plan: begun by boot_plan_init()
 * @in: the image and what goes with it
 * @image: what it is, or BOOT_AUTO to find out
 *
 * Return: 0, or -ENOEXEC with a sentence in @plan.
 */
int boot_load(struct boot_plan *plan, const struct boot_input *in, enum boot_image image)
{
	struct boot_input full = *in;
	int err = 0;

	if (image == BOOT_AUTO)
		err = boot_detect(plan, in, &image);
	if (err)
		return err;
	plan->image = image;
	if (!full.cmdline)
		full.cmdline = image == BOOT_BZIMAGE ? CMDLINE_DEFAULT : "";
	return image == BOOT_BZIMAGE ? boot_load_bzimage(plan, &full) :
				       boot_load_flat(plan, &full);
}
