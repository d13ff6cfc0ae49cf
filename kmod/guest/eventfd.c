// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioeventfds: the guest's write signals an eventfd.  irqfds: an eventfd raises
 * the guest's interrupt.
 *
 * An ioeventfd is a trap whose answer is at hand: the vCPU leaves the core for
 * it, because waking an eventfd's waiters takes as long as there are many, and
 * a spinlock that sleeps under PREEMPT_RT: neither may happen in the core.
 *
 * An irqfd's line is driven from the eventfd's wake-up, with interrupts off:
 * chips and their lock are made for that.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "compat.h"
#include "core/vcpu.h"
#include "guest/guest.h"
#include "guest/handler.h"

/* ioeventfd */

/**
 * struct doorbell - an ioeventfd
 * @handler: which write
 * @eventfd: referenced
 */
struct doorbell {
	struct handler handler;
	struct eventfd_ctx *eventfd;
};

static struct doorbell *doorbell_of(struct handler *h)
{
	return container_of(h, struct doorbell, handler);
}

static void doorbell_answer(struct handler *h, struct vcpu *v)
{
	hv_eventfd_signal(doorbell_of(h)->eventfd);
	bus_answer(v, 0);
}

static void doorbell_free(struct handler *h)
{
	eventfd_ctx_put(doorbell_of(h)->eventfd);
	kfree(doorbell_of(h));
}

static const struct handler_ops doorbell_ops = {
	.doorbell	= true,
	.answer		= doorbell_answer,
	.free		= doorbell_free,
};

static struct bus_range doorbell_range(const struct hv_ioeventfd *arg)
{
	return (struct bus_range){
		.first = arg->address,
		.last = arg->address + max(arg->size, 1U) - 1,
		.data = arg->data,
		.space = arg->space,
		.size = arg->size,
		.match = arg->flags & HV_IOEVENTFD_MATCH,
	};
}

static int doorbell_add(struct guest *g, const struct hv_ioeventfd *arg)
{
	struct doorbell *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	int err;

	if (!d)
		return -ENOMEM;
	d->eventfd = eventfd_ctx_fdget(arg->fd);
	if (IS_ERR(d->eventfd)) {
		err = PTR_ERR(d->eventfd);
		kfree(d);
		return err;
	}
	kref_init(&d->handler.ref);
	d->handler.ops = &doorbell_ops;
	d->handler.range = doorbell_range(arg);
	err = handler_add(g, &d->handler);
	if (err)
		handler_put(&d->handler);
	return err;
}

static bool is_same(const struct bus_range *a, const struct bus_range *b)
{
	return a->space == b->space && a->first == b->first && a->size == b->size &&
	       a->match == b->match && a->data == b->data;
}

/* With a reference, or NULL. */
static struct handler *doorbell_find(struct guest *g, const struct bus_range *range)
{
	struct handler *h, *found = NULL;
	unsigned long id;

	mutex_lock(&g->handlers.lock);
	xa_for_each(&g->handlers.all, id, h)
		if (h->ops == &doorbell_ops && is_same(&h->range, range))
			found = h;
	if (found)
		kref_get(&found->ref);
	mutex_unlock(&g->handlers.lock);
	return found;
}

static int doorbell_remove(struct guest *g, const struct hv_ioeventfd *arg)
{
	struct bus_range range = doorbell_range(arg);
	struct handler *h = doorbell_find(g, &range);

	if (!h)
		return -ENOENT;
	handler_remove(g, h);
	handler_put(h);
	return 0;
}

static bool ioeventfd_valid(const struct hv_ioeventfd *arg)
{
	static const u8 widest[] = {
		[HV_SPACE_PORT] = 4, [HV_SPACE_MMIO] = 8, [HV_SPACE_DOORBELL] = 0,
	};
	bool match = arg->flags & HV_IOEVENTFD_MATCH;

	if (arg->flags & ~(HV_IOEVENTFD_MATCH | HV_IOEVENTFD_REMOVE))
		return false;
	if (arg->space >= ARRAY_SIZE(widest) || arg->size > widest[arg->space] ||
	    (arg->size & (arg->size - 1)))
		return false;
	if (match ? !arg->size || (arg->size < 8 && arg->data >> (8 * arg->size)) : arg->data != 0)
		return false;
	return !(arg->flags & HV_IOEVENTFD_REMOVE) || arg->fd == -1;
}

int ioeventfd_set(struct guest *g, const struct hv_ioeventfd *arg)
{
	if (!ioeventfd_valid(arg))
		return -EINVAL;
	return arg->flags & HV_IOEVENTFD_REMOVE ? doorbell_remove(g, arg) : doorbell_add(g, arg);
}

/* irqfd */

