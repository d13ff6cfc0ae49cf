/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small bzImage that the loader accepts, for tests to spoil.
 */
#ifndef HV_TESTS_LOADER_IMAGE_H
#define HV_TESTS_LOADER_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include <asm/bootparam.h>

#include "../../userlib/boot.h"
#include "../../userlib/machine.h"

#define IMAGE_SETUP	1024	/* one sector of setup code beside the boot sector */
#define IMAGE_KERNEL	4096
#define IMAGE_LEN	(IMAGE_SETUP + IMAGE_KERNEL)
#define IMAGE_PREF	0x1000000ULL
#define IMAGE_INIT_SIZE	0x800000U
#define MIB		(1ULL << 20)

static inline struct setup_header *image_header(uint8_t *image)
{
	return (struct setup_header *)(image + 0x1f1);
}

static inline void image_fill(uint8_t *image)
{
	struct setup_header *hdr = image_header(image);

	memset(image, 0, IMAGE_SETUP);
	memset(image + IMAGE_SETUP, 0x90, IMAGE_KERNEL);
	hdr->setup_sects = 1;
	hdr->syssize = IMAGE_KERNEL / 16;
	hdr->boot_flag = 0xaa55;
	hdr->jump = 0x6aeb;
	hdr->header = 0x53726448;
	hdr->version = 0x20f;
	hdr->loadflags = LOADED_HIGH;
	hdr->initrd_addr_max = 0x7fffffff;
	hdr->kernel_alignment = 0x200000;
	hdr->relocatable_kernel = 1;
	hdr->xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G;
	hdr->cmdline_size = 2047;
	hdr->pref_address = IMAGE_PREF;
	hdr->init_size = IMAGE_INIT_SIZE;
}

/* The image in memory of its exact length, so that reading past it is caught. */
static inline int image_load(struct boot_plan *plan, const uint8_t *image, size_t len,
			     uint64_t memory, uint64_t initrd, const char *cmdline)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct boot_input in = {
		.kernel = exact, .kernel_len = len, .initrd_len = initrd, .cmdline = cmdline,
		.memory = memory, .vcpus = 1,
	};
	int err;

	memcpy(exact, image, len);
	err = boot_plan_init(plan, memory);
	if (!err)
		err = boot_load(plan, &in, BOOT_AUTO);
	free(exact);
	return err;
}

static inline const struct boot_piece *piece_from(const struct boot_plan *plan,
						  enum boot_source source)
{
	for (unsigned int i = 0; i < plan->nr_pieces; i++)
		if (plan->piece[i].source == source)
			return &plan->piece[i];
	return NULL;
}

/* Bytes that the plan puts at @gpa, if it makes them itself. */
static inline const uint8_t *made_at(const struct boot_plan *plan, uint64_t gpa)
{
	for (unsigned int i = 0; i < plan->nr_pieces; i++) {
		const struct boot_piece *p = &plan->piece[i];

		if (p->source == BOOT_FROM_MADE && gpa >= p->gpa && gpa - p->gpa < p->length)
			return plan->made + p->offset + (gpa - p->gpa);
	}
	return NULL;
}

static inline const struct boot_params *zero_page(const struct boot_plan *plan)
{
	return (const struct boot_params *)made_at(plan, plan->state.gpr[HV_RSI]);
}

#endif /* HV_TESTS_LOADER_IMAGE_H */
