/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Branch predictor barriers between guests, and between a guest and others.
 *
 * A vCPU's thread has no mm, so the scheduler's own barrier never fires
 * between user, guest and user: hv issues it.  What to issue is decided here
 * and tested against mocked operations, since no lab host has IBPB.
 */
#ifndef HV_CORE_SPEC_H
#define HV_CORE_SPEC_H

#include "core/host.h"

/**
 * struct spec_ops - what this host can and wants
 * @use_ibpb: the host uses barriers (X86_FEATURE_USE_IBPB)
 * @exit_to_user: the host issues the one towards user space itself, when told
 *                to (X86_FEATURE_IBPB_EXIT_TO_USER, VMSCAPE)
 * @ibpb: issue a barrier on this CPU
 * @mark_exit_to_user: have one issued before this CPU returns to user space
 */
struct spec_ops {
	bool use_ibpb;
	bool exit_to_user;
	void (*ibpb)(void);
	void (*mark_exit_to_user)(void);
};

/**
 * struct spec_cpu - one host CPU's predictors
 * @guest: that trained them last without a barrier since; NULL: none
 */
struct spec_cpu {
	const void *guest;
};

/* Before @guest runs on this CPU. Interrupts or preemption off. */
static inline void spec_enter(struct spec_cpu *cpu, const struct spec_ops *ops, const void *guest)
{
	if (cpu->guest && cpu->guest != guest && ops->use_ibpb)
		ops->ibpb();
	cpu->guest = guest;
}

/* After it ran, before another task may. */
static inline void spec_leave(struct spec_cpu *cpu, const struct spec_ops *ops)
{
	if (ops->exit_to_user) {
		ops->mark_exit_to_user();
		return;
	}
	if (ops->use_ibpb)
		ops->ibpb();
	cpu->guest = NULL;
}

#endif /* HV_CORE_SPEC_H */
