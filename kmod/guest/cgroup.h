/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup.kill ends a guest: see cgroup.c.
 */
#ifndef HV_GUEST_CGROUP_H
#define HV_GUEST_CGROUP_H

struct guest;

/*
 * From here on a kill of a cgroup that one of @g's threads is in ends @g, within a
 * second. With each start, @g->lock held.
 */
void guest_cgroup_watch(struct guest *g);

/* Module unload: no guest is left. */
void guest_cgroup_exit(void);

#endif /* HV_GUEST_CGROUP_H */
