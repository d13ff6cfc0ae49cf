/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs one instruction on the CPU that the test runs on.
 */
#ifndef HV_TESTS_NATIVE_H
#define HV_TESTS_NATIVE_H

#include "core/vcpu.h"

#define INSN_LEN	16

/* Registers before and after, RSP excepted. */
struct native {
	u64 gpr[HV_NR_GPRS];
	u64 flags;
	void *code;
};

extern struct native native;

/* Load the registers, call native.code, store them. */
void native_enter(void);

/* Two pages for it to work on. */
extern u8 native_memory[8192];

/* @bytes must not jump, nor touch RSP or any memory but native_memory. */
void native_run(const u8 *bytes, unsigned int len);

#endif /* HV_TESTS_NATIVE_H */
