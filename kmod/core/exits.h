/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done about each exit. Core: interrupts off.
 */
#ifndef HV_CORE_EXITS_H
#define HV_CORE_EXITS_H

#include "core/msr.h"
#include "core/vcpu.h"

/* Answer v->exit. */
enum outcome exit_handle(struct vcpu *v);

/* Root is somebody else's: OUT_STOP with the reason. */
enum outcome root_lost(struct vcpu *v);

#endif /* HV_CORE_EXITS_H */
