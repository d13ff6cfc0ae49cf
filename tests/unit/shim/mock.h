/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a unit test may turn and look at: the clock, the timers, the kicks.
 */
#ifndef HV_TESTS_MOCK_H
#define HV_TESTS_MOCK_H

#include "core/host.h"

#define MOCK_TSC_KHZ	2000000U

/* host_now() and host_wall(), ns; set at will. host_tsc() follows mock_now. */
extern u64 mock_now;
extern u64 mock_wall;

/* host_kick() and host_log() calls so far, and who was kicked last. */
extern unsigned int mock_kicks;
extern unsigned int mock_logs;
extern struct vcpu *mock_kicked;

/* Timer callbacks run so far. */
extern unsigned int mock_fired;

/* Forget all timers and counts; the clocks start at odd values. */
void mock_reset(void);

/* Let @ns pass: timers fire at their deadlines, in order. */
void mock_advance(u64 ns);

/* Timers that are waiting. */
unsigned int mock_timers(void);

/* A small reproducible generator (xorshift64*). */
u64 mock_random(void);
void mock_seed(u64 seed);

#endif /* HV_TESTS_MOCK_H */
