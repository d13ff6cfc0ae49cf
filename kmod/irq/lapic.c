// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APIC. Section titles are those of the Intel SDM, volume 3, chapter
 * "Advanced Programmable Interrupt Controller (APIC)".
 *
 * Not there: CMCI, SMM (an SMI message is dropped), level-triggered LINT pins
 * in fixed mode (taken as edges), and a movable APIC base (#GP).
 */
#include "core/host.h"
#include "core/memmap.h"
#include "core/platform.h"
#include "irq/lapic.h"

/* Integrated APIC, LVT entries 0 to 5, no suppression of EOI broadcasts. */
#define LAPIC_VERSION_VALUE	0x00050014U

#define LVT_VECTOR		0x000000ffU
#define LVT_MODE_SHIFT		8
#define LVT_STATUS		BIT(12)		/* read only, never pending here */
#define LVT_REMOTE_IRR		BIT(14)		/* read only */
#define LVT_TIMER_MODE		(3U << 17)
#define LVT_TIMER_PERIODIC	BIT(17)
#define LVT_TIMER_DEADLINE	BIT(18)

#define ICR_BUSY		BIT(12)	/* delivery status: a message never waits here */
#define ICR_VALID		0x000cdfffU

static bool lapic_lvt_deliver(struct lapic *l, enum lapic_reg lvt);
static void write_eoi(struct lapic *l, unsigned int reg, u32 value);

/* The highest bit set, or -1. Read with no lock: a racing bit brings its own kick. */
static int highest(const unsigned long *map)
{
	int i;

	for (i = LAPIC_MAP_WORDS - 1; i >= 0; i--) {
		unsigned long word = READ_ONCE(map[i]);

		if (word)
			return i * BITS_PER_LONG + __fls(word);
	}
	return -1;
}

static u32 bitmap_word(const unsigned long *map, unsigned int n)
{
	return READ_ONCE(map[n / 2]) >> (32 * (n % 2));
}

static u32 lapic_lvt(const struct lapic *l, enum lapic_reg lvt)
{
	return READ_ONCE(l->s.reg[lvt]);
}

/* "Task and Processor Priorities": PPR is the higher class of TPR and ISR. */
static void lapic_update_ppr(struct lapic *l)
{
	int isrv = highest(l->s.isr);
	u8 tpr = l->s.reg[LAPIC_TPR];
	u8 isr = isrv < 0 ? 0 : isrv & 0xf0;

	WRITE_ONCE(l->s.ppr, (tpr & 0xf0) >= isr ? tpr : isr);
	/* What was held back may be deliverable now: lapic_next() finds out. */
	if (highest(l->s.irr) >= 0)
		set_bit(LAPIC_PENDING_IRR, &l->s.pending);
}

/**
 * lapic_error - something is wrong with a message or an access; any context
 * @l: local APIC that found it
 * @bit: which bit of the ESR says so
 *
 * Noted once until ESR is written; a new one raises LVT ERROR.
 */
void lapic_error(struct lapic *l, enum lapic_esr bit)
{
	if (!test_and_set_bit(bit, &l->s.esr_pending))
		lapic_lvt_deliver(l, LAPIC_LVT_ERROR);
}

/**
 * lapic_accept - a fixed interrupt arrives; any context
 * @l: local APIC
 * @vector: vector; 0 to 15 are illegal and only noted in ESR
 * @level: level-triggered: its EOI is told to the IOAPIC
 */
void lapic_accept(struct lapic *l, u8 vector, bool level)
{
	if (!lapic_sw_enabled(l))
		return;
	if (vector < 16) {
		lapic_error(l, LAPIC_ESR_RECEIVE_ILLEGAL);
		return;
	}
	if (level)
		set_bit(vector, l->s.tmr);
	else
		clear_bit(vector, l->s.tmr);
	/* Already requested: the request that set it has kicked. */
	if (test_and_set_bit(vector, l->s.irr))
		return;
	set_bit(LAPIC_PENDING_IRR, &l->s.pending);
	host_kick(l->vcpu);
}

/* Behind the bit, and a full barrier: core/mp.c looks for messages under way. */
static void tell(struct lapic *l)
{
	atomic_inc_return(&l->plat->messages);
	host_kick(l->vcpu);
}

/**
 * lapic_post - note an event that has no vector in the IRR; any context
 * @l: local APIC
 * @what: LAPIC_PENDING_INIT or LAPIC_PENDING_SIPI
 */
void lapic_post(struct lapic *l, enum lapic_pending what)
{
	if (!test_and_set_bit(what, &l->s.pending))
		tell(l);
}

/**
 * lapic_nmi - an NMI arrives; any context
 * @l: local APIC
 *
 * A processor would take the first of two at once, and have the second one pending
 * behind it (SDM vol. 3, 'Handling multiple NMIs').  So two are kept of those that
 * come while a vCPU gets to neither; further ones are lost.
 */
void lapic_nmi(struct lapic *l)
{
	unsigned long old = READ_ONCE(l->s.pending), new;

	do {
		new = old | BIT(old & BIT(LAPIC_PENDING_NMI) ? LAPIC_PENDING_NMI2 :
							       LAPIC_PENDING_NMI);
		if (new == old)
			return;
	} while (!try_cmpxchg(&l->s.pending, &old, new));
	tell(l);
}

/**
 * lapic_take_nmi - is there an NMI to be taken now? The vCPU's own thread
 * @l: local APIC
 */
bool lapic_take_nmi(struct lapic *l)
{
	unsigned long old = READ_ONCE(l->s.pending), new;

	do {
		if (!(old & BIT(LAPIC_PENDING_NMI)))
			return false;
		new = old & ~BIT(old & BIT(LAPIC_PENDING_NMI2) ? LAPIC_PENDING_NMI2 :
								 LAPIC_PENDING_NMI);
	} while (!try_cmpxchg(&l->s.pending, &old, new));
	return true;
}

/**
 * lapic_drop_nmis - NMIs came that will not be taken; the vCPU's own thread
 * @l: local APIC
 * @all: not just the second one, which has no place while a handler runs
 */
void lapic_drop_nmis(struct lapic *l, bool all)
{
	unsigned long drop = BIT(LAPIC_PENDING_NMI2) | (all ? BIT(LAPIC_PENDING_NMI) : 0);
	unsigned long old = READ_ONCE(l->s.pending);

	while ((old & drop) && !try_cmpxchg(&l->s.pending, &old, old & ~drop))
		;
}

/**
 * lapic_next - the vector to inject next; the vCPU's own thread
 * @l: local APIC
 *
 * Return: highest requested vector whose class is above PPR, -1 for none. Until
 * lapic_take() it stays the answer unless a higher one arrives.
 */
int lapic_next(struct lapic *l)
{
	int vector;

	/*
	 * Clear first, look second: a vector that arrives after the look sets
	 * the bit again. test_and_clear_bit() is the barrier between the two.
	 */
	test_and_clear_bit(LAPIC_PENDING_IRR, &l->s.pending);
	if (!lapic_sw_enabled(l))
		return -1;
	vector = highest(l->s.irr);
	if (vector < 0 || (vector & 0xf0) <= (l->s.ppr & 0xf0))
		return -1;
	set_bit(LAPIC_PENDING_IRR, &l->s.pending);
	return vector;
}

/**
 * lapic_take - @vector goes to the processor: from IRR to ISR
 * @l: local APIC
 * @vector: what lapic_next() gave
 */
void lapic_take(struct lapic *l, u8 vector)
{
	clear_bit(vector, l->s.irr);
	__set_bit(vector, l->s.isr);
	lapic_update_ppr(l);
	/* Drop the pending bit unless there is more above the new PPR. */
	lapic_next(l);
}

/**
 * lapic_lend - the hardware is to deliver what is requested; the vCPU's own thread
 * @l: local APIC, of which lapic_is_lent() is true
 * @irr: the requests, LAPIC_MAP_WORDS of them, which are not @l's any more
 *
 * One that arrives from now on kicks, and is lent at the next entry.
 */
void lapic_lend(struct lapic *l, unsigned long *irr)
{
	unsigned int i;

	/* The barrier of lapic_next(): the bit first, the requests second. */
	test_and_clear_bit(LAPIC_PENDING_IRR, &l->s.pending);
	for (i = 0; i < LAPIC_MAP_WORDS; i++)
		irr[i] = READ_ONCE(l->s.irr[i]) ? xchg(&l->s.irr[i], 0) : 0;
}

/**
 * lapic_return - the guest has exited; the vCPU's own thread
 * @l: local APIC
 * @irr: requests that the hardware has not delivered
 * @isr: what is in service
 * @tpr: task priority
 */
void lapic_return(struct lapic *l, const unsigned long *irr, const unsigned long *isr, u8 tpr)
{
	unsigned long left;
	unsigned int i;

	for (i = 0; i < LAPIC_MAP_WORDS; i++) {
		l->s.isr[i] = isr[i];
		for (left = irr[i]; left; left &= left - 1)
			set_bit(__ffs(left), &l->s.irr[i]);
	}
	lapic_set_tpr(l, tpr);
}

/**
 * lapic_accepts_extint - does the PIC's output reach the processor?
 * @l: local APIC
 *
 * Yes through LINT0 in ExtINT mode, and when the APIC is disabled by
 * IA32_APIC_BASE, since LINT0 is then the INTR pin ("Local APIC Status and
 * Location").
 *
 * Return: true if pic_take()'s vector may be injected
 */
bool lapic_accepts_extint(const struct lapic *l)
{
	u32 lvt = lapic_lvt(l, LAPIC_LVT_LINT0);

	if (!lapic_enabled(l))
		return true;
	if (lvt & LAPIC_LVT_MASKED)
		return false;
	return ((lvt >> LVT_MODE_SHIFT) & 7) == LAPIC_EXTINT;
}

/**
 * lapic_wakes - is there an event that ends a halt (RFLAGS.IF apart)?
 * @l: local APIC
 *
 * Return: true if so; the vCPU's own thread asks
 */
bool lapic_wakes(struct lapic *l)
{
	unsigned long pending = READ_ONCE(l->s.pending);

	if (pending & (BIT(LAPIC_PENDING_NMI) | BIT(LAPIC_PENDING_INIT) |
		       BIT(LAPIC_PENDING_SIPI)))
		return true;
	if (pending & BIT(LAPIC_PENDING_EXTINT) && lapic_accepts_extint(l))
		return true;
	return lapic_next(l) >= 0;
}

/* Local sources. */

/* Deliver a local source by its LVT entry; false if that is masked. */
static bool lapic_lvt_deliver(struct lapic *l, enum lapic_reg lvt)
{
	u32 entry = lapic_lvt(l, lvt);
	struct lapic_message m = { .vector = entry & LVT_VECTOR };

	if (entry & LAPIC_LVT_MASKED || !lapic_enabled(l))
		return false;
	if (lvt != LAPIC_LVT_TIMER && lvt != LAPIC_LVT_ERROR)
		m.mode = (entry >> LVT_MODE_SHIFT) & 7;
	lapic_receive(l, &m);
	return true;
}

/* All processors have the PIC on LINT0: only those that let it through are kicked. */
static void lapic_raise_extint(struct lapic *l)
{
	if (!test_and_set_bit(LAPIC_PENDING_EXTINT, &l->s.pending) && lapic_accepts_extint(l))
		host_kick(l->vcpu);
}

/**
 * lapic_lint - drive a local interrupt pin; any context
 * @l: local APIC
 * @pin: 0 (the PIC's output) or 1
 * @level: its level; the caller calls on changes only
 */
void lapic_lint(struct lapic *l, unsigned int pin, bool level)
{
	/*
	 * The pending bit follows the pin whatever LVT LINT0 says, so that
	 * opening LINT0 later finds a request that waits.
	 */
	if (pin == 0 && !level)
		clear_bit(LAPIC_PENDING_EXTINT, &l->s.pending);
	else if (pin == 0)
		lapic_raise_extint(l);
	if (level)
		lapic_lvt_deliver(l, pin ? LAPIC_LVT_LINT1 : LAPIC_LVT_LINT0);
}

/* The timer. */

static u32 timer_mode(const struct lapic *l)
{
	return lapic_lvt(l, LAPIC_LVT_TIMER) & LVT_TIMER_MODE;
}

/* "Divide Configuration Register": bits 0, 1 and 3 encode 2, 4, … 128, 1. */
static unsigned int timer_divide_shift(const struct lapic *l)
{
	u32 tdcr = l->s.reg[LAPIC_TDCR];

	return (((tdcr & 3) | (tdcr >> 1 & 4)) + 1) & 7;
}

static u64 timer_period(const struct lapic *l)
{
	u64 period = (u64)l->s.reg[LAPIC_TMICT] << timer_divide_shift(l);

	if (timer_mode(l) == LVT_TIMER_PERIODIC)
		return max_t(u64, period, LAPIC_MIN_PERIOD_NS);
	return period;
}

static u64 guest_tsc(const struct lapic *l)
{
	return host_tsc() + l->tsc_offset;
}

/*
 * Host time at which the guest's TSC reaches its deadline, rounded up. Far ones
 * are cut to an hour: the callback looks again.
 */
static u64 tsc_deadline_ns(const struct lapic *l, u64 tsc)
{
	u32 khz = host_tsc_khz();
	u64 delta = min_t(u64, l->s.tsc_deadline - tsc, 3600000ULL * khz);

	return host_now() + mul_u64_u32_div(delta, 1000000, khz) + 1;
}

/* Start or stop the host's timer to match s.deadline. timer_lock held. */
static void timer_program(struct lapic *l)
{
	if (l->s.deadline)
		host_timer_start(&l->timer, l->s.deadline);
	else
		host_timer_stop(&l->timer);
}

/* TSC-deadline: true if it has passed, else the host's timer waits for it, or the engine's. */
static bool timer_expire_tsc(struct lapic *l)
{
	u64 tsc = guest_tsc(l);

	if (tsc >= l->s.tsc_deadline) {
		l->s.tsc_deadline = 0;
		l->s.deadline = 0;
		timer_program(l);
		return true;
	}
	l->s.deadline = READ_ONCE(l->timer_here) ? 0 : tsc_deadline_ns(l, tsc);
	timer_program(l);
	return false;
}

/* One-shot and periodic: likewise. A period that was missed is not made up for. */
static bool timer_expire_count(struct lapic *l, u64 now)
{
	bool due = now >= l->s.deadline;
	u64 period = timer_period(l);

	if (due && timer_mode(l) == LVT_TIMER_PERIODIC && period)
		l->s.deadline += (div64_u64(now - l->s.deadline, period) + 1) * period;
	else if (due)
		l->s.deadline = 0;
	timer_program(l);
	return due;
}

static bool timer_expire(struct lapic *l)
{
	if (timer_mode(l) == LVT_TIMER_DEADLINE)
		return l->s.tsc_deadline && timer_expire_tsc(l);
	return l->s.deadline && timer_expire_count(l, host_now());
}

/**
 * lapic_timer_over - a timer says that its time is over; any context
 * @l: local APIC; the guest may have stopped or moved the timer meanwhile
 */
void lapic_timer_over(struct lapic *l)
{
	unsigned long flags = host_lock(&l->timer_lock);
	bool due = timer_expire(l);

	host_unlock(&l->timer_lock, flags);
	if (due)
		lapic_lvt_deliver(l, LAPIC_LVT_TIMER);
}

static void lapic_timer_fn(struct host_timer *timer)
{
	lapic_timer_over(container_of(timer, struct lapic, timer));
}

u64 lapic_deadline_left(const struct lapic *l, u64 deadline)
{
	u64 tsc = guest_tsc(l);

	return deadline > tsc ? deadline - tsc : 0;
}

/**
 * lapic_timer_leave - the host's timer takes over; the vCPU's own thread, in the core
 * @l: local APIC
 */
void lapic_timer_leave(struct lapic *l)
{
	unsigned long flags;
	bool due;

	if (!l->timer_here)
		return;
	flags = host_lock(&l->timer_lock);
	WRITE_ONCE(l->timer_here, false);
	due = l->s.tsc_deadline && !l->s.deadline && timer_expire_tsc(l);
	host_unlock(&l->timer_lock, flags);
	if (due)
		lapic_lvt_deliver(l, LAPIC_LVT_TIMER);
}

/* Current count: what is left, in divided ticks. timer_lock held. */
static u32 timer_count(const struct lapic *l, u64 now)
{
	unsigned int shift = timer_divide_shift(l);
	u64 left, period = timer_period(l);

	if (!l->s.deadline || timer_mode(l) == LVT_TIMER_DEADLINE)
		return 0;
	if (l->s.deadline > now)
		left = l->s.deadline - now;
	else if (timer_mode(l) == LVT_TIMER_PERIODIC && period)
		left = period - (now - l->s.deadline) % period;
	else
		left = 0;
	left = (left + BIT_ULL(shift) - 1) >> shift;
	return min_t(u64, left, l->s.reg[LAPIC_TMICT]);
}

static void timer_stop(struct lapic *l)
{
	l->s.deadline = 0;
	l->s.tsc_deadline = 0;
	timer_program(l);
}

static void write_tsc_deadline(struct lapic *l, u64 value)
{
	unsigned long flags = host_lock(&l->timer_lock);
	bool due = false;

	/* "TSC-Deadline Mode": ignored in the other modes. */
	if (timer_mode(l) == LVT_TIMER_DEADLINE) {
		l->s.tsc_deadline = value;
		if (value)
			due = timer_expire_tsc(l);
		else
			timer_stop(l);
	}
	host_unlock(&l->timer_lock, flags);
	if (due)
		lapic_lvt_deliver(l, LAPIC_LVT_TIMER);
}

static u64 read_tsc_deadline(struct lapic *l)
{
	unsigned long flags = host_lock(&l->timer_lock);
	u64 value = l->s.tsc_deadline;

	host_unlock(&l->timer_lock, flags);
	return value;
}

/**
 * lapic_set_tsc_offset - the guest's TSC moves; the vCPU's own thread
 * @l: local APIC
 * @offset: guest TSC minus host TSC from now on
 */
void lapic_set_tsc_offset(struct lapic *l, u64 offset)
{
	unsigned long flags = host_lock(&l->timer_lock);
	bool due = false;

	l->tsc_offset = offset;
	if (l->s.tsc_deadline)
		due = timer_expire_tsc(l);
	host_unlock(&l->timer_lock, flags);
	if (due)
		lapic_lvt_deliver(l, LAPIC_LVT_TIMER);
}

void lapic_go_on(struct lapic *l, u64 ns)
{
	unsigned long flags = host_lock(&l->timer_lock);

	if (l->s.deadline && timer_mode(l) != LVT_TIMER_DEADLINE) {
		l->s.deadline += ns;
		timer_program(l);
	}
	host_unlock(&l->timer_lock, flags);
}

/* Registers: one reader or writer each where a stored word does not do. */

static u32 read_stored(struct lapic *l, unsigned int reg)
{
	return l->s.reg[reg];
}

static u32 read_id(struct lapic *l, unsigned int reg)
{
	return lapic_is_x2(l) ? l->s.id : l->s.id << 24;
}

static u32 read_version(struct lapic *l, unsigned int reg)
{
	return LAPIC_VERSION_VALUE;
}

static u32 read_ppr(struct lapic *l, unsigned int reg)
{
	return l->s.ppr;
}

static u32 read_ldr(struct lapic *l, unsigned int reg)
{
	return lapic_is_x2(l) ? lapic_x2_ldr(l->s.id) : l->s.reg[LAPIC_LDR];
}

static u32 read_isr(struct lapic *l, unsigned int reg)
{
	return bitmap_word(l->s.isr, reg - LAPIC_ISR);
}

static u32 read_tmr(struct lapic *l, unsigned int reg)
{
	return bitmap_word(l->s.tmr, reg - LAPIC_TMR);
}

static u32 read_irr(struct lapic *l, unsigned int reg)
{
	return bitmap_word(l->s.irr, reg - LAPIC_IRR);
}

static u32 read_tmcct(struct lapic *l, unsigned int reg)
{
	unsigned long flags = host_lock(&l->timer_lock);
	u32 count = timer_count(l, host_now());

	host_unlock(&l->timer_lock, flags);
	return count;
}

static void write_stored(struct lapic *l, unsigned int reg, u32 value)
{
	WRITE_ONCE(l->s.reg[reg], value);
}

void lapic_set_tpr(struct lapic *l, u8 tpr)
{
	l->s.reg[LAPIC_TPR] = tpr;
	lapic_update_ppr(l);
}

static void write_tpr(struct lapic *l, unsigned int reg, u32 value)
{
	lapic_set_tpr(l, value);
}

/**
 * lapic_eoi_is_silent - would an EOI now only end the interrupt in service?
 * @l: local APIC; the vCPU's own thread asks
 *
 * Return: true if one is in service that is no level, and no other one waits
 */
bool lapic_eoi_is_silent(const struct lapic *l)
{
	int vector = highest(l->s.isr);

	return vector >= 0 && !test_bit(vector, l->s.tmr) && highest(l->s.irr) < 0;
}

/**
 * lapic_eoi - the guest ends the interrupt in service; the vCPU's own thread
 * @l: local APIC
 */
void lapic_eoi(struct lapic *l)
{
	write_eoi(l, LAPIC_EOI, 0);
}

/**
 * lapic_eoi_done - @vector is not in service any more; the vCPU's own thread
 * @l: local APIC
 * @vector: its EOI was done by software or hardware
 */
void lapic_eoi_done(struct lapic *l, u8 vector)
{
	if (test_bit(vector, l->s.tmr))
		ioapic_eoi(l->plat, vector);
}

/* "Signaling Interrupt Servicing Completion". With nothing in service: no effect. */
static void write_eoi(struct lapic *l, unsigned int reg, u32 value)
{
	int vector = highest(l->s.isr);

	if (vector < 0)
		return;
	__clear_bit(vector, l->s.isr);
	lapic_update_ppr(l);
	lapic_eoi_done(l, vector);
}

/* The model bits (31:28) count, the others read as ones. */
static void write_dfr(struct lapic *l, unsigned int reg, u32 value)
{
	WRITE_ONCE(l->s.reg[LAPIC_DFR], value | 0x0fffffffU);
}

static void write_svr(struct lapic *l, unsigned int reg, u32 value)
{
	unsigned int lvt;

	WRITE_ONCE(l->s.reg[LAPIC_SVR], value);
	if (value & LAPIC_SVR_ENABLE) {
		lapic_update_ppr(l);
		/* Levels that nobody has taken are still asking. */
		ioapic_retry(l->plat);
		return;
	}
	/* "Local APIC State After It Has Been Software Disabled": LVTs masked. */
	for (lvt = LAPIC_LVT_TIMER; lvt <= LAPIC_LVT_ERROR; lvt++)
		WRITE_ONCE(l->s.reg[lvt], l->s.reg[lvt] | LAPIC_LVT_MASKED);
}

/* "Error Handling": a write latches what was found since the one before. */
static void write_esr(struct lapic *l, unsigned int reg, u32 value)
{
	l->s.reg[LAPIC_ESR] = xchg(&l->s.esr_pending, 0);
}

static void write_icr(struct lapic *l, unsigned int reg, u32 value)
{
	l->s.reg[LAPIC_ICR] = value & ~ICR_BUSY;
	lapic_ipi(l, value, l->s.reg[LAPIC_ICR_HIGH] >> 24);
}

static void write_lvt(struct lapic *l, unsigned int reg, u32 value)
{
	if (!(l->s.reg[LAPIC_SVR] & LAPIC_SVR_ENABLE))
		value |= LAPIC_LVT_MASKED;
	WRITE_ONCE(l->s.reg[reg], value & ~(LVT_STATUS | LVT_REMOTE_IRR));
}

/* "TSC-Deadline Mode": going in or out of it disarms the timer. */
static void write_lvt_timer(struct lapic *l, unsigned int reg, u32 value)
{
	unsigned long flags = host_lock(&l->timer_lock);
	u32 old = timer_mode(l);

	write_lvt(l, reg, value);
	if (old != timer_mode(l) &&
	    (old == LVT_TIMER_DEADLINE || timer_mode(l) == LVT_TIMER_DEADLINE))
		timer_stop(l);
	host_unlock(&l->timer_lock, flags);
}

static void write_tmict(struct lapic *l, unsigned int reg, u32 value)
{
	unsigned long flags = host_lock(&l->timer_lock);

	if (timer_mode(l) != LVT_TIMER_DEADLINE) {
		l->s.reg[LAPIC_TMICT] = value;
		l->s.deadline = value ? host_now() + timer_period(l) : 0;
		timer_program(l);
	}
	host_unlock(&l->timer_lock, flags);
}

/* A running count goes on from where it is, at the new rate. */
static void write_tdcr(struct lapic *l, unsigned int reg, u32 value)
{
	unsigned long flags = host_lock(&l->timer_lock);
	u64 now = host_now();
	u32 count = timer_count(l, now);

	l->s.reg[LAPIC_TDCR] = value;
	if (count) {
		l->s.deadline = now + ((u64)count << timer_divide_shift(l));
		timer_program(l);
	}
	host_unlock(&l->timer_lock, flags);
}

/* "SELF IPI Register": x2APIC only. */
static void write_self_ipi(struct lapic *l, unsigned int reg, u32 value)
{
	lapic_ipi(l, value | LAPIC_SHORT_SELF << 18, 0);
}

/* In which mode a register can be read and written. */
enum {
	XR = 1, XW = 2, X2R = 4, X2W = 8,
	R = XR | X2R, W = XW | X2W, RW = R | W, XRW = XR | XW,
};

/**
 * struct reg_ops - one register
 * @access: XR …; none: reserved
 * @valid: bits that a write may set: others are #GP in x2APIC mode, ignored in xAPIC mode
 * @read: if readable
 * @write: if writable
 */
struct reg_ops {
	u8 access;
	u32 valid;
	u32 (*read)(struct lapic *l, unsigned int reg);
	void (*write)(struct lapic *l, unsigned int reg, u32 value);
};

#define LVT_BITS	(LVT_VECTOR | LVT_STATUS | LAPIC_LVT_MASKED)
#define LVT_MODE_BITS	(LVT_BITS | 7U << LVT_MODE_SHIFT)
#define LVT_LINT_BITS	(LVT_MODE_BITS | BIT(13) | LVT_REMOTE_IRR | BIT(15))

/*
 * "x2APIC Register Address Space". The ID is read only in both modes, as the
 * manual allows. ICR_HIGH is part of the 64-bit ICR in x2APIC mode; APR and RRD
 * are gone from processors since the Pentium 4 and read as zero.
 */
static const struct reg_ops reg_ops[LAPIC_NR_REGS] = {
	[LAPIC_ID]	= { R | XW, 0, read_id, NULL },
	[LAPIC_VERSION]	= { R, 0, read_version, NULL },
	[LAPIC_TPR]	= { RW, 0xff, read_stored, write_tpr },
	[LAPIC_APR]	= { XR, 0, read_stored, NULL },
	[LAPIC_PPR]	= { R, 0, read_ppr, NULL },
	[LAPIC_EOI]	= { W, 0, NULL, write_eoi },
	[LAPIC_RRD]	= { XR, 0, read_stored, NULL },
	[LAPIC_LDR]	= { R | XW, 0xff000000U, read_ldr, write_stored },
	[LAPIC_DFR]	= { XRW, 0xffffffffU, read_stored, write_dfr },
	[LAPIC_SVR]	= { RW, 0x3ff, read_stored, write_svr },
	[LAPIC_ISR ... LAPIC_ISR + 7] = { R, 0, read_isr, NULL },
	[LAPIC_TMR ... LAPIC_TMR + 7] = { R, 0, read_tmr, NULL },
	[LAPIC_IRR ... LAPIC_IRR + 7] = { R, 0, read_irr, NULL },
	[LAPIC_ESR]	= { RW, 0, read_stored, write_esr },
	[LAPIC_ICR]	= { RW, ICR_VALID, read_stored, write_icr },
	[LAPIC_ICR_HIGH] = { XRW, 0xff000000U, read_stored, write_stored },
	[LAPIC_LVT_TIMER] = { RW, LVT_BITS | LVT_TIMER_MODE, read_stored, write_lvt_timer },
	[LAPIC_LVT_THERM] = { RW, LVT_MODE_BITS, read_stored, write_lvt },
	[LAPIC_LVT_PERF]  = { RW, LVT_MODE_BITS, read_stored, write_lvt },
	[LAPIC_LVT_LINT0] = { RW, LVT_LINT_BITS, read_stored, write_lvt },
	[LAPIC_LVT_LINT1] = { RW, LVT_LINT_BITS, read_stored, write_lvt },
	[LAPIC_LVT_ERROR] = { RW, LVT_BITS, read_stored, write_lvt },
	[LAPIC_TMICT]	= { RW, 0xffffffffU, read_stored, write_tmict },
	[LAPIC_TMCCT]	= { R, 0, read_tmcct, NULL },
	[LAPIC_TDCR]	= { RW, 0xb, read_stored, write_tdcr },
	[LAPIC_SELF_IPI] = { X2W, 0xff, NULL, write_self_ipi },
};

/**
 * lapic_mmio_read - the guest reads the xAPIC's page
 * @l: local APIC
 * @offset: in the page
 * @size: 1, 2 or 4
 *
 * Registers are 32 bits wide on 16-byte boundaries; parts of one are read as
 * such. Outside of xAPIC mode the page is not there and reads as all ones.
 *
 * Return: the value
 */
u32 lapic_mmio_read(struct lapic *l, u32 offset, unsigned int size)
{
	unsigned int reg = (offset >> 4) & 0xff, shift = 8 * (offset & 3);
	const struct reg_ops *ops;

	if (!lapic_enabled(l) || lapic_is_x2(l))
		return bus_mask(size);
	if ((offset & 0xf) + size > 4 || reg >= LAPIC_NR_REGS)
		return 0;
	ops = &reg_ops[reg];
	if (!(ops->access & (XR | XW)))
		lapic_error(l, LAPIC_ESR_ILLEGAL_REGISTER);
	if (!(ops->access & XR))
		return 0;
	return (ops->read(l, reg) >> shift) & bus_mask(size);
}

/**
 * lapic_mmio_write - the guest writes the xAPIC's page
 * @l: local APIC
 * @offset: in the page
 * @size: anything but aligned 32 bits is ignored ("must be accessed with 32-bit")
 * @value: value
 */
void lapic_mmio_write(struct lapic *l, u32 offset, unsigned int size, u32 value)
{
	unsigned int reg = (offset >> 4) & 0xff;
	const struct reg_ops *ops;

	if (!lapic_enabled(l) || lapic_is_x2(l) || size != 4 || offset & 0xf)
		return;
	if (reg >= LAPIC_NR_REGS || !(reg_ops[reg].access & (XR | XW))) {
		lapic_error(l, LAPIC_ESR_ILLEGAL_REGISTER);
		return;
	}
	ops = &reg_ops[reg];
	l->changed = true;
	if (ops->access & XW && ops->write)
		ops->write(l, reg, value & ops->valid);
}

/* IA32_APIC_BASE: which state may follow which ("x2APIC State Transitions"). */
static bool base_legal(u64 old, u64 value)
{
	u64 mode = value & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2);
	u64 from = old & (LAPIC_BASE_ENABLE | LAPIC_BASE_X2);

	/* Reserved bits, and an APIC that moves, which hv refuses. */
	if ((value & ~(LAPIC_BASE_BSP | LAPIC_BASE_ENABLE | LAPIC_BASE_X2)) != MEMMAP_LAPIC)
		return false;
	if (mode == LAPIC_BASE_X2)
		return false;
	if (from == 0)
		return mode != (LAPIC_BASE_ENABLE | LAPIC_BASE_X2);
	if (from & LAPIC_BASE_X2)
		return mode != LAPIC_BASE_ENABLE;
	return true;
}

