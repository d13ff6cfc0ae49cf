// SPDX-License-Identifier: GPL-2.0-only
/* The smallest payload in C: a line on the console, and an end. */
#include "payload.h"

int main(void)
{
	puts("hello from a payload\r\n");
	return 7;
}
