/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that hv builds for, 6.1 to 6.12: the only
 * place for conditional compilation.
 */
#ifndef HV_COMPAT_H
#define HV_COMPAT_H

#include <linux/version.h>

#ifndef __ASSEMBLY__

/* The count went with Linux 6.8: it was always 1. */
#if KERNEL_VERSION(6, 8, 0) > LINUX_VERSION_CODE
#define hv_eventfd_signal(ctx)	((void)eventfd_signal(ctx, 1))
#else
#define hv_eventfd_signal(ctx)	eventfd_signal(ctx)
#endif

/*
 * The kernel exports what it does about L1TF to KVM's module alone.  Without that,
 * the strictest, unless all mitigations are off.
 */
#if IS_ENABLED(CONFIG_KVM_INTEL)
#define hv_l1tf_mitigation()	l1tf_mitigation
#else
#define hv_l1tf_mitigation() \
	(cpu_mitigations_off() ? L1TF_MITIGATION_OFF : L1TF_MITIGATION_FULL_FORCE)
#endif

#endif /* !__ASSEMBLY__ */

#ifdef __ASSEMBLY__

/* TSA: VERW before VMRUN, where the kernel knows of it. */
#ifdef X86_FEATURE_CLEAR_CPU_BUF_VM
#define HV_CLEAR_CPU_BUFFERS	VM_CLEAR_CPU_BUFFERS
#else
#define HV_CLEAR_CPU_BUFFERS
#endif

/* RSB stuffing and return untraining after #VMEXIT: what each kernel's own KVM uses. */
#ifdef UNTRAIN_RET_VM
#define HV_FEATURE_RSB_STUFF	X86_FEATURE_RSB_VMEXIT
#define HV_UNTRAIN_RET		UNTRAIN_RET_VM
#else
#define HV_FEATURE_RSB_STUFF	X86_FEATURE_RETPOLINE
.macro HV_UNTRAIN_RET
	UNTRAIN_RET
	ALTERNATIVE "", "call entry_ibpb", X86_FEATURE_IBPB_ON_VMEXIT
.endm
#endif

/* Call depth tracking came with Linux 6.2: a full return buffer is credited. */
#ifndef CREDIT_CALL_DEPTH
#define CREDIT_CALL_DEPTH
#endif

#else /* __ASSEMBLY__ */

#include <linux/cgroup.h>
#include <linux/sched.h>

/* cgroup2's freezer wants this task to stop. Any context. */
static inline bool compat_cgroup_frozen(void)
{
	bool frozen = false;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	frozen = test_bit(CGRP_FREEZE, &task_dfl_cgroup(current)->flags);
	rcu_read_unlock();
#endif
	return frozen;
}

/**
 * struct cgroup_kills - how often a cgroup was killed
 * @cgroup: its id in cgroup2, 0 where the kernel does not tell
 * @count: how often cgroup.kill was written there or above, wrapping
 */
struct cgroup_kills {
	u64 cgroup;
	unsigned int count;
};

/* Kernels count since 6.14, and stable ones since early 2025. */
#if KERNEL_VERSION(6, 14, 0) <= LINUX_VERSION_CODE || \
	(KERNEL_VERSION(6, 13, 3) <= LINUX_VERSION_CODE && \
	 KERNEL_VERSION(6, 14, 0) > LINUX_VERSION_CODE) || \
	(KERNEL_VERSION(6, 12, 14) <= LINUX_VERSION_CODE && \
	 KERNEL_VERSION(6, 13, 0) > LINUX_VERSION_CODE) || \
	(KERNEL_VERSION(6, 6, 78) <= LINUX_VERSION_CODE && \
	 KERNEL_VERSION(6, 7, 0) > LINUX_VERSION_CODE) || \
	(KERNEL_VERSION(6, 1, 129) <= LINUX_VERSION_CODE && \
	 KERNEL_VERSION(6, 2, 0) > LINUX_VERSION_CODE)
#define HV_CGROUP_KILLS	1
#endif

/* Of @task's cgroup. Any context. */
static inline struct cgroup_kills compat_cgroup_kills(struct task_struct *task)
{
	struct cgroup_kills kills = { 0 };
#if defined(CONFIG_CGROUPS) && defined(HV_CGROUP_KILLS)
	struct cgroup *cgroup;

	rcu_read_lock();
	cgroup = task_dfl_cgroup(task);
	kills.cgroup = cgroup_id(cgroup);
	kills.count = READ_ONCE(cgroup->kill_seq);
	rcu_read_unlock();
#endif
	return kills;
}

/* How long @task has waited for a CPU since it began, ns; 0 where nobody counts. */
static inline u64 hv_run_delay(const struct task_struct *task)
{
#ifdef CONFIG_SCHED_INFO
	return task->sched_info.run_delay;
#else
	return 0;
#endif
}

#endif /* __ASSEMBLY__ */

#endif /* HV_COMPAT_H */
