// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to end, or not to: the first argument says which of ends[].
 */
#include "payload_check.h"

#define NOWHERE		0x40000000ULL
#define LAPIC		0xfee00000ULL
#define MEMORY		(16ULL << 20)

static void triple_fault(void)
{
	asm volatile("lidt %0; ud2" : : "m"((const u8[10]){ 0 }));
}

static void jump_nowhere(void)
{
	asm volatile("jmp *%0" : : "r"(NOWHERE + 0x123));
}

/* Where the CPU may have a page for data. */
static void jump_chip(void)
{
	mmio_read(LAPIC + 0x30);
	asm volatile("jmp *%0" : : "r"(LAPIC + 0x20));
}

static void tables_chip(void)
{
	asm volatile("mov %0, %%cr3; mov (%0), %%rax" : : "r"(LAPIC) : "rax", "memory");
}

static void tables_nowhere(void)
{
	asm volatile("mov %0, %%cr3; mov (%0), %%rax" : : "r"(NOWHERE) : "rax", "memory");
}

static void stack_nowhere(void)
{
	catch_all();
	asm volatile("mov %0, %%rsp; ud2" : : "r"(NOWHERE));
}

static void halt_for_ever(void)
{
	asm volatile("cli; hlt");
}

static void power_off(void)
{
	outw(0x604, 5 << 10 | 1 << 13);
}

static void reset_cf9(void)
{
	outb(0xcf9, 6);
}

static void reset_keyboard(void)
{
	outb(0x64, 0xfe);
}

static void reset_port_92(void)
{
	outb(0x92, 1);
}

/* Nothing that the decoder carries out on a device page. */
static void mmio_unknown(void)
{
	asm volatile("fnstcw (%0)" : : "r"(NOWHERE) : "memory");
}

static void exit_word(void)
{
	outw(PORT_DEBUG_EXIT, 0x1234);
}

/* All of the memory but what runs, then what runs too. */
static void write_everything(void)
{
	memset((void *)0x200000, 0xaa, MEMORY - 0x200000);
	puts("halfway\n");
	asm volatile("xor %%edi, %%edi; rep stosq" : : "a"(-1ULL), "c"(MEMORY / 8) : "memory");
}

static void flood(void)
{
	for (;;)
		outb(PORT_SERIAL, 'x');
}

static void spin(void)
{
	cli();
	for (;;)
		;
}

/* A line for every so many rounds of work. */
static void progress(void)
{
	volatile u32 i;

	for (;;) {
		for (i = 0; i < 100000; i++)
			;
		puts("progress\n");
	}
}

static void exit_storm(void)
{
	for (;;)
		cpuid(0, 0);
}

static void mmio_storm(void)
{
	for (;;)
		mmio_read(NOWHERE);
}

/* Interrupts that never end: a self-IPI from each one's handler. */
static HANDLER void on_again(struct frame *f)
{
	wrmsr(0x83f, 0x50);
	wrmsr(0x80b, 0);
}

static void interrupt_storm(void)
{
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	wrmsr(0x80f, 0x1ff);
	idt_set(0x50, on_again);
	idt_load();
	wrmsr(0x83f, 0x50);
	sti();
	for (;;)
		;
}

/* #DB whose delivery raises #DB: CVE-2015-8104. A CPU without intercept hangs. */
static HANDLER void on_debug(struct frame *f)
{
}

static void debug_storm(void)
{
	idt_set(1, on_debug);
	idt_load();
	/* A watchpoint on the stack slots that the delivery itself writes. */
	asm volatile("mov %%rsp, %%rax; and $-16, %%rax; sub $16, %%rax; mov %%rax, %%dr0\n\t"
		     "mov $0xf0402, %%eax; mov %%rax, %%dr7; 1: push %%rax; pop %%rax; jmp 1b"
		     : : : "rax", "memory");
}

static void long_rep(void)
{
	u64 n = -1ULL;
	void *to = (void *)NOWHERE;

	asm volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}

static void (*const ends[])(void) = {
	triple_fault, jump_nowhere, tables_nowhere, stack_nowhere, halt_for_ever, power_off,
	reset_cf9, reset_keyboard, reset_port_92, mmio_unknown, exit_word, write_everything,
	flood, spin, progress, exit_storm, mmio_storm, interrupt_storm, debug_storm, long_rep,
	jump_chip, tables_chip,
};

int main(void)
{
	ends[PAYLOAD_ARGS[0]]();
	return 99;
}
