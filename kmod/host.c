// SPDX-License-Identifier: GPL-2.0-only
/*
 * The primitives of core/host.h, on Linux.
 */
#include <linux/freezer.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vtime.h>
#include <linux/hw_breakpoint.h>
#include <asm/debugreg.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>
#include <asm/nospec-branch.h>
#include <asm/tsc.h>

#include "compat.h"
#include "core/cpuid.h"
#include "core/spec.h"
#include "core/vcpu.h"
#include "guest/guest.h"
#include "host.h"

u64 host_now(void)
{
	return ktime_get_mono_fast_ns();
}

u64 host_wall(void)
{
	return ktime_get_real_fast_ns();
}

u64 host_tsc(void)
{
	return rdtsc_ordered();
}

bool host_tsc_stable(void)
{
	return !check_tsc_unstable();
}

u64 host_steal(struct vcpu *vcpu)
{
	return hv_run_delay(vcpu->task);
}

u32 host_tsc_khz(void)
{
	return tsc_khz;
}

static enum hrtimer_restart timer_fired(struct hrtimer *hrtimer)
{
	struct host_timer *timer = container_of(hrtimer, struct host_timer, hrtimer);

	timer->fn(timer);
	return HRTIMER_NORESTART;
}

void host_timer_init(struct host_timer *timer, void (*fn)(struct host_timer *timer))
{
	hrtimer_init(&timer->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	timer->hrtimer.function = timer_fired;
	timer->fn = fn;
}

void host_timer_start(struct host_timer *timer, u64 deadline)
{
	hrtimer_start(&timer->hrtimer, ns_to_ktime(min_t(u64, deadline, KTIME_MAX)),
		      HRTIMER_MODE_ABS_HARD);
}

void host_timer_stop(struct host_timer *timer)
{
	hrtimer_try_to_cancel(&timer->hrtimer);
}

void host_timer_sync(struct host_timer *timer)
{
	hrtimer_cancel(&timer->hrtimer);
}

/*
 * A vCPU in the core looks at its pending work before it enters the guest or
 * halts; if it is in the guest on another CPU, an IPI ends that.
 */
void host_kick(struct vcpu *vcpu)
{
	/* in_core is read after the work was set, and set before the work is read. */
	smp_mb__after_atomic();
	if (vcpu->task == current && READ_ONCE(vcpu->in_core))
		return;
	if (!wake_up_process(vcpu->task))
		kick_process(vcpu->task);
}

void host_log(struct vcpu *vcpu, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	if (!__ratelimit(&vcpu->guest->log_limit))
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	pr_info("%s: %pV\n", vcpu->guest->name, &vaf);
	va_end(args);
}

static void issue_ibpb(void)
{
	indirect_branch_prediction_barrier();
}

static void mark_exit_to_user(void)
{
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	this_cpu_write(x86_ibpb_exit_to_user, true);
#endif
}

static struct spec_ops spec_ops = {
	.ibpb = issue_ibpb,
	.mark_exit_to_user = mark_exit_to_user,
};

static DEFINE_PER_CPU(struct spec_cpu, spec_cpus);

/* State components that the guest may have: what the CPUID model lets it enable. */
static u64 fpu_mask;
static u64 host_xcr0;
static u64 host_xss;
static bool use_xsave;

void host_init(void)
{
	use_xsave = boot_cpu_has(X86_FEATURE_XSAVE) && (__read_cr4() & X86_CR4_OSXSAVE);
	if (use_xsave) {
		host_xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
		fpu_mask = cpuid_xfeatures() & host_xcr0;
		if (boot_cpu_has(X86_FEATURE_XSAVES))
			rdmsrl(MSR_IA32_XSS, host_xss);
	}
	spec_ops.use_ibpb = boot_cpu_has(X86_FEATURE_USE_IBPB);
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	spec_ops.exit_to_user = boot_cpu_has(X86_FEATURE_IBPB_EXIT_TO_USER);
#endif
}

/* Standard format, of everything in the host's XCR0: CPUID (EAX=0DH, ECX=0).EBX. */
size_t host_fpu_size(void)
{
	u32 eax, ebx, ecx, edx;

	if (!use_xsave)
		return sizeof(struct fxregs_state);
	cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx);
	return ebx;
}

void *host_fpu_alloc(void)
{
	/* XSAVE wants 64 bytes of alignment: sizes from a page on have that and more. */
	return alloc_pages_exact(host_fpu_size(), GFP_KERNEL_ACCOUNT | __GFP_ZERO);
}

