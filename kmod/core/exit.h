/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an engine reports when the CPU has left the guest: the vendor decodes,
 * common code decides.
 */
#ifndef HV_CORE_EXIT_H
#define HV_CORE_EXIT_H

#include "core/host.h"

/*
 * X(SYMBOL, "name in statistics"): the exits a guest can cause.
 * Names are user-visible (netlink attribute exit/name): append only.
 */
#define HV_EXIT_REASONS(X)						\
	X(UNKNOWN, "unknown")		/* no common meaning: stops the guest */ \
	X(INTR, "interrupt")		/* the host's interrupt */	\
	X(NMI, "nmi")			/* the host's NMI */		\
	X(MCE, "machine-check")						\
	X(WINDOW, "irq-window")		/* the guest can take an interrupt now */ \
	X(CPUID, "cpuid")						\
	X(HLT, "hlt")							\
	X(PIO, "pio")			/* IN, OUT */			\
	X(PIO_STRING, "pio-string")	/* INS, OUTS */			\
	X(RDMSR, "rdmsr")						\
	X(WRMSR, "wrmsr")						\
	X(HYPERCALL, "hypercall")	/* VMMCALL, VMCALL */		\
	X(S2_FAULT, "page-fault")	/* nested page fault, EPT violation */ \
	X(CR_WRITE, "cr-write")						\
	X(DR, "debug-register")		/* first touch in a core section */ \
	X(XSETBV, "xsetbv")						\
	X(INVD, "invd")			/* INVD, WBINVD: nothing to do */ \
	X(PAUSE, "pause")						\
	X(UD, "undefined")		/* an instruction the guest must not have */ \
	X(GP, "protected")		/* an instruction that faults: RDPMC */ \
	X(DB, "debug")			/* #DB, passed on */		\
	X(AC, "alignment")		/* #AC, passed on */		\
	X(TRIPLE, "triple-fault")					\
	X(TASK_SWITCH, "task-switch")					\
	X(IRET, "iret")			/* of an NMI's handler */	\
	X(INIT, "init")			/* the host's INIT */		\
	X(ENTRY_FAILED, "entry-failed")	/* the CPU refused the state */	\
	X(MMIO, "mmio")			/* a page fault answered by a chip */	\
	X(EOI, "eoi")			/* the hardware's, of a level-triggered interrupt */ \
	X(UD_FAULT, "invalid-opcode")	/* #UD, passed on but for a hypercall */ \
	X(TIMER, "timer")		/* the engine's: a TSC deadline has passed */ \
	X(APIC_WRITE, "apic-write")	/* the hardware has written a register for the guest */

enum exit_reason {
#define X(symbol, name) EXIT_##symbol,
	HV_EXIT_REASONS(X)
#undef X
	NR_EXITS
};

/* User-visible names by reason. */
extern const char *const exit_names[NR_EXITS];

/* struct exit_s2.access, and the access rights asked of a guest page walk */
#define ACCESS_WRITE	BIT(0)
#define ACCESS_FETCH	BIT(1)
#define ACCESS_USER	BIT(2)

/**
 * struct exit_refusal - why the CPU would not enter the guest
 * @what: the field or state; NULL: the CPU does not say
 * @value: of it
 * @rule: what is wrong with it
 */
struct exit_refusal {
	const char *what;
	u64 value;
	const char *rule;
};

/**
 * struct exit - one exit, decoded
 * @reason: which member of the union counts
 * @insn_len: bytes of the instruction where the engine knows, 0 where the
 *            common code must decode it
 * @hw_code: the engine's own code, for logs and stop details
 * @hw_info: its qualifications, for logs
 */
struct exit {
	enum exit_reason reason;
	u8 insn_len;
	u32 hw_code;
	u64 hw_info[2];
	union {
		struct {
			u16 port;
			u8 size;	/* bytes: 1, 2 or 4 */
			bool in;
			bool rep;	/* PIO_STRING only, likewise: */
			u8 addr_size;	/* bytes: 2, 4 or 8; 0: decode it */
			s8 seg;		/* enum hv_seg; -1: decode it */
		} pio;
		struct {
			u64 gpa;
			u32 access;	/* ACCESS_* */
			bool walk;	/* it was the guest's page walk that faulted */
			bool apic_page;	/* platform->apic_page is to be mapped there */
			u8 bytes_len;	/* instruction bytes the CPU fetched; 0: fetch them */
			u8 bytes[15];
		} s2;
		struct {
			u8 cr;
			s8 gpr;		/* enum hv_gpr; -1: decode it */
		} cr;
		struct {
			u64 error_code;
			u64 pending_db;
		} exception;
		struct exit_refusal refused;	/* ENTRY_FAILED */
		u8 vector;			/* EOI */
		struct {
			u16 offset;
			u32 value;
		} apic;				/* APIC_WRITE */
	};
};

/**
 * enum outcome - what a handler, and the core as a whole, wants next
 * @OUT_RESUME: back into the guest
 * @OUT_INTERRUPT: let the host take its interrupts, then go on
 * @OUT_HALT: nothing to run until an event comes
 * @OUT_S2_FILL: vcpu->fill_gpa needs a page, then retry the instruction
 * @OUT_PLATFORM: guest->platform.event has something for the host side
 * @OUT_STOP: end the guest, vcpu->stop says why
 * @OUT_REQUEST: the host side asked for the vCPU (kill, pause)
 * @OUT_YIELD: let another task run, then go on
 * @OUT_TRAP: bus_pending() is for the host side to answer; then go on
 * @OUT_MP: an INIT or a start-up message came: core_mp(), then go on
 * @OUT_SPIN: it waits for another vCPU: let that one run, then go on
 * @OUT_CONSOLE: make the console larger, then go on
 */
enum outcome {
	OUT_RESUME,
	OUT_INTERRUPT,
	OUT_HALT,
	OUT_S2_FILL,
	OUT_PLATFORM,
	OUT_STOP,
	OUT_REQUEST,
	OUT_YIELD,
	OUT_TRAP,
	OUT_MP,
	OUT_SPIN,
	OUT_CONSOLE,
};

#endif /* HV_CORE_EXIT_H */
