// SPDX-License-Identifier: GPL-2.0-only
/*
 * MC146818, from Motorola's data sheet, plus the PC's century byte at 0x32.
 *
 * Nothing ticks: the time registers are computed from the host's wall clock, of
 * which the guest's differs by whole seconds. Register C's flags are brought up
 * to date when it is read, and by a host timer when an interrupt is enabled.
 */
#include "core/host.h"
#include "core/platform.h"
#include "plat/cmos.h"

enum {
	CMOS_SECOND	= 0x00,
	CMOS_SECOND_ALARM,
	CMOS_MINUTE,
	CMOS_MINUTE_ALARM,
	CMOS_HOUR,
	CMOS_HOUR_ALARM,
	CMOS_WEEKDAY,
	CMOS_DAY,
	CMOS_MONTH,
	CMOS_YEAR,
	CMOS_A,
	CMOS_B,
	CMOS_C,
	CMOS_D,
	CMOS_CENTURY	= 0x32,
};

#define A_UPDATING	0x80	/* UIP */
#define A_RATE		0x0f
#define B_SET		0x80
#define B_BINARY	0x04
#define B_24H		0x02
#define B_UPDATE	0x10	/* the interrupts have the same bits in B and in C */
#define B_ALARM		0x20
#define B_PERIODIC	0x40
#define C_IRQ		0x80
#define C_FLAGS		(B_UPDATE | B_ALARM | B_PERIODIC)
#define D_VALID		0x80
#define HOUR_PM		0x80
#define ALARM_ANY	0xc0	/* an alarm byte with both bits set matches always */

#define CMOS_HZ		32768U
#define UIP_NS		244000	/* UIP rises so long before an update (data sheet, "UIP") */
#define DAY_S		86400
#define HOUR_S		3600

/* Calendar: proleptic Gregorian, days since 1970-01-01; years here begin in March. */

#define ERA_DAYS	146097	/* 400 years */
#define ERA_YEARS	400
#define ERA_SHIFT	719468	/* days from 0000-03-01 to 1970-01-01 */

struct date {
	u32 year;
	u32 month;
	u32 day;
};

static s64 date_to_days(const struct date *d)
{
	u32 year = d->year - (d->month <= 2 && d->year);
	u32 month = (d->month + 9) % 12;
	u32 era = year / ERA_YEARS, y = year % ERA_YEARS;

	return (s64)era * ERA_DAYS + y * 365 + y / 4 - y / 100 +
	       (153 * month + 2) / 5 + d->day - 1 - ERA_SHIFT;
}

static struct date date_from_days(s64 days)
{
	u64 z = max_t(s64, days + ERA_SHIFT, 0);
	u32 era = div_u64(z, ERA_DAYS), doe = z - (u64)era * ERA_DAYS;
	u32 y = (doe - doe / 1460 + doe / 36524 - doe / (ERA_DAYS - 1)) / 365;
	u32 doy = doe - (y * 365 + y / 4 - y / 100);
	u32 month = (5 * doy + 2) / 153;

	return (struct date){
		.year = era * ERA_YEARS + y + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = doy - (153 * month + 2) / 5 + 1,
	};
}

/* Registers' number format, by register B. */

static u8 cmos_encode(const struct cmos_state *s, u32 n)
{
	return s->ram[CMOS_B] & B_BINARY ? n : (n / 10 % 10) << 4 | n % 10;
}

static u32 cmos_decode(const struct cmos_state *s, u8 byte)
{
	return s->ram[CMOS_B] & B_BINARY ? byte : (byte >> 4) * 10 + (byte & 0xf);
}

static u8 cmos_encode_hour(const struct cmos_state *s, u32 hour)
{
	if (s->ram[CMOS_B] & B_24H)
		return cmos_encode(s, hour);
	return cmos_encode(s, (hour + 11) % 12 + 1) | (hour >= 12 ? HOUR_PM : 0);
}

static u32 cmos_decode_hour(const struct cmos_state *s, u8 byte)
{
	if (s->ram[CMOS_B] & B_24H)
		return cmos_decode(s, byte);
	return cmos_decode(s, byte & ~HOUR_PM) % 12 + (byte & HOUR_PM ? 12 : 0);
}

