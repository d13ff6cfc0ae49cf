// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest to netlink attributes.
 */
#include <linux/sched.h>
#include <net/genetlink.h>

#include "api/api.h"
#include "core/recorder.h"
#include "guest/guest.h"

static int put_u64(struct sk_buff *skb, int attr, u64 value, int pad)
{
	return nla_put_u64_64bit(skb, attr, value, pad);
}

static int put_guest_u64(struct sk_buff *skb, int attr, u64 value)
{
	return put_u64(skb, attr, value, HV_A_GUEST_PAD);
}

static int fill_identity(struct sk_buff *skb, struct guest *g)
{
	return put_guest_u64(skb, HV_A_GUEST_ID, g->id) ||
	       nla_put_string(skb, HV_A_GUEST_NAME, g->name) ? -EMSGSIZE : 0;
}

/* What the guest's lock protects, in one piece, but for its labels. */
struct snapshot {
	u32 state;
	u32 resets;
	u32 on_reset;
	u32 restart;
	u32 restarts;
	u64 restart_at;
	bool remove_on_stop;
	struct vcpu_stop stop;
	u64 memory_size;
	u64 started_at;
	u64 stopped_at;
};

static void take_snapshot(struct guest *g, struct snapshot *s)
{
	mutex_lock(&g->lock);
	s->state = g->state;
	s->resets = g->resets;
	s->on_reset = g->on_reset;
	s->restart = g->restart;
	s->restarts = g->restarts;
	s->restart_at = g->restart_wall;
	s->remove_on_stop = g->remove_on_stop;
	s->stop = g->stop;
	s->memory_size = g->memory_size;
	s->started_at = g->started_at;
	s->stopped_at = g->stopped_at;
	mutex_unlock(&g->lock);
}

static int fill_stop(struct sk_buff *skb, const struct snapshot *s)
{
	if (s->state != HV_STATE_STOPPED)
		return 0;
	if (nla_put_u32(skb, HV_A_GUEST_STOP_REASON, s->stop.reason) ||
	    nla_put_u32(skb, HV_A_GUEST_STOP_STATUS, s->stop.status))
		return -EMSGSIZE;
	if (s->stop.detail[0] &&
	    nla_put_string(skb, HV_A_GUEST_STOP_DETAIL, s->stop.detail))
		return -EMSGSIZE;
	return 0;
}

/* A time that has not come yet is absent. */
static int fill_time(struct sk_buff *skb, int attr, u64 at)
{
	return at ? put_guest_u64(skb, attr, at) : 0;
}

static int fill_policy(struct sk_buff *skb, const struct snapshot *s)
{
	return nla_put_u32(skb, HV_A_GUEST_ON_RESET, s->on_reset) ||
	       nla_put_u32(skb, HV_A_GUEST_RESTART, s->restart) ||
	       nla_put_u8(skb, HV_A_GUEST_REMOVE_ON_STOP, s->remove_on_stop) ||
	       nla_put_u32(skb, HV_A_GUEST_RESTARTS, s->restarts) ||
	       fill_time(skb, HV_A_GUEST_RESTART_AT, s->restart_at) ? -EMSGSIZE : 0;
}

static int fill_labels(struct sk_buff *skb, struct guest *g)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&g->lock);
	for (i = 0; !err && g->labels && i < g->labels->nr; i++)
		err = nla_put_string(skb, HV_A_GUEST_LABEL, g->labels->text[i]);
	mutex_unlock(&g->lock);
	return err;
}

static int fill_state(struct sk_buff *skb, struct guest *g)
{
	struct snapshot s;

	take_snapshot(g, &s);
	return nla_put_u32(skb, HV_A_GUEST_STATE, s.state) ||
	       fill_stop(skb, &s) || fill_policy(skb, &s) || fill_labels(skb, g) ||
	       nla_put_u32(skb, HV_A_GUEST_RESETS, s.resets) ||
	       put_guest_u64(skb, HV_A_GUEST_MEMORY_SIZE, s.memory_size) ||
	       fill_time(skb, HV_A_GUEST_CREATED_AT, g->created_at) ||
	       fill_time(skb, HV_A_GUEST_STARTED_AT, s.started_at) ||
	       fill_time(skb, HV_A_GUEST_STOPPED_AT, s.stopped_at) ? -EMSGSIZE : 0;
}

