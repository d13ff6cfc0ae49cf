// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handlers of a guest, and the table that its bus looks them up in.
 */
#include <linux/slab.h>
#include <linux/sort.h>

#include "core/vcpu.h"
#include "guest/guest.h"
#include "guest/handler.h"

/* The bus's table */

static int compare(const void *a, const void *b)
{
	const struct bus_range *x = a, *y = b;

	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static void collect(struct handlers *hs, bool doorbells, struct bus_range *to, unsigned int *nr)
{
	struct handler *h;
	unsigned long id;

	xa_for_each(&hs->all, id, h)
		if (h->ops->doorbell == doorbells)
			to[(*nr)++] = h->range;
	sort(to, *nr, sizeof(*to), compare, NULL);
}

static struct bus_table *make_table(struct handlers *hs)
{
	struct bus_table *t = kzalloc(struct_size(t, ranges, hs->nr), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	collect(hs, false, t->ranges, &t->nr_traps);
	collect(hs, true, t->ranges + t->nr_traps, &t->nr_doorbells);
	return t;
}

/*
 * Without memory for a smaller table the old one stays: what it names in vain
 * answers like an empty bus.
 */
static int update_table(struct guest *g)
{
	struct bus_table *t = NULL;

	if (g->handlers.nr) {
		t = make_table(&g->handlers);
		if (!t)
			return -ENOMEM;
	}
	kfree(bus_set_table(&g->platform, t));
	return 0;
}

/* What may be added */

static bool has_memory(struct guest *g, const struct bus_range *r)
{
	unsigned int i;

	if (r->space != HV_SPACE_MMIO)
		return false;
	for (i = 0; i < g->nr_regions; i++)
		if (r->first < g->regions[i].gpa + g->regions[i].size &&
		    r->last >= g->regions[i].gpa)
			return true;
	return false;
}

bool handlers_answer_in(struct guest *g, u64 first, u64 last)
{
	struct handler *h;
	unsigned long id;

	xa_for_each(&g->handlers.all, id, h)
		if (h->range.space == HV_SPACE_MMIO && h->range.first <= last &&
		    h->range.last >= first)
			return true;
	return false;
}

/* Traps must not overlap; doorbells not take the same write. */
static bool conflict(const struct handler *a, const struct handler *b)
{
	const struct bus_range *x = &a->range, *y = &b->range;

	if (a->ops->doorbell != b->ops->doorbell || x->space != y->space)
		return false;
	if (!a->ops->doorbell)
		return x->first <= y->last && y->first <= x->last;
	if (x->first != y->first || (x->size && y->size && x->size != y->size))
		return false;
	return !x->match || !y->match || x->data == y->data;
}

static int check(struct guest *g, const struct handler *h)
{
	const struct bus_range *r = &h->range;
	u64 limit = r->space != HV_SPACE_MMIO ? 0xffff : BIT_ULL(S2_GPA_BITS) - 1;
	struct handler *other;
	unsigned long id;

	if (r->space > HV_SPACE_DOORBELL || r->first > r->last || r->last > limit)
		return -EINVAL;
	if (g->handlers.ended)
		return -ENOENT;
	if (bus_has_chip(&g->platform, r->space, r->first, r->last) || has_memory(g, r))
		return -EBUSY;
	xa_for_each(&g->handlers.all, id, other)
		if (conflict(h, other))
			return -EEXIST;
	return g->handlers.nr < HANDLERS_MAX ? 0 : -ENOSPC;
}

/* An id that was in use lately could still be in a vCPU's hand. */
static int insert(struct guest *g, struct handler *h)
{
	struct handlers *hs = &g->handlers;
	int err;

	err = xa_alloc_cyclic(&hs->all, &h->range.id, h, XA_LIMIT(1, U32_MAX), &hs->next_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	hs->nr++;
	err = update_table(g);
	if (err) {
		xa_erase(&hs->all, h->range.id);
		hs->nr--;
	}
	return err;
}

int handler_add(struct guest *g, struct handler *h)
{
	int err;

	mutex_lock(&g->handlers.lock);
	err = check(g, h);
	if (!err)
		err = insert(g, h);
	mutex_unlock(&g->handlers.lock);
	return err;
}

void handler_remove(struct guest *g, struct handler *h)
{
	bool mine;

	mutex_lock(&g->handlers.lock);
	mine = xa_cmpxchg(&g->handlers.all, h->range.id, h, NULL, 0) == h;
	if (mine) {
		g->handlers.nr--;
		update_table(g);
	}
	mutex_unlock(&g->handlers.lock);
	if (mine)
		handler_put(h);
}

static void handler_free(struct kref *ref)
{
	struct handler *h = container_of(ref, struct handler, ref);

	h->ops->free(h);
}

void handler_put(struct handler *h)
{
	kref_put(&h->ref, handler_free);
}

static struct handler *handler_get(struct guest *g, u32 id)
{
	struct handler *h;

	xa_lock(&g->handlers.all);
	h = xa_load(&g->handlers.all, id);
	if (h)
		kref_get(&h->ref);
	xa_unlock(&g->handlers.all);
	return h;
}

/* One that went between the core's look at its table and here: an empty bus. */
enum outcome handlers_answer(struct vcpu *v)
{
	struct handler *h = handler_get(v->guest, v->bus.owner);

	if (h) {
		h->ops->answer(h, v);
		handler_put(h);
	} else {
		bus_answer(v, ~0ULL);
	}
	return OUT_RESUME;
}

void handlers_cancel_vcpu(struct guest *g, unsigned int vcpu)
{
	struct handler *h;
	unsigned long id;

	mutex_lock(&g->handlers.lock);
	xa_for_each(&g->handlers.all, id, h)
		if (h->ops->cancel)
			h->ops->cancel(h, vcpu);
	mutex_unlock(&g->handlers.lock);
}

void handlers_cancel(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < g->nr_vcpus; i++)
		handlers_cancel_vcpu(g, i);
}

void handlers_end(struct guest *g)
{
	struct handler *h;
	unsigned long id;

	mutex_lock(&g->handlers.lock);
	g->handlers.ended = true;
	xa_for_each(&g->handlers.all, id, h)
		if (h->ops->end)
			h->ops->end(h);
	mutex_unlock(&g->handlers.lock);
}

void handlers_init(struct guest *g)
{
	mutex_init(&g->handlers.lock);
	xa_init_flags(&g->handlers.all, XA_FLAGS_ALLOC1);
	xa_init(&g->handlers.irqfds);
}

/* Trap descriptors hold the guest, so doorbells are all that is left. */
void handlers_destroy(struct guest *g)
{
	struct handler *h;
	unsigned long id;

	irqfds_destroy(g);
	kfree(bus_set_table(&g->platform, NULL));
	xa_for_each(&g->handlers.all, id, h)
		handler_put(h);
	xa_destroy(&g->handlers.all);
	xa_destroy(&g->handlers.irqfds);
	mutex_destroy(&g->handlers.lock);
}