/**
 * struct irqfd - one
 * @guest: it lives as long as the guest at most
 * @gsi: its line
 * @file: the eventfd, referenced: so it never goes while this waits
 * @eventfd: the same, referenced
 * @wait: in the eventfd's queue
 * @queue: that queue
 * @poll: how it got there
 */
struct irqfd {
	struct guest *guest;
	u32 gsi;
	struct file *file;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	wait_queue_head_t *queue;
	poll_table poll;
};

/* Interrupts off. Without a run there is no interrupt to be had. */
static void irqfd_pulse(struct irqfd *i)
{
	struct platform *p = &i->guest->platform;
	u32 state = READ_ONCE(i->guest->state);
	unsigned long flags;

	if (state != HV_STATE_RUNNING && state != HV_STATE_PAUSED)
		return;
	flags = host_lock(&p->lock);
	platform_gsi(p, i->gsi, true);
	platform_gsi(p, i->gsi, false);
	host_unlock(&p->lock, flags);
}

/* The queue's lock is held, interrupts are off. */
static void irqfd_take(struct irqfd *i)
{
	u64 count;

	eventfd_ctx_do_read(i->eventfd, &count);
	if (count)
		irqfd_pulse(i);
}

static int irqfd_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	if (key_to_poll(key) & EPOLLIN)
		irqfd_take(container_of(wait, struct irqfd, wait));
	return 0;
}

static void irqfd_queue(struct file *file, wait_queue_head_t *queue, poll_table *poll)
{
	struct irqfd *i = container_of(poll, struct irqfd, poll);

	i->queue = queue;
	add_wait_queue(queue, &i->wait);
}

/* What was signalled before counts. */
static void irqfd_begin(struct irqfd *i)
{
	unsigned long flags;

	init_waitqueue_func_entry(&i->wait, irqfd_wake);
	init_poll_funcptr(&i->poll, irqfd_queue);
	vfs_poll(i->file, &i->poll);
	spin_lock_irqsave(&i->queue->lock, flags);
	irqfd_take(i);
	spin_unlock_irqrestore(&i->queue->lock, flags);
}

static void irqfd_free(struct irqfd *i)
{
	eventfd_ctx_put(i->eventfd);
	fput(i->file);
	kfree(i);
}

/* Not queued any more, so no wake-up is under way: they hold the queue's lock. */
static void irqfd_end(struct irqfd *i)
{
	u64 count;

	eventfd_ctx_remove_wait_queue(i->eventfd, &i->wait, &count);
	irqfd_free(i);
}

static struct irqfd *irqfd_alloc(struct guest *g, const struct hv_irqfd *arg)
{
	struct irqfd *i = kzalloc(sizeof(*i), GFP_KERNEL_ACCOUNT);

	if (!i)
		return ERR_PTR(-ENOMEM);
	i->guest = g;
	i->gsi = arg->gsi;
	i->file = eventfd_fget(arg->fd);
	if (IS_ERR(i->file)) {
		struct file *err = i->file;

		kfree(i);
		return ERR_CAST(err);
	}
	i->eventfd = eventfd_ctx_fileget(i->file);
	return i;
}

static int irqfd_add(struct guest *g, const struct hv_irqfd *arg)
{
	struct irqfd *i = irqfd_alloc(g, arg);
	int err;

	if (IS_ERR(i))
		return PTR_ERR(i);
	mutex_lock(&g->handlers.lock);
	err = g->handlers.ended ? -ENOENT :
	      xa_insert(&g->handlers.irqfds, i->gsi, i, GFP_KERNEL_ACCOUNT);
	if (!err)
		irqfd_begin(i);
	mutex_unlock(&g->handlers.lock);
	if (err)
		irqfd_free(i);
	return err == -EBUSY ? -EEXIST : err;
}

static int irqfd_remove(struct guest *g, u32 gsi)
{
	struct irqfd *i;

	mutex_lock(&g->handlers.lock);
	i = xa_erase(&g->handlers.irqfds, gsi);
	if (i)
		irqfd_end(i);
	mutex_unlock(&g->handlers.lock);
	return i ? 0 : -ENOENT;
}

int irqfd_set(struct guest *g, const struct hv_irqfd *arg)
{
	bool remove = arg->flags & HV_IRQFD_REMOVE;

	if ((arg->flags & ~HV_IRQFD_REMOVE) || arg->pad || arg->gsi >= IOAPIC_PINS ||
	    (remove && arg->fd != -1))
		return -EINVAL;
	if (platform_has_gsi(arg->gsi))
		return -EBUSY;
	return remove ? irqfd_remove(g, arg->gsi) : irqfd_add(g, arg);
}

void irqfds_destroy(struct guest *g)
{
	struct irqfd *i;
	unsigned long gsi;

	xa_for_each(&g->handlers.irqfds, gsi, i)
		irqfd_end(i);
}
