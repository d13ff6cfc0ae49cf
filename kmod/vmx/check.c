// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks of VM entry, done again where the CPU says only that one of them
 * failed: SDM vol. 3, chapter 'VM entries'.  Pure, and in tests/unit/vmx_check.c.
 */
#include "vmx/check.h"
#include "vmx/controls.h"
#include "vmx/vmcs.h"

#define CR4_PCIDE	BIT_ULL(17)

/* Access rights. */
#define TYPE(a)		((a) & 0xf)
#define TYPE_CODE	BIT(3)
#define TYPE_RW		BIT(1)
#define TYPE_ACCESSED	BIT(0)
#define DPL(a)		(((a) >> 5) & 3)
#define ACCESS_S	BIT(4)
#define ACCESS_P	BIT(7)
#define ACCESS_L	BIT(13)
#define ACCESS_DB	BIT(14)
#define ACCESS_G	BIT(15)
#define ACCESS_RESERVED	(~(u64)(VMCS_ACCESS_UNUSABLE | 0xf0ff))
#define SELECTOR_TI	BIT(2)

static bool is_ia32e(const struct vmx_entry_state *s)
{
	return s->entry_controls & ENTRY_IA32E;
}

static bool is_v86(const struct vmx_entry_state *s)
{
	return s->rflags & RFLAGS_VM;
}

static bool canonical(u64 address)
{
	/* Of 57 bits, which the CPU may have. */
	return (u64)((s64)(address << 7) >> 7) == address;
}

static bool event_is(const struct vmx_entry_state *s, unsigned int type)
{
	return (s->event & VMCS_EVENT_VALID) && VMCS_EVENT_TYPE(s->event) == type;
}

/* --- Control and debug registers, MSRs --- */

static bool bad_cr0_fixed(const struct vmx_entry_state *s)
{
	/* Unrestricted guests are free in these two. */
	u64 must = s->fixed.cr0_0 & ~(CR0_PE | CR0_PG);

	return (~s->cr0 & must) || (s->cr0 & ~s->fixed.cr0_1);
}

static bool bad_cr0_paging(const struct vmx_entry_state *s)
{
	return (s->cr0 & CR0_PG) && !(s->cr0 & CR0_PE);
}

static bool bad_cr4_fixed(const struct vmx_entry_state *s)
{
	return (~s->cr4 & s->fixed.cr4_0) || (s->cr4 & ~s->fixed.cr4_1);
}

static bool bad_ia32e(const struct vmx_entry_state *s)
{
	return is_ia32e(s) && (!(s->cr0 & CR0_PG) || !(s->cr4 & CR4_PAE));
}

static bool bad_pcide(const struct vmx_entry_state *s)
{
	return !is_ia32e(s) && (s->cr4 & CR4_PCIDE);
}

static bool bad_cr3(const struct vmx_entry_state *s)
{
	return s->cr3 >> s->phys_bits;
}

static bool bad_dr7(const struct vmx_entry_state *s)
{
	return s->dr7 >> 32;
}

static bool bad_sysenter_esp(const struct vmx_entry_state *s)
{
	return !canonical(s->sysenter_esp);
}

static bool bad_sysenter_eip(const struct vmx_entry_state *s)
{
	return !canonical(s->sysenter_eip);
}

static bool bad_pat(const struct vmx_entry_state *s)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = s->pat >> i;

		if (type > 7 || type == 2 || type == 3)
			return true;
	}
	return false;
}

static bool bad_efer_bits(const struct vmx_entry_state *s)
{
	return s->efer & ~(EFER_SCE_BIT | EFER_LME_BIT | EFER_LMA_BIT | EFER_NXE_BIT);
}

static bool bad_efer_lma(const struct vmx_entry_state *s)
{
	return !!(s->efer & EFER_LMA_BIT) != is_ia32e(s);
}

static bool bad_efer_lme(const struct vmx_entry_state *s)
{
	return (s->cr0 & CR0_PG) && !!(s->efer & EFER_LMA_BIT) != !!(s->efer & EFER_LME_BIT);
}

/* --- Descriptor tables, RIP, RFLAGS --- */

static bool bad_gdtr(const struct vmx_entry_state *s)
{
	return !canonical(s->gdtr_base) || s->gdtr_limit >> 16;
}

static bool bad_idtr(const struct vmx_entry_state *s)
{
	return !canonical(s->idtr_base) || s->idtr_limit >> 16;
}

