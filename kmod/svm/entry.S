/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into the guest and back: AMD APM vol. 2, section 15.5 (VMRUN) and 15.6 (#VMEXIT).
 */
#include <linux/linkage.h>
#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/nospec-branch.h>

#include "compat.h"
#include "returns.S"
#include "svm/offsets.h"

/*
 * An SVM instruction that may fault because a reboot has taken root away under
 * our feet: then step over it.  Root is not taken again after that.
 */
.macro ROOT_INSN name:req, insn:vararg
.L\name:
	\insn
.L\name\()_next:
.endm

.macro ROOT_FIXUP name:req
.L\name\()_fault:
	cmpb	$0, root_down(%rip)
	jne	.L\name\()_next
	ud2
	_ASM_EXTABLE(.L\name, .L\name\()_fault)
.endm

.section .noinstr.text, "ax"

/*
 * void svm_enter(struct vcpu *v, u64 guest_vmcb, u64 host_vmcb)
 *
 * With GIF clear and interrupts disabled; the same on return.  RAX and RSP of
 * the guest travel in its VMCB.  The host's SYSCALL MSRs, FS, GS, TR and LDTR
 * come back from @host_vmcb, a physical address like @guest_vmcb.
 */
SYM_FUNC_START(svm_enter)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15

	/* What is needed after the exit, last things first. */
	push	%rsi
	push	%rdx
	push	%rdi

	/*
	 * A physical interrupt ends the guest's run only if RFLAGS.IF is set
	 * at VMRUN (section 15.21.1, V_INTR_MASKING).  GIF holds it back until
	 * then.  Early, so that STI's shadow is over before the guest begins.
	 */
	sti

	mov	%rsi, %rax
	ROOT_INSN load_guest, vmload %rax

	mov	VCPU_RCX(%rdi), %rcx
	mov	VCPU_RDX(%rdi), %rdx
	mov	VCPU_RBX(%rdi), %rbx
	mov	VCPU_RBP(%rdi), %rbp
	mov	VCPU_RSI(%rdi), %rsi
	mov	VCPU_R8(%rdi), %r8
	mov	VCPU_R9(%rdi), %r9
	mov	VCPU_R10(%rdi), %r10
	mov	VCPU_R11(%rdi), %r11
	mov	VCPU_R12(%rdi), %r12
	mov	VCPU_R13(%rdi), %r13
	mov	VCPU_R14(%rdi), %r14
	mov	VCPU_R15(%rdi), %r15
	mov	VCPU_RDI(%rdi), %rdi

	/* Clobbers EFLAGS.ZF. */
	HV_CLEAR_CPU_BUFFERS

	ROOT_INSN run, vmrun %rax
	cli

	/* RAX and RSP are the host's again, all else is the guest's. */
	pop	%rax
	mov	%rcx, VCPU_RCX(%rax)
	mov	%rdx, VCPU_RDX(%rax)
	mov	%rbx, VCPU_RBX(%rax)
	mov	%rbp, VCPU_RBP(%rax)
	mov	%rsi, VCPU_RSI(%rax)
	mov	%rdi, VCPU_RDI(%rax)
	mov	%r8, VCPU_R8(%rax)
	mov	%r9, VCPU_R9(%rax)
	mov	%r10, VCPU_R10(%rax)
	mov	%r11, VCPU_R11(%rax)
	mov	%r12, VCPU_R12(%rax)
	mov	%r13, VCPU_R13(%rax)
	mov	%r14, VCPU_R14(%rax)
	mov	%r15, VCPU_R15(%rax)

	pop	%rdx
	pop	%rax
	ROOT_INSN save_guest, vmsave %rax

	/* Brings back GS: per-CPU data and the stack canary are good from here on. */
	mov	%rdx, %rax
	ROOT_INSN load_host, vmload %rax

	/* Before the first RET: no return address of the guest's making. */
	ALTERNATIVE "jmp .Lfilled", "HV_FILL_RETURNS", HV_FEATURE_RSB_STUFF
.Lfilled:
	HV_UNTRAIN_RET

	/*
	 * SPEC_CTRL needs no restore: the guest cannot reach it, and runs with
	 * the host's value (core/cpuid.c hides it, core/msr.c lacks it).
	 */

	/* Leave nothing of the guest's in a register that C might use under speculation. */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d

	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET

ROOT_FIXUP load_guest
ROOT_FIXUP run
ROOT_FIXUP save_guest
ROOT_FIXUP load_host
SYM_FUNC_END(svm_enter)

/*
 * void svm_scrub(u64 guest_vmcb)
 *
 * Into a guest that exits before its first instruction: for what VMRUN does on
 * the way.  Interrupts disabled.  No instruction runs in there, so general
 * registers, FS, GS, TR, LDTR and the SYSCALL MSRs stay the host's.
 */
SYM_FUNC_START(svm_scrub)
	mov	%rdi, %rax
	ROOT_INSN mask, clgi
	ROOT_INSN scrub, vmrun %rax
	ROOT_INSN unmask, stgi
	RET

ROOT_FIXUP mask
ROOT_FIXUP scrub
ROOT_FIXUP unmask
SYM_FUNC_END(svm_scrub)

/* void svm_stgi(void): NMIs and INIT get through again; a host that goes down may have no SVME. */
SYM_FUNC_START(svm_stgi)
	ROOT_INSN open, stgi
	RET

ROOT_FIXUP open
SYM_FUNC_END(svm_stgi)
