/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the emulator share: one instruction under way, its
 * registers and its memory.
 */
#ifndef HV_EMUL_OPERAND_H
#define HV_EMUL_OPERAND_H

#include "emul/decode.h"
#include "emul/emul.h"
#include "mmu/walk.h"

/**
 * struct emul - one instruction under way
 * @v: vCPU
 * @exit: why
 * @mode: vcpu_mode()
 * @insn: what
 * @bytes: of the instruction; the last is 0
 * @bytes_len: how many are there, more than insn.len perhaps
 * @fault: see enum walk_result
 * @bus: the memory operand is all where there is no memory
 * @out: OUT_TRAP once an access has to wait: undo the instruction and return this
 */
struct emul {
	struct vcpu *v;
	const struct exit *exit;
	enum cpu_mode mode;
	struct insn insn;
	u8 bytes[INSN_MAX + 1];
	unsigned int bytes_len;
	struct walk_fault fault;
	bool bus;
	enum outcome out;
};

/*
 * Fetch and decode the instruction at CS:RIP.  What @e->bytes has already is
 * tried first.  DECODE_OK or DECODE_UNKNOWN in @decoded where WALK_OK.
 */
enum walk_result emul_decode(struct emul *e, enum decode_result *decoded);

/* Inject, ask for the page, or stop: what a handler returns for @r, which is not WALK_OK. */
enum outcome emul_walk_outcome(struct emul *e, enum walk_result r);

/* "cannot emulate": the guest stops; but a program in it only gets #UD. */
enum outcome emul_unknown(struct emul *e);

/*
 * General registers, by the rules for operands of 1, 2, 4 and 8 bytes.  Once an access
 * has to wait, nothing is written: the instruction has not happened yet.
 */
u64 emul_reg_read(const struct emul *e, unsigned int reg, unsigned int size);
void emul_reg_write(struct emul *e, unsigned int reg, unsigned int size, u64 value);

/* Effective address of the memory operand: the offset in insn.seg. */
u64 emul_offset(const struct emul *e);

/**
 * emul_resolve() - make sure that an access cannot fail
 * @e: instruction
 * @seg: segment
 * @offset: in it
 * @size: bytes, up to 8
 * @access: ACCESS_WRITE or 0
 * @span: guest physical; memory, chips or nothing
 */
enum walk_result emul_resolve(struct emul *e, enum hv_seg seg, u64 offset, unsigned int size,
			      u32 access, struct guest_span *span);

/*
 * Access what was resolved.  The bus sees each access once.  Look at @e->out
 * afterwards: where it is not OUT_RESUME, the value read means nothing, and
 * nothing was written that would not be written again.
 */
u64 emul_mem_read(struct emul *e, const struct guest_span *span);
void emul_mem_write(struct emul *e, const struct guest_span *span, u64 value);

/* Is it MOVS, STOS, LODS, CMPS or SCAS? */
bool emul_is_string(const struct insn *insn);

/* Carry out one of these, or INS or OUTS: one element, or a part of a REP's. */
enum outcome emul_string(struct emul *e);

#endif /* HV_EMUL_OPERAND_H */
