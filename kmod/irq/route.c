// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt messages between processors: from an ICR, the IOAPIC or a device
 * to the local APICs that they name. Section titles are those of the Intel SDM,
 * volume 3, chapter "Advanced Programmable Interrupt Controller (APIC)".
 *
 * A message is delivered by whoever sends it, in the receiver's own words, and
 * nobody waits: first the request (TMR, then IRR, then the pending word, each
 * an atomic operation and so a full barrier), then the kick.  The receiver looks
 * at them the other way round: it clears the pending word before it reads the
 * IRR, and looks at the pending word with interrupts off before it enters the
 * guest, so that a kick which comes behind its look ends the guest's run at once.
 *
 * What decides whether a message is accepted (ID, LDR, DFR, SVR, PPR) is read
 * with no lock: a receiver that changes it meanwhile gets the message by the old
 * or by the new value, as on a bus.
 */
#include "core/host.h"
#include "core/platform.h"
#include "irq/lapic.h"

#define ICR_LOGICAL		BIT(11)
#define ICR_ASSERT		BIT(14)
#define ICR_LEVEL		BIT(15)
#define ICR_SHORTHAND(icr)	(((icr) >> 18) & 3)

/* A SIPI counts only behind an INIT: what came before this one is void. */
static void receive_init(struct lapic *l)
{
	clear_bit(LAPIC_PENDING_SIPI, &l->s.pending);
	lapic_post(l, LAPIC_PENDING_INIT);
}

static void receive_sipi(struct lapic *l, u8 vector)
{
	WRITE_ONCE(l->s.sipi_vector, vector);
	lapic_post(l, LAPIC_PENDING_SIPI);
}

/**
 * lapic_receive - a message for this local APIC; any context
 * @l: local APIC
 * @m: message; where it was addressed to does not count any more
 *
 * An SMI goes nowhere, nor does what the reserved delivery modes encode.
 */
void lapic_receive(struct lapic *l, const struct lapic_message *m)
{
	switch (m->mode) {
	case LAPIC_FIXED:
	case LAPIC_LOWEST:
		lapic_accept(l, m->vector, m->level);
		break;
	case LAPIC_NMI:
		lapic_nmi(l);
		break;
	case LAPIC_INIT:
		receive_init(l);
		break;
	case LAPIC_SIPI:
		receive_sipi(l, m->vector);
		break;
	}
}

/*
 * "Logical Destination Mode": flat or cluster, by DFR's upper four bits; in x2APIC
 * mode the cluster is in the upper half, its members in the lower.  Eight bits
 * (from the IOAPIC) reach the first eight members of an x2APIC's cluster 0.
 */
static bool matches_logical(const struct lapic *l, u32 dest)
{
	u32 ldr;

	if (lapic_is_x2(l)) {
		ldr = lapic_x2_ldr(l->s.id);
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	}
	if (dest > 0xff)
		return false;
	ldr = READ_ONCE(l->s.reg[LAPIC_LDR]) >> 24;
	if (READ_ONCE(l->s.reg[LAPIC_DFR]) >> 28 == 0xf)
		return dest & ldr;
	return dest >> 4 == ldr >> 4 && (dest & ldr & 0xf);
}

static bool is_broadcast(const struct lapic_message *m)
{
	return m->all || m->dest == (m->wide ? 0xffffffffU : 0xffU);
}

/*
 * Does @l take @m?  Software-disabled it still takes what has no vector in the
 * IRR: NMI, INIT and SIPI.
 */
static bool takes(const struct lapic *l, const struct lapic_message *m)
{
	if (l == m->except)
		return false;
	if (m->mode == LAPIC_FIXED || m->mode == LAPIC_LOWEST ? !lapic_sw_enabled(l) :
							       !lapic_enabled(l))
		return false;
	if (is_broadcast(m))
		return true;
	return m->logical ? matches_logical(l, m->dest) : m->dest == l->s.id;
}

