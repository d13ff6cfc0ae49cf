/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU as the core sees it.
 */
#ifndef HV_CORE_VCPU_H
#define HV_CORE_VCPU_H

#include <linux/hv.h>
#include <linux/hv_netlink.h>

#include "core/bus.h"
#include "core/exit.h"
#include "core/mode.h"
#include "core/platform.h"
#include "core/pv.h"
#include "core/pvclock.h"
#include "core/recorder.h"
#include "emul/decode.h"
#include "mmu/fetch.h"

struct guest;
struct s2;
struct task_struct;

/* Exception vectors that the core injects or passes on. */
#define VEC_DB	1
#define VEC_NMI	2
#define VEC_BP	3
#define VEC_OF	4
#define VEC_UD	6
#define VEC_DF	8
#define VEC_TS	10
#define VEC_NP	11
#define VEC_SS	12
#define VEC_GP	13
#define VEC_PF	14
#define VEC_AC	17
#define VEC_MC	18

/* Architectural bits; the kernel's own names come with headers that the core does without. */
#define CR0_PE		BIT_ULL(0)
#define CR0_ET		BIT_ULL(4)
#define CR0_NE		BIT_ULL(5)
#define CR0_WP		BIT_ULL(16)
#define CR0_NW		BIT_ULL(29)
#define CR0_CD		BIT_ULL(30)
#define CR0_PG		BIT_ULL(31)
#define CR4_PSE		BIT_ULL(4)
#define CR4_PAE		BIT_ULL(5)
#define CR4_LA57	BIT_ULL(12)
#define CR4_SMEP	BIT_ULL(20)
#define CR4_SMAP	BIT_ULL(21)
#define CR4_OSXSAVE	BIT_ULL(18)
#define EFER_SCE_BIT	BIT_ULL(0)
#define EFER_LME_BIT	BIT_ULL(8)
#define EFER_LMA_BIT	BIT_ULL(10)
#define EFER_NXE_BIT	BIT_ULL(11)
#define RFLAGS_ZF	BIT_ULL(6)
#define RFLAGS_TF	BIT_ULL(8)
#define RFLAGS_IF	BIT_ULL(9)
#define RFLAGS_DF	BIT_ULL(10)
#define RFLAGS_RF	BIT_ULL(16)
#define RFLAGS_VM	BIT_ULL(17)
#define RFLAGS_AC	BIT_ULL(18)

/* struct vcpu.requests: the host side wants the vCPU out of the core. */
#define VCPU_REQ_LEAVE		0	/* the vCPUs meet: see guest/life.c */
#define VCPU_REQ_PLATFORM	1	/* platform.event is set */
#define VCPU_REQ_FLUSH		2	/* second-level translations changed */
#define VCPU_REQ_WAKE		3	/* the sleep that a guest asked for is over */
#define VCPU_REQ_CONSOLE	4	/* the console has to grow before the guest prints more */

/**
 * struct vcpu_event - an event to inject at the next entry
 * @valid: there is one
 * @type: EVENT_*, as in the VMCB's EVENTINJ and the VMCS's interruption information
 * @vector: which
 * @has_error: push @error
 * @insn_len: bytes of the instruction that raises it; software events only
 * @error: error code
 */
struct vcpu_event {
	bool valid;
	u8 type;
	u8 vector;
	u8 insn_len;
	bool has_error;
	u32 error;
};

#define EVENT_INTR	0	/* external or virtual interrupt */
#define EVENT_NMI	2
#define EVENT_EXCEPTION	3
#define EVENT_SOFT_INTR	4	/* INT n */
#define EVENT_PRIV_SOFT	5	/* INT1; VMX only */
#define EVENT_SOFT_EXCEPTION 6	/* INT3, INTO; VMX only */

/**
 * enum vcpu_mp - may the vCPU run (SDM vol. 3, 'MP Initialization')
 * @MP_RUNNABLE: yes
 * @MP_WAIT_SIPI: an application processor after reset or INIT: it waits for a start-up message
 * @MP_HALTED: in HLT
 * @MP_HALTED_OFF: in HLT with interrupts off: only messages of other processors end it
 */
enum vcpu_mp {
	MP_RUNNABLE,
	MP_WAIT_SIPI,
	MP_HALTED,
	MP_HALTED_OFF,
};

/**
 * struct vcpu_stop - why the guest ends
 * @reason: enum hv_stop_reason
 * @status: exit status that goes with it
 * @detail: a sentence, empty where there is no more to say
 */
struct vcpu_stop {
	u32 reason;
	u32 status;
	char detail[120];
};

/* MSRs that the model keeps for the guest and the hardware does not switch. */
struct vcpu_msrs {
	u64 tsc_adjust;
	u64 misc_enable;
	u64 mtrr_def_type;
	u64 mtrr_fixed[11];
	u64 mtrr_var[16];
	u64 mcg_status;
	u64 spec_ctrl;
	u64 xss;
	u64 tsc_aux;
};

