/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instruction emulation: what the exit handlers ask for where the CPU did not
 * say enough, or where an instruction has to be carried out by hand.
 */
#ifndef HV_EMUL_EMUL_H
#define HV_EMUL_EMUL_H

#include "core/vcpu.h"

/**
 * emul_mmio() - carry out the instruction that touched a gpa without memory
 * @v: vCPU
 * @exit: EXIT_S2_FAULT; the caller has seen that there is no memory
 *
 * Chips answer at their pages; elsewhere reads give all ones and writes are
 * lost.  Counts EXIT_MMIO.  A REP string does a bounded part of its work and
 * goes on with the next exit.
 */
enum outcome emul_mmio(struct vcpu *v, const struct exit *exit);

/**
 * emul_pio_string() - carry out INS or OUTS
 * @v: vCPU
 * @exit: EXIT_PIO_STRING
 *
 * Bounded likewise, and steps over the instruction in the end.
 */
enum outcome emul_pio_string(struct vcpu *v, const struct exit *exit);

/**
 * emul_find_len() - how long is the instruction that exited?
 * @v: vCPU
 * @exit: the exit, with an insn_len of 0: the engine does not know
 *
 * Fetches and decodes, makes sure that it found what the exit is about, and sets
 * exit->insn_len.  Where that stays 0, do not step over it.
 *
 * Return: what the handler returns then: OUT_S2_FILL where the instruction's page is
 * needed first, OUT_STOP, or OUT_RESUME where fetching it faults (the fault is
 * injected) or where another CPU has changed it.
 */
enum outcome emul_find_len(struct vcpu *v, struct exit *exit);

/* Likewise, where the engine may know. */
static inline enum outcome emul_insn_len(struct vcpu *v, struct exit *exit)
{
	return likely(exit->insn_len) ? OUT_RESUME : emul_find_len(v, exit);
}

/**
 * emul_mov_cr() - likewise for MOV to CR, and which register it moves
 * @v: vCPU
 * @exit: EXIT_CR_WRITE
 * @gpr: enum hv_gpr; set where @len is not 0
 * @len: of the instruction; 0: do not step over it
 */
enum outcome emul_mov_cr(struct vcpu *v, const struct exit *exit, int *gpr, unsigned int *len);

/**
 * emul_other_hypercall() - is what raised #UD a VMMCALL or VMCALL?
 * @v: vCPU
 * @len: of the instruction; 0: it is none, and the exception was injected
 *
 * Each vendor's CPUs have one of them, and a guest may know only the other.
 * Without prefixes alone, which nobody writes.
 *
 * Return: what the handler returns where @len is 0, as for emul_find_len().
 */
enum outcome emul_other_hypercall(struct vcpu *v, unsigned int *len);

#endif /* HV_EMUL_EMUL_H */
