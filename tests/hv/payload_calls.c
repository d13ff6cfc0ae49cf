// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv's guest interface: results, limits and errors of each call. The second run
 * (first argument 1) ends by HV_CALL_EXIT with a status.
 */
#include "guest_call.h"
#include "payload_check.h"

#define NOWHERE		0x40000000ULL
#define MEMORY_END	0x1000000ULL		/* 16 MiB */
#define YEAR_2020_NS	1577836800000000000ULL

static volatile u32 ticks;

static HANDLER void on_tick(struct frame *f)
{
	ticks++;
	wrmsr(0x80b, 0);
}

static u64 now(void)
{
	return guest_call(HV_CALL_TIME, HV_CALL_CLOCK_MONOTONIC, 0);
}

static void detection(void)
{
	struct cpuid c = cpuid(HV_GUEST_CPUID, 0);

	check("the signature", c.ebx == 0x76687668 && c.ecx == c.ebx && c.edx == c.ebx);
	check("its leaves", c.eax >= HV_GUEST_CPUID_VERSION);
	check_eq("version", cpuid(HV_GUEST_CPUID_VERSION, 0).eax, HV_GUEST_VERSION);
}

static void numbers(void)
{
	u64 none = (u64)HV_CALL_ENOSYS;

	check_eq("the number behind the last", guest_call(HV_CALL_DOORBELL + 1, 0, 0), none);
	check_eq("the number before the first", guest_call(HV_CALL_BASE - 1, 0, 0), none);
	check_eq("the last of the range", guest_call(HV_CALL_BASE + 0xffff, 0, 0), none);
	check_eq("zero", guest_call(0, 0, 0), none);
	check_eq("all ones", guest_call(-1, 0, 0), none);
	check_eq("one that is ours in its lower half alone",
		 guest_call(HV_CALL_YIELD | 1ULL << 32, 0, 0), none);
}

/* The text crosses into a page that nothing has touched. */
static void console_write(void)
{
	static const char text[] = "ok written by a call\n";
	char *at = (char *)0x600000 - 7;

	memcpy(at, text, sizeof(text) - 1);
	check_eq("write", guest_call(HV_CALL_CONSOLE_WRITE, (u64)at, sizeof(text) - 1),
		 sizeof(text) - 1);
	check_eq("write nothing", guest_call(HV_CALL_CONSOLE_WRITE, (u64)at, 0), 0);
}

/* Calls of @number with buffers that are none. */
static void buffers(u64 number)
{
	u64 fault = (u64)HV_CALL_EFAULT, invalid = (u64)HV_CALL_EINVAL;

	check_eq("no memory there", guest_call(number, NOWHERE, 1), fault);
	check_eq("no memory behind it", guest_call(number, MEMORY_END - 1, 2), fault);
	check_eq("too many", guest_call(number, 0x200000, HV_CALL_CONSOLE_MAX + 1), invalid);
	check_eq("all there are", guest_call(number, 0x200000, -1), invalid);
	check_eq("around the end", guest_call(number, -1, 2), invalid);
	check_eq("beyond all addresses", guest_call(number, 1ULL << 63, 1), fault);
}

static void clocks(void)
{
	u64 a = now(), b = now();

	check("time goes on", b > a && b - a < 1ULL << 36);
	check("wall time", (u64)guest_call(HV_CALL_TIME, HV_CALL_CLOCK_WALL, 0) > YEAR_2020_NS);
	check_eq("no such clock", guest_call(HV_CALL_TIME, 2, 0), (u64)HV_CALL_EINVAL);
}

static void sleep(void)
{
	u64 until = now() + 20000000;

	check_eq("sleep", guest_call(HV_CALL_SLEEP_UNTIL, until, 0), 0);
	check("it was long enough", now() >= until);
	check_eq("sleep until the past", guest_call(HV_CALL_SLEEP_UNTIL, 1, 0), 0);
	check_eq("sleep until now", guest_call(HV_CALL_SLEEP_UNTIL, now(), 0), 0);
	check_eq("yield", guest_call(HV_CALL_YIELD, 0, 0), 0);
}

/* A periodic timer of 5 ms; the sleep is one of 50. */
static void sleep_with_interrupts(void)
{
	u64 until;

	idt_set(0x40, on_tick);
	idt_load();
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	wrmsr(0x80f, 0x1ff);
	wrmsr(0x83e, 0xb);
	wrmsr(0x832, 0x20040);
	wrmsr(0x838, 5000000);
	sti();
	until = now() + 50000000;
	check_eq("sleep with interrupts on", guest_call(HV_CALL_SLEEP_UNTIL, until, 0), 0);
	check("it was long enough", now() >= until);
	cli();
	check("interrupts came meanwhile", ticks > 1);
	wrmsr(0x838, 0);
}

