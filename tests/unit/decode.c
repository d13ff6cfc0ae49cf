// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/emul/decode.c */
/*
 * The instruction decoder: meanings by table, lengths against objdump's, and
 * random bytes.
 */
#include "emul/decode.h"
#include "tap.h"

struct want {
	enum cpu_mode mode;
	u8 bytes[16];
	u8 len;
	u8 op;
	u8 dst;
	u8 src;
	u8 op_size;
	u8 src_size;
};

#define RM	OPERAND_RM
#define REG	OPERAND_REG
#define IMM	OPERAND_IMM
#define ACC	OPERAND_ACC
#define MOFFS	OPERAND_MOFFS
#define ONE	OPERAND_ONE
#define CL	OPERAND_CL

static const struct want wants[] = {
	/* what exits */
	{ MODE_64, { 0x0f, 0xa2 }, 2, INSN_CPUID },
	{ MODE_64, { 0x66, 0x48, 0x0f, 0xa2 }, 4, INSN_CPUID },
	{ MODE_64, { 0x0f, 0x30 }, 2, INSN_WRMSR },
	{ MODE_64, { 0x0f, 0x32 }, 2, INSN_RDMSR },
	{ MODE_64, { 0x0f, 0x31 }, 2, INSN_RDTSC },
	{ MODE_64, { 0x0f, 0x33 }, 2, INSN_RDPMC },
	{ MODE_64, { 0x0f, 0x01, 0xc1 }, 3, INSN_VMCALL },
	{ MODE_64, { 0x0f, 0x01, 0xd9 }, 3, INSN_VMMCALL },
	{ MODE_64, { 0x0f, 0x01, 0xd0 }, 3, INSN_XGETBV },
	{ MODE_64, { 0x0f, 0x01, 0xd1 }, 3, INSN_XSETBV },
	{ MODE_64, { 0x0f, 0x01, 0xc8 }, 3, INSN_MONITOR },
	{ MODE_64, { 0x0f, 0x01, 0xc9 }, 3, INSN_MWAIT },
	{ MODE_64, { 0x0f, 0x01, 0xd8 }, 3, INSN_VMRUN },
	{ MODE_64, { 0x0f, 0x01, 0xda }, 3, INSN_VMLOAD },
	{ MODE_64, { 0x0f, 0x01, 0xdb }, 3, INSN_VMSAVE },
	{ MODE_64, { 0x0f, 0x01, 0xdc }, 3, INSN_STGI },
	{ MODE_64, { 0x0f, 0x01, 0xdd }, 3, INSN_CLGI },
	{ MODE_64, { 0x0f, 0x01, 0xde }, 3, INSN_SKINIT },
	{ MODE_64, { 0x0f, 0x01, 0xdf }, 3, INSN_INVLPGA },
	{ MODE_64, { 0x0f, 0x01, 0xf9 }, 3, INSN_RDTSCP },
	{ MODE_64, { 0x0f, 0x01, 0x38 }, 3, INSN_INVLPG },
	{ MODE_64, { 0x0f, 0x08 }, 2, INSN_INVD },
	{ MODE_64, { 0x0f, 0x09 }, 2, INSN_WBINVD },
	{ MODE_64, { 0xf3, 0x0f, 0x09 }, 3, INSN_WBINVD },
	{ MODE_64, { 0x0f, 0x06 }, 2, INSN_CLTS },
	{ MODE_64, { 0x0f, 0x01, 0xf0 }, 3, INSN_LMSW, 0, RM, 2, 2 },
	{ MODE_64, { 0xf4 }, 1, INSN_HLT },
	{ MODE_64, { 0xf3, 0x90 }, 2, INSN_PAUSE },
	{ MODE_64, { 0xf3, 0x41, 0x90 }, 3, INSN_OTHER },	/* XCHG R8, RAX */
	{ MODE_64, { 0x90 }, 1, INSN_OTHER },
	{ MODE_64, { 0x0f, 0x20, 0xe0 }, 3, INSN_MOV_FROM_CR, RM, REG, 8, 8 },
	{ MODE_64, { 0x44, 0x0f, 0x22, 0xc7 }, 4, INSN_MOV_TO_CR, REG, RM, 8, 8 },
	{ MODE_32, { 0x0f, 0x22, 0x04 }, 3, INSN_MOV_TO_CR, REG, RM, 4, 4 },
	{ MODE_32, { 0x0f, 0x22, 0x85 }, 3, INSN_MOV_TO_CR, REG, RM, 4, 4 },
	{ MODE_64, { 0x0f, 0x23, 0xf8 }, 3, INSN_MOV_TO_DR, REG, RM, 8, 8 },
	{ MODE_64, { 0x0f, 0x21, 0xf8 }, 3, INSN_MOV_FROM_DR, RM, REG, 8, 8 },
	{ MODE_64, { 0xe4, 0xfe }, 2, INSN_IN, ACC, IMM, 1, 1 },
	{ MODE_64, { 0xe7, 0xfe }, 2, INSN_OUT, IMM, ACC, 4, 4 },
	{ MODE_64, { 0x66, 0xed }, 2, INSN_IN, ACC, 0, 2, 2 },
	{ MODE_64, { 0xee }, 1, INSN_OUT, 0, ACC, 1, 1 },
	{ MODE_64, { 0xf3, 0x6c }, 2, INSN_INS, 0, 0, 1, 1 },
	{ MODE_REAL, { 0x66, 0x6f }, 2, INSN_OUTS, 0, 0, 4, 4 },
	{ MODE_64, { 0x66, 0x0f, 0x38, 0x82, 0x08 }, 5, INSN_INVPCID, REG, RM, 8, 8 },
	/* by a count, by the flags, products */
	{ MODE_64, { 0xc0, 0x07, 0x03 }, 3, INSN_ROL, RM, IMM, 1, 1 },
	{ MODE_64, { 0x48, 0xc1, 0x2f, 0x03 }, 4, INSN_SHR, RM, IMM, 8, 8 },
	{ MODE_64, { 0xd1, 0x37 }, 2, INSN_SHL, RM, ONE, 4, 4 },
	{ MODE_64, { 0x66, 0xd3, 0x3f }, 3, INSN_SAR, RM, CL, 2, 2 },
	{ MODE_64, { 0xd2, 0x1f }, 2, INSN_RCR, RM, CL, 1, 1 },
	{ MODE_64, { 0x0f, 0xaf, 0x07 }, 3, INSN_IMUL, REG, RM, 4, 4 },
	{ MODE_64, { 0x69, 0x07, 1, 2, 3, 4 }, 6, INSN_IMUL_IMM, REG, RM, 4, 4 },
	{ MODE_64, { 0x0f, 0x94, 0x07 }, 3, INSN_SETCC, RM, 0, 1, 1 },
	{ MODE_64, { 0x0f, 0x4f, 0x07 }, 3, INSN_CMOVCC, REG, RM, 4, 4 },
	/* moves */
	{ MODE_64, { 0x88, 0x07 }, 2, INSN_MOV, RM, REG, 1, 1 },
	{ MODE_64, { 0x89, 0x07 }, 2, INSN_MOV, RM, REG, 4, 4 },
	{ MODE_64, { 0x66, 0x89, 0x07 }, 3, INSN_MOV, RM, REG, 2, 2 },
	{ MODE_64, { 0x66, 0x48, 0x89, 0x07 }, 4, INSN_MOV, RM, REG, 8, 8 },
	{ MODE_64, { 0x48, 0x66, 0x89, 0x07 }, 4, INSN_MOV, RM, REG, 2, 2 },	/* lost REX */
	{ MODE_REAL, { 0x89, 0x07 }, 2, INSN_MOV, RM, REG, 2, 2 },
	{ MODE_REAL, { 0x66, 0x89, 0x07 }, 3, INSN_MOV, RM, REG, 4, 4 },
	{ MODE_64, { 0x8b, 0x07 }, 2, INSN_MOV, REG, RM, 4, 4 },
	{ MODE_64, { 0xc6, 0x07, 0x80 }, 3, INSN_MOV, RM, IMM, 1, 1 },
	{ MODE_64, { 0x48, 0xc7, 0x07, 1, 2, 3, 0x84 }, 7, INSN_MOV, RM, IMM, 8, 8 },
	{ MODE_64, { 0x66, 0xc7, 0x07, 1, 2 }, 5, INSN_MOV, RM, IMM, 2, 2 },
	{ MODE_64, { 0xa0, 1, 2, 3, 4, 5, 6, 7, 8 }, 9, INSN_MOV, ACC, MOFFS, 1, 1 },
	{ MODE_64, { 0x67, 0xa3, 1, 2, 3, 4 }, 6, INSN_MOV, MOFFS, ACC, 4, 4 },
	{ MODE_32, { 0xa1, 1, 2, 3, 4 }, 5, INSN_MOV, ACC, MOFFS, 4, 4 },
	{ MODE_16, { 0xa1, 1, 2 }, 3, INSN_MOV, ACC, MOFFS, 2, 2 },
	{ MODE_64, { 0x0f, 0xb6, 0x07 }, 3, INSN_MOVZX, REG, RM, 4, 1 },
	{ MODE_64, { 0x48, 0x0f, 0xb7, 0x07 }, 4, INSN_MOVZX, REG, RM, 8, 2 },
	{ MODE_64, { 0x66, 0x0f, 0xbe, 0x07 }, 4, INSN_MOVSX, REG, RM, 2, 1 },
	{ MODE_64, { 0x0f, 0xbf, 0x07 }, 3, INSN_MOVSX, REG, RM, 4, 2 },
	{ MODE_64, { 0x48, 0x63, 0x07 }, 3, INSN_MOVSX, REG, RM, 8, 4 },
	{ MODE_64, { 0x63, 0x07 }, 2, INSN_MOVSX, REG, RM, 4, 4 },
	{ MODE_32, { 0x63, 0x07 }, 2, INSN_OTHER },	/* ARPL */
	{ MODE_64, { 0x0f, 0x38, 0xf0, 0x07 }, 4, INSN_MOVBE, REG, RM, 4, 4 },
	{ MODE_64, { 0xf2, 0x0f, 0x38, 0xf0, 0xc7 }, 5, INSN_OTHER },	/* CRC32 */
	{ MODE_64, { 0x0f, 0xc3, 0x07 }, 3, INSN_MOV, RM, REG, 4, 4 },
	{ MODE_64, { 0x87, 0x07 }, 2, INSN_XCHG, RM, REG, 4, 4 },
	{ MODE_64, { 0xf0, 0x0f, 0xb1, 0x0f }, 4, INSN_CMPXCHG, RM, REG, 4, 4 },
	/* arithmetic */
	{ MODE_64, { 0x00, 0x07 }, 2, INSN_ADD, RM, REG, 1, 1 },
	{ MODE_64, { 0x09, 0x07 }, 2, INSN_OR, RM, REG, 4, 4 },
	{ MODE_64, { 0x12, 0x07 }, 2, INSN_ADC, REG, RM, 1, 1 },
	{ MODE_64, { 0x1b, 0x07 }, 2, INSN_SBB, REG, RM, 4, 4 },
	{ MODE_64, { 0x24, 0x07 }, 2, INSN_AND, ACC, IMM, 1, 1 },
	{ MODE_64, { 0x48, 0x2d, 1, 2, 3, 4 }, 6, INSN_SUB, ACC, IMM, 8, 8 },
	{ MODE_64, { 0x33, 0x07 }, 2, INSN_XOR, REG, RM, 4, 4 },
	{ MODE_64, { 0x3b, 0x07 }, 2, INSN_CMP, REG, RM, 4, 4 },
	{ MODE_64, { 0x80, 0x3f, 5 }, 3, INSN_CMP, RM, IMM, 1, 1 },
	{ MODE_64, { 0x81, 0x0f, 1, 2, 3, 4 }, 6, INSN_OR, RM, IMM, 4, 4 },
	{ MODE_64, { 0x66, 0x83, 0x27, 0xff }, 4, INSN_AND, RM, IMM, 2, 2 },
	{ MODE_64, { 0xf7, 0x07, 1, 2, 3, 4 }, 6, INSN_TEST, RM, IMM, 4, 4 },
	{ MODE_64, { 0xf6, 0x17 }, 2, INSN_NOT, RM, 0, 1, 1 },
	{ MODE_64, { 0xf7, 0x1f }, 2, INSN_NEG, RM, 0, 4, 4 },
	{ MODE_64, { 0xff, 0x07 }, 2, INSN_INC, RM, 0, 4, 4 },
	{ MODE_64, { 0xfe, 0x0f }, 2, INSN_DEC, RM, 0, 1, 1 },
	{ MODE_64, { 0x0f, 0xba, 0x2f, 7 }, 4, INSN_BTS, RM, IMM, 4, 4 },
	{ MODE_64, { 0x0f, 0xb3, 0x07 }, 3, INSN_BTR, RM, REG, 4, 4 },
	/* strings */
	{ MODE_64, { 0xf3, 0x48, 0xab }, 3, INSN_STOS, 0, 0, 8, 8 },
	{ MODE_64, { 0xa4 }, 1, INSN_MOVS, 0, 0, 1, 1 },
	/* lengths only */
	{ MODE_64, { 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 }, 10, INSN_OTHER },
	{ MODE_32, { 0x9a, 1, 2, 3, 4, 5, 6 }, 7, INSN_OTHER },
	{ MODE_32, { 0x66, 0xea, 1, 2, 3, 4 }, 6, INSN_OTHER },
	{ MODE_64, { 0xc8, 1, 2, 3 }, 4, INSN_OTHER },
	{ MODE_32, { 0xc4, 0x07 }, 2, INSN_OTHER },	/* LES */
	{ MODE_64, { 0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8 }, 6, INSN_OTHER },
	{ MODE_64, { 0x0f, 0x38, 0xc8, 0xc1 }, 4, INSN_OTHER },
	{ MODE_64, { 0xe8, 1, 2, 3, 4 }, 5, INSN_OTHER },
	{ MODE_64, { 0x0f, 0x84, 1, 2, 3, 4 }, 6, INSN_OTHER },
	{ MODE_16, { 0x0f, 0x84, 1, 2 }, 4, INSN_OTHER },
};

