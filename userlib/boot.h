/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an image to a boot manifest: what goes where in guest memory, and how
 * the first vCPU starts.
 *
 * Everything here is a function of bytes in memory and nothing else, so that
 * it can be tested and fuzzed without a kernel.  The bytes are hostile: each
 * number in them is checked before it is used.
 */
#ifndef HVCTL_BOOT_H
#define HVCTL_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/hv.h>

/* Guest memory that loaders fill by themselves; all below the EBDA. */
#define BOOT_LOW		0x6000ULL	/* GDT */
#define BOOT_ZERO_PAGE		0x7000ULL
#define BOOT_TABLES		0x8000ULL	/* PML4, PDPT, four page directories */
#define BOOT_CMDLINE		0xe000ULL
#define BOOT_LOW_END		0x10000ULL
#define BOOT_STACK		0x90000ULL	/* grows down from here; flat binaries */
#define BOOT_FLAT		0x100000ULL	/* flat binaries are loaded and entered here */

#define BOOT_CS			0x10		/* selectors that Linux's protocol fixes */
#define BOOT_DS			0x18

#define BOOT_CMDLINE_MAX	(BOOT_LOW_END - BOOT_CMDLINE - 1)
#define BOOT_ACPI_MAX		0x2000
#define BOOT_MPTABLE_MAX	0x800
#define BOOT_MADE_MAX		(BOOT_LOW_END - BOOT_LOW + BOOT_ACPI_MAX + BOOT_MPTABLE_MAX)
#define BOOT_PIECES_MAX		8

/* What an image turned out to be. */
enum boot_image {
	BOOT_AUTO,		/* not looked at yet */
	BOOT_BZIMAGE,
	BOOT_FLAT_BINARY,
};

/* What a piece of guest memory is filled from. */
enum boot_source {
	BOOT_FROM_KERNEL,	/* the image file */
	BOOT_FROM_INITRD,	/* the initial RAM disk file */
	BOOT_FROM_MADE,		/* struct boot_plan.made */
};

/**
 * struct boot_range - a range of guest physical memory
 * @start: first address
 * @size: bytes
 */
struct boot_range {
	uint64_t start;
	uint64_t size;
};

/**
 * struct boot_input - what a loader works from
 * @kernel: the image; must not change meanwhile
 * @kernel_len: its length
 * @initrd_len: length of the initial RAM disk, 0 for none
 * @cmdline: kernel command line, "" for none, NULL for the image's default
 * @memory: guest memory in bytes
 * @vcpus: how many
 */
struct boot_input {
	const uint8_t *kernel;
	size_t kernel_len;
	uint64_t initrd_len;
	const char *cmdline;
	uint64_t memory;
	unsigned int vcpus;
};

/**
 * struct boot_piece - one segment of the boot manifest
 * @source: what it is filled from
 * @offset: first byte in its source
 * @length: bytes
 * @gpa: where it goes
 */
struct boot_piece {
	enum boot_source source;
	uint64_t offset;
	uint64_t length;
	uint64_t gpa;
};

/**
 * struct boot_plan - what a loader worked out
 * @image: what the image is
 * @region: guest memory
 * @nr_regions: how many
 * @piece: what is filled
 * @nr_pieces: how many
 * @state: the first vCPU's state
 * @made_len: how much of @made is used
 * @error: a sentence, where a loader refused
 * @made: bytes that no file has: boot parameters, page tables, ACPI and MP tables
 */
struct boot_plan {
	enum boot_image image;
	struct boot_range region[2];
	unsigned int nr_regions;
	struct boot_piece piece[BOOT_PIECES_MAX];
	unsigned int nr_pieces;
	struct hv_vcpu_state state;
	size_t made_len;
	char error[256];
	uint8_t made[BOOT_MADE_MAX];
};

/* boot.c */
int boot_plan_init(struct boot_plan *plan, uint64_t memory);
int boot_load(struct boot_plan *plan, const struct boot_input *in, enum boot_image image);
int boot_refuse(struct boot_plan *plan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int boot_add(struct boot_plan *plan, enum boot_source source, uint64_t offset,
	     uint64_t length, uint64_t gpa);
uint8_t *boot_make(struct boot_plan *plan, uint64_t gpa, size_t size);
int boot_find_room(const struct boot_range *free, uint64_t size, uint64_t align, uint64_t *gpa);
void boot_usable(const struct boot_plan *plan, unsigned int region, struct boot_range *range);
int boot_add_tables(struct boot_plan *plan, unsigned int vcpus);

/* image.c */
int boot_detect(struct boot_plan *plan, const struct boot_input *in, enum boot_image *image);

/* longmode.c: where both loaders enter the guest */
#define BOOT_TABLES_SIZE	0x6000
void boot_long_mode_tables(uint8_t *tables, uint64_t gpa);
void boot_long_mode_gdt(uint8_t *gdt);
void boot_long_mode_state(struct hv_vcpu_state *state, uint64_t gdt, uint64_t tables);

/* flat.c, bzimage.c */
int boot_load_flat(struct boot_plan *plan, const struct boot_input *in);
int boot_load_bzimage(struct boot_plan *plan, const struct boot_input *in);
bool boot_is_bzimage(const uint8_t *image, size_t len);

#endif /* HVCTL_BOOT_H */
