/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The paravirtual clock that Linux calls kvmclock (Documentation/virt/kvm/x86,
 * msr.rst and cpuid.rst): a stock kernel then needs no calibration of its TSC
 * against chips, which a busy host spoils.  The rest of that interface comes
 * with SMP.
 */
#ifndef HV_CORE_PVCLOCK_H
#define HV_CORE_PVCLOCK_H

#include "core/host.h"

struct vcpu;

#define PVCLOCK_MSR_WALL	0x4b564d00U	/* MSR_KVM_WALL_CLOCK_NEW */
#define PVCLOCK_MSR_SYSTEM	0x4b564d01U	/* MSR_KVM_SYSTEM_TIME_NEW */

/* Features of leaf 0x40000101 that hv has. */
#define PVCLOCK_FEATURE_NOP_IO_DELAY	BIT(1)	/* no delays needed between port accesses */
#define PVCLOCK_FEATURE_CLOCKSOURCE2	BIT(3)	/* the two MSRs above */
#define PVCLOCK_FEATURE_STABLE		BIT(24)	/* the stable flag can be trusted */

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

/* Does writing @value to @msr need a page that is not mapped yet? Then v->fill_gpa is set. */
bool pvclock_needs_fill(struct vcpu *v, u32 msr, u64 value);

/* The guest's RDMSR and WRMSR: false for #GP. */
bool pvclock_read(struct vcpu *v, u32 msr, u64 *value);
bool pvclock_write(struct vcpu *v, u32 msr, u64 value);

/* The vCPU is on another host CPU, whose TSC may differ: write the page anew. */
void pvclock_moved(struct vcpu *v);

#endif /* HV_CORE_PVCLOCK_H */
