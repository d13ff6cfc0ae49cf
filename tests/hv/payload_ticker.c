// SPDX-License-Identifier: GPL-2.0-only
/* Prints 'tick N' every 20 ms, for ever. */
#include "payload_check.h"

static volatile u32 ticks;

static HANDLER void on_tick(struct frame *f)
{
	ticks++;
	wrmsr(0x80b, 0);
}

static void put_number(u32 n)
{
	char text[12];
	u32 i = sizeof(text);

	text[--i] = '\0';
	do
		text[--i] = '0' + n % 10;
	while (n /= 10);
	puts(text + i);
}

int main(void)
{
	u32 n;

	idt_set(0x40, on_tick);
	idt_load();
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	wrmsr(0x80f, 0x1ff);
	wrmsr(0x83e, 0xb);
	wrmsr(0x832, 0x20040);
	wrmsr(0x838, 20000000);
	for (n = 0;; n++) {
		puts("tick ");
		put_number(n);
		puts("\n");
		while (ticks <= n)
			sti_hlt();
	}
}
