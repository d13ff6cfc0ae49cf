/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual machine control block: AMD APM vol. 2, appendix B.
 */
#ifndef HV_SVM_VMCB_H
#define HV_SVM_VMCB_H

#include "core/host.h"

/* Intercept vectors: table B-1, offsets 000h to 014h. */
#define VMCB_CR_WRITE(n)	BIT(16 + (n))	/* in intercept_cr */
#define VMCB_EXCEPTION(n)	BIT(n)		/* in intercept_exceptions */

/* intercept_misc1: offset 00Ch */
#define VMCB_INTR		BIT(0)
#define VMCB_NMI		BIT(1)
#define VMCB_SMI		BIT(2)
#define VMCB_INIT		BIT(3)
#define VMCB_VINTR		BIT(4)
#define VMCB_RDPMC		BIT(15)
#define VMCB_CPUID		BIT(18)
#define VMCB_IRET		BIT(20)
#define VMCB_INVD		BIT(22)
#define VMCB_PAUSE		BIT(23)
#define VMCB_HLT		BIT(24)
#define VMCB_INVLPGA		BIT(26)
#define VMCB_IOIO		BIT(27)
#define VMCB_MSR		BIT(28)
#define VMCB_TASK_SWITCH	BIT(29)
#define VMCB_FERR_FREEZE	BIT(30)
#define VMCB_SHUTDOWN		BIT(31)

/* intercept_misc2: offset 010h */
#define VMCB_VMRUN		BIT(0)
#define VMCB_VMMCALL		BIT(1)
#define VMCB_VMLOAD		BIT(2)
#define VMCB_VMSAVE		BIT(3)
#define VMCB_STGI		BIT(4)
#define VMCB_CLGI		BIT(5)
#define VMCB_SKINIT		BIT(6)
#define VMCB_RDTSCP		BIT(7)
#define VMCB_ICEBP		BIT(8)
#define VMCB_WBINVD		BIT(9)
#define VMCB_MONITOR		BIT(10)
#define VMCB_MWAIT		BIT(11)
#define VMCB_MWAIT_ARMED	BIT(12)
#define VMCB_XSETBV		BIT(13)
#define VMCB_RDPRU		BIT(14)

/* intercept_misc3: offset 014h; reserved bits are ignored by CPUs that lack them */
#define VMCB_INVLPGB		BIT(0)
#define VMCB_INVLPGB_BAD	BIT(1)
#define VMCB_INVPCID		BIT(2)
#define VMCB_MCOMMIT		BIT(3)
#define VMCB_TLBSYNC		BIT(4)

/* tlb_control: offset 05Ch */
#define VMCB_FLUSH_ALL		1
#define VMCB_FLUSH_GUEST	3	/* CPUID 8000_000A EDX[6] */

/* int_ctl: offset 060h */
#define VMCB_V_IRQ		BIT(8)
#define VMCB_V_INTR_PRIO(p)	((u32)(p) << 16)
#define VMCB_V_IGN_TPR		BIT(20)
#define VMCB_V_INTR		(VMCB_V_IRQ | VMCB_V_INTR_PRIO(0xf) | VMCB_V_IGN_TPR)
#define VMCB_V_INTR_MASKING	BIT(24)

/* int_state: offset 068h */
#define VMCB_INTERRUPT_SHADOW	BIT(0)

/* nested_ctl: offset 090h */
#define VMCB_NP_ENABLE		BIT(0)

/* EVENTINJ and EXITINTINFO: section 15.20; types are EVENT_* of core/vcpu.h */
#define VMCB_EVENT_TYPE_SHIFT	8
#define VMCB_EVENT_ERROR	BIT(11)
#define VMCB_EVENT_VALID	BIT(31)

/* EXITINFO1 of IOIO: section 15.10.2 */
#define VMCB_IO_IN		BIT(0)
#define VMCB_IO_STRING		BIT(2)
#define VMCB_IO_REP		BIT(3)
#define VMCB_IO_SIZE(info)	(((info) >> 4) & 7)
#define VMCB_IO_ADDR(info)	(((info) >> 7) & 7)	/* decode assists: units of 2 bytes */
#define VMCB_IO_SEG(info)	(((info) >> 10) & 7)	/* decode assists */
#define VMCB_IO_PORT(info)	((u16)((info) >> 16))

