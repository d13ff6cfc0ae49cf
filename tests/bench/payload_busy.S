/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that counts, at BENCH_GPA of samples.h, for as long as it is let. */
	.section .text.start, "ax"
	.globl _start
_start:
	incq	0x400000
	jmp	_start

	.section .note.GNU-stack, "", @progbits
