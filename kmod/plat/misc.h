/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is left of a PC's board: the ways to reset it. Everything here is under
 * platform.lock.
 */
#ifndef HV_PLAT_MISC_H
#define HV_PLAT_MISC_H

#include "core/host.h"

struct platform;

/**
 * struct misc - state
 * @reset_control: port 0xcf9 as written
 * @port_92: port 0x92 as written
 */
struct misc {
	u8 reset_control;
	u8 port_92;
};

void misc_reset(struct platform *p);

/* Port 0xcf9. @p->lock held, here and below. */
u32 misc_read_reset(struct platform *p, u16 reg);
void misc_write_reset(struct platform *p, u16 reg, u32 value);

/* The 8042's ports 0x60 and 0x64: an idle controller with nothing behind it. */
u32 misc_read_kbd(struct platform *p, u16 reg);
u32 misc_read_kbd_status(struct platform *p, u16 reg);
void misc_write_kbd_command(struct platform *p, u16 reg, u32 value);

/* Port 0x92. */
u32 misc_read_port_92(struct platform *p, u16 reg);
void misc_write_port_92(struct platform *p, u16 reg, u32 value);

#endif /* HV_PLAT_MISC_H */
