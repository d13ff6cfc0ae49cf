// SPDX-License-Identifier: GPL-2.0-only
/*
 * 8254, from Intel's data sheet. Nothing ticks: counts and outputs are computed
 * from the time that has passed, and one host timer waits for channel 0's next
 * rising edge.
 *
 * Simplified: BCD counting is not there; a new count in modes 2 and 3 starts at
 * once instead of at the end of the period.
 */
#include "core/host.h"
#include "core/platform.h"
#include "plat/pit.h"

#define PIT_CONTROL		3

#define CONTROL_READ_BACK	3	/* in the channel's place */
#define READ_BACK_NO_COUNT	BIT(5)
#define READ_BACK_NO_STATUS	BIT(4)

#define ACCESS_LOW		1
#define ACCESS_HIGH		2
#define ACCESS_BOTH		3

#define STATUS_OUT		BIT(7)
#define STATUS_NULL		BIT(6)

#define PORT_B_GATE2		BIT(0)
#define PORT_B_WRITABLE		0x0f
#define PORT_B_REFRESH		BIT(4)
#define PORT_B_OUT2		BIT(5)
#define PORT_B_REFRESH_NS	15085	/* the DRAM refresh flips its bit so often */

/* In modes 0 and 4 the gate pauses, in 2 and 3 it restarts, in 1 and 5 it triggers. */
static bool pit_gate_pauses(const struct pit_channel *c)
{
	return c->mode == 0 || c->mode == 4;
}

static bool pit_gate_triggers(const struct pit_channel *c)
{
	return c->mode == 1 || c->mode == 5;
}

static bool pit_periodic(const struct pit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

static u64 pit_elapsed(const struct pit_channel *c, u64 now)
{
	if (!c->running)
		return 0;
	if (!c->gate && !pit_gate_triggers(c))
		return c->held;
	return now - c->start;
}

static u64 pit_ticks(const struct pit_channel *c, u64 now)
{
	return mul_u64_u32_div(pit_elapsed(c, now), PIT_HZ, NSEC_PER_SEC);
}

/* The counter as software reads it. "Mode 3": it counts down by two, twice a period. */
static u16 pit_value(const struct pit_channel *c, u64 now)
{
	u64 ticks = pit_ticks(c, now);

	if (c->mode == 2)
		return c->count - ticks % c->count;
	if (c->mode == 3)
		return (c->count & ~1U) - 2 * (ticks % max(c->count / 2, 1U));
	return c->count - ticks;
}

static bool pit_out(const struct pit_channel *c, u64 now)
{
	u64 ticks = pit_ticks(c, now);

	if (!c->running)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return ticks >= c->count;
	case 2:
		return !c->gate || ticks % c->count != c->count - 1;
	case 3:
		return !c->gate || ticks % c->count < (c->count + 1) / 2;
	default:
		return ticks != c->count;
	}
}

/* Channel 0's next rising edge after @now; 0 if there is none. */
static u64 pit_next_edge(const struct pit_channel *c, u64 now)
{
	u64 ticks = pit_ticks(c, now), edge = c->count;

	if (!c->running || pit_gate_triggers(c))
		return 0;
	if (pit_periodic(c))
		edge = (div64_u64(ticks, c->count) + 1) * c->count;
	else if (ticks >= edge)
		return 0;
	return c->start + mul_u64_u32_div(edge, NSEC_PER_SEC, PIT_HZ) + 1;
}

static void pit_arm(struct platform *p, u64 now)
{
	struct pit_state *s = &p->pit.s;
	u64 edge = pit_next_edge(&s->channel[0], now);

	s->deadline = edge ? max(edge, s->fired + PIT_MIN_PERIOD_NS) : 0;
	if (s->deadline)
		host_timer_start(&p->pit.timer, s->deadline);
	else
		host_timer_stop(&p->pit.timer);
}

/* Mode 0's output stays high until it is programmed again, the others' falls. */
static void pit_fire(struct platform *p, u64 now)
{
	platform_irq(p, MEMMAP_IRQ_PIT, false);
	platform_irq(p, MEMMAP_IRQ_PIT, true);
	if (p->pit.s.channel[0].mode != 0)
		platform_irq(p, MEMMAP_IRQ_PIT, false);
	p->pit.s.fired = now;
}

/* Hard interrupt context. The guest may have stopped or moved the edge meanwhile. */
static void pit_timer_fn(struct host_timer *timer)
{
	struct platform *p = container_of(timer, struct platform, pit.timer);
	unsigned long flags = host_lock(&p->lock);
	u64 now = host_now();

	if (p->pit.s.deadline && now >= p->pit.s.deadline) {
		pit_fire(p, now);
		pit_arm(p, now);
	}
	host_unlock(&p->lock, flags);
}

/* Writing. */

static void pit_load(struct platform *p, struct pit_channel *c, u32 count)
{
	u64 now = host_now();

	c->count = count ? count : 0x10000;
	c->loaded = true;
	if (!pit_gate_triggers(c)) {
		c->running = true;
		c->start = now;
		c->held = 0;
	}
	if (c == &p->pit.s.channel[0])
		pit_arm(p, now);
}

static void pit_write_count(struct platform *p, struct pit_channel *c, u8 value)
{
	if (c->access == ACCESS_LOW) {
		pit_load(p, c, value);
	} else if (c->access == ACCESS_HIGH) {
		pit_load(p, c, value << 8);
	} else if (!c->write_high) {
		c->low = value;
		c->write_high = true;
		/* "Mode 0": the first byte stops the count. */
		c->running &= c->mode != 0;
	} else {
		c->write_high = false;
		pit_load(p, c, value << 8 | c->low);
	}
}

