// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/core/pv.c kmod/core/pvclock.c tests/unit/shim/fake.c */
/*
 * KVM's paravirtual interface: what is offered, what the guest's pages hold, and
 * who gets the IPIs.
 */
#include "core/pv.h"
#include "core/pvclock.h"
#include "fake.h"
#include "tap.h"

#define PAGE	0x20000ULL
#define STEAL	(PAGE + 0x40)
#define EOI	(PAGE + 0x10)

static struct lapic lapics[3];
static struct vcpu others[3];
static unsigned int flushes, eois, kicks;
static u64 waited;
static bool silent;
static u64 sent;	/* a bit for each local APIC */
static struct lapic_message last;

void vcpu_flush(struct vcpu *v)
{
	flushes++;
}

u64 host_steal(struct vcpu *v)
{
	return waited;
}

u64 host_now(void)
{
	return 5000000000ull;
}

u64 host_wall(void)
{
	return 1700000000ull * 1000000000 + 5000000000ull;
}

u32 host_tsc_khz(void)
{
	return 2000000;
}

bool lapic_eoi_is_silent(const struct lapic *l)
{
	return silent;
}

void lapic_eoi(struct lapic *l)
{
	eois++;
}

unsigned int lapic_send(struct platform *p, const struct lapic_message *m)
{
	last = *m;
	sent |= BIT_ULL(m->dest);
	return 1;
}

void host_kick(struct vcpu *vcpu)
{
	kicks++;
}

static void setup(u32 pv)
{
	unsigned int i;

	fake_reset();
	fake_platform.pv = pv;
	fake_platform.nr_lapics = 3;
	for (i = 0; i < 3; i++) {
		lapics[i].vcpu = &others[i];
		fake_platform.lapics[i] = &lapics[i];
		others[i].pv.kicked = false;
	}
	flushes = 0;
	eois = 0;
	kicks = 0;
	sent = 0;
	waited = 1000;
	silent = true;
}

static void test_features(void)
{
	setup(PV_ALL);
	fake.tsc_stable = false;
	CHECK_EQ(pv_features(&fake_vcpu), 0xaea);
	fake.tsc_stable = true;
	CHECK_EQ(pv_features(&fake_vcpu), 0x1000aea);
	fake_platform.pv = 0;
	CHECK_EQ(pv_features(&fake_vcpu), 0);
	fake_platform.pv = BIT(HV_PV_CLOCK);
	CHECK_EQ(pv_features(&fake_vcpu), 0xa);
	fake_platform.pv = BIT(HV_PV_CLOCK_STABLE);
	CHECK_EQ(pv_features(&fake_vcpu), 2);
	/* The flush lives in steal time's page. */
	fake_platform.pv = BIT(HV_PV_TLB_FLUSH);
	CHECK_EQ(pv_features(&fake_vcpu), 2);
	fake_platform.pv = BIT(HV_PV_TLB_FLUSH) | BIT(HV_PV_STEAL_TIME);
	CHECK_EQ(pv_features(&fake_vcpu), 0x222);
}

static void test_msrs(void)
{
	u64 value;

	setup(PV_ALL & ~BIT(HV_PV_EOI));
	CHECK(pv_write(&fake_vcpu, PV_MSR_STEAL, STEAL | 1));
	CHECK(pv_read(&fake_vcpu, PV_MSR_STEAL, &value) && value == (STEAL | 1));
	CHECK(!pv_write(&fake_vcpu, PV_MSR_STEAL, STEAL | 3));
	CHECK(!pv_write(&fake_vcpu, PV_MSR_STEAL, (STEAL + 32) | 1));
	CHECK(!pv_write(&fake_vcpu, PV_MSR_STEAL, 0xd0000001));
	CHECK(pv_write(&fake_vcpu, PV_MSR_STEAL, 0));
	CHECK(!pv_read(&fake_vcpu, PV_MSR_EOI, &value) && !pv_write(&fake_vcpu, PV_MSR_EOI, 0));
	fake_platform.pv = BIT(HV_PV_EOI);
	CHECK(pv_write(&fake_vcpu, PV_MSR_EOI, EOI | 1) && !pv_write(&fake_vcpu, PV_MSR_EOI, 2));
	CHECK(!pv_write(&fake_vcpu, PV_MSR_STEAL, 0));
	/* A page that is not there yet is asked for first, where the value is good. */
	fake.missing[PAGE / 4096 / 64] |= BIT(PAGE / 4096 % 64);
	CHECK(pv_needs_fill(&fake_vcpu, PV_MSR_EOI, EOI | 1));
	CHECK_EQ(fake_vcpu.fill_gpa, EOI);
	CHECK(!pv_needs_fill(&fake_vcpu, PV_MSR_EOI, EOI));
	CHECK(!pv_needs_fill(&fake_vcpu, PV_MSR_STEAL, STEAL | 1));
	CHECK(!pv_needs_fill(&fake_vcpu, 0x10, EOI | 1));
}

