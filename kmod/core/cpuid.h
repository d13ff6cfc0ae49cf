/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CPU that a guest sees: what CPUID says, and what follows from it for
 * control registers.  Everything is named in the tables of cpuid.c; nothing
 * passes from the host's CPU by accident.
 */
#ifndef HV_CORE_CPUID_H
#define HV_CORE_CPUID_H

#include <linux/hv_guest.h>

#include "core/host.h"

struct vcpu;

/* Hypervisor leaves: SDM and APM reserve 0x40000000 to 0x400000ff for software. */
#define CPUID_HV_BASE		((u32)HV_GUEST_CPUID)
#define CPUID_HV_VERSION	((u32)HV_GUEST_CPUID_VERSION)
#define CPUID_HV_SIGNATURE	HV_GUEST_SIGNATURE
#define CPUID_HV_INTERFACE	HV_GUEST_VERSION

/* KVM's, for kernels that know it and not hv: Linux looks for it at every 0x100. */
#define CPUID_KVM_BASE		0x40000100U
#define CPUID_KVM_FEATURES	0x40000101U
#define CPUID_KVM_SIGNATURE	"KVMKVMKVM\0\0\0"

/* Where a register of a CPUID result is in an array of four. */
enum cpuid_reg { REG_EAX, REG_EBX, REG_ECX, REG_EDX };

typedef void (*cpuid_source_t)(u32 leaf, u32 subleaf, u32 r[4]);

/* Build the model from the CPU it runs on. Once at load, before any guest. */
void cpuid_init(void);

/* Likewise, from @source: for tests. */
void cpuid_init_from(cpuid_source_t source);

/**
 * cpuid_exit() - the guest executed CPUID
 * @v: vCPU; EAX and ECX are read, EAX, EBX, ECX and EDX written, upper halves
 *     zeroed.  The caller steps over the instruction.
 */
void cpuid_exit(struct vcpu *v);

/* What the guest's CPUID says, for those who have to agree with it. */
bool cpuid_is_amd(void);
bool cpuid_has_1g_pages(void);
bool cpuid_has_xsaves(void);
unsigned int cpuid_phys_bits(void);

/* Family, model and stepping: leaf 1's EAX. */
u32 cpuid_signature(void);

/* State components that XCR0 may enable; 0 without XSAVE. */
u64 cpuid_xfeatures(void);

/* Is @xcr0 a value that XSETBV may set? SDM vol. 1, 13.3. */
bool xcr0_valid(u64 xcr0);

/* Bits of CR4 and EFER that are not reserved in the model. */
u64 cr4_allowed(void);
u64 efer_allowed(void);

#endif /* HV_CORE_CPUID_H */
