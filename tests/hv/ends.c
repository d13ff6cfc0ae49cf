// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each way a guest ends by itself has its reason, its status and its detail.
 */
#include "ends.h"
#include "items.h"

static struct hvctl *h;

/* Runs it to its end: @reason, @status, and @detail somewhere in the sentence. */
static void ends_as(enum end how, uint32_t reason, uint32_t status, const char *detail)
{
	uint64_t id = create_spec(h, item_spec(h, "ends", how, 0));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);

	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_STR(hvctl_stop_reason_name(g->stop_reason), hvctl_stop_reason_name(reason));
	CHECK_EQ(g->stop_status, status);
	if (!strstr(g->stop_detail, detail)) {
		printf("# detail: '%s', without '%s'\n", g->stop_detail, detail);
		tap_ok = false;
	}
	hvctl_guest_free(g);
}

static void triple_fault(void)
{
	ends_as(END_TRIPLE_FAULT, HV_STOP_REASON_TRIPLE_FAULT, 0, "rip 0x10");
}

static void jump_nowhere(void)
{
	ends_as(END_JUMP_NOWHERE, HV_STOP_REASON_UNMAPPED_FETCH, 0, "0x40000123");
}

static void jump_chip(void)
{
	ends_as(END_JUMP_CHIP, HV_STOP_REASON_UNMAPPED_FETCH, 0, "0xfee00020");
}

static void tables_chip(void)
{
	ends_as(END_TABLES_CHIP, HV_STOP_REASON_INTERNAL_ERROR, 0, "page table at 0xfee00");
}

static void tables_nowhere(void)
{
	ends_as(END_TABLES_NOWHERE, HV_STOP_REASON_INTERNAL_ERROR, 0, "page table at 0x40000");
}

static void stack_nowhere(void)
{
	ends_as(END_STACK_NOWHERE, HV_STOP_REASON_INTERNAL_ERROR, 0, "0x3ffff");
}

static void halt(void)
{
	ends_as(END_HALT, HV_STOP_REASON_HALTED, 0, "halted with interrupts off");
}

static void power_off(void)
{
	ends_as(END_POWEROFF, HV_STOP_REASON_POWEROFF, 0, "");
}

static void reset_cf9(void)
{
	ends_as(END_RESET_CF9, HV_STOP_REASON_RESET, 0, "");
}

static void reset_keyboard(void)
{
	ends_as(END_RESET_KEYBOARD, HV_STOP_REASON_RESET, 0, "");
}

static void reset_port_92(void)
{
	ends_as(END_RESET_PORT_92, HV_STOP_REASON_RESET, 0, "");
}

static void mmio_unknown(void)
{
	ends_as(END_MMIO_UNKNOWN, HV_STOP_REASON_INTERNAL_ERROR, 0,
		"cannot emulate access to 0x40000000");
}

static void exit_word(void)
{
	ends_as(END_EXIT_WORD, HV_STOP_REASON_DEBUG_EXIT, 0x1234 << 1 | 1, "");
}

static const struct tap_test tests[] = {
	{ "triple fault", triple_fault },
	{ "a jump to where no memory is", jump_nowhere },
	{ "a jump into the local APIC", jump_chip },
	{ "page tables where no memory is", tables_nowhere },
	{ "page tables in the local APIC", tables_chip },
	{ "a stack where no memory is", stack_nowhere },
	{ "HLT with interrupts off", halt },
	{ "power-off", power_off },
	{ "reset by port 0xcf9", reset_cf9 },
	{ "reset by the keyboard controller", reset_keyboard },
	{ "reset by port 0x92", reset_port_92 },
	{ "an instruction that hv does not emulate", mmio_unknown },
	{ "a debug exit of 16 bits", exit_word },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
