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

/* Where there is nothing: reads give all ones. */
#define HOLE		0xd0000000ULL
#define TAKEN		((volatile u16 *)0x5ff000)	/* its 2 MiB with it */
#define TAKEN_INSNS	(4096 / 2)

#define LOAD_EBX	0x188b		/* mov (%rax),%ebx */
#define LOAD_ECX	0x088b
#define RET		0xc3

static u32 call_taken(void)
{
	u64 hole = HOLE;
	u32 value = 0;

	asm volatile("call *%2" : "+b"(value), "+a"(hole) : "r"(TAKEN) : "rcx", "memory", "cc");
	return value;
}

/* The hypervisor carries such instructions out, and has to see each change of them. */
static void device_code(void)
{
	u64 i, right = 0;
	u32 before, after;

	for (i = 0; i < 1000; i++) {
		TAKEN[0] = i % 3 ? LOAD_EBX : LOAD_ECX;
		TAKEN[1] = RET;
		right += call_taken() == (i % 3 ? 0xffffffff : 0);
	}
	check_eq("calls of code that changes", right, 1000);
	for (i = 0; i < TAKEN_INSNS; i++)
		TAKEN[i] = LOAD_EBX;
	TAKEN[TAKEN_INSNS] = RET;
	/* It is taken away: zeros, which are add %al,(%rax).  Nothing else exits meanwhile. */
	before = call_taken();
	MAILBOX[1] = 1;
	while (!MAILBOX[0])
		asm volatile("");
	after = call_taken();
	check_eq("a page of it", before, 0xffffffff);
	check_eq("the page has gone", TAKEN[0], 0);
	check_eq("its code too", after, 0);
}

static void (*const parts[])(void) = { touch, ping_pong, reset_clears, nothing, code,
				       device_code };

int main(void)
{
	parts[PAYLOAD_ARGS[0]]();
	return check_result();
}
