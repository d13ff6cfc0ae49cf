/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Application processors of a payload: copy [ap_begin, ap_end) to a page below 1 MiB,
 * send INIT and a start-up message that names it, and ap_main() runs on a stack
 * of its own, with the first processor's tables and descriptors.
 */
#ifndef HV_TESTS_PAYLOAD_AP_H
#define HV_TESTS_PAYLOAD_AP_H

#include "payload.h"

#define CPUS_MAX	16
#define PAGE(n)		((u64)(n) << 12)

/*
 * From the reset state to long mode, with the tables and descriptors that the
 * first processor was given. What was found on the way in is kept in its page.
 */
asm(".pushsection .rodata\n"
    ".code16\n"
    ".globl ap_begin, ap_end, ap_found\n"
    "ap_begin:\n"
    "	cli\n"
    "	mov	%cs, %ax\n"
    "	mov	%ax, %ds\n"
    "	mov	%ax, ap_found - ap_begin\n"
    "	mov	%edx, ap_found - ap_begin + 4\n"
    "	mov	%cr0, %eax\n"
    "	mov	%eax, ap_found - ap_begin + 8\n"
    "	mov	%ebx, ap_found - ap_begin + 12\n"
    "	lgdtl	ap_gdtr - ap_begin\n"
    "	mov	$0x20, %eax\n"
    "	mov	%eax, %cr4\n"
    "	mov	$0x8000, %eax\n"
    "	mov	%eax, %cr3\n"
    "	mov	$0xc0000080, %ecx\n"
    "	rdmsr\n"
    "	or	$0x100, %eax\n"
    "	wrmsr\n"
    "	mov	%cr0, %eax\n"
    "	and	$0x9fffffff, %eax\n"
    "	or	$0x80000001, %eax\n"
    "	mov	%eax, %cr0\n"
    "	ljmpl	$0x10, $ap_long\n"
    "	.balign	16\n"
    "ap_gdtr:\n"
    "	.word	31\n"
    "	.long	0x6000\n"
    "	.balign	16\n"
    "ap_found:\n"
    "	.long	0, 0, 0, 0\n"
    "ap_end:\n"
    ".popsection\n"
    ".code64\n"
    "ap_long:\n"
    "	mov	$0x18, %eax\n"
    "	mov	%eax, %ds\n"
    "	mov	%eax, %es\n"
    "	mov	%eax, %ss\n"
    "	mov	$1, %eax\n"
    "	cpuid\n"
    "	shr	$24, %ebx\n"
    "	mov	%ebx, %edi\n"
    "	inc	%ebx\n"
    "	shl	$13, %ebx\n"
    "	lea	ap_stacks(%rbx), %rsp\n"
    "	call	ap_main\n"
    "1:	cli\n"
    "	hlt\n"
    "	jmp	1b\n");

extern const u8 ap_begin[], ap_end[], ap_found[];
void ap_main(u32 id);

u8 ap_stacks[CPUS_MAX][8192] __attribute__((aligned(8192)));

/* By the stack it is on. */
static inline u32 cpu_id(void)
{
	u64 sp;

	asm volatile("mov %%rsp, %0" : "=r"(sp));
	sp -= (u64)ap_stacks;
	return sp < sizeof(ap_stacks) ? sp / sizeof(ap_stacks[0]) : 0;
}

#endif /* HV_TESTS_PAYLOAD_AP_H */
