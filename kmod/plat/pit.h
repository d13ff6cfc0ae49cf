/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 8254 interval timer, and port 0x61, which gates its channel 2. Everything
 * here is under platform.lock.
 */
#ifndef HV_PLAT_PIT_H
#define HV_PLAT_PIT_H

#include "core/host.h"

struct platform;

#define PIT_HZ			1193182U
#define PIT_CHANNELS		3

/* IRQ 0 comes no more often than this; ticks it misses are merged. */
#define PIT_MIN_PERIOD_NS	50000U

/**
 * struct pit_channel - one counter
 * @start: host_now() at which the count was loaded or the gate last opened
 * @held: ns counted before the gate closed
 * @count: reload value, 1 to 65536
 * @latch: value that a latch command caught
 * @latched: how many of its bytes are still to be read
 * @status: what a read-back command caught
 * @status_latched: and that it is to be read first
 * @access: 1 low byte, 2 high byte, 3 both
 * @mode: 0 to 5
 * @bcd: stored only, counting is binary
 * @low: first byte of two written
 * @write_high: the second byte of a count is to come
 * @read_high: likewise for reads
 * @gate: level of the gate
 * @loaded: a count was written since the control word
 * @running: the count was started: by loading, or by the gate in modes 1 and 5
 */
struct pit_channel {
	u64 start;
	u64 held;
	u32 count;
	u16 latch;
	u8 latched;
	u8 status;
	bool status_latched;
	u8 access;
	u8 mode;
	u8 bcd;
	u8 low;
	bool write_high;
	bool read_high;
	bool gate;
	bool loaded;
	bool running;
};

/* Everything a snapshot has to keep. */
struct pit_state {
	struct pit_channel channel[PIT_CHANNELS];
	u64 deadline;		/* of IRQ 0, host_now() ns; 0: none */
	u64 fired;		/* when IRQ 0 last came */
	u8 port_b;		/* bits 3 to 0 as written */
};

struct pit {
	struct pit_state s;
	struct host_timer timer;
};

void pit_init(struct platform *p);
void pit_reset(struct platform *p);
void pit_destroy(struct platform *p);

/* Time stood still for @ns: go on where it stopped. @p->lock held. */
void pit_go_on(struct platform *p, u64 ns);

/* Ports 0x40 to 0x43, and 0x61. @p->lock held. */
u32 pit_read(struct platform *p, u16 reg);
void pit_write(struct platform *p, u16 reg, u32 value);
u32 pit_read_port_b(struct platform *p, u16 reg);
void pit_write_port_b(struct platform *p, u16 reg, u32 value);

#endif /* HV_PLAT_PIT_H */
