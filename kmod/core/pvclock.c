// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmclock: time as a function of the TSC, in the guest's own memory.
 */
#include "core/pvclock.h"
#include "core/vcpu.h"
#include "mmu/s2.h"

#define SYSTEM_ENABLE		BIT_ULL(0)
#define NSEC_PER_SECOND		1000000000ULL
#define FLAG_TSC_STABLE		BIT(0)

/* struct pvclock_vcpu_time_info; the guest reads again while version is odd or has changed. */
struct time_info {
	u32 version;
	u32 pad0;
	u64 tsc_timestamp;
	u64 system_time;
	u32 tsc_to_system_mul;
	s8 tsc_shift;
	u8 flags;
	u8 pad[2];
};

/* struct pvclock_wall_clock: wall time when system_time was 0. */
struct wall_info {
	u32 version;
	u32 sec;
	u32 nsec;
};

static_assert(sizeof(struct time_info) == 32);
static_assert(sizeof(struct wall_info) == 12);

/* ns = ((ticks << shift) * mul) >> 32, with the frequency brought to (1, 2] GHz. */
static void scale(struct time_info *t)
{
	u64 hz = host_tsc_khz() * 1000ULL;

	t->tsc_shift = 0;
	for (; hz > 2 * NSEC_PER_SECOND; hz >>= 1)
		t->tsc_shift--;
	for (; hz <= NSEC_PER_SECOND; hz <<= 1)
		t->tsc_shift++;
	t->tsc_to_system_mul = div64_u64(NSEC_PER_SECOND << 32, hz);
}

/* The guest's time, which stands still while it is held. */
static u64 guest_now(const struct vcpu *v)
{
	return host_now() - READ_ONCE(v->platform->stood);
}

static u64 system_gpa(const struct vcpu *v)
{
	return v->pvclock.system & ~SYSTEM_ENABLE;
}

bool pvclock_is_stable(const struct vcpu *v)
{
	const u32 both = BIT(HV_PV_CLOCK) | BIT(HV_PV_CLOCK_STABLE);

	return (v->platform->pv & both) == both && host_tsc_stable();
}

/*
 * Where the host's counters tick as one, all vCPUs count from the same moment, the
 * guest's boot, so that none is ever ahead of another.  (A guest that rewrites
 * one TSC has moved its offset, not time.)  Elsewhere it is the host's time now.
 */
static void read_time(struct vcpu *v, struct time_info *t)
{
	const struct platform *p = v->platform;

	if (host_tsc_stable()) {
		t->tsc_timestamp = p->tsc_origin + v->tsc_offset;
		t->system_time = p->ns_origin;
	} else {
		t->tsc_timestamp = vcpu_tsc(v);
		t->system_time = guest_now(v);
	}
}

/* The version is odd while the rest changes; the guest's CPU is this one, so order is all. */
static void write_system(struct vcpu *v)
{
	struct time_info *page = s2_va(v->s2, system_gpa(v), S2_WRITE);
	struct time_info t = { .flags = pvclock_is_stable(v) ? FLAG_TSC_STABLE : 0 };

	if (!page)
		return;
	scale(&t);
	read_time(v, &t);
	t.version = v->pvclock.version + 1;
	WRITE_ONCE(page->version, t.version);
	barrier();
	memcpy(page, &t, sizeof(t));
	barrier();
	v->pvclock.version += 2;
	WRITE_ONCE(page->version, v->pvclock.version);
	v->pvclock.cpu = v->cpu;
}

static void write_wall(struct vcpu *v)
{
	struct wall_info *page = s2_va(v->s2, v->pvclock.wall, S2_WRITE);
	u64 wall = host_wall() - guest_now(v);
	struct wall_info w = { .version = 2 };

	if (!page)
		return;
	w.sec = div_u64_rem(wall, NSEC_PER_SECOND, &w.nsec);
	memcpy(page, &w, sizeof(w));
}

void pvclock_reset(struct vcpu *v)
{
	v->pvclock = (struct pvclock){ .cpu = -1 };
}

/* Where @value points to: an address, without the enable bit of the system time's. */
static u64 target(u32 msr, u64 value)
{
	return msr == PVCLOCK_MSR_SYSTEM ? value & ~SYSTEM_ENABLE : value;
}

/* Both structures are aligned to 4 bytes and lie within one page of memory. */
static bool valid(struct vcpu *v, u64 gpa)
{
	return !(gpa & 3) && (gpa & (s2_size(0) - 1)) <= s2_size(0) - sizeof(struct time_info) &&
	       s2_has_memory(v->s2, gpa);
}

static bool is_off(u32 msr, u64 value)
{
	return msr == PVCLOCK_MSR_SYSTEM && !(value & SYSTEM_ENABLE);
}

static bool is_there(const struct vcpu *v)
{
	return v->platform->pv & BIT(HV_PV_CLOCK);
}

bool pvclock_needs_fill(struct vcpu *v, u32 msr, u64 value)
{
	u64 gpa = target(msr, value);

	if (msr != PVCLOCK_MSR_SYSTEM && msr != PVCLOCK_MSR_WALL)
		return false;
	if (!is_there(v) || is_off(msr, value) || !valid(v, gpa) || s2_va(v->s2, gpa, S2_WRITE))
		return false;
	v->fill_gpa = gpa;
	v->fill_access = ACCESS_WRITE;
	return true;
}

bool pvclock_read(struct vcpu *v, u32 msr, u64 *value)
{
	*value = msr == PVCLOCK_MSR_SYSTEM ? v->pvclock.system : v->pvclock.wall;
	return is_there(v);
}

bool pvclock_write(struct vcpu *v, u32 msr, u64 value)
{
	if (!is_there(v) || (!is_off(msr, value) && !valid(v, target(msr, value))))
		return false;
	if (msr == PVCLOCK_MSR_WALL) {
		v->pvclock.wall = value;
		write_wall(v);
		return true;
	}
	v->pvclock.system = value;
	if (value & SYSTEM_ENABLE)
		write_system(v);
	return true;
}

void pvclock_refresh(struct vcpu *v)
{
	if (!(v->pvclock.system & SYSTEM_ENABLE))
		return;
	if (v->cpu != v->pvclock.cpu || !host_tsc_stable())
		write_system(v);
}
