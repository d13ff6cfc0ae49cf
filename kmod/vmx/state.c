// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's architectural state, in and out of the VMCS.
 */
#include "core/cpuid.h"
#include "core/msr.h"
#include "mmu/walk.h"
#include "vmx/insn.h"

/* Reset values: SDM vol. 3, table 'IA-32 and Intel 64 processor states following power-up'. */
#define DR6_RESET	0xffff0ff0ULL
#define DR7_RESET	0x400ULL

#define ATTR_LOW	0x00ffU		/* struct hv_segment.attr: as in the VMCS */
#define ATTR_HIGH	0x0f00U		/* four bits further up there */
#define ATTR_HIGH_SHIFT	4
#define ATTR_ACCESSED	BIT(0)
#define ATTR_BUSY	BIT(1)		/* of a task state segment */
#define ATTR_S		BIT(4)
#define ATTR_PRESENT	BIT(7)
#define ATTR_G		BIT(11)

/*
 * Bits of CR0 that are not the guest's: NE must be 1, and CD and NW would stay
 * in the register after the exit.  CR4's are those that its CPU does not have.
 */
#define CR0_HOST	(CR0_NE | CR0_CD | CR0_NW)

static u64 cr4_host(void)
{
	return ~(cr4_allowed() & vmx_caps.msrs.cr4_fixed1);
}

static enum vmcs16 seg_selector(enum hv_seg seg)
{
	return VMCS_GUEST_ES_SELECTOR + VMCS_NEXT * seg;
}

static enum vmcs32 seg_limit(enum hv_seg seg)
{
	return VMCS_GUEST_ES_LIMIT + VMCS_NEXT * seg;
}

static enum vmcs32 seg_access(enum hv_seg seg)
{
	return VMCS_GUEST_ES_ACCESS + VMCS_NEXT * seg;
}

static enum vmcsn seg_base(enum hv_seg seg)
{
	return VMCS_GUEST_ES_BASE + VMCS_NEXT * seg;
}

/*
 * Access rights that VM entry wants to see (section 'Checks on guest segment
 * registers'), of an @attr that AMD's format leaves more freedom: a segment in
 * use is accessed, the task register's busy, and the granularity bit is what the
 * limit can be spelled with.
 */
static u32 access_rights(enum hv_seg seg, const struct hv_segment *s)
{
	u16 attr = s->attr;

	if (!(attr & ATTR_PRESENT))
		return VMCS_ACCESS_UNUSABLE | (attr & 0x60);	/* SS's DPL is the CPL */
	if (seg == SEG_TR)
		attr |= ATTR_BUSY;
	else if (attr & ATTR_S)
		attr |= ATTR_ACCESSED;
	if (s->limit >> 20)
		attr |= ATTR_G;
	else if ((s->limit & 0xfff) != 0xfff)
		attr &= ~ATTR_G;
	return (attr & ATTR_LOW) | (u32)(attr & ATTR_HIGH) << ATTR_HIGH_SHIFT;
}

static void set_segment(enum hv_seg seg, const struct hv_segment *s)
{
	vmcs_write16(seg_selector(seg), s->selector);
	vmcs_writen(seg_base(seg), s->base);
	vmcs_write32(seg_limit(seg), s->limit);
	vmcs_write32(seg_access(seg), access_rights(seg, s));
}

void vmx_get_segment(struct vcpu *v, enum hv_seg seg, struct hv_segment *s)
{
	u32 access = vmcs_read32(seg_access(seg));

	s->selector = vmcs_read16(seg_selector(seg));
	s->base = vmcs_readn(seg_base(seg));
	s->limit = vmcs_read32(seg_limit(seg));
	s->attr = (access & ATTR_LOW) | ((access >> ATTR_HIGH_SHIFT) & ATTR_HIGH);
	if (access & VMCS_ACCESS_UNUSABLE)
		s->attr &= ~ATTR_PRESENT;
}

/* In the order of enum hv_seg. */
static const u16 segment_offsets[NR_SEGS] = {
	[SEG_ES] = offsetof(struct hv_vcpu_state, es),
	[SEG_CS] = offsetof(struct hv_vcpu_state, cs),
	[SEG_SS] = offsetof(struct hv_vcpu_state, ss),
	[SEG_DS] = offsetof(struct hv_vcpu_state, ds),
	[SEG_FS] = offsetof(struct hv_vcpu_state, fs),
	[SEG_GS] = offsetof(struct hv_vcpu_state, gs),
	[SEG_LDTR] = offsetof(struct hv_vcpu_state, ldtr),
	[SEG_TR] = offsetof(struct hv_vcpu_state, tr),
};

