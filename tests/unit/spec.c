// SPDX-License-Identifier: GPL-2.0-only
/*
 * Branch predictor barriers against mocked operations: no lab host has IBPB.
 */
#include <stdio.h>

#include "core/spec.h"

static int barriers, marks, failed, number;

static void mock_ibpb(void)
{
	barriers++;
}

static void mock_mark(void)
{
	marks++;
}

static void check(const char *what, int want_barriers, int want_marks)
{
	int ok = barriers == want_barriers && marks == want_marks;

	printf("%sok %d - %s\n", ok ? "" : "not ", ++number, what);
	if (!ok)
		printf("# barriers %d, expected %d; marks %d, expected %d\n", barriers,
		       want_barriers, marks, want_marks);
	failed += !ok;
	barriers = 0;
	marks = 0;
}

static int guest_a, guest_b;

static void without_ibpb(void)
{
	struct spec_ops ops = { .ibpb = mock_ibpb, .mark_exit_to_user = mock_mark };
	struct spec_cpu cpu = { 0 };

	spec_enter(&cpu, &ops, &guest_a);
	spec_leave(&cpu, &ops);
	spec_enter(&cpu, &ops, &guest_b);
	spec_leave(&cpu, &ops);
	check("a host that uses no barriers gets none", 0, 0);
}

static void with_ibpb(void)
{
	struct spec_ops ops = {
		.use_ibpb = true, .ibpb = mock_ibpb, .mark_exit_to_user = mock_mark,
	};
	struct spec_cpu cpu = { 0 };

	spec_enter(&cpu, &ops, &guest_a);
	check("the first guest meets nobody's training", 0, 0);
	spec_leave(&cpu, &ops);
	check("whoever runs after a guest is behind a barrier", 1, 0);
	spec_enter(&cpu, &ops, &guest_b);
	check("... and so is the next guest: no second one", 0, 0);
}

static void with_exit_to_user(void)
{
	struct spec_ops ops = {
		.use_ibpb = true, .exit_to_user = true,
		.ibpb = mock_ibpb, .mark_exit_to_user = mock_mark,
	};
	struct spec_cpu cpu = { 0 };

	spec_enter(&cpu, &ops, &guest_a);
	spec_leave(&cpu, &ops);
	check("where the host flushes towards user space, it is told to", 0, 1);
	spec_enter(&cpu, &ops, &guest_a);
	check("the same guest again needs no barrier", 0, 0);
	spec_leave(&cpu, &ops);
	spec_enter(&cpu, &ops, &guest_b);
	check("another guest does", 1, 1);
}

int main(void)
{
	printf("TAP version 13\n1..7\n");
	without_ibpb();
	with_ibpb();
	with_exit_to_user();
	return failed ? 1 : 0;
}