static bool bad_rip(const struct vmx_entry_state *s)
{
	if (is_ia32e(s) && (s->seg[SEG_CS].access & ACCESS_L))
		return !canonical(s->rip);
	return s->rip >> 32;
}

static bool bad_rflags_bits(const struct vmx_entry_state *s)
{
	return (s->rflags & (~0x3fffffULL | BIT(15) | BIT(5) | BIT(3))) || !(s->rflags & BIT(1));
}

static bool bad_rflags_vm(const struct vmx_entry_state *s)
{
	return is_v86(s) && (is_ia32e(s) || !(s->cr0 & CR0_PE));
}

static bool bad_rflags_if(const struct vmx_entry_state *s)
{
	return event_is(s, EVENT_INTR) && !(s->rflags & RFLAGS_IF);
}

/* --- Non-register state --- */

static bool bad_activity(const struct vmx_entry_state *s)
{
	return s->activity > 3;
}

static bool bad_shadow_bits(const struct vmx_entry_state *s)
{
	return s->interruptibility & ~0x1fULL;
}

static bool bad_shadow_both(const struct vmx_entry_state *s)
{
	const u64 both = VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS;

	return (s->interruptibility & both) == both;
}

static bool bad_shadow_sti(const struct vmx_entry_state *s)
{
	return (s->interruptibility & VMCS_BLOCK_STI) && !(s->rflags & RFLAGS_IF);
}

static bool bad_shadow_interrupt(const struct vmx_entry_state *s)
{
	return event_is(s, EVENT_INTR) &&
	       (s->interruptibility & (VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS));
}

static bool bad_shadow_nmi(const struct vmx_entry_state *s)
{
	return event_is(s, EVENT_NMI) &&
	       (s->interruptibility & (VMCS_BLOCK_MOV_SS | VMCS_BLOCK_NMI));
}

static bool bad_pending_bits(const struct vmx_entry_state *s)
{
	return s->pending_debug & ~(0x1000fULL | PENDING_DEBUG_ENABLED | DR6_BS);
}

/* In a shadow, a pending single step is there exactly if TF is set (BTF is not). */
static bool bad_pending_step(const struct vmx_entry_state *s)
{
	if (!(s->interruptibility & (VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS)))
		return false;
	return !!(s->pending_debug & DR6_BS) != !!(s->rflags & RFLAGS_TF);
}

static bool bad_link(const struct vmx_entry_state *s)
{
	return s->link_pointer != ~0ULL;
}

/* Bits 8:5 and 2:1, and those above the physical address, of one that is present. */
static bool bad_pdptes(const struct vmx_entry_state *s)
{
	u64 reserved = GENMASK_ULL(8, 5) | GENMASK_ULL(2, 1) | (~0ULL << s->phys_bits);
	unsigned int i;

	if (is_ia32e(s) || !(s->cr0 & CR0_PG) || !(s->cr4 & CR4_PAE))
		return false;
	for (i = 0; i < 4; i++)
		if ((s->pdpte[i] & 1) && (s->pdpte[i] & reserved))
			return true;
	return false;
}

/**
 * struct check - one check
 * @what: the field
 * @value: its offset in struct vmx_entry_state
 * @broken: not passed
 * @rule: what it wants
 */
struct check {
	const char *what;
	u16 value;
	bool (*broken)(const struct vmx_entry_state *s);
	const char *rule;
};

#define STATE(field)	offsetof(struct vmx_entry_state, field)
#define SHADOW		STATE(interruptibility)

static const struct check checks_before[] = {
	{ "CR0", STATE(cr0), bad_cr0_fixed, "bits that the CPU fixes in VMX operation" },
	{ "CR0", STATE(cr0), bad_cr0_paging, "PG without PE" },
	{ "CR4", STATE(cr4), bad_cr4_fixed, "bits that the CPU fixes in VMX operation" },
	{ "CR4", STATE(cr4), bad_ia32e, "IA-32e mode without CR0.PG and CR4.PAE" },
	{ "CR4", STATE(cr4), bad_pcide, "PCIDE outside IA-32e mode" },
	{ "CR3", STATE(cr3), bad_cr3, "bits above the physical address width" },
	{ "DR7", STATE(dr7), bad_dr7, "bits 63:32 are not 0" },
	{ "SYSENTER_ESP", STATE(sysenter_esp), bad_sysenter_esp, "not canonical" },
	{ "SYSENTER_EIP", STATE(sysenter_eip), bad_sysenter_eip, "not canonical" },
	{ "PAT", STATE(pat), bad_pat, "a memory type that does not exist" },
	{ "EFER", STATE(efer), bad_efer_bits, "reserved bits" },
	{ "EFER", STATE(efer), bad_efer_lma, "LMA differs from the entry control" },
	{ "EFER", STATE(efer), bad_efer_lme, "LMA differs from LME with paging on" },
	{ "RFLAGS", STATE(rflags), bad_rflags_bits, "reserved bits" },
	{ "RFLAGS", STATE(rflags), bad_rflags_vm, "VM outside protected mode, or in IA-32e mode" },
	{ "RFLAGS", STATE(rflags), bad_rflags_if, "IF is clear with an interrupt to inject" },
};