static void set_segments(const struct hv_vcpu_state *state)
{
	enum hv_seg seg;

	for (seg = SEG_ES; seg < NR_SEGS; seg++)
		set_segment(seg, (const void *)state + segment_offsets[seg]);
	vmcs_writen(VMCS_GUEST_GDTR_BASE, state->gdtr.base);
	vmcs_write32(VMCS_GUEST_GDTR_LIMIT, state->gdtr.limit);
	vmcs_writen(VMCS_GUEST_IDTR_BASE, state->idtr.base);
	vmcs_write32(VMCS_GUEST_IDTR_LIMIT, state->idtr.limit);
}

/*
 * A guest at CPL 0 that executes PAUSE again and again, each within the gap of the
 * last, for longer than the window, spins for another CPU (section 'PAUSE-loop
 * exiting').  Ticks as the kernel's own hypervisor has them.
 */
#define PLE_GAP		128
#define PLE_WINDOW	4096

static void set_secondary(struct vmx_vcpu *s)
{
	u32 secondary = vmx_caps.words[VMX_SECONDARY];

	if (s->vcpu.platform->nr_lapics < 2)
		secondary &= ~SECONDARY_PLE;
	s->secondary = secondary;
	vmcs_write32(VMCS_SECONDARY_CONTROLS, secondary);
	if (secondary & SECONDARY_PLE) {
		vmcs_write32(VMCS_PLE_GAP, PLE_GAP);
		vmcs_write32(VMCS_PLE_WINDOW, PLE_WINDOW);
	}
	if (secondary & SECONDARY_XSAVES)
		vmcs_write64(VMCS_XSS_EXIT_BITMAP, 0);
	if (secondary & SECONDARY_ENCLS)
		vmcs_write64(VMCS_ENCLS_EXIT_BITMAP, ~0ULL);
	if (secondary & SECONDARY_ENCLV)
		vmcs_write64(VMCS_ENCLV_EXIT_BITMAP, ~0ULL);
}

/* Interrupts are lent to the hardware at an entry, if at all. */
static void set_apic(struct vmx_vcpu *s)
{
	unsigned int i;

	s->apic_mode = VMX_APIC_OFF;
	s->vcpu.lapic.changed = true;
	vmcs_write64(VMCS_VIRTUAL_APIC_PAGE, host_hpa(s->virtual_apic));
	vmcs_write32(VMCS_TPR_THRESHOLD, 0);
	if (!vmx_caps.virtual_apic)
		return;
	for (i = 0; i < LAPIC_MAP_WORDS; i++) {
		s->eoi_exits[i] = 0;
		vmcs_write64(VMCS_EOI_EXIT_BITMAP + VMCS_NEXT * i, 0);
	}
	if (vmx_caps.apic_access)
		vmcs_write64(VMCS_APIC_ACCESS_PAGE, s->vcpu.platform->apic_page);
}