/**
 * struct vcpu - one virtual CPU
 *
 * Owner: the task that runs it.  Nothing here has a lock; @requests and the
 * LAPIC's pending word are atomic and may be set from anywhere, followed by
 * host_kick().
 *
 * @gpr: general registers, by enum hv_gpr; right between exit and entry
 * @rip: instruction pointer, likewise
 * @rflags: flags, likewise
 * @cr2: page fault address, likewise
 * @requests: VCPU_REQ_* bits
 * @inject: what the next entry injects
 * @triple_fault: an exception met a double fault: the guest shuts down
 * @nmi_blocked: the guest is in its NMI handler, which no other NMI interrupts
 * @irq_shadow: the guest is in the shadow of STI or MOV SS
 * @exit: the last exit
 * @guest: constant
 * @s2: the guest's second-level tables; constant
 * @platform: the guest's chips; constant
 * @index: 0-based; 0 is the bootstrap processor; constant
 * @mp: may it run; written by the owner, read by others
 * @cpu: host CPU of the current core section
 * @task: runs it; constant while the guest runs
 * @in_core: between section begin and end: it looks at its pending work before
 *           it goes anywhere, so nobody needs to wake it
 * @root_held: the engine holds root for this vCPU on @cpu
 * @fpu: guest's x87, SSE and AVX state while it is not loaded; host's format
 * @section_tsc: host TSC at the start of the core section
 * @tsc_offset: guest TSC - host TSC, ticks; lapic.tsc_offset follows
 * @lapic: local APIC
 * @xcr0: guest's XCR0
 * @msrs: see above
 * @pvclock: paravirtual clock
 * @bus: accesses of the instruction that exited
 * @fetch: where instructions were fetched from last
 * @decoded: instructions that were, by the low bits of RIP
 * @pv: the rest of that interface
 * @fill_gpa: OUT_S2_FILL: where
 * @fill_access: ACCESS_* that the fill has to allow
 * @stop: OUT_STOP: why
 * @exits: how often each exit was seen; written by the owner only
 * @entries: how often the guest was entered
 * @guest_ticks: host TSC ticks spent in core sections
 * @sleep: ends HV_CALL_SLEEP_UNTIL
 * @recorder: the last exits, and how long they took
 */
struct vcpu {
	u64 gpr[HV_NR_GPRS];
	u64 rip;
	u64 rflags;
	u64 cr2;
	unsigned long requests;
	struct vcpu_event inject;
	bool triple_fault;
	bool nmi_blocked;
	bool irq_shadow;
	struct exit exit;
	struct guest *guest;
	struct s2 *s2;
	struct platform *platform;
	unsigned int index;
	enum vcpu_mp mp;
	int cpu;
	struct task_struct *task;
	bool in_core;
	bool root_held;
	void *fpu;
	u64 section_tsc;
	u64 tsc_offset;
	struct lapic lapic;
	u64 xcr0;
	struct vcpu_msrs msrs;
	struct pvclock pvclock;
	struct bus_log bus;
	struct fetch_page fetch;
	struct decoded decoded[NR_DECODED];
	struct pv pv;
	u64 fill_gpa;
	u32 fill_access;
	struct vcpu_stop stop;
	u64 exits[NR_EXITS];
	u64 entries;
	u64 guest_ticks;
	struct host_timer sleep;
	struct recorder recorder;
};

/*
 * Architectural state that lives in the engine's control block.  Cheap on
 * SVM, a VMREAD or VMWRITE each on VMX.  Only between exit and entry, on the
 * vCPU's own task.
 */
u64 vcpu_cr0(struct vcpu *v);
u64 vcpu_cr3(struct vcpu *v);
u64 vcpu_cr4(struct vcpu *v);
u64 vcpu_efer(struct vcpu *v);
unsigned int vcpu_cpl(struct vcpu *v);
void vcpu_segment(struct vcpu *v, enum hv_seg seg, struct hv_segment *s);
void vcpu_set_cr(struct vcpu *v, unsigned int nr, u64 value);	/* 0 or 4; already checked */
void vcpu_set_efer(struct vcpu *v, u64 value);	/* already checked */
u64 vcpu_pat(struct vcpu *v);
void vcpu_set_pat(struct vcpu *v, u64 value);	/* already checked */

/* Drop cached translations of the guest's before its next entry. */
void vcpu_flush(struct vcpu *v);

/* Guest's time stamp counter now, ticks. */
u64 vcpu_tsc(struct vcpu *v);
void vcpu_set_tsc(struct vcpu *v, u64 value);
void vcpu_set_tsc_offset(struct vcpu *v, u64 offset);

/*
 * Queue an exception for the next entry.  One that meets another which was
 * being delivered follows SDM vol. 3, table 'Conditions for generating a
 * double fault'.
 */
void vcpu_inject(struct vcpu *v, u8 vector);
void vcpu_inject_error(struct vcpu *v, u8 vector, u32 error);
void vcpu_inject_pf(struct vcpu *v, u64 address, u32 error);

/* @rip, which has crossed 4 GiB, as it is in the vCPU's mode. */
u64 vcpu_wrap(struct vcpu *v, u64 rip);

/* Step over the instruction that exited: @len bytes; ends an interrupt shadow. */
static inline void vcpu_skip(struct vcpu *v, unsigned int len)
{
	u64 rip = v->rip + len;

	/* Below 64-bit mode it wraps at 4 GiB; anywhere else there is no need to ask. */
	if (unlikely((rip ^ v->rip) >> 32))
		rip = vcpu_wrap(v, rip);
	v->rip = rip;
	v->rflags &= ~RFLAGS_RF;
	v->irq_shadow = false;
}

/* Record why the guest has to end; returns OUT_STOP for the handler to return. */
__printf(4, 5) enum outcome vcpu_stop(struct vcpu *v, enum hv_stop_reason reason, u32 status,
				      const char *fmt, ...);

enum cpu_mode vcpu_mode(struct vcpu *v);

#endif /* HV_CORE_VCPU_H */
