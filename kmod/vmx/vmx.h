/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intel VT-x, inside: what the engine's files share.
 */
#ifndef HV_VMX_VMX_H
#define HV_VMX_VMX_H

#include <linux/percpu.h>
#include <asm/desc_defs.h>

#include "core/engine.h"
#include "vmx/controls.h"
#include "vmx/vmcs.h"

/* MSRs that the hardware does not switch and the guest reaches without an exit. */
enum vmx_msr { VMX_STAR, VMX_LSTAR, VMX_CSTAR, VMX_FMASK, VMX_KERNEL_GS, VMX_NR_MSRS };

/**
 * enum vmx_apic_mode - what the hardware does of the local APIC
 * @VMX_APIC_OFF: reads of CR8
 * @VMX_APIC_PAGE: accesses to its page exit as such, since there is one
 * @VMX_APIC_X: it delivers interrupts, and answers in that page
 * @VMX_APIC_X2: it delivers interrupts, and answers RDMSR and WRMSR
 */
enum vmx_apic_mode { VMX_APIC_OFF, VMX_APIC_PAGE, VMX_APIC_X, VMX_APIC_X2 };

/**
 * struct vmx_vcpu - a vCPU on this engine
 * @vcpu: first, so that core and engine convert at no cost
 * @host_rsp: as it stands in the VMCS; entry.S writes it on change
 * @vmcs: control structure; constant
 * @vmcs_pa: as VMPTRLD takes it; constant
 * @virtual_apic: the virtual-APIC page; constant
 * @initial: what the first entry starts with, while @fresh
 * @fresh: @initial and the controls are to be written into the VMCS
 * @init: ... but not the MSRs, which an INIT leaves alone
 * @launched: VMRESUME, not VMLAUNCH
 * @primary: primary controls, as they stand in the VMCS
 * @interruptibility: likewise
 * @tsc_offset: likewise
 * @eoi_exits: likewise
 * @secondary: secondary controls but for those of @apic_mode
 * @apic_mode: likewise
 * @reason: of the last exit
 * @status: GUEST_INTERRUPT_STATUS; 0: nothing in the page is requested or in service
 * @lent_irr: the requests that were lent at the last entry
 * @host_cpu: host CPU whose state is in the VMCS; -1: none
 * @vpid_generation: of the VPID in the VMCS, on @host_cpu
 * @flush: translations have to go before the next entry
 * @timer: the VMX-preemption timer is in force, in the VMCS
 * @deaf: for the host's sake, not the guest's
 * @pdptes_stale: the PDPTEs have to be read from the guest's memory
 * @msrs: by enum vmx_msr, while not loaded
 * @dr: DR0 to DR3 while not loaded
 * @dr6: likewise
 * @dr_loaded: the guest has the debug registers
 */
struct vmx_vcpu {
	struct vcpu vcpu;
	u64 host_rsp;
	void *vmcs;
	u64 vmcs_pa;
	void *virtual_apic;
	struct hv_vcpu_state initial;
	bool fresh;
	bool init;
	bool launched;
	u32 primary;
	u32 interruptibility;
	u64 tsc_offset;
	u64 eoi_exits[LAPIC_MAP_WORDS];
	u32 secondary;
	enum vmx_apic_mode apic_mode;
	u32 reason;
	u16 status;
	unsigned long lent_irr[LAPIC_MAP_WORDS];
	int host_cpu;
	u64 vpid_generation;
	bool flush;
	bool timer;
	bool deaf;
	bool pdptes_stale;
	u64 msrs[VMX_NR_MSRS];
	u64 dr[4];
	u64 dr6;
	bool dr_loaded;
};

static inline struct vmx_vcpu *to_vmx(struct vcpu *v)
{
	return container_of(v, struct vmx_vcpu, vcpu);
}

/**
 * struct vmx_cpu - what a host CPU needs to enter guests, and what it gets back
 * @vmxon: VMXON region, one page
 * @vmxon_pa: as VMXON takes it
 * @held: root stays on between sections
 * @borrowed: root is another owner's, who gets it back as it was
 * @their_vmcs: that was current then; VMX_NO_VMCS: none
 * @generation: raised when the VPIDs have run out and all are flushed
 * @next_vpid: not used in this generation yet
 * @gdtr: the host's: VM exits set the limits to 64 KiB
 * @idtr: likewise
 * @ldtr: the host's: VM exits load none
 * @msrs: the host's, by enum vmx_msr
 * @debugctl: the host's: VM exits clear it
 * @test_ctrl: the host's, where it detects split locks
 */
struct vmx_cpu {
	void *vmxon;
	u64 vmxon_pa;
	bool held;
	bool borrowed;
	u64 their_vmcs;
	u64 generation;
	u32 next_vpid;
	struct desc_ptr gdtr;
	struct desc_ptr idtr;
	u16 ldtr;
	u64 msrs[VMX_NR_MSRS];
	u64 debugctl;
	u64 test_ctrl;
};

