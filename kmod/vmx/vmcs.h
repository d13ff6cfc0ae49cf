/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control structure: Intel SDM vol. 3, appendix B, and the
 * chapter 'Virtual machine control structures' for what is in the fields.
 *
 * A field's width is in its encoding, and here in its type too: handing a
 * field to an accessor of another width does not compile (vmx/insn.h).
 */
#ifndef HV_VMX_VMCS_H
#define HV_VMX_VMCS_H

#include "core/host.h"

/* X(NAME, encoding), a list for each width. */
#define VMCS_FIELDS_16(X)			\
	X(VPID, 0x0000)				\
	X(GUEST_ES_SELECTOR, 0x0800)		\
	X(GUEST_INTERRUPT_STATUS, 0x0810)	\
	X(HOST_ES_SELECTOR, 0x0c00)		\
	X(HOST_CS_SELECTOR, 0x0c02)		\
	X(HOST_SS_SELECTOR, 0x0c04)		\
	X(HOST_DS_SELECTOR, 0x0c06)		\
	X(HOST_FS_SELECTOR, 0x0c08)		\
	X(HOST_GS_SELECTOR, 0x0c0a)		\
	X(HOST_TR_SELECTOR, 0x0c0c)

#define VMCS_FIELDS_32(X)			\
	X(PIN_CONTROLS, 0x4000)			\
	X(PRIMARY_CONTROLS, 0x4002)		\
	X(EXCEPTION_BITMAP, 0x4004)		\
	X(PF_ERROR_MASK, 0x4006)		\
	X(PF_ERROR_MATCH, 0x4008)		\
	X(CR3_TARGET_COUNT, 0x400a)		\
	X(EXIT_CONTROLS, 0x400c)		\
	X(EXIT_MSR_STORE_COUNT, 0x400e)		\
	X(EXIT_MSR_LOAD_COUNT, 0x4010)		\
	X(ENTRY_CONTROLS, 0x4012)		\
	X(ENTRY_MSR_LOAD_COUNT, 0x4014)		\
	X(ENTRY_EVENT, 0x4016)			\
	X(ENTRY_EVENT_ERROR, 0x4018)		\
	X(ENTRY_INSN_LEN, 0x401a)		\
	X(TPR_THRESHOLD, 0x401c)		\
	X(SECONDARY_CONTROLS, 0x401e)		\
	X(PLE_GAP, 0x4020)			\
	X(PLE_WINDOW, 0x4022)			\
	X(INSN_ERROR, 0x4400)			\
	X(EXIT_REASON, 0x4402)			\
	X(EXIT_EVENT, 0x4404)			\
	X(EXIT_EVENT_ERROR, 0x4406)		\
	X(VECTORING_EVENT, 0x4408)		\
	X(VECTORING_EVENT_ERROR, 0x440a)	\
	X(EXIT_INSN_LEN, 0x440c)		\
	X(EXIT_INSN_INFO, 0x440e)		\
	X(GUEST_ES_LIMIT, 0x4800)		\
	X(GUEST_GDTR_LIMIT, 0x4810)		\
	X(GUEST_IDTR_LIMIT, 0x4812)		\
	X(GUEST_ES_ACCESS, 0x4814)		\
	X(GUEST_INTERRUPTIBILITY, 0x4824)	\
	X(GUEST_ACTIVITY, 0x4826)		\
	X(GUEST_SYSENTER_CS, 0x482a)		\
	X(PREEMPTION_TIMER, 0x482e)		\
	X(HOST_SYSENTER_CS, 0x4c00)

#define VMCS_FIELDS_64(X)			\
	X(MSR_BITMAP, 0x2004)			\
	X(TSC_OFFSET, 0x2010)			\
	X(VIRTUAL_APIC_PAGE, 0x2012)		\
	X(APIC_ACCESS_PAGE, 0x2014)		\
	X(EPT_POINTER, 0x201a)			\
	X(EOI_EXIT_BITMAP, 0x201c)		\
	X(XSS_EXIT_BITMAP, 0x202c)		\
	X(ENCLS_EXIT_BITMAP, 0x202e)		\
	X(ENCLV_EXIT_BITMAP, 0x203e)		\
	X(EXIT_GPA, 0x2400)			\
	X(LINK_POINTER, 0x2800)			\
	X(GUEST_DEBUGCTL, 0x2802)		\
	X(GUEST_PAT, 0x2804)			\
	X(GUEST_EFER, 0x2806)			\
	X(GUEST_PERF_GLOBAL_CTRL, 0x2808)	\
	X(GUEST_PDPTE0, 0x280a)			\
	X(HOST_PAT, 0x2c00)			\
	X(HOST_EFER, 0x2c02)			\
	X(HOST_PERF_GLOBAL_CTRL, 0x2c04)

