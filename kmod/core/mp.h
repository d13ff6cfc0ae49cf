/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * INIT, start-up and halt: what the run loop and HLT ask. Core: interrupts off,
 * on the vCPU's task.
 */
#ifndef HV_CORE_MP_H
#define HV_CORE_MP_H

#include "core/vcpu.h"

/* INIT and SIPI for a vCPU that runs: OUT_RESUME, OUT_MP for core_mp(), or OUT_PLATFORM. */
enum outcome mp_messages(struct vcpu *v);

/*
 * v->mp is not MP_RUNNABLE: OUT_HALT, OUT_MP, OUT_RESUME where it may run now, or
 * OUT_STOP where no vCPU of the guest can ever run again.
 */
enum outcome mp_rest(struct vcpu *v);

/* HLT was stepped over: likewise, OUT_RESUME where an event is pending already. */
enum outcome mp_halt(struct vcpu *v);

#endif /* HV_CORE_MP_H */
