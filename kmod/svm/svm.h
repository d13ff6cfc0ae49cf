/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD-V, inside: what the engine's files share.
 */
#ifndef HV_SVM_SVM_H
#define HV_SVM_SVM_H

#include <linux/percpu.h>

#include "core/engine.h"
#include "svm/vmcb.h"

/**
 * struct svm_iret - an NMI handler's IRET that is stepped over
 * @stepping: there is one: the rest counts
 * @tf: the guest's own TF before it
 * @rip: where it is
 * @rsp: the guest's RSP before it
 * @dr6: the guest's DR6 before it
 */
struct svm_iret {
	bool stepping;
	bool tf;
	u64 rip;
	u64 rsp;
	u64 dr6;
};

/**
 * struct svm_vcpu - a vCPU on this engine
 * @vcpu: first, so that core and engine convert at no cost
 * @vmcb: control block; constant
 * @vmcb_pa: as VMRUN takes it; constant
 * @asid_cpu: host CPU that @asid_generation counts on; -1: none yet
 * @asid_generation: of the ASID in the VMCB
 * @flush: translations have to go before the next entry
 * @dr: DR0 to DR3 while not loaded
 * @dr_loaded: the guest has the debug registers
 * @iret: an NMI handler's IRET that is stepped over, see iret.c
 */
struct svm_vcpu {
	struct vcpu vcpu;
	struct vmcb *vmcb;
	u64 vmcb_pa;
	int asid_cpu;
	u64 asid_generation;
	bool flush;
	u64 dr[4];
	bool dr_loaded;
	struct svm_iret iret;
};

static inline struct svm_vcpu *to_svm(struct vcpu *v)
{
	return container_of(v, struct svm_vcpu, vcpu);
}

/**
 * struct svm_cpu - what a host CPU needs to enter guests
 * @hsave: host save area, one page (APM vol. 2, section 15.30.4)
 * @host_vmcb: VMSAVE's place for the host's FS, GS, TR, LDTR and SYSCALL MSRs
 * @scrub: a guest that ends before its first instruction: what its entry flushes
 * @generation: raised when the ASIDs have run out, or somebody else used them
 * @next_asid: not used in this generation yet
 * @hsave_pa: as the MSR takes it
 * @host_vmcb_pa: as VMSAVE takes it
 * @scrub_pa: as VMRUN takes it
 * @held: root stays on between core sections, and nobody else has it
 * @borrowed: another owner had root when this section began, and gets it back
 * @found_hsave: VM_HSAVE_PA when this section began
 * @found_ratio: MSR TSC_RATIO likewise, where @borrowed
 */
struct svm_cpu {
	void *hsave;
	struct vmcb *host_vmcb;
	struct vmcb *scrub;
	u64 generation;
	u32 next_asid;
	u64 hsave_pa;
	u64 host_vmcb_pa;
	u64 scrub_pa;
	bool held;
	bool borrowed;
	u64 found_hsave;
	u64 found_ratio;
};

/**
 * struct svm_caps - what CPUID 8000_000A says
 * @features: EDX
 * @nr_asids: EBX
 * @virtual_intr: external interrupts go in as virtual ones: set_event()
 */
struct svm_caps {
	u32 features;
	u32 nr_asids;
	bool virtual_intr;
};

/* MSR VM_CR: APM vol. 2, section 15.30.1 */
#define VM_CR_SVMDIS		BIT_ULL(4)

/* MSR TSC_RATIO, a host's that is 1 until somebody sets it: section 15.30.5 */
#define TSC_RATIO_ONE		BIT_ULL(32)

#define SVM_CPUID_NPT		BIT(0)
#define SVM_CPUID_NRIP		BIT(3)
#define SVM_CPUID_TSC_RATE	BIT(4)
#define SVM_CPUID_VMCB_CLEAN	BIT(5)
#define SVM_CPUID_FLUSH_ASID	BIT(6)
#define SVM_CPUID_DECODE	BIT(7)
#define SVM_CPUID_PAUSE_FILTER	BIT(10)
#define SVM_CPUID_PAUSE_THRESHOLD BIT(12)

extern struct svm_caps svm_caps;
DECLARE_PER_CPU(struct svm_cpu, svm_cpus);

/* host.c: memory, probing, root. */
const char *svm_unsupported(void);
int svm_setup(void);
void svm_teardown(void);
u32 svm_info(void);
int svm_vcpu_init(struct vcpu *v);
void svm_vcpu_free(struct vcpu *v);

/* root.c: core. */
int svm_cpu_probe(void);
int svm_root_hold(void);
void svm_root_drop(bool emergency);
bool svm_root_take(struct vcpu *v);
void svm_root_give(struct vcpu *v);
void svm_load_debug(struct vcpu *v);

/* state.c: core. */
void svm_set_intercepts(struct vmcb_control *c);
void svm_set_state(struct vcpu *v, const struct hv_vcpu_state *state, bool init);
void svm_put_state(struct vcpu *v, const struct hv_vcpu_state *state);
void svm_get_state(struct vcpu *v, struct hv_vcpu_state *state);

/* exit.c: core. */
void svm_decode(struct svm_vcpu *s, struct exit *exit);

/* iret.c: core. Of a vCPU that is stepping: behind all else before entry, and at exit. */
bool svm_iret(struct vcpu *v);
void svm_iret_entry(struct vcpu *v, struct svm_vcpu *s);
void svm_iret_exit(struct vcpu *v, struct svm_vcpu *s);

/* entry.S */
void svm_enter(struct vcpu *v, u64 guest_vmcb, u64 host_vmcb);
void svm_scrub(u64 guest_vmcb);
void svm_stgi(void);

/* I/O and MSR permission maps, as the VMCB takes them. */
extern u64 svm_iopm_pa;
extern u64 svm_msrpm_pa;

#endif /* HV_SVM_SVM_H */
