// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/core/msr.c tests/unit/shim/fake.c */
/*
 * The MSR model: rules of each register, and #GP for all others.
 */
#include "core/cpuid.h"
#include "core/msr.h"
#include "fake.h"
#include "tap.h"

#define EFER		0xc0000080
#define PAT		0x277
#define HWCR		0xc0010015
#define DE_CFG		0xc0011029

static bool amd;
static bool xsaves;

bool cpuid_is_amd(void)
{
	return amd;
}

bool cpuid_has_xsaves(void)
{
	return xsaves;
}

unsigned int cpuid_phys_bits(void)
{
	return 40;
}

u64 efer_allowed(void)
{
	return EFER_SCE_BIT | EFER_LME_BIT | EFER_LMA_BIT | EFER_NXE_BIT;
}

bool xcr0_valid(u64 xcr0)
{
	return xcr0 == 1 || xcr0 == 3 || xcr0 == 7;
}

bool pvclock_read(struct vcpu *v, u32 msr, u64 *value)
{
	*value = msr;
	return true;
}

bool pvclock_write(struct vcpu *v, u32 msr, u64 value)
{
	return !(value & 2);
}

bool pv_read(struct vcpu *v, u32 msr, u64 *value)
{
	*value = msr;
	return true;
}

bool pv_write(struct vcpu *v, u32 msr, u64 value)
{
	return !(value & 2);
}

static u64 value;

static bool rd(u32 msr)
{
	value = 0xbad;
	return msr_read(&fake_vcpu, msr, &value);
}

static bool wr(u32 msr, u64 v)
{
	return msr_write(&fake_vcpu, msr, v);
}

static void setup(bool is_amd)
{
	fake_reset();
	amd = is_amd;
	xsaves = true;
	msr_reset(&fake_vcpu);
	fake.pat = PAT_RESET;
}

static void test_efer(void)
{
	setup(true);
	CHECK(rd(EFER) && value == fake.efer);
	CHECK(!wr(EFER, fake.efer | BIT(12)));		/* SVME */
	CHECK(!wr(EFER, fake.efer & ~EFER_LME_BIT));	/* paging is on */
	CHECK(wr(EFER, EFER_LME_BIT | EFER_SCE_BIT));	/* LMA stays */
	CHECK_EQ(fake.efer, EFER_LME_BIT | EFER_LMA_BIT | EFER_SCE_BIT);
	fake.cr0 &= ~CR0_PG;
	fake.efer = 0;
	CHECK(wr(EFER, EFER_LME_BIT | EFER_LMA_BIT | EFER_NXE_BIT));
	CHECK_EQ(fake.efer, EFER_LME_BIT | EFER_NXE_BIT);
	CHECK(wr(EFER, 0));
	CHECK_EQ(fake.efer, 0);
}

static void test_pat(void)
{
	setup(true);
	CHECK(rd(PAT) && value == PAT_RESET);
	CHECK(wr(PAT, 0x0407050600070106));
	CHECK_EQ(fake.pat, 0x0407050600070106);
	CHECK(!wr(PAT, 0x0407050600070206));
	CHECK(!wr(PAT, 0x0407050600070306));
	CHECK(!wr(PAT, 0x0807050600070106));
	CHECK_EQ(fake.pat, 0x0407050600070106);
}

static void test_tsc(void)
{
	setup(true);
	fake.tsc = 1000;
	CHECK(rd(0x10) && value == 1000);
	CHECK(wr(0x10, 5000));
	CHECK_EQ(fake.tsc, 5000);
	CHECK(rd(0x3b) && value == 4000);
	CHECK(wr(0x3b, 1000));
	CHECK_EQ(fake.tsc, 2000);
	CHECK(wr(0x3b, 0));
	CHECK_EQ(fake.tsc, 1000);
	CHECK(wr(0x10, 0));
	CHECK(rd(0x3b) && value == -1000ull);
}

