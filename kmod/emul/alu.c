// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arithmetic and its flags: SDM vol. 1, 3.4.3.1 and appendix A.
 */
#include "emul/alu.h"

#define FLAG_CF		BIT_ULL(0)
#define FLAG_PF		BIT_ULL(2)
#define FLAG_AF		BIT_ULL(4)
#define FLAG_ZF		BIT_ULL(6)
#define FLAG_SF		BIT_ULL(7)
#define FLAG_OF		BIT_ULL(11)
#define FLAGS_ALL	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* Bit n is set where n has an odd number of bits. */
#define ODD_NIBBLES	0x6996

static bool top_bit(u64 value, unsigned int size)
{
	return value >> (8 * size - 1) & 1;
}

/* Those that follow from the result alone. */
static u64 result_flags(u64 result, unsigned int size)
{
	u64 flags = 0;

	result = alu_mask(result, size);
	if (!result)
		flags |= FLAG_ZF;
	if (top_bit(result, size))
		flags |= FLAG_SF;
	result ^= result >> 4;
	if (!(ODD_NIBBLES >> (result & 0xf) & 1))
		flags |= FLAG_PF;
	return flags;
}

/* Carries out of each bit come from the operands and the result. */
static u64 add(u64 dst, u64 src, unsigned int carry, unsigned int size, u64 *flags)
{
	u64 result = dst + src + carry;
	u64 carries = (dst & src) | ((dst | src) & ~result);

	*flags = result_flags(result, size);
	if (top_bit(carries, size))
		*flags |= FLAG_CF;
	if (top_bit((result ^ dst) & (result ^ src), size))
		*flags |= FLAG_OF;
	if (carries & BIT(3))
		*flags |= FLAG_AF;
	return result;
}

static u64 sub(u64 dst, u64 src, unsigned int borrow, unsigned int size, u64 *flags)
{
	u64 result = dst - src - borrow;
	u64 borrows = (~dst & src) | ((~dst | src) & result);

	*flags = result_flags(result, size);
	if (top_bit(borrows, size))
		*flags |= FLAG_CF;
	if (top_bit((dst ^ src) & (dst ^ result), size))
		*flags |= FLAG_OF;
	if (borrows & BIT(3))
		*flags |= FLAG_AF;
	return result;
}

/* CF gets the bit; ZF is kept, the others are undefined and kept too. */
static u64 bit_test(enum insn_op op, u64 dst, u64 src, unsigned int size, u64 *flags)
{
	u64 bit = BIT_ULL(src & (8 * size - 1));

	*flags = (*flags & ~FLAG_CF) | (dst & bit ? FLAG_CF : 0);
	switch (op) {
	case INSN_BTS:
		return dst | bit;
	case INSN_BTR:
		return dst & ~bit;
	case INSN_BTC:
		return dst ^ bit;
	default:
		return dst;
	}
}

/* AND, OR, XOR, TEST: CF and OF are cleared, AF is undefined. */
static u64 logic(u64 result, unsigned int size, u64 *flags)
{
	*flags = result_flags(result, size);
	return result;
}

static u64 compute(enum insn_op op, u64 dst, u64 src, unsigned int size, bool carry, u64 *flags)
{
	switch (op) {
	case INSN_ADD:
		return add(dst, src, 0, size, flags);
	case INSN_ADC:
		return add(dst, src, carry, size, flags);
	case INSN_SUB:
	case INSN_CMP:
		return sub(dst, src, 0, size, flags);
	case INSN_SBB:
		return sub(dst, src, carry, size, flags);
	case INSN_NEG:
		return sub(0, dst, 0, size, flags);
	case INSN_INC:
		return add(dst, 1, 0, size, flags);
	case INSN_DEC:
		return sub(dst, 1, 0, size, flags);
	case INSN_OR:
		return logic(dst | src, size, flags);
	case INSN_XOR:
		return logic(dst ^ src, size, flags);
	default:	/* AND, TEST */
		return logic(dst & src, size, flags);
	}
}

/* CF and OF; the others stay.  OF is defined for a count of 1 alone. */
static void set_carry(u64 *flags, bool carry, bool overflow)
{
	*flags = (*flags & ~(FLAG_CF | FLAG_OF)) | (carry ? FLAG_CF : 0) |
		 (overflow ? FLAG_OF : 0);
}

