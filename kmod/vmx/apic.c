// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts that the CPU delivers itself: SDM vol. 3, chapter 'APIC
 * virtualization and virtual interrupts'.
 *
 * The local APIC stays the master.  What is requested and in service goes into
 * the virtual-APIC page before an entry and comes back behind the exit, where there
 * is any; the other registers follow when they were written.  So everybody else finds
 * the same local APIC, whoever delivers.
 *
 * In x2APIC mode the MSR bitmap says which registers are read from the page, and
 * which three are written without an exit.  In xAPIC mode the guest's page 0xfee00
 * is one that the CPU knows by its address: it is there for all vCPUs, so that one
 * whose local APIC software has disabled has its accesses exit, and one that is in
 * x2APIC mode, or off, finds a page of memory, all ones until it writes.
 */
#include "vmx/insn.h"

/* 'x2APIC mode' and 'APIC-register virtualization': registers stand 16 bytes apart. */
#define PAGE_REG(reg)		((reg) * 16)
#define PAGE_WORDS		8	/* of 32 bits, of IRR, ISR and TMR */

/* GUEST_INTERRUPT_STATUS: the highest vector requested, and in service. */
#define STATUS(rvi, svi)	((rvi) | (svi) << 8)
#define STATUS_UNKNOWN		0xffff	/* not in the VMCS yet */

const u8 vmx_apic_reads[VMX_NR_APIC_READS] = {
	LAPIC_ID, LAPIC_VERSION, LAPIC_LDR, LAPIC_SVR, LAPIC_ESR,
	LAPIC_LVT_TIMER, LAPIC_LVT_THERM, LAPIC_LVT_PERF, LAPIC_LVT_LINT0, LAPIC_LVT_LINT1,
	LAPIC_LVT_ERROR, LAPIC_TMICT, LAPIC_TDCR,
};

static u32 *page_reg(struct vmx_vcpu *s, unsigned int reg)
{
	return s->virtual_apic + PAGE_REG(reg);
}

static void put_map(struct vmx_vcpu *s, enum lapic_reg first, const unsigned long *map)
{
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i++)
		*page_reg(s, first + i) = map[i / 2] >> (32 * (i % 2));
}

static void get_map(struct vmx_vcpu *s, enum lapic_reg first, unsigned long *map)
{
	unsigned int i;

	for (i = 0; i < LAPIC_MAP_WORDS; i++)
		map[i] = *page_reg(s, first + 2 * i) |
			 (unsigned long)*page_reg(s, first + 2 * i + 1) << 32;
}

static unsigned int highest(const unsigned long *map)
{
	int i;

	for (i = LAPIC_MAP_WORDS - 1; i >= 0; i--)
		if (map[i])
			return i * BITS_PER_LONG + __fls(map[i]);
	return 0;
}

static const u8 xapic_reads[] = { LAPIC_DFR, LAPIC_ICR, LAPIC_ICR_HIGH };

static void put_reg(struct vmx_vcpu *s, unsigned int reg)
{
	struct lapic *l = &s->vcpu.lapic;
	u64 value;

	if (!lapic_is_x2(l))
		*page_reg(s, reg) = lapic_mmio_read(l, PAGE_REG(reg), 4);
	else if (lapic_read_msr(l, LAPIC_MSR_X2_FIRST + reg, &value) == LAPIC_OK)
		*page_reg(s, reg) = value;
}

/* Registers that the guest reads from the page. */
static void put_registers(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	unsigned int i;

	for (i = 0; i < VMX_NR_APIC_READS; i++)
		put_reg(s, vmx_apic_reads[i]);
	if (lapic_is_x2(l))
		return;
	for (i = 0; i < ARRAY_SIZE(xapic_reads); i++)
		put_reg(s, xapic_reads[i]);
}

/* The EOI of a level-triggered interrupt is the IOAPIC's business too. */
static void put_triggers(struct vmx_vcpu *s)
{
	const struct lapic_state *l = &s->vcpu.lapic.s;
	unsigned long tmr[LAPIC_MAP_WORDS];
	unsigned int i;

	for (i = 0; i < LAPIC_MAP_WORDS; i++) {
		tmr[i] = READ_ONCE(l->tmr[i]);
		if (tmr[i] == s->eoi_exits[i])
			continue;
		vmcs_write64(VMCS_EOI_EXIT_BITMAP + VMCS_NEXT * i, tmr[i]);
		s->eoi_exits[i] = tmr[i];
	}
	put_map(s, LAPIC_TMR, tmr);
}

static noinline void lend(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	unsigned long *irr = s->lent_irr;

	/* First: the trigger mode of a request is set before the request is. */
	lapic_lend(l, irr);
	put_triggers(s);
	put_map(s, LAPIC_IRR, irr);
	put_map(s, LAPIC_ISR, l->s.isr);
	s->status = STATUS(highest(irr), highest(l->s.isr));
	vmcs_write16(VMCS_GUEST_INTERRUPT_STATUS, s->status);
}

