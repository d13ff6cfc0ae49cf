// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Guest memory: its regions, and its bytes wherever they lie.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "internal.h"
#include "machine.h"

#define MAP_MOST	(1ULL << 20)	/* mapped at a time */

/**
 * region_put() - add a region to a message
 * @msg: which
 * @gpa: its first address
 * @size: bytes
 * @fd: the memfd that it shares, or -1
 * @offset: of the first byte in @fd
 *
 * Return: 0 or -EMSGSIZE.
 */
int region_put(struct nl_msg *msg, uint64_t gpa, uint64_t size, int fd, uint64_t offset)
{
	struct nlattr *nest = nla_nest_start(msg, HV_A_GUEST_REGION);

	if (!nest || nla_put_u64(msg, HV_A_REGION_GPA, gpa) ||
	    nla_put_u64(msg, HV_A_REGION_SIZE, size))
		return -EMSGSIZE;
	if (fd >= 0 && (nla_put_s32(msg, HV_A_REGION_FD, fd) ||
			nla_put_u64(msg, HV_A_REGION_OFFSET, offset)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int change(struct hvctl *h, uint8_t cmd, uint64_t id, uint64_t gpa, uint64_t size, int fd,
		  uint64_t offset)
{
	struct nl_msg *msg = message_about(h, cmd, id);

	if (msg && region_put(msg, gpa, size, fd, offset)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return netlink_call(h, msg, NULL, NULL);
}

int hvctl_memory_add(struct hvctl *h, uint64_t id, uint64_t gpa, uint64_t size, int fd,
		     uint64_t offset)
{
	if (fd < 0 && offset)
		return set_error(h, -EINVAL, "an offset is one in a memfd, which is missing");
	return change(h, HV_CMD_REGION_NEW, id, gpa, size, fd, offset);
}

int hvctl_memory_delete(struct hvctl *h, uint64_t id, uint64_t gpa, uint64_t size)
{
	return change(h, HV_CMD_REGION_DEL, id, gpa, size, -1, 0);
}

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
