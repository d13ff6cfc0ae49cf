// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset control (Intel ICH data sheet, RST_CNT), the 8042 as far as it resets,
 * and port 0x92.
 */
#include "core/host.h"
#include "core/platform.h"
#include "plat/misc.h"

/* RST_CNT: bits 1 and 3 choose the kind of reset, bit 2 going up starts it. */
#define RST_CPU			BIT(2)
#define RST_STORED		(BIT(1) | BIT(2) | BIT(3))

/* Status: not inhibited, self-test passed, both buffers empty. */
#define KBD_IDLE		0x14

/* Commands 0xf0 to 0xff pulse the output port's low bits; bit 0 is the reset line. */
#define KBD_PULSE		0xf0
#define KBD_PULSE_MASK		0xf1

#define PORT_92_RESET		BIT(0)
#define PORT_92_A20		BIT(1)

u32 misc_read_reset(struct platform *p, u16 reg)
{
	return p->misc.reset_control;
}

void misc_write_reset(struct platform *p, u16 reg, u32 value)
{
	u8 old = p->misc.reset_control;

	p->misc.reset_control = value & RST_STORED;
	if (value & ~old & RST_CPU)
		platform_raise(p, PLATFORM_RESET, 0);
}

u32 misc_read_kbd(struct platform *p, u16 reg)
{
	return 0;
}

u32 misc_read_kbd_status(struct platform *p, u16 reg)
{
	return KBD_IDLE;
}

void misc_write_kbd_command(struct platform *p, u16 reg, u32 value)
{
	if ((value & KBD_PULSE_MASK) == KBD_PULSE)
		platform_raise(p, PLATFORM_RESET, 0);
}

/* A20 is always open and reads as such. */
u32 misc_read_port_92(struct platform *p, u16 reg)
{
	return p->misc.port_92 | PORT_92_A20;
}

void misc_write_port_92(struct platform *p, u16 reg, u32 value)
{
	u8 old = p->misc.port_92;

	p->misc.port_92 = value & (PORT_92_RESET | PORT_92_A20);
	if (value & ~old & PORT_92_RESET)
		platform_raise(p, PLATFORM_RESET, 0);
}

void misc_reset(struct platform *p)
{
	p->misc.reset_control = 0;
	p->misc.port_92 = PORT_92_A20;
}
