// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/emul/decode.c kmod/emul/alu.c kmod/emul/operand.c kmod/emul/string.c kmod/emul/length.c kmod/emul/mmio.c kmod/core/bus.c kmod/mmu/walk.c kmod/mmu/fetch.c tests/unit/shim/fake.c tests/unit/shim/native.c */
/*
 * The emulator: instructions on a chip's page do what the CPU does with memory,
 * register for register and flag for flag; what it refuses; bounds.
 */
#include "core/cpuid.h"
#include "emul/operand.h"
#include "fake.h"
#include "native.h"
#include "tap.h"

#define CODE	0x10000ULL		/* guest virtual and physical */
#define DATA	0x20000ULL		/* two pages of memory */
#define CHIP	0x40000000ULL		/* guest virtual, the LAPIC's page */
#define IOAPIC	0x40001000ULL
#define EMPTY	0x40002000ULL		/* nothing there */
#define EMPTY_GPA 0xd0000000ULL

#define PTE_RW	2
#define PTE_US	4

/* Flags that arithmetic changes. */
#define ARITHMETIC	0x8d5ULL
#define FLAG_AF		0x10ULL
#define FLAG_CF		0x1ULL
#define FLAG_OF		0x800ULL

unsigned int cpuid_phys_bits(void)
{
	return 40;
}

bool cpuid_has_1g_pages(void)
{
	return true;
}

static void setup(void)
{
	unsigned int i;

	fake_reset();
	for (i = 0; i < 2; i++) {
		fake_map(CODE + i * 4096, CODE + i * 4096, PTE_RW | PTE_US);
		fake_map(DATA + i * 4096, DATA + i * 4096, PTE_RW | PTE_US);
	}
	fake_map(CHIP, MEMMAP_LAPIC, PTE_RW | PTE_US);
	fake_map(IOAPIC, MEMMAP_IOAPIC, PTE_RW | PTE_US);
	fake_map(EMPTY, EMPTY_GPA, PTE_RW | PTE_US);
	fake_vcpu.rip = CODE;
}

/* An exit at @gpa by the instruction in @bytes; with or without decode assists. */
static enum outcome emulate(const u8 *bytes, unsigned int len, u64 gpa, bool assists)
{
	struct exit exit = { .reason = EXIT_S2_FAULT, .s2.gpa = gpa };

	fake_poke(fake_vcpu.rip, bytes, len);
	if (assists) {
		exit.s2.bytes_len = len;
		memcpy(exit.s2.bytes, bytes, len);
	}
	return emul_mmio(&fake_vcpu, &exit);
}

/*
 * A program that answers the LAPIC's page and ports 0x5000 to 0x500f: the chip
 * itself must see nothing.  A doorbell stands in each.
 */
static struct {
	struct bus_table table;
	struct bus_range ranges[6];
} board = {
	{ 2, 4 },
	{
		{ .first = 0x5000, .last = 0x500f, .id = 1 },
		{ .first = MEMMAP_LAPIC, .last = MEMMAP_LAPIC + 0xfff, .id = 2,
		  .space = HV_SPACE_MMIO },
		{ .first = 0x5004, .last = 0x5004, .id = 3, .size = 2 },
		{ .first = 0x5004, .last = 0x5004, .id = 4, .size = 1, .data = 7, .match = true },
		{ .first = MEMMAP_LAPIC + 0x10, .last = MEMMAP_LAPIC + 0x10, .id = 5,
		  .space = HV_SPACE_MMIO },
		{ .first = MEMMAP_LAPIC + 0x18, .last = MEMMAP_LAPIC + 0x18, .id = 6, .size = 4,
		  .data = 0x1234, .match = true, .space = HV_SPACE_MMIO },
	},
};

/* What the program does: memory of the chip's size; how often it was asked. */
static unsigned int answers;

static void answer(struct vcpu *v)
{
	struct bus_access *a = bus_pending(v);
	u8 *at = &fake.chip[0][a->address & 0xfff];
	u64 value = fake_random();

	answers++;
	if (a->write)
		memcpy(at, &a->data, a->size);
	else
		memcpy(&value, at, a->size);
	bus_answer(v, value);
}

/* As core_run() does: the same exit, until nothing waits. */
static enum outcome emulate_trapped(const u8 *bytes, unsigned int len, u64 gpa, bool assists)
{
	enum outcome out;
	unsigned int rounds = 0;

	fake_platform.bus = &board.table;
	for (;;) {
		out = emulate(bytes, len, gpa, assists);
		if (out != OUT_TRAP || ++rounds > 64 * BUS_LOG_MAX)
			break;
		if (fake_random() & 1)	/* disturbed: it still waits */
			bus_again(&fake_vcpu);
		else
			answer(&fake_vcpu);
		bus_again(&fake_vcpu);
	}
	bus_done(&fake_vcpu);
	fake_platform.bus = NULL;
	return out;
}

#define EMULATE(gpa, ...) ({ \
	static const u8 emulate_bytes[] = { __VA_ARGS__ }; \
	emulate(emulate_bytes, sizeof(emulate_bytes), gpa, fake_random() & 1); })

/* Opcodes that have a ModRM with a memory operand. */
struct form {
	u8 prefix;		/* 0 or 0x0f */
	u8 opcode;
	s8 ext;			/* reg field, or -1 for a register */
	bool byte;		/* byte registers */
	u8 imm;			/* 1: byte; 4: by operand size */
	bool bits;		/* a bit string */
	u64 undefined;		/* flags */
};

#define SHIFT(ext) \
	{ 0, 0xc0, ext, true, 1 }, { 0, 0xc1, ext, false, 1 }, { 0, 0xd0, ext, true }, \
	{ 0, 0xd1, ext }, { 0, 0xd2, ext, true }, { 0, 0xd3, ext }
#define CONDITION(cc) \
	{ 0x0f, 0x40 + (cc), -1 }, { 0x0f, 0x90 + (cc), 0, true }

