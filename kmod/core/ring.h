/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring of bytes: the console's output and input.
 *
 * Core: no lock of its own (the owner has one), never waits.
 */
#ifndef HV_CORE_RING_H
#define HV_CORE_RING_H

#include "core/host.h"

/**
 * struct ring - bytes in the order in which they came
 * @data: @size bytes
 * @size: a power of two, or 0; this and @data change in ring_move() alone
 * @head: bytes ever put
 * @tail: bytes ever dropped or overwritten; bytes @tail to @head are in @data
 *
 * Positions count bytes since creation.  64 bits do not wrap in practice.
 */
struct ring {
	u8 *data;
	u32 size;
	u64 head;
	u64 tail;
};

static inline void ring_init(struct ring *r, u8 *data, u32 size)
{
	*r = (struct ring){ .data = data, .size = size };
}

static inline u32 ring_used(const struct ring *r)
{
	return r->head - r->tail;
}

static inline u32 ring_space(const struct ring *r)
{
	return r->size - ring_used(r);
}

/* Keep the bytes in @data from now on, of @size (more than it was). The old one is the caller's. */
void ring_move(struct ring *r, u8 *data, u32 size);

/* Add a byte; the oldest one goes where there is no room. */
void ring_put(struct ring *r, u8 byte);

/* Add as many of @n bytes as there is room for. Returns how many. */
u32 ring_add(struct ring *r, const u8 *buf, u32 n);

/*
 * Copy at most @n bytes from position @pos on; nothing is dropped. @pos is
 * moved up to the oldest byte where that is later: the reader was overrun.
 * Returns how many.
 */
u32 ring_read(const struct ring *r, u64 *pos, u8 *buf, u32 n);

/* Drop the oldest @n bytes, or all. */
void ring_drop(struct ring *r, u32 n);

#endif /* HV_CORE_RING_H */