/* Natural width: 64 bits here. */
#define VMCS_FIELDS_N(X)			\
	X(CR0_MASK, 0x6000)			\
	X(CR4_MASK, 0x6002)			\
	X(CR0_SHADOW, 0x6004)			\
	X(CR4_SHADOW, 0x6006)			\
	X(EXIT_QUALIFICATION, 0x6400)		\
	X(EXIT_LINEAR, 0x640a)			\
	X(GUEST_CR0, 0x6800)			\
	X(GUEST_CR3, 0x6802)			\
	X(GUEST_CR4, 0x6804)			\
	X(GUEST_ES_BASE, 0x6806)		\
	X(GUEST_GDTR_BASE, 0x6816)		\
	X(GUEST_IDTR_BASE, 0x6818)		\
	X(GUEST_DR7, 0x681a)			\
	X(GUEST_RSP, 0x681c)			\
	X(GUEST_RIP, 0x681e)			\
	X(GUEST_RFLAGS, 0x6820)			\
	X(GUEST_PENDING_DEBUG, 0x6822)		\
	X(GUEST_SYSENTER_ESP, 0x6824)		\
	X(GUEST_SYSENTER_EIP, 0x6826)		\
	X(HOST_CR0, 0x6c00)			\
	X(HOST_CR3, 0x6c02)			\
	X(HOST_CR4, 0x6c04)			\
	X(HOST_FS_BASE, 0x6c06)			\
	X(HOST_GS_BASE, 0x6c08)			\
	X(HOST_TR_BASE, 0x6c0a)			\
	X(HOST_GDTR_BASE, 0x6c0c)		\
	X(HOST_IDTR_BASE, 0x6c0e)		\
	X(HOST_SYSENTER_ESP, 0x6c10)		\
	X(HOST_SYSENTER_EIP, 0x6c12)		\
	X(HOST_RSP, 0x6c14)			\
	X(HOST_RIP, 0x6c16)

#define X(name, encoding) VMCS_##name = (encoding),
enum vmcs16 { VMCS_FIELDS_16(X) };
enum vmcs32 { VMCS_FIELDS_32(X) };
enum vmcs64 { VMCS_FIELDS_64(X) };
enum vmcsn { VMCS_FIELDS_N(X) };
#undef X

/* Bits 14:13 of an encoding; bit 0 would be the upper half of a 64-bit field. */
#define VMCS_WIDTH(encoding)	(((encoding) >> 13) & 3)
#define VMCS_WIDTH_16	0
#define VMCS_WIDTH_64	1
#define VMCS_WIDTH_32	2
#define VMCS_WIDTH_N	3

#define X(name, encoding) \
	static_assert(VMCS_WIDTH(encoding) == VMCS_WIDTH_16 && !((encoding) & 1));
VMCS_FIELDS_16(X)
#undef X
#define X(name, encoding) \
	static_assert(VMCS_WIDTH(encoding) == VMCS_WIDTH_32 && !((encoding) & 1));
VMCS_FIELDS_32(X)
#undef X
#define X(name, encoding) \
	static_assert(VMCS_WIDTH(encoding) == VMCS_WIDTH_64 && !((encoding) & 1));
VMCS_FIELDS_64(X)
#undef X
#define X(name, encoding) \
	static_assert(VMCS_WIDTH(encoding) == VMCS_WIDTH_N && !((encoding) & 1));
VMCS_FIELDS_N(X)
#undef X

/* The next of fields that come in rows: segments by enum hv_seg, PDPTEs, bitmap words. */
#define VMCS_NEXT	2

/* Segment access rights: as struct hv_segment.attr but for bits 11:8, which are at 15:12. */
#define VMCS_ACCESS_UNUSABLE	BIT(16)

/*
 * VM-entry, VM-exit and IDT-vectoring event information: one layout.  Types
 * are EVENT_* of core/vcpu.h.
 */
#define VMCS_EVENT_VECTOR(word)	((word) & 0xff)
#define VMCS_EVENT_TYPE(word)	(((word) >> 8) & 7)
#define VMCS_EVENT_TYPE_SHIFT	8
#define VMCS_EVENT_ERROR	BIT(11)
#define VMCS_EVENT_NMI_UNBLOCK	BIT(12)
#define VMCS_EVENT_VALID	BIT(31)

/* Interruptibility state. */
#define VMCS_BLOCK_STI		BIT(0)
#define VMCS_BLOCK_MOV_SS	BIT(1)
#define VMCS_BLOCK_SMI		BIT(2)
#define VMCS_BLOCK_NMI		BIT(3)

/* Exit reason: the basic reason, and what else the word says. */
#define VMCS_REASON(word)	((u16)(word))
#define VMCS_REASON_ENTRY	BIT(31)		/* the entry failed */

/* EPT pointer. */
#define VMCS_EPTP_WB		6ULL
#define VMCS_EPTP_LEVELS(n)	(((u64)(n) - 1) << 3)
#define VMCS_EPTP_AD		BIT_ULL(6)

