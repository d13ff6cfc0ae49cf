// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steal time, EOI, IPIs, TLB flushes and kicks as KVM's guests know them.
 *
 * The guest's pages are looked up anew each time, since the host may take them
 * back; where one is gone, nothing is told, and the guest reads zeroes later.
 */
#include "core/pv.h"
#include "core/pvclock.h"
#include "core/vcpu.h"
#include "mmu/s2.h"

#define ENABLE		BIT_ULL(0)

/* Leaf 0x40000101. */
#define FEATURE_NOP_IO_DELAY	BIT(1)	/* no delays needed between port accesses */
#define FEATURE_CLOCKSOURCE2	BIT(3)
#define FEATURE_STEAL_TIME	BIT(5)
#define FEATURE_EOI		BIT(6)
#define FEATURE_UNHALT		BIT(7)
#define FEATURE_TLB_FLUSH	BIT(9)
#define FEATURE_SEND_IPI	BIT(11)
#define FEATURE_CLOCK_STABLE	BIT(24)

/* Hypercalls by RAX, and what they return. */
#define HC_KICK_CPU	5
#define HC_SEND_IPI	10
#define HC_EPERM	(-1LL)
#define HC_EINVAL	(-22LL)

/* Of the ICR that HC_SEND_IPI takes: a logical destination or a shorthand is refused. */
#define ICR_FORBIDDEN	(BIT(11) | 3U << 18)

/* struct kvm_steal_time */
struct steal_time {
	u64 steal;		/* ns */
	u32 version;		/* odd while the rest changes */
	u32 flags;
	u8 preempted;
	u8 pad[47];
};

#define STEAL_RESERVED		GENMASK_ULL(5, 1)
#define STEAL_PREEMPTED		BIT(0)
#define STEAL_FLUSH_TLB		BIT(1)

static_assert(sizeof(struct steal_time) == 64);

static bool has(const struct vcpu *v, enum hv_pv feature)
{
	return v->platform->pv & BIT(feature);
}

void pv_reset(struct vcpu *v)
{
	v->pv = (struct pv){ };
}

u32 pv_features(const struct vcpu *v)
{
	static const struct {
		u8 pv;
		u32 bit;
	} map[] = {
		{ HV_PV_CLOCK, FEATURE_CLOCKSOURCE2 },
		{ HV_PV_STEAL_TIME, FEATURE_STEAL_TIME },
		{ HV_PV_EOI, FEATURE_EOI },
		{ HV_PV_UNHALT, FEATURE_UNHALT },
		{ HV_PV_IPI, FEATURE_SEND_IPI },
	};
	u32 features = v->platform->pv ? FEATURE_NOP_IO_DELAY : 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (has(v, map[i].pv))
			features |= map[i].bit;
	/* The flush is asked for in the steal time's structure. */
	if (has(v, HV_PV_TLB_FLUSH) && has(v, HV_PV_STEAL_TIME))
		features |= FEATURE_TLB_FLUSH;
	if (pvclock_is_stable(v))
		features |= FEATURE_CLOCK_STABLE;
	return features;
}

/* MSRs */

static bool is_there(const struct vcpu *v, u32 msr)
{
	return has(v, msr == PV_MSR_STEAL ? HV_PV_STEAL_TIME : HV_PV_EOI);
}

static u64 *stored(struct vcpu *v, u32 msr)
{
	return msr == PV_MSR_STEAL ? &v->pv.steal : &v->pv.eoi;
}

bool pv_read(struct vcpu *v, u32 msr, u64 *value)
{
	*value = *stored(v, msr);
	return is_there(v, msr);
}

/* 64 bytes aligned to as many, or 4 to 4: neither crosses a page. */
static bool valid(struct vcpu *v, u32 msr, u64 value)
{
	if (value & (msr == PV_MSR_STEAL ? STEAL_RESERVED : BIT_ULL(1)))
		return false;
	return !(value & ENABLE) || s2_has_memory(v->s2, value & ~ENABLE);
}

bool pv_write(struct vcpu *v, u32 msr, u64 value)
{
	if (!is_there(v, msr) || !valid(v, msr, value))
		return false;
	*stored(v, msr) = value;
	if (msr == PV_MSR_STEAL)
		v->pv.waited = host_steal(v);
	return true;
}

bool pv_needs_fill(struct vcpu *v, u32 msr, u64 value)
{
	u64 gpa = value & ~ENABLE;

	if (msr != PV_MSR_STEAL && msr != PV_MSR_EOI)
		return false;
	if (!(value & ENABLE) || !is_there(v, msr) || !valid(v, msr, value) ||
	    s2_va(v->s2, gpa, S2_WRITE))
		return false;
	v->fill_gpa = gpa;
	v->fill_access = ACCESS_WRITE;
	return true;
}

/* Steal time, and flushes for vCPUs that do not run */

static struct steal_time *steal_page(struct vcpu *v)
{
	if (likely(!(v->pv.steal & ENABLE)))
		return NULL;
	return s2_va(v->s2, v->pv.steal & ~ENABLE, S2_WRITE);
}