static const struct check checks_after[] = {
	{ "GDTR base", STATE(gdtr_base), bad_gdtr, "not canonical, or limit above 64 KiB" },
	{ "IDTR base", STATE(idtr_base), bad_idtr, "not canonical, or limit above 64 KiB" },
	{ "RIP", STATE(rip), bad_rip, "more bits than the mode has" },
	{ "activity state", STATE(activity), bad_activity, "reserved" },
	{ "interruptibility", SHADOW, bad_shadow_bits, "reserved bits" },
	{ "interruptibility", SHADOW, bad_shadow_both, "STI and MOV SS both block" },
	{ "interruptibility", SHADOW, bad_shadow_sti, "STI blocks with RFLAGS.IF clear" },
	{ "interruptibility", SHADOW, bad_shadow_interrupt, "an interrupt to inject is blocked" },
	{ "interruptibility", SHADOW, bad_shadow_nmi, "an NMI to inject is blocked" },
	{ "pending debug exceptions", STATE(pending_debug), bad_pending_bits, "reserved bits" },
	{ "pending debug exceptions", STATE(pending_debug), bad_pending_step,
	  "BS differs from RFLAGS.TF in an interrupt shadow" },
	{ "VMCS link pointer", STATE(link_pointer), bad_link, "not all ones" },
	{ "PDPTE0", STATE(pdpte), bad_pdptes, "reserved bits in a PDPTE" },
};

/* --- Segments --- */

static bool usable(const struct vmx_entry_state *s, enum hv_seg seg)
{
	return !(s->seg[seg].access & VMCS_ACCESS_UNUSABLE);
}

static bool is_data_seg(enum hv_seg seg)
{
	return seg != SEG_CS && seg < SEG_LDTR;
}

static bool bad_selector(const struct vmx_entry_state *s, enum hv_seg seg)
{
	return seg >= SEG_LDTR && usable(s, seg) && (s->seg[seg].selector & SELECTOR_TI);
}

static bool bad_base(const struct vmx_entry_state *s, enum hv_seg seg)
{
	const struct vmx_entry_segment *x = &s->seg[seg];

	if (is_v86(s) && seg < SEG_LDTR)
		return x->base != x->selector << 4;
	if (seg == SEG_FS || seg == SEG_GS || seg == SEG_TR)
		return !canonical(x->base);
	if (seg == SEG_LDTR)
		return usable(s, seg) && !canonical(x->base);
	return (seg == SEG_CS || usable(s, seg)) && x->base >> 32;
}

static bool bad_v86(const struct vmx_entry_state *s, enum hv_seg seg)
{
	const struct vmx_entry_segment *x = &s->seg[seg];

	return is_v86(s) && seg < SEG_LDTR && (x->limit != 0xffff || x->access != 0xf3);
}

static bool bad_type(const struct vmx_entry_state *s, enum hv_seg seg)
{
	unsigned int type = TYPE(s->seg[seg].access);

	if (seg == SEG_TR)
		return type != 11 && (is_ia32e(s) || type != 3);
	if (seg == SEG_LDTR)
		return type != 2;
	if (seg == SEG_CS)
		return type != 3 && (type & (TYPE_CODE | TYPE_ACCESSED)) !=
				    (TYPE_CODE | TYPE_ACCESSED);
	if (seg == SEG_SS)
		return type != 3 && type != 7;
	return !(type & TYPE_ACCESSED) || (type & (TYPE_CODE | TYPE_RW)) == TYPE_CODE;
}

static bool bad_s(const struct vmx_entry_state *s, enum hv_seg seg)
{
	return !(s->seg[seg].access & ACCESS_S) == (seg < SEG_LDTR);
}