static const struct form forms[] = {
	{ 0, 0x00, -1, true }, { 0, 0x01, -1 }, { 0, 0x02, -1, true }, { 0, 0x03, -1 },
	{ 0, 0x08, -1, true, 0, 0, FLAG_AF }, { 0, 0x09, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x0a, -1, true, 0, 0, FLAG_AF }, { 0, 0x0b, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x10, -1, true }, { 0, 0x11, -1 }, { 0, 0x12, -1, true }, { 0, 0x13, -1 },
	{ 0, 0x18, -1, true }, { 0, 0x19, -1 }, { 0, 0x1a, -1, true }, { 0, 0x1b, -1 },
	{ 0, 0x20, -1, true, 0, 0, FLAG_AF }, { 0, 0x21, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x22, -1, true, 0, 0, FLAG_AF }, { 0, 0x23, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x28, -1, true }, { 0, 0x29, -1 }, { 0, 0x2a, -1, true }, { 0, 0x2b, -1 },
	{ 0, 0x30, -1, true, 0, 0, FLAG_AF }, { 0, 0x31, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x32, -1, true, 0, 0, FLAG_AF }, { 0, 0x33, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x38, -1, true }, { 0, 0x39, -1 }, { 0, 0x3a, -1, true }, { 0, 0x3b, -1 },
	{ 0, 0x80, 0, true, 1 }, { 0, 0x80, 1, true, 1, 0, FLAG_AF }, { 0, 0x80, 2, true, 1 },
	{ 0, 0x80, 3, true, 1 }, { 0, 0x80, 4, true, 1, 0, FLAG_AF }, { 0, 0x80, 5, true, 1 },
	{ 0, 0x80, 6, true, 1, 0, FLAG_AF }, { 0, 0x80, 7, true, 1 },
	{ 0, 0x81, 0, false, 4 }, { 0, 0x81, 1, false, 4, 0, FLAG_AF }, { 0, 0x81, 2, false, 4 },
	{ 0, 0x81, 3, false, 4 }, { 0, 0x81, 4, false, 4, 0, FLAG_AF }, { 0, 0x81, 5, false, 4 },
	{ 0, 0x81, 6, false, 4, 0, FLAG_AF }, { 0, 0x81, 7, false, 4 },
	{ 0, 0x83, 0, false, 1 }, { 0, 0x83, 1, false, 1, 0, FLAG_AF }, { 0, 0x83, 2, false, 1 },
	{ 0, 0x83, 3, false, 1 }, { 0, 0x83, 4, false, 1, 0, FLAG_AF }, { 0, 0x83, 5, false, 1 },
	{ 0, 0x83, 6, false, 1, 0, FLAG_AF }, { 0, 0x83, 7, false, 1 },
	{ 0, 0x84, -1, true, 0, 0, FLAG_AF }, { 0, 0x85, -1, false, 0, 0, FLAG_AF },
	{ 0, 0x86, -1, true }, { 0, 0x87, -1 },
	{ 0, 0x88, -1, true }, { 0, 0x89, -1 }, { 0, 0x8a, -1, true }, { 0, 0x8b, -1 },
	{ 0, 0x63, -1 },
	{ 0, 0xc6, 0, true, 1 }, { 0, 0xc7, 0, false, 4 },
	{ 0, 0xf6, 0, true, 1, 0, FLAG_AF }, { 0, 0xf7, 0, false, 4, 0, FLAG_AF },
	{ 0, 0xf6, 2, true }, { 0, 0xf7, 2 }, { 0, 0xf6, 3, true }, { 0, 0xf7, 3 },
	{ 0, 0xfe, 0, true }, { 0, 0xfe, 1, true }, { 0, 0xff, 0 }, { 0, 0xff, 1 },
	{ 0x0f, 0xb6, -1 }, { 0x0f, 0xb7, -1 }, { 0x0f, 0xbe, -1 }, { 0x0f, 0xbf, -1 },
	{ 0x0f, 0xa3, -1, false, 0, true, 0x894 }, { 0x0f, 0xab, -1, false, 0, true, 0x894 },
	{ 0x0f, 0xb3, -1, false, 0, true, 0x894 }, { 0x0f, 0xbb, -1, false, 0, true, 0x894 },
	{ 0x0f, 0xba, 4, false, 1, false, 0x894 }, { 0x0f, 0xba, 5, false, 1, false, 0x894 },
	{ 0x0f, 0xba, 6, false, 1, false, 0x894 }, { 0x0f, 0xba, 7, false, 1, false, 0x894 },
	{ 0x0f, 0xb0, -1, true }, { 0x0f, 0xb1, -1 },
	{ 0x0f, 0xc0, -1, true }, { 0x0f, 0xc1, -1 },
	SHIFT(0), SHIFT(1), SHIFT(2), SHIFT(3), SHIFT(4), SHIFT(5), SHIFT(6), SHIFT(7),
	{ 0x0f, 0xaf, -1, false, 0, 0, 0xd4 },
	{ 0, 0x69, -1, false, 4, 0, 0xd4 }, { 0, 0x6b, -1, false, 1, 0, 0xd4 },
	CONDITION(0), CONDITION(1), CONDITION(2), CONDITION(3), CONDITION(4), CONDITION(5),
	CONDITION(6), CONDITION(7), CONDITION(8), CONDITION(9), CONDITION(10), CONDITION(11),
	CONDITION(12), CONDITION(13), CONDITION(14), CONDITION(15),
};

static bool is_shift(const struct form *f)
{
	return !f->prefix && ((f->opcode & 0xfe) == 0xc0 || (f->opcode & 0xfc) == 0xd0);
}

/* Bytes of the operand of an instruction that assemble() made. */
static unsigned int operand_size(const struct form *f, const u8 *bytes)
{
	bool word = *bytes == 0x66;
	u8 rex = (bytes[word] & 0xf0) == 0x40 ? bytes[word] : 0;

	return f->byte ? 1 : rex & 8 ? 8 : word ? 2 : 4;
}

/* The manual says so; for shifts it goes by the count.  Before the instruction runs. */
static u64 undefined_flags(const struct form *f, const u8 *bytes, unsigned int len)
{
	unsigned int size = operand_size(f, bytes);
	u8 n = f->imm ? bytes[len - 1] : f->opcode & 2 ? native.gpr[HV_RCX] : 1;

	if (!is_shift(f))
		return f->undefined;
	n &= size == 8 ? 63 : 31;
	if (!n)
		return 0;
	return (f->ext >= 4 ? FLAG_AF : 0) | (n > 1 ? FLAG_OF : 0) |
	       (f->ext >= 4 && f->ext < 7 && n >= 8 * size ? FLAG_CF : 0);
}

/* [RBX + disp8], with any register but RBX and RSP in reg. */
static unsigned int assemble(u8 *bytes, const struct form *f, s8 disp)
{
	bool word = !f->byte && !(fake_random() & 3);
	u8 rex = fake_random() & 1 ? 0x40 | (fake_random() & 0x0c) : 0;
	u8 reg = f->ext >= 0 ? f->ext : (int)(fake_random() & 7);
	unsigned int n = 0, imm = f->imm;

	while (f->ext < 0 && ((reg == HV_RSP && !(rex & 4) && (!f->byte || rex)) ||
			      (reg == HV_RBX && !(rex & 4)) ||
			      (reg == 7 && f->byte && !rex)))	/* BH is in RBX */
		reg = fake_random() & 7;
	if (f->ext >= 0)
		rex &= ~4;
	if (word)
		bytes[n++] = 0x66;
	if (rex)
		bytes[n++] = rex;
	if (f->prefix)
		bytes[n++] = f->prefix;
	bytes[n++] = f->opcode;
	bytes[n++] = 0x40 | reg << 3 | HV_RBX;
	bytes[n++] = disp;
	if (imm == 4 && word && !(rex & 8))
		imm = 2;
	while (imm--)
		bytes[n++] = fake_random();
	return n;
}

