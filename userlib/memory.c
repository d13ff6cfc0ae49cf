// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bytes of guest memory, wherever they lie: across pages and regions.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"
#include "machine.h"

#define MAP_MOST	(1ULL << 20)	/* mapped at a time */

/* How many bytes from @gpa on are in one region: 0 if there is no memory. */
static uint64_t present(const struct hvctl_guest *guest, uint64_t gpa)
{
	for (const struct hvctl_region *r = guest->region; r; r = r->next)
		if (gpa >= r->gpa && gpa - r->gpa < r->size)
			return r->size - (gpa - r->gpa);
	return 0;
}

/* Refused before the first byte is copied. */
static int check_range(struct hvctl *h, const struct hvctl_guest *guest, uint64_t gpa, size_t len)
{
	while (len) {
		uint64_t here = present(guest, gpa);

		if (!here)
			return set_error(h, -ENXIO, "%s has no memory at %#llx", guest->name,
					 (unsigned long long)gpa);
		if (here >= len)
			break;
		gpa += here;
		len -= here;
	}
	return 0;
}

/* As much as one mapping takes; how much that was, or a negative errno. */
static int copy_some(struct hvctl *h, const struct hvctl_guest *guest, uint64_t gpa, char *bytes,
		     size_t len, bool write)
{
	uint64_t offset = gpa % MACHINE_PAGE, n = present(guest, gpa);
	void *memory;
	int err;

	if (n > len)
		n = len;
	if (n > MAP_MOST - offset)
		n = MAP_MOST - offset;
	err = hvctl_memory_map(h, guest->id, gpa - offset, offset + n,
			       write ? PROT_READ | PROT_WRITE : PROT_READ, &memory);
	if (err)
		return err;
	if (write)
		memcpy((char *)memory + offset, bytes, n);
	else
		memcpy(bytes, (char *)memory + offset, n);
	munmap(memory, offset + n);
	return n;
}

static int copy(struct hvctl *h, uint64_t id, uint64_t gpa, char *bytes, size_t len, bool write)
{
	struct hvctl_guest *guest;
	int err = hvctl_get(h, id, &guest);

	if (err)
		return err;
	err = check_range(h, guest, gpa, len);
	while (!err && len) {
		int n = copy_some(h, guest, gpa, bytes, len, write);

		if (n < 0) {
			err = n;
			break;
		}
		gpa += n;
		bytes += n;
		len -= n;
	}
	hvctl_guest_free(guest);
	return err;
}

int hvctl_memory_read(struct hvctl *h, uint64_t id, uint64_t gpa, void *bytes, size_t len)
{
	return copy(h, id, gpa, bytes, len, false);
}

/* The copy's other direction: the bytes are only read. */
int hvctl_memory_write(struct hvctl *h, uint64_t id, uint64_t gpa, const void *bytes, size_t len)
{
	return copy(h, id, gpa, (char *)bytes, len, true);
}