static void test_mtrr(void)
{
	unsigned int i;

	setup(true);
	CHECK(rd(0xfe) && value == 0x508);
	CHECK(!wr(0xfe, 0x508));
	CHECK(rd(0x2ff) && value == 0x806);
	CHECK(wr(0x2ff, 0xc06));
	CHECK(!wr(0x2ff, 0xc02) && !wr(0x2ff, 0xc07) && !wr(0x2ff, 0x1c06) && !wr(0x2ff, 0xc16));
	CHECK(rd(0x2ff) && value == 0xc06);
	for (i = 0; i < 16; i++) {
		CHECK(wr(0x200 + i, (i + 1ull) << 20 | (i & 1 ? 0x800 : 6)));
		CHECK(rd(0x200 + i) && value == ((i + 1ull) << 20 | (i & 1 ? 0x800 : 6)));
	}
	CHECK(!rd(0x210));
	CHECK(!wr(0x200, 0x100002) && !wr(0x200, 0x100106) && !wr(0x200, 0x100806));
	CHECK(!wr(0x200, 1ull << 40));
	CHECK(!wr(0x201, 0x100801) && !wr(0x201, 1ull << 40));
	CHECK(wr(0x201, (1ull << 40) - 0x800));
}

static void test_mtrr_fixed(void)
{
	static const u32 fixed[] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d,
				     0x26e, 0x26f };
	unsigned int i;

	setup(true);
	for (i = 0; i < 11; i++)
		CHECK(wr(fixed[i], i & 1 ? 0x0606060606060606 : 0x0504010001040506));
	for (i = 0; i < 11; i++) {
		CHECK(rd(fixed[i]));
		CHECK_EQ(value, i & 1 ? 0x0606060606060606 : 0x0504010001040506);
		CHECK(fake_vcpu.msrs.mtrr_fixed[i]);
	}
	CHECK(!wr(0x250, 0x0606060206060606));
	CHECK(!rd(0x251) && !rd(0x257) && !rd(0x25a) && !rd(0x267) && !rd(0x270));
}

static void test_lapic(void)
{
	setup(true);
	CHECK(rd(0x1b) && value == 0x1b);
	CHECK(rd(0x6e0) && value == 0x6e0);
	CHECK(rd(0x800) && value == 0x800);
	CHECK(!rd(0x8ff) && !wr(0x8ff, 0));	/* the LAPIC said no */
	CHECK(wr(0x80b, 0));
	CHECK(!rd(0x7ff) && !rd(0x900));
}

static void test_pvclock(void)
{
	setup(true);
	CHECK(rd(0x4b564d00) && value == 0x4b564d00);
	CHECK(rd(0x4b564d01) && value == 0x4b564d01);
	CHECK(wr(0x4b564d01, 1) && !wr(0x4b564d01, 2));
	CHECK(rd(0x4b564d03) && rd(0x4b564d04) && wr(0x4b564d04, 1) && !wr(0x4b564d04, 2));
	CHECK(!rd(0x4b564d05));
	CHECK(!rd(0x4b564d02) && !rd(0x11) && !rd(0x12));
}

/* What Linux 6.1 and 6.12 touch on a family 17h CPU without expecting a fault. */
static void test_amd(void)
{
	setup(true);
	CHECK(rd(HWCR));
	CHECK(value & BIT(24));
	CHECK(wr(HWCR, value | BIT(6)) && wr(HWCR, BIT(3)) && !wr(HWCR, value | BIT(30)));
	CHECK(rd(DE_CFG) && (value & 2));
	CHECK(wr(DE_CFG, value) && !wr(DE_CFG, 0));
	CHECK(wr(DE_CFG, value | BIT(9)));
	CHECK(rd(0x8b) && value);
	CHECK(!wr(0x8b, 0));
	CHECK(wr(0xc0010020, 0x1234) && !wr(0x79, 0));
	CHECK(rd(0xc0010010) && value == 0);
	CHECK(wr(0xc0010010, 0) && !wr(0xc0010010, BIT(23)));
	CHECK(rd(0xc001001a) && rd(0xc001001d) && rd(0xc0010055) && rd(0xc0010058));
	CHECK(rd(0xc001001f) && wr(0xc001001f, 1ull << 46));
	CHECK(rd(0x1d9) && value == 0 && wr(0x1d9, 0) && !wr(0x1d9, 1));
	CHECK(rd(0x179) && value == 0 && rd(0x17a) && wr(0x17a, 4) && !wr(0x17a, 8));
	CHECK(!rd(0x17) && !rd(0x1a0));
	CHECK(rd(0xc0010000) && value == 0 && wr(0xc0010000, 1) && rd(0xc0010000) && value == 0);
	CHECK(wr(0xc0010007, 1) && rd(0xc0010007) && value == 0);
}