/* Where the operand is for a bit string: some bytes away, as RBX + disp is not. */
static s64 bit_offset(const struct form *f, const u8 *bytes)
{
	unsigned int i = 0, size = 4, reg;
	s64 bit;
	u8 rex = 0;

	if (!f->bits)
		return 0;
	if (bytes[i] == 0x66) {
		size = 2;
		i++;
	}
	if ((bytes[i] & 0xf0) == 0x40)
		rex = bytes[i++];
	if (rex & 8)
		size = 8;
	reg = (bytes[i + 2] >> 3 & 7) | (rex & 4 ? 8 : 0);
	bit = (s64)(fake_random() % 2048) - 1024;
	native.gpr[reg] = bit;
	return (bit >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * size;
}

static void randomize(void)
{
	static u64 values[] = { 0, 1, ~0ull, 0x7f, 0x80, 0x7fff, 0x8000, 0x7fffffff, 0x80000000,
				0x7fffffffffffffff, 0x8000000000000000 };
	unsigned int i;

	for (i = 0; i < HV_NR_GPRS; i++)
		native.gpr[i] = fake_random() & 1 ? fake_random() :
				values[fake_random() % ARRAY_SIZE(values)];
	for (i = 0; i < 4096; i++)
		native_memory[i] = fake_random() & 3 ? fake_random() : fake_random() & 1 ? 0 : 0xff;
	native.flags = (fake_random() & ARITHMETIC) | 2;
}

/* The same on both sides, except where RBX points. */
static void compare(const u8 *bytes, unsigned int len, u64 undefined)
{
	unsigned int i;

	for (i = 0; i < HV_NR_GPRS; i++)
		if (i != HV_RSP && i != HV_RBX)
			CHECK_EQ(fake_vcpu.gpr[i], native.gpr[i]);
	CHECK_EQ((fake_vcpu.rflags ^ native.flags) & ARITHMETIC & ~undefined, 0);
	CHECK(!memcmp(fake.chip[0], native_memory, 4096));
	CHECK_EQ(fake_vcpu.rip, CODE + len);
	CHECK_EQ(fake_vcpu.exits[EXIT_MMIO], 1);
}

static void one_against_cpu(const struct form *f, bool trapped)
{
	u64 at = 256 + fake_random() % 3500;
	u8 bytes[INSN_LEN];
	unsigned int len;
	s8 disp = fake_random();
	u64 undefined;
	s64 off;

	setup();
	randomize();
	len = assemble(bytes, f, disp);
	off = bit_offset(f, bytes);
	memcpy(fake.chip[0], native_memory, 4096);
	memcpy(fake_vcpu.gpr, native.gpr, sizeof(native.gpr));
	fake_vcpu.rflags = native.flags;
	fake_vcpu.gpr[HV_RBX] = CHIP + at - disp;
	native.gpr[HV_RBX] = (u64)(uintptr_t)native_memory + at - disp;
	undefined = undefined_flags(f, bytes, len);
	native_run(bytes, len);
	if (trapped)
		CHECK_EQ(emulate_trapped(bytes, len, MEMMAP_LAPIC + at + off, fake_random() & 1),
			 OUT_RESUME);
	else
		CHECK_EQ(emulate(bytes, len, MEMMAP_LAPIC + at + off, fake_random() & 1),
			 OUT_RESUME);
	CHECK_EQ(fake.chip_reads + fake.chip_writes == 0, trapped);
	compare(bytes, len, undefined);
}

static void print_bytes(void)
{
	unsigned int i;

	printf("#");
	for (i = 0; i < 8; i++)
		printf(" %02x", fake_page[CODE >> 12][i]);
	printf("  %s\n", fake_vcpu.stop.detail);
}

static void against_cpu(bool trapped)
{
	unsigned int i;

	for (i = 0; i < 100000; i++) {
		one_against_cpu(&forms[i % ARRAY_SIZE(forms)], trapped);
		if (!tap_ok)
			return print_bytes();
	}
}

static void test_against_cpu(void)
{
	against_cpu(false);
}

static void test_trapped(void)
{
	against_cpu(true);
}

/* REP MOVS, STOS and LODS, both directions, to and from the chip. */
static void one_string(u8 opcode, bool to_chip, bool trapped)
{
	bool backwards = fake_random() & 1, wide = fake_random() & 1;
	const u8 bytes[] = { 0xf3, wide ? 0x48 : 0x40, opcode };
	u64 n = fake_random() % 150, chip = 2048, rounds = 0;
	u64 start[2] = { (uintptr_t)native_memory, (uintptr_t)native_memory + 4096 };
	enum outcome out;

	setup();
	randomize();
	memcpy(fake.chip[0], native_memory, 4096);
	fake_poke(DATA, native_memory + 4096, 4096);
	memcpy(fake_vcpu.gpr, native.gpr, sizeof(native.gpr));
	fake_vcpu.gpr[HV_RCX] = n;
	native.gpr[HV_RCX] = n;
	fake_vcpu.gpr[HV_RDI] = (to_chip ? CHIP : DATA) + chip;
	fake_vcpu.gpr[HV_RSI] = (to_chip ? DATA : CHIP) + chip;
	native.gpr[HV_RDI] = start[!to_chip] + chip;
	native.gpr[HV_RSI] = start[to_chip] + chip;
	native.flags |= backwards ? RFLAGS_DF : 0;
	fake_vcpu.rflags = native.flags;
	native_run(bytes, 3);
	do {
		out = trapped ? emulate_trapped(bytes, 3, MEMMAP_LAPIC + 0x800, false) :
				emulate(bytes, 3, MEMMAP_LAPIC + 0x800, false);
		CHECK_EQ(out, OUT_RESUME);
		CHECK(++rounds < 10);
	} while (fake_vcpu.rip == CODE);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], native.gpr[HV_RCX]);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], native.gpr[HV_RAX]);
	if (opcode != 0xad)
		CHECK_EQ(fake_vcpu.gpr[HV_RDI] - (to_chip ? CHIP : DATA),
			 native.gpr[HV_RDI] - start[!to_chip]);
	if (opcode != 0xab)
		CHECK_EQ(fake_vcpu.gpr[HV_RSI] - (to_chip ? DATA : CHIP),
			 native.gpr[HV_RSI] - start[to_chip]);
	CHECK(!memcmp(fake.chip[0], native_memory, 4096));
	CHECK(!memcmp(fake_page[DATA >> 12], native_memory + 4096, 4096));
	/* One that has to wait starts a new batch. */
	CHECK(trapped || rounds == (n <= 64 ? 1 : n <= 128 ? 2 : 3));
}

/* Two pages alike, or one of AL alone, but for one byte; or nothing like what is looked for. */
static void fill_to_compare(u8 opcode, u8 rep)
{
	u64 value = fake_random() % 256 * 0x0101010101010101ull;

	if (opcode >= 0xae) {
		native.gpr[HV_RAX] = value;
		memset(native_memory, rep == 0xf3 ? value : value + 1, 4096);
	} else {
		memcpy(native_memory + 4096, native_memory, 4096);
		if (rep == 0xf2)
			memset(native_memory, native_memory[4096] + 1, 4096);
		if (rep == 0xf2)
			memset(native_memory + 4096, native_memory[4096], 4096);
	}
	if (fake_random() & 3)
		memset(native_memory + 2048 - 600 + fake_random() % 1200,
		       rep == 0xf3 ? fake_random() : opcode >= 0xae ? value : native_memory[4096], 8);
}