/* The guest's time. */

static s64 wall_seconds(u64 wall)
{
	return div_u64(wall, NSEC_PER_SEC);
}

/* Never before the year 0: what the guest can set is bounded by the registers. */
static s64 guest_seconds(const struct cmos_state *s, u64 wall)
{
	return max_t(s64, wall_seconds(wall) + s->offset, -(s64)ERA_SHIFT * DAY_S);
}

static u32 second_of_day(s64 seconds)
{
	u64 shifted = seconds + (s64)ERA_SHIFT * DAY_S;
	u32 rest;

	div_u64_rem(shifted, DAY_S, &rest);
	return rest;
}

/* Write the time into its registers, unless SET stands still for the guest. */
static void cmos_show_time(struct cmos_state *s, u64 wall)
{
	s64 seconds = guest_seconds(s, wall);
	u32 tod = second_of_day(seconds);
	s64 days = div_s64(seconds - tod, DAY_S);
	struct date d = date_from_days(days);

	if (s->ram[CMOS_B] & B_SET)
		return;
	s->ram[CMOS_SECOND] = cmos_encode(s, tod % 60);
	s->ram[CMOS_MINUTE] = cmos_encode(s, tod / 60 % 60);
	s->ram[CMOS_HOUR] = cmos_encode_hour(s, tod / HOUR_S);
	/* Sunday is 1, and 0000-03-01 was a Wednesday. */
	s->ram[CMOS_WEEKDAY] = cmos_encode(s, (u32)(days + ERA_SHIFT + 3) % 7 + 1);
	s->ram[CMOS_DAY] = cmos_encode(s, d.day);
	s->ram[CMOS_MONTH] = cmos_encode(s, d.month);
	s->ram[CMOS_YEAR] = cmos_encode(s, d.year % 100);
	s->ram[CMOS_CENTURY] = cmos_encode(s, d.year / 100);
}

/* Take the time from its registers. Fields out of range carry over or are clamped. */
static void cmos_take_time(struct cmos_state *s, u64 wall)
{
	struct date d = {
		.year = cmos_decode(s, s->ram[CMOS_CENTURY]) * 100 +
			cmos_decode(s, s->ram[CMOS_YEAR]),
		.month = clamp(cmos_decode(s, s->ram[CMOS_MONTH]), 1U, 12U),
		.day = max(cmos_decode(s, s->ram[CMOS_DAY]), 1U),
	};
	s64 seconds = date_to_days(&d) * DAY_S +
		      cmos_decode_hour(s, s->ram[CMOS_HOUR]) * HOUR_S +
		      cmos_decode(s, s->ram[CMOS_MINUTE]) * 60 +
		      cmos_decode(s, s->ram[CMOS_SECOND]);

	s->offset = seconds - wall_seconds(wall);
}

/* Alarms. */

static bool alarm_matches(const struct cmos_state *s, unsigned int reg, u32 now)
{
	u8 byte = s->ram[reg];

	if ((byte & ALARM_ANY) == ALARM_ANY)
		return true;
	return (reg == CMOS_HOUR_ALARM ? cmos_decode_hour(s, byte) : cmos_decode(s, byte)) == now;
}

/* How far from second-of-day @tod to where the alarm may match next; 0: it does. */
static u32 alarm_skip(const struct cmos_state *s, u32 tod)
{
	if (!alarm_matches(s, CMOS_HOUR_ALARM, tod / HOUR_S))
		return HOUR_S - tod % HOUR_S;
	if (!alarm_matches(s, CMOS_MINUTE_ALARM, tod / 60 % 60))
		return 60 - tod % 60;
	return !alarm_matches(s, CMOS_SECOND_ALARM, tod % 60);
}

/*
 * Seconds from @seconds to the next alarm, at least 1; 0 if it never comes. At
 * worst the search sees the rest of an hour, a day's hours, and one more hour.
 */
static u32 alarm_distance(const struct cmos_state *s, s64 seconds)
{
	u32 tod = second_of_day(seconds), distance = 1, i;

	for (i = 0; i < 4 * 60 + 2 * 24; i++) {
		u32 skip = alarm_skip(s, (tod + distance) % DAY_S);

		if (!skip)
			return distance;
		distance += skip;
	}
	return 0;
}

