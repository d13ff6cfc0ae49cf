// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the checks of vmx/check.c look at, from the VMCS.
 */
#include "core/cpuid.h"
#include "vmx/check.h"
#include "vmx/insn.h"

#define ERROR_CONTROLS	7

static void read_segments(struct vmx_entry_state *st)
{
	enum hv_seg seg;

	for (seg = SEG_ES; seg < NR_SEGS; seg++) {
		st->seg[seg].selector = vmcs_read16(VMCS_GUEST_ES_SELECTOR + VMCS_NEXT * seg);
		st->seg[seg].base = vmcs_readn(VMCS_GUEST_ES_BASE + VMCS_NEXT * seg);
		st->seg[seg].limit = vmcs_read32(VMCS_GUEST_ES_LIMIT + VMCS_NEXT * seg);
		st->seg[seg].access = vmcs_read32(VMCS_GUEST_ES_ACCESS + VMCS_NEXT * seg);
	}
	st->gdtr_base = vmcs_readn(VMCS_GUEST_GDTR_BASE);
	st->gdtr_limit = vmcs_read32(VMCS_GUEST_GDTR_LIMIT);
	st->idtr_base = vmcs_readn(VMCS_GUEST_IDTR_BASE);
	st->idtr_limit = vmcs_read32(VMCS_GUEST_IDTR_LIMIT);
}

static void read_registers(struct vmx_entry_state *st)
{
	st->cr0 = vmcs_readn(VMCS_GUEST_CR0);
	st->cr3 = vmcs_readn(VMCS_GUEST_CR3);
	st->cr4 = vmcs_readn(VMCS_GUEST_CR4);
	st->efer = vmcs_read64(VMCS_GUEST_EFER);
	st->pat = vmcs_read64(VMCS_GUEST_PAT);
	st->debugctl = vmcs_read64(VMCS_GUEST_DEBUGCTL);
	st->dr7 = vmcs_readn(VMCS_GUEST_DR7);
	st->rip = vmcs_readn(VMCS_GUEST_RIP);
	st->rflags = vmcs_readn(VMCS_GUEST_RFLAGS);
	st->sysenter_esp = vmcs_readn(VMCS_GUEST_SYSENTER_ESP);
	st->sysenter_eip = vmcs_readn(VMCS_GUEST_SYSENTER_EIP);
}

static void read_rest(struct vmx_entry_state *st)
{
	unsigned int i;

	st->entry_controls = vmcs_read32(VMCS_ENTRY_CONTROLS);
	st->event = vmcs_read32(VMCS_ENTRY_EVENT);
	st->insn_len = vmcs_read32(VMCS_ENTRY_INSN_LEN);
	st->activity = vmcs_read32(VMCS_GUEST_ACTIVITY);
	st->interruptibility = vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY);
	st->pending_debug = vmcs_readn(VMCS_GUEST_PENDING_DEBUG);
	st->link_pointer = vmcs_read64(VMCS_LINK_POINTER);
	for (i = 0; i < 4; i++)
		st->pdpte[i] = vmcs_read64(VMCS_GUEST_PDPTE0 + VMCS_NEXT * i);
}

static void read_all(struct vmx_entry_state *st)
{
	memset(st, 0, sizeof(*st));
	st->fixed.cr0_0 = vmx_caps.msrs.cr0_fixed0;
	st->fixed.cr0_1 = vmx_caps.msrs.cr0_fixed1;
	st->fixed.cr4_0 = vmx_caps.msrs.cr4_fixed0;
	st->fixed.cr4_1 = vmx_caps.msrs.cr4_fixed1;
	st->phys_bits = cpuid_phys_bits();
	read_registers(st);
	read_segments(st);
	read_rest(st);
}

void vmx_explain_state(struct vmx_vcpu *s, struct exit_refusal *r)
{
	struct vmx_entry_state st;

	read_all(&st);
	vmx_check_state(&st, r);
}

void vmx_explain_error(u32 error, struct exit_refusal *r)
{
	struct vmx_entry_state st;

	if (error == ERROR_CONTROLS) {
		read_all(&st);
		vmx_check_event(&st, r);
		return;
	}
	r->what = "VM-instruction error";
	r->value = error;
	r->rule = vmx_error_name(error) ?: "not a number that hv knows";
}