static int fill_constants(struct sk_buff *skb, struct guest *g)
{
	u16 port = g->platform.debug_exit_port;

	return nla_put_u32(skb, HV_A_GUEST_VCPUS, g->nr_vcpus) ||
	       nla_put_u32(skb, HV_A_GUEST_PV, g->platform.pv) ||
	       (g->bound && nla_put_u8(skb, HV_A_GUEST_BOUND, 1)) ||
	       (port && nla_put_u16(skb, HV_A_GUEST_DEBUG_EXIT_PORT, port)) ||
	       nla_put_u32(skb, HV_A_GUEST_OWNER_UID, from_kuid(&init_user_ns, g->owner)) ?
	       -EMSGSIZE : 0;
}

static int fill_memory(struct sk_buff *skb, struct guest *g)
{
	return put_guest_u64(skb, HV_A_GUEST_MEMORY_RESIDENT, guest_resident(g)) ||
	       put_guest_u64(skb, HV_A_GUEST_TABLE_PAGES, guest_table_pages(g)) ||
	       put_guest_u64(skb, HV_A_GUEST_KERNEL_MEMORY,
			     g->kernel_memory + console_footprint(&g->console)) ? -EMSGSIZE : 0;
}

/* The caller cancels the whole message where this fails, open nests included. */
static int fill_region(struct sk_buff *skb, const struct region *r)
{
	struct nlattr *nest = nla_nest_start(skb, HV_A_GUEST_REGION);

	if (!nest || put_u64(skb, HV_A_REGION_GPA, r->gpa, HV_A_REGION_PAD) ||
	    put_u64(skb, HV_A_REGION_SIZE, r->size, HV_A_REGION_PAD))
		return -EMSGSIZE;
	if (r->shared && put_u64(skb, HV_A_REGION_OFFSET, r->offset, HV_A_REGION_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_segment(struct sk_buff *skb, const struct segment *s)
{
	struct nlattr *nest = nla_nest_start(skb, HV_A_GUEST_SEGMENT);

	if (!nest || put_u64(skb, HV_A_SEGMENT_GPA, s->gpa, HV_A_SEGMENT_PAD) ||
	    put_u64(skb, HV_A_SEGMENT_OFFSET, s->offset, HV_A_SEGMENT_PAD) ||
	    put_u64(skb, HV_A_SEGMENT_LENGTH, s->length, HV_A_SEGMENT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_manifest(struct sk_buff *skb, struct guest *g)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&g->lock);
	for (i = 0; !err && i < g->nr_regions; i++)
		err = fill_region(skb, &g->regions[i]);
	mutex_unlock(&g->lock);
	for (i = 0; !err && i < g->nr_segments; i++)
		err = fill_segment(skb, &g->segments[i]);
	return err;
}

static int fill_times(struct sk_buff *skb, const u64 times[RECORDER_BUCKETS])
{
	u64 copy[RECORDER_BUCKETS];
	unsigned int i, used = 0;

	for (i = 0; i < RECORDER_BUCKETS; i++) {
		copy[i] = READ_ONCE(times[i]);
		if (copy[i])
			used = i + 1;
	}
	return used ? nla_put_64bit(skb, HV_A_EXIT_TIMES, used * sizeof(u64), copy,
				    HV_A_EXIT_PAD) : 0;
}

static int fill_exit(struct sk_buff *skb, const struct vcpu *v, enum exit_reason reason, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, HV_A_VCPU_EXIT);

	if (!nest || nla_put_string(skb, HV_A_EXIT_NAME, exit_names[reason]) ||
	    put_u64(skb, HV_A_EXIT_COUNT, count, HV_A_EXIT_PAD) ||
	    fill_times(skb, v->recorder.kept->times[reason]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The vCPU counts on while this reads: each number is right, their sum need not be. */
static int fill_counters(struct sk_buff *skb, const struct vcpu *v)
{
	unsigned int i;
	int err = 0;
	u64 count;

	for (i = 0; !err && i < NR_EXITS; i++) {
		count = READ_ONCE(v->exits[i]);
		if (count)
			err = fill_exit(skb, v, i, count);
	}
	return err ||
	       put_u64(skb, HV_A_VCPU_ENTRIES, READ_ONCE(v->entries), HV_A_VCPU_PAD) ||
	       put_u64(skb, HV_A_VCPU_GUEST_TICKS, READ_ONCE(v->guest_ticks), HV_A_VCPU_PAD) ?
	       -EMSGSIZE : 0;
}

static int fill_vcpu(struct sk_buff *skb, struct guest *g, unsigned int i, bool counters)
{
	struct nlattr *nest = nla_nest_start(skb, HV_A_GUEST_VCPU);

	if (!nest || nla_put_u32(skb, HV_A_VCPU_INDEX, i))
		return -EMSGSIZE;
	if (g->threads[i] &&
	    nla_put_u32(skb, HV_A_VCPU_TID, task_pid_nr(g->threads[i])))
		return -EMSGSIZE;
	if (counters && fill_counters(skb, g->vcpus[i]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* As many as there is room for, at least one: what has begun to be put is taken back. */
static int fill_vcpus(struct sk_buff *skb, struct guest *g, unsigned int *vcpu, bool counters)
{
	unsigned int first = *vcpu;

	for (; *vcpu < g->nr_vcpus; ++*vcpu) {
		void *mark = skb_tail_pointer(skb);

		if (!fill_vcpu(skb, g, *vcpu, counters))
			continue;
		nlmsg_trim(skb, mark);
		return *vcpu > first ? 0 : -EMSGSIZE;
	}
	return 0;
}

int api_fill_identity(struct sk_buff *skb, struct guest *g, unsigned int *vcpu)
{
	*vcpu = g->nr_vcpus;
	return fill_identity(skb, g);
}

/* Its vCPUs are small: all of them or none. */
int api_fill_guest(struct sk_buff *skb, struct guest *g, unsigned int *vcpu)
{
	return fill_identity(skb, g) || fill_state(skb, g) || fill_constants(skb, g) ||
	       fill_memory(skb, g) || fill_manifest(skb, g) ||
	       fill_vcpus(skb, g, vcpu, false) || *vcpu < g->nr_vcpus ? -EMSGSIZE : 0;
}

int api_fill_whole(struct sk_buff *skb, struct guest *g, unsigned int *vcpu)
{
	return api_fill_guest(skb, g, vcpu) ||
	       (g->origin && nla_put_string(skb, HV_A_GUEST_ORIGIN, g->origin)) ? -EMSGSIZE : 0;
}

int api_fill_stats(struct sk_buff *skb, struct guest *g, unsigned int *vcpu)
{
	return fill_identity(skb, g) || fill_memory(skb, g) ||
	       fill_vcpus(skb, g, vcpu, true) ? -EMSGSIZE : 0;
}

int api_fill_trap(struct sk_buff *skb, const struct bus_range *range, unsigned int cut)
{
	struct nlattr *nest = nla_nest_start(skb, HV_A_GUEST_TRAP);

	if (!nest || nla_put_u32(skb, HV_A_TRAP_SPACE, range->space) ||
	    put_u64(skb, HV_A_TRAP_ADDRESS, range->first, HV_A_TRAP_PAD) ||
	    put_u64(skb, HV_A_TRAP_SIZE, range->last - range->first + 1, HV_A_TRAP_PAD) ||
	    nla_put_u32(skb, HV_A_TRAP_CUT, cut))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A u64 attribute with the padding that may have to precede it. */
#define SIZE_U64	(nla_total_size_64bit(sizeof(u64)))
#define SIZE_STRING(n)	(nla_total_size((n) + 1))

size_t api_origin_size(const struct guest *g)
{
	return g->origin ? SIZE_STRING(strlen(g->origin)) : 0;
}

size_t api_fill_size(void)
{
	size_t scalars = HV_A_GUEST_MAX * SIZE_U64;
	size_t strings = SIZE_STRING(HV_NAME_MAX) +
			 GUEST_MAX_LABELS * SIZE_STRING(GUEST_LABEL_MAX) +
			 SIZE_STRING(sizeof_field(struct vcpu_stop, detail));
	size_t manifest = S2_MAX_RANGES * nla_total_size(3 * SIZE_U64) +
			  GUEST_MAX_SEGMENTS * nla_total_size(3 * SIZE_U64);
	size_t vcpus = HV_MAX_VCPUS * nla_total_size(2 * nla_total_size(sizeof(u32)));
	size_t times = nla_total_size_64bit(RECORDER_BUCKETS * sizeof(u64));
	size_t exits = NR_EXITS * nla_total_size(SIZE_STRING(16) + SIZE_U64 + times);
	size_t counters = nla_total_size(exits + HV_A_VCPU_MAX * SIZE_U64);

	return scalars + strings + manifest + max(vcpus, counters);
}