static enum lapic_result write_base(struct lapic *l, u64 value)
{
	u64 old = l->s.base;

	if (!base_legal(old, value))
		return LAPIC_GP;
	l->changed = true;
	/* Which processor is the bootstrap one is not the guest's to say. */
	value = (value & ~LAPIC_BASE_BSP) | (old & LAPIC_BASE_BSP);
	/* Leaving the disabled state is like power-on for the registers. */
	if ((old ^ value) & LAPIC_BASE_ENABLE)
		lapic_reset(l, false);
	WRITE_ONCE(l->s.base, value);
	return LAPIC_OK;
}

static enum lapic_result read_x2(struct lapic *l, unsigned int reg, u64 *value)
{
	if (!lapic_is_x2(l) || reg >= LAPIC_NR_REGS || !(reg_ops[reg].access & X2R))
		return LAPIC_GP;
	*value = reg_ops[reg].read(l, reg);
	if (reg == LAPIC_ICR)
		*value |= (u64)l->s.reg[LAPIC_ICR_HIGH] << 32;
	return LAPIC_OK;
}

static enum lapic_result write_x2_icr(struct lapic *l, u64 value)
{
	/* Bit 12 was the delivery status: processors differ, so it passes. */
	if ((u32)value & ~ICR_VALID)
		return LAPIC_GP;
	l->s.reg[LAPIC_ICR] = (u32)value & ~ICR_BUSY;
	l->s.reg[LAPIC_ICR_HIGH] = value >> 32;
	lapic_ipi(l, value, value >> 32);
	return LAPIC_OK;
}

