// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each exit that a guest can cause: its payload looks at registers, flags and
 * faults, this side at the counters.
 */
#include "items.h"

/* As payload_exits.c has them. */
enum group {
	GROUP_CPUID, GROUP_PIO, GROUP_STRING, GROUP_MSR, GROUP_HYPERCALL, GROUP_MMIO,
	GROUP_CHIPS, GROUP_CR, GROUP_DR, GROUP_XSETBV, GROUP_MISC, GROUP_EXCEPTIONS,
	GROUP_HLT,
};

static struct hvctl *h;

/* CR4 and the bits of CR0 that matter are the guest's own on VMX, where they exit if it may not. */
static bool on_vmx(void)
{
	struct hv_info info;

	return !hvctl_info(h, &info) && info.engine == HV_ENGINE_VMX;
}

static bool host_has_xsave(void)
{
	struct hv_info info;

	return !hvctl_info(h, &info) && (info.features & HV_FEATURE_XSAVE);
}

/* Runs the checks of a group and wants at least @n exits named @name among the counters. */
static void group(enum group which, const char *name, unsigned int n)
{
	struct items r = run_items(h, "exits", which, host_emulator(h));

	CHECK_ITEMS(r);
	CHECK_EXITS(r, name, n);
	CHECK(r.stats->vcpu->entries > 0);
	items_free(&r);
}

static void cpuid(void)
{
	group(GROUP_CPUID, "cpuid", 7);
}

static void pio(void)
{
	group(GROUP_PIO, "pio", 14);
}

static void string_pio(void)
{
	group(GROUP_STRING, "pio-string", 40);
}

static void msr(void)
{
	struct items r = run_items(h, "exits", GROUP_MSR, 0);

	CHECK_ITEMS(r);
	CHECK_EXITS(r, "rdmsr", 8);
	CHECK_EXITS(r, "wrmsr", 8);
	items_free(&r);
}

static void hypercall(void)
{
	group(GROUP_HYPERCALL, "hypercall", 1);
}

static void mmio(void)
{
	struct items r = run_items(h, "exits", GROUP_MMIO, 0);

	CHECK_ITEMS(r);
	CHECK_EXITS(r, "mmio", 50);
	CHECK_EXITS(r, "page-fault", 50);
	items_free(&r);
}

static void chips(void)
{
	group(GROUP_CHIPS, "mmio", 15);
}

static void control_registers(void)
{
	unsigned int n = on_vmx() ? 10 : 9;

	/* Values that fault need not exit: AMD's CPUs check before they intercept. */
	group(GROUP_CR, "cr-write", host_emulator(h) == EMULATOR_BOCHS_SVM ? 4 : n);
}

static void debug_registers(void)
{
	struct items r = run_items(h, "exits", GROUP_DR, host_emulator(h));

	CHECK_ITEMS(r);
	CHECK_EXITS(r, "debug-register", 1);
	CHECK_EXITS(r, "debug", 3);
	items_free(&r);
}

static void xsetbv(void)
{
	bool counts = host_has_xsave() && !host_is_tcg();

	if (!counts)
		printf("# XSETBV is not intercepted, or not there: its exits are not counted\n");
	group(GROUP_XSETBV, "xsetbv", counts ? 6 : 0);
}

static void other_instructions(void)
{
	struct items r = run_items(h, "exits", GROUP_MISC, host_emulator(h));

	CHECK_ITEMS(r);
	CHECK_EXITS(r, "invd", 2);
	CHECK_EXITS(r, "undefined", 8);
	CHECK_EXITS(r, "protected", 1);
	items_free(&r);
}

static void exceptions(void)
{
	group(GROUP_EXCEPTIONS, "rdmsr", 1);
}

static void halt(void)
{
	group(GROUP_HLT, "hlt", 2);
}

static const struct tap_test tests[] = {
	{ "CPUID", cpuid },
	{ "IN and OUT", pio },
	{ "INS and OUTS", string_pio },
	{ "RDMSR and WRMSR", msr },
	{ "hypercalls", hypercall },
	{ "MMIO where nothing is", mmio },
	{ "MMIO at the chips", chips },
	{ "control registers", control_registers },
	{ "debug registers", debug_registers },
	{ "XSETBV", xsetbv },
	{ "instructions that a guest has not, and others", other_instructions },
	{ "exceptions", exceptions },
	{ "HLT", halt },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