static void test_steal(void)
{
	setup(PV_ALL);
	fake_poke64(STEAL, 7);
	pv_write(&fake_vcpu, PV_MSR_STEAL, STEAL | 1);
	waited += 500;
	pv_section_begin(&fake_vcpu);
	CHECK_EQ(fake_peek64(STEAL), 507);
	CHECK_EQ(fake_peek64(STEAL + 8), 2);	/* version, even; flags */
	pv_section_end(&fake_vcpu);
	CHECK_EQ(fake_peek64(STEAL + 16), 1);
	waited += 100;
	pv_section_begin(&fake_vcpu);
	CHECK_EQ(fake_peek64(STEAL), 607);
	CHECK_EQ(fake_peek64(STEAL + 8), 4);
	CHECK_EQ(fake_peek64(STEAL + 16), 0);
	CHECK_EQ(flushes, 0);
	/* Another CPU wants a flush while this one is away. */
	pv_section_end(&fake_vcpu);
	fake_poke64(STEAL + 16, 3);
	pv_section_begin(&fake_vcpu);
	CHECK_EQ(flushes, 1);
	CHECK_EQ(fake_peek64(STEAL + 16), 0);
	/* Off: nothing is touched. */
	pv_write(&fake_vcpu, PV_MSR_STEAL, 0);
	fake_poke64(STEAL + 16, 3);
	pv_section_begin(&fake_vcpu);
	pv_section_end(&fake_vcpu);
	CHECK_EQ(fake_peek64(STEAL + 16), 3);
	CHECK_EQ(flushes, 1);
	/* A page that was taken away meanwhile. */
	pv_write(&fake_vcpu, PV_MSR_STEAL, STEAL | 1);
	fake.missing[PAGE / 4096 / 64] |= BIT(PAGE / 4096 % 64);
	pv_section_begin(&fake_vcpu);
	pv_section_end(&fake_vcpu);
	CHECK_EQ(flushes, 1);
}

static void test_eoi(void)
{
	setup(PV_ALL);
	pv_write(&fake_vcpu, PV_MSR_EOI, EOI | 1);
	/* The guest has not ended it: no EOI, and the offer is withdrawn. */
	pv_offer_eoi(&fake_vcpu);
	CHECK(fake_vcpu.pv.eoi_offered);
	CHECK_EQ(fake_peek64(EOI), 1);
	pv_collect_eoi(&fake_vcpu);
	CHECK_EQ(fake_peek64(EOI), 0);
	CHECK_EQ(eois, 0);
	/* It has. */
	pv_offer_eoi(&fake_vcpu);
	fake_poke64(EOI, 0);
	pv_collect_eoi(&fake_vcpu);
	CHECK_EQ(eois, 1);
	CHECK(!fake_vcpu.pv.eoi_offered);
	/* Not where more follows from it. */
	silent = false;
	pv_offer_eoi(&fake_vcpu);
	CHECK(!fake_vcpu.pv.eoi_offered && !fake_peek64(EOI));
}

static s64 call(u64 nr, u64 a, u64 b, u64 c, u64 d)
{
	s64 result = -38;

	fake_vcpu.gpr[HV_RAX] = nr;
	fake_vcpu.gpr[HV_RBX] = a;
	fake_vcpu.gpr[HV_RCX] = b;
	fake_vcpu.gpr[HV_RDX] = c;
	fake_vcpu.gpr[HV_RSI] = d;
	pv_hypercall(&fake_vcpu, &result);
	return result;
}

