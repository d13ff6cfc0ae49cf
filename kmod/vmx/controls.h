/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this CPU's VMX can do, and what hv makes of it: Intel SDM vol. 3,
 * appendix A, and the tables of controls in chapter 'Virtual machine control
 * structures'.
 */
#ifndef HV_VMX_CONTROLS_H
#define HV_VMX_CONTROLS_H

#include "core/host.h"

/* Words of controls. */
enum vmx_word { VMX_PIN, VMX_PRIMARY, VMX_SECONDARY, VMX_EXITS, VMX_ENTRY, VMX_NR_WORDS };

/* Pin-based: external events. */
#define PIN_INTERRUPTS		BIT(0)
#define PIN_NMI			BIT(3)
#define PIN_VIRTUAL_NMI		BIT(5)
#define PIN_TIMER		BIT(6)
#define PIN_POSTED		BIT(7)

/* Primary processor-based. */
#define PRIMARY_INTR_WINDOW	BIT(2)
#define PRIMARY_TSC_OFFSET	BIT(3)
#define PRIMARY_HLT		BIT(7)
#define PRIMARY_INVLPG		BIT(9)
#define PRIMARY_MWAIT		BIT(10)
#define PRIMARY_RDPMC		BIT(11)
#define PRIMARY_RDTSC		BIT(12)
#define PRIMARY_CR3_LOAD	BIT(15)
#define PRIMARY_CR3_STORE	BIT(16)
#define PRIMARY_TERTIARY	BIT(17)
#define PRIMARY_CR8_LOAD	BIT(19)
#define PRIMARY_CR8_STORE	BIT(20)
#define PRIMARY_TPR_SHADOW	BIT(21)
#define PRIMARY_NMI_WINDOW	BIT(22)
#define PRIMARY_MOV_DR		BIT(23)
#define PRIMARY_IO		BIT(24)
#define PRIMARY_IO_BITMAPS	BIT(25)
#define PRIMARY_TRAP_FLAG	BIT(27)
#define PRIMARY_MSR_BITMAP	BIT(28)
#define PRIMARY_MONITOR		BIT(29)
#define PRIMARY_PAUSE		BIT(30)
#define PRIMARY_SECONDARY	BIT(31)

/* Secondary processor-based. */
#define SECONDARY_APIC_ACCESS	BIT(0)
#define SECONDARY_EPT		BIT(1)
#define SECONDARY_DT		BIT(2)
#define SECONDARY_RDTSCP	BIT(3)
#define SECONDARY_X2APIC	BIT(4)
#define SECONDARY_VPID		BIT(5)
#define SECONDARY_WBINVD	BIT(6)
#define SECONDARY_UNRESTRICTED	BIT(7)
#define SECONDARY_APIC_REGS	BIT(8)
#define SECONDARY_VINTR		BIT(9)
#define SECONDARY_PLE		BIT(10)
#define SECONDARY_RDRAND	BIT(11)
#define SECONDARY_INVPCID	BIT(12)
#define SECONDARY_VMFUNC	BIT(13)
#define SECONDARY_SHADOWING	BIT(14)
#define SECONDARY_ENCLS		BIT(15)
#define SECONDARY_RDSEED	BIT(16)
#define SECONDARY_PML		BIT(17)
#define SECONDARY_VE		BIT(18)
#define SECONDARY_PT_CONCEAL	BIT(19)
#define SECONDARY_XSAVES	BIT(20)
#define SECONDARY_MBEC		BIT(22)
#define SECONDARY_SUBPAGE	BIT(23)
#define SECONDARY_PT_GPA	BIT(24)
#define SECONDARY_TSC_SCALING	BIT(25)
#define SECONDARY_USER_WAIT	BIT(26)
#define SECONDARY_PCONFIG	BIT(27)
#define SECONDARY_ENCLV		BIT(28)

/* VM-exit. */
#define EXITS_SAVE_DEBUG	BIT(2)
#define EXITS_HOST_64		BIT(9)
#define EXITS_LOAD_PERF		BIT(12)
#define EXITS_ACK_INTERRUPT	BIT(15)
#define EXITS_SAVE_PAT		BIT(18)
#define EXITS_LOAD_PAT		BIT(19)
#define EXITS_SAVE_EFER		BIT(20)
#define EXITS_LOAD_EFER		BIT(21)
#define EXITS_SAVE_TIMER	BIT(22)
#define EXITS_CLEAR_BNDCFGS	BIT(23)
#define EXITS_PT_CONCEAL	BIT(24)
#define EXITS_CLEAR_RTIT	BIT(25)
#define EXITS_CLEAR_LBR		BIT(26)
#define EXITS_LOAD_CET		BIT(28)
#define EXITS_LOAD_PKRS		BIT(29)
#define EXITS_SECONDARY		BIT(31)