static const u32 mode_controls[] = {
	[VMX_APIC_PAGE] = SECONDARY_APIC_ACCESS,
	[VMX_APIC_X] = SECONDARY_APIC_ACCESS | SECONDARY_APIC_REGS | SECONDARY_VINTR,
	[VMX_APIC_X2] = SECONDARY_X2APIC | SECONDARY_APIC_REGS | SECONDARY_VINTR,
};

static enum vmx_apic_mode mode_of(const struct lapic *l)
{
	bool x2 = lapic_is_x2(l);

	if (lapic_is_lent(l))
		return x2 ? VMX_APIC_X2 : VMX_APIC_X;
	return l->lends_page && lapic_enabled(l) && !x2 ? VMX_APIC_PAGE : VMX_APIC_OFF;
}

/*
 * Where the hardware delivers, MOV to CR8 needs no exit either.  Translations of
 * the page may have been cached as those of any other.
 */
static void set_mode(struct vmx_vcpu *s, enum vmx_apic_mode mode)
{
	vmx_set_primary(s, PRIMARY_CR8_LOAD, mode < VMX_APIC_X);
	vmcs_write32(VMCS_SECONDARY_CONTROLS, s->secondary | mode_controls[mode]);
	vmcs_write64(VMCS_MSR_BITMAP,
		     mode == VMX_APIC_X2 ? vmx_msr_bitmap_x2_pa : vmx_msr_bitmap_pa);
	s->apic_mode = mode;
	s->flush = true;
}

/* After a write that the CPU has not made itself, in service and requested included. */
static noinline void refresh(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	enum vmx_apic_mode mode = mode_of(l);

	l->changed = false;
	if (s->apic_mode != mode)
		set_mode(s, mode);
	*page_reg(s, LAPIC_TPR) = l->s.reg[LAPIC_TPR];
	if (mode < VMX_APIC_X)
		return;
	put_registers(s);
	s->status = STATUS_UNKNOWN;
}

/*
 * At each exit: where nothing was requested nor in service, and nothing came, the page
 * is right.  What is more is called, so that its registers and arrays cost nothing here.
 */
void vmx_apic_entry(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;

	if (unlikely(l->changed))
		refresh(s);
	if (s->apic_mode >= VMX_APIC_X && (s->status || lapic_requested(l)))
		lend(s);
}

/* What is requested no more was delivered, behind our back. */
static void trace_delivered(struct vmx_vcpu *s, const unsigned long *irr)
{
	unsigned long delivered;
	unsigned int i;

	for (i = 0; i < LAPIC_MAP_WORDS; i++)
		for (delivered = s->lent_irr[i] & ~irr[i]; delivered; delivered &= delivered - 1)
			host_trace_delivered(&s->vcpu, i * BITS_PER_LONG + __ffs(delivered));
}

/* Self-IPIs, and the upper half of the ICR: written with no exit. */
static void get_icr(struct vmx_vcpu *s)
{
	struct lapic_state *l = &s->vcpu.lapic.s;

	l->reg[LAPIC_ICR] = *page_reg(s, LAPIC_ICR);
	l->reg[LAPIC_ICR_HIGH] = *page_reg(s, LAPIC_ICR_HIGH);
}

static noinline void take_back(struct vmx_vcpu *s, u16 status, u8 tpr)
{
	unsigned long irr[LAPIC_MAP_WORDS], isr[LAPIC_MAP_WORDS];

	get_map(s, LAPIC_IRR, irr);
	get_map(s, LAPIC_ISR, isr);
	if (host_traces(inject))
		trace_delivered(s, irr);
	memcpy(s->lent_irr, irr, sizeof(irr));
	s->status = status;
	lapic_return(&s->vcpu.lapic, irr, isr, tpr);
}

void vmx_apic_exit(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	u8 tpr = *page_reg(s, LAPIC_TPR);
	u16 status;

	if (s->apic_mode == VMX_APIC_X)
		get_icr(s);
	if (s->apic_mode >= VMX_APIC_X) {
		status = vmcs_read16(VMCS_GUEST_INTERRUPT_STATUS);
		if (status || s->status) {
			take_back(s, status, tpr);
			return;
		}
	}
	if (unlikely(tpr != l->s.reg[LAPIC_TPR]))
		lapic_set_tpr(l, tpr);
}

/* Is the page to be there, by the mode of the local APIC? */
bool vmx_apic_has_page(struct vmx_vcpu *s)
{
	return s->apic_mode == VMX_APIC_PAGE || s->apic_mode == VMX_APIC_X;
}

/*
 * The register that the guest has written: section 'APIC-write VM exits'.  Whatever
 * the local APIC makes of it is to stand in the page again.
 */
u32 vmx_apic_written(struct vmx_vcpu *s, u16 offset)
{
	s->vcpu.lapic.changed = true;
	return *page_reg(s, offset / PAGE_REG(1));
}