#define VMX_NO_VMCS	(~0ULL)

/* When the L1 data cache is flushed, against L1TF, and how much is read where no MSR does it. */
enum vmx_l1d { VMX_L1D_NEVER, VMX_L1D_SECTION, VMX_L1D_ENTRY };

#define VMX_L1D_PAGES	16

/**
 * struct vmx_facts - what the host's kernel says; constant after load
 * @l1d: enum vmx_l1d
 * @l1d_msr: by MSR_IA32_FLUSH_CMD; else by reading @l1d_pages
 * @l1d_pages: 64 KiB of nothing
 * @split_lock: the kernel uses MSR_TEST_CTRL to detect split locks
 * @itlb_multihit: a guest's code in large pages can bring the host down
 * @deaf_ticks: of the VMX-preemption timer, a millisecond, where a guest that is entered
 *	with RFLAGS.IF clear keeps the host's interrupts out; 0: it does not
 */
struct vmx_facts {
	u8 l1d;
	bool l1d_msr;
	const u8 *l1d_pages;
	bool split_lock;
	bool itlb_multihit;
	u32 deaf_ticks;
};

extern struct vmx_caps vmx_caps;
extern struct vmx_facts vmx_facts;
extern u64 vmx_msr_bitmap_pa;
extern u64 vmx_msr_bitmap_x2_pa;
DECLARE_PER_CPU(struct vmx_cpu, vmx_cpus);

/* host.c: memory, probing, root. */
const char *vmx_unsupported(void);
int vmx_setup(void);
void vmx_teardown(void);
const char *vmx_locked_off(void);
u32 vmx_info(void);
int vmx_vcpu_init(struct vcpu *v);
void vmx_vcpu_free(struct vcpu *v);
void vmx_get_state(struct vcpu *v, struct hv_vcpu_state *state);
void vmx_put_state(struct vcpu *v, const struct hv_vcpu_state *state);
void vmx_read_msrs(struct vmx_msrs *m);

/*
 * root.c: core.  vmx_root_on() enters VMX operation on this CPU, or borrows it of
 * another owner: 0, -ESHUTDOWN where the host goes down, -EOPNOTSUPP where the CPU
 * refuses.  Interrupts off.
 */
int vmx_cpu_probe(void);
int vmx_root_hold(void);
void vmx_root_drop(bool emergency);
int vmx_root_on(struct vmx_cpu *c);
void vmx_root_off(struct vmx_cpu *c);
bool vmx_root_take(struct vcpu *v);
void vmx_root_give(struct vcpu *v);
void vmx_new_tag(struct vmx_vcpu *s);

/* An instruction of VMX failed, or faulted: a word in the log unless the host goes down. */
void vmx_failed(const char *insn, u64 operand);

/* unswitched.c: core. What VM entries and exits leave alone, or do not put back. */
void vmx_save_host(struct vmx_vcpu *s, struct vmx_cpu *c);
void vmx_restore_host(struct vmx_vcpu *s, struct vmx_cpu *c);
void vmx_write_host_state(bool all);
void vmx_load_debug(struct vcpu *v);
u64 vmx_dr6(struct vmx_vcpu *s);
void vmx_set_dr6(struct vmx_vcpu *s, u64 value);
void vmx_flush_l1d(void);

/* state.c: core. */
void vmx_set_state(struct vcpu *v, const struct hv_vcpu_state *state, bool init);
void vmx_read_state(struct vmx_vcpu *s, struct hv_vcpu_state *state);
void vmx_write_state(struct vmx_vcpu *s, const struct hv_vcpu_state *state);
void vmx_apply_state(struct vmx_vcpu *s);
u64 vmx_cr(struct vcpu *v, unsigned int nr);
void vmx_set_cr(struct vcpu *v, unsigned int nr, u64 value);
void vmx_get_segment(struct vcpu *v, enum hv_seg seg, struct hv_segment *s);
bool vmx_load_pdptes(struct vmx_vcpu *s);

/*
 * apic.c: core.  Registers of the local APIC, by enum lapic_reg, that a guest in
 * x2APIC mode reads without an exit, beside TPR, PPR, ISR, TMR and IRR.
 */
#define VMX_NR_APIC_READS	13

extern const u8 vmx_apic_reads[VMX_NR_APIC_READS];
void vmx_apic_entry(struct vmx_vcpu *s);
void vmx_apic_exit(struct vmx_vcpu *s);
bool vmx_apic_has_page(struct vmx_vcpu *s);
u32 vmx_apic_written(struct vmx_vcpu *s, u16 offset);

/* exit.c: core. */
void vmx_decode(struct vmx_vcpu *s, u32 reason, struct exit *exit);

/* entry.S: true where the CPU would not enter. */
bool vmx_enter(struct vcpu *v, bool launched);
extern const u8 vmx_vmexit[];

#endif /* HV_VMX_VMX_H */
