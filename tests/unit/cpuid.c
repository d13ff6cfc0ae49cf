// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/core/cpuid.c tests/unit/shim/fake.c */
/*
 * The CPUID model on hosts that have everything, little, AMD's and Intel's.
 */
#include "core/cpuid.h"
#include "fake.h"
#include "tap.h"

enum host { ALL_AMD, ALL_INTEL, BARE_AMD };

static enum host host;
static u32 host_osxsave;	/* mask on 1:ECX */

static void vendor(u32 r[4], const char *name)
{
	memcpy(&r[1], name, 4);
	memcpy(&r[3], name + 4, 4);
	memcpy(&r[2], name + 8, 4);
}

/* Every bit of every leaf is set, but for what has to make sense. */
static void all(u32 leaf, u32 subleaf, u32 r[4])
{
	memset(r, 0xff, 16);
	if (leaf == 0 || leaf == 0x80000000) {
		r[0] = leaf ? 0x8000001f : 0x1f;
		vendor(r, host == ALL_AMD ? "AuthenticAMD" : "GenuineIntel");
	} else if (leaf == 1) {
		r[0] = 0x00800f12;
		r[2] &= ~host_osxsave;
	} else if (leaf == 4 || leaf == 0x8000001d) {
		r[0] = subleaf < 4 ? 0xffffc021 | (subleaf + 1) << 5 : 0;
	} else if (leaf == 0xd && subleaf == 2) {
		r[0] = 256;
		r[1] = 576;
		r[2] = 0;
		r[3] = 0;
	} else if (leaf == 0x80000008) {
		r[0] = 0x00003934;	/* 57 and 52 */
	}
}

/* Long mode and SSE2, no more. */
static void bare(u32 leaf, u32 subleaf, u32 r[4])
{
	memset(r, 0, 16);
	if (leaf == 0 || leaf == 0x80000000) {
		r[0] = leaf ? 0x80000008 : 1;
		vendor(r, "AuthenticAMD");
	} else if (leaf == 1) {
		r[3] = 0x0783fbff;
	} else if (leaf == 0x80000001) {
		r[3] = 0x2193fbff;
	} else if (leaf == 0x80000008) {
		r[0] = 0x3028;
	}
}

static void source(u32 leaf, u32 subleaf, u32 r[4])
{
	if (host == BARE_AMD)
		bare(leaf, subleaf, r);
	else
		all(leaf, subleaf, r);
}

static u32 pv;

u32 pv_features(const struct vcpu *v)
{
	return pv;
}

static u32 out[4];

static void cpuid(u32 leaf, u32 subleaf)
{
	struct vcpu *v = &fake_vcpu;

	v->gpr[HV_RAX] = 0xffffffff00000000ull | leaf;
	v->gpr[HV_RCX] = 0xffffffff00000000ull | subleaf;
	v->gpr[HV_RBX] = ~0ull;
	v->gpr[HV_RDX] = ~0ull;
	cpuid_exit(v);
	out[0] = v->gpr[HV_RAX];
	out[1] = v->gpr[HV_RBX];
	out[2] = v->gpr[HV_RCX];
	out[3] = v->gpr[HV_RDX];
	if ((v->gpr[HV_RAX] | v->gpr[HV_RBX] | v->gpr[HV_RCX] | v->gpr[HV_RDX]) >> 32)
		abort();
}

static void setup(enum host which)
{
	fake_reset();
	host = which;
	host_osxsave = 0;
	cpuid_init_from(source);
}

static void test_vendor(void)
{
	setup(ALL_AMD);
	cpuid(0, 0);
	CHECK_EQ(out[0], 0xd);
	CHECK(!memcmp(&out[1], "Auth", 4) && !memcmp(&out[2], "cAMD", 4));
	CHECK(cpuid_is_amd());
	cpuid(0x80000000, 0);
	CHECK_EQ(out[0], 0x8000001e);
	setup(ALL_INTEL);
	cpuid(0x80000000, 0);
	CHECK_EQ(out[0], 0x80000008);
	cpuid(0, 0);
	CHECK(!memcmp(&out[1], "Genu", 4));
	CHECK(!cpuid_is_amd());
	setup(BARE_AMD);
	cpuid(0, 0);
	CHECK_EQ(out[0], 1);
	cpuid(7, 0);
	CHECK_EQ(out[1], 0);
}

