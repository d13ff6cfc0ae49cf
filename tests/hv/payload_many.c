// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of many: computes with its number (first argument), sleeps by its timer
 * in between, and ends with its number as status once the host has set the
 * third argument. The second is how many rounds.
 */
#include "payload_check.h"

static volatile u32 ticks;

static HANDLER void on_tick(struct frame *f)
{
	ticks++;
	wrmsr(0x80b, 0);
}

static void timer_on(void)
{
	idt_set(0x40, on_tick);
	idt_load();
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	wrmsr(0x80f, 0x1ff);
	wrmsr(0x83e, 0xb);
	wrmsr(0x832, 0x40);
}

/* 150 ms of the APIC's timer. */
static void sleep_a_tick(void)
{
	u32 before = ticks;

	wrmsr(0x838, 150000000);
	while (ticks == before)
		sti_hlt();
}

/* Linear congruences, in registers and in a page of memory. */
static u64 compute(u64 x, volatile u64 *page)
{
	u32 i;

	for (i = 0; i < 20000; i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		page[i & 511] = x;
		if (page[i & 511] != x)
			return 0;
	}
	return x;
}

/* The host works it out too, from the same two numbers. */
int main(void)
{
	u64 number = PAYLOAD_ARGS[0], x = number, i;

	timer_on();
	for (i = 0; i < PAYLOAD_ARGS[1]; i++) {
		x = compute(x, (volatile u64 *)(0x300000 + i * 4096));
		sleep_a_tick();
	}
	while (!PAYLOAD_ARGS[2])
		sleep_a_tick();
	puts("guest ");
	puthex(number);
	puts(" has ");
	puthex(x);
	puts("\n");
	return number;
}