/* VM-entry. */
#define ENTRY_LOAD_DEBUG	BIT(2)
#define ENTRY_IA32E		BIT(9)
#define ENTRY_SMM		BIT(10)
#define ENTRY_DUAL_MONITOR	BIT(11)
#define ENTRY_LOAD_PERF		BIT(13)
#define ENTRY_LOAD_PAT		BIT(14)
#define ENTRY_LOAD_EFER		BIT(15)
#define ENTRY_LOAD_BNDCFGS	BIT(16)
#define ENTRY_PT_CONCEAL	BIT(17)
#define ENTRY_LOAD_RTIT		BIT(18)
#define ENTRY_LOAD_CET		BIT(20)
#define ENTRY_LOAD_LBR		BIT(21)
#define ENTRY_LOAD_PKRS		BIT(22)

/* IA32_VMX_BASIC */
#define VMX_BASIC_REVISION(b)	((u32)(b) & 0x7fffffff)
#define VMX_BASIC_SIZE(b)	((u32)((b) >> 32) & 0x1fff)
#define VMX_BASIC_MEMORY(b)	((u32)((b) >> 50) & 0xf)
#define VMX_BASIC_INS_INFO	BIT_ULL(54)
#define VMX_BASIC_TRUE		BIT_ULL(55)

/* IA32_VMX_MISC: the TSC shifted right by this drives the VMX-preemption timer. */
#define VMX_MISC_TIMER(m)	((u32)(m) & 0x1f)

/* IA32_VMX_EPT_VPID_CAP */
#define EPT_CAP_4_LEVELS	BIT_ULL(6)
#define EPT_CAP_WB		BIT_ULL(14)
#define EPT_CAP_2M		BIT_ULL(16)
#define EPT_CAP_1G		BIT_ULL(17)
#define EPT_CAP_INVEPT		BIT_ULL(20)
#define EPT_CAP_AD		BIT_ULL(21)
#define EPT_CAP_INVEPT_ONE	BIT_ULL(25)
#define EPT_CAP_INVEPT_ALL	BIT_ULL(26)
#define VPID_CAP_INVVPID	BIT_ULL(32)
#define VPID_CAP_INVVPID_ONE	BIT_ULL(41)
#define VPID_CAP_INVVPID_ALL	BIT_ULL(42)

/**
 * struct vmx_msrs - the capability MSRs as read
 * @basic: IA32_VMX_BASIC
 * @words: by enum vmx_word: the TRUE variant where there is one.  Bits of the lower
 *         half must be 1, those clear in the upper half must be 0.
 * @misc: IA32_VMX_MISC
 * @cr0_fixed0: bits of CR0 that must be 1
 * @cr0_fixed1: bits of CR0 that may be 1
 * @cr4_fixed0: likewise for CR4
 * @cr4_fixed1: likewise
 * @ept_vpid: IA32_VMX_EPT_VPID_CAP
 */
struct vmx_msrs {
	u64 basic;
	u64 words[VMX_NR_WORDS];
	u64 misc;
	u64 cr0_fixed0;
	u64 cr0_fixed1;
	u64 cr4_fixed0;
	u64 cr4_fixed1;
	u64 ept_vpid;
};

/**
 * struct vmx_caps - what is made of them, the same on every CPU
 * @msrs: see above
 * @words: controls that every guest starts with
 * @use_vpid: translations are tagged
 * @virtual_apic: interrupts can be delivered by hardware in x2APIC mode
 * @apic_access: and in xAPIC mode
 * @use_timer: the VMX-preemption timer keeps the guest's TSC deadline
 * @eptp_flags: what goes beside the root's address into the EPT pointer
 */
struct vmx_caps {
	struct vmx_msrs msrs;
	u32 words[VMX_NR_WORDS];
	bool use_vpid;
	bool virtual_apic;
	bool apic_access;
	bool use_timer;
	u64 eptp_flags;
};

/**
 * vmx_resolve() - choose the controls
 * @msrs: the CPU's capabilities
 * @pmu: it has performance counters with a global control
 * @caps: filled in
 *
 * Return: NULL, or a sentence that says what the CPU lacks
 */
const char *vmx_resolve(const struct vmx_msrs *msrs, bool pmu, struct vmx_caps *caps);

#endif /* HV_VMX_CONTROLS_H */
