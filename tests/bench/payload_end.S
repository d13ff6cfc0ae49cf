/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest whose first instruction is its end: bench.h's port. */
	.section .text.start, "ax"
	.globl _start
_start:
	outb	%al, $0xf4

	.section .note.GNU-stack, "", @progbits
