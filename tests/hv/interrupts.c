// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts reach a guest from each chip, in order, in their windows, and
 * never before their time. How late they are is printed and not judged.
 */
#include "items.h"

enum group {
	GROUP_PIC, GROUP_IOAPIC, GROUP_TIMER, GROUP_PRIORITY, GROUP_NESTING, GROUP_WINDOW,
	GROUP_NMI, GROUP_X2APIC, GROUP_X2APIC_BUSY,
};

static struct hvctl *h;

static void group(enum group which)
{
	struct items r = run_items(h, "interrupts", which, host_is_tcg());

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
	struct items r = run_items(h, "interrupts", GROUP_WINDOW, host_is_tcg());

	CHECK_ITEMS(r);
	CHECK_EXITS(r, "irq-window", 1);
	items_free(&r);
}

static void nmi(void)
{
	group(GROUP_NMI);
}

static void x2apic(void)
{
	group(GROUP_X2APIC);
}

/* 100 self-IPIs and their EOIs: exits, unless the hardware delivers. */
static void x2apic_busy(void)
{
	struct items r = run_items(h, "interrupts", GROUP_X2APIC_BUSY, host_is_tcg());
	struct hv_info info;
	uint64_t writes;

	CHECK_ITEMS(r);
	CHECK_OK(h, hvctl_info(h, &info));
	writes = exit_count(r.stats, "wrmsr");
	if (info.features & HV_FEATURE_VIRTUAL_APIC)
		CHECK(writes < 100);
	else
		CHECK(writes >= 200);
	printf("# %llu writes of MSRs exited\n", (unsigned long long)writes);
	items_free(&r);
}

static const struct tap_test tests[] = {
	{ "PIC and PIT", pic },
	{ "IOAPIC", ioapic },
	{ "LAPIC timer", timer },
	{ "priorities", priority },
	{ "nesting", nesting },
	{ "interrupt windows", window },
	{ "NMI", nmi },
	{ "x2APIC", x2apic },
	{ "x2APIC: self-IPIs and priorities", x2apic_busy },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
