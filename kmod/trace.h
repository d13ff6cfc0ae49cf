/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of hv.  Their names and fields are stable: fields are added at
 * the end, and the meaning of one never changes.  What is printed is
 * 'key=value' words, which hvctl trace and scripts take apart.
 *
 * @guest is the guest's id and @vcpu the vCPU's index in all of them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hv

#if !defined(HV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HV_TRACE_H

#include <linux/tracepoint.h>

#include "guest/guest.h"

/* hv_state: what a guest that was removed is in. */
#define TRACE_STATE_GONE	0xffffffffU

/* Numbers for enumerators, in what user space reads of the format. */
#define TRACE_REASON(symbol, name) TRACE_DEFINE_ENUM(EXIT_##symbol);
HV_EXIT_REASONS(TRACE_REASON)
#undef TRACE_REASON
TRACE_DEFINE_ENUM(NR_EXITS);
TRACE_DEFINE_ENUM(HV_STATE_CREATED);
TRACE_DEFINE_ENUM(HV_STATE_RUNNING);
TRACE_DEFINE_ENUM(HV_STATE_PAUSED);
TRACE_DEFINE_ENUM(HV_STATE_STOPPED);

#define TRACE_REASON(symbol, name) , { EXIT_##symbol, name }
#define trace_reason_name(reason) \
	__print_symbolic(reason, { NR_EXITS, "?" } HV_EXIT_REASONS(TRACE_REASON))

#define trace_type_name(type) \
	__print_symbolic(type, { 0, "interrupt" }, { 2, "nmi" }, { 3, "exception" }, \
			 { 4, "software" })

#define trace_access_name(access) \
	__print_symbolic(access, { 0, "read" }, { 1, "write" }, { 2, "fetch" })

#define trace_state_name(state) \
	__print_symbolic(state, { HV_STATE_CREATED, "created" }, \
			 { HV_STATE_RUNNING, "running" }, { HV_STATE_PAUSED, "paused" }, \
			 { HV_STATE_STOPPED, "stopped" }, { TRACE_STATE_GONE, "gone" })

/* The guest is about to be entered at @rip. */
TRACE_EVENT(hv_entry,
	TP_PROTO(const struct vcpu *v),
	TP_ARGS(v),
	TP_STRUCT__entry(
		__field(u64, guest)
		__field(u64, rip)
		__field(u32, vcpu)
	),
	TP_fast_assign(
		__entry->guest = v->guest->id;
		__entry->rip = v->rip;
		__entry->vcpu = v->index;
	),
	TP_printk("guest=%llu vcpu=%u rip=%#llx",
		  __entry->guest, __entry->vcpu, __entry->rip)
);

/*
 * The CPU has left the guest at @rip; nothing is handled yet.  @info1, @info2
 * and @code are the CPU's own: EXITINFO1, EXITINFO2 and EXITCODE on SVM.
 */
TRACE_EVENT(hv_exit,
	TP_PROTO(const struct vcpu *v),
	TP_ARGS(v),
	TP_STRUCT__entry(
		__field(u64, guest)
		__field(u64, rip)
		__field(u64, info1)
		__field(u64, info2)
		__field(u32, vcpu)
		__field(u32, reason)
		__field(u32, code)
	),
	TP_fast_assign(
		__entry->guest = v->guest->id;
		__entry->rip = v->rip;
		__entry->info1 = v->exit.hw_info[0];
		__entry->info2 = v->exit.hw_info[1];
		__entry->vcpu = v->index;
		__entry->reason = v->exit.reason;
		__entry->code = v->exit.hw_code;
	),
	TP_printk("guest=%llu vcpu=%u reason=%s rip=%#llx info1=%#llx info2=%#llx code=%#x",
		  __entry->guest, __entry->vcpu, trace_reason_name(__entry->reason),
		  __entry->rip, __entry->info1, __entry->info2, __entry->code)
);

