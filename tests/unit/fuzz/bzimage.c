// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer's entry to the loaders: any bytes are an image.  Whatever plan comes
 * out must be one that the kernel could apply: pieces that lie inside memory
 * and inside their sources, and do not overlap.
 *
 * The first 8 bytes choose memory, initrd and command line, the rest is the
 * image.  make fuzz runs it, and loader_fuzz.c does without clang.
 */
#include <stdlib.h>
#include <string.h>

#include "../../../userlib/boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE	4096ULL

static uint64_t source_len(const struct boot_input *in, const struct boot_plan *plan,
			   enum boot_source source)
{
	switch (source) {
	case BOOT_FROM_KERNEL:
		return in->kernel_len;
	case BOOT_FROM_INITRD:
		return in->initrd_len;
	default:
		return plan->made_len;
	}
}

static void check_piece(const struct boot_input *in, const struct boot_plan *plan,
			const struct boot_piece *p)
{
	uint64_t len = source_len(in, plan, p->source);
	int inside = 0;

	if (!p->length || p->offset > len || p->length > len - p->offset)
		abort();
	for (unsigned int i = 0; i < plan->nr_regions; i++)
		inside |= p->gpa >= plan->region[i].start &&
			  p->gpa + p->length <= plan->region[i].start + plan->region[i].size;
	if (!inside || p->gpa + p->length < p->gpa)
		abort();
	for (const struct boot_piece *q = plan->piece; q < p; q++)
		if (p->gpa < q->gpa + q->length && q->gpa < p->gpa + p->length)
			abort();
}

static void check_plan(const struct boot_input *in, const struct boot_plan *plan)
{
	for (unsigned int i = 0; i < plan->nr_pieces; i++)
		check_piece(in, plan, &plan->piece[i]);
	if (plan->state.rip < 1 << 20 || !plan->state.cr3)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char cmdline[16384];
	static struct boot_plan plan;
	struct boot_input in = { .cmdline = cmdline, .vcpus = 1 };
	uint64_t choice;

	if (size < sizeof(choice))
		return 0;
	memcpy(&choice, data, sizeof(choice));
	in.memory = (choice & 0x3ffffff) * PAGE;
	in.initrd_len = choice & 1 ? 0 : (choice >> 26 & 0x1fffff) * 4000;
	memset(cmdline, 'x', sizeof(cmdline) - 1);
	cmdline[choice & 2 ? 0 : choice >> 50] = '\0';
	in.kernel = data + sizeof(choice);
	in.kernel_len = size - sizeof(choice);
	if (boot_plan_init(&plan, in.memory))
		return 0;
	if (boot_load(&plan, &in, BOOT_AUTO)) {
		if (!plan.error[0])
			abort();
		return 0;
	}
	check_plan(&in, &plan);
	return 0;
}
