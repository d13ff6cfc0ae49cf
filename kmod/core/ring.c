// SPDX-License-Identifier: GPL-2.0-only
#include "core/ring.h"

/*
 * Bytes from position @pos on that lie in one piece before @data wraps,
 * at most @n.
 */
static u32 ring_piece(const struct ring *r, u64 pos, u32 n)
{
	return min_t(u32, n, r->size - (pos & (r->size - 1)));
}

static u8 *ring_at(const struct ring *r, u64 pos)
{
	return r->data + (pos & (r->size - 1));
}

void ring_put(struct ring *r, u8 byte)
{
	if (!ring_space(r))
		r->tail++;
	*ring_at(r, r->head++) = byte;
}

u32 ring_add(struct ring *r, const u8 *buf, u32 n)
{
	u32 first;

	n = min(n, ring_space(r));
	if (!n)
		return 0;
	first = ring_piece(r, r->head, n);
	memcpy(ring_at(r, r->head), buf, first);
	memcpy(r->data, buf + first, n - first);
	r->head += n;
	return n;
}

void ring_move(struct ring *r, u8 *data, u32 size)
{
	struct ring new = { .data = data, .size = size, .head = r->tail, .tail = r->tail };
	u32 used = ring_used(r), first = ring_piece(r, r->tail, used);

	ring_add(&new, ring_at(r, r->tail), first);
	ring_add(&new, r->data, used - first);
	*r = new;
}

u32 ring_read(const struct ring *r, u64 *pos, u8 *buf, u32 n)
{
	u32 first;

	*pos = max(*pos, r->tail);
	n = min_t(u64, n, r->head - *pos);
	if (!n)
		return 0;
	first = ring_piece(r, *pos, n);
	memcpy(buf, ring_at(r, *pos), first);
	memcpy(buf + first, r->data, n - first);
	return n;
}

void ring_drop(struct ring *r, u32 n)
{
	r->tail += min(n, ring_used(r));
}
