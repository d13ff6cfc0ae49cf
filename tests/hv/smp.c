// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests with several processors, more than the host has: they start, interrupt,
 * stop and restart each other. See payload_smp.c.
 */
#include "items.h"

enum group {
	GROUP_START, GROUP_IDENTITY, GROUP_PHYSICAL, GROUP_LOGICAL, GROUP_LOWEST,
	GROUP_X2APIC, GROUP_INIT, GROUP_LOCK, GROUP_SHOOTDOWN, GROUP_LEVEL, GROUP_HALT,
	GROUP_DISCARD,	/* discard.c */
	GROUP_TURNS,
};

/* Nothing here is a matter of time: this only ends what hangs. */
#define HANG_MS	150000

static struct hvctl *h;

static struct items run_group(enum group which, unsigned int cpus)
{
	struct hvctl_spec *spec = item_spec(h, "smp", which, cpus);
	char text[16];

	snprintf(text, sizeof(text), "%u", cpus);
	if (hvctl_spec_set(h, spec, "vcpus", text))
		test_die("vcpus: %s", hvctl_error(h));
	return run_spec(h, spec, HANG_MS);
}

static void group(enum group which, unsigned int cpus)
{
	struct items r = run_group(which, cpus);

	CHECK_ITEMS(r);
	items_free(&r);
}

static void start(void)
{
	group(GROUP_START, 4);
}

static void identity(void)
{
	group(GROUP_IDENTITY, 16);
}

static void physical(void)
{
	group(GROUP_PHYSICAL, 4);
}

static void logical(void)
{
	group(GROUP_LOGICAL, 4);
}

static void lowest(void)
{
	group(GROUP_LOWEST, 4);
}

static void x2apic(void)
{
	group(GROUP_X2APIC, 4);
}

static void init(void)
{
	group(GROUP_INIT, 2);
}

static void lock(void)
{
	group(GROUP_LOCK, 4);
}

static void shootdown(void)
{
	group(GROUP_SHOOTDOWN, 4);
}

static void level(void)
{
	group(GROUP_LEVEL, 3);
}

static void halt(void)
{
	struct items r = run_group(GROUP_HALT, 4);

	CHECK_EQ(r.guest->stop_reason, HV_STOP_REASON_HALTED);
	CHECK(r.good > 0);
	items_free(&r);
}

static void turns(void)
{
	group(GROUP_TURNS, 2);
}

static const struct tap_test tests[] = {
	{ "start-up", start },
	{ "who is who", identity },
	{ "IPIs by ID and by shorthands", physical },
	{ "IPIs to logical destinations", logical },
	{ "lowest priority", lowest },
	{ "IPIs in x2APIC mode", x2apic },
	{ "INIT and restart", init },
	{ "LOCK", lock },
	{ "a page table changes", shootdown },
	{ "level-triggered interrupts", level },
	{ "the last one halts", halt },
	{ "all but one rest", turns },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
