// SPDX-License-Identifier: GPL-2.0-only
/* Asks userlib/examples/clock.c for the time, prints it, and lets it go. */
#include "payload.h"

#define PORT_CLOCK	0x5100

int main(void)
{
	u32 first = inl(PORT_CLOCK);
	u16 upper = inw(PORT_CLOCK + 2);

	puts("seconds ");
	puthex(first);
	puts("\n");
	outl(PORT_CLOCK, 0);
	/* Nobody is there any more, or nobody ever was. */
	while (inl(PORT_CLOCK) != 0xffffffff)
		;
	return first == 0xffffffff || first >> 16 != upper;
}