/* Everything but RAX is as it was. */
static void registers(void)
{
	u64 ax = HV_CALL_YIELD, bx = 1, cx = 2, dx = 3, si = 4, di = 5;
	register u64 r8 asm("r8") = 6, r11 asm("r11") = 7;

	if (is_intel())
		asm volatile("vmcall" : "+a"(ax), "+b"(bx), "+c"(cx), "+d"(dx), "+S"(si), "+D"(di),
			     "+r"(r8), "+r"(r11));
	else
		asm volatile("vmmcall" : "+a"(ax), "+b"(bx), "+c"(cx), "+d"(dx), "+S"(si), "+D"(di),
			     "+r"(r8), "+r"(r11));
	check_eq("result", ax, 0);
	check("registers are kept", bx == 1 && cx == 2 && dx == 3 && si == 4 && di == 5 &&
	      r8 == 6 && r11 == 7);
}

/* What the other vendor's CPUs have for a call; here it is undefined, and hv sees to it. */
static int64_t other_call(u64 number, u64 a, u64 b)
{
	int64_t result;

	if (is_intel())
		asm volatile("vmmcall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "memory");
	else
		asm volatile("vmcall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "memory");
	return result;
}

static volatile u32 undefined;

/* UD2 has two bytes. */
static HANDLER void on_undefined(struct frame *f)
{
	undefined++;
	f->rip += 2;
}

static void other_instruction(void)
{
	static const char text[] = "ok written by the other call\n";
	u64 until = now() + 20000000;

	idt_set(6, on_undefined);
	idt_load();
	check_eq("other: write", other_call(HV_CALL_CONSOLE_WRITE, (u64)text, sizeof(text) - 1),
		 sizeof(text) - 1);
	check_eq("other: sleep", other_call(HV_CALL_SLEEP_UNTIL, until, 0), 0);
	check("other: it was long enough", now() >= until);
	check_eq("other: no such call", other_call(-1, 0, 0), (u64)HV_CALL_ENOSYS);
	check_eq("other: no exception", undefined, 0);
	asm volatile("ud2");
	check_eq("what is no call is undefined", undefined, 1);
}

static void read_nothing(void)
{
	char c = 'x';

	check_eq("read where nothing was typed", guest_call(HV_CALL_CONSOLE_READ, (u64)&c, 1), 0);
	check_eq("it is not written", c, 'x');
}

/* Doorbells between two guests: arguments 2 and 3, see calls.c. */
#define DOORBELL	7
#define DOORBELL_PIN	5
#define ROUNDS		100

static volatile u32 rings;

static HANDLER void on_ring(struct frame *f)
{
	rings++;
	mmio_write(0xfee000b0, 0);
}

static void hear(void)
{
	idt_set(0x50, on_ring);
	idt_load();
	mmio_write(0xfee000f0, 0x1ff);
	mmio_write(0xfec00000, 0x10 + 2 * DOORBELL_PIN);
	mmio_write(0xfec00010, 0x50);
}

/* One ring for each that is heard. */
static void answer_rings(void)
{
	u32 answered = 0;

	hear();
	for (;;) {
		while (answered == rings)
			sti_hlt();
		cli();
		answered++;
		guest_call(HV_CALL_DOORBELL, DOORBELL, 0);
	}
}

/* Again while nobody answers: the other one may not listen yet. */
static int ring(void)
{
	u64 good = 0, calls = 0;

	hear();
	sti();
	while (rings < ROUNDS) {
		good += !guest_call(HV_CALL_DOORBELL, DOORBELL, 0);
		calls++;
		guest_call(HV_CALL_SLEEP_UNTIL, now() + 1000000, 0);
	}
	cli();
	check_eq("rings", good, calls);
	check_eq("the same by the other instruction", other_call(HV_CALL_DOORBELL, DOORBELL, 0), 0);
	check_eq("nobody hears it", guest_call(HV_CALL_DOORBELL, DOORBELL + 1, 0),
		 (u64)HV_CALL_ENOENT);
	check_eq("no such doorbell", guest_call(HV_CALL_DOORBELL, -1, 0), (u64)HV_CALL_ENOENT);
	return check_result();
}

int main(void)
{
	if (PAYLOAD_ARGS[0] == 2)
		return ring();
	if (PAYLOAD_ARGS[0] == 3)
		answer_rings();
	if (PAYLOAD_ARGS[0])
		guest_call(HV_CALL_EXIT, 0x100000007ULL, 0);
	detection();
	numbers();
	registers();
	other_instruction();
	console_write();
	buffers(HV_CALL_CONSOLE_WRITE);
	buffers(HV_CALL_CONSOLE_READ);
	read_nothing();
	clocks();
	sleep();
	sleep_with_interrupts();
	return check_result();
}