static enum lapic_result write_x2(struct lapic *l, unsigned int reg, u64 value)
{
	if (!lapic_is_x2(l) || reg >= LAPIC_NR_REGS || !(reg_ops[reg].access & X2W))
		return LAPIC_GP;
	if (reg == LAPIC_ICR)
		return write_x2_icr(l, value);
	l->changed = true;
	if (value & ~(u64)reg_ops[reg].valid)
		return LAPIC_GP;
	reg_ops[reg].write(l, reg, value);
	return LAPIC_OK;
}

/**
 * lapic_read_msr - RDMSR of IA32_APIC_BASE, IA32_TSC_DEADLINE or 0x800 to 0x8ff
 * @l: local APIC
 * @msr: number
 * @value: where to
 *
 * Return: LAPIC_OK or LAPIC_GP
 */
enum lapic_result lapic_read_msr(struct lapic *l, u32 msr, u64 *value)
{
	if (msr == LAPIC_MSR_BASE) {
		*value = l->s.base;
		return LAPIC_OK;
	}
	if (msr == LAPIC_MSR_DEADLINE) {
		*value = read_tsc_deadline(l);
		return LAPIC_OK;
	}
	if (msr < LAPIC_MSR_X2_FIRST)
		return LAPIC_GP;
	return read_x2(l, msr - LAPIC_MSR_X2_FIRST, value);
}

