/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that has nothing to do. */
	.section .text.start, "ax"
	.globl _start
_start:
	sti
	hlt
	jmp	_start

	.section .note.GNU-stack, "", @progbits
