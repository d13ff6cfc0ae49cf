// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Flat binaries: loaded at 1 MiB and entered at their first byte in long
 * mode, with a stack and nothing else.  rdi is 0 until there is something to
 * say in it.
 */
#include <errno.h>

#include "boot.h"
#include "machine.h"

static int check(struct boot_plan *plan, const struct boot_input *in)
{
	struct boot_range room;

	boot_usable(plan, 0, &room);
	if (!in->kernel_len)
		return boot_refuse(plan, "the image is empty");
	if (in->kernel_len > room.size)
		return boot_refuse(plan,
				   "the flat binary has %zu bytes, but the guest only %llu bytes of memory above 1 MiB",
				   in->kernel_len, (unsigned long long)room.size);
	if (in->initrd_len)
		return boot_refuse(plan, "a flat binary takes no initial RAM disk");
	if (in->cmdline[0])
		return boot_refuse(plan, "a flat binary takes no command line");
	return 0;
}

/**
 * boot_load_flat() - plan a flat binary's boot
 * @plan: begun by boot_plan_init()
 * @in: the image and what goes with it
 *
 * Return: 0, or -ENOEXEC with a sentence in @plan.
 */
int boot_load_flat(struct boot_plan *plan, const struct boot_input *in)
{
	uint8_t *low;
	int err = check(plan, in);

	if (err)
		return err;
	low = boot_make(plan, BOOT_LOW, BOOT_TABLES + BOOT_TABLES_SIZE - BOOT_LOW);
	if (!low)
		return -ENOEXEC;
	boot_long_mode_gdt(low);
	boot_long_mode_tables(low + (BOOT_TABLES - BOOT_LOW), BOOT_TABLES);
	boot_long_mode_state(&plan->state, BOOT_LOW, BOOT_TABLES);
	plan->state.gpr[HV_RSP] = BOOT_STACK;
	plan->state.rip = BOOT_FLAT;
	err = boot_add_tables(plan, in->vcpus);
	return err ? err : boot_add(plan, BOOT_FROM_KERNEL, 0, in->kernel_len, BOOT_FLAT);
}
