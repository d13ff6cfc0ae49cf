/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of host.h that only engines need: inlined around the entry itself,
 * where nothing may be called.
 */
#ifndef HV_CORE_HOST_ENTRY_H
#define HV_CORE_HOST_ENTRY_H

#include <linux/context_tracking.h>
#include <linux/ftrace.h>
#include <linux/instrumentation.h>
#include <linux/irqflags.h>

/*
 * Around each entry alone, in .noinstr.text: tell RCU and the tracers of
 * interrupts that the CPU is away (as the kernel's own hypervisor does).
 */
static __always_inline void host_guest_enter(void)
{
	instrumentation_begin();
	trace_hardirqs_on_prepare();
	lockdep_hardirqs_on_prepare();
	instrumentation_end();
	context_tracking_guest_enter();
	lockdep_hardirqs_on(CALLER_ADDR0);
}

static __always_inline void host_guest_exit(void)
{
	lockdep_hardirqs_off(CALLER_ADDR0);
	context_tracking_guest_exit();
	instrumentation_begin();
	trace_hardirqs_off_finish();
	instrumentation_end();
}

/*
 * The host's NMI handler, for one that ended the guest's run: the vector's own
 * entry does what an NMI taken in the host would, up to the IRET that allows the next.
 */
static __always_inline void host_nmi(void)
{
	asm volatile("int $2");
}

#endif /* HV_CORE_HOST_ENTRY_H */