/* REPE and REPNE CMPS and SCAS, both directions, the chip first or second. */
static void one_comparison(u8 opcode, bool trapped)
{
	const u8 bytes[] = { fake_random() & 1 ? 0xf3 : 0xf2, fake_random() & 1 ? 0x48 : 0x40, opcode };
	bool second = opcode >= 0xae || (fake_random() & 1), backwards = fake_random() & 1;
	u64 start[2] = { (uintptr_t)native_memory, (uintptr_t)native_memory + 4096 };
	unsigned int rounds = 0;
	enum outcome out;

	setup();
	fake_map(DATA, DATA, PTE_US);	/* read only */
	randomize();
	fill_to_compare(opcode, bytes[0]);
	memcpy(fake.chip[0], native_memory, 4096);
	fake_poke(DATA, native_memory + 4096, 4096);
	native.gpr[HV_RCX] = 1 + fake_random() % 150;
	memcpy(fake_vcpu.gpr, native.gpr, sizeof(native.gpr));
	fake_vcpu.gpr[HV_RDI] = (second ? CHIP : DATA) + 2048;
	fake_vcpu.gpr[HV_RSI] = (second ? DATA : CHIP) + 2048;
	native.gpr[HV_RDI] = start[!second] + 2048;
	native.gpr[HV_RSI] = start[second] + 2048;
	native.flags |= backwards ? RFLAGS_DF : 0;
	fake_vcpu.rflags = native.flags;
	native_run(bytes, 3);
	do {
		out = trapped ? emulate_trapped(bytes, 3, MEMMAP_LAPIC + 0x800, false) :
				emulate(bytes, 3, MEMMAP_LAPIC + 0x800, false);
		CHECK_EQ(out, OUT_RESUME);
		CHECK(++rounds < 10);
	} while (fake_vcpu.rip == CODE);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], native.gpr[HV_RCX]);
	CHECK_EQ(fake_vcpu.gpr[HV_RDI] - (second ? CHIP : DATA), native.gpr[HV_RDI] - start[!second]);
	CHECK(opcode >= 0xae || fake_vcpu.gpr[HV_RSI] - (second ? DATA : CHIP) ==
				native.gpr[HV_RSI] - start[second]);
	CHECK_EQ((fake_vcpu.rflags ^ native.flags) & ARITHMETIC, 0);
	CHECK(!memcmp(fake.chip[0], native_memory, 4096));
}

static void comparisons(bool trapped)
{
	unsigned int i;

	for (i = 0; i < 1000 && tap_ok; i++) {
		one_comparison(0xa6, trapped);
		one_comparison(0xa7, trapped);
		one_comparison(0xae, trapped);
		one_comparison(0xaf, trapped);
	}
}

static void strings(bool trapped)
{
	unsigned int i;

	for (i = 0; i < 1000 && tap_ok; i++) {
		one_string(0xa5, true, trapped);
		one_string(0xa4, false, trapped);
		one_string(0xab, true, trapped);
		one_string(0xad, false, trapped);
	}
}

static void test_strings(void)
{
	strings(false);
	comparisons(false);
}

static void test_strings_trapped(void)
{
	strings(true);
	comparisons(true);
}

/* An operand over the end of the chip's page goes on where the guest's tables say. */
static void test_crossing(void)
{
	setup();
	fake_map(CHIP + 4096, DATA, PTE_RW);
	fake_vcpu.gpr[HV_RBX] = CHIP + 0xffe;
	fake_vcpu.gpr[HV_RAX] = 0x11223344;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0xffe, 0x89, 0x03), OUT_RESUME);
	CHECK_EQ(fake.chip[0][0xffe], 0x44);
	CHECK_EQ(fake.chip[0][0xfff], 0x33);
	CHECK_EQ(fake_peek64(DATA), 0x1122);
	fake_vcpu.rip = CODE;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0xffe, 0x8b, 0x0b), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 0x11223344);
	/* The second part is not filled: nothing may have happened. */
	__set_bit(DATA >> 12, fake.missing);
	fake_vcpu.rip = CODE;
	fake.chip_writes = 0;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0xffe, 0x89, 0x03), OUT_S2_FILL);
	CHECK_EQ(fake.chip_writes, 0);
	CHECK_EQ(fake_vcpu.fill_gpa, DATA);
	CHECK_EQ(fake_vcpu.fill_access, ACCESS_WRITE);
	CHECK_EQ(fake_vcpu.rip, CODE);
	/* From memory into the chip: the CPU may report the second page. */
	__clear_bit(DATA >> 12, fake.missing);
	fake_map(DATA + 0x2000, MEMMAP_LAPIC, PTE_RW);
	fake_vcpu.gpr[HV_RBX] = DATA + 0x1fff;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x66, 0x89, 0x03), OUT_RESUME);
	CHECK_EQ(fake_page[(DATA >> 12) + 1][0xfff], 0x44);
	CHECK_EQ(fake.chip[0][0], 0x33);
}

static void test_pages(void)
{
	setup();
	fake_vcpu.gpr[HV_RBX] = EMPTY + 8;
	CHECK_EQ(EMULATE(EMPTY_GPA + 8, 0x48, 0x8b, 0x03), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], ~0ull);
	CHECK_EQ(EMULATE(EMPTY_GPA + 8, 0x0f, 0xb6, 0x03), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], 0xff);
	CHECK_EQ(EMULATE(EMPTY_GPA + 8, 0x89, 0x03), OUT_RESUME);
	fake_vcpu.gpr[HV_RBX] = IOAPIC + 0x10;
	fake.chip[1][0x10] = 0x5a;
	CHECK_EQ(EMULATE(MEMMAP_IOAPIC + 0x10, 0x8b, 0x03), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], 0x5a);
	CHECK_EQ(fake.chip_reads, 1);
	/* The LAPIC's page answers in xAPIC mode only. */
	fake_vcpu.gpr[HV_RBX] = CHIP;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x8b, 0x03), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], 0);
	fake_vcpu.lapic.s.base |= LAPIC_BASE_X2;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x8b, 0x03), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], U32_MAX);
	fake_vcpu.lapic.s.base = MEMMAP_LAPIC;
	fake_vcpu.gpr[HV_RAX] = 0;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x8b, 0x03), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], U32_MAX);
	CHECK_EQ(fake.chip_reads, 2);
}

static void test_absolute(void)
{
	setup();
	fake_map(0x1000, MEMMAP_LAPIC, PTE_RW);
	fake.chip[0][0x20] = 0x77;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0x20, 0xa0, 0x20, 0x10, 0, 0, 0, 0, 0, 0), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], 0x77);
	fake_vcpu.gpr[HV_RAX] = 0x12345678;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0x20, 0x67, 0xa3, 0x20, 0x10, 0, 0), OUT_RESUME);
	CHECK_EQ(fake.chip[0][0x23], 0x12);
	/* RIP-relative: from the end of the instruction. */
	fake_map(CODE + 0x2000, MEMMAP_LAPIC, PTE_RW);
	fake_vcpu.rip = CODE;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0x20, 0x8b, 0x0d, 0x1a, 0x20, 0, 0), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 0x12345678);
}

