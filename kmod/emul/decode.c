// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instruction decoder: Intel SDM vol. 2, chapter 2 and appendix A; AMD APM
 * vol. 3, chapter 1 and appendix A.
 *
 * Tables say what an opcode carries.  Bytes are taken one at a time by
 * take_byte(), which alone looks at the limits and remembers the first one
 * that was met; what follows runs on with zeros, bounded, and is thrown away.
 */
#include "emul/decode.h"

/* What follows an opcode, and how wide its operands are. */
#define F_KNOWN		BIT(0)	/* an instruction; rows of zeros are none */
#define F_MODRM		BIT(1)
#define F_BYTE		BIT(2)	/* operands of one byte */
#define F_WORD		BIT(3)	/* ... of two, whatever the prefixes say */
#define F_LONG		BIT(4)	/* ... of eight in 64-bit mode, four elsewhere */
#define F_IMM8		BIT(5)
#define F_IMM16		BIT(6)
#define F_IMMZ		BIT(7)	/* two or four bytes by operand size */
#define F_IMMV		BIT(8)	/* two, four or eight */
#define F_MOFFS		BIT(9)	/* an address */
#define F_FAR		BIT(10)	/* selector and offset */
#define F_BRANCH	BIT(11)	/* F_IMMZ that 66 does not shorten in 64-bit mode */
#define F_NOT64		BIT(12)	/* none in 64-bit mode */
#define F_MEMORY	BIT(13)	/* with a register (mod 3) it is something else */
#define F_REGISTER	BIT(14)	/* mod is ignored and taken as 3 */
#define F_GROUP		BIT(15)	/* op is a row of groups[], reg its column */
#define F_SRC_BYTE	BIT(16)	/* the source is narrower: 1 byte */
#define F_SRC_WORD	BIT(17)	/* 2 bytes */
#define F_SRC_DWORD	BIT(18)	/* 4 bytes */

#define K	F_KNOWN
#define M	(F_KNOWN | F_MODRM)
#define MB	(F_KNOWN | F_MODRM | F_BYTE)

#define NONE	OPERAND_NONE
#define RM	OPERAND_RM
#define REG	OPERAND_REG
#define IMM	OPERAND_IMM
#define ACC	OPERAND_ACC
#define MOFFS	OPERAND_MOFFS
#define ONE	OPERAND_ONE
#define CL	OPERAND_CL

/**
 * struct opcode - one row
 * @op: enum insn_op, or enum group with F_GROUP
 * @dst: enum insn_operand
 * @src: enum insn_operand
 * @flags: F_*
 */
struct opcode {
	u8 op;
	u8 dst;
	u8 src;
	u32 flags;
};

enum group { G_ALU, G_SHIFT, G_POP, G_MOV, G_UNARY, G_INC, G_CALL, G_SYSTEM, G_BIT, NR_GROUPS };

/*
 * By ModRM.reg; SDM vol. 2, table A-6.  Flags add to those of the opcode, which has the
 * source where a row has none.
 */
