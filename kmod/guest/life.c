// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's life: its states, and how its vCPUs meet.
 *
 * Whatever needs every vCPU out of the core (a boot, the end, a pause) goes the
 * same way.  Somebody notes under guest.lock what is wanted, and tells all vCPUs
 * to leave.  Each leaves the core and waits.  When none is inside any more, the
 * leader (vCPU 0's thread) does what was wanted; then the vCPUs go inside
 * again, or rest.
 *
 * No call is lost: a vCPU goes inside under the lock, and only while nothing is
 * wanted.  So what comes to be wanted finds it outside, where it stays, or
 * inside, and then its VCPU_REQ_LEAVE is set, which it clears on its way in
 * only.  And it does not take long: a vCPU is kicked out of the guest or out of
 * its halt, and what its thread does beyond that is bounded.
 *
 * Requests that meet each other: an end goes before a boot, and what has not
 * begun by then is forgotten with it; a boot goes before a pause; one boot
 * serves all that ask for one before it begins.
 *
 * A state changes where the operation that asks for it holds the lock (a pause
 * is one from then on, though its vCPUs have yet to leave), but for the end:
 * what was asked of the guest before the leader came to it was asked before.
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core/engine.h"
#include "guest/cgroup.h"
#include "guest/guest.h"
#include "guest/life.h"
#include "guest/memory.h"
#include "host.h"
#include "root.h"

/* How long an operation waits for the vCPUs: what they meet on their way is bounded. */
#define LIFE_TIMEOUT	(30 * HZ)

/* See enum hv_restart. */
#define BACKOFF_FIRST	(100 * NSEC_PER_MSEC)
#define BACKOFF_LAST	(60 * NSEC_PER_SEC)
#define BACKOFF_FORGET	(10 * NSEC_PER_SEC)

/* struct guest.want */
#define WANT_END	BIT(0)	/* @ending says why */
#define WANT_START	BIT(1)	/* a boot, the first one */
#define WANT_RESET	BIT(2)	/* another boot */
#define WANT_BOOT	(WANT_START | WANT_RESET)

/**
 * enum duty - what the leader has to do
 * @DUTY_NONE: nothing, or not yet
 * @DUTY_END: stop the guest
 * @DUTY_BOOT: memory and registers as the boot manifest has them
 * @DUTY_HOLD: it is paused: stop its clocks
 * @DUTY_RESTART: it stopped a while ago, and its policy has it start again
 */
enum duty {
	DUTY_NONE,
	DUTY_END,
	DUTY_BOOT,
	DUTY_HOLD,
	DUTY_RESTART,
};

static bool restart_due(const struct guest *g)
{
	u64 at = READ_ONCE(g->restart_at);

	return at && host_now() >= at;
}

static enum duty life_duty(const struct guest *g)
{
	unsigned int want = READ_ONCE(g->want);

	if (READ_ONCE(g->inside) || READ_ONCE(g->leading))
		return DUTY_NONE;
	if (want & WANT_END)
		return DUTY_END;
	if (want & WANT_BOOT)
		return DUTY_BOOT;
	if (READ_ONCE(g->state) == HV_STATE_PAUSED && !READ_ONCE(g->held))
		return DUTY_HOLD;
	return restart_due(g) ? DUTY_RESTART : DUTY_NONE;
}

long life_patience(const struct vcpu *v)
{
	u64 at = READ_ONCE(v->guest->restart_at), now = host_now();

	if (v->index || !at)
		return MAX_SCHEDULE_TIMEOUT;
	return at > now ? nsecs_to_jiffies(at - now) + 1 : 1;
}

static bool life_open(const struct guest *g)
{
	return READ_ONCE(g->state) == HV_STATE_RUNNING && !READ_ONCE(g->want) &&
	       !READ_ONCE(g->leading);
}

static bool leads(const struct vcpu *v)
{
	return v->index == 0 && life_duty(v->guest) != DUTY_NONE;
}

bool life_calls(struct vcpu *v)
{
	return life_open(v->guest) || leads(v);
}

bool life_ends(const struct guest *g)
{
	return READ_ONCE(g->want) & WANT_END;
}

/* All vCPUs out of the core. @g->lock held. */
static void call_out(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < g->nr_vcpus; i++) {
		set_bit(VCPU_REQ_LEAVE, &g->vcpus[i]->requests);
		host_kick(g->vcpus[i]);
	}
}

/* Note what is wanted. @g->lock held; the caller wakes run_wq behind it. */
static void want(struct guest *g, unsigned int what)
{
	WRITE_ONCE(g->want, g->want | what);
	call_out(g);
}