static void test_movbe(void)
{
	setup();
	fake_vcpu.gpr[HV_RBX] = CHIP;
	fake_vcpu.gpr[HV_RAX] = 0x11223344;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x0f, 0x38, 0xf1, 0x03), OUT_RESUME);
	CHECK_EQ(fake.chip[0][0], 0x11);
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x66, 0x0f, 0x38, 0xf0, 0x0b), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 0x1122);
}

/* Protected mode without paging, and real mode: segments, 16-bit addresses. */
static void test_segments(void)
{
	setup();
	fake_mode(MODE_32);
	fake_vcpu.gpr[HV_RBX] = 0xfee00020;
	fake_vcpu.gpr[HV_RAX] = 0x99;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0x20, 0x89, 0x03), OUT_RESUME);
	CHECK_EQ(fake.chip[0][0x20], 0x99);
	fake_mode(MODE_REAL);
	fake.seg[SEG_ES].base = 0xfee00000;
	fake_vcpu.rip = CODE & 0xffff;
	fake_vcpu.gpr[HV_RBX] = 0xabcd0010;
	fake_vcpu.gpr[HV_RSI] = 0x10;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0x20, 0x26, 0x88, 0x20), OUT_RESUME);	/* AH */
	CHECK_EQ(fake.chip[0][0x20], 0);
	CHECK_EQ(fake_vcpu.rip, 3);
}

static void check_stop(enum outcome out, u32 reason, const char *detail)
{
	CHECK_EQ(out, OUT_STOP);
	CHECK_EQ(fake.stops, 1);
	CHECK_EQ(fake_vcpu.stop.reason, reason);
	if (!strstr(fake_vcpu.stop.detail, detail))
		printf("# %s\n", fake_vcpu.stop.detail);
	CHECK(strstr(fake_vcpu.stop.detail, detail));
}

static void test_refused(void)
{
	struct exit exit = { .reason = EXIT_S2_FAULT, .s2.gpa = EMPTY_GPA };

	setup();	/* an SSE store */
	fake_vcpu.gpr[HV_RBX] = EMPTY;
	check_stop(EMULATE(EMPTY_GPA, 0x0f, 0x11, 0x03), HV_STOP_REASON_INTERNAL_ERROR,
		   "cannot emulate access to 0xd0000000 at rip 0x10000: 0f 11 03");
	CHECK_EQ(fake_vcpu.rip, CODE);
	setup();	/* AVX: not decoded at all */
	check_stop(EMULATE(EMPTY_GPA, 0xc5, 0xf8, 0x11, 0x03), HV_STOP_REASON_INTERNAL_ERROR,
		   "c5 f8 11 03");
	setup();	/* a program in the guest stops only itself */
	fake.cpl = 3;
	CHECK_EQ(EMULATE(EMPTY_GPA, 0x0f, 0x11, 0x03), OUT_RESUME);
	CHECK_EQ(fake.vector, VEC_UD);
	CHECK_EQ(fake.logs, 1);
	setup();	/* its operand is elsewhere */
	fake_vcpu.gpr[HV_RBX] = EMPTY + 1;
	check_stop(EMULATE(EMPTY_GPA, 0x8b, 0x03), HV_STOP_REASON_INTERNAL_ERROR, "8b 03");
	setup();
	exit.s2.access = ACCESS_FETCH;
	check_stop(emul_mmio(&fake_vcpu, &exit), HV_STOP_REASON_UNMAPPED_FETCH,
		   "instruction fetch from 0xd0000000");
	setup();
	exit.s2.access = ACCESS_WRITE;
	exit.s2.walk = true;
	check_stop(emul_mmio(&fake_vcpu, &exit), HV_STOP_REASON_INTERNAL_ERROR, "page table");
	setup();	/* the stack of an interrupt being delivered */
	exit.s2.walk = false;
	fake_vcpu.inject = (struct vcpu_event){ .valid = true, .vector = 14 };
	check_stop(emul_mmio(&fake_vcpu, &exit), HV_STOP_REASON_INTERNAL_ERROR,
		   "delivery of vector 14");
}

/* Bytes that continue on a page that is not there: one round more, or the fault. */
static void test_fetch_crossing(void)
{
	setup();
	fake_vcpu.gpr[HV_RBX] = CHIP;
	fake_vcpu.rip = CODE + 0xffe;
	fake_poke(CODE + 0xffe, (u8[]){ 0xc7, 0x03, 1, 2, 3, 4 }, 6);
	__set_bit((CODE >> 12) + 1, fake.missing);
	CHECK_EQ(emulate(NULL, 0, MEMMAP_LAPIC, false), OUT_S2_FILL);
	CHECK_EQ(fake_vcpu.fill_gpa, CODE + 0x1000);
	__clear_bit((CODE >> 12) + 1, fake.missing);
	CHECK_EQ(emulate(NULL, 0, MEMMAP_LAPIC, false), OUT_RESUME);
	CHECK_EQ(fake.chip[0][3], 4);
	CHECK_EQ(fake_vcpu.rip, CODE + 0x1004);
	/* An instruction that ends with the page does not touch the next. */
	__set_bit((CODE >> 12) + 1, fake.missing);
	fake_poke(CODE + 0xffe, (u8[]){ 0x8b, 0x0b }, 2);
	fake_vcpu.rip = CODE + 0xffe;
	CHECK_EQ(emulate(NULL, 0, MEMMAP_LAPIC, false), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 0x04030201);
	/* A second page that the guest has not mapped: its page fault. */
	fake_vcpu.rip = CODE + 0x1ffe;
	__clear_bit((CODE >> 12) + 1, fake.missing);
	fake_poke(CODE + 0x1ffe, (u8[]){ 0xc7, 0x03 }, 2);
	CHECK_EQ(emulate(NULL, 0, MEMMAP_LAPIC, false), OUT_RESUME);
	CHECK_EQ(fake.vector, VEC_PF);
	CHECK_EQ(fake.address, CODE + 0x2000);
	CHECK_EQ(fake.error, 0x10);
}

/* The same vCPU in another mode, with the same code. */
static void switch_mode(enum cpu_mode mode)
{
	struct decoded kept[NR_DECODED];
	u8 code[64];

	memcpy(kept, fake_vcpu.decoded, sizeof(kept));
	memcpy(code, fake_page[CODE >> 12], sizeof(code));
	setup();
	if (mode != MODE_64)
		fake_mode(mode);
	fake.seg[SEG_CS].limit = U32_MAX;
	fake_poke(CODE, code, sizeof(code));
	memcpy(fake_vcpu.decoded, kept, sizeof(kept));
}

