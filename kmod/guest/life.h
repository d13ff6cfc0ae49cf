/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's life, as its vCPUs' threads take part in it: see life.c.
 */
#ifndef HV_GUEST_LIFE_H
#define HV_GUEST_LIFE_H

#include "core/vcpu.h"

struct guest;
struct netlink_ext_ack;

/* Jiffies after which @v's thread looks again although nobody wakes it. */
long life_patience(const struct vcpu *v);

/* Something for @v's thread to do: go inside, or lead. To be looked at again under the lock. */
bool life_calls(struct vcpu *v);

/* The leader's part, if @v is it and there is something to lead in. vCPU thread. */
void life_lead(struct vcpu *v);

/* Go inside: false where the vCPUs meet or rest. After true life_leave() follows. vCPU thread. */
bool life_enter(struct vcpu *v);
void life_leave(struct vcpu *v);

/* What a vCPU finds that ends the guest, or resets it; the first end counts. vCPU thread. */
void life_end(struct guest *g, const struct vcpu_stop *stop);
void life_reset(struct guest *g);

/* As guest_kill(), but with a reason, and nobody waits for the end. Thread context. */
void life_kill(struct guest *g, const struct vcpu_stop *why);

/*
 * Removal, but for the table's part, which @erase does under guest.lock: 0, EBUSY, ENOENT,
 * EINTR.
 */
int life_remove(struct guest *g, struct netlink_ext_ack *ack, void (*erase)(struct guest *g));

/*
 * For changes of what vCPUs and the leader take as constant: waits until none of
 * them is at it.  0 with guest.lock held, until life_let_go(), which tells listeners
 * where there is @news; EBUSY while the guest runs, ENOENT, EINTR, ETIMEDOUT.
 */
int life_hold_still(struct guest *g, struct netlink_ext_ack *ack);
void life_let_go(struct guest *g, bool news);

/* Somebody waits for the guest's end: what takes long gives up. Any context. */
bool life_ends(const struct guest *g);

#endif /* HV_GUEST_LIFE_H */
