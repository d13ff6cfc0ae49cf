/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Into the guest and back: Intel SDM vol. 3, chapters 'VM entries' and 'VM exits'.
 */
#include <linux/linkage.h>
#include <asm/alternative.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/unwind_hints.h>

#include "compat.h"
#include "returns.S"
#include "vmx/offsets.h"

.section .noinstr.text, "ax"

/*
 * bool vmx_enter(struct vcpu *v, bool launched)
 *
 * With @v's VMCS current and interrupts disabled; the same on return.  RSP of
 * the guest travels in the VMCS, as do the host's FS, GS and TR.  True where the
 * CPU did not even try to enter: the reason is in the VMCS's INSN_ERROR.
 */
SYM_FUNC_START(vmx_enter)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15

	/* What is needed after the exit. */
	push	%rdi

	/* The stack is the same for most entries in a row. */
	cmp	%rsp, VMX_HOST_RSP(%rdi)
	je	1f
	mov	%rsp, VMX_HOST_RSP(%rdi)
	mov	$HOST_RSP_FIELD, %eax
.Lhost_rsp:
	vmwrite	%rsp, %rax
1:
	/* Into CF, which nothing up to the entry changes: VERW clobbers ZF alone. */
	bt	$0, %esi

	mov	VCPU_RAX(%rdi), %rax
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

	/* MDS, TAA, MMIO stale data, RFDS: after the last load of the host's. */
	CLEAR_CPU_BUFFERS

	/* The exit comes back at vmx_vmexit with this stack: objtool has to be told. */
	UNWIND_HINT_SAVE
	jnc	.Llaunch
.Lresume:
	vmresume
	jmp	.Lrefused
.Llaunch:
	vmlaunch
	jmp	.Lrefused

SYM_INNER_LABEL_ALIGN(vmx_vmexit, SYM_L_GLOBAL)
	UNWIND_HINT_RESTORE
	ENDBR

	/* RSP is the host's again, all else is the guest's. */
	push	%rax
	mov	8(%rsp), %rax
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
	pop	VCPU_RAX(%rax)

	xor	%ebx, %ebx

.Lleave:
	/* Before the first RET: no return address of the guest's making. */
	ALTERNATIVE_2 "jmp .Lfilled", \
		"HV_FILL_RETURNS", X86_FEATURE_RSB_VMEXIT, \
		__stringify(__FILL_ONE_RETURN), X86_FEATURE_RSB_VMEXIT_LITE
.Lfilled:

	/*
	 * The guest cannot reach SPEC_CTRL and runs with the host's value.  But
	 * legacy IBRS has to be written after each step up in privilege, and
	 * that is here.
	 */
	ALTERNATIVE "jmp .Lno_ibrs", "", X86_FEATURE_KERNEL_IBRS
	mov	$MSR_IA32_SPEC_CTRL, %ecx
	mov	PER_CPU_VAR(x86_spec_ctrl_current), %rax
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
.Lno_ibrs:
	/* Nothing speculates past this point on a branch that the guest has trained. */
	lfence

	CLEAR_BRANCH_HISTORY_VMEXIT

	mov	%ebx, %eax

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

	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET

.Lrefused:
	mov	$1, %ebx
	jmp	.Lleave

	/* A reboot may have taken root away under our feet: it is not taken again. */
.Lfault:
	cmpb	$0, root_down(%rip)
	jne	.Lrefused
	ud2
	_ASM_EXTABLE(.Lhost_rsp, .Lfault)
	_ASM_EXTABLE(.Lresume, .Lfault)
	_ASM_EXTABLE(.Llaunch, .Lfault)
SYM_FUNC_END(vmx_enter)
