/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that answers: twice a second it copies the word at ANSWER_GPA to the next one. */
#include <linux/hv_guest.h>

	.section .text.start, "ax"
	.globl _start
_start:
	mov	0x100800, %rax
	mov	%rax, 0x100808
	mov	$HV_CALL_CLOCK_MONOTONIC, %edi
	mov	$HV_CALL_TIME, %eax
	vmmcall
	lea	500000000(%rax), %rdi
	mov	$HV_CALL_SLEEP_UNTIL, %eax
	vmmcall
	jmp	_start

	.section .note.GNU-stack, "", @progbits