static void test_meanings(void)
{
	const struct want *w;
	struct insn insn;

	for (w = wants; w < wants + ARRAY_SIZE(wants); w++) {
		if (decode(w->bytes, w->len, w->mode, &insn) != DECODE_OK)
			printf("# row %ld\n", (long)(w - wants));
		CHECK(decode(w->bytes, w->len, w->mode, &insn) == DECODE_OK);
		CHECK_EQ(insn.len, w->len);
		CHECK_EQ(insn.op, w->op);
		if (!w->op_size)
			continue;
		CHECK_EQ(insn.dst, w->dst);
		CHECK_EQ(insn.src, w->src);
		CHECK_EQ(insn.op_size, w->op_size);
		CHECK_EQ(insn.src_size, w->src_size);
	}
}

static void test_unknown(void)
{
	static const struct want unknown[] = {
		{ MODE_64, { 0xc5, 0xf8, 0x77 } },		/* VZEROUPPER */
		{ MODE_32, { 0xc5, 0xf8, 0x77 } },
		{ MODE_64, { 0xc4, 0xe2, 0x7d, 0x58, 0xc0 } },
		{ MODE_64, { 0x62, 0xf1, 0x7c, 0x48, 0x10 } },
		{ MODE_64, { 0x8f, 0xe9, 0x78, 0xe2 } },	/* XOP */
		{ MODE_64, { 0x06 } },
		{ MODE_64, { 0x9a, 1, 2, 3, 4, 5, 6 } },
		{ MODE_64, { 0xfe, 0x3f } },
		{ MODE_64, { 0x0f, 0x04 } },
		{ MODE_64, { 0x0f, 0xba, 0x07, 1 } },
		{ MODE_64, { 0x0f, 0xc3, 0xc0 } },		/* MOVNTI to a register */
	};
	struct insn insn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		CHECK_EQ(decode(unknown[i].bytes, 15, unknown[i].mode, &insn), DECODE_UNKNOWN);
}

