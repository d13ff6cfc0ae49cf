// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's thread: runs the core, and does what the core cannot.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/engine.h"
#include "core/hypercall.h"
#include "core/recorder.h"
#include "guest/guest.h"
#include "guest/handler.h"
#include "guest/life.h"
#include "guest/memory.h"
#include "guest/vcpu.h"
#include "host.h"

/*
 * A guest that was up for less than this when it triple-faults is not
 * rebooting (Linux's reboot=t) but crashing, and would do so for ever.
 */
#define CRASH_LOOP_NS	NSEC_PER_SEC

static enum outcome stop(struct vcpu *v, enum hv_stop_reason reason, u32 status)
{
	return vcpu_stop(v, reason, status, "%s", "");
}

/* All vCPUs meet for it, this one included: OUT_REQUEST ends run(). */
static enum outcome reset(struct vcpu *v)
{
	life_reset(v->guest);
	return OUT_REQUEST;
}

static enum outcome do_interrupt(struct vcpu *v)
{
	cond_resched();
	return OUT_RESUME;
}

static enum outcome do_halt(struct vcpu *v)
{
	for (;;) {
		set_current_state(TASK_IDLE | TASK_FREEZABLE);
		if (core_has_work(v))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return OUT_RESUME;
}

static enum outcome do_fill(struct vcpu *v)
{
	int err = memory_fill(v->guest, v->fill_gpa, v->fill_access & ACCESS_FETCH);

	if (!err)
		return OUT_RESUME;
	return vcpu_stop(v, HV_STOP_REASON_MEMORY_LIMIT, 0,
			 "no memory for the guest's page at %#llx: its cgroup or the host is at its limit",
			 v->fill_gpa);
}

static enum outcome do_platform(struct vcpu *v)
{
	struct guest *g = v->guest;
	enum platform_event event;
	u32 value;

	clear_bit(VCPU_REQ_PLATFORM, &v->requests);
	event = platform_take(&g->platform, &value);
	switch (event) {
	case PLATFORM_POWEROFF:
		return stop(v, HV_STOP_REASON_POWEROFF, 0);
	case PLATFORM_DEBUG_EXIT:
		return stop(v, HV_STOP_REASON_DEBUG_EXIT, value);
	case PLATFORM_RESET:
		if (READ_ONCE(g->on_reset) == HV_ON_RESET_STOP)
			return stop(v, HV_STOP_REASON_RESET, 0);
		return reset(v);
	case PLATFORM_NONE:
		break;
	}
	return OUT_RESUME;
}

/* A triple fault resets a PC, and is one of Linux's ways to do so. */
static enum outcome do_stop(struct vcpu *v)
{
	struct guest *g = v->guest;

	if (v->stop.reason == HV_STOP_REASON_TRIPLE_FAULT &&
	    READ_ONCE(g->on_reset) == HV_ON_RESET_RESET &&
	    host_now() - READ_ONCE(g->booted_ns) > CRASH_LOOP_NS)
		return reset(v);
	return OUT_STOP;
}

/* The bit stays until the vCPU goes inside again. */
static enum outcome do_request(struct vcpu *v)
{
	return OUT_REQUEST;
}

static enum outcome do_spin(struct vcpu *v)
{
	vcpu_yield(v);
	return OUT_RESUME;
}

static enum outcome do_mp(struct vcpu *v)
{
	core_mp(v);
	return OUT_RESUME;
}

/* The bit first: where there is no memory, the guest goes on with what it has. */
static enum outcome do_console(struct vcpu *v)
{
	clear_bit(VCPU_REQ_CONSOLE, &v->requests);
	console_grow(v->guest);
	return OUT_RESUME;
}

static enum outcome (*const outcomes[])(struct vcpu *v) = {
	[OUT_INTERRUPT] = do_interrupt,
	[OUT_HALT] = do_halt,
	[OUT_S2_FILL] = do_fill,
	[OUT_PLATFORM] = do_platform,
	[OUT_STOP] = do_stop,
	[OUT_REQUEST] = do_request,
	[OUT_YIELD] = do_interrupt,
	[OUT_TRAP] = handlers_answer,
	[OUT_MP] = do_mp,
	[OUT_SPIN] = do_spin,
	[OUT_CONSOLE] = do_console,
};

/* Inside, until the vCPUs meet or the guest has to end. */
static void run(struct vcpu *v)
{
	enum outcome out;

	do {
		host_pause(v);
		out = core_run(v);
		out = outcomes[out](v);
	} while (out == OUT_RESUME);
	if (out == OUT_STOP)
		life_end(v->guest, &v->stop);
	life_leave(v);
}

static int vcpu_thread(void *data)
{
	struct vcpu *v = data;
	struct guest *g = v->guest;

	set_freezable();
	complete(&g->thread_up);
	while (!kthread_should_stop()) {
		wait_event_freezable_timeout(g->run_wq, life_calls(v) || kthread_should_stop(),
					     life_patience(v));
		life_lead(v);
		if (life_enter(v))
			run(v);
	}
	return 0;
}

size_t vcpu_footprint(void)
{
	return engine->vcpu_size + sizeof(struct recording) + PAGE_SIZE + host_fpu_size();
}

static struct vcpu *vcpu_alloc(struct guest *g, unsigned int index)
{
	struct vcpu *v = kzalloc(engine->vcpu_size, GFP_KERNEL_ACCOUNT);

	if (!v)
		return NULL;
	v->fpu = host_fpu_alloc();
	v->recorder.kept = kzalloc(sizeof(*v->recorder.kept), GFP_KERNEL_ACCOUNT);
	if (!v->fpu || !v->recorder.kept || engine->vcpu_init(v)) {
		kfree(v->recorder.kept);
		host_fpu_free(v->fpu);
		kfree(v);
		return NULL;
	}
	v->guest = g;
	v->s2 = &g->s2;
	v->platform = &g->platform;
	v->index = index;
	return v;
}

static void vcpu_free(struct vcpu *v)
{
	engine->vcpu_free(v);
	kfree(v->recorder.kept);
	host_fpu_free(v->fpu);
	kfree(v);
}

int vcpu_create(struct guest *g, unsigned int index)
{
	struct vcpu *v = vcpu_alloc(g, index);

	if (!v)
		return -ENOMEM;
	v->task = kthread_create(vcpu_thread, v, "hv/%s/%u", g->name, index);
	if (IS_ERR(v->task)) {
		int err = PTR_ERR(v->task);

		vcpu_free(v);
		return err;
	}
	lapic_init(&v->lapic, v, &g->platform, index);
	hypercall_init(v);
	g->platform.lapics[index] = &v->lapic;
	g->vcpus[index] = v;
	g->threads[index] = get_task_struct(v->task);
	/* Cgroups refuse a kernel thread until it has run: be done when others learn of it. */
	wake_up_process(v->task);
	wait_for_completion(&g->thread_up);
	return 0;
}

/* The guest does not run, so the thread waits; it ends, and nothing refers to the vCPU. */
void vcpu_destroy(struct guest *g, unsigned int index)
{
	struct vcpu *v = g->vcpus[index];

	if (!v)
		return;
	kthread_stop(v->task);
	hypercall_destroy(v);
	lapic_destroy(&v->lapic);
	put_task_struct(g->threads[index]);
	vcpu_free(v);
	g->vcpus[index] = NULL;
}
