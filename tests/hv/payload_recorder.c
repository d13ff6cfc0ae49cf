// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exits in a known order, and an abnormal end: first argument CPUIDs, second
 * accesses where no memory is, a triple fault.
 */
#include "payload.h"

#define PAYLOAD_ARGS	((volatile u64 *)0x20000)
#define NOWHERE		0x40000000ULL

int main(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) none = { 0, 0 };
	u64 i;

	for (i = 0; i < PAYLOAD_ARGS[0]; i++)
		cpuid(i, 0);
	for (i = 0; i < PAYLOAD_ARGS[1]; i++)
		mmio_read(NOWHERE + 4 * i);
	asm volatile("lidt %0; int3" : : "m"(none));
	return 0;
}
