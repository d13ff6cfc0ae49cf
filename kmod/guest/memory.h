/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory: regions, the fill of second-level tables, the boot manifest.
 * Host side: may sleep.
 */
#ifndef HV_GUEST_MEMORY_H
#define HV_GUEST_MEMORY_H

struct guest;
struct netlink_ext_ack;

/* hv's private tmpfs mount, at load and unload. */
int memory_init(void);
void memory_exit(void);

/* Check g->regions and give each its backing; memory_destroy() undoes it and the tables. */
int memory_create(struct guest *g, struct netlink_ext_ack *ack);
void memory_destroy(struct guest *g);

/*
 * Map what backs @gpa, 2 MiB at a time where it can be.  0, -ENOMEM (the
 * guest's cgroup or the host has no more), -EFAULT (no memory there).
 */
int memory_fill(struct guest *g, u64 gpa);

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