static bool bad_present(const struct vmx_entry_state *s, enum hv_seg seg)
{
	return !(s->seg[seg].access & ACCESS_P);
}

static bool bad_reserved(const struct vmx_entry_state *s, enum hv_seg seg)
{
	return s->seg[seg].access & ACCESS_RESERVED;
}

static bool bad_granularity(const struct vmx_entry_state *s, enum hv_seg seg)
{
	const struct vmx_entry_segment *x = &s->seg[seg];

	if (x->access & ACCESS_G)
		return (x->limit & 0xfff) != 0xfff;
	return x->limit >> 20;
}

/* Unrestricted guests: SS's and CS's are held against each other, the rest is free. */
static bool bad_dpl(const struct vmx_entry_state *s, enum hv_seg seg)
{
	unsigned int cs = TYPE(s->seg[SEG_CS].access), dpl = DPL(s->seg[seg].access);

	if (seg == SEG_SS)
		return dpl && (cs == 3 || !(s->cr0 & CR0_PE));
	if (seg != SEG_CS)
		return false;
	if (cs == 3)
		return dpl;
	return cs < 12 ? dpl != DPL(s->seg[SEG_SS].access) : dpl > DPL(s->seg[SEG_SS].access);
}

static bool bad_l(const struct vmx_entry_state *s, enum hv_seg seg)
{
	const u64 both = ACCESS_L | ACCESS_DB;

	return seg == SEG_CS && is_ia32e(s) && (s->seg[seg].access & both) == both;
}

/**
 * struct seg_check - one check of a segment register
 * @value: offset in struct vmx_entry_segment of what breaks it
 * @always: also of one that is unusable, and in virtual-8086 mode
 * @broken: not passed
 * @rule: what it wants
 */
struct seg_check {
	u8 value;
	bool always;
	bool (*broken)(const struct vmx_entry_state *s, enum hv_seg seg);
	const char *rule;
};

#define SEG(field)	offsetof(struct vmx_entry_segment, field)

static const struct seg_check seg_checks[] = {
	{ SEG(selector), true, bad_selector, "selector of the local table" },
	{ SEG(base), true, bad_base, "base does not fit the mode" },
	{ SEG(access), true, bad_v86, "not as virtual-8086 mode wants it" },
	{ SEG(access), false, bad_type, "type" },
	{ SEG(access), false, bad_s, "S bit" },
	{ SEG(access), false, bad_dpl, "DPL" },
	{ SEG(access), false, bad_present, "not present" },
	{ SEG(access), false, bad_reserved, "reserved bits" },
	{ SEG(access), false, bad_l, "L and D both set" },
	{ SEG(limit), false, bad_granularity, "limit and G bit contradict each other" },
};

static const char *const seg_names[NR_SEGS] = {
	[SEG_ES] = "ES", [SEG_CS] = "CS", [SEG_SS] = "SS", [SEG_DS] = "DS",
	[SEG_FS] = "FS", [SEG_GS] = "GS", [SEG_LDTR] = "LDTR", [SEG_TR] = "TR",
};

static bool seg_applies(const struct vmx_entry_state *s, const struct seg_check *c, enum hv_seg seg)
{
	if (c->always)
		return true;
	if (is_v86(s) && seg < SEG_LDTR)
		return false;
	return usable(s, seg) || (!is_data_seg(seg) && seg != SEG_LDTR);
}

static bool check_segment(const struct vmx_entry_state *s, enum hv_seg seg,
			  struct exit_refusal *r)
{
	const struct seg_check *c;

	for (c = seg_checks; c < seg_checks + ARRAY_SIZE(seg_checks); c++) {
		if (!seg_applies(s, c, seg) || !c->broken(s, seg))
			continue;
		r->what = seg_names[seg];
		r->value = *(const u64 *)((const void *)&s->seg[seg] + c->value);
		r->rule = c->rule;
		return true;
	}
	return false;
}

static bool check_table(const struct vmx_entry_state *s, const struct check *c, unsigned int n,
			struct exit_refusal *r)
{
	for (; n; n--, c++) {
		if (!c->broken(s))
			continue;
		r->what = c->what;
		r->value = *(const u64 *)((const void *)s + c->value);
		r->rule = c->rule;
		return true;
	}
	return false;
}

