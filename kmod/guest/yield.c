// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU that spins waits for another one of its guest, which may have no host
 * CPU to run on: give ours to it.
 */
#include <linux/sched.h>

#include "guest/guest.h"
#include "guest/vcpu.h"

/*
 * It would run if it had a CPU: not at rest, and not in the core, where it has
 * one.  A glance, with no lock: yield_to() looks again.
 */
static bool wants_cpu(const struct vcpu *v)
{
	return READ_ONCE(v->mp) == MP_RUNNABLE && !READ_ONCE(v->in_core) &&
	       task_is_running(v->task);
}

/* They take turns: the search goes on behind the last one that was helped. */
void vcpu_yield(struct vcpu *v)
{
	struct guest *g = v->guest;
	unsigned int i, n, last = READ_ONCE(g->yielded_to);

	for (i = 1; i <= g->nr_vcpus; i++) {
		n = (last + i) % g->nr_vcpus;
		if (g->vcpus[n] == v || !wants_cpu(g->vcpus[n]))
			continue;
		if (yield_to(g->vcpus[n]->task, true) > 0) {
			WRITE_ONCE(g->yielded_to, n);
			return;
		}
	}
	cond_resched();
}
