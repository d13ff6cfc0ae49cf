/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What of a guest's bus the host side answers: programs' traps, ioeventfds.
 * And irqfds, the other way round.
 *
 * Host side: ordinary thread context.
 */
#ifndef HV_GUEST_HANDLER_H
#define HV_GUEST_HANDLER_H

#include <linux/hv.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "core/bus.h"

struct guest;
struct handler;
struct vcpu;

/* Traps and ioeventfds of a guest together. */
#define HANDLERS_MAX	256

/**
 * struct handler_ops - a kind of handler
 * @doorbell: takes writes to one address, before any trap
 * @answer: on the vCPU's thread: bus_answer() what it waits for, or return
 *          without where the vCPU is wanted elsewhere: it will come again
 * @cancel: that vCPU does not wait any more; may be NULL
 * @end: the guest was removed: nobody ever will; may be NULL
 * @free: nothing refers to it
 */
struct handler_ops {
	bool doorbell;
	void (*answer)(struct handler *h, struct vcpu *v);
	void (*cancel)(struct handler *h, unsigned int vcpu);
	void (*end)(struct handler *h);
	void (*free)(struct handler *h);
};

/**
 * struct handler - who answers a range
 * @ref: the guest holds one while it is there; so does whoever uses it
 * @ops: constant
 * @range: constant once added; its id is the key
 */
struct handler {
	struct kref ref;
	const struct handler_ops *ops;
	struct bus_range range;
};

/**
 * struct handlers - all of a guest's
 * @lock: additions and removals, and the bus's table, which follows
 * @all: handlers by id; its own lock for lookups
 * @next_id: where the search for a free id begins, so that old ones stay unused
 * @nr: how many; @lock
 * @irqfds: by GSI; @lock
 * @ended: the guest was removed; @lock
 */
struct handlers {
	struct mutex lock;	/* additions and removals */
	struct xarray all;
	u32 next_id;
	unsigned int nr;
	struct xarray irqfds;
	bool ended;
};

/* With the guest: once at creation, and when nothing refers to it any more. */
void handlers_init(struct guest *g);
void handlers_destroy(struct guest *g);

/* Does one of them answer in [@first, @last] of guest physical memory? handlers.lock held. */
bool handlers_answer_in(struct guest *g, u64 first, u64 last);

/* No vCPU runs, and none of them waits for an answer any more. */
void handlers_cancel(struct guest *g);

/* Likewise of one vCPU. */
void handlers_cancel_vcpu(struct guest *g, unsigned int vcpu);

/* The guest was removed. */
void handlers_end(struct guest *g);

/* OUT_TRAP: have what @v waits for answered; OUT_RESUME. On its thread. */
enum outcome handlers_answer(struct vcpu *v);

/**
 * handler_add() - a handler begins
 * @g: guest
 * @h: whole, with a reference that the guest takes over
 *
 * Return: 0, EINVAL (an address that does not exist), EBUSY (a chip or memory
 * is there), EEXIST (another handler is), ENOSPC (more than HANDLERS_MAX),
 * ENOENT (the guest was removed), ENOMEM.  The reference stays the caller's
 * then.
 */
int handler_add(struct guest *g, struct handler *h);

/* The handler ends, if it has not; drops the guest's reference. */
void handler_remove(struct guest *g, struct handler *h);

void handler_put(struct handler *h);

/* trap.c: a new trap descriptor, or -errno. */
int trap_open(struct guest *g, const struct hv_trap *arg);

/* eventfd.c: 0 or -errno. */
int ioeventfd_set(struct guest *g, const struct hv_ioeventfd *arg);
int irqfd_set(struct guest *g, const struct hv_irqfd *arg);
void irqfds_destroy(struct guest *g);

/* Implemented by api/: tells listeners that @cut accesses of @range lost their handler. */
void api_announce_trap(struct guest *g, const struct bus_range *range, unsigned int cut);

#endif /* HV_GUEST_HANDLER_H */
