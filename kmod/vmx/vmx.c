// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Intel VT-x engine: into the guest, and what the core asks of a VMCS.
 */
#include <asm/special_insns.h>

#include "core/host_entry.h"
#include "vmx/check.h"
#include "vmx/insn.h"

static void set_event(const struct vcpu_event *e)
{
	u32 word = e->vector | e->type << VMCS_EVENT_TYPE_SHIFT | VMCS_EVENT_VALID;

	if (!e->valid)
		return;		/* the last exit has cleared the valid bit */
	if (e->has_error) {
		word |= VMCS_EVENT_ERROR;
		vmcs_write32(VMCS_ENTRY_EVENT_ERROR, e->error);
	}
	if (e->insn_len)
		vmcs_write32(VMCS_ENTRY_INSN_LEN, e->insn_len);
	vmcs_write32(VMCS_ENTRY_EVENT, word);
}

/*
 * Blocking by STI or MOV SS is as the exit left it, unless the core has ended
 * it, or an event is injected, which ends it too.  An NMI does the blocking of
 * NMIs itself, and must not find it in force.
 */
static void set_interruptibility(struct vcpu *v, struct vmx_vcpu *s)
{
	bool nmi = v->inject.valid && v->inject.type == EVENT_NMI;
	u32 state = 0;

	if (v->irq_shadow && !v->inject.valid)
		state |= s->interruptibility & (VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS);
	if (v->nmi_blocked && !nmi)
		state |= VMCS_BLOCK_NMI;
	if (state == s->interruptibility)
		return;
	vmcs_write32(VMCS_GUEST_INTERRUPTIBILITY, state);
	s->interruptibility = state;
}

/* Rounded up: an exit that comes before the deadline would be in vain. */
static u64 timer_units(u64 ticks)
{
	if (ticks == ~0ULL)
		return ~0ULL;
	return (ticks >> VMX_MISC_TIMER(vmx_caps.msrs.misc)) + 1;
}

/*
 * The VMX-preemption timer ends the guest's run at its TSC deadline, or where
 * the host's interrupts would not (see deaf_ticks()).
 */
static void set_timer(struct vcpu *v, struct vmx_vcpu *s)
{
	u64 units = vmx_caps.use_timer ? timer_units(lapic_timer_left(&v->lapic)) : ~0ULL;

	s->deaf = vmx_facts.deaf_ticks && !(v->rflags & RFLAGS_IF) &&
		  vmx_facts.deaf_ticks < units;
	if (unlikely(s->deaf))
		units = vmx_facts.deaf_ticks;
	if (units != ~0ULL)
		vmcs_write32(VMCS_PREEMPTION_TIMER, min_t(u64, units, U32_MAX));
	if ((units != ~0ULL) == s->timer)
		return;
	s->timer = units != ~0ULL;
	vmcs_write32(VMCS_PIN_CONTROLS, vmx_caps.words[VMX_PIN] | (s->timer ? PIN_TIMER : 0));
}

static void before_entry(struct vcpu *v, struct vmx_vcpu *s)
{
	vmcs_writen(VMCS_GUEST_RIP, v->rip);
	vmcs_writen(VMCS_GUEST_RSP, v->gpr[HV_RSP]);
	vmcs_writen(VMCS_GUEST_RFLAGS, v->rflags);
	set_interruptibility(v, s);
	set_event(&v->inject);
	vmx_apic_entry(s);
	if (unlikely(s->tsc_offset != v->tsc_offset)) {
		vmcs_write64(VMCS_TSC_OFFSET, v->tsc_offset);
		s->tsc_offset = v->tsc_offset;
	}
	if (unlikely(s->flush))
		vmx_new_tag(s);
	set_timer(v, s);
	if (vmx_facts.l1d == VMX_L1D_ENTRY)
		vmx_flush_l1d();
}

/*
 * An event whose delivery the exit interrupted has to be delivered again
 * (section 'Information for VM exits that occur during event delivery').  RIP is
 * still at the instruction of a software interrupt or exception, and its length
 * goes with it.  In real mode there is no error code, but Bochs (2.7) says there is,
 * and refuses it.
 */
static void keep_event(struct vcpu *v)
{
	u32 word = vmcs_read32(VMCS_VECTORING_EVENT);

	v->inject.valid = false;
	if (likely(!(word & VMCS_EVENT_VALID)))
		return;
	v->inject = (struct vcpu_event){
		.valid = true,
		.type = VMCS_EVENT_TYPE(word),
		.vector = VMCS_EVENT_VECTOR(word),
		.has_error = (word & VMCS_EVENT_ERROR) && (vmcs_readn(VMCS_GUEST_CR0) & CR0_PE),
	};
	if (v->inject.has_error)
		v->inject.error = vmcs_read32(VMCS_VECTORING_EVENT_ERROR);
	if (v->inject.type >= EVENT_SOFT_INTR)
		v->inject.insn_len = vmcs_read32(VMCS_EXIT_INSN_LEN);
}

static void after_exit(struct vcpu *v, struct vmx_vcpu *s)
{
	s->launched = true;
	v->rip = vmcs_readn(VMCS_GUEST_RIP);
	v->gpr[HV_RSP] = vmcs_readn(VMCS_GUEST_RSP);
	v->rflags = vmcs_readn(VMCS_GUEST_RFLAGS);
	s->interruptibility = vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY);
	v->irq_shadow = s->interruptibility & (VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS);
	v->nmi_blocked = s->interruptibility & VMCS_BLOCK_NMI;
	vmx_apic_exit(s);
	keep_event(v);
}

