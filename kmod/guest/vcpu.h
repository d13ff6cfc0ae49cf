/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPU threads. Host side.
 */
#ifndef HV_GUEST_VCPU_H
#define HV_GUEST_VCPU_H

struct guest;
struct vcpu;

/* Allocate vCPU @index of @g with its thread, which waits; vcpu_destroy() undoes it. */
int vcpu_create(struct guest *g, unsigned int index);
void vcpu_destroy(struct guest *g, unsigned int index);

/* yield.c: @v spins: let another vCPU of its guest run that has no CPU. On @v's task. */
void vcpu_yield(struct vcpu *v);

/* Kernel memory of one vCPU, bytes. */
size_t vcpu_footprint(void);

#endif /* HV_GUEST_VCPU_H */
