/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's paravirtual interface beside the clock (Documentation/virt/kvm/x86,
 * cpuid.rst, msr.rst and hypercalls.rst): steal time, EOI without an exit, IPIs
 * and TLB flushes for many processors at once, and kicks for those that halt in
 * a spinlock.  Each is there if the guest was made with its bit (enum hv_pv).
 */
#ifndef HV_CORE_PV_H
#define HV_CORE_PV_H

#include <linux/hv_netlink.h>

#include "core/host.h"

struct vcpu;

#define PV_MSR_STEAL	0x4b564d03U	/* MSR_KVM_STEAL_TIME */
#define PV_MSR_EOI	0x4b564d04U	/* MSR_KVM_PV_EOI_EN */

#define PV_ALL		(BIT(HV_PV_CLOCK) | BIT(HV_PV_CLOCK_STABLE) | BIT(HV_PV_STEAL_TIME) | \
			 BIT(HV_PV_EOI) | BIT(HV_PV_IPI) | BIT(HV_PV_TLB_FLUSH) | \
			 BIT(HV_PV_UNHALT))

/**
 * struct pv - one vCPU's half of the interface
 * @steal: what the guest wrote to PV_MSR_STEAL: gpa, bit 0 enables
 * @eoi: what it wrote to PV_MSR_EOI: likewise
 * @waited: host_steal() when the guest was last told
 * @eoi_offered: the guest may end the interrupt in service by a bit in its memory
 * @kicked: a halt ends, or the next one does not begin; set by others
 */
struct pv {
	u64 steal;
	u64 eoi;
	u64 waited;
	bool eoi_offered;
	bool kicked;
};

void pv_reset(struct vcpu *v);

/* KVM's feature bits (leaf 0x40000101, EAX); 0: the interface is not there at all. */
u32 pv_features(const struct vcpu *v);

/* The guest's RDMSR and WRMSR: false for #GP. */
bool pv_read(struct vcpu *v, u32 msr, u64 *value);
bool pv_write(struct vcpu *v, u32 msr, u64 value);

/* Does writing @value to @msr need a page that is not mapped yet? Then v->fill_gpa is set. */
bool pv_needs_fill(struct vcpu *v, u32 msr, u64 value);

/*
 * A core section begins: tell the guest how long it waited for a CPU, and flush
 * what others wanted flushed meanwhile.  It ends: others need not wait for this
 * vCPU's flushes.  Interrupts off.
 */
void pv_section_begin(struct vcpu *v);
void pv_section_end(struct vcpu *v);

/* Around each entry. */
void pv_offer_eoi(struct vcpu *v);
void pv_collect_eoi(struct vcpu *v);

/* A hypercall: true if it is one of KVM's that the guest has, and *@result goes to RAX. */
bool pv_hypercall(struct vcpu *v, s64 *result);

#endif /* HV_CORE_PV_H */
