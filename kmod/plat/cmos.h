/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CMOS clock and RAM (MC146818). Everything here is under platform.lock.
 */
#ifndef HV_PLAT_CMOS_H
#define HV_PLAT_CMOS_H

#include "core/host.h"

struct platform;

#define CMOS_SIZE	128

/* Everything a snapshot has to keep. */
struct cmos_state {
	u8 ram[CMOS_SIZE];	/* registers and battery-backed RAM */
	u8 index;		/* what port 0x71 means */
	s64 offset;		/* guest's clock minus the host's, seconds */
	u64 seen;		/* host_wall() up to which register C's flags are known */
};

struct cmos {
	struct cmos_state s;
	struct host_timer timer;
};

/* The RAM and the clock are on a battery: a reset leaves them, only this clears them. */
void cmos_init(struct platform *p);
void cmos_reset(struct platform *p);
void cmos_destroy(struct platform *p);

/* The clock has run on its battery, its interrupts have not. @p->lock held. */
void cmos_go_on(struct platform *p);

/* Ports 0x70 and 0x71. @p->lock held. */
u32 cmos_read(struct platform *p, u16 reg);
void cmos_write(struct platform *p, u16 reg, u32 value);

#endif /* HV_PLAT_CMOS_H */