/**
 * lapic_write_msr - WRMSR of the same
 * @l: local APIC
 * @msr: number
 * @value: value
 *
 * Return: LAPIC_OK or LAPIC_GP
 */
enum lapic_result lapic_write_msr(struct lapic *l, u32 msr, u64 value)
{
	if (msr == LAPIC_MSR_BASE)
		return write_base(l, value);
	if (msr == LAPIC_MSR_DEADLINE) {
		write_tsc_deadline(l, value);
		return LAPIC_OK;
	}
	if (msr < LAPIC_MSR_X2_FIRST)
		return LAPIC_GP;
	return write_x2(l, msr - LAPIC_MSR_X2_FIRST, value);
}

u8 lapic_get_cr8(const struct lapic *l)
{
	return l->s.reg[LAPIC_TPR] >> 4;
}

void lapic_set_cr8(struct lapic *l, u8 cr8)
{
	l->changed = true;
	lapic_set_tpr(l, (cr8 & 0xf) << 4);
}

void lapic_init(struct lapic *l, struct vcpu *vcpu, struct platform *plat, u32 id)
{
	memset(&l->s, 0, sizeof(l->s));
	l->s.id = id;
	l->vcpu = vcpu;
	l->plat = plat;
	l->tsc_offset = 0;
	host_lock_init(&l->timer_lock);
	host_timer_init(&l->timer, lapic_timer_fn);
	lapic_reset(l, true);
}

