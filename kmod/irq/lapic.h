/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Local APIC: xAPIC and x2APIC (Intel SDM volume 3, chapter "Advanced
 * Programmable Interrupt Controller").
 *
 * Who may touch what:
 *
 *  - The IRR, the TMR and the pending word change atomically from any context:
 *    other vCPUs, the IOAPIC, timer interrupts (in which order, and why no
 *    request is missed: route.c).
 *  - The timer's fields are under timer_lock.
 *  - The rest belongs to the vCPU's own thread, interrupts off; others only
 *    read single words of it (ID, LDR, DFR, SVR, PPR) to route a message.
 *
 * Lock order: platform.lock, then lapic.timer_lock.
 */
#ifndef HV_IRQ_LAPIC_H
#define HV_IRQ_LAPIC_H

#include "core/host.h"

struct platform;

/* The timer's input clock: one tick is one ns, before the divide configuration. */
#define LAPIC_BUS_HZ		1000000000U

/* A periodic timer fires no more often than this; ticks it misses are merged. */
#define LAPIC_MIN_PERIOD_NS	50000U

#define LAPIC_MSR_BASE		0x1bU		/* IA32_APIC_BASE */
#define LAPIC_MSR_DEADLINE	0x6e0U		/* IA32_TSC_DEADLINE */
#define LAPIC_MSR_X2_FIRST	0x800U
#define LAPIC_MSR_X2_LAST	0x8ffU

#define LAPIC_BASE_BSP		BIT_ULL(8)
#define LAPIC_BASE_X2		BIT_ULL(10)
#define LAPIC_BASE_ENABLE	BIT_ULL(11)

/* Registers by number: MMIO offset >> 4, MSR - 0x800. */
enum lapic_reg {
	LAPIC_ID	= 0x02,
	LAPIC_VERSION	= 0x03,
	LAPIC_TPR	= 0x08,
	LAPIC_APR	= 0x09,
	LAPIC_PPR	= 0x0a,
	LAPIC_EOI	= 0x0b,
	LAPIC_RRD	= 0x0c,
	LAPIC_LDR	= 0x0d,
	LAPIC_DFR	= 0x0e,
	LAPIC_SVR	= 0x0f,
	LAPIC_ISR	= 0x10,
	LAPIC_TMR	= 0x18,
	LAPIC_IRR	= 0x20,
	LAPIC_ESR	= 0x28,
	LAPIC_ICR	= 0x30,
	LAPIC_ICR_HIGH	= 0x31,
	LAPIC_LVT_TIMER	= 0x32,
	LAPIC_LVT_THERM	= 0x33,
	LAPIC_LVT_PERF	= 0x34,
	LAPIC_LVT_LINT0	= 0x35,
	LAPIC_LVT_LINT1	= 0x36,
	LAPIC_LVT_ERROR	= 0x37,
	LAPIC_TMICT	= 0x38,
	LAPIC_TMCCT	= 0x39,
	LAPIC_TDCR	= 0x3e,
	LAPIC_SELF_IPI	= 0x3f,
	LAPIC_NR_REGS	= 0x40,
};

#define LAPIC_MAP_WORDS	(256 / BITS_PER_LONG)	/* of IRR, ISR and TMR */

#define LAPIC_SVR_ENABLE	BIT(8)
#define LAPIC_LVT_MASKED	BIT(16)

/**
 * enum lapic_pending - bit numbers in lapic_state.pending
 * @LAPIC_PENDING_IRR: ask lapic_next(); stays set while it has a vector to give
 * @LAPIC_PENDING_EXTINT: the PIC's output is high; see lapic_accepts_extint()
 * @LAPIC_PENDING_NMI: an NMI; taken with lapic_take_nmi()
 * @LAPIC_PENDING_NMI2: another one behind it
 * @LAPIC_PENDING_INIT: an INIT message; taken with lapic_test_clear()
 * @LAPIC_PENDING_SIPI: a start-up message, its vector in sipi_vector; likewise
 */
enum lapic_pending {
	LAPIC_PENDING_IRR,
	LAPIC_PENDING_EXTINT,
	LAPIC_PENDING_NMI,
	LAPIC_PENDING_NMI2,
	LAPIC_PENDING_INIT,
	LAPIC_PENDING_SIPI,
};

/* Bits of the ESR: section "Error Handling". */
enum lapic_esr {
	LAPIC_ESR_SEND_ILLEGAL		= 5,
	LAPIC_ESR_RECEIVE_ILLEGAL	= 6,
	LAPIC_ESR_ILLEGAL_REGISTER	= 7,
};

/**
 * enum lapic_result - outcome of an MSR access
 * @LAPIC_OK: done
 * @LAPIC_GP: the guest gets #GP(0), nothing was changed
 */
enum lapic_result {
	LAPIC_OK,
	LAPIC_GP,
};

/* Delivery modes, as the ICR, the LVT and the IOAPIC encode them. */
enum lapic_delivery {
	LAPIC_FIXED,
	LAPIC_LOWEST,
	LAPIC_SMI,
	LAPIC_NMI	= 4,
	LAPIC_INIT,
	LAPIC_SIPI,
	LAPIC_EXTINT,
};

/* The ICR's destination shorthands. */
enum lapic_shorthand {
	LAPIC_SHORT_NONE,
	LAPIC_SHORT_SELF,
	LAPIC_SHORT_ALL,
	LAPIC_SHORT_OTHERS,
};

struct lapic;

/**
 * struct lapic_message - an interrupt message on its way to one or more LAPICs
 * @dest: destination, 8 bits wide unless @wide
 * @vector: vector, or a SIPI's page number
 * @mode: enum lapic_delivery
 * @logical: @dest is logical, not physical
 * @wide: @dest has 32 bits: it comes from an x2APIC's ICR
 * @level: level-triggered
 * @all: to all of them, whatever @dest says
 * @except: not to this one; NULL: no exception
 */
struct lapic_message {
	u32 dest;
	u8 vector;
	u8 mode;
	bool logical;
	bool wide;
	bool level;
	bool all;
	const struct lapic *except;
};

/* Everything a snapshot has to keep. */
struct lapic_state {
	unsigned long pending;		/* atomic; enum lapic_pending */
	unsigned long irr[LAPIC_MAP_WORDS];	/* atomic */
	unsigned long tmr[LAPIC_MAP_WORDS];	/* atomic */
	unsigned long isr[LAPIC_MAP_WORDS];
	unsigned long esr_pending;	/* atomic; what the next write of ESR latches */
	u64 base;			/* IA32_APIC_BASE */
	u32 reg[LAPIC_NR_REGS];		/* what software wrote; bitmaps and ID are not here */
	u32 id;				/* constant */
	u8 ppr;
	u8 sipi_vector;
	u64 deadline;			/* timer_lock: next expiry, host_now() ns; 0: stopped */
	u64 tsc_deadline;		/* timer_lock: IA32_TSC_DEADLINE; 0: disarmed */
};

/**
 * struct lapic - one vCPU's local APIC
 * @s: its state
 * @vcpu: whom to kick; constant
 * @plat: the board it sits on; constant
 * @tsc_offset: guest TSC minus host TSC; lapic_set_tsc_offset() changes it
 * @lends: the engine delivers interrupts by hardware: see lapic_is_lent(); constant
 * @lends_page: in xAPIC mode too; constant
 * @has_timer: the engine has a timer of its own for TSC deadlines; constant
 * @timer_here: it stands in for the host's, while the vCPU is in the core
 * @changed: a register was written since the engine last looked
 * @timer_lock: the timer's fields
 * @timer: one-shot, periodic and TSC-deadline
 */
struct lapic {
	struct lapic_state s;
	struct vcpu *vcpu;
	struct platform *plat;
	u64 tsc_offset;
	bool lends;
	bool lends_page;
	bool has_timer;
	bool timer_here;
	bool changed;
	host_lock_t timer_lock;
	struct host_timer timer;
};

/* Once, before the first reset. @id is the APIC ID; 0 is the bootstrap processor. */
void lapic_init(struct lapic *l, struct vcpu *vcpu, struct platform *plat, u32 id);

/* @power_on also resets IA32_APIC_BASE; an INIT keeps it. The vCPU does not run. */
void lapic_reset(struct lapic *l, bool power_on);

/* Before freeing: waits for the timer. Thread context. */
void lapic_destroy(struct lapic *l);

/* The one test before entry: is there any work at all? */
static inline bool lapic_pending(const struct lapic *l)
{
	return READ_ONCE(l->s.pending) != 0;
}

/* Take the NMI, INIT or SIPI if there is one. */
static inline bool lapic_test_clear(struct lapic *l, enum lapic_pending what)
{
	return test_and_clear_bit(what, &l->s.pending);
}

bool lapic_take_nmi(struct lapic *l);
void lapic_drop_nmis(struct lapic *l, bool all);
int lapic_next(struct lapic *l);
void lapic_take(struct lapic *l, u8 vector);
bool lapic_accepts_extint(const struct lapic *l);
bool lapic_wakes(struct lapic *l);

void lapic_accept(struct lapic *l, u8 vector, bool level);
void lapic_nmi(struct lapic *l);
void lapic_post(struct lapic *l, enum lapic_pending what);
void lapic_error(struct lapic *l, enum lapic_esr bit);
void lapic_lint(struct lapic *l, unsigned int pin, bool level);
bool lapic_eoi_is_silent(const struct lapic *l);
void lapic_eoi(struct lapic *l);
void lapic_eoi_done(struct lapic *l, u8 vector);

/* route.c */
void lapic_receive(struct lapic *l, const struct lapic_message *m);
unsigned int lapic_send(struct platform *p, const struct lapic_message *m);
void lapic_ipi(struct lapic *l, u32 icr, u32 dest);

enum lapic_result lapic_read_msr(struct lapic *l, u32 msr, u64 *value);
enum lapic_result lapic_write_msr(struct lapic *l, u32 msr, u64 value);
u32 lapic_mmio_read(struct lapic *l, u32 offset, unsigned int size);
void lapic_mmio_write(struct lapic *l, u32 offset, unsigned int size, u32 value);

void lapic_set_tsc_offset(struct lapic *l, u64 offset);

/*
 * From entering the core to leaving it, a TSC deadline is the engine's to keep,
 * if it has a timer: it asks before each entry how many ticks are left (~0: no
 * deadline), and says when they are over.
 */
static inline void lapic_timer_enter(struct lapic *l)
{
	WRITE_ONCE(l->timer_here, l->has_timer);
}

void lapic_timer_leave(struct lapic *l);
u64 lapic_deadline_left(const struct lapic *l, u64 deadline);

/**
 * lapic_timer_left - how long the engine's timer has to run; the vCPU's own thread
 * @l: local APIC
 *
 * Return: ticks of the TSC, 0 if the deadline has passed, ~0 if there is none
 */
static inline u64 lapic_timer_left(const struct lapic *l)
{
	u64 deadline = READ_ONCE(l->s.tsc_deadline);

	return deadline ? lapic_deadline_left(l, deadline) : ~0ULL;
}

void lapic_timer_over(struct lapic *l);

/*
 * Time stood still for @ns: one-shot and periodic go on where they stopped; a
 * TSC deadline follows lapic_set_tsc_offset().  The vCPU does not run.
 */
void lapic_go_on(struct lapic *l, u64 ns);

static inline bool lapic_enabled(const struct lapic *l)
{
	return READ_ONCE(l->s.base) & LAPIC_BASE_ENABLE;
}

static inline bool lapic_is_x2(const struct lapic *l)
{
	return READ_ONCE(l->s.base) & LAPIC_BASE_X2;
}

/* It accepts interrupts: enabled by IA32_APIC_BASE and by SVR. */
static inline bool lapic_sw_enabled(const struct lapic *l)
{
	return lapic_enabled(l) && (READ_ONCE(l->s.reg[LAPIC_SVR]) & LAPIC_SVR_ENABLE);
}

/* "Logical Destination Mode in x2APIC Mode": cluster in the upper half, member below. */
static inline u32 lapic_x2_ldr(u32 id)
{
	return (id >> 4) << 16 | BIT(id & 0xf);
}

/*
 * While the guest runs, the hardware delivers: requests and what is in service
 * are lent to it before each entry, and come back behind the exit.
 */
static inline bool lapic_is_lent(const struct lapic *l)
{
	return l->lends && (lapic_is_x2(l) || l->lends_page) && lapic_sw_enabled(l);
}

/* Was an interrupt requested that is not lent yet? */
static inline bool lapic_requested(const struct lapic *l)
{
	return READ_ONCE(l->s.pending) & BIT(LAPIC_PENDING_IRR);
}

void lapic_lend(struct lapic *l, unsigned long *irr);
void lapic_return(struct lapic *l, const unsigned long *irr, const unsigned long *isr, u8 tpr);

void lapic_set_tpr(struct lapic *l, u8 tpr);

/* CR8 is the TPR's upper four bits. The caller has checked CR8's reserved bits. */
u8 lapic_get_cr8(const struct lapic *l);
void lapic_set_cr8(struct lapic *l, u8 cr8);

#endif /* HV_IRQ_LAPIC_H */
