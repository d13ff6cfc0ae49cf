// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory regions: what a guest may have, and its changes while it exists.
 */
#include <linux/file.h>
#include <linux/magic.h>
#include <linux/shmem_fs.h>
#include <uapi/linux/fcntl.h>

#include "core/memmap.h"
#include "guest/guest.h"
#include "guest/life.h"
#include "guest/memory.h"
#include "guest/region.h"

struct region *guest_region(struct guest *g, u64 gpa, u64 size)
{
	unsigned int i;

	for (i = 0; i < g->nr_regions; i++) {
		struct region *r = &g->regions[i];

		if (gpa >= r->gpa && gpa - r->gpa < r->size && size <= r->size - (gpa - r->gpa))
			return r;
	}
	return NULL;
}

long region_memfd_seals(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (inode->i_sb->s_magic != TMPFS_MAGIC || !S_ISREG(inode->i_mode))
		return -EINVAL;
	return READ_ONCE(SHMEM_I(inode)->seals);
}

/* Devices live in [MEMMAP_LOW_END, MEMMAP_HIGH_START). */
static bool is_valid(const struct region *r)
{
	if (!r->size || !PAGE_ALIGNED(r->gpa) || !PAGE_ALIGNED(r->size))
		return false;
	if (r->gpa + r->size < r->gpa || r->gpa + r->size > BIT_ULL(S2_GPA_BITS))
		return false;
	return r->gpa + r->size <= MEMMAP_LOW_END || r->gpa >= MEMMAP_HIGH_START;
}

/*
 * It must not shrink under the guest, and the guest must be able to write it
 * as its creator could.
 */
static int check_shared(const struct region *r, struct netlink_ext_ack *ack)
{
	long seals = region_memfd_seals(r->file);
	loff_t size = i_size_read(file_inode(r->file));

	if (seals < 0 || !(seals & F_SEAL_SHRINK)) {
		NL_SET_ERR_MSG(ack, "a region's file must be a memfd sealed against shrinking (F_SEAL_SHRINK)");
		return -EPERM;
	}
	if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) || !(r->file->f_mode & FMODE_WRITE)) {
		NL_SET_ERR_MSG(ack, "a region's memfd must be open for writing and not sealed against it");
		return -EPERM;
	}
	if (!PAGE_ALIGNED(r->offset) || r->offset > size || r->size > size - r->offset) {
		NL_SET_ERR_MSG(ack, "a region is whole pages of its memfd and ends within it");
		return -EINVAL;
	}
	return 0;
}

static int check_one(const struct region *r, struct netlink_ext_ack *ack)
{
	if (!is_valid(r)) {
		NL_SET_ERR_MSG(ack, "a region is whole pages, below 3 GiB or from 4 GiB on");
		return -EINVAL;
	}
	return r->shared ? check_shared(r, ack) : 0;
}

static bool overlap(u64 gpa, u64 size, const struct region *r)
{
	return gpa < r->gpa + r->size && r->gpa < gpa + size;
}

/* Does any of the @nr first regions overlap @r? */
static bool is_taken(const struct region *regions, unsigned int nr, const struct region *r)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (overlap(r->gpa, r->size, &regions[i]))
			return true;
	return false;
}

static int check_sum(u64 bytes, struct netlink_ext_ack *ack)
{
	if (bytes >> PAGE_SHIFT <= totalram_pages())
		return 0;
	NL_SET_ERR_MSG(ack, "more memory than the host has");
	return -EINVAL;
}

int region_check_all(struct guest_config *c, struct netlink_ext_ack *ack)
{
	unsigned int i;
	u64 sum = 0;
	int err;

	for (i = 0; i < c->nr_regions; i++) {
		err = check_one(&c->regions[i], ack);
		if (err)
			return err;
		if (is_taken(c->regions, i, &c->regions[i])) {
			NL_SET_ERR_MSG(ack, "two regions overlap");
			return -EINVAL;
		}
		sum += c->regions[i].size;
	}
	if (!sum) {
		NL_SET_ERR_MSG(ack, "a guest needs memory: at least one region");
		return -EINVAL;
	}
	return check_sum(sum, ack);
}

/* Changes: guest.lock and handlers.lock held. */

static int check_room(struct guest *g, const struct region *r, struct netlink_ext_ack *ack)
{
	if (is_taken(g->regions, g->nr_regions, r)) {
		NL_SET_ERR_MSG(ack, "the guest has memory there");
		return -EEXIST;
	}
	if (handlers_answer_in(g, r->gpa, r->gpa + r->size - 1)) {
		NL_SET_ERR_MSG(ack, "a program answers the guest there (HV_TRAP, HV_IOEVENTFD)");
		return -EBUSY;
	}
	if (g->nr_regions == S2_MAX_RANGES) {
		NL_SET_ERR_MSG(ack, "a guest has at most " __stringify(S2_MAX_RANGES) " regions");
		return -ENOSPC;
	}
	return check_sum(g->memory_size + r->size, ack);
}

static int add(struct guest *g, const struct region *r, struct netlink_ext_ack *ack)
{
	int err = check_room(g, r, ack);

	if (!err)
		err = guest_grow(g, r->size, ack);
	if (!err)
		memory_add(g, r);
	return err;
}

static bool has_segment(const struct guest *g, const struct region *r)
{
	unsigned int i;

	for (i = 0; i < g->nr_segments; i++)
		if (overlap(g->segments[i].gpa, g->segments[i].length, r))
			return true;
	return false;
}

static struct region *find_same(struct guest *g, const struct region *like)
{
	struct region *r = guest_region(g, like->gpa, like->size);

	return r && r->gpa == like->gpa && r->size == like->size ? r : NULL;
}

/* @gone: the region as it was, whose backing is the caller's now. */
static int remove(struct guest *g, const struct region *like, struct region *gone,
		  struct netlink_ext_ack *ack)
{
	struct region *r = find_same(g, like);

	if (!r) {
		NL_SET_ERR_MSG(ack, "the guest has no region of that gpa and size");
		return -ENXIO;
	}
	if (has_segment(g, r)) {
		NL_SET_ERR_MSG(ack, "the boot manifest writes to that region");
		return -EBUSY;
	}
	if (g->nr_regions == 1) {
		NL_SET_ERR_MSG(ack, "a guest needs memory: this is its last region");
		return -EINVAL;
	}
	*gone = *r;
	memory_remove(g, r);
	guest_shrink(g, gone->size);
	return 0;
}

int region_add(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	struct region r = c->regions[0];
	int err = check_one(&r, ack);

	if (!err)
		err = memory_back(&r, ack);
	if (err)
		return err;
	err = life_hold_still(g, ack);
	if (!err) {
		mutex_lock(&g->handlers.lock);
		err = add(g, &r, ack);
		mutex_unlock(&g->handlers.lock);
		life_let_go(g, !err);
	}
	if (err)
		memory_unback(&r);
	return err;
}

int region_remove(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack)
{
	struct region gone;
	int err = life_hold_still(g, ack);

	if (err)
		return err;
	mutex_lock(&g->handlers.lock);
	err = remove(g, &c->regions[0], &gone, ack);
	mutex_unlock(&g->handlers.lock);
	life_let_go(g, !err);
	if (!err)
		memory_unback(&gone);
	return err;
}
