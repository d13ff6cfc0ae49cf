/* SPDX-License-Identifier: GPL-2.0-only */
/* 32-bit code for userlib/examples/guest.py: a line on the console, and status 42. */
	.section .text.start, "ax"
	.code32
	.globl _start
_start:
	mov	$0x80000, %esp
	call	1f
1:	pop	%esi
	add	$(text - 1b), %esi
	mov	$0x3f8, %edx
	mov	$(end - text), %ecx
	rep outsb
	mov	$42, %eax
	out	%eax, $0xf4
	hlt
text:	.ascii	"hello from 32 bits\n"
end:
	.section .note.GNU-stack, "", @progbits