static void want_end(struct guest *g, const struct vcpu_stop *stop)
{
	if (g->want & WANT_END)
		return;
	g->ending = *stop;
	want(g, WANT_END);
}

bool life_enter(struct vcpu *v)
{
	struct guest *g = v->guest;
	bool open;

	mutex_lock(&g->lock);
	open = life_open(g);
	if (open) {
		WRITE_ONCE(g->inside, g->inside + 1);
		clear_bit(VCPU_REQ_LEAVE, &v->requests);
	}
	mutex_unlock(&g->lock);
	return open;
}

void life_leave(struct vcpu *v)
{
	struct guest *g = v->guest;

	mutex_lock(&g->lock);
	WRITE_ONCE(g->inside, g->inside - 1);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
}

void life_end(struct guest *g, const struct vcpu_stop *stop)
{
	mutex_lock(&g->lock);
	want_end(g, stop);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
}

void life_reset(struct guest *g)
{
	mutex_lock(&g->lock);
	want(g, WANT_RESET);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
}

/* The leader. */

/* QEMU's isa-debug-exit makes (value << 1) | 1 of it. */
static bool is_failure(const struct vcpu_stop *stop)
{
	switch (stop->reason) {
	case HV_STOP_REASON_POWEROFF:
	case HV_STOP_REASON_RESET:
		return false;
	case HV_STOP_REASON_DEBUG_EXIT:
		return stop->status != 1;
	default:
		return true;
	}
}

/* @g->lock held. */
static bool wants_restart(const struct guest *g)
{
	if (g->stop.reason == HV_STOP_REASON_KILLED || READ_ONCE(g->doomed))
		return false;
	if (g->stop_asked && !is_failure(&g->stop))
		return false;
	return g->restart == HV_RESTART_ALWAYS ||
	       (g->restart == HV_RESTART_ON_FAILURE && is_failure(&g->stop));
}

static void set_restart(struct guest *g, u64 in)
{
	g->restart_wall = in ? ktime_get_real_ns() + in : 0;
	WRITE_ONCE(g->restart_at, in ? host_now() + in : 0);
}

/* One that never booted has not been up. */
static void plan_restart(struct guest *g)
{
	u64 up = g->boots == g->starts ? host_now() - g->booted_ns : 0;

	if (!g->backoff || up > BACKOFF_FORGET)
		g->backoff = BACKOFF_FIRST;
	else
		g->backoff = min_t(u64, 2 * g->backoff, BACKOFF_LAST);
	set_restart(g, g->backoff);
}

/* Every way a guest ends goes through here. @g->lock held, no vCPU inside. */
static void end(struct guest *g)
{
	platform_quiesce(&g->platform);
	handlers_cancel(g);
	console_set_ended(&g->console, true);
	root_put();
	g->stop = g->ending;
	g->stopped_at = ktime_get_real_ns();
	WRITE_ONCE(g->held, false);
	WRITE_ONCE(g->want, 0);
	WRITE_ONCE(g->state, HV_STATE_STOPPED);
	if (wants_restart(g))
		plan_restart(g);
}

static void reset_vcpu(struct vcpu *v)
{
	clear_bit(VCPU_REQ_PLATFORM, &v->requests);
	memset(&v->stop, 0, sizeof(v->stop));
	core_reset(v, &v->guest->boot_state);
	host_reset_fpu(v);
}

/* The board first: its chips' lines reach the local APICs, which are reset with the vCPUs. */
static void reset_machine(struct guest *g)
{
	unsigned int i;

	handlers_cancel(g);
	platform_reset(&g->platform);
	for (i = 0; i < g->nr_vcpus; i++)
		reset_vcpu(g->vcpus[i]);
	/* The writer's queue goes on into the new UART. */
	console_set_ended(&g->console, false);
}

/* Memory is empty then, and the guest stops. One that has to end anyway gave up for that. */
static void boot_failed(struct guest *g, int err)
{
	struct vcpu_stop stop = { .reason = HV_STOP_REASON_MEMORY_LIMIT };

	if (g->want & WANT_END)
		return;
	scnprintf(stop.detail, sizeof(stop.detail),
		  "no memory to apply the boot manifest (%d)", err);
	g->boot_error = err;
	want_end(g, &stop);
}

