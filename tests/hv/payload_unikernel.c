// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that knows nothing but hv's guest interface: no UART, no interrupt
 * controller, no timer, no interrupts at all.  It greets, answers each line that
 * is typed with its number and the line in capitals, and ends at "bye".  The
 * number is in the first argument, and is its status.
 */
#include "guest_call.h"

#define ARGS		((volatile u64 *)0x20000)
#define POLL_NS		1000000000ULL
#define LINE_MAX	128

static char line[LINE_MAX];
static unsigned int used;

static unsigned int length(const char *s)
{
	unsigned int n = 0;

	while (s[n])
		n++;
	return n;
}

static void print(const char *s, unsigned int n)
{
	guest_call(HV_CALL_CONSOLE_WRITE, (u64)s, n);
}

static void say(const char *s)
{
	print(s, length(s));
}

static void say_number(u64 n)
{
	char text[20];
	unsigned int i = sizeof(text);

	do
		text[--i] = '0' + n % 10;
	while (n /= 10);
	print(text + i, sizeof(text) - i);
}

static bool is_bye(void)
{
	return used == 3 && line[0] == 'b' && line[1] == 'y' && line[2] == 'e';
}

static void answer(void)
{
	unsigned int i;

	for (i = 0; i < used; i++)
		if (line[i] >= 'a' && line[i] <= 'z')
			line[i] -= 'a' - 'A';
	say_number(ARGS[0]);
	say(": ");
	print(line, used);
	say("\n");
}

/* True at the end of a line. */
static bool take(char c)
{
	if (c == '\n')
		return true;
	if (used < LINE_MAX)
		line[used++] = c;
	return false;
}

static void sleep_ns(u64 ns)
{
	u64 now = guest_call(HV_CALL_TIME, HV_CALL_CLOCK_MONOTONIC, 0);

	guest_call(HV_CALL_SLEEP_UNTIL, now + ns, 0);
}

static void serve(void)
{
	char c;

	for (;;) {
		while (guest_call(HV_CALL_CONSOLE_READ, (u64)&c, 1) == 1) {
			if (!take(c))
				continue;
			if (is_bye())
				return;
			answer();
			used = 0;
		}
		sleep_ns(POLL_NS);
	}
}

static bool on_hv(void)
{
	const char *want = HV_GUEST_SIGNATURE;
	struct cpuid c = cpuid(HV_GUEST_CPUID, 0);
	u32 have[3] = { c.ebx, c.ecx, c.edx };
	unsigned int i;

	for (i = 0; i < sizeof(have); i++)
		if (((char *)have)[i] != want[i])
			return false;
	return cpuid(HV_GUEST_CPUID_VERSION, 0).eax >= HV_GUEST_VERSION;
}

int main(void)
{
	if (!on_hv())
		return 1;
	say("hello from ");
	say_number(ARGS[0]);
	say("\n");
	serve();
	guest_call(HV_CALL_EXIT, ARGS[0], 0);
	return 2;
}