/* 15 bytes are an instruction, 16 are not, and prefixes alone are too long. */
static void test_longest(void)
{
	u8 bytes[16];
	struct insn insn;

	memset(bytes, 0x66, sizeof(bytes));
	CHECK_EQ(decode(bytes, 15, MODE_64, &insn), DECODE_UNKNOWN);
	CHECK_EQ(decode(bytes, 14, MODE_64, &insn), DECODE_TOO_SHORT);
	bytes[13] = 0x0f;
	bytes[14] = 0xa2;
	CHECK_EQ(decode(bytes, 15, MODE_64, &insn), DECODE_OK);
	CHECK_EQ(insn.len, 15);
	bytes[13] = 0x66;
	bytes[14] = 0x0f;
	CHECK_EQ(decode(bytes, 16, MODE_64, &insn), DECODE_UNKNOWN);
	CHECK_EQ(decode(bytes, 0, MODE_64, &insn), DECODE_TOO_SHORT);
}

struct address {
	enum cpu_mode mode;
	u8 bytes[12];
	u8 addr_size;
	s8 base;
	s8 index;
	u8 scale;
	s64 disp;
	u8 seg;
	bool rip_relative;
};

#define NO	INSN_NO_REG

static const struct address addresses[] = {
	{ MODE_64, { 0x8b, 0x03 }, 8, HV_RBX, NO, 1, 0, SEG_DS },
	{ MODE_64, { 0x8b, 0x43, 0x80 }, 8, HV_RBX, NO, 1, -128, SEG_DS },
	{ MODE_64, { 0x8b, 0x83, 0, 0, 0, 0x80 }, 8, HV_RBX, NO, 1, -0x80000000LL, SEG_DS },
	{ MODE_64, { 0x8b, 0x05, 4, 0, 0, 0 }, 8, NO, NO, 1, 4, SEG_DS, true },
	{ MODE_64, { 0x41, 0x8b, 0x05, 4, 0, 0, 0 }, 8, NO, NO, 1, 4, SEG_DS, true },
	{ MODE_32, { 0x8b, 0x05, 4, 0, 0, 0 }, 4, NO, NO, 1, 4, SEG_DS },
	{ MODE_64, { 0x8b, 0x04, 0x25, 4, 0, 0, 0 }, 8, NO, NO, 1, 4, SEG_DS },
	{ MODE_64, { 0x8b, 0x04, 0x24 }, 8, HV_RSP, NO, 1, 0, SEG_SS },
	{ MODE_64, { 0x8b, 0x45, 8 }, 8, HV_RBP, NO, 1, 8, SEG_SS },
	{ MODE_64, { 0x41, 0x8b, 0x45, 8 }, 8, HV_R13, NO, 1, 8, SEG_DS },
	{ MODE_64, { 0x41, 0x8b, 0x04, 0x24 }, 8, HV_R12, NO, 1, 0, SEG_DS },
	{ MODE_64, { 0x8b, 0x44, 0x8b, 1 }, 8, HV_RBX, HV_RCX, 4, 1, SEG_DS },
	{ MODE_64, { 0x42, 0x8b, 0x04, 0xe3 }, 8, HV_RBX, HV_R12, 8, 0, SEG_DS },
	{ MODE_64, { 0x8b, 0x04, 0x6d, 1, 0, 0, 0 }, 8, NO, HV_RBP, 2, 1, SEG_DS },
	{ MODE_64, { 0x67, 0x8b, 0x03 }, 4, HV_RBX, NO, 1, 0, SEG_DS },
	{ MODE_64, { 0x65, 0x8b, 0x03 }, 8, HV_RBX, NO, 1, 0, SEG_GS },
	{ MODE_64, { 0x64, 0x2e, 0x8b, 0x03 }, 8, HV_RBX, NO, 1, 0, SEG_FS },
	{ MODE_64, { 0x26, 0x8b, 0x03 }, 8, HV_RBX, NO, 1, 0, SEG_DS },
	{ MODE_32, { 0x26, 0x8b, 0x03 }, 4, HV_RBX, NO, 1, 0, SEG_ES },
	{ MODE_32, { 0x2e, 0x8b, 0x45, 0 }, 4, HV_RBP, NO, 1, 0, SEG_CS },
	{ MODE_REAL, { 0x8b, 0x00 }, 2, HV_RBX, HV_RSI, 1, 0, SEG_DS },
	{ MODE_REAL, { 0x8b, 0x42, 0xff }, 2, HV_RBP, HV_RSI, 1, -1, SEG_SS },
	{ MODE_REAL, { 0x8b, 0x06, 0x34, 0x12 }, 2, NO, NO, 1, 0x1234, SEG_DS },
	{ MODE_REAL, { 0x8b, 0x46, 0x02 }, 2, HV_RBP, NO, 1, 2, SEG_SS },
	{ MODE_REAL, { 0x8b, 0x87, 0x34, 0x12 }, 2, HV_RBX, NO, 1, 0x1234, SEG_DS },
	{ MODE_REAL, { 0x67, 0x8b, 0x04, 0x8b }, 4, HV_RBX, HV_RCX, 4, 0, SEG_DS },
};

