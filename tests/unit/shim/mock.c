// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "mock.h"

u64 mock_now;
u64 mock_wall;
unsigned int mock_kicks;
unsigned int mock_logs;
struct vcpu *mock_kicked;
unsigned int mock_fired;

static struct host_timer *timers;
static u64 random_state = 1;

u64 host_now(void)
{
	return mock_now;
}

u64 host_wall(void)
{
	return mock_wall;
}

u64 host_tsc(void)
{
	return mul_u64_u32_div(mock_now, MOCK_TSC_KHZ, 1000000);
}

u32 host_tsc_khz(void)
{
	return MOCK_TSC_KHZ;
}

void host_timer_init(struct host_timer *timer, void (*fn)(struct host_timer *timer))
{
	memset(timer, 0, sizeof(*timer));
	timer->fn = fn;
}

void host_timer_start(struct host_timer *timer, u64 deadline)
{
	host_timer_stop(timer);
	timer->deadline = deadline;
	timer->queued = true;
	timer->next = timers;
	timers = timer;
}

void host_timer_stop(struct host_timer *timer)
{
	struct host_timer **link = &timers;

	while (*link && *link != timer)
		link = &(*link)->next;
	if (*link)
		*link = timer->next;
	timer->queued = false;
}

void host_timer_sync(struct host_timer *timer)
{
	host_timer_stop(timer);
}

void host_kick(struct vcpu *vcpu)
{
	mock_kicks++;
	mock_kicked = vcpu;
}

void host_log(struct vcpu *vcpu, const char *fmt, ...)
{
	va_list args;

	(void)vcpu;
	mock_logs++;
	printf("# log: ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void mock_reset(void)
{
	timers = NULL;
	mock_now = 987654321;
	mock_wall = 1700000000123456789ULL;	/* 2023-11-14 22:13:20 UTC, a Tuesday */
	mock_kicks = 0;
	mock_logs = 0;
	mock_kicked = NULL;
	mock_fired = 0;
}

static struct host_timer *first_timer(void)
{
	struct host_timer *t, *first = timers;

	for (t = timers; t; t = t->next)
		if (t->deadline < first->deadline)
			first = t;
	return first;
}

static void set_now(u64 now)
{
	if (now <= mock_now)
		return;
	mock_wall += now - mock_now;
	mock_now = now;
}

void mock_advance(u64 ns)
{
	u64 end = mock_now + ns;
	struct host_timer *t = first_timer();

	while (t && t->deadline <= end) {
		set_now(t->deadline);
		host_timer_stop(t);
		mock_fired++;
		t->fn(t);
		t = first_timer();
	}
	set_now(end);
}

unsigned int mock_timers(void)
{
	struct host_timer *t;
	unsigned int n = 0;

	for (t = timers; t; t = t->next)
		n++;
	return n;
}

void mock_seed(u64 seed)
{
	random_state = seed ? seed : 1;
}

u64 mock_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dULL;
}
