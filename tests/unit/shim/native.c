// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>

#include "native.h"

struct native native;
u8 native_memory[8192] __aligned(4096);

/* Load all registers but RSP, call native.code, store them. */
asm(".pushsection .text\n\t"
	"native_enter:\n\t"
	"push %rbx\n\t"
	"push %rbp\n\t"
	"push %r12\n\t"
	"push %r13\n\t"
	"push %r14\n\t"
	"push %r15\n\t"
	"pushq native+128(%rip)\n\t"
	"popfq\n\t"
	"mov native+0(%rip), %rax\n\t"
	"mov native+8(%rip), %rcx\n\t"
	"mov native+16(%rip), %rdx\n\t"
	"mov native+24(%rip), %rbx\n\t"
	"mov native+40(%rip), %rbp\n\t"
	"mov native+48(%rip), %rsi\n\t"
	"mov native+56(%rip), %rdi\n\t"
	"mov native+64(%rip), %r8\n\t"
	"mov native+72(%rip), %r9\n\t"
	"mov native+80(%rip), %r10\n\t"
	"mov native+88(%rip), %r11\n\t"
	"mov native+96(%rip), %r12\n\t"
	"mov native+104(%rip), %r13\n\t"
	"mov native+112(%rip), %r14\n\t"
	"mov native+120(%rip), %r15\n\t"
	"call *native+136(%rip)\n\t"
	"mov %rax, native+0(%rip)\n\t"
	"mov %rcx, native+8(%rip)\n\t"
	"mov %rdx, native+16(%rip)\n\t"
	"mov %rbx, native+24(%rip)\n\t"
	"mov %rbp, native+40(%rip)\n\t"
	"mov %rsi, native+48(%rip)\n\t"
	"mov %rdi, native+56(%rip)\n\t"
	"mov %r8, native+64(%rip)\n\t"
	"mov %r9, native+72(%rip)\n\t"
	"mov %r10, native+80(%rip)\n\t"
	"mov %r11, native+88(%rip)\n\t"
	"mov %r12, native+96(%rip)\n\t"
	"mov %r13, native+104(%rip)\n\t"
	"mov %r14, native+112(%rip)\n\t"
	"mov %r15, native+120(%rip)\n\t"
	"pushfq\n\t"
	"popq native+128(%rip)\n\t"
	"cld\n\t"
	"pop %r15\n\t"
	"pop %r14\n\t"
	"pop %r13\n\t"
	"pop %r12\n\t"
	"pop %rbp\n\t"
	"pop %rbx\n\t"
	"ret\n\t"
	".popsection");

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