/* @g->lock held, and dropped while memory is written. */
static void boot(struct guest *g)
{
	unsigned int asked = g->want & WANT_BOOT;
	int err;

	WRITE_ONCE(g->want, g->want & ~WANT_BOOT);
	WRITE_ONCE(g->leading, true);
	mutex_unlock(&g->lock);
	err = memory_boot(g);
	mutex_lock(&g->lock);
	WRITE_ONCE(g->leading, false);
	if (err) {
		boot_failed(g, err);
		return;
	}
	reset_machine(g);
	g->booted_ns = host_now();
	/* A paused one is held anew, by the clocks that it has now. */
	WRITE_ONCE(g->held, false);
	/* A reset has taken back what was pressed before. */
	if (g->stop_asked)
		pm_press_power_button(&g->platform);
	if (asked & WANT_RESET)
		g->resets++;
	if (asked & WANT_START)
		WRITE_ONCE(g->boots, g->starts);
}

/* @g->lock held, no vCPU inside. */
static void hold(struct guest *g)
{
	platform_quiesce(&g->platform);
	g->held_at = host_now();
	g->held_tsc = host_tsc();
	WRITE_ONCE(g->held, true);
}

/* @g->lock held, no vCPU inside. */
static void go_on(struct guest *g)
{
	u64 ticks = host_tsc() - g->held_tsc, ns = host_now() - g->held_at;
	unsigned int i;

	for (i = 0; i < g->nr_vcpus; i++)
		core_go_on(g->vcpus[i], ticks);
	platform_go_on(&g->platform, ns, ticks);
	WRITE_ONCE(g->held, false);
}

/* From here on it runs, although the leader has yet to boot it. @g->lock held. */
static void begin(struct guest *g)
{
	memset(&g->stop, 0, sizeof(g->stop));
	g->resets = 0;
	g->boot_error = 0;
	g->stop_asked = false;
	set_restart(g, 0);
	g->started_at = ktime_get_real_ns();
	WRITE_ONCE(g->starts, g->starts + 1);
	WRITE_ONCE(g->state, HV_STATE_RUNNING);
	guest_cgroup_watch(g);
	want(g, WANT_START);
}

/* Where root is not to be had, the next try comes later. */
static void restart(struct guest *g)
{
	if (root_get()) {
		plan_restart(g);
		return;
	}
	g->restarts++;
	begin(g);
}

static void (*const duties[])(struct guest *g) = {
	[DUTY_END] = end,
	[DUTY_BOOT] = boot,
	[DUTY_HOLD] = hold,
	[DUTY_RESTART] = restart,
};

/* The guest has stopped for good, which is news before it goes. @g->lock held. */
static bool is_over(const struct guest *g)
{
	return g->state == HV_STATE_STOPPED && !g->restart_at && g->remove_on_stop;
}

void life_lead(struct vcpu *v)
{
	struct guest *g = v->guest;
	u32 resets, state;
	enum duty duty;
	bool news, over;

	if (!leads(v))
		return;
	mutex_lock(&g->lock);
	resets = g->resets;
	state = g->state;
	duty = life_duty(g);
	if (duty != DUTY_NONE)
		duties[duty](g);
	news = g->resets != resets || g->state != state;
	over = news && is_over(g);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
	if (news)
		api_announce(g);
	if (over)
		guest_retire(g);
}

/* Operations */

enum life_op {
	OP_START,
	OP_STOP,
	OP_KILL,
	OP_PAUSE,
	OP_RESUME,
	OP_RESET,
	OP_REMOVE,
	OP_SET,
	OP_REGION,
};

#define NOT_RUNNING	"the guest does not run"
#define ALL_BUT_RUNNING	{ NOT_RUNNING, NULL, NULL, NOT_RUNNING }

/* The table of hv.yaml: NULL where the state allows it, else why not. */
static const char *const refusals[][HV_STATE_STOPPED + 1] = {
	[OP_START] = {
		[HV_STATE_RUNNING] = "the guest runs already",
		[HV_STATE_PAUSED] = "the guest is paused: resume it",
	},
	[OP_STOP] = ALL_BUT_RUNNING,
	[OP_KILL] = ALL_BUT_RUNNING,
	[OP_PAUSE] = {
		[HV_STATE_CREATED] = NOT_RUNNING,
		[HV_STATE_PAUSED] = "the guest is paused already",
		[HV_STATE_STOPPED] = NOT_RUNNING,
	},
	[OP_RESUME] = {
		[HV_STATE_CREATED] = "the guest is not paused",
		[HV_STATE_RUNNING] = "the guest is not paused",
		[HV_STATE_STOPPED] = "the guest is not paused",
	},
	[OP_RESET] = ALL_BUT_RUNNING,
	[OP_REMOVE] = {
		[HV_STATE_RUNNING] = "the guest runs: kill it first",
		[HV_STATE_PAUSED] = "the guest is paused: kill it first",
	},
	[OP_SET] = { NULL },
	[OP_REGION] = { [HV_STATE_RUNNING] = "the guest runs: pause it first" },
};