/*
 * "Lowest Priority Delivery Mode": to one of those that are named, the one with
 * the lowest processor priority.  Those that are equal take turns: the search
 * begins behind the last one that was found.
 */
static struct lapic *find_lowest(struct platform *p, const struct lapic_message *m)
{
	unsigned int n, first = READ_ONCE(p->lowest_next);
	struct lapic *l, *best = NULL;

	for (n = 0; n < p->nr_lapics; n++) {
		l = p->lapics[(first + n) % p->nr_lapics];
		if (takes(l, m) && (!best || READ_ONCE(l->s.ppr) < READ_ONCE(best->s.ppr)))
			best = l;
	}
	if (best)
		WRITE_ONCE(p->lowest_next, best->s.id + 1);
	return best;
}

/* A vCPU's APIC ID is its index. Masked besides compared, for CPUs that speculate. */
static struct lapic *find_physical(struct platform *p, u32 id)
{
	return id < p->nr_lapics ? p->lapics[id & (HV_MAX_VCPUS - 1)] : NULL;
}

static unsigned int send_one(struct lapic *l, const struct lapic_message *m)
{
	if (!l || !takes(l, m))
		return 0;
	lapic_receive(l, m);
	return 1;
}

/**
 * lapic_send - route an interrupt message: from the IOAPIC, an ICR, a device
 * @p: the board
 * @m: message
 *
 * Any context, bounded by the number of vCPUs.
 *
 * Return: how many local APICs took it
 */
unsigned int lapic_send(struct platform *p, const struct lapic_message *m)
{
	unsigned int i, n = 0;

	if (m->mode == LAPIC_LOWEST)
		return send_one(find_lowest(p, m), m);
	if (!m->logical && !is_broadcast(m))
		return send_one(find_physical(p, m->dest), m);
	for (i = 0; i < p->nr_lapics; i++)
		n += send_one(p->lapics[i], m);
	return n;
}

/*
 * "Valid Combinations": modes 3 and 7 are reserved, a processor does not INIT or
 * start itself by a shorthand.  INIT level de-assert only synchronised
 * arbitration IDs, on old buses.
 */
static bool icr_legal(u32 icr, u8 mode)
{
	unsigned int shorthand = ICR_SHORTHAND(icr);

	if (mode == 3 || mode == LAPIC_EXTINT)
		return false;
	if (mode != LAPIC_INIT && mode != LAPIC_SIPI)
		return true;
	if (shorthand == LAPIC_SHORT_SELF || shorthand == LAPIC_SHORT_ALL)
		return false;
	return mode != LAPIC_INIT || (icr & ICR_ASSERT) || !(icr & ICR_LEVEL);
}

/**
 * lapic_ipi - software wrote the ICR, or what stands for it; the vCPU's own thread
 * @l: the sender
 * @icr: the ICR's lower half
 * @dest: destination: 32 bits in x2APIC mode, else 8
 *
 * The trigger mode is ignored: an IPI is an edge.
 */
void lapic_ipi(struct lapic *l, u32 icr, u32 dest)
{
	unsigned int shorthand = ICR_SHORTHAND(icr);
	struct lapic_message m = {
		.dest = dest,
		.vector = icr & 0xff,
		.mode = (icr >> 8) & 7,
		.logical = icr & ICR_LOGICAL,
		.wide = lapic_is_x2(l),
		.all = shorthand == LAPIC_SHORT_ALL || shorthand == LAPIC_SHORT_OTHERS,
		.except = shorthand == LAPIC_SHORT_OTHERS ? l : NULL,
	};

	if (!icr_legal(icr, m.mode))
		return;
	if (m.mode <= LAPIC_LOWEST && m.vector < 16)
		lapic_error(l, LAPIC_ESR_SEND_ILLEGAL);
	else if (shorthand == LAPIC_SHORT_SELF)
		lapic_receive(l, &m);
	else
		lapic_send(l->plat, &m);
}
