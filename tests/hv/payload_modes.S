/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Through the CPU's modes and back, twice: with CR0.PG and PE alone, and with
 * CR0.CD changed by the same write, which a hypervisor may have to carry out.
 * Each step prints its letter; '!' and status 1 end what goes wrong.
 */
#define CR0_PE	0x1
#define CR0_CD	0x40000000
#define CR0_PG	0x80000000
#define CR4_PSE	0x10
#define CR4_PAE	0x20
#define MSR_EFER	0xc0000080
#define EFER_LME	0x100
#define EFER_LMA	0x400

#define CS64	0x08
#define CS32	0x10
#define DS	0x18
#define CS16	0x20
#define DS16	0x28

#define LOW	0x2000		/* where real mode runs; the first tables are at 0x8000 */
#define WINDOW	0x40000000	/* linear: the tables say what is there */
#define PAGE_1	0x400000
#define PAGE_2	0x800000

.macro STEP letter
	mov	$\letter, %al
	mov	$0x3f8, %dx
	out	%al, %dx
.endm

/* CR0 less CLEAR, with SET and this round's CD where paging goes off. */
.macro CR0_OFF clear
	mov	%cr0, %eax
	and	$~(\clear), %eax
	or	%ebp, %eax
	mov	%eax, %cr0
.endm

.macro CR0_ON set
	mov	%cr0, %eax
	or	$(\set), %eax
	and	$~CR0_CD, %eax
	mov	%eax, %cr0
.endm

.macro WANT_WINDOW value
	cmpl	$\value, WINDOW
	jne	bad
.endm

	.section .text.start, "ax"
	.code64
	.globl _start
_start:
	mov	$stack_top, %esp
	lgdt	gdtr
	mov	%cr3, %rax
	mov	%eax, cr3_64
	xor	%ebp, %ebp

round:
	STEP	'a'
	pushq	$CS32
	pushq	$compatibility
	lretq

	.code32
compatibility:
	mov	$DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	CR0_OFF	CR0_PG
	STEP	'b'
	mov	%cr0, %eax
	and	$CR0_CD, %eax
	cmp	%ebp, %eax
	jne	bad
	mov	$MSR_EFER, %ecx
	rdmsr
	test	$EFER_LMA, %eax
	jnz	bad
	and	$~EFER_LME, %eax
	wrmsr
	movl	$0x11111111, PAGE_1
	movl	$0x22222222, PAGE_2

	/* PAE: the CPU has read the four entries at the top when paging goes on. */
	mov	$pdpt_1, %eax
	mov	%eax, %cr3
	CR0_ON	CR0_PG
	WANT_WINDOW 0x11111111
	STEP	'c'
	mov	$pdpt_2, %eax
	mov	%eax, %cr3
	WANT_WINDOW 0x22222222
	STEP	'd'

	/* 32-bit paging with pages of 4 MiB. */
	CR0_OFF	CR0_PG
	mov	%cr4, %eax
	and	$~CR4_PAE, %eax
	or	$CR4_PSE, %eax
	mov	%eax, %cr4
	mov	$directory, %eax
	mov	%eax, %cr3
	CR0_ON	CR0_PG
	WANT_WINDOW 0x11111111
	STEP	'e'
	CR0_OFF	CR0_PG

	/* Real mode. */
	mov	$real_start, %esi
	mov	$LOW, %edi
	mov	$real_end - real_start, %ecx
	rep movsb
	ljmp	$CS16, $LOW

	.code16
real_start:
	mov	$DS16, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	CR0_OFF	CR0_PE
	ljmp	$0, $(real - real_start + LOW)
real:
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x6000, %sp
	lidtl	(real_idtr - real_start + LOW)
	movw	$(handler - real_start + LOW), 0x80 * 4
	movw	$0, 0x80 * 4 + 2
	xor	%bx, %bx
	int	$0x80
	cmp	$0x1234, %bx
	jne	real_bad
	STEP	'f'
	xor	%eax, %eax
	cpuid
	test	%eax, %eax
	jz	real_bad
	STEP	'g'
	CR0_ON	CR0_PE
	ljmpl	$CS32, $protected
handler:
	mov	$0x1234, %bx
	iret
real_bad:
	mov	$1, %eax
	out	%eax, $0xf4
real_idtr:
	.word	0x3ff
	.long	0
real_end:

	.code32
protected:
	mov	$DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$stack_top, %esp
	STEP	'h'

	/* And back: long mode goes on with paging, and off goes CD in the same write. */
	CR0_OFF	0
	mov	%cr4, %eax
	and	$~CR4_PSE, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	cr3_64, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	CR0_ON	CR0_PG
	rdmsr
	test	$EFER_LMA, %eax
	jz	bad
	ljmp	$CS64, $long_mode

bad:
	STEP	'!'
	mov	$1, %eax
	out	%eax, $0xf4

	.code64
long_mode:
	STEP	'i'
	test	%ebp, %ebp
	mov	$CR0_CD, %ebp
	jz	round
	xor	%eax, %eax
	out	%eax, $0xf4

	.data
	.balign 8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* CS64 */
	.quad	0x00cf9b000000ffff	/* CS32 */
	.quad	0x00cf93000000ffff	/* DS */
	.quad	0x00009b000000ffff	/* CS16 */
	.quad	0x000093000000ffff	/* DS16 */
gdtr:
	.word	. - gdt - 1
	.quad	gdt
cr3_64:
	.long	0

	/* One to one below 16 MiB; at 1 GiB one page or the other. */
	.balign 4096
low_pages:
	.quad	0x000083, 0x200083, 0x400083, 0x600083, 0x800083, 0xa00083, 0xc00083, 0xe00083
	.fill	504, 8, 0
window_1:
	.quad	PAGE_1 + 0x83
	.fill	511, 8, 0
window_2:
	.quad	PAGE_2 + 0x83
	.fill	511, 8, 0
directory:
	.long	0x000083, 0x400083, 0x800083, 0xc00083
	.fill	252, 4, 0
	.long	PAGE_1 + 0x83
	.fill	767, 4, 0
pdpt_1:
	.quad	low_pages + 1, window_1 + 1, 0, 0
pdpt_2:
	.quad	low_pages + 1, window_2 + 1, 0, 0

	.bss
	.balign 16
	.skip	4096
stack_top:

	.section .note.GNU-stack, "", @progbits
