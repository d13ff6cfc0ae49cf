/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The paravirtual clock that Linux calls kvmclock (Documentation/virt/kvm/x86,
 * msr.rst and cpuid.rst): a stock kernel then needs no calibration of its TSC
 * against chips, which a busy host spoils.  The rest of that interface is in
 * core/pv.h.
 */
#ifndef HV_CORE_PVCLOCK_H
#define HV_CORE_PVCLOCK_H

#include "core/host.h"

struct vcpu;

#define PVCLOCK_MSR_WALL	0x4b564d00U	/* MSR_KVM_WALL_CLOCK_NEW */
#define PVCLOCK_MSR_SYSTEM	0x4b564d01U	/* MSR_KVM_SYSTEM_TIME_NEW */

/**
 * struct pvclock - one vCPU's clock page
 * @system: what the guest wrote to PVCLOCK_MSR_SYSTEM: gpa, bit 0 enables
 * @wall: what it wrote to PVCLOCK_MSR_WALL
 * @version: of the page; even
 * @cpu: host CPU that the page was last written for
 */
struct pvclock {
	u64 system;
	u64 wall;
	u32 version;
	int cpu;
};

void pvclock_reset(struct vcpu *v);

/* Time is one for all vCPUs, and the guest is told so. */
bool pvclock_is_stable(const struct vcpu *v);

/* Does writing @value to @msr need a page that is not mapped yet? Then v->fill_gpa is set. */
bool pvclock_needs_fill(struct vcpu *v, u32 msr, u64 value);

/* The guest's RDMSR and WRMSR: false for #GP. */
bool pvclock_read(struct vcpu *v, u32 msr, u64 *value);
bool pvclock_write(struct vcpu *v, u32 msr, u64 value);

/*
 * Before the guest runs.  On another host CPU, whose TSC may differ, and wherever
 * TSCs cannot be trusted, the page is written anew.
 */
void pvclock_refresh(struct vcpu *v);

#endif /* HV_CORE_PVCLOCK_H */