static void test_hypervisor(void)
{
	char signature[13] = "";

	setup(ALL_AMD);
	cpuid(0x40000000, 0);
	memcpy(signature, &out[1], 12);
	CHECK(!strcmp(signature, "hvhvhvhvhvhv"));
	CHECK_EQ(out[0], 0x40000001);
	cpuid(0x40000001, 0);
	CHECK_EQ(out[0], 1);
	cpuid(0x40000002, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	pv = 0xa;
	cpuid(0x40000100, 0);
	memcpy(signature, &out[1], 12);
	CHECK(!strcmp(signature, "KVMKVMKVM"));
	CHECK_EQ(out[0], 0x40000101);
	cpuid(0x40000101, 0);
	CHECK_EQ(out[0], 0x0000000a);
	cpuid(0x40000102, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	/* Without any of its features the interface is not there. */
	pv = 0;
	cpuid(0x40000100, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	cpuid(0x40000101, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
}

/* On a host with every bit set, exactly these are seen. */
static void test_everything(void)
{
	setup(ALL_AMD);
	cpuid(1, 0);
	CHECK_EQ(out[0], 0x00800f12);
	CHECK_EQ(out[1], 0x0001ff00);
	CHECK_EQ(out[2], 0xf7f83203);	/* no OSXSAVE yet */
	CHECK_EQ(out[3], 0x078bbb7f);
	cpuid(7, 0);
	CHECK_EQ(out[0], 0);
	CHECK_EQ(out[1], 0x219c23eb);
	CHECK_EQ(out[2], 4);
	CHECK_EQ(out[3], 0x10);
	cpuid(7, 1);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	cpuid(0x80000001, 0);
	CHECK_EQ(out[0], 0x00800f12);
	CHECK_EQ(out[2], 0x4001e1);
	CHECK_EQ(out[3], 0x2583bb7f | 1 << 11 | 1 << 20 | 1 << 22);
	cpuid(0x80000007, 0);
	CHECK_EQ(out[3], 0x100);
	CHECK_EQ(out[0] | out[1] | out[2], 0);
	cpuid(0x80000008, 0);
	CHECK_EQ(out[0], 0x3030);
	CHECK_EQ(out[1], 5);
	CHECK_EQ(cpuid_phys_bits(), 48);
	setup(ALL_INTEL);
	cpuid(0x80000001, 0);
	CHECK_EQ(out[3], 0x24500800);
}

static void test_nothing_else(void)
{
	static const u32 leaves[] = { 3, 5, 8, 9, 0xa, 0xc, 0xe, 0xf, 0x10, 0x14, 0x1f, 0x20000000,
				      0x3fffffff, 0x400000ff, 0x7fffffff, 0x80000009, 0x8000000a,
				      0x8000001c, 0x8000001f, 0xc0000000, 0xffffffff };
	unsigned int i;

	setup(ALL_AMD);
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		cpuid(leaves[i], 0);
		CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	}
	cpuid(2, 0);	/* no descriptors, no leaf 4 on AMD */
	CHECK_EQ(out[0], 0);
	cpuid(4, 0);
	CHECK_EQ(out[0], 0);
}

/* In no leaf is a feature of 1, 7, 0xd or 80000001 that the host lacks, but for hv's own. */
static void test_bare(void)
{
	setup(BARE_AMD);
	cpuid(1, 0);
	CHECK_EQ(out[2], 0x81200000);
	CHECK_EQ(out[3], 0x0783bb7f & 0x078bbb7f);
	CHECK_EQ(cpuid_xfeatures(), 0);
	CHECK(!xcr0_valid(1));
	CHECK(!(cr4_allowed() & CR4_OSXSAVE));
	CHECK(!(cr4_allowed() & (CR4_SMEP | CR4_SMAP)));
	CHECK(!cpuid_has_1g_pages());
	CHECK_EQ(cpuid_phys_bits(), 40);
	CHECK_EQ(efer_allowed(), 0xd01);
}

static void test_dynamic(void)
{
	setup(ALL_AMD);
	fake.cr4 |= CR4_OSXSAVE;
	cpuid(1, 0);
	CHECK(out[2] & BIT(27));
	CHECK(out[3] & BIT(9));
	fake_vcpu.lapic.s.base &= ~LAPIC_BASE_ENABLE;
	cpuid(1, 0);
	CHECK(!(out[3] & BIT(9)));
	cpuid(0x80000001, 0);
	CHECK(!(out[3] & BIT(9)));
}

static void test_topology(void)
{
	setup(ALL_INTEL);
	fake_vcpu.index = 3;
	fake_platform.nr_lapics = 5;
	cpuid(1, 0);
	CHECK_EQ(out[1], 0x0305ff00);
	CHECK(out[3] & BIT(28));
	cpuid(4, 2);
	CHECK_EQ(out[0] >> 26, 4);
	CHECK_EQ(out[0] >> 14 & 0xfff, 4);
	cpuid(4, 0);
	CHECK_EQ(out[0] >> 14 & 0xfff, 0);
	cpuid(4, 4);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	cpuid(0xb, 0);
	CHECK_EQ(out[0], 0);
	CHECK_EQ(out[1], 1);
	CHECK_EQ(out[2], 0x100);
	CHECK_EQ(out[3], 3);
	cpuid(0xb, 1);
	CHECK_EQ(out[0], 3);
	CHECK_EQ(out[1], 5);
	CHECK_EQ(out[2], 0x201);
	cpuid(0xb, 2);
	CHECK_EQ(out[0] | out[1], 0);
	CHECK_EQ(out[2], 2);
	CHECK_EQ(out[3], 3);
	setup(ALL_AMD);
	fake_platform.nr_lapics = 4;
	cpuid(0x80000008, 0);
	CHECK_EQ(out[2], 0x2003);
	cpuid(0x80000001, 0);
	CHECK(out[2] & 2);
	fake_vcpu.index = 2;
	cpuid(0x8000001d, 2);
	CHECK_EQ(out[0] >> 5 & 7, 3);
	CHECK_EQ(out[0] >> 14, 3);
	cpuid(0x8000001d, 0);
	CHECK_EQ(out[0] >> 14, 0);
	cpuid(0x8000001d, 4);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	cpuid(0x8000001e, 0);
	CHECK(out[0] == 2 && out[1] == 2 && !out[2] && !out[3]);
	fake_platform.nr_lapics = 1;
	cpuid(0x80000008, 0);
	CHECK_EQ(out[2], 0);
	setup(ALL_INTEL);
	cpuid(0x8000001e, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	setup(BARE_AMD);
	cpuid(0x8000001d, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
}

static void test_xstate(void)
{
	setup(ALL_AMD);
	CHECK_EQ(cpuid_xfeatures(), 7);
	cpuid(0xd, 0);
	CHECK_EQ(out[0], 7);
	CHECK_EQ(out[1], 576);
	CHECK_EQ(out[2], 832);
	CHECK_EQ(out[3], 0);
	fake_vcpu.xcr0 = 7;
	cpuid(0xd, 0);
	CHECK_EQ(out[1], 832);
	cpuid(0xd, 1);
	CHECK_EQ(out[0], 0xf);
	CHECK_EQ(out[1], 832);
	CHECK_EQ(out[2] | out[3], 0);
	cpuid(0xd, 2);
	CHECK_EQ(out[0], 256);
	CHECK_EQ(out[1], 576);
	cpuid(0xd, 3);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	cpuid(0xd, 63);
	CHECK_EQ(out[0], 0);
	CHECK(xcr0_valid(1) && xcr0_valid(3) && xcr0_valid(7));
	CHECK(!xcr0_valid(0) && !xcr0_valid(2) && !xcr0_valid(5) && !xcr0_valid(0xf));
	CHECK(!xcr0_valid(1ull << 63 | 1));
}

/* Without the host's OSXSAVE there is no XSAVE, nor what lives in its state. */
static void test_no_xsave(void)
{
	fake_reset();
	host = ALL_AMD;
	host_osxsave = BIT(27);
	cpuid_init_from(source);
	cpuid(1, 0);
	CHECK(!(out[2] & (BIT(26) | BIT(28) | BIT(12) | BIT(29))));
	cpuid(7, 0);
	CHECK(!(out[1] & BIT(5)));
	cpuid(0xd, 0);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	cpuid(0xd, 1);
	CHECK_EQ(out[0] | out[1] | out[2] | out[3], 0);
	CHECK(!cpuid_has_xsaves());
	CHECK(!(cr4_allowed() & CR4_OSXSAVE));
}

static void test_control(void)
{
	setup(ALL_AMD);
	CHECK_EQ(cr4_allowed(), 0x350fbf);
	CHECK_EQ(efer_allowed(), 0xd01);
}

/* The CPU that runs this has something to say too. */
static void test_here(void)
{
	fake_reset();
	cpuid_init();
	cpuid(1, 0);
	CHECK(out[3] & BIT(26));
	CHECK(out[2] & BIT(31));
	cpuid(0x80000001, 0);
	CHECK(out[3] & BIT(29));
	CHECK(cpuid_phys_bits() >= 32 && cpuid_phys_bits() <= 48);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "vendor and range", test_vendor },
		{ "hypervisor leaves", test_hypervisor },
		{ "a host with everything", test_everything },
		{ "no other leaf", test_nothing_else },
		{ "a host with little", test_bare },
		{ "OSXSAVE and APIC follow the guest", test_dynamic },
		{ "topology", test_topology },
		{ "XSAVE areas", test_xstate },
		{ "a host without XSAVE", test_no_xsave },
		{ "CR4 and EFER", test_control },
		{ "this host", test_here },
	};

	return tap_run(tests, ARRAY_SIZE(tests));
}
