// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints themselves, and what core/host.h calls where one is on.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"

void host_trace_entry(struct vcpu *v)
{
	trace_hv_entry(v);
}

void host_trace_exit(struct vcpu *v)
{
	trace_hv_exit(v);
}

void host_trace_inject(struct vcpu *v)
{
	if (v->inject.valid)
		trace_hv_inject(v, &v->inject);
}

void host_trace_delivered(struct vcpu *v, u8 vector)
{
	struct vcpu_event e = { .type = EVENT_INTR, .vector = vector };

	trace_hv_inject(v, &e);
}

void host_trace_s2_fault(struct vcpu *v)
{
	trace_hv_s2_fault(v);
}
