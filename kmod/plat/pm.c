// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI fixed hardware. The PM timer is 32 bits wide (FADT: TMR_VAL_EXT); its
 * overflow sets TMR_STS when somebody looks, but raises no SCI. hv comes up in
 * ACPI mode: SCI_EN is always set, there is no SMI command port. Of the sleeping
 * states there is only S5.
 */
#include "core/host.h"
#include "core/platform.h"
#include "plat/pm.h"

/* Section 4.8.3.1, PM1 event grouping. */
#define PM1_TIMER		BIT(0)
#define PM1_GLOBAL		BIT(5)
#define PM1_POWER_BUTTON	BIT(8)
#define PM1_RTC			BIT(10)
#define PM1_ENABLES		(PM1_TIMER | PM1_GLOBAL | PM1_POWER_BUTTON | PM1_RTC)

/* Section 4.8.3.2.1, PM1 control registers. */
#define PM1_SCI_EN		BIT(0)
#define PM1_SLP_TYP_SHIFT	10
#define PM1_SLP_EN		BIT(13)		/* write only */
#define PM1_CONTROL_STORED	(BIT(1) | 7U << PM1_SLP_TYP_SHIFT)

enum { PM1_STATUS, PM1_ENABLE, PM1_CONTROL };

static u32 pm_timer(const struct platform *p)
{
	return mul_u64_u32_div(host_now() - p->pm.start, PM_TIMER_HZ, NSEC_PER_SEC);
}

static void pm_check_overflow(struct pm *pm, u32 timer)
{
	bool msb = timer >> 31;

	if (msb != pm->msb)
		pm->status |= PM1_TIMER;
	pm->msb = msb;
}

/* Without the timer's bit, which nothing would raise in time. */
static void pm_update(struct platform *p)
{
	u16 events = p->pm.status & p->pm.enable & ~PM1_TIMER;

	platform_irq(p, MEMMAP_IRQ_SCI, events != 0);
}

void pm_press_power_button(struct platform *p)
{
	unsigned long flags = host_lock(&p->lock);

	p->pm.status |= PM1_POWER_BUTTON;
	pm_update(p);
	host_unlock(&p->lock, flags);
}

static u16 pm_read16(struct platform *p, unsigned int word)
{
	switch (word) {
	case PM1_STATUS:
		pm_check_overflow(&p->pm, pm_timer(p));
		return p->pm.status;
	case PM1_ENABLE:
		return p->pm.enable;
	default:
		return p->pm.control | PM1_SCI_EN;
	}
}

u32 pm_read(struct platform *p, u16 reg)
{
	return (pm_read16(p, reg / 2) >> (reg % 2 * 8)) & 0xff;
}

/* SLP_TYP takes effect with SLP_EN; a type that no _Sx names does nothing. */
static void pm_write_control(struct platform *p, u16 mask, u16 value)
{
	struct pm *pm = &p->pm;

	pm->control = ((pm->control & ~mask) | (value & mask)) & PM1_CONTROL_STORED;
	if (value & PM1_SLP_EN && pm->control >> PM1_SLP_TYP_SHIFT == MEMMAP_SLP_TYP_S5)
		platform_raise(p, PLATFORM_POWEROFF, 0);
}

/* Byte by byte: no register's bits depend on both of its halves. */
void pm_write(struct platform *p, u16 reg, u32 value)
{
	u16 mask = 0xff << (reg % 2 * 8);
	u16 bits = (value & 0xff) << (reg % 2 * 8);

	switch (reg / 2) {
	case PM1_STATUS:
		pm_check_overflow(&p->pm, pm_timer(p));
		p->pm.status &= ~bits;
		break;
	case PM1_ENABLE:
		p->pm.enable = ((p->pm.enable & ~mask) | bits) & PM1_ENABLES;
		break;
	case PM1_CONTROL:
		pm_write_control(p, mask, bits);
		break;
	}
	pm_update(p);
}

u32 pm_read_timer(struct platform *p, u16 reg)
{
	u32 timer = pm_timer(p);

	pm_check_overflow(&p->pm, timer);
	return timer;
}

void pm_reset(struct platform *p)
{
	memset(&p->pm, 0, sizeof(p->pm));
	p->pm.start = host_now();
}

void pm_go_on(struct platform *p, u64 ns)
{
	p->pm.start += ns;
}