/* "Local APIC State After Power-Up or Reset". */
static void lapic_reset_regs(struct lapic *l)
{
	unsigned int lvt;

	memset(l->s.reg, 0, sizeof(l->s.reg));
	l->s.reg[LAPIC_DFR] = 0xffffffffU;
	l->s.reg[LAPIC_SVR] = 0xff;
	for (lvt = LAPIC_LVT_TIMER; lvt <= LAPIC_LVT_ERROR; lvt++)
		l->s.reg[lvt] = LAPIC_LVT_MASKED;
	/*
	 * Virtual wire mode, which firmware sets up on the bootstrap processor
	 * and which a kernel without firmware relies on (MP Specification
	 * 1.4, section 3.6.2.2): LINT0 passes the PIC.
	 */
	if (l->s.base & LAPIC_BASE_BSP)
		l->s.reg[LAPIC_LVT_LINT0] = LAPIC_EXTINT << LVT_MODE_SHIFT;
}

void lapic_reset(struct lapic *l, bool power_on)
{
	unsigned long flags = host_lock(&l->timer_lock);

	l->changed = true;
	if (power_on)
		WRITE_ONCE(l->s.base, MEMMAP_LAPIC | LAPIC_BASE_ENABLE |
			   (l->s.id ? 0 : LAPIC_BASE_BSP));
	lapic_reset_regs(l);
	timer_stop(l);
	host_unlock(&l->timer_lock, flags);
	/*
	 * Before the IRR: what another processor sends meanwhile is lost whole,
	 * or leaves the bit set for lapic_next() to find nothing.  The PIC's
	 * output is a wire, not a part of the APIC.
	 */
	clear_bit(LAPIC_PENDING_IRR, &l->s.pending);
	memset(l->s.irr, 0, sizeof(l->s.irr));
	memset(l->s.isr, 0, sizeof(l->s.isr));
	memset(l->s.tmr, 0, sizeof(l->s.tmr));
	l->s.esr_pending = 0;
	WRITE_ONCE(l->s.ppr, 0);
	if (!power_on)
		return;
	lapic_drop_nmis(l, true);
	clear_bit(LAPIC_PENDING_INIT, &l->s.pending);
	clear_bit(LAPIC_PENDING_SIPI, &l->s.pending);
}

void lapic_destroy(struct lapic *l)
{
	host_timer_sync(&l->timer);
}
