// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer's entry to the instruction decoder: the first byte chooses the mode,
 * the rest is code.  make fuzz runs it; tests/unit/decode.c has the same checks on
 * random bytes, without clang.
 */
#include "emul/decode.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* The same from the instruction's own bytes, and no less than those. */
static void check_again(const u8 *bytes, enum cpu_mode mode, const struct insn *insn)
{
	unsigned int len = insn->len;
	struct insn again;
	u8 *copy;

	copy = malloc(len);
	memcpy(copy, bytes, len);
	check(decode(copy, len - 1, mode, &again) == DECODE_TOO_SHORT);
	check(decode(copy, len, mode, &again) == DECODE_OK);
	check(!memcmp(insn, &again, sizeof(again)));
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct insn insn;
	enum decode_result r;

	if (!size)
		return 0;
	r = decode(data + 1, size - 1, data[0] & 3, &insn);
	check(insn.op < NR_INSN_OPS && insn.len <= INSN_MAX && insn.len <= size - 1);
	check(insn.base < HV_NR_GPRS && insn.index < HV_NR_GPRS && insn.seg < NR_SEGS);
	check(insn.reg < HV_NR_GPRS && insn.rm < HV_NR_GPRS);
	check(r != DECODE_TOO_SHORT || size - 1 < INSN_MAX);
	if (r == DECODE_OK)
		check_again(data + 1, data[0] & 3, &insn);
	return 0;
}