/* What is kept of instructions decoded before is what decoding them again gives. */
static void test_decoded_again(void)
{
	static const u8 bytes[] = { 0x8b, 0x89, 0x66, 0x67, 0x48, 0x40, 0x03, 0x05, 0x0f, 0xb6, 0x00 };
	unsigned int i, kept = 0, known = 0;
	enum decode_result r, expected;
	struct insn insn;

	setup();
	for (i = 0; i < 100000; i++) {
		struct emul e = { .v = &fake_vcpu };
		u64 at = fake_random() % 8;
		u8 *code = fake_page[CODE >> 12] + at;
		const struct decoded *d;

		if (!(fake_random() % 8))
			fake_poke(CODE + fake_random() % 24, &bytes[fake_random() % sizeof(bytes)], 1);
		if (!(fake_random() % 64))
			switch_mode(fake_random() % 4);
		fake_vcpu.rip = CODE + at;
		d = &fake_vcpu.decoded[fake_vcpu.rip % NR_DECODED];
		kept += d->insn.len && !memcmp(d->bytes, code, INSN_MAX);
		CHECK_EQ(emul_decode(&e, &r), WALK_OK);
		expected = decode(code, INSN_MAX, vcpu_mode(&fake_vcpu), &insn);
		CHECK_EQ(r, expected);
		CHECK(r != DECODE_OK || !memcmp(&e.insn, &insn, sizeof(insn)));
		known += r == DECODE_OK;
	}
	CHECK(kept > 20000 && known > 50000);
}

static void check_len(enum exit_reason reason, const u8 *bytes, unsigned int n, unsigned int want)
{
	struct exit exit = { .reason = reason };

	fake_poke(CODE, bytes, n);
	CHECK_EQ(emul_insn_len(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(exit.insn_len, want);
}

#define LEN(reason, want, ...) \
	check_len(reason, (u8[]){ __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ }), want)

static void test_lengths(void)
{
	struct exit exit = { .reason = EXIT_CPUID, .insn_len = 2 };

	setup();
	LEN(EXIT_CPUID, 2, 0x0f, 0xa2);
	LEN(EXIT_CPUID, 4, 0x66, 0x48, 0x0f, 0xa2);
	LEN(EXIT_RDMSR, 2, 0x0f, 0x32);
	LEN(EXIT_WRMSR, 2, 0x0f, 0x30);
	LEN(EXIT_HLT, 1, 0xf4);
	LEN(EXIT_PAUSE, 2, 0xf3, 0x90);
	LEN(EXIT_HYPERCALL, 3, 0x0f, 0x01, 0xd9);
	LEN(EXIT_HYPERCALL, 3, 0x0f, 0x01, 0xc1);
	LEN(EXIT_XSETBV, 3, 0x0f, 0x01, 0xd1);
	LEN(EXIT_INVD, 2, 0x0f, 0x08);
	LEN(EXIT_INVD, 3, 0xf3, 0x0f, 0x09);
	LEN(EXIT_PIO, 2, 0x66, 0xef);
	LEN(EXIT_DR, 3, 0x0f, 0x23, 0xf8);
	CHECK_EQ(fake.logs, 0);
	LEN(EXIT_CPUID, 0, 0x0f, 0x32);		/* changed since */
	LEN(EXIT_CPUID, 0, 0xc5, 0xf8, 0x77);
	LEN(EXIT_CPUID, 0, 0x01, 0x03);
	CHECK_EQ(fake.logs, 3);
	CHECK_EQ(fake.injected, 0);
	CHECK_EQ(emul_insn_len(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(exit.insn_len, 2);
	exit.insn_len = 0;
	__set_bit(CODE >> 12, fake.missing);
	guest_fetch_forget(&fake_vcpu);
	CHECK_EQ(emul_insn_len(&fake_vcpu, &exit), OUT_S2_FILL);
	CHECK_EQ(exit.insn_len, 0);
	fake_vcpu.rip = CODE + 0x2000;
	CHECK_EQ(emul_insn_len(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(exit.insn_len, 0);
	CHECK_EQ(fake.vector, VEC_PF);
}

static unsigned int other_len(u64 rip)
{
	unsigned int len = 99;

	fake.vector = 0;
	fake_vcpu.rip = rip;
	if (emul_other_hypercall(&fake_vcpu, &len) != OUT_RESUME)
		return 99;
	return len;
}

/* The exception goes on to the guest where the bytes are anything else. */
static void test_other_hypercall(void)
{
	unsigned int len;

	setup();
	fake_poke(CODE, (u8[]){ 0x0f, 0x01, 0xc1, 0x0f, 0x01, 0xd9, 0x0f, 0x0b }, 8);
	CHECK_EQ(other_len(CODE), 3);
	CHECK_EQ(other_len(CODE + 3), 3);
	CHECK_EQ(fake.injected, 0);
	CHECK_EQ(other_len(CODE + 6), 0);
	CHECK_EQ(fake.vector, VEC_UD);
	CHECK_EQ(other_len(CODE + 1), 0);
	CHECK_EQ(fake.vector, VEC_UD);
	fake_poke(CODE, (u8[]){ 0xf3, 0x0f, 0x01, 0xc1 }, 4);
	CHECK_EQ(other_len(CODE), 0);
	CHECK_EQ(fake.vector, VEC_UD);
	/* A page's last byte: the next page is looked at only if it may be one. */
	__set_bit((CODE >> 12) + 1, fake.missing);
	fake_poke(CODE + 0xffe, (u8[]){ 0x0f, 0x0b }, 2);
	CHECK_EQ(other_len(CODE + 0xffe), 0);
	CHECK_EQ(fake.vector, VEC_UD);
	fake_poke(CODE + 0xffe, (u8[]){ 0x0f, 0x01, 0xc1 }, 3);
	CHECK_EQ(emul_other_hypercall(&fake_vcpu, &len), OUT_S2_FILL);
	CHECK_EQ(len, 0);
	CHECK_EQ(fake_vcpu.fill_gpa, CODE + 0x1000);
	__clear_bit((CODE >> 12) + 1, fake.missing);
	CHECK_EQ(other_len(CODE + 0xffe), 3);
	/* One that the guest has unmapped since. */
	CHECK_EQ(other_len(CODE + 0x2000), 0);
	CHECK_EQ(fake.vector, VEC_PF);
}

static void test_mov_cr(void)
{
	struct exit exit = { .reason = EXIT_CR_WRITE, .cr = { .cr = 4, .gpr = -1 } };
	unsigned int len;
	int gpr;

	setup();
	fake_poke(CODE, (u8[]){ 0x0f, 0x22, 0xe1 }, 3);
	CHECK_EQ(emul_mov_cr(&fake_vcpu, &exit, &gpr, &len), OUT_RESUME);
	CHECK_EQ(gpr, HV_RCX);
	CHECK_EQ(len, 3);
	fake_poke(CODE, (u8[]){ 0x41, 0x0f, 0x22, 0xe1 }, 4);
	CHECK_EQ(emul_mov_cr(&fake_vcpu, &exit, &gpr, &len), OUT_RESUME);
	CHECK_EQ(gpr, HV_R9);
	CHECK_EQ(len, 4);
	fake_poke(CODE, (u8[]){ 0x0f, 0x20, 0xe1 }, 3);
	CHECK_EQ(emul_mov_cr(&fake_vcpu, &exit, &gpr, &len), OUT_RESUME);
	CHECK_EQ(len, 0);
	exit.cr.gpr = HV_RDX;
	exit.insn_len = 3;
	CHECK_EQ(emul_mov_cr(&fake_vcpu, &exit, &gpr, &len), OUT_RESUME);
	CHECK_EQ(gpr, HV_RDX);
	CHECK_EQ(len, 3);
}

static void test_ins(void)
{
	struct exit exit = { .reason = EXIT_PIO_STRING, .insn_len = 2,
		.pio = { .port = 0x3f8, .size = 1, .in = true, .rep = true, .seg = -1 } };

	setup();
	fake_poke(CODE, (u8[]){ 0xf3, 0x6c }, 2);
	fake.port_in = 1;
	fake_vcpu.gpr[HV_RCX] = 100;
	fake_vcpu.gpr[HV_RDI] = DATA + 0xff0;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 36);
	CHECK_EQ(fake_vcpu.rip, CODE);
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 0);
	CHECK_EQ(fake_vcpu.rip, CODE + 2);
	CHECK_EQ(fake_page[DATA >> 12][0xff0], 1);
	CHECK_EQ(fake_page[(DATA >> 12) + 1][0x53], 100);
	/* A page fault in the middle: what is done stays done. */
	fake_vcpu.rip = CODE;
	fake_vcpu.gpr[HV_RCX] = 8;
	fake_vcpu.gpr[HV_RDI] = DATA + 0x1ffc;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 4);
	CHECK_EQ(fake.vector, VEC_PF);
	CHECK_EQ(fake.error, 2);
	CHECK_EQ(fake.address, DATA + 0x2000);
	CHECK_EQ(fake_vcpu.rip, CODE);
	/* Nothing to do is done at once. */
	fake_vcpu.gpr[HV_RCX] = 0;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake_vcpu.rip, CODE + 2);
}

static void test_outs(void)
{
	struct exit exit = { .reason = EXIT_PIO_STRING, .insn_len = 2,
		.pio = { .port = 0x3f8, .size = 2, .rep = true, .seg = SEG_DS, .addr_size = 8 } };

	setup();
	fake_poke64(DATA, 0x4444333322221111);
	fake_vcpu.gpr[HV_RCX] = 3;
	fake_vcpu.gpr[HV_RSI] = DATA + 6;
	fake_vcpu.rflags |= RFLAGS_DF;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake.nr_port_out, 3);
	CHECK_EQ(fake.port_out[0], 0x4444);
	CHECK_EQ(fake.port_out[2], 0x2222);
	CHECK_EQ(fake_vcpu.gpr[HV_RSI], DATA);
	CHECK_EQ(fake_vcpu.rip, CODE + 2);
	/* Whoever wants the vCPU gets it before the next element. */
	fake_vcpu.rip = CODE;
	fake_vcpu.requests = 1;
	fake_vcpu.gpr[HV_RCX] = 3;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 2);
	CHECK_EQ(fake_vcpu.rip, CODE);
	/* Without decode assists: the segment and the sizes are in the instruction. */
	setup();
	fake_map(0x400010000, DATA, PTE_RW);
	fake.seg[SEG_GS].base = 0x400000000;
	exit.pio = (typeof(exit.pio)){ .port = 0x80, .size = 1, .seg = -1 };
	exit.insn_len = 3;
	fake_poke(CODE, (u8[]){ 0x65, 0x67, 0x6e }, 3);
	fake_poke64(DATA, 0x5a);
	fake_vcpu.gpr[HV_RSI] = 0xdead00010000;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake.port_out[0], 0x5a);
	CHECK_EQ(fake_vcpu.gpr[HV_RSI], 0x10001);
	CHECK_EQ(fake_vcpu.rip, CODE + 3);
	/* It was changed meanwhile. */
	fake_poke(CODE, (u8[]){ 0x65, 0x67, 0x6c }, 3);
	fake_vcpu.rip = CODE;
	fake.nr_port_out = 0;
	CHECK_EQ(emul_pio_string(&fake_vcpu, &exit), OUT_RESUME);
	CHECK_EQ(fake.nr_port_out, 0);
	CHECK_EQ(fake_vcpu.rip, CODE);
}

