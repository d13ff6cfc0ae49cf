/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chips of a guest's board, and how they find each other.
 *
 * All of it is core: chips answer port accesses between exit and entry and
 * are called from timer interrupts, so nothing here sleeps.
 */
#ifndef HV_CORE_PLATFORM_H
#define HV_CORE_PLATFORM_H

#include "core/bus.h"
#include "core/host.h"
#include "core/memmap.h"
#include "irq/ioapic.h"
#include "irq/lapic.h"
#include "irq/pic.h"
#include "plat/cmos.h"
#include "plat/misc.h"
#include "plat/pit.h"
#include "plat/pm.h"
#include "plat/uart.h"

#define HV_MAX_VCPUS	64

/**
 * enum platform_event - what a chip asks of the host side
 * @PLATFORM_NONE: nothing
 * @PLATFORM_POWEROFF: the guest entered S5
 * @PLATFORM_RESET: the guest asked for a reset (0xcf9, 8042, port 0x92)
 * @PLATFORM_DEBUG_EXIT: the guest wrote its debug-exit port
 */
enum platform_event {
	PLATFORM_NONE,
	PLATFORM_POWEROFF,
	PLATFORM_RESET,
	PLATFORM_DEBUG_EXIT,
};

/**
 * struct platform - one guest's chips
 * @lock: everything below but the LAPICs' own state; interrupts off
 * @insn: held for all accesses of one emulated instruction to memory-mapped chips
 *        that vCPUs share: a read-modify-write is one to the others. Before @lock.
 * @pic: the two 8259As
 * @ioapic: 24 pins
 * @pit: 8254 and port 0x61
 * @cmos: MC146818
 * @uart: COM1
 * @pm: ACPI PM1a and timer
 * @misc: reset control, 8042, port 0x92
 * @lapics: the vCPUs' local APICs by index; set before the first run, constant
 * @nr_lapics: how many; constant
 * @apic_page: host physical address of what is mapped where local APICs are, for an
 *             engine that answers such accesses; 0: none; constant
 * @lowest_next: where the next search for the lowest priority begins; no lock, a hint
 * @debug_exit_port: 0 for none; constant
 * @bus: addresses that the host side answers; NULL for none; see bus_set_table()
 * @tsc_origin: host TSC at which the guest's counters were 0: at its boot, like
 * @ns_origin: host_now() then; both change while no vCPU runs
 * @pv: paravirtual features, bits by enum hv_pv; constant
 * @messages: NMI, INIT and SIPI that were sent; atomic, see core/mp.c
 * @stood: ns that time stood still since the boot, while the guest was held
 * @event: what the host side has to do next; first one wins until cleared
 * @event_value: goes with it: debug-exit's status
 */
struct platform {
	host_lock_t lock;
	host_lock_t insn;
	struct pic pic;
	struct ioapic ioapic;
	struct pit pit;
	struct cmos cmos;
	struct uart uart;
	struct pm pm;
	struct misc misc;
	struct lapic *lapics[HV_MAX_VCPUS];
	unsigned int nr_lapics;
	u64 apic_page;
	unsigned int lowest_next;
	u16 debug_exit_port;
	struct bus_table *bus;
	u64 tsc_origin;
	u64 ns_origin;
	u32 pv;
	atomic_t messages;
	u64 stood;
	enum platform_event event;
	u32 event_value;
};

/* Set up once at creation: locks, timers, back pointers. */
void platform_init(struct platform *p);

/* Every chip to its power-on state, timers stopped. No vCPU runs. */
void platform_reset(struct platform *p);

/* Before freeing: waits for timers. Thread context. */
void platform_destroy(struct platform *p);

/* Drive ISA interrupt @irq (0-15) of both the PICs and the IOAPIC. @p->lock held. */
void platform_irq(struct platform *p, unsigned int irq, bool level);

/* Likewise by GSI: 0 to 15 are the ISA interrupts, those up to 23 the IOAPIC's alone. */
void platform_gsi(struct platform *p, unsigned int gsi, bool level);

/* Does a chip of the board drive @gsi, or is there nothing to drive? Constant. */
bool platform_has_gsi(unsigned int gsi);

/* Note @event (the first one stays) and make vCPU 0 leave the core. @p->lock held. */
void platform_raise(struct platform *p, enum platform_event event, u32 value);

/* Take the event that was raised, and its value; the next one may come. Takes @p->lock. */
enum platform_event platform_take(struct platform *p, u32 *value);

/*
 * The guest has stopped or is held: no timer fires any more until the next
 * reset, or until platform_go_on().  Thread context, no vCPU runs.
 */
void platform_quiesce(struct platform *p);

/*
 * @ns after platform_quiesce(), and since the last reset if that was later: every
 * counter but the CMOS clock goes on where it stood.  The TSCs, which have stood for @ticks,
 * are the caller's to move.  Thread context, no vCPU runs.
 */
void platform_go_on(struct platform *p, u64 ns, u64 ticks);

/*
 * Port access of @size 1, 2 or 4 bytes. Takes @p->lock. A port nobody claims
 * reads as all ones and ignores writes, as on an empty bus. Accesses wider than the
 * chip's registers are split into bytes, low address first.
 */
u32 platform_in(struct platform *p, u16 port, unsigned int size);
void platform_out(struct platform *p, u16 port, unsigned int size, u32 value);

/* Is any of the ports from @first to @last a chip's, or the debug exit's? Constant. */
bool platform_has_port(const struct platform *p, u16 first, u16 last);

/* The bits of a bus access of @size bytes. */
static inline u32 bus_mask(unsigned int size)
{
	return size < 4 ? BIT(8 * size) - 1 : 0xffffffffU;
}

#endif /* HV_CORE_PLATFORM_H */