static const struct opcode groups[NR_GROUPS][8] = {
	[G_ALU] = {
		{ INSN_ADD, RM, IMM, K }, { INSN_OR, RM, IMM, K },
		{ INSN_ADC, RM, IMM, K }, { INSN_SBB, RM, IMM, K },
		{ INSN_AND, RM, IMM, K }, { INSN_SUB, RM, IMM, K },
		{ INSN_XOR, RM, IMM, K }, { INSN_CMP, RM, IMM, K },
	},
	[G_SHIFT] = {
		{ INSN_ROL, RM, NONE, K }, { INSN_ROR, RM, NONE, K },
		{ INSN_RCL, RM, NONE, K }, { INSN_RCR, RM, NONE, K },
		{ INSN_SHL, RM, NONE, K }, { INSN_SHR, RM, NONE, K },
		{ INSN_SHL, RM, NONE, K }, { INSN_SAR, RM, NONE, K },
	},
	[G_POP] = {		/* the others are AMD's XOP prefix */
		{ INSN_OTHER, RM, NONE, K },
	},
	[G_MOV] = {
		{ INSN_MOV, RM, IMM, K },
	},
	[G_UNARY] = {		/* only TEST has an immediate: see decode_imm() */
		{ INSN_TEST, RM, IMM, K }, { INSN_TEST, RM, IMM, K },
		{ INSN_NOT, RM, NONE, K }, { INSN_NEG, RM, NONE, K },
		{ INSN_OTHER, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
		{ INSN_OTHER, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
	},
	[G_INC] = {
		{ INSN_INC, RM, NONE, K }, { INSN_DEC, RM, NONE, K },
	},
	[G_CALL] = {
		{ INSN_INC, RM, NONE, K }, { INSN_DEC, RM, NONE, K },
		{ INSN_OTHER, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
		{ INSN_OTHER, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
		{ INSN_OTHER, RM, NONE, K },
	},
	[G_SYSTEM] = {		/* with mod 3: system_register[] */
		{ INSN_OTHER, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
		{ INSN_OTHER, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
		{ INSN_SMSW, RM, NONE, K }, { INSN_OTHER, RM, NONE, K },
		{ INSN_LMSW, NONE, RM, K | F_WORD }, { INSN_INVLPG, RM, NONE, K },
	},
	[G_BIT] = {
		[4] = { INSN_BT, RM, IMM, K }, [5] = { INSN_BTS, RM, IMM, K },
		[6] = { INSN_BTR, RM, IMM, K }, [7] = { INSN_BTC, RM, IMM, K },
	},
};

/* 0F 01 with mod 3, by the ModRM byte's low six bits: SDM table A-6, APM table A-7. */
static const u8 system_register[64] = {
	[0x01] = INSN_VMCALL,	[0x08] = INSN_MONITOR,	[0x09] = INSN_MWAIT,
	[0x10] = INSN_XGETBV,	[0x11] = INSN_XSETBV,	[0x18] = INSN_VMRUN,
	[0x19] = INSN_VMMCALL,	[0x1a] = INSN_VMLOAD,	[0x1b] = INSN_VMSAVE,
	[0x1c] = INSN_STGI,	[0x1d] = INSN_CLGI,	[0x1e] = INSN_SKINIT,
	[0x1f] = INSN_INVLPGA,	[0x20 ... 0x27] = INSN_SMSW,
	[0x30 ... 0x37] = INSN_LMSW,			[0x39] = INSN_RDTSCP,
};

/* Columns 0-5 of each row of the first quarter of the one-byte map. */
static const struct opcode alu[6] = {
	{ INSN_ADD, RM, REG, MB }, { INSN_ADD, RM, REG, M },
	{ INSN_ADD, REG, RM, MB }, { INSN_ADD, REG, RM, M },
	{ INSN_ADD, ACC, IMM, K | F_BYTE | F_IMM8 }, { INSN_ADD, ACC, IMM, K | F_IMMZ },
};

/* SDM table A-2.  Prefixes and escapes never get here. */
static const struct opcode one_byte[256] = {
	[0x06] = { .flags = K | F_NOT64 },	/* PUSH and POP of segments */
	[0x07] = { .flags = K | F_NOT64 },
	[0x0e] = { .flags = K | F_NOT64 },
	[0x16] = { .flags = K | F_NOT64 },
	[0x17] = { .flags = K | F_NOT64 },
	[0x1e] = { .flags = K | F_NOT64 },
	[0x1f] = { .flags = K | F_NOT64 },
	[0x27] = { .flags = K | F_NOT64 },	/* DAA, DAS, AAA, AAS */
	[0x2f] = { .flags = K | F_NOT64 },
	[0x37] = { .flags = K | F_NOT64 },
	[0x3f] = { .flags = K | F_NOT64 },
	[0x40 ... 0x5f] = { .flags = K },	/* INC, DEC, PUSH, POP */
	[0x60 ... 0x61] = { .flags = K | F_NOT64 },
	[0x62] = { .flags = M | F_NOT64 | F_MEMORY },	/* BOUND, else EVEX */
	[0x63] = { INSN_MOVSX, REG, RM, M | F_SRC_DWORD },	/* else ARPL */
	[0x68] = { .flags = K | F_IMMZ },
	[0x69] = { INSN_IMUL_IMM, REG, RM, M | F_IMMZ },
	[0x6a] = { .flags = K | F_IMM8 },
	[0x6b] = { INSN_IMUL_IMM, REG, RM, M | F_IMM8 },
	[0x6c] = { INSN_INS, NONE, NONE, K | F_BYTE },
	[0x6d] = { INSN_INS, NONE, NONE, K },
	[0x6e] = { INSN_OUTS, NONE, NONE, K | F_BYTE },
	[0x6f] = { INSN_OUTS, NONE, NONE, K },
	[0x70 ... 0x7f] = { .flags = K | F_IMM8 },	/* Jcc */
	[0x80] = { G_ALU, RM, IMM, MB | F_IMM8 | F_GROUP },
	[0x81] = { G_ALU, RM, IMM, M | F_IMMZ | F_GROUP },
	[0x82] = { G_ALU, RM, IMM, MB | F_IMM8 | F_GROUP | F_NOT64 },
	[0x83] = { G_ALU, RM, IMM, M | F_IMM8 | F_GROUP },
	[0x84] = { INSN_TEST, RM, REG, MB },
	[0x85] = { INSN_TEST, RM, REG, M },
	[0x86] = { INSN_XCHG, RM, REG, MB },
	[0x87] = { INSN_XCHG, RM, REG, M },
	[0x88] = { INSN_MOV, RM, REG, MB },
	[0x89] = { INSN_MOV, RM, REG, M },
	[0x8a] = { INSN_MOV, REG, RM, MB },
	[0x8b] = { INSN_MOV, REG, RM, M },
	[0x8c] = { .flags = M },		/* segment registers */
	[0x8d] = { .flags = M },		/* LEA */
	[0x8e] = { .flags = M },
	[0x8f] = { G_POP, RM, NONE, M | F_GROUP },
	[0x90 ... 0x99] = { .flags = K },	/* XCHG, CBW, CWD */
	[0x9a] = { .flags = K | F_FAR | F_NOT64 },
	[0x9b ... 0x9f] = { .flags = K },
	[0xa0] = { INSN_MOV, ACC, MOFFS, K | F_BYTE | F_MOFFS },
	[0xa1] = { INSN_MOV, ACC, MOFFS, K | F_MOFFS },
	[0xa2] = { INSN_MOV, MOFFS, ACC, K | F_BYTE | F_MOFFS },
	[0xa3] = { INSN_MOV, MOFFS, ACC, K | F_MOFFS },
	[0xa4] = { INSN_MOVS, NONE, NONE, K | F_BYTE },
	[0xa5] = { INSN_MOVS, NONE, NONE, K },
	[0xa6] = { INSN_CMPS, NONE, NONE, K | F_BYTE },
	[0xa7] = { INSN_CMPS, NONE, NONE, K },
	[0xa8] = { INSN_TEST, ACC, IMM, K | F_BYTE | F_IMM8 },
	[0xa9] = { INSN_TEST, ACC, IMM, K | F_IMMZ },
	[0xaa] = { INSN_STOS, NONE, NONE, K | F_BYTE },
	[0xab] = { INSN_STOS, NONE, NONE, K },
	[0xac] = { INSN_LODS, NONE, NONE, K | F_BYTE },
	[0xad] = { INSN_LODS, NONE, NONE, K },
	[0xae] = { INSN_SCAS, NONE, NONE, K | F_BYTE },
	[0xaf] = { INSN_SCAS, NONE, NONE, K },
	[0xb0 ... 0xb7] = { .flags = K | F_BYTE | F_IMM8 },
	[0xb8 ... 0xbf] = { .flags = K | F_IMMV },
	[0xc0] = { G_SHIFT, RM, IMM, MB | F_IMM8 | F_GROUP },
	[0xc1] = { G_SHIFT, RM, IMM, M | F_IMM8 | F_GROUP },
	[0xc2] = { .flags = K | F_IMM16 },		/* RET */
	[0xc3] = { .flags = K },
	[0xc4 ... 0xc5] = { .flags = M | F_NOT64 | F_MEMORY },	/* LES, LDS, else VEX */
	[0xc6] = { G_MOV, RM, IMM, MB | F_IMM8 | F_GROUP },
	[0xc7] = { G_MOV, RM, IMM, M | F_IMMZ | F_GROUP },
	[0xc8] = { .flags = K | F_IMM16 | F_IMM8 },	/* ENTER */
	[0xc9] = { .flags = K },
	[0xca] = { .flags = K | F_IMM16 },
	[0xcb ... 0xcc] = { .flags = K },
	[0xcd] = { .flags = K | F_IMM8 },
	[0xce] = { .flags = K | F_NOT64 },
	[0xcf] = { .flags = K },
	[0xd0] = { G_SHIFT, RM, ONE, MB | F_GROUP },
	[0xd1] = { G_SHIFT, RM, ONE, M | F_GROUP },
	[0xd2] = { G_SHIFT, RM, CL, MB | F_GROUP },
	[0xd3] = { G_SHIFT, RM, CL, M | F_GROUP },
	[0xd4 ... 0xd5] = { .flags = K | F_IMM8 | F_NOT64 },	/* AAM, AAD */
	[0xd6] = { .flags = K | F_NOT64 },
	[0xd7] = { .flags = K },
	[0xd8 ... 0xdf] = { .flags = M },		/* x87 */
	[0xe0 ... 0xe3] = { .flags = K | F_IMM8 },
	[0xe4] = { INSN_IN, ACC, IMM, K | F_BYTE | F_IMM8 },
	[0xe5] = { INSN_IN, ACC, IMM, K | F_IMM8 },
	[0xe6] = { INSN_OUT, IMM, ACC, K | F_BYTE | F_IMM8 },
	[0xe7] = { INSN_OUT, IMM, ACC, K | F_IMM8 },
	[0xe8 ... 0xe9] = { .flags = K | F_BRANCH },
	[0xea] = { .flags = K | F_FAR | F_NOT64 },
	[0xeb] = { .flags = K | F_IMM8 },
	[0xec] = { INSN_IN, ACC, NONE, K | F_BYTE },
	[0xed] = { INSN_IN, ACC, NONE, K },
	[0xee] = { INSN_OUT, NONE, ACC, K | F_BYTE },
	[0xef] = { INSN_OUT, NONE, ACC, K },
	[0xf1] = { .flags = K },
	[0xf4] = { INSN_HLT, NONE, NONE, K },
	[0xf5] = { .flags = K },
	[0xf6] = { G_UNARY, RM, NONE, MB | F_IMM8 | F_GROUP },
	[0xf7] = { G_UNARY, RM, NONE, M | F_IMMZ | F_GROUP },
	[0xf8 ... 0xfd] = { .flags = K },
	[0xfe] = { G_INC, RM, NONE, MB | F_GROUP },
	[0xff] = { G_CALL, RM, NONE, M | F_GROUP },
};

/* SDM table A-3, after 0F.  SSE operands have a length here, and no meaning. */
static const struct opcode two_byte[256] = {
	[0x00] = { .flags = M },
	[0x01] = { G_SYSTEM, RM, NONE, M | F_GROUP },
	[0x02 ... 0x03] = { .flags = M },
	[0x05] = { .flags = K },
	[0x06] = { INSN_CLTS, NONE, NONE, K },
	[0x07] = { .flags = K },
	[0x08] = { INSN_INVD, NONE, NONE, K },
	[0x09] = { INSN_WBINVD, NONE, NONE, K },
	[0x0b] = { .flags = K },
	[0x0d] = { .flags = M },
	[0x0e] = { .flags = K },
	[0x0f] = { .flags = M | F_IMM8 },	/* 3DNow!: the opcode comes last */
	[0x10 ... 0x1f] = { .flags = M },
	[0x20] = { INSN_MOV_FROM_CR, RM, REG, M | F_LONG | F_REGISTER },
	[0x21] = { INSN_MOV_FROM_DR, RM, REG, M | F_LONG | F_REGISTER },
	[0x22] = { INSN_MOV_TO_CR, REG, RM, M | F_LONG | F_REGISTER },
	[0x23] = { INSN_MOV_TO_DR, REG, RM, M | F_LONG | F_REGISTER },
	[0x28 ... 0x2f] = { .flags = M },
	[0x30] = { INSN_WRMSR, NONE, NONE, K },
	[0x31] = { INSN_RDTSC, NONE, NONE, K },
	[0x32] = { INSN_RDMSR, NONE, NONE, K },
	[0x33] = { INSN_RDPMC, NONE, NONE, K },
	[0x34 ... 0x35] = { .flags = K },
	[0x37] = { .flags = K },
	[0x40 ... 0x4f] = { INSN_CMOVCC, REG, RM, M },
	[0x50 ... 0x6f] = { .flags = M },
	[0x70 ... 0x73] = { .flags = M | F_IMM8 },
	[0x74 ... 0x76] = { .flags = M },
	[0x77] = { .flags = K },
	[0x78 ... 0x79] = { .flags = M },
	[0x7c ... 0x7f] = { .flags = M },
	[0x80 ... 0x8f] = { .flags = K | F_BRANCH },
	[0x90 ... 0x9f] = { INSN_SETCC, RM, NONE, MB },
	[0xa0 ... 0xa1] = { .flags = K },
	[0xa2] = { INSN_CPUID, NONE, NONE, K },
	[0xa3] = { INSN_BT, RM, REG, M },
	[0xa4] = { .flags = M | F_IMM8 },
	[0xa5] = { .flags = M },
	[0xa8 ... 0xaa] = { .flags = K },
	[0xab] = { INSN_BTS, RM, REG, M },
	[0xac] = { .flags = M | F_IMM8 },
	[0xad ... 0xae] = { .flags = M },
	[0xaf] = { INSN_IMUL, REG, RM, M },
	[0xb0] = { INSN_CMPXCHG, RM, REG, MB },
	[0xb1] = { INSN_CMPXCHG, RM, REG, M },
	[0xb2] = { .flags = M },
	[0xb3] = { INSN_BTR, RM, REG, M },
	[0xb4 ... 0xb5] = { .flags = M },
	[0xb6] = { INSN_MOVZX, REG, RM, M | F_SRC_BYTE },
	[0xb7] = { INSN_MOVZX, REG, RM, M | F_SRC_WORD },
	[0xb8 ... 0xb9] = { .flags = M },
	[0xba] = { G_BIT, RM, IMM, M | F_IMM8 | F_GROUP },
	[0xbb] = { INSN_BTC, RM, REG, M },
	[0xbc ... 0xbd] = { .flags = M },
	[0xbe] = { INSN_MOVSX, REG, RM, M | F_SRC_BYTE },
	[0xbf] = { INSN_MOVSX, REG, RM, M | F_SRC_WORD },
	[0xc0] = { INSN_XADD, RM, REG, MB },
	[0xc1] = { INSN_XADD, RM, REG, M },
	[0xc2] = { .flags = M | F_IMM8 },
	[0xc3] = { INSN_MOV, RM, REG, M | F_MEMORY },	/* MOVNTI */
	[0xc4 ... 0xc6] = { .flags = M | F_IMM8 },
	[0xc7] = { .flags = M },
	[0xc8 ... 0xcf] = { .flags = K },
	[0xd0 ... 0xff] = { .flags = M },
};

/* After 0F 38 (SDM table A-4) and 0F 3A: all alike but these. */
static const struct opcode map_38 = { .flags = M };
static const struct opcode map_3a = { .flags = M | F_IMM8 };
static const struct opcode movbe_load = { INSN_MOVBE, REG, RM, M | F_MEMORY };
static const struct opcode movbe_store = { INSN_MOVBE, RM, REG, M | F_MEMORY };
static const struct opcode invpcid = { INSN_INVPCID, REG, RM, M | F_MEMORY | F_LONG };
static const struct opcode extrq = { .flags = M | F_IMM16 };
static const struct opcode arpl = { .flags = M };
static const struct opcode pause = { INSN_PAUSE, NONE, NONE, K };

struct decoder {
	const u8 *bytes;
	unsigned int len;
	enum cpu_mode mode;
	enum decode_result result;
	struct insn *insn;
	u8 rex;
	s8 seg;			/* override, or -1 */
	bool op_prefix;
	bool addr_prefix;
};

#define REX_B	BIT(0)
#define REX_X	BIT(1)
#define REX_R	BIT(2)
#define REX_W	BIT(3)

static u8 take_byte(struct decoder *d)
{
	if (d->result != DECODE_OK)
		return 0;
	if (d->insn->len >= INSN_MAX)
		d->result = DECODE_UNKNOWN;
	else if (d->insn->len >= d->len)
		d->result = DECODE_TOO_SHORT;
	else
		return d->bytes[d->insn->len++];
	return 0;
}

/* @size bytes, little endian, sign-extended. */
static s64 take(struct decoder *d, unsigned int size)
{
	unsigned int i, shift = 64 - 8 * size;
	u64 value = 0;

	for (i = 0; i < size; i++)
		value |= (u64)take_byte(d) << (8 * i);
	return (s64)(value << shift) >> shift;
}

/* In 64-bit mode only FS and GS count: APM vol. 3, 1.2.4. */
static void set_segment(struct decoder *d, enum hv_seg seg)
{
	if (d->mode != MODE_64 || seg == SEG_FS || seg == SEG_GS)
		d->seg = seg;
}

static bool take_prefix(struct decoder *d, u8 byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
		set_segment(d, SEG_ES + ((byte >> 3) & 3));
		return true;
	case 0x64:
	case 0x65:
		set_segment(d, SEG_FS + (byte & 1));
		return true;
	case 0x66:
		d->op_prefix = true;
		return true;
	case 0x67:
		d->addr_prefix = true;
		return true;
	case 0xf0:
		d->insn->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		d->insn->rep = byte;
		return true;
	}
	return false;
}

/* Prefixes, then the first byte of the opcode.  A REX counts only right before it. */
static u8 take_prefixes(struct decoder *d)
{
	u8 byte;

	for (;;) {
		byte = take_byte(d);
		if (d->result != DECODE_OK)
			return 0;
		if (d->mode == MODE_64 && (byte & 0xf0) == 0x40)
			d->rex = byte;
		else if (take_prefix(d, byte))
			d->rex = 0;
		else
			return byte;
	}
}

static const struct opcode *map_0f38(struct decoder *d)
{
	u8 byte = take_byte(d);

	if (byte == 0x82 && d->op_prefix)
		return &invpcid;
	if (byte == 0xf0 && d->insn->rep != 0xf2)	/* F2: CRC32 */
		return &movbe_load;
	if (byte == 0xf1 && d->insn->rep != 0xf2)
		return &movbe_store;
	return &map_38;
}

static const struct opcode *map_0f(struct decoder *d)
{
	u8 byte = take_byte(d);

	if (byte == 0x38)
		return map_0f38(d);
	if (byte == 0x3a) {
		take_byte(d);
		return &map_3a;
	}
	if (two_byte[byte].op == INSN_SETCC || two_byte[byte].op == INSN_CMOVCC)
		d->insn->imm = byte & 0xf;
	/* SSE4a's EXTRQ and INSERTQ with two bytes; without those prefixes, VMREAD. */
	if (byte == 0x78 && (d->op_prefix || d->insn->rep == 0xf2))
		return &extrq;
	return &two_byte[byte];
}

static const struct opcode *take_opcode(struct decoder *d)
{
	u8 byte = take_prefixes(d);

	if (byte == 0x0f)
		return map_0f(d);
	if (byte < 0x40 && (byte & 7) < ARRAY_SIZE(alu)) {
		d->insn->op = byte >> 3;	/* added to the row's INSN_ADD */
		return &alu[byte & 7];
	}
	if (byte == 0x63 && d->mode != MODE_64)
		return &arpl;
	if (byte == 0x90 && d->insn->rep == 0xf3 && !(d->rex & REX_B))
		return &pause;
	return &one_byte[byte];
}

static u8 operand_size(const struct decoder *d, u32 flags)
{
	bool wide = d->mode == MODE_32 || d->mode == MODE_64;

	if (flags & F_BYTE)
		return 1;
	if (flags & F_WORD)
		return 2;
	if (flags & F_LONG)
		return d->mode == MODE_64 ? 8 : 4;
	if (d->rex & REX_W)
		return 8;
	return wide != d->op_prefix ? 4 : 2;
}

static u8 source_size(u8 op_size, u32 flags)
{
	if (flags & F_SRC_BYTE)
		return 1;
	if (flags & F_SRC_WORD)
		return 2;
	if (flags & F_SRC_DWORD)	/* MOVSXD with 66 moves 16 bits */
		return min_t(u8, op_size, 4);
	return op_size;
}

static u8 address_size(const struct decoder *d)
{
	if (d->mode == MODE_64)
		return d->addr_prefix ? 4 : 8;
	return (d->mode == MODE_32) != d->addr_prefix ? 4 : 2;
}

/* SDM vol. 2, table 2-1. */
static void decode_mem16(struct decoder *d, u8 rm)
{
	static const s8 base[8] = {
		HV_RBX, HV_RBX, HV_RBP, HV_RBP, HV_RSI, HV_RDI, HV_RBP, HV_RBX
	};
	static const s8 index[8] = {
		HV_RSI, HV_RDI, HV_RSI, HV_RDI,
		INSN_NO_REG, INSN_NO_REG, INSN_NO_REG, INSN_NO_REG
	};
	struct insn *insn = d->insn;

	if (insn->mod == 0 && rm == 6) {
		insn->disp = take(d, 2);
		return;
	}
	insn->base = base[rm];
	insn->index = index[rm];
	if (insn->mod)
		insn->disp = take(d, insn->mod == 1 ? 1 : 2);
}

/* SDM vol. 2, table 2-3.  No index: RSP's number, which R12 does not share. */
static void decode_sib(struct decoder *d)
{
	struct insn *insn = d->insn;
	u8 sib = take_byte(d);
	u8 index = (sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0);

	if (index != HV_RSP)
		insn->index = index;
	insn->scale = 1 << (sib >> 6);
	insn->base = (sib & 7) | (d->rex & REX_B ? 8 : 0);
	if (insn->mod == 0 && (sib & 7) == HV_RBP) {
		insn->base = INSN_NO_REG;
		insn->disp = take(d, 4);
	}
}

/* SDM vol. 2, table 2-2, and 2.2.1.6 for what is relative to RIP. */
static void decode_mem32(struct decoder *d, u8 rm)
{
	struct insn *insn = d->insn;

	if (insn->mod == 0 && rm == HV_RBP) {
		insn->rip_relative = d->mode == MODE_64;
		insn->disp = take(d, 4);
		return;
	}
	if (rm == HV_RSP)
		decode_sib(d);
	else
		insn->base = rm | (d->rex & REX_B ? 8 : 0);
	if (insn->mod)
		insn->disp = take(d, insn->mod == 1 ? 1 : 4);
}

static void decode_mem(struct decoder *d, u8 rm)
{
	struct insn *insn = d->insn;

	insn->has_mem = true;
	insn->scale = 1;
	if (insn->addr_size == 2)
		decode_mem16(d, rm);
	else
		decode_mem32(d, rm);
	if (insn->base == HV_RSP || insn->base == HV_RBP)
		insn->seg = SEG_SS;
}

static void decode_modrm(struct decoder *d, u32 flags)
{
	struct insn *insn = d->insn;
	u8 modrm = take_byte(d);

	insn->has_modrm = true;
	insn->mod = flags & F_REGISTER ? 3 : modrm >> 6;
	insn->reg = (modrm >> 3 & 7) | (d->rex & REX_R ? 8 : 0);
	if (insn->mod == 3)
		insn->rm = (modrm & 7) | (d->rex & REX_B ? 8 : 0);
	else
		decode_mem(d, modrm & 7);
}

static bool has_imm(const struct insn *insn, const struct opcode *op)
{
	if ((op->flags & F_GROUP) && op->op == G_UNARY)
		return insn->op == INSN_TEST;
	return true;
}

static void decode_imm(struct decoder *d, u32 flags)
{
	struct insn *insn = d->insn;
	u8 z = min_t(u8, insn->op_size, 4);

	if (flags & F_IMM16)
		insn->imm = take(d, 2);
	if (flags & F_IMM8)
		insn->imm = take(d, 1);
	if (flags & F_IMMZ)
		insn->imm = take(d, z);
	if (flags & F_BRANCH)
		insn->imm = take(d, d->mode == MODE_64 ? 4 : z);
	if (flags & F_IMMV)
		insn->imm = take(d, insn->op_size);
	if (flags & F_FAR)
		insn->imm = take(d, z + 2);
	if (flags & F_MOFFS) {
		insn->disp = take(d, insn->addr_size);
		insn->has_mem = true;
	}
}

/* The rest of a group's row, once ModRM is known; its flags come on top. */
static u32 resolve_group(struct decoder *d, const struct opcode *op, u32 flags)
{
	struct insn *insn = d->insn;
	const struct opcode *row = &groups[op->op][insn->reg & 7];

	insn->op = row->op;
	insn->dst = row->dst;
	if (row->src)
		insn->src = row->src;
	if (op->op == G_SYSTEM && insn->mod == 3) {
		insn->op = system_register[(insn->reg & 7) << 3 | (insn->rm & 7)];
		return flags | (insn->op == INSN_LMSW ? F_WORD : 0);
	}
	return row->flags ? flags | row->flags : 0;
}

static void unknown(struct decoder *d)
{
	if (d->result == DECODE_OK)
		d->result = DECODE_UNKNOWN;
}

static void decode_operands(struct decoder *d, const struct opcode *op)
{
	struct insn *insn = d->insn;
	u32 flags = op->flags;

	if (!(flags & F_KNOWN) || ((flags & F_NOT64) && d->mode == MODE_64))
		return unknown(d);
	if (flags & F_MODRM)
		decode_modrm(d, flags);
	if (flags & F_GROUP)
		flags = resolve_group(d, op, flags);
	if (!flags || ((flags & F_MEMORY) && insn->mod == 3))
		return unknown(d);
	insn->op_size = operand_size(d, flags);
	insn->src_size = source_size(insn->op_size, flags);
	if (has_imm(insn, op))
		decode_imm(d, flags);
}

enum decode_result decode(const u8 *bytes, unsigned int len, enum cpu_mode mode,
			  struct insn *insn)
{
	struct decoder d = {
		.bytes = bytes, .len = len, .mode = mode, .insn = insn, .seg = -1,
	};
	const struct opcode *op;

	memset(insn, 0, sizeof(*insn));
	insn->base = INSN_NO_REG;
	insn->index = INSN_NO_REG;
	insn->seg = SEG_DS;
	op = take_opcode(&d);
	insn->op += op->op;
	insn->dst = op->dst;
	insn->src = op->src;
	insn->has_rex = d.rex;
	insn->addr_size = address_size(&d);
	decode_operands(&d, op);
	if (d.seg >= 0)
		insn->seg = d.seg;
	return d.result;
}