static void test_intel(void)
{
	setup(false);
	CHECK(rd(0x17) && value == 0 && !wr(0x17, 0));
	CHECK(wr(0x8b, 0) && rd(0x8b) && value == 1ull << 32);
	CHECK(wr(0x79, 0x1234));
	CHECK(rd(0x1a0) && value == 0x1801);
	CHECK(wr(0x1a0, 0));
	CHECK(rd(0x1a0) && value == 0x1800);
	CHECK(!rd(HWCR) && !rd(DE_CFG) && !rd(0xc0010010) && !rd(0xc0010000));
}

static void test_xss(void)
{
	setup(true);
	CHECK(rd(0xda0) && value == 0);
	CHECK(wr(0xda0, 0) && !wr(0xda0, 0x100));
	xsaves = false;
	CHECK(!rd(0xda0) && !wr(0xda0, 0));
}

/* Hidden with their features, or passed by the engine. */
static void test_absent(void)
{
	static const u32 absent[] = {
		0, 1, 0x3a, 0x48, 0x49, 0xc1, 0x10a, 0x10b, 0x122, 0x174, 0x186, 0x187, 0x278,
		0x345, 0x38f, 0x400, 0x480, 0x570, 0x6a0, 0x9ff, 0xc0000081, 0xc0000100, 0xc0000102,
		0xc0000103, 0xc0000104, 0xc0010008, 0xc0010062, 0xc0010114, 0xc0010117, 0xc0010140,
		0xc0011005, 0xc0011020, 0xc0011030, 0x40000000, 0x4b564d02, 0xffffffff
	};
	unsigned int i;

	setup(true);
	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		CHECK(!rd(absent[i]));
		CHECK(!wr(absent[i], 0));
	}
}

static void test_xcr(void)
{
	setup(true);
	CHECK(xcr_write(&fake_vcpu, 0, 7));
	CHECK_EQ(fake_vcpu.xcr0, 7);
	CHECK(!xcr_write(&fake_vcpu, 0, 6) && !xcr_write(&fake_vcpu, 1, 1));
	CHECK_EQ(fake_vcpu.xcr0, 7);
}

/* A refused write changes nothing. */
static void test_random(void)
{
	struct vcpu_msrs before;
	u64 efer, pat, tsc;
	unsigned int i;
	u32 msr;

	setup(true);
	for (i = 0; i < 1000000; i++) {
		amd = fake_random() & 1;
		msr = (fake_random() & 0x3ff) | (fake_random() & 1 ? 0xc0000000 : 0) |
		      (fake_random() & 1 ? 0x10000 : 0) | (fake_random() & 1 ? 0x1000 : 0);
		before = fake_vcpu.msrs;
		efer = fake.efer;
		pat = fake.pat;
		tsc = fake.tsc;
		if (msr_write(&fake_vcpu, msr, fake_random() & fake_random()))
			continue;
		CHECK(!memcmp(&before, &fake_vcpu.msrs, sizeof(before)));
		CHECK(efer == fake.efer && pat == fake.pat && tsc == fake.tsc);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "EFER", test_efer },
		{ "PAT", test_pat },
		{ "TSC and TSC_ADJUST", test_tsc },
		{ "MTRRs", test_mtrr },
		{ "fixed MTRRs", test_mtrr_fixed },
		{ "what the LAPIC answers", test_lapic },
		{ "what the clock answers", test_pvclock },
		{ "AMD's", test_amd },
		{ "Intel's", test_intel },
		{ "XSS", test_xss },
		{ "absent ones", test_absent },
		{ "XCR0", test_xcr },
		{ "1,000,000 random writes", test_random },
	};

	return tap_run(tests, ARRAY_SIZE(tests));
}
