// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reboots itself: the first argument says by which way, the second how often.
 * The count is in CMOS memory, which alone outlives a reset; few boots are told.
 */
#include "payload_check.h"

#define NVRAM	0x44

static void by_cf9(void)
{
	outb(0xcf9, 6);
}

static void by_keyboard(void)
{
	outb(0x64, 0xfe);
}

/* A triple fault within a second of a boot is taken for a crash loop: wait by the PM timer. */
static void by_triple_fault(void)
{
	u32 start = inl(0x608);

	while (((inl(0x608) - start) & 0xffffff) < 3579545 * 12 / 10)
		asm volatile("pause");
	asm volatile("lidt %0; ud2" : : "m"((const u8[10]){ 0 }));
}

static void by_port_92(void)
{
	outb(0x92, 1);
}

static void (*const ways[])(void) = { by_cf9, by_keyboard, by_triple_fault, by_port_92 };

static u8 cmos_read(u8 at)
{
	outb(0x70, at);
	return inb(0x71);
}

static void cmos_write(u8 at, u8 value)
{
	outb(0x70, at);
	outb(0x71, value);
}

int main(void)
{
	u16 boots = (cmos_read(NVRAM) | cmos_read(NVRAM + 1) << 8) + 1;

	cmos_write(NVRAM, boots);
	cmos_write(NVRAM + 1, boots >> 8);
	if (boots < 10) {
		puts("boot ");
		putch('0' + boots);
		puts("\n");
	}
	if (boots <= PAYLOAD_ARGS[1])
		ways[PAYLOAD_ARGS[0]]();
	return boots;
}
