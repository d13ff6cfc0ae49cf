/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ACPI fixed hardware: PM1a and the PM timer (ACPI 6.x, section 4.8). Everything
 * here is under platform.lock.
 */
#ifndef HV_PLAT_PM_H
#define HV_PLAT_PM_H

#include "core/host.h"

struct platform;

#define PM_TIMER_HZ	3579545U

/**
 * struct pm - state
 * @start: host_now() at which the PM timer was 0
 * @msb: the timer's bit 31 as last seen, whose change sets TMR_STS
 * @status: PM1a status
 * @enable: PM1a enable
 * @control: PM1a control
 */
struct pm {
	u64 start;
	bool msb;
	u16 status;
	u16 enable;
	u16 control;
};

void pm_reset(struct platform *p);

/* Time stood still for @ns: go on where it stopped. @p->lock held. */
void pm_go_on(struct platform *p, u64 ns);

/* The power button is pressed and let go. Takes @p->lock; any context. */
void pm_press_power_button(struct platform *p);

/* Ports 0x600 to 0x605, by bytes; 0x608, 32 bits. @p->lock held. */
u32 pm_read(struct platform *p, u16 reg);
void pm_write(struct platform *p, u16 reg, u32 value);
u32 pm_read_timer(struct platform *p, u16 reg);

#endif /* HV_PLAT_PM_H */
