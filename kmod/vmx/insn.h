/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of VMX: Intel SDM vol. 3, chapter 'VMX instruction reference'.
 *
 * Each may fail by its flags, or fault because a reboot has taken root away
 * under our feet; a fault is stepped over.  @failed is true after either.
 */
#ifndef HV_VMX_INSN_H
#define HV_VMX_INSN_H

#include <asm/asm.h>

#include "vmx/vmx.h"

#define VMX_INSN(insn, failed, ...)					\
	asm volatile("1:\t" insn "\n\t"					\
		     "setbe %[bad]\n"					\
		     "2:\n"						\
		     _ASM_EXTABLE(1b, 2b)				\
		     : [bad] "+qm" (failed) : __VA_ARGS__ : "cc", "memory")

static __always_inline bool vmxon(u64 pa)
{
	u8 failed = 1;

	VMX_INSN("vmxon %[pa]", failed, [pa] "m" (pa));
	return failed;
}

static __always_inline bool vmxoff(void)
{
	u8 failed = 1;

	VMX_INSN("vmxoff", failed, "i" (0));
	return failed;
}

static __always_inline bool vmptrld(u64 pa)
{
	u8 failed = 1;

	VMX_INSN("vmptrld %[pa]", failed, [pa] "m" (pa));
	return failed;
}

/* Physical address of the current VMCS; all ones where there is none. */
static __always_inline bool vmptrst(u64 *pa)
{
	u8 failed = 1;

	VMX_INSN("vmptrst (%[pa])", failed, [pa] "r" (pa));
	return failed;
}

static __always_inline bool vmclear(u64 pa)
{
	u8 failed = 1;

	VMX_INSN("vmclear %[pa]", failed, [pa] "m" (pa));
	return failed;
}

#define VMX_INVEPT_ONE	1
#define VMX_INVEPT_ALL	2

static __always_inline bool invept(u64 type, u64 eptp)
{
	struct { u64 eptp, zero; } desc = { eptp, 0 };
	u8 failed = 1;

	VMX_INSN("invept %[desc], %[type]", failed, [desc] "m" (desc), [type] "r" (type));
	return failed;
}

#define VMX_INVVPID_ALL	2

static __always_inline bool invvpid(u64 type, u16 vpid)
{
	struct { u64 vpid, linear; } desc = { vpid, 0 };
	u8 failed = 1;

	VMX_INSN("invvpid %[desc], %[type]", failed, [desc] "m" (desc), [type] "r" (type));
	return failed;
}

/*
 * Nothing is called here: also for where nothing may be.  The flags are looked at as
 * they are, since fields are read at each exit; a fault leaves those of the STC.
 * (Not 'asm goto': with an output, GCC before 12.4 is wrong about it.)
 */
static __always_inline u64 vmread_raw(u32 field, bool *failed)
{
	u64 value;

	asm volatile("stc\n"
		     "1:\tvmread %[field], %[value]\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : [value] "=r" (value), "=@ccbe" (*failed)
		     : [field] "r" ((u64)field));
	return value;
}

static __always_inline u64 vmread(u32 field)
{
	bool failed;
	u64 value = vmread_raw(field, &failed);

	if (likely(!failed))
		return value;
	vmx_failed("VMREAD", field);
	return 0;
}

static __always_inline void vmwrite(u32 field, u64 value)
{
	asm goto("1:\tvmwrite %[value], %[field]\n\t"
		 "jbe %l[failed]\n"
		 _ASM_EXTABLE(1b, %l[failed])
		 : : [value] "rm" (value), [field] "r" ((u64)field) : "cc" : failed);
	return;
failed:
	vmx_failed("VMWRITE", field);
}

/*
 * By width: the enumerations of vmx/vmcs.h keep fields apart, and a constant of
 * another width does not link.
 */
#define VMCS_CHECK(field, width) \
	BUILD_BUG_ON(__builtin_constant_p(field) && VMCS_WIDTH(field) != (width))

#define VMCS_ACCESSORS(name, type, field_type, width)				\
static __always_inline type vmcs_read##name(field_type field)			\
{										\
	VMCS_CHECK(field, width);						\
	return vmread(field);							\
}										\
static __always_inline void vmcs_write##name(field_type field, type value)	\
{										\
	VMCS_CHECK(field, width);						\
	vmwrite(field, value);							\
}

VMCS_ACCESSORS(16, u16, enum vmcs16, VMCS_WIDTH_16)
VMCS_ACCESSORS(32, u32, enum vmcs32, VMCS_WIDTH_32)
VMCS_ACCESSORS(64, u64, enum vmcs64, VMCS_WIDTH_64)
VMCS_ACCESSORS(n, u64, enum vmcsn, VMCS_WIDTH_N)

/* Primary controls change while the guest runs. */
static inline void vmx_set_primary(struct vmx_vcpu *s, u32 bits, bool on)
{
	u32 primary = on ? s->primary | bits : s->primary & ~bits;

	if (primary == s->primary)
		return;
	vmcs_write32(VMCS_PRIMARY_CONTROLS, primary);
	s->primary = primary;
}

#endif /* HV_VMX_INSN_H */
