/* SPDX-License-Identifier: GPL-2.0-only */
/* hv's guest interface from C: <linux/hv_guest.h> says what each call does. */
#ifndef HV_TESTS_GUEST_CALL_H
#define HV_TESTS_GUEST_CALL_H

#include <linux/hv_guest.h>

#include "payload.h"

/* The signature's fifth letter says whose CPU it is: "GenuineIntel", or not. */
static inline bool is_intel(void)
{
	return cpuid(0, 0).ebx == 0x756e6547;
}

static inline int64_t guest_call(u64 number, u64 a, u64 b)
{
	int64_t result;

	if (is_intel())
		asm volatile("vmcall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "memory");
	else
		asm volatile("vmmcall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "memory");
	return result;
}

#endif /* HV_TESTS_GUEST_CALL_H */