/* EXITINFO1 of a nested page fault: section 15.25.6 */
#define VMCB_NPF_WRITE		BIT_ULL(1)
#define VMCB_NPF_USER		BIT_ULL(2)
#define VMCB_NPF_FETCH		BIT_ULL(4)
#define VMCB_NPF_WALK		BIT_ULL(33)

/* EXITINFO1 of MOV CRn with decode assists: section 15.33.1 */
#define VMCB_MOV_CR_VALID	BIT_ULL(63)

/* DR7: local and global enables of the four breakpoints */
#define DR7_ENABLED		0xffULL

/* DR6: the four breakpoints, and a single-step trap */
#define DR6_BREAKPOINTS		0xfULL
#define DR6_BS			BIT_ULL(14)

/* Exit codes: appendix C */
#define VMEXIT_CR_WRITE		0x010	/* + n */
#define VMEXIT_DR_READ		0x020	/* + n */
#define VMEXIT_DR_WRITE		0x030	/* + n */
#define VMEXIT_EXCEPTION	0x040	/* + vector */
#define VMEXIT_INTR		0x060
#define VMEXIT_NMI		0x061
#define VMEXIT_SMI		0x062
#define VMEXIT_INIT		0x063
#define VMEXIT_VINTR		0x064
#define VMEXIT_RDPMC		0x06f
#define VMEXIT_CPUID		0x072
#define VMEXIT_IRET		0x074
#define VMEXIT_INVD		0x076
#define VMEXIT_PAUSE		0x077
#define VMEXIT_HLT		0x078
#define VMEXIT_INVLPGA		0x07a
#define VMEXIT_IOIO		0x07b
#define VMEXIT_MSR		0x07c
#define VMEXIT_TASK_SWITCH	0x07d
#define VMEXIT_FERR_FREEZE	0x07e
#define VMEXIT_SHUTDOWN		0x07f
#define VMEXIT_VMRUN		0x080
#define VMEXIT_VMMCALL		0x081
#define VMEXIT_VMLOAD		0x082
#define VMEXIT_VMSAVE		0x083
#define VMEXIT_STGI		0x084
#define VMEXIT_CLGI		0x085
#define VMEXIT_SKINIT		0x086
#define VMEXIT_RDTSCP		0x087
#define VMEXIT_ICEBP		0x088
#define VMEXIT_WBINVD		0x089
#define VMEXIT_MONITOR		0x08a
#define VMEXIT_MWAIT		0x08b
#define VMEXIT_MWAIT_ARMED	0x08c
#define VMEXIT_XSETBV		0x08d
#define VMEXIT_RDPRU		0x08e
#define VMEXIT_INVLPGB		0x0a0
#define VMEXIT_INVLPGB_BAD	0x0a1
#define VMEXIT_INVPCID		0x0a2
#define VMEXIT_MCOMMIT		0x0a3
#define VMEXIT_TLBSYNC		0x0a4
#define VMEXIT_NPF		0x400
#define VMEXIT_INVALID		(-1)

struct vmcb_seg {
	u16 selector;
	u16 attr;
	u32 limit;
	u64 base;
};

struct vmcb_control {
	u32 intercept_cr;		/* 000h: reads in 0-15, writes in 16-31 */
	u32 intercept_dr;		/* 004h */
	u32 intercept_exceptions;	/* 008h */
	u32 intercept_misc1;		/* 00Ch */
	u32 intercept_misc2;		/* 010h */
	u32 intercept_misc3;		/* 014h */
	u8 reserved_018[0x03c - 0x018];
	u16 pause_threshold;		/* 03Ch */
	u16 pause_count;		/* 03Eh */
	u64 iopm_base;			/* 040h */
	u64 msrpm_base;			/* 048h */
	u64 tsc_offset;			/* 050h */
	u32 asid;			/* 058h */
	u32 tlb_control;		/* 05Ch */
	u32 int_ctl;			/* 060h */
	u32 int_vector;			/* 064h */
	u64 int_state;			/* 068h */
	u64 exit_code;			/* 070h */
	u64 exit_info1;			/* 078h */
	u64 exit_info2;			/* 080h */
	u64 exit_int_info;		/* 088h */
	u64 nested_ctl;			/* 090h */
	u8 reserved_098[0x0a8 - 0x098];
	u64 event_inj;			/* 0A8h */
	u64 nested_cr3;			/* 0B0h */
	u64 virt_ext;			/* 0B8h */
	u32 clean;			/* 0C0h */
	u32 reserved_0c4;
	u64 next_rip;			/* 0C8h: CPUID 8000_000A EDX[3] */
	u8 insn_len;			/* 0D0h: CPUID 8000_000A EDX[7] */
	u8 insn_bytes[15];		/* 0D1h */
	u8 reserved_0e0[0x400 - 0x0e0];
};

