// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>

#include "native.h"

struct native native;
u8 native_memory[8192] __aligned(4096);

/* Load all registers, call what is in native.code, store them. */
void native_enter(void);

asm(".text\n"
    "native_enter:\n"
    "	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
    "	pushq native+128(%rip); popfq\n"
    "	mov native+0(%rip), %rax; mov native+8(%rip), %rcx; mov native+16(%rip), %rdx\n"
    "	mov native+24(%rip), %rbx; mov native+40(%rip), %rbp; mov native+48(%rip), %rsi\n"
    "	mov native+56(%rip), %rdi; mov native+64(%rip), %r8; mov native+72(%rip), %r9\n"
    "	mov native+80(%rip), %r10; mov native+88(%rip), %r11; mov native+96(%rip), %r12\n"
    "	mov native+104(%rip), %r13; mov native+112(%rip), %r14; mov native+120(%rip), %r15\n"
    "	call *native+136(%rip)\n"
    "	mov %rax, native+0(%rip); mov %rcx, native+8(%rip); mov %rdx, native+16(%rip)\n"
    "	mov %rbx, native+24(%rip); mov %rbp, native+40(%rip); mov %rsi, native+48(%rip)\n"
    "	mov %rdi, native+56(%rip); mov %r8, native+64(%rip); mov %r9, native+72(%rip)\n"
    "	mov %r10, native+80(%rip); mov %r11, native+88(%rip); mov %r12, native+96(%rip)\n"
    "	mov %r13, native+104(%rip); mov %r14, native+112(%rip); mov %r15, native+120(%rip)\n"
    "	pushfq; popq native+128(%rip)\n"
    "	cld\n"
    "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
    "	ret\n");

void native_run(const u8 *bytes, unsigned int len)
{
	u8 *code = native.code;

	if (!code)
		code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		abort();
	memcpy(code, bytes, len);
	code[len] = 0xc3;
	native.code = code;
	native_enter();
}
