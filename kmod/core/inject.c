// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions into the guest, and the end of it.
 */
#include <linux/stdarg.h>

#include "core/vcpu.h"

/* SDM vol. 3, table 'Interrupt and exception classes': #DE, #TS, #NP, #SS, #GP contribute. */
#define CONTRIBUTORY	(BIT(0) | BIT(10) | BIT(11) | BIT(12) | BIT(13))

static bool is_exception(const struct vcpu_event *e)
{
	return e->valid && e->type == EVENT_EXCEPTION;
}

/* SDM vol. 3, table 'Conditions for generating a double fault'. */
static bool makes_double_fault(const struct vcpu_event *first, u8 second)
{
	if (!is_exception(first))
		return false;
	if (first->vector == VEC_PF)
		return second == VEC_PF || (BIT(second) & CONTRIBUTORY);
	return (BIT(first->vector) & CONTRIBUTORY) && (BIT(second) & CONTRIBUTORY);
}

/* All but traps, aborts and #DB, which is either: SDM vol. 3, table 'Exceptions and interrupts'. */
#define FAULTS	(~(BIT(VEC_DB) | BIT(VEC_BP) | BIT(VEC_OF) | BIT(VEC_DF) | BIT(VEC_MC)))

static void inject(struct vcpu *v, u8 vector, bool has_error, u32 error)
{
	struct vcpu_event e = {
		.valid = true,
		.type = EVENT_EXCEPTION,
		.vector = vector,
		/* Real mode pushes none. */
		.has_error = has_error && (vcpu_cr0(v) & CR0_PE),
		.error = error,
	};

	if (is_exception(&v->inject) && v->inject.vector == VEC_DF) {
		v->triple_fault = true;
		return;
	}
	if (makes_double_fault(&v->inject, vector)) {
		e.vector = VEC_DF;
		e.has_error = vcpu_cr0(v) & CR0_PE;
		e.error = 0;
	}
	v->inject = e;
	/* A fault's handler finds RF set in what was pushed: SDM vol. 3, 18.3.1.1. */
	if (BIT(e.vector) & FAULTS)
		v->rflags |= RFLAGS_RF;
}

void vcpu_inject(struct vcpu *v, u8 vector)
{
	inject(v, vector, false, 0);
}

void vcpu_inject_error(struct vcpu *v, u8 vector, u32 error)
{
	inject(v, vector, true, error);
}

void vcpu_inject_pf(struct vcpu *v, u64 address, u32 error)
{
	v->cr2 = address;
	inject(v, VEC_PF, true, error);
}

u64 vcpu_wrap(struct vcpu *v, u64 rip)
{
	return vcpu_mode(v) == MODE_64 ? rip : (u32)rip;
}

enum outcome vcpu_stop(struct vcpu *v, enum hv_stop_reason reason, u32 status,
		       const char *fmt, ...)
{
	va_list args;

	v->stop.reason = reason;
	v->stop.status = status;
	va_start(args, fmt);
	vsnprintf(v->stop.detail, sizeof(v->stop.detail), fmt, args);
	va_end(args);
	return OUT_STOP;
}
