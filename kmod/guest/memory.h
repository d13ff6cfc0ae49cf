/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory: regions, the fill of second-level tables, the boot manifest.
 * Host side: may sleep.
 */
#ifndef HV_GUEST_MEMORY_H
#define HV_GUEST_MEMORY_H

struct file;
struct guest;
struct guest_config;
struct mem_cgroup;
struct region;
struct netlink_ext_ack;

/**
 * struct charge - whose cgroup pays; see charge_begin()
 * @memcg: the guest's, referenced; NULL: the root's
 * @before: what the task had in its place
 */
struct charge {
	struct mem_cgroup *memcg;
	struct mem_cgroup *before;
};

/*
 * What this task allocates with __GFP_ACCOUNT from the first to the second is @g's.
 * @g has a vCPU; thread context.
 */
void charge_begin(struct guest *g, struct charge *c);
void charge_end(struct charge *c);

/* hv's private tmpfs mount, at load and unload. */
int memory_init(void);
void memory_exit(void);

/* Empty tables, and @c's regions with their backing; memory_destroy() undoes it. */
int memory_create(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack);
void memory_destroy(struct guest *g);

/* @r's backing: its shared file, or one that is made. 0, or ENOMEM, EPERM with a sentence. */
int memory_back(struct region *r, struct netlink_ext_ack *ack);
void memory_unback(struct region *r);

/* See guest/region.h for the locks. @r with its backing; memory_remove() leaves that alone. */
void memory_add(struct guest *g, const struct region *r);
void memory_remove(struct guest *g, struct region *r);

/*
 * The file behind all of [@gpa, @gpa + @size), with a reference for the caller, and
 * where in it, bytes; or NULL.  Takes the fill lock.
 */
struct file *memory_file(struct guest *g, u64 gpa, u64 size, u64 *offset);

/*
 * Map what backs @gpa, 2 MiB at a time where it can be; @code: to be executed.
 * 0, -ENOMEM (the guest's cgroup or the host has no more), -EFAULT (no memory there).
 */
int memory_fill(struct guest *g, u64 gpa, bool code);

/*
 * Drop what is in [@gpa, @gpa + @size), which reads as zeroes from now on, whether
 * the guest runs or not.  0, or -EINVAL: not whole pages of one region.
 */
int memory_discard(struct guest *g, u64 gpa, u64 size);

/*
 * Forget what the guest wrote, and apply the boot manifest.  No vCPU runs; the
 * leader's thread.  0, or memory is empty then: -ENOMEM, -EIO, or -EINTR where
 * the guest has to end meanwhile.
 */
int memory_boot(struct guest *g);

#endif /* HV_GUEST_MEMORY_H */