static int refuse(struct netlink_ext_ack *ack, int err, const char *sentence)
{
	if (ack)
		ack->_msg = sentence;
	return err;
}

/* A doomed guest can still be killed and removed: that is what it waits for. */
static bool is_gone(const struct guest *g, enum life_op op)
{
	return g->dead || (READ_ONCE(g->doomed) && op != OP_KILL && op != OP_REMOVE);
}

/* Awaiting its restart, a guest is stopped by not starting it. @g->lock held. */
static bool ends_wait(const struct guest *g, enum life_op op)
{
	return g->restart_at && (op == OP_STOP || op == OP_KILL);
}

/* May @op be done? Then 0, with @g->lock held. */
static int admit(struct guest *g, enum life_op op, struct netlink_ext_ack *ack)
{
	const char *why;
	int err = 0;

	if (mutex_lock_killable(&g->lock))
		return -EINTR;
	why = refusals[op][g->state];
	if (is_gone(g, op))
		err = refuse(ack, -ENOENT, "the guest was removed");
	else if (why && !ends_wait(g, op))
		err = refuse(ack, -EBUSY, why);
	if (err)
		mutex_unlock(&g->lock);
	return err;
}

/* The operation is noted: those who wait look again, and others hear of it. */
static void settle(struct guest *g)
{
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
	api_announce(g);
}

/* It awaited its restart, and stays stopped instead. @g->lock held, and dropped. */
static void stay(struct guest *g)
{
	bool over;

	set_restart(g, 0);
	over = is_over(g);
	settle(g);
	if (over)
		guest_retire(g);
}

/* Now rather than with the first entry, while there is somebody to tell. end() gives it back. */
static int take_root(struct netlink_ext_ack *ack)
{
	const char *why = root_get();

	return why ? refuse(ack, -EBUSY, why) : 0;
}

/* Has the start that was the @start-th come to something: a boot, an end, another start? */
static bool start_done(const struct guest *g, u64 start)
{
	return READ_ONCE(g->boots) == start || READ_ONCE(g->starts) != start ||
	       READ_ONCE(g->state) == HV_STATE_STOPPED;
}

/* Whoever waits may be killed: the guest starts all the same. */
static int wait_start(struct guest *g, u64 start, struct netlink_ext_ack *ack)
{
	int err = wait_event_killable(g->run_wq, start_done(g, start));

	if (err)
		return -EINTR;
	mutex_lock(&g->lock);
	err = g->starts == start ? g->boot_error : 0;
	mutex_unlock(&g->lock);
	return err ? refuse(ack, err, "no memory to apply the boot manifest") : 0;
}

int guest_start(struct guest *g, struct netlink_ext_ack *ack)
{
	u64 start;
	int err = admit(g, OP_START, ack);

	if (err)
		return err;
	err = take_root(ack);
	if (err) {
		mutex_unlock(&g->lock);
		return err;
	}
	g->restarts = 0;
	g->backoff = 0;
	begin(g);
	start = g->starts;
	settle(g);
	return wait_start(g, start, ack);
}

int guest_stop(struct guest *g, struct netlink_ext_ack *ack)
{
	int err = admit(g, OP_STOP, ack);

	if (err)
		return err;
	if (g->state == HV_STATE_STOPPED) {
		stay(g);
		return 0;
	}
	g->stop_asked = true;
	pm_press_power_button(&g->platform);
	mutex_unlock(&g->lock);
	return 0;
}

static bool end_done(const struct guest *g, u64 start)
{
	return READ_ONCE(g->state) == HV_STATE_STOPPED || READ_ONCE(g->starts) != start;
}

static int wait_end(struct guest *g, u64 start, struct netlink_ext_ack *ack)
{
	long left = wait_event_killable_timeout(g->run_wq, end_done(g, start), LIFE_TIMEOUT);

	if (!left)
		return refuse(ack, -ETIMEDOUT, "the guest was told to stop, but has not yet");
	return left < 0 ? -EINTR : 0;
}

/* @start: which one of its starts is to end, 0 where it only awaited one. */
static int order_end(struct guest *g, const struct vcpu_stop *why, u64 *start,
		     struct netlink_ext_ack *ack)
{
	int err = admit(g, OP_KILL, ack);

	*start = 0;
	if (err)
		return err;
	if (g->state == HV_STATE_STOPPED) {
		stay(g);
		return 0;
	}
	*start = g->starts;
	want_end(g, why);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
	return 0;
}

int guest_kill(struct guest *g, struct netlink_ext_ack *ack)
{
	const struct vcpu_stop killed = { .reason = HV_STOP_REASON_KILLED };
	u64 start;
	int err = order_end(g, &killed, &start, ack);

	return err || !start ? err : wait_end(g, start, ack);
}

