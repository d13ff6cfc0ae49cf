/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.h: everything that the core may ask of the kernel around it.
 *
 * The core runs between VM exit and VM entry with interrupts off.  It never
 * sleeps and never allocates, and reaches Linux only through what stands
 * here, so that it can later run beneath Linux, and be compiled in user space
 * for its unit tests (tests/unit/shim/core/host.h takes this file's place).
 * `make lint` holds the core's objects against this list by their undefined
 * symbols.
 */
#ifndef HV_CORE_HOST_H
#define HV_CORE_HOST_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint-defs.h>
#include <linux/mem_encrypt.h>
#include <linux/types.h>
#include <asm/page.h>
#include <asm/msr.h>

struct vcpu;

/* A raw spinlock taken with interrupts off, for a bounded time. */
typedef raw_spinlock_t host_lock_t;

/* A macro: lockdep tells locks apart by where they are made. */
#define host_lock_init(l)	raw_spin_lock_init(l)

static inline unsigned long host_lock(host_lock_t *l)
{
	unsigned long flags;

	raw_spin_lock_irqsave(l, flags);
	return flags;
}

static inline void host_unlock(host_lock_t *l, unsigned long flags)
{
	raw_spin_unlock_irqrestore(l, flags);
}

/* Monotonic time in ns: every emulated timer and counter runs on it. Any context. */
u64 host_now(void);

/* Wall time in ns since 1970, UTC: for the CMOS clock. Any context. */
u64 host_wall(void);

/* Do all CPUs' time stamp counters tick as one, for good? Any context. */
bool host_tsc_stable(void);

/* How long @vcpu's task has waited for a CPU since it began, ns. On that task. */
u64 host_steal(struct vcpu *vcpu);

/* Host time stamp counter's frequency, kHz. Constant after load. */
u32 host_tsc_khz(void);

/* Host time stamp counter now. Any context. */
u64 host_tsc(void);

/* Likewise, for what is only counted: not ordered, a few ticks early or late. */
static inline u64 host_ticks(void)
{
	return rdtsc();
}

/**
 * struct host_timer - calls back once, in hard interrupt context, interrupts off
 * @hrtimer: the host's
 * @fn: the callback; may start the timer again
 */
struct host_timer {
	struct hrtimer hrtimer;
	void (*fn)(struct host_timer *timer);
};

void host_timer_init(struct host_timer *timer, void (*fn)(struct host_timer *timer));

/* (Re)start for @deadline, in host_now() ns; one in the past fires at once. Any context. */
void host_timer_start(struct host_timer *timer, u64 deadline);

/* Cancel without waiting: a callback under way may still run. Any context. */
void host_timer_stop(struct host_timer *timer);

/* Cancel and wait for a callback under way. Thread context, no locks held. */
void host_timer_sync(struct host_timer *timer);

/*
 * Make @vcpu look at its pending work: ends its halt, or its stay in the guest.
 * Any context; the work must be visible (atomically set) before the call.
 */
void host_kick(struct vcpu *vcpu);

/* A line in the host's log: at most ten in five seconds of each guest. Any context. */
__printf(2, 3) void host_log(struct vcpu *vcpu, const char *fmt, ...);

/*
 * host_trace(EVENT, vcpu): the tracepoint hv:hv_EVENT (trace.h).  One that is
 * off is a NOP.  Between exit and entry, never around the entry itself, where
 * RCU looks away.
 */
DECLARE_TRACEPOINT(hv_entry);
DECLARE_TRACEPOINT(hv_exit);
DECLARE_TRACEPOINT(hv_inject);
DECLARE_TRACEPOINT(hv_s2_fault);

void host_trace_entry(struct vcpu *vcpu);
void host_trace_exit(struct vcpu *vcpu);
void host_trace_inject(struct vcpu *vcpu);	/* where v->inject has one */
void host_trace_s2_fault(struct vcpu *vcpu);

#define host_traces(event)	tracepoint_enabled(hv_##event)
#define host_trace(event, vcpu) do {			\
	if (host_traces(event))				\
		host_trace_##event(vcpu);		\
} while (0)

/* hv_inject of an interrupt that the hardware has delivered; if host_traces(inject). */
void host_trace_delivered(struct vcpu *vcpu, u8 vector);

/* The guest prints @n bytes, each of which is read once. Any context. */
void host_console_write(struct vcpu *vcpu, const u8 *bytes, unsigned int n);

/* Is there room for @n bytes without a loss that OUT_CONSOLE could prevent? */
bool host_console_takes(struct vcpu *vcpu, unsigned int n);

/*
 * A core section: the guest's FPU state is loaded, preemption and interrupts
 * are off.  host_window() lets pending host interrupts in; it returns true
 * when another task should run, and the section should end for it.
 */
void host_section_begin(struct vcpu *vcpu);
void host_section_end(struct vcpu *vcpu);
bool host_window(struct vcpu *vcpu);

/*
 * v->xcr0 from the register, while the guest's is loaded.  XSETBV is intercepted,
 * but QEMU's TCG (7.2) lets it through, and what it does not intercept it must not hide.
 */
void host_sync_xcr0(struct vcpu *vcpu);

/* XCR0 of the guest or of the host; interrupts off. Nothing where the host has no XSAVE. */
void host_load_xcr0(struct vcpu *vcpu);
void host_restore_xcr0(struct vcpu *vcpu);

/* The host's machine check handler, after one that arrived in the guest. */
void host_machine_check(void);

/* Host virtual address of a host physical one, and back, as page tables spell it. */
static inline void *host_va(u64 hpa)
{
	return __va(hpa & ~sme_me_mask);
}

static inline u64 host_hpa(const void *va)
{
	return __sme_set(__pa(va));
}

#endif /* HV_CORE_HOST_H */
