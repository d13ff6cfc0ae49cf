// SPDX-License-Identifier: GPL-2.0-only
/* Offsets of C structures for entry.S: compiled, never linked (see Kbuild). */
#define COMPILE_OFFSETS
#include <linux/kbuild.h>

#include "vmx/vmx.h"

static void __used offsets(void)
{
	OFFSET(VCPU_RAX, vcpu, gpr[HV_RAX]);
	OFFSET(VCPU_RCX, vcpu, gpr[HV_RCX]);
	OFFSET(VCPU_RDX, vcpu, gpr[HV_RDX]);
	OFFSET(VCPU_RBX, vcpu, gpr[HV_RBX]);
	OFFSET(VCPU_RBP, vcpu, gpr[HV_RBP]);
	OFFSET(VCPU_RSI, vcpu, gpr[HV_RSI]);
	OFFSET(VCPU_RDI, vcpu, gpr[HV_RDI]);
	OFFSET(VCPU_R8, vcpu, gpr[HV_R8]);
	OFFSET(VCPU_R9, vcpu, gpr[HV_R9]);
	OFFSET(VCPU_R10, vcpu, gpr[HV_R10]);
	OFFSET(VCPU_R11, vcpu, gpr[HV_R11]);
	OFFSET(VCPU_R12, vcpu, gpr[HV_R12]);
	OFFSET(VCPU_R13, vcpu, gpr[HV_R13]);
	OFFSET(VCPU_R14, vcpu, gpr[HV_R14]);
	OFFSET(VCPU_R15, vcpu, gpr[HV_R15]);
	OFFSET(VMX_HOST_RSP, vmx_vcpu, host_rsp);
	DEFINE(HOST_RSP_FIELD, VMCS_HOST_RSP);
}
