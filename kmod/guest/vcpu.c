// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's thread: runs the core, and does what the core cannot.
 */
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core/engine.h"
#include "guest/guest.h"
#include "guest/handler.h"
#include "guest/memory.h"
#include "guest/vcpu.h"
#include "host.h"
#include "root.h"

/*
 * A guest that was up for less than this when it triple-faults is not
 * rebooting (Linux's reboot=t) but crashing, and would do so for ever.
 */
#define CRASH_LOOP_NS	NSEC_PER_SEC

/* Every way a guest ends goes through here, on its vCPU 0's thread. */
static void stopped(struct guest *g, const struct vcpu_stop *stop)
{
	mutex_lock(&g->lock);
	platform_quiesce(&g->platform);
	handlers_cancel(g);
	console_set_ended(&g->console, true);
	g->stop = *stop;
	g->state = HV_STATE_STOPPED;
	g->stopped_at = ktime_get_real_ns();
	g->want_run = false;
	g->want_kill = false;
	mutex_unlock(&g->lock);
	root_put();
	wake_up_all(&g->run_wq);
	api_announce(g);
}

static enum outcome stop(struct vcpu *v, enum hv_stop_reason reason, u32 status)
{
	return vcpu_stop(v, reason, status, "%s", "");
}

static enum outcome reset(struct vcpu *v)
{
	struct guest *g = v->guest;
	int err;

	handlers_cancel(g);
	platform_reset(&g->platform);
	err = memory_boot(g);
	if (err)
		return vcpu_stop(v, HV_STOP_REASON_MEMORY_LIMIT, 0,
				 "no memory to apply the boot manifest after a reset (%d)", err);
	core_reset(v, &g->boot_state);
	host_reset_fpu(v);
	/* The writer's queue goes on into the new UART. */
	console_set_ended(&g->console, false);
	mutex_lock(&g->lock);
	g->resets++;
	g->booted_ns = host_now();
	mutex_unlock(&g->lock);
	api_announce(g);
	return OUT_RESUME;
}

static enum outcome do_interrupt(struct vcpu *v)
{
	cond_resched();
	return OUT_RESUME;
}

static enum outcome do_halt(struct vcpu *v)
{
	for (;;) {
		set_current_state(TASK_IDLE);
		if (core_has_work(v))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return OUT_RESUME;
}

static enum outcome do_fill(struct vcpu *v)
{
	int err = memory_fill(v->guest, v->fill_gpa);

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
		if (g->on_reset == HV_ON_RESET_STOP)
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
	    g->on_reset == HV_ON_RESET_RESET && host_now() - g->booted_ns > CRASH_LOOP_NS)
		return reset(v);
	return OUT_STOP;
}

static enum outcome do_request(struct vcpu *v)
{
	struct guest *g = v->guest;

	clear_bit(VCPU_REQ_LEAVE, &v->requests);
	if (READ_ONCE(g->want_kill))
		return stop(v, HV_STOP_REASON_KILLED, 0);
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
};

static void run(struct vcpu *v)
{
	enum outcome out = OUT_RESUME;

	while (out == OUT_RESUME) {
		out = core_run(v);
		out = outcomes[out](v);
		cond_resched();
	}
	stopped(v->guest, &v->stop);
}

static int vcpu_thread(void *data)
{
	struct vcpu *v = data;
	struct guest *g = v->guest;

	complete(&g->thread_up);
	while (!kthread_should_stop()) {
		wait_event_idle(g->run_wq, READ_ONCE(g->want_run) || kthread_should_stop());
		if (READ_ONCE(g->want_run))
			run(v);
	}
	return 0;
}

size_t vcpu_footprint(void)
{
	return engine->vcpu_size + PAGE_SIZE + host_fpu_size();
}

static struct vcpu *vcpu_alloc(struct guest *g, unsigned int index)
{
	struct vcpu *v = kzalloc(engine->vcpu_size, GFP_KERNEL_ACCOUNT);

	if (!v)
		return NULL;
	v->fpu = host_fpu_alloc();
	if (!v->fpu || engine->vcpu_init(v)) {
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
	lapic_destroy(&v->lapic);
	put_task_struct(g->threads[index]);
	vcpu_free(v);
	g->vcpus[index] = NULL;
}
