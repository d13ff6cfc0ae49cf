/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic as the CPU does it, flags included.
 */
#ifndef HV_EMUL_ALU_H
#define HV_EMUL_ALU_H

#include "emul/decode.h"

/**
 * alu() - one operation
 * @op: INSN_ADD to INSN_IMUL
 * @dst: first operand
 * @src: second one, or the count; not used by those with one operand
 * @size: of both, bytes; bits above are ignored
 * @flags: RFLAGS, updated
 *
 * Return: what goes to the first operand (for INSN_CMP, INSN_TEST and INSN_BT
 * nothing does), @size bytes, zero-extended.
 */
u64 alu(enum insn_op op, u64 dst, u64 src, unsigned int size, u64 *flags);

/* Does condition @cc, as in an opcode's low four bits, hold with @flags? */
bool alu_condition(unsigned int cc, u64 flags);

/* The low @size bytes. */
static inline u64 alu_mask(u64 value, unsigned int size)
{
	return size >= 8 ? value : value & (BIT_ULL(8 * size) - 1);
}

/* ... sign-extended. */
static inline u64 alu_sign_extend(u64 value, unsigned int size)
{
	unsigned int shift = 64 - 8 * size;

	return (s64)(value << shift) >> shift;
}

#endif /* HV_EMUL_ALU_H */
