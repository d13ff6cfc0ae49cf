// SPDX-License-Identifier: GPL-2.0-only
#include "core/recorder.h"

/*
 * What was begun when the copy was done has overwritten what stood there
 * RECORDER_EXITS before, or is about to.
 */
unsigned int recorder_read(const struct recorder *r, struct recorded_exit *out, u64 *total)
{
	u64 head, first, pos, begun, lost;

	/* Pairs with recorder_exit(): what is before @head is written. */
	head = smp_load_acquire(&r->head);
	first = head - min_t(u64, head, RECORDER_EXITS);
	for (pos = first; pos < head; pos++)
		out[pos - first] = r->kept->ring[pos % RECORDER_EXITS];
	/* The copy comes before the look at how far the writer has got. */
	smp_rmb();
	begun = READ_ONCE(r->begun);
	lost = begun - min_t(u64, begun, RECORDER_EXITS);
	lost = clamp(lost, first, head);
	memmove(out, out + (lost - first), (head - lost) * sizeof(*out));
	*total = head;
	return head - lost;
}