struct vmcb_save {
	struct vmcb_seg es;		/* 000h */
	struct vmcb_seg cs;
	struct vmcb_seg ss;
	struct vmcb_seg ds;
	struct vmcb_seg fs;
	struct vmcb_seg gs;
	struct vmcb_seg gdtr;		/* 060h */
	struct vmcb_seg ldtr;
	struct vmcb_seg idtr;
	struct vmcb_seg tr;
	u8 reserved_0a0[0x0cb - 0x0a0];
	u8 cpl;				/* 0CBh */
	u32 reserved_0cc;
	u64 efer;			/* 0D0h */
	u8 reserved_0d8[0x148 - 0x0d8];
	u64 cr4;			/* 148h */
	u64 cr3;
	u64 cr0;
	u64 dr7;			/* 160h */
	u64 dr6;
	u64 rflags;
	u64 rip;			/* 178h */
	u8 reserved_180[0x1d8 - 0x180];
	u64 rsp;			/* 1D8h */
	u64 s_cet;
	u64 ssp;
	u64 isst_addr;
	u64 rax;			/* 1F8h */
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u64 kernel_gs_base;
	u64 sysenter_cs;
	u64 sysenter_esp;
	u64 sysenter_eip;
	u64 cr2;			/* 240h */
	u8 reserved_248[0x268 - 0x248];
	u64 g_pat;			/* 268h */
	u64 dbgctl;
	u64 br_from;
	u64 br_to;
	u64 last_excp_from;
	u64 last_excp_to;		/* 290h */
	u8 reserved_298[0xc00 - 0x298];
};

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
};

static_assert(sizeof(struct vmcb) == 4096);
static_assert(offsetof(struct vmcb, control.iopm_base) == 0x040);
static_assert(offsetof(struct vmcb, control.asid) == 0x058);
static_assert(offsetof(struct vmcb, control.int_state) == 0x068);
static_assert(offsetof(struct vmcb, control.exit_int_info) == 0x088);
static_assert(offsetof(struct vmcb, control.event_inj) == 0x0a8);
static_assert(offsetof(struct vmcb, control.clean) == 0x0c0);
static_assert(offsetof(struct vmcb, control.next_rip) == 0x0c8);
static_assert(offsetof(struct vmcb, control.insn_bytes) == 0x0d1);
static_assert(offsetof(struct vmcb, save) == 0x400);
static_assert(offsetof(struct vmcb_save, gdtr) == 0x060);
static_assert(offsetof(struct vmcb_save, tr) == 0x090);
static_assert(offsetof(struct vmcb_save, cpl) == 0x0cb);
static_assert(offsetof(struct vmcb_save, efer) == 0x0d0);
static_assert(offsetof(struct vmcb_save, cr4) == 0x148);
static_assert(offsetof(struct vmcb_save, rip) == 0x178);
static_assert(offsetof(struct vmcb_save, rsp) == 0x1d8);
static_assert(offsetof(struct vmcb_save, rax) == 0x1f8);
static_assert(offsetof(struct vmcb_save, sysenter_eip) == 0x238);
static_assert(offsetof(struct vmcb_save, cr2) == 0x240);
static_assert(offsetof(struct vmcb_save, g_pat) == 0x268);
static_assert(offsetof(struct vmcb_save, last_excp_to) == 0x290);

#endif /* HV_SVM_VMCB_H */