static void test_addresses(void)
{
	const struct address *a;
	struct insn insn;

	for (a = addresses; a < addresses + ARRAY_SIZE(addresses); a++) {
		CHECK_EQ(decode(a->bytes, sizeof(a->bytes), a->mode, &insn), DECODE_OK);
		CHECK(insn.has_mem);
		CHECK_EQ(insn.addr_size, a->addr_size);
		CHECK_EQ((u8)insn.base, (u8)a->base);
		CHECK_EQ((u8)insn.index, (u8)a->index);
		CHECK_EQ(insn.scale, a->scale);
		CHECK_EQ(insn.disp, a->disp);
		CHECK_EQ(insn.seg, a->seg);
		CHECK_EQ(insn.rip_relative, a->rip_relative);
	}
}

static u64 seed = 88172645463325252ull;

static u8 random_byte(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 32;
}

/*
 * Whatever the bytes: a result that does not depend on what follows, no byte
 * read beyond those given (each try has its own allocation), and every field
 * in its range.
 */
static void check_random(const u8 *bytes, unsigned int len, enum cpu_mode mode)
{
	struct insn insn, again;
	enum decode_result r;
	unsigned int i;
	u8 *copy;

	r = decode(bytes, len, mode, &insn);
	CHECK(insn.op < NR_INSN_OPS && insn.len <= len && insn.len <= INSN_MAX);
	if (r == DECODE_TOO_SHORT)
		CHECK(len < INSN_MAX);
	if (r != DECODE_OK)
		return;
	CHECK(insn.base < HV_NR_GPRS && insn.index < HV_NR_GPRS && insn.reg < HV_NR_GPRS);
	CHECK(insn.rm < HV_NR_GPRS && insn.seg < NR_SEGS && insn.len);
	CHECK(insn.op_size == 1 || insn.op_size == 2 || insn.op_size == 4 || insn.op_size == 8);
	CHECK(insn.src_size && insn.src_size <= insn.op_size);
	CHECK(insn.addr_size == 2 || insn.addr_size == 4 || insn.addr_size == 8);
	for (i = 0; i <= insn.len; i++) {
		copy = malloc(i ?: 1);
		memcpy(copy, bytes, i);
		r = decode(copy, i, mode, &again);
		free(copy);
		CHECK_EQ(r, i < insn.len ? DECODE_TOO_SHORT : DECODE_OK);
	}
	CHECK(!memcmp(&insn, &again, sizeof(insn)));
}

