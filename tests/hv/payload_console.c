// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says that it is ready and sends back what it receives. 'F' makes it print
 * 70000 bytes that count from 0 to 250 again and again, 'H' 30000, 'C' 28672 by calls of
 * 4096 bytes and 'S' 30000 by string instructions of 100, 'Q' powers it off.
 */
#include "guest_call.h"
#include "payload.h"

#define PORT_PM_CONTROL	0x604
#define PM_SOFT_OFF	(5 << 10 | 1 << 13)

static u8 receive(void)
{
	while (!(inb(PORT_SERIAL + 5) & 1))
		asm volatile("pause");
	return inb(PORT_SERIAL);
}

static u8 counted[30000];

static void flood(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		outb(PORT_SERIAL, i % 251);
}

static void flood_by_calls(void)
{
	unsigned int i;

	for (i = 0; i + HV_CALL_CONSOLE_MAX <= sizeof(counted); i += HV_CALL_CONSOLE_MAX)
		guest_call(HV_CALL_CONSOLE_WRITE, (u64)(counted + i), HV_CALL_CONSOLE_MAX);
}

static void flood_by_strings(void)
{
	const u8 *at = counted;
	unsigned int i;
	u64 n;

	for (i = 0; i < sizeof(counted); i += 100) {
		n = 100;
		asm volatile("rep outsb" : "+S"(at), "+c"(n) : "d"(PORT_SERIAL) : "memory");
	}
}

int main(void)
{
	unsigned int i;
	u8 c;

	for (i = 0; i < sizeof(counted); i++)
		counted[i] = i % 251;
	puts("ready\n");
	for (;;) {
		c = receive();
		if (c == 'F')
			flood(70000);
		else if (c == 'H')
			flood(sizeof(counted));
		else if (c == 'C')
			flood_by_calls();
		else if (c == 'S')
			flood_by_strings();
		else if (c == 'Q')
			outw(PORT_PM_CONTROL, PM_SOFT_OFF);
		else
			outb(PORT_SERIAL, c);
	}
}