void host_fpu_free(void *fpu)
{
	if (fpu)
		free_pages_exact(fpu, host_fpu_size());
}

/* SDM vol. 1, section 13.4.2: no bit of XSTATE_BV set is the initial state; MXCSR apart. */
void host_reset_fpu(struct vcpu *v)
{
	struct fxregs_state *fx = v->fpu;

	memset(v->fpu, 0, host_fpu_size());
	fx->cwd = 0x37f;
	fx->mxcsr = MXCSR_DEFAULT;
}

static void fpu_load(struct vcpu *v)
{
	if (use_xsave)
		asm volatile("xrstor64 (%0)" : : "r" (v->fpu), "a" ((u32)fpu_mask),
			     "d" ((u32)(fpu_mask >> 32)) : "memory");
	else
		asm volatile("fxrstor64 (%0)" : : "r" (v->fpu) : "memory");
}

static void fpu_save(struct vcpu *v)
{
	if (use_xsave)
		asm volatile("xsave64 (%0)" : : "r" (v->fpu), "a" ((u32)fpu_mask),
			     "d" ((u32)(fpu_mask >> 32)) : "memory");
	else
		asm volatile("fxsave64 (%0)" : : "r" (v->fpu) : "memory");
}

void host_load_xcr0(struct vcpu *v)
{
	if (use_xsave && v->xcr0 != host_xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, v->xcr0);
	/* The model's XSS is 0: the guest's XSAVES must not save the host's supervisor state. */
	if (host_xss)
		wrmsrl(MSR_IA32_XSS, 0);
}

void host_sync_xcr0(struct vcpu *v)
{
	if (use_xsave)
		v->xcr0 = xgetbv(XCR_XFEATURE_ENABLED_MASK);
}

void host_restore_xcr0(struct vcpu *v)
{
	host_sync_xcr0(v);
	if (use_xsave && v->xcr0 != host_xcr0)
		xsetbv(XCR_XFEATURE_ENABLED_MASK, host_xcr0);
	if (host_xss)
		wrmsrl(MSR_IA32_XSS, host_xss);
}

/*
 * A kernel thread has no FPU state of its own, and the last task's may still
 * be in the registers: kernel_fpu_begin() saves it for a user's caller and
 * drops its ownership.  Preemption stays off until the end of the section.
 */
void host_section_begin(struct vcpu *v)
{
	kernel_fpu_begin();
	fpu_load(v);
	local_irq_disable();
	/* A tick that comes from here on found the guest, or what it asked for. */
	vtime_account_guest_enter();
	v->cpu = smp_processor_id();
	WRITE_ONCE(v->in_core, true);
	/* Before the vCPU looks at its requests: see guest/memory.c, flush_vcpus(). */
	smp_mb();
	spec_enter(this_cpu_ptr(&spec_cpus), &spec_ops, v->guest);
	v->section_tsc = rdtsc();
	host_load_xcr0(v);
}

void host_section_end(struct vcpu *v)
{
	host_restore_xcr0(v);
	v->guest_ticks += rdtsc() - v->section_tsc;
	/* The guest's exits have cleared DR7. */
	if (hw_breakpoint_active())
		hw_breakpoint_restore();
	spec_leave(this_cpu_ptr(&spec_cpus), &spec_ops);
	WRITE_ONCE(v->in_core, false);
	vtime_account_guest_exit();
	local_irq_enable();
	fpu_save(v);
	kernel_fpu_end();
}

bool host_window(struct vcpu *v)
{
	host_restore_xcr0(v);
	local_irq_enable();
	/* An interrupt that was held back is taken behind the next instruction. */
	asm volatile("nop");
	local_irq_disable();
	/* Behind the tick, so that it was the guest's; CPUs without one account it now. */
	vtime_account_guest_exit();
	vtime_account_guest_enter();
	host_load_xcr0(v);
	return need_resched() || freezing(current) || compat_cgroup_frozen();
}

/*
 * The kernel's freezer knows kernel threads that ask for it; cgroup2's does not,
 * and tells them nothing, neither that they are to stop nor that they may go on.
 */
void host_pause(struct vcpu *v)
{
	cond_resched();
	for (;;) {
		try_to_freeze();
		if (!compat_cgroup_frozen() || test_bit(VCPU_REQ_LEAVE, &v->requests))
			return;
		schedule_timeout_idle(HZ / 20);
	}
}

/* The vector's own entry does what an exception taken in the host would. */
void host_machine_check(void)
{
	asm volatile("int $18");
}