/* Register C. */

/* Section "Periodic interrupt": rates 1 and 2 stand for 8 and 9. */
static unsigned int periodic_shift(const struct cmos_state *s)
{
	unsigned int rate = s->ram[CMOS_A] & A_RATE;

	return rate < 3 ? rate + 6 : rate - 1;
}

static bool periodic_on(const struct cmos_state *s)
{
	return s->ram[CMOS_A] & A_RATE;
}

static u64 periodic_index(const struct cmos_state *s, u64 wall)
{
	return mul_u64_u32_div(wall, CMOS_HZ, NSEC_PER_SEC) >> periodic_shift(s);
}

static bool alarm_passed(const struct cmos_state *s, u64 wall)
{
	s64 from = guest_seconds(s, s->seen), to = guest_seconds(s, wall);
	u32 distance;

	if (to <= from)
		return false;
	distance = alarm_distance(s, from);
	return distance && to - from >= distance;
}

/* Set the flags of what happened since the last look. */
static void cmos_catch_up(struct cmos_state *s, u64 wall)
{
	if (periodic_on(s) && periodic_index(s, wall) != periodic_index(s, s->seen))
		s->ram[CMOS_C] |= B_PERIODIC;
	if (!(s->ram[CMOS_B] & B_SET) && wall_seconds(wall) != wall_seconds(s->seen)) {
		s->ram[CMOS_C] |= B_UPDATE;
		if (alarm_passed(s, wall))
			s->ram[CMOS_C] |= B_ALARM;
	}
	s->seen = wall;
}

static u64 next_periodic(const struct cmos_state *s, u64 wall)
{
	u64 ticks = (periodic_index(s, wall) + 1) << periodic_shift(s);

	return mul_u64_u32_div(ticks, NSEC_PER_SEC, CMOS_HZ) + 1;
}

/* Wall time of the next event that would raise the interrupt. U64_MAX for none. */
static u64 next_event(const struct cmos_state *s, u64 wall)
{
	u8 want = s->ram[CMOS_B] & ~s->ram[CMOS_C];
	u64 second = (u64)wall_seconds(wall), next = U64_MAX;
	u32 distance;

	if (want & B_PERIODIC && periodic_on(s))
		next = next_periodic(s, wall);
	if (s->ram[CMOS_B] & B_SET)
		return next;
	if (want & B_UPDATE)
		next = min_t(u64, next, (second + 1) * NSEC_PER_SEC);
	distance = want & B_ALARM ? alarm_distance(s, guest_seconds(s, wall)) : 0;
	if (distance)
		next = min_t(u64, next, (second + distance) * NSEC_PER_SEC);
	return next;
}

/*
 * Drive IRQ 8 by the flags, and wait for the next one that is wanted and not
 * yet set: a guest that leaves C unread costs no more timer interrupts.
 */
static void cmos_update(struct platform *p, u64 wall)
{
	struct cmos_state *s = &p->cmos.s;
	u64 next = next_event(s, wall);

	platform_irq(p, MEMMAP_IRQ_RTC, s->ram[CMOS_B] & s->ram[CMOS_C] & C_FLAGS);
	if (next == U64_MAX)
		host_timer_stop(&p->cmos.timer);
	else	/* An hour at most: the wall clock may be set meanwhile. */
		host_timer_start(&p->cmos.timer, host_now() +
				 min_t(u64, next - wall, HOUR_S * (u64)NSEC_PER_SEC));
}

/* Hard interrupt context. Too early is harmless: the flags decide. */
static void cmos_timer_fn(struct host_timer *timer)
{
	struct platform *p = container_of(timer, struct platform, cmos.timer);
	unsigned long flags = host_lock(&p->lock);
	u64 wall = host_wall();

	cmos_catch_up(&p->cmos.s, wall);
	cmos_update(p, wall);
	host_unlock(&p->lock, flags);
}

/* The ports. */