/*
 * The next entry delivers an event.  Once more if an exit came before it was
 * delivered.  @error counts if @has_error is 1.
 *
 * Of an interrupt that the hardware delivers by itself (virtual-interrupt
 * delivery) it comes behind that: at the exit, before its hv_exit.  An IPI that the
 * vCPU sends to itself there is seen if it is still requested at an entry.
 */
TRACE_EVENT(hv_inject,
	TP_PROTO(const struct vcpu *v, const struct vcpu_event *e),
	TP_ARGS(v, e),
	TP_STRUCT__entry(
		__field(u64, guest)
		__field(u32, vcpu)
		__field(u32, type)
		__field(u32, vector)
		__field(u32, has_error)
		__field(u32, error)
	),
	TP_fast_assign(
		__entry->guest = v->guest->id;
		__entry->vcpu = v->index;
		__entry->type = e->type;
		__entry->vector = e->vector;
		__entry->has_error = e->has_error;
		__entry->error = e->has_error ? e->error : 0;
	),
	TP_printk("guest=%llu vcpu=%u type=%s vector=%u has_error=%u error=%#x",
		  __entry->guest, __entry->vcpu, trace_type_name(__entry->type),
		  __entry->vector, __entry->has_error, __entry->error)
);

/*
 * A nested page fault or EPT violation at @gpa: a page to be filled, or a
 * chip's (@memory 0).  @walk is 1 for an access of the guest's page walk.
 */
TRACE_EVENT(hv_s2_fault,
	TP_PROTO(const struct vcpu *v),
	TP_ARGS(v),
	TP_STRUCT__entry(
		__field(u64, guest)
		__field(u64, gpa)
		__field(u64, rip)
		__field(u32, vcpu)
		__field(u32, access)
		__field(u32, walk)
		__field(u32, memory)
	),
	TP_fast_assign(
		__entry->guest = v->guest->id;
		__entry->gpa = v->exit.s2.gpa;
		__entry->rip = v->rip;
		__entry->vcpu = v->index;
		__entry->access = v->exit.s2.access & ACCESS_FETCH ? 2 :
				  v->exit.s2.access & ACCESS_WRITE ? 1 : 0;
		__entry->walk = v->exit.s2.walk;
		__entry->memory = s2_has_memory(v->s2, v->exit.s2.gpa);
	),
	TP_printk("guest=%llu vcpu=%u gpa=%#llx access=%s rip=%#llx walk=%u memory=%u",
		  __entry->guest, __entry->vcpu, __entry->gpa,
		  trace_access_name(__entry->access), __entry->rip, __entry->walk,
		  __entry->memory)
);

/*
 * A guest was created, changed its state or was reset, or was removed (then
 * @state is 0xffffffff).  @stop_reason is enum hv_stop_reason, once stopped.
 */
TRACE_EVENT(hv_state,
	TP_PROTO(const struct guest *g),
	TP_ARGS(g),
	TP_STRUCT__entry(
		__field(u64, guest)
		__field(u32, state)
		__field(u32, stop_reason)
		__field(u32, stop_status)
		__field(u32, resets)
		__array(char, name, HV_NAME_MAX + 1)
	),
	TP_fast_assign(
		__entry->guest = g->id;
		__entry->state = READ_ONCE(g->dead) ? TRACE_STATE_GONE : READ_ONCE(g->state);
		__entry->stop_reason = READ_ONCE(g->stop.reason);
		__entry->stop_status = READ_ONCE(g->stop.status);
		__entry->resets = READ_ONCE(g->resets);
		memcpy(__entry->name, g->name, sizeof(g->name));
	),
	TP_printk("guest=%llu state=%s stop_reason=%u stop_status=%u resets=%u name=%s",
		  __entry->guest, trace_state_name(__entry->state), __entry->stop_reason,
		  __entry->stop_status, __entry->resets, __entry->name)
);

#undef TRACE_REASON

#endif /* HV_TRACE_H */

/* kmod/ is where headers are looked for, in a kernel tree and out of one. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
