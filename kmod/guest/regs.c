// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers from user space: what may be set, and setting it.
 */
#include <linux/netlink.h>

#include "core/cpuid.h"
#include "core/engine.h"
#include "guest/guest.h"
#include "guest/handler.h"

/* SDM vol. 1, 'EFLAGS register': zero, whatever the CPU. */
#define RFLAGS_RESERVED	(BIT_ULL(3) | BIT_ULL(5) | BIT_ULL(15) | GENMASK_ULL(63, 22))

static bool table_valid(const struct hv_dtable *t)
{
	return !memchr_inv(t->pad, 0, sizeof(t->pad));
}

static bool segments_valid(const struct hv_vcpu_state *s)
{
	const u16 all = s->es.attr | s->cs.attr | s->ss.attr | s->ds.attr | s->fs.attr |
			s->gs.attr | s->ldtr.attr | s->tr.attr;

	return !(all & 0xf000);
}

/*
 * What no guest's CPU could have.  How registers go together, the CPU looks at
 * when it enters the guest: an internal-error stop says so.
 */
int guest_check_state(const struct hv_vcpu_state *s, struct netlink_ext_ack *ack)
{
	if ((s->cr4 & ~cr4_allowed()) || (s->efer & ~(efer_allowed() | EFER_LMA_BIT)) ||
	    (s->cr8 & ~0xfULL) || s->cr0 >> 32) {
		NL_SET_ERR_MSG(ack, "the vCPU state sets bits of CR0, CR4, CR8 or EFER that the guest's CPU lacks");
		return -EINVAL;
	}
	if (s->rflags & RFLAGS_RESERVED) {
		NL_SET_ERR_MSG(ack, "the vCPU state sets reserved bits of RFLAGS");
		return -EINVAL;
	}
	if (!table_valid(&s->gdtr) || !table_valid(&s->idtr) || !segments_valid(s)) {
		NL_SET_ERR_MSG(ack, "padding or a reserved attribute in vcpu-state is not zero");
		return -EINVAL;
	}
	return 0;
}

/* What waits belongs to the instruction that was; an interrupt is still to be delivered. */
static void put_state(struct vcpu *v, const struct hv_vcpu_state *state)
{
	handlers_cancel_vcpu(v->guest, v->index);
	bus_done(v);
	if (v->inject.type == EVENT_EXCEPTION)
		v->inject.valid = false;
	v->triple_fault = false;
	v->irq_shadow = false;
	memcpy(v->gpr, state->gpr, sizeof(v->gpr));
	v->rip = state->rip;
	v->rflags = state->rflags;
	v->cr2 = state->cr2;
	lapic_set_cr8(&v->lapic, state->cr8);
	engine->put_state(v, state);
}

int guest_set_state(struct guest *g, unsigned int vcpu, const struct hv_vcpu_state *state)
{
	int err;

	if (vcpu >= g->nr_vcpus)
		return -EINVAL;
	err = guest_check_state(state, NULL);
	if (err)
		return err;
	if (mutex_lock_killable(&g->lock))
		return -EINTR;
	if (g->dead)
		err = -ENOENT;
	else if (g->state == HV_STATE_RUNNING || g->inside || g->leading)
		err = -EBUSY;
	else if (g->state != HV_STATE_CREATED)
		put_state(g->vcpus[vcpu], state);
	else if (vcpu)
		err = -EBUSY;
	else
		g->boot_state = *state;
	mutex_unlock(&g->lock);
	return err;
}