/* Other CPUs of the guest read it too: the order counts, which x86 keeps. */
static void tell_steal(struct vcpu *v, struct steal_time *page)
{
	u64 waited = host_steal(v);
	u32 version = READ_ONCE(page->version) | 1;

	WRITE_ONCE(page->version, version);
	barrier();
	WRITE_ONCE(page->steal, READ_ONCE(page->steal) + waited - v->pv.waited);
	barrier();
	WRITE_ONCE(page->version, version + 1);
	v->pv.waited = waited;
}

/*
 * Another CPU adds STEAL_FLUSH_TLB by cmpxchg, and only while STEAL_PREEMPTED is
 * there: so either it is seen here, or that CPU sees that it has to send an IPI.
 */
void pv_section_begin(struct vcpu *v)
{
	struct steal_time *page = steal_page(v);

	if (!page)
		return;
	if (xchg(&page->preempted, 0) & STEAL_FLUSH_TLB)
		vcpu_flush(v);
	tell_steal(v, page);
}

void pv_section_end(struct vcpu *v)
{
	struct steal_time *page = steal_page(v);

	if (page)
		WRITE_ONCE(page->preempted, STEAL_PREEMPTED);
}

/* EOI */

static u8 *eoi_byte(struct vcpu *v)
{
	return s2_va(v->s2, v->pv.eoi & ~ENABLE, S2_WRITE);
}

/*
 * The guest may clear the bit in place of an EOI if nothing follows from one: no
 * message to the IOAPIC, and no other interrupt that waits.  One that comes now
 * kicks the vCPU, and pv_collect_eoi() finds out what the guest has done.
 */
void pv_offer_eoi(struct vcpu *v)
{
	u8 *byte;

	if (!(v->pv.eoi & ENABLE) || !lapic_eoi_is_silent(&v->lapic))
		return;
	byte = eoi_byte(v);
	if (!byte)
		return;
	WRITE_ONCE(*byte, READ_ONCE(*byte) | 1);
	v->pv.eoi_offered = true;
}

/* The offer ends with each exit: the bit is there still, or the EOI is due. */
void pv_collect_eoi(struct vcpu *v)
{
	u8 *byte = eoi_byte(v);

	v->pv.eoi_offered = false;
	if (!byte)
		return;
	if (READ_ONCE(*byte) & 1)
		WRITE_ONCE(*byte, READ_ONCE(*byte) & ~1);
	else
		lapic_eoi(&v->lapic);
}

/* Hypercalls */

static u64 argument(struct vcpu *v, enum hv_gpr gpr, bool wide)
{
	return wide ? v->gpr[gpr] : (u32)v->gpr[gpr];
}

static unsigned int send_ipis(struct vcpu *v, u64 bitmap, u64 first, struct lapic_message *m)
{
	unsigned int n = 0;
	u64 id;

	for (; bitmap; bitmap &= bitmap - 1) {
		id = first + __ffs(bitmap);
		m->dest = id;
		if (id < v->platform->nr_lapics)
			n += lapic_send(v->platform, m);
	}
	return n;
}

/* RBX, RCX: a bitmap of local APICs from ID RDX on; RSI: as an ICR. */
static s64 send_ipi(struct vcpu *v, bool wide)
{
	u64 first = argument(v, HV_RDX, wide), icr = argument(v, HV_RSI, wide);
	struct lapic_message m = {
		.vector = icr & 0xff,
		.mode = icr >> 8 & 7,
		.wide = true,
	};
	s64 n;

	if (icr & ICR_FORBIDDEN || first >= HV_MAX_VCPUS)
		return HC_EINVAL;
	n = send_ipis(v, argument(v, HV_RBX, wide), first, &m);
	return n + send_ipis(v, argument(v, HV_RCX, wide), first + (wide ? 64 : 32), &m);
}

/* RCX: the local APIC's ID. */
static s64 kick_cpu(struct vcpu *v, bool wide)
{
	struct platform *p = v->platform;
	u64 id = argument(v, HV_RCX, wide);
	struct vcpu *to;

	if (id >= p->nr_lapics)
		return 0;
	to = p->lapics[id & (HV_MAX_VCPUS - 1)]->vcpu;
	WRITE_ONCE(to->pv.kicked, true);
	atomic_inc_return(&p->messages);
	host_kick(to);
	return 0;
}

bool pv_hypercall(struct vcpu *v, s64 *result)
{
	bool wide = vcpu_mode(v) == MODE_64;
	u64 nr = argument(v, HV_RAX, wide);

	if (nr == HC_KICK_CPU && has(v, HV_PV_UNHALT))
		*result = vcpu_cpl(v) ? HC_EPERM : kick_cpu(v, wide);
	else if (nr == HC_SEND_IPI && has(v, HV_PV_IPI))
		*result = vcpu_cpl(v) ? HC_EPERM : send_ipi(v, wide);
	else
		return false;
	return true;
}