/* Who gets what: doorbells before traps, whole accesses only. */
static void test_owners(void)
{
	static const struct {
		u64 address;
		u64 data;
		unsigned int size;
		u32 owner;		/* of a write */
		u32 reader;		/* of a read */
	} rows[] = {
		{ 0x4fff, 0, 1, 0, 0 }, { 0x4fff, 0, 2, 0, 0 }, { 0x5000, 0, 1, 1, 1 },
		{ 0x500f, 0, 1, 1, 1 }, { 0x500f, 0, 2, 0, 0 }, { 0x500c, 0, 4, 1, 1 },
		{ 0x500d, 0, 4, 0, 0 }, { 0x5010, 0, 1, 0, 0 }, { 0xffff, 0, 4, 0, 0 },
		{ 0x5004, 7, 1, 4, 1 }, { 0x5004, 0x107, 1, 4, 1 }, { 0x5004, 8, 1, 1, 1 },
		{ 0x5004, 7, 2, 3, 1 }, { 0x5004, 7, 4, 1, 1 }, { 0x5003, 7, 2, 1, 1 },
		{ MEMMAP_LAPIC, 0, 8, 2, 2 }, { MEMMAP_LAPIC + 0xff8, 0, 8, 2, 2 },
		{ MEMMAP_LAPIC - 4, 0, 8, 0, 0 },
		{ MEMMAP_LAPIC + 0x10, 1, 8, 5, 2 }, { MEMMAP_LAPIC + 0x10, 2, 1, 5, 2 },
		{ MEMMAP_LAPIC + 0x18, 0x1234, 4, 6, 2 }, { MEMMAP_LAPIC + 0x18, 0x1235, 4, 2, 2 },
		{ MEMMAP_LAPIC + 0x18, 0x1234, 8, 2, 2 }, { 0, 0, 4, 0, 0 }, { ~0ULL, 0, 1, 0, 0 },
	};
	unsigned int i;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		enum hv_space space = rows[i].address > 0xffff ? HV_SPACE_MMIO : HV_SPACE_PORT;

		setup();
		fake_platform.bus = &board.table;
		CHECK_EQ(bus_write(&fake_vcpu, space, rows[i].address, rows[i].size, rows[i].data),
			 rows[i].owner ? OUT_TRAP : OUT_RESUME);
		CHECK_EQ(fake_vcpu.bus.owner, rows[i].owner);
		setup();
		fake_platform.bus = &board.table;
		CHECK_EQ(bus_read(&fake_vcpu, space, rows[i].address, rows[i].size, &value),
			 rows[i].reader ? OUT_TRAP : OUT_RESUME);
		CHECK_EQ(fake_vcpu.bus.owner, rows[i].reader);
	}
}

static void test_table(void)
{
	setup();
	CHECK(!bus_set_table(&fake_platform, &board.table));
	CHECK(bus_set_table(&fake_platform, NULL) == &board.table);
	CHECK(!bus_set_table(&fake_platform, NULL));
	CHECK(bus_has_chip(&fake_platform, HV_SPACE_MMIO, MEMMAP_LAPIC + 0xfff, ~0ULL));
	CHECK(bus_has_chip(&fake_platform, HV_SPACE_MMIO, 0, MEMMAP_IOAPIC));
	CHECK(!bus_has_chip(&fake_platform, HV_SPACE_MMIO, MEMMAP_IOAPIC + 0x1000,
			    MEMMAP_LAPIC - 1));
	CHECK(bus_has_chip(&fake_platform, HV_SPACE_PORT, 0, MEMMAP_COM1));
	CHECK(!bus_has_chip(&fake_platform, HV_SPACE_PORT, 0, MEMMAP_COM1 - 1));
}