static void test_send_ipi(void)
{
	setup(PV_ALL);
	CHECK_EQ(call(10, 5, 0, 0, 0xfb), 2);
	CHECK_EQ(sent, 5);
	CHECK(last.vector == 0xfb && last.mode == LAPIC_FIXED && last.wide && !last.logical);
	sent = 0;
	CHECK_EQ(call(10, 3, 0, 1, 0x400), 2);
	CHECK(sent == 6 && last.mode == LAPIC_NMI);
	/* IDs of nobody, up to the largest ones. */
	sent = 0;
	CHECK_EQ(call(10, ~0ull, ~0ull, 0, 0xfb), 3);
	CHECK_EQ(sent, 7);
	CHECK_EQ(call(10, ~0ull, ~0ull, 63, 0xfb), 0);
	CHECK_EQ(call(10, 1, 0, 64, 0xfb), -22);
	CHECK_EQ(call(10, 1, 0, ~0ull, 0xfb), -22);
	CHECK_EQ(call(10, 1, 0, 0, 0x8fb), -22);
	CHECK_EQ(call(10, 1, 0, 0, 0x400fb), -22);
	/* 32-bit guests have 32 bits in a word. */
	fake_mode(MODE_32);
	sent = 0;
	CHECK_EQ(call(10, 0xff00000004ull, 0, 0, 0xfb), 1);
	CHECK_EQ(sent, 4);
	/* Not for programs. */
	fake.cpl = 3;
	CHECK_EQ(call(10, 1, 0, 0, 0xfb), -1);
}

static void test_kick(void)
{
	setup(PV_ALL);
	CHECK_EQ(call(5, 0, 2, 0, 0), 0);
	CHECK(others[2].pv.kicked && !others[1].pv.kicked);
	CHECK_EQ(kicks, 1);
	CHECK_EQ(atomic_read(&fake_platform.messages), 1);
	CHECK_EQ(call(5, 0, 3, 0, 0), 0);
	CHECK_EQ(call(5, 0, ~0ull, 0, 0), 0);
	CHECK_EQ(kicks, 1);
	/* What is off is unknown. */
	setup(0);
	CHECK_EQ(call(5, 0, 2, 0, 0), -38);
	CHECK_EQ(call(10, 1, 0, 0, 0xfb), -38);
	setup(PV_ALL);
	CHECK_EQ(call(7, 0, 0, 0, 0), -38);
}

/* All vCPUs count from one moment where the host's counters tick as one. */
static void test_clock(void)
{
	setup(PV_ALL);
	fake.tsc_stable = true;
	fake_platform.tsc_origin = 1000;
	fake_platform.ns_origin = 77;
	fake_vcpu.tsc_offset = -1000;
	CHECK(pvclock_write(&fake_vcpu, PVCLOCK_MSR_SYSTEM, PAGE | 1));
	CHECK_EQ(fake_peek64(PAGE + 8), 0);
	CHECK_EQ(fake_peek64(PAGE + 16), 77);
	CHECK_EQ(fake_peek64(PAGE + 24) >> 40 & 0xff, 1);
	/* Elsewhere it is the host's time, anew each time. */
	fake.tsc_stable = false;
	fake.tsc = 4242;
	pvclock_refresh(&fake_vcpu);
	CHECK_EQ(fake_peek64(PAGE + 8), 4242);
	CHECK_EQ(fake_peek64(PAGE + 16), 5000000000ull);
	CHECK_EQ(fake_peek64(PAGE + 24) >> 40 & 0xff, 0);
	/* Wanted without the flag. */
	fake_platform.pv = BIT(HV_PV_CLOCK);
	fake.tsc_stable = true;
	CHECK(!pvclock_is_stable(&fake_vcpu));
	fake_platform.pv = 0;
	CHECK(!pvclock_write(&fake_vcpu, PVCLOCK_MSR_SYSTEM, PAGE | 1));
}

static const struct tap_test tests[] = {
	{ "features", test_features },
	{ "MSRs", test_msrs },
	{ "steal time and flushes", test_steal },
	{ "EOI", test_eoi },
	{ "IPIs to many", test_send_ipi },
	{ "kicks", test_kick },
	{ "the clock", test_clock },
};

TAP_MAIN(tests)
