// SPDX-License-Identifier: GPL-2.0-only
/*
 * From exit codes (AMD APM vol. 2, appendix C) to the common struct exit.
 */
#include "svm/svm.h"

/* Exits that carry nothing: reason, and the instruction's length where it has only one encoding. */
static const u8 plain_reasons[] = {
	[VMEXIT_INTR - VMEXIT_INTR] = EXIT_INTR,
	[VMEXIT_NMI - VMEXIT_INTR] = EXIT_NMI,
	[VMEXIT_SMI - VMEXIT_INTR] = EXIT_INTR,
	[VMEXIT_INIT - VMEXIT_INTR] = EXIT_INIT,
	[VMEXIT_VINTR - VMEXIT_INTR] = EXIT_WINDOW,
	[VMEXIT_RDPMC - VMEXIT_INTR] = EXIT_GP,
	[VMEXIT_CPUID - VMEXIT_INTR] = EXIT_CPUID,
	[VMEXIT_IRET - VMEXIT_INTR] = EXIT_IRET,
	[VMEXIT_INVD - VMEXIT_INTR] = EXIT_INVD,
	[VMEXIT_PAUSE - VMEXIT_INTR] = EXIT_PAUSE,
	[VMEXIT_HLT - VMEXIT_INTR] = EXIT_HLT,
	[VMEXIT_INVLPGA - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_TASK_SWITCH - VMEXIT_INTR] = EXIT_TASK_SWITCH,
	[VMEXIT_SHUTDOWN - VMEXIT_INTR] = EXIT_TRIPLE,
	[VMEXIT_VMRUN - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_VMMCALL - VMEXIT_INTR] = EXIT_HYPERCALL,
	[VMEXIT_VMLOAD - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_VMSAVE - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_STGI - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_CLGI - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_SKINIT - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_RDTSCP - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_WBINVD - VMEXIT_INTR] = EXIT_INVD,
	[VMEXIT_MONITOR - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_MWAIT - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_MWAIT_ARMED - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_XSETBV - VMEXIT_INTR] = EXIT_XSETBV,
	[VMEXIT_RDPRU - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_INVLPGB - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_INVLPGB_BAD - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_INVPCID - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_MCOMMIT - VMEXIT_INTR] = EXIT_UD,
	[VMEXIT_TLBSYNC - VMEXIT_INTR] = EXIT_UD,
};

static void decode_io(const struct vmcb_control *c, struct exit *exit)
{
	u64 info = c->exit_info1;
	bool assists = svm_caps.features & SVM_CPUID_DECODE;

	exit->reason = info & VMCB_IO_STRING ? EXIT_PIO_STRING : EXIT_PIO;
	exit->pio.port = VMCB_IO_PORT(info);
	exit->pio.size = VMCB_IO_SIZE(info);
	exit->pio.in = info & VMCB_IO_IN;
	exit->pio.rep = info & VMCB_IO_REP;
	exit->pio.addr_size = assists ? VMCB_IO_ADDR(info) * 2 : 0;
	exit->pio.seg = assists ? (int)VMCB_IO_SEG(info) : -1;
}

static void decode_npf(const struct vmcb_control *c, struct exit *exit)
{
	u64 info = c->exit_info1;

	exit->reason = EXIT_S2_FAULT;
	exit->s2.gpa = c->exit_info2;
	exit->s2.access = (info & VMCB_NPF_WRITE ? ACCESS_WRITE : 0) |
			  (info & VMCB_NPF_FETCH ? ACCESS_FETCH : 0) |
			  (info & VMCB_NPF_USER ? ACCESS_USER : 0);
	exit->s2.walk = info & VMCB_NPF_WALK;
	exit->s2.apic_page = false;
	exit->s2.bytes_len = 0;
	if (!(svm_caps.features & SVM_CPUID_DECODE))
		return;
	exit->s2.bytes_len = min_t(u8, c->insn_len & 0xf, sizeof(exit->s2.bytes));
	memcpy(exit->s2.bytes, c->insn_bytes, sizeof(exit->s2.bytes));
}

static void decode_cr_write(const struct vmcb_control *c, struct exit *exit)
{
	exit->reason = EXIT_CR_WRITE;
	exit->cr.cr = c->exit_code - VMEXIT_CR_WRITE;
	exit->cr.gpr = -1;
	if ((svm_caps.features & SVM_CPUID_DECODE) && (c->exit_info1 & VMCB_MOV_CR_VALID))
		exit->cr.gpr = c->exit_info1 & 0xf;
}

static void decode_exception(const struct vmcb_control *c, struct exit *exit)
{
	switch (c->exit_code - VMEXIT_EXCEPTION) {
	case VEC_DB:
		exit->reason = EXIT_DB;
		break;
	case VEC_UD:
		exit->reason = EXIT_UD_FAULT;
		break;
	case VEC_AC:
		exit->reason = EXIT_AC;
		exit->exception.error_code = c->exit_info1;
		break;
	case VEC_MC:
		exit->reason = EXIT_MCE;
		break;
	}
}

/* The CPU does not say why. */
static void decode_refused(struct exit *exit)
{
	exit->reason = EXIT_ENTRY_FAILED;
	exit->refused = (struct exit_refusal){ };
}

/*
 * Length of the instruction that exited: saved by the CPU, or told apart by
 * EXITINFO2 for IN and OUT (section 15.10.2), or 0 for the common decoder.
 */
static u8 insn_len(const struct vmcb *vmcb, enum exit_reason reason)
{
	u64 next = 0;

	if (reason == EXIT_PIO || reason == EXIT_PIO_STRING)
		next = vmcb->control.exit_info2;
	else if (svm_caps.features & SVM_CPUID_NRIP)
		next = vmcb->control.next_rip;
	if (next - vmcb->save.rip > 15)
		return 0;
	return next - vmcb->save.rip;
}

static void decode_code(const struct vmcb_control *c, struct exit *exit)
{
	u64 code = c->exit_code;

	exit->reason = EXIT_UNKNOWN;
	if (code - VMEXIT_INTR < ARRAY_SIZE(plain_reasons))
		exit->reason = plain_reasons[code - VMEXIT_INTR];
	if (code == VMEXIT_IOIO)
		decode_io(c, exit);
	else if (code == VMEXIT_MSR)
		exit->reason = c->exit_info1 ? EXIT_WRMSR : EXIT_RDMSR;
	else if (code == VMEXIT_NPF)
		decode_npf(c, exit);
	else if (code - VMEXIT_CR_WRITE < 16)
		decode_cr_write(c, exit);
	else if (code - VMEXIT_DR_READ < 32)
		exit->reason = EXIT_DR;
	else if (code - VMEXIT_EXCEPTION < 32)
		decode_exception(c, exit);
	else if ((u32)code == (u32)VMEXIT_INVALID)
		decode_refused(exit);
}

void svm_decode(struct svm_vcpu *s, struct exit *exit)
{
	const struct vmcb_control *c = &s->vmcb->control;

	exit->hw_code = c->exit_code;
	exit->hw_info[0] = c->exit_info1;
	exit->hw_info[1] = c->exit_info2;
	decode_code(c, exit);
	exit->insn_len = insn_len(s->vmcb, exit->reason);
}