static u64 rotate_left(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	n %= 8 * size;
	if (n)
		dst = dst << n | dst >> (8 * size - n);
	set_carry(flags, dst & 1, top_bit(dst, size) ^ (dst & 1));
	return dst;
}

static u64 rotate_right(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	n %= 8 * size;
	if (n)
		dst = dst >> n | dst << (8 * size - n);
	set_carry(flags, top_bit(dst, size), top_bit(dst ^ dst << 1, size));
	return dst;
}

/* CF is one bit more: bit by bit, there are not many. */
static u64 rotate_left_carry(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	bool carry = *flags & FLAG_CF, out;

	for (n %= 8 * size + 1; n; n--) {
		out = top_bit(dst, size);
		dst = dst << 1 | carry;
		carry = out;
	}
	set_carry(flags, carry, top_bit(dst, size) ^ carry);
	return dst;
}

static u64 rotate_right_carry(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	bool carry = *flags & FLAG_CF, out;

	for (n %= 8 * size + 1; n; n--) {
		out = dst & 1;
		dst = dst >> 1 | (u64)carry << (8 * size - 1);
		carry = out;
	}
	set_carry(flags, carry, top_bit(dst ^ dst << 1, size));
	return dst;
}

static u64 shift_left(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	bool carry = n <= 8 * size && (dst >> (8 * size - n) & 1);
	u64 result = dst << n;

	*flags = result_flags(result, size);
	set_carry(flags, carry, top_bit(result, size) ^ carry);
	return result;
}

static u64 shift_logical(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	*flags = result_flags(dst >> n, size);
	set_carry(flags, dst >> (n - 1) & 1, top_bit(dst, size));
	return dst >> n;
}

static u64 shift_arithmetic(u64 dst, unsigned int n, unsigned int size, u64 *flags)
{
	s64 value = alu_sign_extend(dst, size);

	*flags = result_flags(value >> n, size);
	set_carry(flags, value >> (n - 1) & 1, false);
	return value >> n;
}

/* SDM vol. 2, 'RCL/RCR/ROL/ROR' and 'SAL/SAR/SHL/SHR'; a count of 0 changes no flag. */
static u64 shift(enum insn_op op, u64 dst, u64 count, unsigned int size, u64 *flags)
{
	static u64 (*const shifts[])(u64 dst, unsigned int n, unsigned int size, u64 *flags) = {
		rotate_left, rotate_right, rotate_left_carry, rotate_right_carry,
		shift_left, shift_logical, shift_arithmetic,
	};
	unsigned int n = count & (size == 8 ? 63 : 31);

	dst = alu_mask(dst, size);
	return n ? shifts[op - INSN_ROL](dst, n, size, flags) : dst;
}

/* CF and OF where the product does not fit; the others are undefined, and kept. */
static u64 multiply(u64 dst, u64 src, unsigned int size, u64 *flags)
{
	s64 product;
	bool lost = __builtin_mul_overflow((s64)alu_sign_extend(dst, size),
					   (s64)alu_sign_extend(src, size), &product);

	lost = lost || (s64)alu_sign_extend(product, size) != product;
	set_carry(flags, lost, lost);
	return product;
}

bool alu_condition(unsigned int cc, u64 flags)
{
	bool less = !(flags & FLAG_SF) != !(flags & FLAG_OF);
	const bool conditions[] = {
		flags & FLAG_OF, flags & FLAG_CF, flags & FLAG_ZF, flags & (FLAG_CF | FLAG_ZF),
		flags & FLAG_SF, flags & FLAG_PF, less, less || (flags & FLAG_ZF),
	};

	return conditions[cc >> 1 & 7] != (cc & 1);
}

u64 alu(enum insn_op op, u64 dst, u64 src, unsigned int size, u64 *flags)
{
	u64 changed = FLAGS_ALL, new = 0, result;

	if (op == INSN_NOT)
		return alu_mask(~dst, size);
	if (op >= INSN_BT && op <= INSN_BTC)
		return alu_mask(bit_test(op, dst, src, size, flags), size);
	if (op >= INSN_ROL && op <= INSN_SAR)
		return alu_mask(shift(op, dst, src, size, flags), size);
	if (op == INSN_IMUL)
		return alu_mask(multiply(dst, src, size, flags), size);
	if (op == INSN_INC || op == INSN_DEC)
		changed &= ~FLAG_CF;
	result = compute(op, dst, src, size, *flags & FLAG_CF, &new);
	*flags = (*flags & ~changed) | (new & changed);
	return alu_mask(result, size);
}
