/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host side's half of core/host.h: what the core's primitives need set up.
 */
#ifndef HV_HOST_H
#define HV_HOST_H

#include <linux/types.h>

struct vcpu;

/* Once at load, after the engine's choice and cpuid_init(). */
void host_init(void);

/* A vCPU's FPU buffer. Thread context. */
void *host_fpu_alloc(void);
void host_fpu_free(void *fpu);
size_t host_fpu_size(void);

/*
 * Between two core sections, on the vCPU's thread: lets others run, and waits
 * while the host freezes its tasks (suspend) or the thread's cgroup is frozen,
 * in which case a request that the vCPU leave ends the wait.  May sleep.
 */
void host_pause(struct vcpu *v);

/* x87, SSE and AVX state as after a reset. The vCPU does not run. */
void host_reset_fpu(struct vcpu *v);

#endif /* HV_HOST_H */
