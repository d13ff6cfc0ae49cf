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
		trace_hv_inject(v);
}

void host_trace_s2_fault(struct vcpu *v)
{
	trace_hv_s2_fault(v);
}