static bool is_time(u8 reg)
{
	return (reg <= CMOS_YEAR && reg != CMOS_SECOND_ALARM && reg != CMOS_MINUTE_ALARM &&
		reg != CMOS_HOUR_ALARM) || reg == CMOS_CENTURY;
}

static u8 cmos_read_a(const struct cmos_state *s, u64 wall)
{
	u32 ns;

	div_u64_rem(wall, NSEC_PER_SEC, &ns);
	if (!(s->ram[CMOS_B] & B_SET) && ns >= NSEC_PER_SEC - UIP_NS)
		return s->ram[CMOS_A] | A_UPDATING;
	return s->ram[CMOS_A];
}

/* Reading register C clears it and releases IRQ 8. */
static u8 cmos_read_c(struct platform *p, u64 wall)
{
	struct cmos_state *s = &p->cmos.s;
	u8 value;

	cmos_catch_up(s, wall);
	value = s->ram[CMOS_C];
	if (value & s->ram[CMOS_B] & C_FLAGS)
		value |= C_IRQ;
	s->ram[CMOS_C] = 0;
	cmos_update(p, wall);
	return value;
}

u32 cmos_read(struct platform *p, u16 reg)
{
	struct cmos_state *s = &p->cmos.s;
	u64 wall = host_wall();

	if (reg == 0)
		return 0xff;
	if (s->index == CMOS_A)
		return cmos_read_a(s, wall);
	if (s->index == CMOS_C)
		return cmos_read_c(p, wall);
	if (is_time(s->index))
		cmos_show_time(s, wall);
	return s->ram[s->index];
}

static void cmos_write_time(struct cmos_state *s, u8 value, u64 wall)
{
	cmos_show_time(s, wall);
	s->ram[s->index] = value;
	if (!(s->ram[CMOS_B] & B_SET))
		cmos_take_time(s, wall);
}

/* SET freezes the registers; clearing it starts the clock from what they say. */
static void cmos_write_b(struct cmos_state *s, u8 value, u64 wall)
{
	bool was_set = s->ram[CMOS_B] & B_SET;

	cmos_show_time(s, wall);
	if (value & B_SET)
		value &= ~B_UPDATE;
	s->ram[CMOS_B] = value;
	if (was_set && !(value & B_SET))
		cmos_take_time(s, wall);
}

static void cmos_write_data(struct cmos_state *s, u8 value, u64 wall)
{
	if (s->index == CMOS_C || s->index == CMOS_D)
		return;
	if (s->index == CMOS_B)
		cmos_write_b(s, value, wall);
	else if (is_time(s->index))
		cmos_write_time(s, value, wall);
	else
		s->ram[s->index] = s->index == CMOS_A ? value & ~A_UPDATING : value;
}

/* Bit 7 of the index is the NMI mask, which has nothing to mask here. */
void cmos_write(struct platform *p, u16 reg, u32 value)
{
	u64 wall = host_wall();

	if (reg == 0) {
		p->cmos.s.index = value & (CMOS_SIZE - 1);
		return;
	}
	cmos_catch_up(&p->cmos.s, wall);
	cmos_write_data(&p->cmos.s, value, wall);
	if (p->cmos.s.index <= CMOS_B)
		cmos_update(p, wall);
}

void cmos_init(struct platform *p)
{
	host_timer_init(&p->cmos.timer, cmos_timer_fn);
	memset(&p->cmos.s, 0, sizeof(p->cmos.s));
}

/* "RESET": interrupts off, flags clear. Divider and format as a PC's firmware leaves them. */
void cmos_reset(struct platform *p)
{
	struct cmos_state *s = &p->cmos.s;

	s->index = 0;
	s->ram[CMOS_A] = 0x26;
	s->ram[CMOS_B] = B_24H;
	s->ram[CMOS_C] = 0;
	s->ram[CMOS_D] = D_VALID;
	s->seen = host_wall();
	host_timer_stop(&p->cmos.timer);
}

void cmos_destroy(struct platform *p)
{
	host_timer_sync(&p->cmos.timer);
}

void cmos_go_on(struct platform *p)
{
	u64 wall = host_wall();

	cmos_catch_up(&p->cmos.s, wall);
	cmos_update(p, wall);
}
