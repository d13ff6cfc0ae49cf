/* SPDX-License-Identifier: GPL-2.0-only */
/* A payload in C begins here: a stack, main(), its result to the debug exit. */
	.section .text.start, "ax"
	.globl _start
_start:
	mov	$stack_top, %esp
	xor	%ebp, %ebp
	call	main
	mov	%eax, %edi
	call	payload_exit
1:	cli
	hlt
	jmp	1b

/* payload_exit(status): QEMU's convention, the host sees status * 2 + 1. */
	.globl	payload_exit
payload_exit:
	mov	%edi, %eax
	out	%eax, $0xf4
	ret

	.globl	memset
memset:
	mov	%rdi, %r8
	mov	%esi, %eax
	mov	%rdx, %rcx
	rep stosb
	mov	%r8, %rax
	ret

	.globl	memcpy
memcpy:
	mov	%rdi, %rax
	mov	%rdx, %rcx
	rep movsb
	ret

	.bss
	.balign 16
	.skip 65536
stack_top:

	.section .note.GNU-stack, "", @progbits
