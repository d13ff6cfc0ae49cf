// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts reach a guest from each chip, in order, in their windows, and
 * never before their time. How late they are is printed and not judged.
 */
#include "items.h"

enum group {
	GROUP_PIC, GROUP_IOAPIC, GROUP_TIMER, GROUP_PRIORITY, GROUP_NESTING, GROUP_WINDOW,
	GROUP_NMI, GROUP_NMI_IRET, GROUP_X2APIC, GROUP_X2APIC_BUSY, GROUP_XAPIC_BUSY,
};

static struct hvctl *h;

static bool has_feature(uint32_t feature)
{
	struct hv_info info;

	if (hvctl_info(h, &info))
		test_die("information: %s", hvctl_error(h));
	return info.features & feature;
}

static void group(enum group which)
{
	struct items r = run_items(h, "interrupts", which, host_emulator(h));

	CHECK_ITEMS(r);
	items_free(&r);
}

static void pic(void)
{
	group(GROUP_PIC);
}

static void ioapic(void)
{
	group(GROUP_IOAPIC);
}

static void timer(void)
{
	group(GROUP_TIMER);
}

static void priority(void)
{
	group(GROUP_PRIORITY);
}

static void nesting(void)
{
	group(GROUP_NESTING);
}

static void window(void)
{
	struct items r = run_items(h, "interrupts", GROUP_WINDOW, host_emulator(h));

	CHECK_ITEMS(r);
	if (!has_feature(HV_FEATURE_APIC_ACCESS))
		CHECK_EXITS(r, "irq-window", 1);
	items_free(&r);
}

static void nmi(void)
{
	group(GROUP_NMI);
}

static void nmi_iret(void)
{
	group(GROUP_NMI_IRET);
}

static void x2apic(void)
{
	group(GROUP_X2APIC);
}

/* 100 self-IPIs and their EOIs: exits, unless the hardware delivers. */
static void check_busy(enum group which, const char *exit, uint32_t feature)
{
	struct items r = run_items(h, "interrupts", which, host_emulator(h));
	uint64_t exits = exit_count(r.stats, exit);

	CHECK_ITEMS(r);
	if (has_feature(feature))
		CHECK(exits < 100);
	else
		CHECK(exits >= 200);
	printf("# %llu exits '%s'\n", (unsigned long long)exits, exit);
	items_free(&r);
}

static void x2apic_busy(void)
{
	check_busy(GROUP_X2APIC_BUSY, "wrmsr", HV_FEATURE_VIRTUAL_APIC);
}

static void xapic_busy(void)
{
	check_busy(GROUP_XAPIC_BUSY, "mmio", HV_FEATURE_APIC_ACCESS);
}

static const struct tap_test tests[] = {
	{ "PIC and PIT", pic },
	{ "IOAPIC", ioapic },
	{ "LAPIC timer", timer },
	{ "priorities", priority },
	{ "nesting", nesting },
	{ "interrupt windows", window },
	{ "NMI", nmi },
	{ "the IRET of an NMI's handler", nmi_iret },
	{ "x2APIC", x2apic },
	{ "x2APIC: self-IPIs and priorities", x2apic_busy },
	{ "xAPIC: self-IPIs", xapic_busy },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