static void pit_latch_count(struct pit_channel *c, u64 now)
{
	if (c->latched)
		return;
	c->latch = pit_value(c, now);
	c->latched = c->access == ACCESS_BOTH ? 2 : 1;
	c->read_high = false;
}

static void pit_latch_status(struct pit_channel *c, u64 now)
{
	if (c->status_latched)
		return;
	c->status = (pit_out(c, now) ? STATUS_OUT : 0) | (c->loaded ? 0 : STATUS_NULL) |
		    c->access << 4 | c->mode << 1 | c->bcd;
	c->status_latched = true;
}

static void pit_read_back(struct pit_state *s, u8 value)
{
	u64 now = host_now();
	unsigned int i;

	for (i = 0; i < PIT_CHANNELS; i++) {
		if (!(value & BIT(i + 1)))
			continue;
		if (!(value & READ_BACK_NO_COUNT))
			pit_latch_count(&s->channel[i], now);
		if (!(value & READ_BACK_NO_STATUS))
			pit_latch_status(&s->channel[i], now);
	}
}

/* Modes 6 and 7 are other names of 2 and 3. */
static void pit_program(struct platform *p, struct pit_channel *c, u8 value)
{
	u8 mode = (value >> 1) & 7;
	struct pit_channel fresh = {
		.count = 0x10000,
		.access = (value >> 4) & 3,
		.mode = mode > 5 ? mode & 3 : mode,
		.bcd = value & 1,
		.gate = c->gate,
	};

	*c = fresh;
	if (c != &p->pit.s.channel[0])
		return;
	pit_arm(p, host_now());
	platform_irq(p, MEMMAP_IRQ_PIT, false);
}

static void pit_write_control(struct platform *p, u8 value)
{
	unsigned int channel = value >> 6;

	if (channel == CONTROL_READ_BACK)
		pit_read_back(&p->pit.s, value);
	else if (!((value >> 4) & 3))
		pit_latch_count(&p->pit.s.channel[channel], host_now());
	else
		pit_program(p, &p->pit.s.channel[channel], value);
}

void pit_write(struct platform *p, u16 reg, u32 value)
{
	if (reg == PIT_CONTROL)
		pit_write_control(p, value);
	else if (reg < PIT_CHANNELS)
		pit_write_count(p, &p->pit.s.channel[reg], value);
}

/* Reading. */

static u8 pit_read_count(struct pit_channel *c)
{
	u16 value = c->latched ? c->latch : pit_value(c, host_now());
	bool high = c->access == ACCESS_HIGH;

	if (c->access == ACCESS_BOTH) {
		high = c->read_high;
		c->read_high = !high;
	}
	if (c->latched)
		c->latched--;
	return high ? value >> 8 : value;
}

u32 pit_read(struct platform *p, u16 reg)
{
	struct pit_channel *c;

	/* The control word cannot be read. */
	if (reg >= PIT_CHANNELS)
		return 0xff;
	c = &p->pit.s.channel[reg];
	if (!c->status_latched)
		return pit_read_count(c);
	c->status_latched = false;
	return c->status;
}

/* Port 0x61. */

static void pit_set_gate(struct pit_channel *c, bool gate, u64 now)
{
	if (gate == c->gate)
		return;
	if (!gate) {
		c->held = pit_gate_pauses(c) ? pit_elapsed(c, now) : 0;
	} else {
		c->start = pit_gate_pauses(c) ? now - c->held : now;
		c->running = c->loaded && !c->write_high;
	}
	c->gate = gate;
}

u32 pit_read_port_b(struct platform *p, u16 reg)
{
	u64 now = host_now();
	u32 value = p->pit.s.port_b;

	if (div_u64(now, PORT_B_REFRESH_NS) & 1)
		value |= PORT_B_REFRESH;
	if (pit_out(&p->pit.s.channel[2], now))
		value |= PORT_B_OUT2;
	return value;
}

void pit_write_port_b(struct platform *p, u16 reg, u32 value)
{
	p->pit.s.port_b = value & PORT_B_WRITABLE;
	pit_set_gate(&p->pit.s.channel[2], value & PORT_B_GATE2, host_now());
}

void pit_init(struct platform *p)
{
	host_timer_init(&p->pit.timer, pit_timer_fn);
}

/* Undefined on the chip; here as a PC's firmware leaves it, but with channel 0 quiet. */
void pit_reset(struct platform *p)
{
	unsigned int i;

	memset(&p->pit.s, 0, sizeof(p->pit.s));
	for (i = 0; i < PIT_CHANNELS; i++) {
		p->pit.s.channel[i].count = 0x10000;
		p->pit.s.channel[i].access = ACCESS_BOTH;
		p->pit.s.channel[i].mode = 3;
		p->pit.s.channel[i].gate = i != 2;
	}
	host_timer_stop(&p->pit.timer);
}

void pit_destroy(struct platform *p)
{
	host_timer_sync(&p->pit.timer);
}

void pit_go_on(struct platform *p, u64 ns)
{
	struct pit_state *s = &p->pit.s;
	unsigned int i;

	for (i = 0; i < PIT_CHANNELS; i++)
		s->channel[i].start += ns;
	s->fired += ns;
	pit_arm(p, host_now());
}
