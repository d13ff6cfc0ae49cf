/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory regions: what a guest may have, and its changes while it exists.
 *
 * Regions change under guest.lock, handlers.lock and guest.fill_lock, and only
 * while no vCPU is inside and nobody leads: each of these is enough to read them.
 *
 * Host side: thread context, may sleep.
 */
#ifndef HV_GUEST_REGION_H
#define HV_GUEST_REGION_H

struct file;
struct guest;
struct guest_config;
struct netlink_ext_ack;

/* A memfd's seals, or -EINVAL where @file is none: it is a file of tmpfs then. */
long region_memfd_seals(struct file *file);

/* Could all of @c's regions be one guest's? 0, EINVAL or EPERM with a sentence. */
int region_check_all(struct guest_config *c, struct netlink_ext_ack *ack);

/**
 * region_add() - give a guest that does not run more memory
 * @g: the guest
 * @c: its one region, whose file stays the caller's
 * @ack: gets the sentence for a refusal; may be NULL
 *
 * Nobody tells the guest.  A start or a reset clears it like the other regions.
 *
 * Return: 0; EINVAL (malformed, or more than the host has), EPERM (memfd not
 * sealed, or sealed against writes), EEXIST (memory is there), EBUSY (the
 * guest runs, or a program answers there), ENOSPC (no more regions, or more
 * than the module allows), ENOMEM; ENOENT, EINTR, ETIMEDOUT as guest_pause().
 */
int region_add(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack);

/**
 * region_remove() - take a region from a guest that does not run
 * @g: the guest
 * @c: its one region, with the gpa and size of one of the guest's
 * @ack: gets the sentence for a refusal; may be NULL
 *
 * Whoever has it mapped keeps the pages; the guest finds an empty bus there.
 *
 * Return: 0; ENXIO (no such region), EBUSY (the guest runs, or its boot
 * manifest writes there), EINVAL (it is the last one); ENOENT, EINTR,
 * ETIMEDOUT as guest_pause().
 */
int region_remove(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack);

#endif /* HV_GUEST_REGION_H */