/* The guest's own tables change while an access waits: the next try is a new access. */
static void test_changed(void)
{
	u32 serial;

	setup();
	fake_platform.bus = &board.table;
	fake_vcpu.gpr[HV_RBX] = CHIP;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x8b, 0x03), OUT_TRAP);
	serial = fake_vcpu.bus.serial;
	bus_again(&fake_vcpu);
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x8b, 0x03), OUT_TRAP);
	CHECK_EQ(fake_vcpu.bus.serial, serial);
	bus_again(&fake_vcpu);
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x8a, 0x03), OUT_TRAP);
	CHECK_EQ(fake_vcpu.bus.serial, serial + 1);
	CHECK_EQ(bus_pending(&fake_vcpu)->size, 1);
	bus_answer(&fake_vcpu, 0x1ff);
	bus_again(&fake_vcpu);
	/* The answer is of no use to a write, which waits in its turn. */
	CHECK_EQ(EMULATE(MEMMAP_LAPIC, 0x88, 0x03), OUT_TRAP);
	CHECK_EQ(fake_vcpu.bus.serial, serial + 2);
	CHECK(bus_pending(&fake_vcpu)->write);
	CHECK_EQ(fake_vcpu.gpr[HV_RAX], 0);
}

/* INS and OUTS between a program's port and its page: each side waits once an element. */
static void test_port_strings(void)
{
	struct exit exit = { .reason = EXIT_PIO_STRING, .insn_len = 2,
		.pio = { .port = 0x5000, .size = 2, .in = true, .rep = true, .addr_size = 8 } };
	enum outcome out;
	unsigned int n = 0;

	setup();
	answers = 0;
	fake_platform.bus = &board.table;
	fake_poke64(CODE, 0x6df3);
	memcpy(fake.chip[0], "\x11\x22", 2);
	fake_vcpu.gpr[HV_RCX] = 5;
	fake_vcpu.gpr[HV_RDI] = CHIP + 0xff0;	/* over the page's end into nothing */
	fake_map(CHIP + 4096, EMPTY_GPA, PTE_RW);
	while ((out = emul_pio_string(&fake_vcpu, &exit)) == OUT_TRAP && n++ < 100) {
		answer(&fake_vcpu);
		bus_again(&fake_vcpu);
	}
	CHECK_EQ(out, OUT_RESUME);
	CHECK_EQ(answers, 10);
	CHECK_EQ(fake_vcpu.gpr[HV_RCX], 0);
	CHECK_EQ(fake_vcpu.gpr[HV_RDI], CHIP + 0xffa);
	CHECK_EQ(fake.chip[0][0xff8] | fake.chip[0][0xff9] << 8, 0x2211);
	CHECK_EQ(fake_vcpu.rip, CODE + 2);
	CHECK_EQ(fake.chip_reads + fake.chip_writes + fake.nr_port_out, 0);
}

/* Random bytes at random addresses: an outcome, and no byte out of place. */
static void test_random(void)
{
	struct exit exit = { .reason = EXIT_S2_FAULT }, pio = { .reason = EXIT_PIO_STRING };
	unsigned int i, j;
	u8 bytes[15];

	setup();
	for (i = 0; i < 300000; i++) {
		for (j = 0; j < HV_NR_GPRS; j++)
			fake_vcpu.gpr[j] = (fake_random() & 1 ? CHIP : DATA) + fake_random() % 4096;
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = fake_random();
		fake_vcpu.rip = CODE + 0xff0;
		fake_vcpu.rflags = fake_random() & 0xfff;
		fake_poke(CODE + 0xff0, bytes, sizeof(bytes));
		exit.s2.gpa = MEMMAP_LAPIC + fake_random() % 4096;
		fake_platform.bus = fake_random() & 1 ? &board.table : NULL;
		CHECK(emul_mmio(&fake_vcpu, &exit) <= OUT_TRAP);
		if (bus_pending(&fake_vcpu))
			answer(&fake_vcpu);
		fake_random() & 1 ? bus_again(&fake_vcpu) : bus_done(&fake_vcpu);
		pio.pio.size = 1 << fake_random() % 3;
		pio.pio.in = fake_random() & 1;
		pio.pio.seg = -1;
		CHECK(emul_pio_string(&fake_vcpu, &pio) <= OUT_TRAP);
		bus_done(&fake_vcpu);
	}
}

/* The other CPUs' accesses wait for the whole of an instruction. */
static void test_bus(void)
{
	setup();
	fake_vcpu.gpr[HV_RBX] = IOAPIC + 0x10;
	fake_vcpu.gpr[HV_RAX] = 1;
	CHECK_EQ(EMULATE(MEMMAP_IOAPIC + 0x10, 0xf0, 0x09, 0x03), OUT_RESUME);	/* lock or */
	CHECK(fake.bus_read && fake.bus_read == fake.bus_write);
	CHECK_EQ(EMULATE(MEMMAP_IOAPIC + 0x10, 0x87, 0x03), OUT_RESUME);	/* xchg */
	CHECK(fake.bus_read == 2 && fake.bus_write == 2);
	CHECK_EQ(EMULATE(MEMMAP_IOAPIC + 0x10, 0x8b, 0x03), OUT_RESUME);	/* mov */
	CHECK_EQ(EMULATE(MEMMAP_IOAPIC + 0x10, 0x89, 0x03), OUT_RESUME);
	CHECK(fake.bus_read == 3 && fake.bus_write == 4 && !fake_platform.insn.held);
	/* The local APIC is this CPU's own. */
	fake_vcpu.gpr[HV_RBX] = CHIP + 0x10;
	CHECK_EQ(EMULATE(MEMMAP_LAPIC + 0x10, 0xf0, 0x09, 0x03), OUT_RESUME);
	CHECK_EQ(fake_platform.insn.times, 4);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "100,000 instructions against the CPU", test_against_cpu },
		{ "REP strings against the CPU", test_strings },
		{ "100,000 instructions on a page that a program answers", test_trapped },
		{ "REP strings on such a page", test_strings_trapped },
		{ "who answers which access", test_owners },
		{ "tables come and go", test_table },
		{ "code that changes while its access waits", test_changed },
		{ "INS from a program's port to its page", test_port_strings },
		{ "operands that cross pages", test_crossing },
		{ "chips' pages and empty ones", test_pages },
		{ "absolute and RIP-relative addresses", test_absolute },
		{ "MOVBE", test_movbe },
		{ "segments", test_segments },
		{ "what is refused, and how", test_refused },
		{ "instructions that cross pages", test_fetch_crossing },
		{ "instructions that are decoded again", test_decoded_again },
		{ "lengths by exit", test_lengths },
	{ "the other vendor's hypercall", test_other_hypercall },
		{ "MOV to CR", test_mov_cr },
		{ "an instruction is one access", test_bus },
		{ "INS", test_ins },
		{ "OUTS", test_outs },
		{ "300,000 random instructions", test_random },
	};

	return tap_run(tests, ARRAY_SIZE(tests));
}
