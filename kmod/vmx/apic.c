// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts that the CPU delivers itself: SDM vol. 3, chapter 'APIC
 * virtualization and virtual interrupts'.
 *
 * The local APIC stays the master.  What is requested and in service goes into
 * the virtual-APIC page before each entry and comes back behind the exit; the
 * other registers follow when they were written.  So everybody else finds the
 * same local APIC, whoever delivers.
 *
 * Only in x2APIC mode: there the MSR bitmap says which registers are read from
 * the page, and which three are written without an exit.
 */
#include "vmx/insn.h"

/* 'x2APIC mode' and 'APIC-register virtualization': registers stand 16 bytes apart. */
#define PAGE_REG(reg)		((reg) * 16)
#define PAGE_WORDS		8	/* of 32 bits, of IRR, ISR and TMR */

/* GUEST_INTERRUPT_STATUS: the highest vector requested, and in service. */
#define STATUS(rvi, svi)	((rvi) | (svi) << 8)

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

/* Registers that the guest reads from the page. */
static void put_registers(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	unsigned int i;
	u64 value;

	if (!l->changed)
		return;
	l->changed = false;
	for (i = 0; i < VMX_NR_APIC_READS; i++)
		if (lapic_read_msr(l, LAPIC_MSR_X2_FIRST + vmx_apic_reads[i], &value) == LAPIC_OK)
			*page_reg(s, vmx_apic_reads[i]) = value;
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

static void lend(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	unsigned long *irr = s->lent_irr;

	/* First: the trigger mode of a request is set before the request is. */
	lapic_lend(l, irr);
	put_triggers(s);
	put_map(s, LAPIC_IRR, irr);
	put_map(s, LAPIC_ISR, l->s.isr);
	put_registers(s);
	vmcs_write16(VMCS_GUEST_INTERRUPT_STATUS, STATUS(highest(irr), highest(l->s.isr)));
}

/* MOV to CR8 needs no exit either then. */
static void set_lent(struct vmx_vcpu *s, bool lent)
{
	s->lent = lent;
	vmx_set_primary(s, PRIMARY_CR8_LOAD, !lent);
	vmcs_write32(VMCS_SECONDARY_CONTROLS, s->secondary | (lent ? VMX_APIC_CONTROLS : 0));
	vmcs_write64(VMCS_MSR_BITMAP, lent ? vmx_msr_bitmap_x2_pa : vmx_msr_bitmap_pa);
}

void vmx_apic_entry(struct vmx_vcpu *s)
{
	struct lapic *l = &s->vcpu.lapic;
	bool lent = lapic_is_lent(l);

	if (unlikely(s->lent != lent))
		set_lent(s, lent);
	*page_reg(s, LAPIC_TPR) = l->s.reg[LAPIC_TPR];
	if (lent)
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

void vmx_apic_exit(struct vmx_vcpu *s)
{
	unsigned long irr[LAPIC_MAP_WORDS], isr[LAPIC_MAP_WORDS];

	if (!s->lent)
		return;
	get_map(s, LAPIC_IRR, irr);
	get_map(s, LAPIC_ISR, isr);
	if (host_traces(inject))
		trace_delivered(s, irr);
	lapic_return(&s->vcpu.lapic, irr, isr, *page_reg(s, LAPIC_TPR));
}
