/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why the CPU refused to enter the guest, in words.
 */
#ifndef HV_VMX_CHECK_H
#define HV_VMX_CHECK_H

#include "core/vcpu.h"

struct vmx_vcpu;

struct vmx_entry_segment {
	u64 selector;
	u64 base;
	u64 limit;
	u64 access;
};

/**
 * struct vmx_entry_state - what VM entry checks of the guest-state area
 * @fixed: what the CPU allows in CR0 and CR4, from its capability MSRs
 * @phys_bits: width of the host's physical addresses
 * @entry_controls: VM-entry controls
 * @event: VM-entry interruption information
 * @insn_len: VM-entry instruction length
 *
 * The rest is named as the fields are; see struct hv_vcpu_state.
 */
struct vmx_entry_state {
	struct {
		u64 cr0_0, cr0_1, cr4_0, cr4_1;
	} fixed;
	u64 phys_bits;
	u64 entry_controls;
	u64 event;
	u64 insn_len;
	u64 cr0, cr3, cr4, efer, pat, debugctl, dr7;
	u64 rip, rflags;
	u64 sysenter_esp, sysenter_eip;
	struct vmx_entry_segment seg[NR_SEGS];
	u64 gdtr_base, gdtr_limit;
	u64 idtr_base, idtr_limit;
	u64 activity, interruptibility, pending_debug;
	u64 link_pointer;
	u64 pdpte[4];
};

/*
 * The first of SDM vol. 3's checks, 'Checks on the guest state area', that
 * @state does not pass, or a word that none was found.
 */
void vmx_check_state(const struct vmx_entry_state *state, struct exit_refusal *r);

/* Likewise for 'Checks on VM-entry control fields': the event to inject. */
void vmx_check_event(const struct vmx_entry_state *state, struct exit_refusal *r);

/* What a VM-instruction error number stands for; NULL for one that is not known. */
const char *vmx_error_name(u32 error);

/* The VMCS is current: reads what it takes, and does the above. */
void vmx_explain_state(struct vmx_vcpu *s, struct exit_refusal *r);
void vmx_explain_error(u32 error, struct exit_refusal *r);

#endif /* HV_VMX_CHECK_H */
