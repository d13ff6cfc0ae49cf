/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hv's own guest interface: uapi/linux/hv_guest.h.
 */
#ifndef HV_CORE_HYPERCALL_H
#define HV_CORE_HYPERCALL_H

#include "core/vcpu.h"

/* Is @number one of hv's, whether there is such a call or not? */
bool hypercall_is_ours(u64 number);

/**
 * hypercall() - the guest calls hv
 * @v: vCPU; RAX is one of hv's numbers
 * @result: for RAX
 *
 * Return: what to do next.  OUT_S2_FILL, OUT_HALT and OUT_TRAP: and then the same
 * instruction again, which must not be stepped over; with all others it is done.
 */
enum outcome hypercall(struct vcpu *v, s64 *result);

/* Once for each vCPU; hypercall_destroy() undoes it and waits: thread context. */
void hypercall_init(struct vcpu *v);
void hypercall_destroy(struct vcpu *v);

#endif /* HV_CORE_HYPERCALL_H */