/* NMIs stay blocked until an IRET: the host's handler comes before any other could. */
static __always_inline void pass_nmi(struct vmx_vcpu *s)
{
	bool failed;
	u32 event;

	s->reason = vmread_raw(VMCS_EXIT_REASON, &failed);
	if (unlikely(failed))
		s->reason = VMX_EXIT_NONE;
	if (likely(s->reason != VMX_EXIT_EXCEPTION))
		return;
	event = vmread_raw(VMCS_EXIT_EVENT, &failed);
	if (!failed && VMCS_EVENT_TYPE(event) == EVENT_NMI)
		host_nmi();
}

/* RCU looks away from entry to exit, and so must whoever could trace or probe. */
static noinstr bool enter(struct vcpu *v, bool launched)
{
	bool refused;

	host_guest_enter();
	if (v->cr2 != native_read_cr2())
		native_write_cr2(v->cr2);
	refused = vmx_enter(v, launched);
	v->cr2 = native_read_cr2();
	host_guest_exit();
	if (!refused)
		pass_nmi(to_vmx(v));
	return refused;
}

/* The page that the core needs for the guest's PDPTEs, as if the CPU had missed it. */
static void pdptes_missing(struct vcpu *v)
{
	v->exit = (struct exit){
		.reason = EXIT_S2_FAULT,
		.hw_code = VMX_EXIT_EPT_VIOLATION,
		.s2 = { .gpa = vmx_cr(v, 3) & GENMASK_ULL(31, 5), .walk = true },
	};
}

/* VMfail: the guest was not entered at all, and the VMCS is as it was. */
static void refused(struct vcpu *v)
{
	u32 error = vmcs_read32(VMCS_INSN_ERROR);

	v->exit = (struct exit){ .reason = EXIT_ENTRY_FAILED, .hw_code = error };
	vmx_explain_error(error, &v->exit.refused);
}

static void vmx_run(struct vcpu *v)
{
	struct vmx_vcpu *s = to_vmx(v);

	if (unlikely(s->pdptes_stale) && !vmx_load_pdptes(s)) {
		pdptes_missing(v);
		return;
	}
	before_entry(v, s);
	if (unlikely(enter(v, s->launched))) {
		refused(v);
		return;
	}
	after_exit(v, s);
	vmx_decode(s, s->reason, &v->exit);
}

static bool vmx_can_interrupt(struct vcpu *v)
{
	return (v->rflags & RFLAGS_IF) && !v->irq_shadow && !v->inject.valid;
}

static void vmx_window(struct vcpu *v, bool open)
{
	vmx_set_primary(to_vmx(v), PRIMARY_INTR_WINDOW, open);
}

static void vmx_nmi_window(struct vcpu *v, bool open)
{
	vmx_set_primary(to_vmx(v), PRIMARY_NMI_WINDOW, open);
}

/* NMIs are virtual: the window opens when nothing blocks them any more. */
static bool vmx_iret(struct vcpu *v)
{
	vmx_nmi_window(v, false);
	return false;
}

/* The trap is injected, so that none is pending any more. */
static void vmx_single_step(struct vcpu *v)
{
	struct vmx_vcpu *s = to_vmx(v);

	vmx_set_dr6(s, vmx_dr6(s) | DR6_BS);
	vmcs_writen(VMCS_GUEST_PENDING_DEBUG, 0);
}

static void vmx_flush(struct vcpu *v)
{
	to_vmx(v)->flush = true;
}

static u64 vmx_efer(struct vcpu *v)
{
	return vmcs_read64(VMCS_GUEST_EFER);
}

static void vmx_set_efer(struct vcpu *v, u64 value)
{
	vmcs_write64(VMCS_GUEST_EFER, value);
	vmx_flush(v);
}

/* SS's DPL: section 'Guest register state'. */
static unsigned int vmx_cpl(struct vcpu *v)
{
	return vmcs_read32(VMCS_GUEST_ES_ACCESS + VMCS_NEXT * SEG_SS) >> 5 & 3;
}

static u64 vmx_pat(struct vcpu *v)
{
	return vmcs_read64(VMCS_GUEST_PAT);
}

static void vmx_set_pat(struct vcpu *v, u64 value)
{
	vmcs_write64(VMCS_GUEST_PAT, value);
}

/* Written before the next entry: no VMCS may be current here. */
static void vmx_set_tsc_offset(struct vcpu *v)
{
}

const struct engine_ops vmx_engine = {
	.name = "vmx",
	.id = HV_ENGINE_VMX,
	.s2_format = &s2_format_ept,
	.vcpu_size = sizeof(struct vmx_vcpu),
	.unsupported = vmx_unsupported,
	.setup = vmx_setup,
	.teardown = vmx_teardown,
	.cpu_probe = vmx_cpu_probe,
	.root_hold = vmx_root_hold,
	.root_drop = vmx_root_drop,
	.info = vmx_info,
	.vcpu_init = vmx_vcpu_init,
	.vcpu_free = vmx_vcpu_free,
	.set_state = vmx_set_state,
	.get_state = vmx_get_state,
	.put_state = vmx_put_state,
	.root_take = vmx_root_take,
	.root_give = vmx_root_give,
	.run = vmx_run,
	.can_interrupt = vmx_can_interrupt,
	.window = vmx_window,
	.nmi_window = vmx_nmi_window,
	.iret = vmx_iret,
	.single_step = vmx_single_step,
	.flush = vmx_flush,
	.load_debug = vmx_load_debug,
	.cr = vmx_cr,
	.set_cr = vmx_set_cr,
	.efer = vmx_efer,
	.set_efer = vmx_set_efer,
	.cpl = vmx_cpl,
	.segment = vmx_get_segment,
	.pat = vmx_pat,
	.set_pat = vmx_set_pat,
	.set_tsc_offset = vmx_set_tsc_offset,
};
