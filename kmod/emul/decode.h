/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The x86 instruction decoder: bytes in, struct insn out, no other state.
 *
 * It finds the length of everything in the one-byte, 0F, 0F38 and 0F3A maps,
 * and the meaning of what exits or is used on device memory.  VEX, EVEX and
 * XOP encodings are unknown to it.
 */
#ifndef HV_EMUL_DECODE_H
#define HV_EMUL_DECODE_H

#include <linux/hv.h>

#include "core/host.h"
#include "core/mode.h"

/* Longest instruction; SDM vol. 2, 2.3.11: anything longer is #GP. */
#define INSN_MAX	15

/*
 * What an instruction does, as far as the core cares.  INSN_OTHER has a
 * length and operands but no meaning here.
 */
enum insn_op {
	INSN_OTHER,
	/* Two operands and flags; the first eight in the order of their opcodes. */
	INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP,
	INSN_TEST,
	/* Bit string; the order of 0F BA's reg field. */
	INSN_BT, INSN_BTS, INSN_BTR, INSN_BTC,
	/* One operand. */
	INSN_INC, INSN_DEC, INSN_NOT, INSN_NEG,
	/* By a count. */
	INSN_ROL, INSN_ROR, INSN_RCL, INSN_RCR, INSN_SHL, INSN_SHR, INSN_SAR,
	/* A register and memory. */
	INSN_IMUL, INSN_IMUL_IMM,
	/* By the flags: the condition is in @imm. */
	INSN_SETCC, INSN_CMOVCC,
	/* Moves. */
	INSN_MOV, INSN_MOVZX, INSN_MOVSX, INSN_MOVBE, INSN_XCHG, INSN_XADD, INSN_CMPXCHG,
	/* Strings. */
	INSN_STOS, INSN_LODS, INSN_MOVS, INSN_CMPS, INSN_SCAS, INSN_INS, INSN_OUTS,
	/* What exits. */
	INSN_IN, INSN_OUT, INSN_CPUID, INSN_HLT, INSN_PAUSE,
	INSN_RDMSR, INSN_WRMSR, INSN_RDTSC, INSN_RDTSCP, INSN_RDPMC,
	INSN_INVD, INSN_WBINVD, INSN_INVLPG, INSN_INVPCID,
	INSN_MOV_FROM_CR, INSN_MOV_TO_CR, INSN_MOV_FROM_DR, INSN_MOV_TO_DR,
	INSN_CLTS, INSN_LMSW, INSN_SMSW, INSN_XGETBV, INSN_XSETBV,
	INSN_VMCALL, INSN_VMMCALL, INSN_MONITOR, INSN_MWAIT,
	INSN_VMRUN, INSN_VMLOAD, INSN_VMSAVE, INSN_STGI, INSN_CLGI, INSN_SKINIT, INSN_INVLPGA,
	NR_INSN_OPS
};

/**
 * enum insn_operand - where an operand is
 * @OPERAND_NONE: there is none, or it is implied
 * @OPERAND_RM: the register or memory that ModRM names
 * @OPERAND_REG: the register that ModRM names
 * @OPERAND_IMM: in the instruction
 * @OPERAND_ACC: AL, AX, EAX or RAX
 * @OPERAND_MOFFS: memory at an absolute offset
 * @OPERAND_ONE: 1
 * @OPERAND_CL: CL
 */
enum insn_operand {
	OPERAND_NONE,
	OPERAND_RM,
	OPERAND_REG,
	OPERAND_IMM,
	OPERAND_ACC,
	OPERAND_MOFFS,
	OPERAND_ONE,
	OPERAND_CL,
};

#define INSN_NO_REG	(-1)

/**
 * struct insn - one instruction
 * @len: bytes
 * @op: enum insn_op
 * @dst: enum insn_operand of what is read and written, or written
 * @src: enum insn_operand of what is read only
 * @op_size: bytes of an operand: 1, 2, 4 or 8
 * @src_size: bytes of the source where it differs (MOVZX, MOVSX), else @op_size
 * @addr_size: bytes of an address: 2, 4 or 8
 * @rep: 0, 0xf2 or 0xf3
 * @lock: it has a LOCK prefix
 * @has_rex: it has a REX prefix: SPL-DIL instead of AH-BH
 * @seg: enum hv_seg of the memory operand
 * @has_modrm: @mod, @reg and @rm count
 * @mod: 0-3, 3: @rm is a register
 * @reg: enum hv_gpr, or the opcode's extension (its low three bits)
 * @rm: enum hv_gpr where @mod is 3
 * @has_mem: there is a memory operand: base + index * scale + disp
 * @rip_relative: ... relative to the next instruction
 * @base: enum hv_gpr or INSN_NO_REG
 * @index: enum hv_gpr or INSN_NO_REG
 * @scale: 1, 2, 4 or 8
 * @disp: sign-extended
 * @imm: sign-extended, or the port of IN and OUT, or a condition: the opcode's low four bits
 */
struct insn {
	u8 len;
	u8 op;
	u8 dst;
	u8 src;
	u8 op_size;
	u8 src_size;
	u8 addr_size;
	u8 rep;
	bool lock;
	bool has_rex;
	u8 seg;
	bool has_modrm;
	u8 mod;
	u8 reg;
	u8 rm;
	bool has_mem;
	bool rip_relative;
	s8 base;
	s8 index;
	u8 scale;
	s64 disp;
	s64 imm;
};

/**
 * struct decoded - an instruction that was decoded before
 * @bytes: INSN_MAX from where it begins, more than it has perhaps, and a 0
 * @mode: what it was decoded for
 * @insn: what became of it; with a len of 0, nothing is kept
 */
struct decoded {
	u8 bytes[INSN_MAX + 1];
	enum cpu_mode mode;
	struct insn insn;
};

#define NR_DECODED	4

/**
 * enum decode_result - what became of it
 * @DECODE_OK: the instruction is all there
 * @DECODE_TOO_SHORT: it goes on after the bytes given
 * @DECODE_UNKNOWN: not an instruction known here, or longer than INSN_MAX
 */
enum decode_result {
	DECODE_OK,
	DECODE_TOO_SHORT,
	DECODE_UNKNOWN,
};

/**
 * decode() - decode one instruction
 * @bytes: its first bytes; never read beyond @len
 * @len: how many
 * @mode: the mode it runs in
 * @insn: filled in; whole only with DECODE_OK
 *
 * Return: see enum decode_result; DECODE_TOO_SHORT only for @len < INSN_MAX.
 */
enum decode_result decode(const u8 *bytes, unsigned int len, enum cpu_mode mode,
			  struct insn *insn);

#endif /* HV_EMUL_DECODE_H */
