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
 */
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "core/engine.h"
#include "guest/guest.h"
#include "guest/life.h"
#include "guest/memory.h"
#include "host.h"
#include "root.h"

/* How long an operation waits for the vCPUs: what they meet on their way is bounded. */
#define LIFE_TIMEOUT	(30 * HZ)

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
 */
enum duty {
	DUTY_NONE,
	DUTY_END,
	DUTY_BOOT,
};

static enum duty life_duty(const struct guest *g)
{
	unsigned int want = READ_ONCE(g->want);

	if (READ_ONCE(g->inside) || READ_ONCE(g->leading))
		return DUTY_NONE;
	if (want & WANT_END)
		return DUTY_END;
	return want & WANT_BOOT ? DUTY_BOOT : DUTY_NONE;
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

/* Every way a guest ends goes through here. @g->lock held, no vCPU inside. */
static void end(struct guest *g)
{
	platform_quiesce(&g->platform);
	handlers_cancel(g);
	console_set_ended(&g->console, true);
	root_put();
	g->stop = g->ending;
	g->stopped_at = ktime_get_real_ns();
	WRITE_ONCE(g->want, 0);
	WRITE_ONCE(g->state, HV_STATE_STOPPED);
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
	if (asked & WANT_RESET)
		g->resets++;
	if (asked & WANT_START)
		WRITE_ONCE(g->boots, g->starts);
}

void life_lead(struct vcpu *v)
{
	struct guest *g = v->guest;
	u32 resets, state;
	bool news;

	if (!leads(v))
		return;
	mutex_lock(&g->lock);
	resets = g->resets;
	state = g->state;
	switch (life_duty(g)) {
	case DUTY_END:
		end(g);
		break;
	case DUTY_BOOT:
		boot(g);
		break;
	case DUTY_NONE:
		break;
	}
	news = g->resets != resets || g->state != state;
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
	if (news)
		api_announce(g);
}

/* Operations */

static int refuse(struct netlink_ext_ack *ack, int err, const char *sentence)
{
	if (ack)
		ack->_msg = sentence;
	return err;
}

/* Now rather than with the first entry, while there is somebody to tell. end() gives it back. */
static int take_root(struct netlink_ext_ack *ack)
{
	const char *why = root_get();

	return why ? refuse(ack, -EBUSY, why) : 0;
}

static int may_start(struct guest *g, struct netlink_ext_ack *ack)
{
	if (g->dead)
		return refuse(ack, -ENOENT, "the guest was removed");
	if (g->state != HV_STATE_CREATED && g->state != HV_STATE_STOPPED)
		return refuse(ack, -EBUSY, "the guest runs already");
	return take_root(ack);
}

/* From here on it runs, although the leader has yet to boot it. */
static void begin(struct guest *g)
{
	memset(&g->stop, 0, sizeof(g->stop));
	g->resets = 0;
	g->boot_error = 0;
	g->started_at = ktime_get_real_ns();
	WRITE_ONCE(g->starts, g->starts + 1);
	WRITE_ONCE(g->state, HV_STATE_RUNNING);
	want(g, WANT_START);
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
	int err;

	if (mutex_lock_killable(&g->lock))
		return -EINTR;
	err = may_start(g, ack);
	if (!err)
		begin(g);
	start = g->starts;
	mutex_unlock(&g->lock);
	if (err)
		return err;
	wake_up_all(&g->run_wq);
	api_announce(g);
	return wait_start(g, start, ack);
}

static bool is_up(const struct guest *g)
{
	return g->state == HV_STATE_RUNNING || g->state == HV_STATE_PAUSED;
}

static bool end_done(const struct guest *g, u64 start)
{
	return READ_ONCE(g->state) == HV_STATE_STOPPED || READ_ONCE(g->starts) != start;
}

int guest_kill(struct guest *g, struct netlink_ext_ack *ack)
{
	const struct vcpu_stop killed = { .reason = HV_STOP_REASON_KILLED };
	u64 start;
	long left;

	if (mutex_lock_killable(&g->lock))
		return -EINTR;
	if (!is_up(g)) {
		mutex_unlock(&g->lock);
		return refuse(ack, -EBUSY, "the guest does not run");
	}
	start = g->starts;
	want_end(g, &killed);
	mutex_unlock(&g->lock);
	wake_up_all(&g->run_wq);
	left = wait_event_killable_timeout(g->run_wq, end_done(g, start), LIFE_TIMEOUT);
	if (!left)
		return refuse(ack, -ETIMEDOUT, "the guest was told to stop, but has not yet");
	return left < 0 ? -EINTR : 0;
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
