// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder beside Zydis's, on random bytes behind likely prefixes and opcode
 * maps: what both know has one length, and what Zydis knows in the encodings that
 * the decoder is for, the decoder knows, but for what known_gaps[] lists.
 *
 * usage: decode_zydis [COUNT [SEED]]
 */
/* SOURCES: kmod/emul/decode.c */
/* LIBS: -lZydis */
#include "emul/decode.h"
#include "tap.h"

#include <Zydis/Zydis.h>

#define COUNT	10000000UL
#define SHOWN	20

static unsigned long count = COUNT;
static u64 state = 0x5eed;

/* xorshift64*. */
static u32 next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL >> 32;
}

static const struct { ZydisMachineMode mode; ZydisStackWidth stack; } zydis_modes[] = {
	[MODE_REAL] = { ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16 },
	[MODE_16] = { ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16 },
	[MODE_32] = { ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32 },
	[MODE_64] = { ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64 },
};

/* Nobody exits with them: TSX is hidden from guests, and PadLock is VIA's. */
static bool is_known_gap(ZydisMnemonic m)
{
	static const ZydisMnemonic known_gaps[] = {
		ZYDIS_MNEMONIC_XBEGIN, ZYDIS_MNEMONIC_XABORT, ZYDIS_MNEMONIC_MONTMUL,
		ZYDIS_MNEMONIC_XSTORE, ZYDIS_MNEMONIC_XSHA1, ZYDIS_MNEMONIC_XSHA256,
		ZYDIS_MNEMONIC_XCRYPT_CBC, ZYDIS_MNEMONIC_XCRYPT_CFB,
		ZYDIS_MNEMONIC_XCRYPT_CTR, ZYDIS_MNEMONIC_XCRYPT_ECB,
		ZYDIS_MNEMONIC_XCRYPT_OFB,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known_gaps); i++)
		if (m == known_gaps[i])
			return true;
	return false;
}

static void make(u8 *bytes)
{
	static const u8 prefixes[] = {
		0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65,
		0x40, 0x41, 0x44, 0x48, 0x4f,
	};
	unsigned int i, n = next_random() % 4;

	for (i = 0; i < INSN_MAX; i++)
		bytes[i] = next_random();
	for (i = 0; i < n; i++)
		bytes[i] = prefixes[next_random() % ARRAY_SIZE(prefixes)];
	if (next_random() % 2)
		bytes[n++] = 0x0f;
	if (next_random() % 8 == 0)
		bytes[n] = next_random() % 2 ? 0x38 : 0x3a;
}

static void show(const u8 *bytes, enum cpu_mode mode, const char *what, unsigned int ours,
		 const ZydisDecodedInstruction *theirs)
{
	static unsigned int shown;
	unsigned int i;

	tap_ok = false;
	if (shown++ == SHOWN)
		return;
	printf("# %s, mode %d, %u bytes, and %u to Zydis (%s):", what, mode, ours,
	       theirs->length, ZydisMnemonicGetString(theirs->mnemonic));
	for (i = 0; i < INSN_MAX; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

/* True where both know it. */
static bool compare(const u8 *bytes, enum cpu_mode mode)
{
	ZydisDecodedInstruction theirs;
	ZydisDecoder decoder;
	struct insn insn;
	bool known;

	ZydisDecoderInit(&decoder, zydis_modes[mode].mode, zydis_modes[mode].stack);
	if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, INSN_MAX, &theirs)))
		return false;
	known = decode(bytes, INSN_MAX, mode, &insn) == DECODE_OK;
	if (known && insn.len != theirs.length)
		show(bytes, mode, "another length", insn.len, &theirs);
	if (!known && theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	    !is_known_gap(theirs.mnemonic))
		show(bytes, mode, "unknown", 0, &theirs);
	return known;
}

static void test_lengths(void)
{
	unsigned long i, both = 0;
	u8 bytes[INSN_MAX];

	for (i = 0; i < count; i++) {
		make(bytes);
		both += compare(bytes, next_random() % ARRAY_SIZE(zydis_modes));
	}
	printf("# %lu of %lu are known to both\n", both, count);
	CHECK(both > count / 2);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "random instructions", test_lengths },
	};

	if (argc > 1)
		count = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		state = strtoull(argv[2], NULL, 0) ?: state;
	return tap_run(tests, ARRAY_SIZE(tests));
}
