// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says that it is ready and sends back what it receives. 'F' makes it print
 * 70000 bytes that count from 0 to 250 again and again, 'Q' powers it off.
 */
#include "payload.h"

#define PORT_PM_CONTROL	0x604
#define PM_SOFT_OFF	(5 << 10 | 1 << 13)

static u8 receive(void)
{
	while (!(inb(PORT_SERIAL + 5) & 1))
		asm volatile("pause");
	return inb(PORT_SERIAL);
}

static void flood(void)
{
	unsigned int i;

	for (i = 0; i < 70000; i++)
		outb(PORT_SERIAL, i % 251);
}

int main(void)
{
	u8 c;

	puts("ready\n");
	for (;;) {
		c = receive();
		if (c == 'F')
			flood();
		else if (c == 'Q')
			outw(PORT_PM_CONTROL, PM_SOFT_OFF);
		else
			outb(PORT_SERIAL, c);
	}
}
