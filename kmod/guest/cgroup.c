// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup.kill ends a guest.
 *
 * The kernel sends SIGKILL to the tasks of the cgroup and of those below it, but
 * for kernel threads, which it tells nothing.  It counts the kills of each
 * cgroup, though, for tasks that are being forked meanwhile, and nobody is told
 * of that either: so the count is looked at, twice a second while there are
 * guests.
 */
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "guest/cgroup.h"
#include "guest/guest.h"
#include "guest/life.h"

#define PERIOD	(HZ / 2)

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(guest_cgroup_watch_work, look);

/* struct guest.kills: a start and a look may meet. */
static DEFINE_SPINLOCK(kills_lock);

/* Since the last time, in the same cgroup. */
static bool was_killed(struct cgroup_kills *last, struct task_struct *task)
{
	struct cgroup_kills now = compat_cgroup_kills(task);
	bool killed = now.cgroup == last->cgroup && now.count != last->count;

	*last = now;
	return killed;
}

static bool any_was_killed(struct guest *g)
{
	bool killed = false;
	unsigned int i;

	spin_lock(&kills_lock);
	for (i = 0; i < g->nr_vcpus; i++)
		killed |= was_killed(&g->kills[i], g->threads[i]);
	spin_unlock(&kills_lock);
	return killed;
}

static void watch(void)
{
	queue_delayed_work(system_unbound_wq, &guest_cgroup_watch_work, PERIOD);
}

static void look(struct work_struct *work)
{
	static const struct vcpu_stop killed = {
		.reason = HV_STOP_REASON_KILLED,
		.detail = "its cgroup was killed",
	};
	struct guest *g;
	u64 id = 0;

	while ((g = guest_next_that(id, any_was_killed))) {
		id = g->id + 1;
		life_kill(g, &killed);
		guest_put(g);
	}
	if (guest_count())
		watch();
}

/* What was killed before the start is not what starts. */
void guest_cgroup_watch(struct guest *g)
{
	any_was_killed(g);
	watch();
}

void guest_cgroup_exit(void)
{
	cancel_delayed_work_sync(&guest_cgroup_watch_work);
}
