// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a guest's NMI handler.
 *
 * Without virtual NMIs, an NMI handler's end is an IRET that exits (AMD APM vol. 2,
 * section 15.20), before it has run.  NMIs are blocked until it has: so it is
 * stepped over with TF, which it leaves behind as it loads RFLAGS.
 */
#include "svm/svm.h"

/* What IRET itself may raise, beside #AC, which is intercepted anyway: APM vol. 3, IRET. */
#define IRET_FAULTS	(VMCB_EXCEPTION(VEC_TS) | VMCB_EXCEPTION(VEC_NP) | \
			 VMCB_EXCEPTION(VEC_SS) | VMCB_EXCEPTION(VEC_GP) | VMCB_EXCEPTION(VEC_PF))

bool svm_iret(struct vcpu *v)
{
	struct svm_vcpu *s = to_svm(v);

	if (!(s->vmcb->control.intercept_misc1 & VMCB_IRET))
		return false;
	s->vmcb->control.intercept_misc1 &= ~VMCB_IRET;
	s->iret.stepping = true;
	s->iret.rip = v->rip;
	return true;
}

void svm_iret_entry(struct vcpu *v, struct svm_vcpu *s)
{
	struct vmcb *vmcb = s->vmcb;

	/* Registers were set, or something comes first: then the next IRET is the one. */
	if (v->rip != s->iret.rip || v->inject.valid) {
		s->iret.stepping = false;
		vmcb->control.intercept_misc1 |= VMCB_IRET;
		return;
	}
	s->iret.rsp = v->gpr[HV_RSP];
	s->iret.dr6 = vmcb->save.dr6;
	s->iret.tf = v->rflags & RFLAGS_TF;
	vmcb->save.rflags |= RFLAGS_TF;
	vmcb->control.intercept_exceptions |= IRET_FAULTS;
}

/* The fault goes on to the guest, as it came. */
static void pass_fault(struct vcpu *v, const struct vmcb_control *c, u8 vector)
{
	v->inject = (struct vcpu_event){
		.valid = true, .type = EVENT_EXCEPTION, .vector = vector,
		.has_error = true, .error = c->exit_info1,
	};
	if (vector == VEC_PF)
		v->cr2 = c->exit_info2;
}

/*
 * Is the trap all ours?  What the guest had in DR6 is there again.  (Bochs 2.7 does not
 * set BS where #DB is intercepted.)
 */
static bool is_step(struct svm_vcpu *s)
{
	struct vmcb_save *save = &s->vmcb->save;

	if (s->iret.tf)
		return false;
	save->dr6 = (save->dr6 & ~DR6_BS) | (s->iret.dr6 & DR6_BS);
	return !((save->dr6 ^ s->iret.dr6) & DR6_BREAKPOINTS);
}

void svm_iret_exit(struct vcpu *v, struct svm_vcpu *s)
{
	struct vmcb_control *c = &s->vmcb->control;
	u64 vector = c->exit_code - VMEXIT_EXCEPTION;
	bool fault = vector < 32 && (IRET_FAULTS & VMCB_EXCEPTION(vector));
	/* It pops, so that RSP tells even where it returns to itself. */
	bool moved = v->rip != s->iret.rip || v->gpr[HV_RSP] != s->iret.rsp;
	bool trap = vector == VEC_DB && moved;

	c->intercept_exceptions &= ~IRET_FAULTS;
	/* RFLAGS are those of before, unless the IRET has loaded them. */
	if (!moved)
		v->rflags = (v->rflags & ~RFLAGS_TF) | (s->iret.tf ? RFLAGS_TF : 0);
	if (!moved && !fault)
		return;
	s->iret.stepping = false;
	v->nmi_blocked = false;
	if (fault)
		pass_fault(v, c, vector);
	if (fault || (trap && is_step(s)))
		v->exit.reason = EXIT_IRET;
}