/* The controls that every guest runs with. */
static void set_controls(struct vmx_vcpu *s)
{
	s->primary = vmx_caps.words[VMX_PRIMARY] | PRIMARY_MOV_DR | PRIMARY_CR8_LOAD;
	vmcs_write32(VMCS_PIN_CONTROLS, vmx_caps.words[VMX_PIN]);
	s->timer = false;
	vmcs_write32(VMCS_PRIMARY_CONTROLS, s->primary);
	set_secondary(s);
	vmcs_write32(VMCS_EXIT_CONTROLS, vmx_caps.words[VMX_EXITS]);
	vmcs_write32(VMCS_ENTRY_CONTROLS, vmx_caps.words[VMX_ENTRY]);
	/* #AC and #DB: a guest could have them delivered without end (CVE-2015-5307, -8104). */
	vmcs_write32(VMCS_EXCEPTION_BITMAP, BIT(VEC_DB) | BIT(VEC_UD) | BIT(VEC_AC) |
		     BIT(VEC_MC));
	vmcs_write32(VMCS_PF_ERROR_MASK, 0);
	vmcs_write32(VMCS_PF_ERROR_MATCH, 0);
	vmcs_write32(VMCS_CR3_TARGET_COUNT, 0);
	vmcs_write32(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write32(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write32(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write32(VMCS_ENTRY_EVENT, 0);
	vmcs_write64(VMCS_MSR_BITMAP, vmx_msr_bitmap_pa);
	vmcs_write64(VMCS_EPT_POINTER, host_hpa(s->vcpu.s2->root) | vmx_caps.eptp_flags);
	set_apic(s);
}

/* MSRs of the VMCS that an INIT leaves alone (SDM vol. 3, 'Processor State After Reset'). */
static void set_reset_msrs(void)
{
	vmcs_write64(VMCS_GUEST_PAT, PAT_RESET);
	vmcs_write32(VMCS_GUEST_SYSENTER_CS, 0);
	vmcs_writen(VMCS_GUEST_SYSENTER_ESP, 0);
	vmcs_writen(VMCS_GUEST_SYSENTER_EIP, 0);
}

/* What struct hv_vcpu_state does not name, at its reset value. */
static void set_reset_values(struct vmx_vcpu *s)
{
	if (!s->init)
		set_reset_msrs();
	vmcs_write64(VMCS_LINK_POINTER, ~0ULL);
	vmcs_write64(VMCS_GUEST_DEBUGCTL, 0);
	if (vmx_caps.words[VMX_ENTRY] & ENTRY_LOAD_PERF)
		vmcs_write64(VMCS_GUEST_PERF_GLOBAL_CTRL, 0);
	vmcs_writen(VMCS_GUEST_DR7, DR7_RESET);
	vmcs_writen(VMCS_GUEST_PENDING_DEBUG, 0);
	vmcs_write32(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmcs_write32(VMCS_GUEST_ACTIVITY, 0);
	vmcs_write64(VMCS_TSC_OFFSET, s->tsc_offset);
	s->interruptibility = 0;
	s->host_rsp = 0;
	s->launched = false;
}

static void put_cr0(u64 value)
{
	vmcs_writen(VMCS_GUEST_CR0, (value & ~(CR0_CD | CR0_NW)) | CR0_NE);
	vmcs_writen(VMCS_CR0_SHADOW, value);
}

static void put_cr4(u64 value)
{
	vmcs_writen(VMCS_GUEST_CR4, value | vmx_caps.msrs.cr4_fixed0);
	vmcs_writen(VMCS_CR4_SHADOW, value);
}

/* The entry control says whether the guest is in IA-32e mode, as does EFER.LMA. */
static void put_efer(u64 efer)
{
	u32 entry = vmcs_read32(VMCS_ENTRY_CONTROLS);

	entry = efer & EFER_LMA_BIT ? entry | ENTRY_IA32E : entry & ~ENTRY_IA32E;
	vmcs_write32(VMCS_ENTRY_CONTROLS, entry);
	vmcs_write64(VMCS_GUEST_EFER, efer);
}

static bool is_pae(u64 cr0, u64 cr4, u64 efer)
{
	return (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(efer & EFER_LMA_BIT);
}

/* What read_state() reads. The VMCS is current. */
static void write_state(struct vmx_vcpu *s, const struct hv_vcpu_state *state)
{
	set_segments(state);
	put_cr0(state->cr0);
	put_cr4(state->cr4);
	put_efer(state->efer);
	vmcs_writen(VMCS_GUEST_CR3, state->cr3);
	s->pdptes_stale = is_pae(state->cr0, state->cr4, state->efer);
}

/* The VMCS is current. */
void vmx_apply_state(struct vmx_vcpu *s)
{
	set_controls(s);
	set_reset_values(s);
	vmcs_writen(VMCS_CR0_MASK, CR0_HOST);
	vmcs_writen(VMCS_CR4_MASK, cr4_host());
	write_state(s, &s->initial);
}

/*
 * No VMCS is current here: what it is to hold waits for root.  An INIT before the
 * first entry finds nothing there yet that it could leave alone.
 */
void vmx_set_state(struct vcpu *v, const struct hv_vcpu_state *state, bool init)
{
	struct vmx_vcpu *s = to_vmx(v);

	s->initial = *state;
	if (!init)
		s->init = false;
	else if (!s->fresh)
		s->init = true;
	s->fresh = true;
	if (!init)
		memset(s->msrs, 0, sizeof(s->msrs));
	memset(s->dr, 0, sizeof(s->dr));
	s->dr6 = DR6_RESET;
	s->dr_loaded = false;
}

static void read_segments(struct vcpu *v, struct hv_vcpu_state *state)
{
	enum hv_seg seg;

	for (seg = SEG_ES; seg < NR_SEGS; seg++)
		vmx_get_segment(v, seg, (void *)state + segment_offsets[seg]);
	state->gdtr.base = vmcs_readn(VMCS_GUEST_GDTR_BASE);
	state->gdtr.limit = vmcs_read32(VMCS_GUEST_GDTR_LIMIT);
	state->idtr.base = vmcs_readn(VMCS_GUEST_IDTR_BASE);
	state->idtr.limit = vmcs_read32(VMCS_GUEST_IDTR_LIMIT);
}

static void read_state(struct vcpu *v, struct hv_vcpu_state *state)
{
	read_segments(v, state);
	state->cr0 = vmx_cr(v, 0);
	state->cr3 = vmx_cr(v, 3);
	state->cr4 = vmx_cr(v, 4);
	state->efer = vmcs_read64(VMCS_GUEST_EFER);
}

/* The VMCS can only be read in VMX operation, so root is borrowed for that. */
void vmx_read_state(struct vmx_vcpu *s, struct hv_vcpu_state *state)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);

	if (vmx_root_on(c))
		return;
	if (!vmptrld(s->vmcs_pa))
		read_state(&s->vcpu, state);
	vmclear(s->vmcs_pa);
	vmx_root_off(c);
}

/* Likewise: without root it stays as it was. */
void vmx_write_state(struct vmx_vcpu *s, const struct hv_vcpu_state *state)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);

	if (vmx_root_on(c))
		return;
	if (!vmptrld(s->vmcs_pa))
		write_state(s, state);
	vmclear(s->vmcs_pa);
	vmx_root_off(c);
}

/* As the guest reads it: bits that are the host's from the shadow. */
static u64 shadowed(u64 real, u64 shadow, u64 host)
{
	return (real & ~host) | (shadow & host);
}

u64 vmx_cr(struct vcpu *v, unsigned int nr)
{
	if (nr == 0)
		return shadowed(vmcs_readn(VMCS_GUEST_CR0), vmcs_readn(VMCS_CR0_SHADOW), CR0_HOST);
	if (nr == 3)
		return vmcs_readn(VMCS_GUEST_CR3);
	return shadowed(vmcs_readn(VMCS_GUEST_CR4), vmcs_readn(VMCS_CR4_SHADOW), cr4_host());
}

/* Paging goes on or off: so does IA-32e mode where EFER.LME is set (SDM vol. 3, 10.8.5). */
static void set_cr0(struct vmx_vcpu *s, u64 value)
{
	u64 efer = vmcs_read64(VMCS_GUEST_EFER);

	put_cr0(value);
	if ((value & CR0_PG) && (efer & EFER_LME_BIT))
		efer |= EFER_LMA_BIT;
	else
		efer &= ~EFER_LMA_BIT;
	put_efer(efer);
}

/* Paging bits have changed: what was cached under the old ones must go. */
void vmx_set_cr(struct vcpu *v, unsigned int nr, u64 value)
{
	struct vmx_vcpu *s = to_vmx(v);

	if (nr == 0)
		set_cr0(s, value);
	else
		put_cr4(value);
	s->pdptes_stale = is_pae(vmx_cr(v, 0), vmx_cr(v, 4), vmcs_read64(VMCS_GUEST_EFER));
	s->flush = true;
}

/*
 * With EPT the VMCS holds what MOV to CR3 has loaded under PAE paging (section
 * 'Guest page-directory-pointer-table entries'); after a mode switch by hand
 * they are read by hand.  False where the table's page has to be filled first.
 */
bool vmx_load_pdptes(struct vmx_vcpu *s)
{
	u64 gpa = vmcs_readn(VMCS_GUEST_CR3) & GENMASK_ULL(31, 5);
	const u64 *table = s2_va(s->vcpu.s2, gpa, S2_READ);
	unsigned int i;

	if (!table)
		return false;
	for (i = 0; i < 4; i++)
		vmcs_write64(VMCS_GUEST_PDPTE0 + VMCS_NEXT * i, READ_ONCE(table[i]));
	s->pdptes_stale = false;
	return true;
}