void life_kill(struct guest *g, const struct vcpu_stop *why)
{
	u64 start;

	order_end(g, why, &start, NULL);
}

/* Is the @pause-th pause complete, or over? */
static bool pause_done(const struct guest *g, u64 pause)
{
	return READ_ONCE(g->held) || READ_ONCE(g->state) != HV_STATE_PAUSED ||
	       READ_ONCE(g->pauses) != pause;
}

int guest_pause(struct guest *g, struct netlink_ext_ack *ack)
{
	u64 pause;
	long left;
	int err = admit(g, OP_PAUSE, ack);

	if (err)
		return err;
	pause = g->pauses + 1;
	WRITE_ONCE(g->pauses, pause);
	WRITE_ONCE(g->state, HV_STATE_PAUSED);
	call_out(g);
	settle(g);
	left = wait_event_killable_timeout(g->run_wq, pause_done(g, pause), LIFE_TIMEOUT);
	if (!left)
		return refuse(ack, -ETIMEDOUT, "the guest is paused, but not all of its vCPUs rest yet");
	return left < 0 ? -EINTR : 0;
}

/* One that was not held yet goes on as if nothing had been. */
int guest_resume(struct guest *g, struct netlink_ext_ack *ack)
{
	int err = admit(g, OP_RESUME, ack);

	if (err)
		return err;
	if (g->held)
		go_on(g);
	WRITE_ONCE(g->state, HV_STATE_RUNNING);
	settle(g);
	return 0;
}

int guest_reset(struct guest *g, struct netlink_ext_ack *ack)
{
	int err = admit(g, OP_RESET, ack);

	if (err)
		return err;
	want(g, WANT_RESET);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
	return 0;
}

int guest_set(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	int err = admit(g, OP_SET, ack);

	if (err)
		return err;
	if (c->given & GUEST_GIVEN_ON_RESET)
		WRITE_ONCE(g->on_reset, c->on_reset);
	if (c->given & GUEST_GIVEN_LABELS)
		swap(g->labels, c->labels);
	if (c->given & GUEST_GIVEN_REMOVE_ON_STOP)
		g->remove_on_stop = c->remove_on_stop;
	if (c->given & GUEST_GIVEN_RESTART)
		g->restart = c->restart;
	if (g->restart == HV_RESTART_NO && g->restart_at)
		stay(g);
	else
		settle(g);
	return 0;
}

int life_remove(struct guest *g, struct netlink_ext_ack *ack, void (*erase)(struct guest *g))
{
	int err = admit(g, OP_REMOVE, ack);

	if (err)
		return err;
	set_restart(g, 0);
	erase(g);
	mutex_unlock(&g->lock);
	return 0;
}

static bool is_still(const struct guest *g)
{
	return !READ_ONCE(g->inside) && !READ_ONCE(g->leading);
}

int life_hold_still(struct guest *g, struct netlink_ext_ack *ack)
{
	long left;
	int err;

	for (;;) {
		err = admit(g, OP_REGION, ack);
		if (err || is_still(g))
			return err;
		mutex_unlock(&g->lock);
		left = wait_event_killable_timeout(g->run_wq, is_still(g), LIFE_TIMEOUT);
		if (!left)
			return refuse(ack, -ETIMEDOUT, "not all of the guest's vCPUs rest yet");
		if (left < 0)
			return -EINTR;
	}
}

void life_let_go(struct guest *g, bool news)
{
	if (news)
		settle(g);
	else
		mutex_unlock(&g->lock);
}

static void get_state(struct vcpu *v, struct hv_vcpu_state *state)
{
	memset(state, 0, sizeof(*state));
	engine->get_state(v, state);
	memcpy(state->gpr, v->gpr, sizeof(state->gpr));
	state->rip = v->rip;
	state->rflags = v->rflags;
	state->cr2 = v->cr2;
	state->cr8 = lapic_get_cr8(&v->lapic);
}

int guest_get_state(struct guest *g, unsigned int vcpu, struct hv_vcpu_state *state)
{
	int err = 0;

	if (vcpu >= g->nr_vcpus)
		return -EINVAL;
	if (mutex_lock_killable(&g->lock))
		return -EINTR;
	if (g->state == HV_STATE_RUNNING || g->inside || g->leading)
		err = -EBUSY;
	else if (g->state == HV_STATE_CREATED)
		*state = vcpu ? core_reset_state : g->boot_state;
	else
		get_state(g->vcpus[vcpu], state);
	mutex_unlock(&g->lock);
	return err;
}