/* Basic exit reasons: appendix C. */
#define VMX_EXIT_EXCEPTION	0
#define VMX_EXIT_INTERRUPT	1
#define VMX_EXIT_TRIPLE		2
#define VMX_EXIT_INIT		3
#define VMX_EXIT_SIPI		4
#define VMX_EXIT_INTR_WINDOW	7
#define VMX_EXIT_NMI_WINDOW	8
#define VMX_EXIT_TASK_SWITCH	9
#define VMX_EXIT_CPUID		10
#define VMX_EXIT_GETSEC		11
#define VMX_EXIT_HLT		12
#define VMX_EXIT_INVD		13
#define VMX_EXIT_RDPMC		15
#define VMX_EXIT_RSM		17
#define VMX_EXIT_VMCALL		18
#define VMX_EXIT_VMCLEAR	19
#define VMX_EXIT_VMLAUNCH	20
#define VMX_EXIT_VMPTRLD	21
#define VMX_EXIT_VMPTRST	22
#define VMX_EXIT_VMREAD		23
#define VMX_EXIT_VMRESUME	24
#define VMX_EXIT_VMWRITE	25
#define VMX_EXIT_VMXOFF		26
#define VMX_EXIT_VMXON		27
#define VMX_EXIT_CR		28
#define VMX_EXIT_DR		29
#define VMX_EXIT_IO		30
#define VMX_EXIT_RDMSR		31
#define VMX_EXIT_WRMSR		32
#define VMX_EXIT_ENTRY_STATE	33
#define VMX_EXIT_ENTRY_MSR	34
#define VMX_EXIT_MWAIT		36
#define VMX_EXIT_MONITOR	39
#define VMX_EXIT_PAUSE		40
#define VMX_EXIT_ENTRY_MCE	41
#define VMX_EXIT_TPR		43
#define VMX_EXIT_APIC_ACCESS	44
#define VMX_EXIT_EOI		45
#define VMX_EXIT_EPT_VIOLATION	48
#define VMX_EXIT_EPT_MISCONFIG	49
#define VMX_EXIT_INVEPT		50
#define VMX_EXIT_RDTSCP		51
#define VMX_EXIT_TIMER		52
#define VMX_EXIT_INVVPID	53
#define VMX_EXIT_WBINVD		54
#define VMX_EXIT_XSETBV		55
#define VMX_EXIT_APIC_WRITE	56
#define VMX_EXIT_INVPCID	58
#define VMX_EXIT_VMFUNC		59
#define VMX_EXIT_ENCLS		60
#define VMX_EXIT_XSAVES		63
#define VMX_EXIT_XRSTORS	64
#define VMX_EXIT_PCONFIG	65
#define VMX_EXIT_UMWAIT		67
#define VMX_EXIT_TPAUSE		68
#define VMX_EXIT_ENCLV		70
#define VMX_EXIT_NONE		0xffff	/* ours: the field could not be read */

/* Exit qualification of I/O, table 'Exit qualification for I/O instructions'. */
#define VMX_IO_SIZE(q)		(((q) & 7) + 1)
#define VMX_IO_IN		BIT(3)
#define VMX_IO_STRING		BIT(4)
#define VMX_IO_REP		BIT(5)
#define VMX_IO_PORT(q)		((u16)((q) >> 16))

/* Instruction information of INS and OUTS. */
#define VMX_INS_ADDR(info)	(2U << (((info) >> 7) & 7))	/* bytes */
#define VMX_INS_SEG(info)	(((info) >> 15) & 7)		/* enum hv_seg; OUTS only */

/* Exit qualification of control-register accesses. */
#define VMX_CR_NR(q)		((q) & 0xf)
#define VMX_CR_TYPE(q)		(((q) >> 4) & 3)
#define VMX_CR_MOV_TO		0
#define VMX_CR_GPR(q)		(((q) >> 8) & 0xf)

/* Exit qualification of EPT violations. */
#define VMX_EPT_WRITE		BIT(1)
#define VMX_EPT_FETCH		BIT(2)
#define VMX_EPT_LINEAR		BIT(7)		/* EXIT_LINEAR is valid */
#define VMX_EPT_FINAL		BIT(8)		/* not a paging structure of the guest's */
#define VMX_EPT_NMI_UNBLOCK	BIT(12)

/* Exit qualification of APIC accesses, and the offset alone of APIC writes. */
#define VMX_APIC_OFFSET(q)	((q) & 0xfff)
#define VMX_APIC_TYPE(q)	(((q) >> 12) & 0xf)
#define VMX_APIC_TYPE_WRITE	1
#define VMX_APIC_TYPE_FETCH	2
#define VMX_APIC_TYPE_PHYSICAL	10	/* and up: not by a linear address */

/* Exit qualification of #DB, DR6 and pending debug exceptions. */
#define DR6_TRAPS		0xfULL
#define DR6_BD			BIT_ULL(13)
#define DR6_BS			BIT_ULL(14)
#define PENDING_DEBUG_ENABLED	BIT_ULL(12)

/* DR7: the four breakpoints' enables, and general detect. */
#define DR7_ENABLED		0xffULL
#define DR7_GD			BIT_ULL(13)

#endif /* HV_VMX_VMCS_H */
