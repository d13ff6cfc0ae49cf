/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MSRs that a guest has: one table, and #GP for what is not in it.
 */
#ifndef HV_CORE_MSR_H
#define HV_CORE_MSR_H

#include "core/vcpu.h"

/* PAT after a reset: SDM vol. 3, table 12-12. */
#define PAT_RESET	0x0007040600070406ULL

/* The model's MSRs (@v->msrs) to their values after a reset. The vCPU does not run. */
void msr_reset(struct vcpu *v);

/**
 * msr_read() - the guest executed RDMSR
 * @v: vCPU
 * @msr: ECX
 * @value: set where the guest gets one
 *
 * Return: false for #GP(0)
 */
bool msr_read(struct vcpu *v, u32 msr, u64 *value);

/* The guest executed WRMSR: false for #GP(0), and nothing was changed. */
bool msr_write(struct vcpu *v, u32 msr, u64 value);

/*
 * The guest executed XSETBV for register @xcr: false for #GP(0).  The CPL and
 * CR4.OSXSAVE were checked by the CPU; v->xcr0 changes.
 */
bool xcr_write(struct vcpu *v, u32 xcr, u64 value);

#endif /* HV_CORE_MSR_H */
