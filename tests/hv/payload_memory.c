// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory, seen from inside: the first argument says which of parts[], the
 * second is its own.
 */
#include "payload_check.h"

#define MAILBOX		((volatile u64 *)0x300000)
#define FRESH		((volatile u64 *)0x400000)
#define NVRAM_BOOTS	0x40

static u64 initialised = 0x1234;

/* Writes a word to each page of [2 MiB, second argument). */
static void touch(void)
{
	u64 gpa;

	for (gpa = 0x200000; gpa < PAYLOAD_ARGS[1]; gpa += 4096)
		*(volatile u64 *)gpa = gpa;
	for (gpa = 0x200000; gpa < PAYLOAD_ARGS[1]; gpa += 4096)
		if (*(volatile u64 *)gpa != gpa)
			break;
	check_eq("every page keeps its word", gpa, PAYLOAD_ARGS[1]);
	/* The host looks at what is resident before it lets the guest end. */
	puts("touched\n");
	while (!MAILBOX[0])
		asm volatile("pause");
}

/* Answers each new word in the mailbox with its complement; 0 is the end. */
static void ping_pong(void)
{
	u64 i;

	puts("ready\n");
	for (i = 1; i <= PAYLOAD_ARGS[1]; i++) {
		while (MAILBOX[0] != i)
			asm volatile("pause");
		MAILBOX[1] = ~i;
	}
	check("every word came", true);
}

static u8 count_boot(void)
{
	u8 boots;

	outb(0x70, NVRAM_BOOTS);
	boots = inb(0x71) + 1;
	outb(0x70, NVRAM_BOOTS);
	outb(0x71, boots);
	return boots;
}

/* Each boot must find what the first one found. */
static void reset_clears(void)
{
	u8 boots = count_boot();

	check_eq("memory is clear", FRESH[0] | FRESH[100000], 0);
	check_eq("the image is as it was loaded", initialised, 0x1234);
	check_eq("so are the arguments", PAYLOAD_ARGS[1], 4);
	check_eq("and the bss", checks_failed, 0);
	FRESH[0] = FRESH[100000] = -1;
	initialised = 0;
	*(volatile u64 *)&PAYLOAD_ARGS[2] = 5;
	if (boots < PAYLOAD_ARGS[1] && !checks_failed) {
		checks_failed = 7;
		outb(0xcf9, 6);
	}
	check_eq("boots", boots, 4);
}

static void nothing(void)
{
}

/* Code in memory that was data: at both ends of each 2 MiB of [4 MiB, second argument). */
static void code(void)
{
	u64 gpa, calls = 0;
	u32 value;

	for (gpa = 0x400000; gpa < PAYLOAD_ARGS[1]; gpa += 0x1ffffa)
		memcpy((void *)gpa, "\xb8\x78\x56\x34\x12\xc3", 6);	/* mov, ret */
	for (gpa = 0x400000; gpa < PAYLOAD_ARGS[1]; gpa += 0x1ffffa) {
		asm volatile("call *%1" : "=a"(value) : "r"(gpa) : "memory");
		calls += value == 0x12345678;
	}
	/* Written again, it is the new code that runs. */
	for (gpa = 0x400000; gpa < PAYLOAD_ARGS[1]; gpa += 0x1ffffa) {
		*(volatile u32 *)(gpa + 1) = gpa;
		asm volatile("call *%1" : "=a"(value) : "r"(gpa) : "memory");
		calls += value == (u32)gpa;
	}
	check_eq("calls", calls, 2 * ((PAYLOAD_ARGS[1] - 0x400000 + 0x1ffff9) / 0x1ffffa));
}

static void (*const parts[])(void) = { touch, ping_pong, reset_clears, nothing, code };

int main(void)
{
	parts[PAYLOAD_ARGS[0]]();
	return check_result();
}