void vmx_check_state(const struct vmx_entry_state *s, struct exit_refusal *r)
{
	enum hv_seg seg;

	if (check_table(s, checks_before, ARRAY_SIZE(checks_before), r))
		return;
	for (seg = SEG_ES; seg < NR_SEGS; seg++)
		if (check_segment(s, seg, r))
			return;
	if (check_table(s, checks_after, ARRAY_SIZE(checks_after), r))
		return;
	r->what = "guest state";
	r->value = 0;
	r->rule = "refused by a check that hv does not know";
}

/* --- The event to inject --- */

#define VECTORS_WITH_ERROR \
	(BIT(8) | BIT(10) | BIT(11) | BIT(12) | BIT(13) | BIT(14) | BIT(17))

static bool bad_event_type(const struct vmx_entry_state *s)
{
	return VMCS_EVENT_TYPE(s->event) == 1 || VMCS_EVENT_TYPE(s->event) == 7;
}

static bool bad_event_vector(const struct vmx_entry_state *s)
{
	unsigned int vector = VMCS_EVENT_VECTOR(s->event);

	if (VMCS_EVENT_TYPE(s->event) == EVENT_NMI)
		return vector != VEC_NMI;
	return VMCS_EVENT_TYPE(s->event) == EVENT_EXCEPTION && vector > 31;
}

static bool bad_event_error(const struct vmx_entry_state *s)
{
	unsigned int vector = VMCS_EVENT_VECTOR(s->event);
	bool wants = VMCS_EVENT_TYPE(s->event) == EVENT_EXCEPTION && (s->cr0 & CR0_PE) &&
		     vector < 32 && (BIT(vector) & VECTORS_WITH_ERROR);

	return wants != !!(s->event & VMCS_EVENT_ERROR);
}

static bool bad_event_reserved(const struct vmx_entry_state *s)
{
	return s->event & GENMASK(30, 12);
}

static bool bad_event_len(const struct vmx_entry_state *s)
{
	return VMCS_EVENT_TYPE(s->event) >= EVENT_SOFT_INTR &&
	       (!s->insn_len || s->insn_len > 15);
}

static const struct check event_checks[] = {
	{ "event to inject", STATE(event), bad_event_type, "reserved type" },
	{ "event to inject", STATE(event), bad_event_vector, "vector does not fit the type" },
	{ "event to inject", STATE(event), bad_event_error, "error code, or none" },
	{ "event to inject", STATE(event), bad_event_reserved, "reserved bits" },
	{ "instruction length", STATE(insn_len), bad_event_len, "not 1 to 15" },
};

void vmx_check_event(const struct vmx_entry_state *s, struct exit_refusal *r)
{
	if ((s->event & VMCS_EVENT_VALID) &&
	    check_table(s, event_checks, ARRAY_SIZE(event_checks), r))
		return;
	r->what = "VM-execution, VM-exit or VM-entry controls";
	r->value = 0;
	r->rule = "a combination that the CPU does not take";
}

/* Section 'VM instruction error numbers'. */
static const char *const errors[] = {
	[1] = "VMCALL in VMX root operation",
	[2] = "VMCLEAR of an invalid address",
	[3] = "VMCLEAR of the VMXON region",
	[4] = "VMLAUNCH of a VMCS that is launched",
	[5] = "VMRESUME of a VMCS that is not launched",
	[6] = "VMRESUME after VMXOFF",
	[7] = "invalid control fields",
	[8] = "invalid host state",
	[9] = "VMPTRLD of an invalid address",
	[10] = "VMPTRLD of the VMXON region",
	[11] = "VMPTRLD of another revision's VMCS",
	[12] = "VMREAD or VMWRITE of a field that the CPU does not have",
	[13] = "VMWRITE of a read-only field",
	[15] = "VMXON in VMX root operation",
	[16] = "invalid executive-VMCS pointer",
	[17] = "executive VMCS that is not launched",
	[18] = "executive-VMCS pointer is not the VMXON pointer",
	[19] = "VMCALL with a VMCS that is not clear",
	[20] = "VMCALL with invalid VM-exit controls",
	[22] = "VMCALL with another MSEG revision",
	[23] = "VMXOFF under dual-monitor treatment",
	[24] = "VMCALL with invalid SMM-monitor features",
	[25] = "invalid VM-execution controls in the executive VMCS",
	[26] = "events blocked by MOV SS",
	[28] = "invalid operand of INVEPT or INVVPID",
};

const char *vmx_error_name(u32 error)
{
	return error < ARRAY_SIZE(errors) ? errors[error] : NULL;
}