static void test_random(void)
{
	unsigned int i, j;
	u8 bytes[15];

	for (i = 0; i < 300000 && tap_ok; i++) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = random_byte();
		check_random(bytes, 1 + i % 15, i / 15 % 4);
	}
}

/* objdump's line: address, colon, tab, bytes in hexadecimal, tab, mnemonic. */
static unsigned int parse_line(const char *line, u8 *bytes, const char **text)
{
	const char *p = strchr(line, ':');
	unsigned int n = 0, byte;

	if (!p || p[1] != '\t')
		return 0;
	for (p += 2; n < INSN_MAX && p[0] != ' ' && p[2] == ' '; p += 3)
		if (sscanf(p, "%2x", &byte) == 1)
			bytes[n++] = byte;
	*text = strchr(p, '\t');
	return *text ? n : 0;
}

/* Unknown on purpose, data, or prefixes that objdump prints for themselves. */
static bool is_skipped(const u8 *bytes, unsigned int len, const char *text)
{
	unsigned int i = 0;

	while (i < len && (bytes[i] == 0x66 || bytes[i] == 0x67 || bytes[i] == 0x3e ||
			   bytes[i] == 0x2e || bytes[i] == 0xf2 || bytes[i] == 0xf3))
		i++;
	if (i == len || strstr(text, "rex") || strstr(text, "(bad)") || bytes[i] == 0x9b)
		return true;
	return bytes[i] == 0xc4 || bytes[i] == 0xc5 || bytes[i] == 0x62 || bytes[i] == 0x8f ||
	       strstr(text, "xbegin") || strstr(text, "xabort");
}

static void test_objdump(void)
{
	FILE *pipe = popen("objdump -d --insn-width=15 /proc/$PPID/exe 2>/dev/null", "r");
	unsigned int n = 0, len;
	const char *text;
	char line[512];
	struct insn insn;
	u8 bytes[INSN_MAX];

	while (pipe && fgets(line, sizeof(line), pipe)) {
		len = parse_line(line, bytes, &text);
		if (!len || is_skipped(bytes, len, text))
			continue;
		n++;
		if (decode(bytes, len, MODE_64, &insn) == DECODE_OK && insn.len == len)
			continue;
		printf("# %s", line);
		tap_ok = false;
	}
	if (pipe)
		pclose(pipe);
	printf("# %u instructions%s\n", n, n ? "" : ": objdump is missing, nothing was compared");
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "operations and operands", test_meanings },
		{ "unknown instructions", test_unknown },
		{ "the 15-byte limit", test_longest },
		{ "memory operands", test_addresses },
		{ "300,000 random instructions", test_random },
		{ "lengths agree with objdump's", test_objdump },
	};

	return tap_run(tests, ARRAY_SIZE(tests));
}
