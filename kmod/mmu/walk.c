// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's own address translation: Intel SDM vol. 3, chapters 3
 * (segmentation) and 4 (paging); AMD APM vol. 2, chapters 4 and 5.
 *
 * Every entry is read once and only the copy is looked at.  A walk reads at
 * most five entries, so it is bounded whatever the guest has put there.
 */
#include "mmu/walk.h"

#include "core/cpuid.h"
#include "mmu/s2.h"

#define PAGE_BYTES	4096U

#define PTE_P		BIT_ULL(0)
#define PTE_RW		BIT_ULL(1)
#define PTE_US		BIT_ULL(2)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_NX		BIT_ULL(63)
#define PTE_ADDR	GENMASK_ULL(51, 12)

/* Page fault error code: SDM vol. 3, 4.7. */
#define PFEC_P		BIT(0)
#define PFEC_W		BIT(1)
#define PFEC_U		BIT(2)
#define PFEC_RSVD		BIT(3)
#define PFEC_I		BIT(4)

/* struct hv_segment.attr */
#define SEG_TYPE_RW	BIT(1)	/* data: writable; code: readable */
#define SEG_TYPE_DOWN	BIT(2)	/* data: expands down */
#define SEG_TYPE_CODE	BIT(3)
#define SEG_PRESENT	BIT(7)
#define SEG_BIG		BIT(10)

/**
 * struct paging - a paging mode
 * @levels: of tables
 * @entry_size: bytes
 * @index_bits: of linear address that a level translates
 * @cr3_mask: where CR3 has the top table
 */
struct paging {
	unsigned int levels;
	unsigned int entry_size;
	unsigned int index_bits;
	u64 cr3_mask;
};

static const struct paging paging_32 = { 2, 4, 10, GENMASK_ULL(31, 12) };
static const struct paging paging_pae = { 3, 8, 9, GENMASK_ULL(31, 5) };
static const struct paging paging_4 = { 4, 8, 9, PTE_ADDR };
static const struct paging paging_5 = { 5, 8, 9, PTE_ADDR };

/**
 * struct walk - one translation under way
 * @paging: how
 * @access: ACCESS_*
 * @cr4: as the guest reads it
 * @nx: PTE_NX counts
 * @level: of the entry looked at: 0 maps 4 KiB
 * @table: where each entry was read, guest physical
 * @va: likewise, where the host has it
 * @entry: what was read
 */
struct walk {
	const struct paging *paging;
	u32 access;
	u64 cr4;
	bool nx;
	unsigned int level;
	u64 table[WALK_LEVELS];
	const void *va[WALK_LEVELS];
	u64 entry[WALK_LEVELS];
};

static unsigned int in_page(u64 address)
{
	return address & (PAGE_BYTES - 1);
}

u32 guest_access(struct vcpu *v)
{
	return vcpu_cpl(v) == 3 ? ACCESS_USER : 0;
}

enum walk_result guest_memory(struct vcpu *v, u64 gpa, u32 access, void **va,
			      struct walk_fault *fault)
{
	*va = s2_va(v->s2, gpa, access & ACCESS_WRITE ? S2_READ | S2_WRITE : S2_READ);
	if (*va)
		return WALK_OK;
	if (!s2_has_memory(v->s2, gpa)) {
		fault->address = gpa;
		return WALK_UNMAPPED;
	}
	v->fill_gpa = gpa;
	v->fill_access = access & (ACCESS_WRITE | ACCESS_FETCH);
	return WALK_FILL;
}

static enum walk_result fault_at(struct walk_fault *fault, u8 vector, u32 error, u64 address)
{
	*fault = (struct walk_fault){ .vector = vector, .error = error, .address = address };
	return WALK_FAULT;
}

/* SDM vol. 3, 4.7: @why is 0, PFEC_P or PFEC_P | PFEC_RSVD. */
static enum walk_result page_fault(const struct walk *w, u64 gva, u32 why,
				   struct walk_fault *fault)
{
	if (w->access & ACCESS_WRITE)
		why |= PFEC_W;
	if (w->access & ACCESS_USER)
		why |= PFEC_U;
	if ((w->access & ACCESS_FETCH) && (w->nx || (w->cr4 & CR4_SMEP)))
		why |= PFEC_I;
	return fault_at(fault, VEC_PF, why, gva);
}

static const struct paging *paging_mode(struct vcpu *v, u64 cr4)
{
	if (vcpu_efer(v) & EFER_LMA_BIT)
		return cr4 & CR4_LA57 ? &paging_5 : &paging_4;
	return cr4 & CR4_PAE ? &paging_pae : &paging_32;
}

static bool is_long(const struct walk *w)
{
	return w->paging->levels >= 4;
}

/* A PDPTE of PAE paging: no rights and no accessed bit, SDM vol. 3, 4.4.1. */
static bool is_pae_root(const struct walk *w, unsigned int level)
{
	return w->paging == &paging_pae && level == 2;
}

static bool is_leaf(const struct walk *w, u64 entry)
{
	if (!w->level)
		return true;
	if (!(entry & PTE_PS))
		return false;
	if (w->paging == &paging_32)
		return w->cr4 & CR4_PSE;
	return w->level == 1 || (w->level == 2 && is_long(w));
}

static unsigned int level_shift(const struct walk *w)
{
	return 12 + w->level * w->paging->index_bits;
}

/* Bits @last to @first, none where @first is above @last. */
static u64 bits(unsigned int last, unsigned int first)
{
	return first > last ? 0 : GENMASK_ULL(last, first);
}

/* 32-bit paging: only 4 MiB pages have any, SDM vol. 3, table 4-4. */
static u64 reserved_32(const struct walk *w, u64 entry)
{
	if (!w->level || !is_leaf(w, entry))
		return 0;
	return BIT_ULL(21) | bits(20, 13 + cpuid_phys_bits() - 32);
}

/* SDM vol. 3, tables 4-8 to 4-20; APM vol. 2, 5.3. */
static u64 reserved_64(const struct walk *w, u64 entry)
{
	u64 mask = bits(51, cpuid_phys_bits());

	if (!w->nx)
		mask |= PTE_NX;
	if (!is_long(w))
		mask |= bits(62, 52);
	if (is_pae_root(w, w->level))
		return mask | PTE_NX | bits(8, 5) | bits(2, 1);
	if (w->level > 2 || (w->level == 2 && !cpuid_has_1g_pages()))
		mask |= PTE_PS;
	if (w->level && is_leaf(w, entry))
		mask |= bits(level_shift(w) - 1, 13);
	return mask;
}

static u64 reserved(const struct walk *w, u64 entry)
{
	return w->paging->entry_size == 4 ? reserved_32(w, entry) : reserved_64(w, entry);
}

static enum walk_result read_entry(struct vcpu *v, struct walk *w, u64 gva,
				   struct walk_fault *fault)
{
	enum walk_result r;
	u64 entry;
	void *va;

	r = guest_memory(v, w->table[w->level], 0, &va, fault);
	if (r != WALK_OK)
		return r;
	entry = w->paging->entry_size == 4 ? READ_ONCE(*(u32 *)va) : READ_ONCE(*(u64 *)va);
	w->va[w->level] = va;
	w->entry[w->level] = entry;
	if (!(entry & PTE_P))
		return page_fault(w, gva, 0, fault);
	if (entry & reserved(w, entry))
		return page_fault(w, gva, PFEC_P | PFEC_RSVD, fault);
	return WALK_OK;
}

/* From the top to the leaf, which @w->level names in the end. */
static enum walk_result read_entries(struct vcpu *v, struct walk *w, u64 gva,
				     struct walk_fault *fault)
{
	u64 base = vcpu_cr3(v) & w->paging->cr3_mask;
	enum walk_result r;
	u64 index;

	for (w->level = w->paging->levels - 1; ; w->level--) {
		index = gva >> level_shift(w) & (BIT(w->paging->index_bits) - 1);
		w->table[w->level] = base + index * w->paging->entry_size;
		r = read_entry(v, w, gva, fault);
		if (r != WALK_OK || is_leaf(w, w->entry[w->level]))
			return r;
		base = w->entry[w->level] & PTE_ADDR;
	}
}

/* SMAP leaves off while EFLAGS.AC is set, except for what CPL 3 does implicitly. */
static bool smap_applies(struct vcpu *v, const struct walk *w)
{
	return (w->cr4 & CR4_SMAP) && (vcpu_cpl(v) == 3 || !(v->rflags & RFLAGS_AC));
}

/* SDM vol. 3, 4.6.1. */
static bool allowed(struct vcpu *v, const struct walk *w)
{
	u64 rights = PTE_RW | PTE_US, nx = 0;
	bool user = w->access & ACCESS_USER;
	unsigned int i;

	for (i = w->level; i < w->paging->levels; i++) {
		if (!is_pae_root(w, i))
			rights &= w->entry[i];
		nx |= w->entry[i] & PTE_NX;
	}
	if (user && !(rights & PTE_US))
		return false;
	if ((w->access & ACCESS_WRITE) && !(rights & PTE_RW) &&
	    (user || (vcpu_cr0(v) & CR0_WP)))
		return false;
	if (w->access & ACCESS_FETCH)
		return !nx && (user || !(rights & PTE_US) || !(w->cr4 & CR4_SMEP));
	return user || !(rights & PTE_US) || !smap_applies(v, w);
}

static bool update_entry(void *va, unsigned int size, u64 old, u64 new)
{
	if (size == 4)
		return cmpxchg((u32 *)va, (u32)old, (u32)new) == (u32)old;
	return cmpxchg((u64 *)va, old, new) == old;
}

/* SDM vol. 3, 4.8.  Atomic: other CPUs of the guest set bits in the same entries. */
static enum walk_result set_accessed(struct vcpu *v, const struct walk *w, unsigned int level,
				     struct walk_fault *fault)
{
	u64 want = PTE_A, entry = w->entry[level];
	enum walk_result r;
	void *va;

	if (level == w->level && (w->access & ACCESS_WRITE))
		want |= PTE_D;
	if ((entry & want) == want || is_pae_root(w, level))
		return WALK_OK;
	r = guest_memory(v, w->table[level], ACCESS_WRITE, &va, fault);
	if (r != WALK_OK)
		return r;
	if (!update_entry(va, w->paging->entry_size, entry, entry | want))
		return WALK_RETRY;
	return WALK_OK;
}

static u64 leaf_gpa(const struct walk *w, u64 gva)
{
	u64 entry = w->entry[w->level];
	u64 offset = BIT_ULL(level_shift(w)) - 1;
	u64 base = entry & PTE_ADDR & ~offset;

	/* PSE-36: a 4 MiB page has address bits 39:32 in bits 20:13. */
	if (w->paging == &paging_32 && w->level)
		base |= (entry >> 13 & 0xff) << 32;
	return base | (gva & offset);
}

static enum walk_result walk_tables(struct vcpu *v, struct walk *w, u64 gva, u64 *gpa,
				    struct walk_fault *fault)
{
	enum walk_result r = read_entries(v, w, gva, fault);
	unsigned int i;

	if (r != WALK_OK)
		return r;
	if (!allowed(v, w))
		return page_fault(w, gva, PFEC_P, fault);
	for (i = w->paging->levels; i-- > w->level; ) {
		r = set_accessed(v, w, i, fault);
		if (r != WALK_OK)
			return r;
	}
	*gpa = leaf_gpa(w, gva);
	return WALK_OK;
}

static bool has_width(u64 gva, unsigned int width)
{
	return (u64)((s64)(gva << (64 - width)) >> (64 - width)) == gva;
}

/* What four levels translate, five do too: CR4 is read for the rest alone. */
static bool is_canonical(struct vcpu *v, u64 gva)
{
	return has_width(gva, 48) || (has_width(gva, 57) && (vcpu_cr4(v) & CR4_LA57));
}

static void leave_trail(const struct walk *w, struct walk_trail *trail)
{
	unsigned int i;

	trail->size = w->paging->entry_size;
	for (i = w->level; i < w->paging->levels; i++) {
		trail->va[trail->nr] = w->va[i];
		trail->entry[trail->nr++] = w->entry[i];
	}
}

enum walk_result walk_along(struct vcpu *v, u64 gva, u32 access, u64 *gpa,
			    struct walk_fault *fault, struct walk_trail *trail)
{
	struct walk w = { .access = access, .cr4 = vcpu_cr4(v) };
	enum walk_result r;

	trail->nr = 0;
	if (!(vcpu_cr0(v) & CR0_PG)) {
		*gpa = (u32)gva;
		return WALK_OK;
	}
	w.paging = paging_mode(v, w.cr4);
	w.nx = w.paging->entry_size == 8 && (vcpu_efer(v) & EFER_NXE_BIT);
	if (!is_long(&w))
		gva = (u32)gva;
	else if (!is_canonical(v, gva))
		return fault_at(fault, VEC_GP, 0, 0);
	r = walk_tables(v, &w, gva, gpa, fault);
	if (r == WALK_OK)
		leave_trail(&w, trail);
	return r;
}

enum walk_result walk(struct vcpu *v, u64 gva, u32 access, u64 *gpa, struct walk_fault *fault)
{
	struct walk_trail unused;

	return walk_along(v, gva, access, gpa, fault, &unused);
}

/* APM vol. 2, 4.12: the last byte against the limit, from above or from below. */
static bool within_limit(const struct hv_segment *s, u64 offset, unsigned int len)
{
	u64 last = offset + len - 1;

	if ((s->attr & (SEG_TYPE_CODE | SEG_TYPE_DOWN)) == SEG_TYPE_DOWN)
		return offset > s->limit && last <= (s->attr & SEG_BIG ? U32_MAX : 0xffff);
	return last <= s->limit;
}

static bool type_allows(const struct hv_segment *s, u32 access)
{
	if (!(s->attr & SEG_PRESENT))	/* a null selector's */
		return false;
	if (access & ACCESS_FETCH)
		return true;
	if (access & ACCESS_WRITE)
		return (s->attr & (SEG_TYPE_CODE | SEG_TYPE_RW)) == SEG_TYPE_RW;
	return !(s->attr & SEG_TYPE_CODE) || (s->attr & SEG_TYPE_RW);
}

/* Not inline: most instructions do without it, and without its stack. */
static noinline u64 segment_base(struct vcpu *v, enum hv_seg seg)
{
	struct hv_segment s;

	vcpu_segment(v, seg, &s);
	return s.base;
}

static enum walk_result linear_64(struct vcpu *v, enum hv_seg seg, u64 offset,
				  unsigned int len, u64 *gva, struct walk_fault *fault)
{
	*gva = offset;
	if (seg == SEG_FS || seg == SEG_GS)
		*gva += segment_base(v, seg);
	if (is_canonical(v, *gva) && is_canonical(v, *gva + len - 1))
		return WALK_OK;
	return fault_at(fault, seg == SEG_SS ? VEC_SS : VEC_GP, 0, 0);
}

static noinline enum walk_result linear_32(struct vcpu *v, enum cpu_mode mode, enum hv_seg seg,
					   u64 offset, unsigned int len, u32 access, u64 *gva,
					   struct walk_fault *fault)
{
	struct hv_segment s;
	bool typed;

	vcpu_segment(v, seg, &s);
	/* Real and virtual-8086 mode have limits, but no types. */
	typed = mode != MODE_REAL && !(v->rflags & RFLAGS_VM);
	*gva = (u32)(s.base + offset);
	if ((typed && !type_allows(&s, access)) || !within_limit(&s, offset, len))
		return fault_at(fault, seg == SEG_SS ? VEC_SS : VEC_GP, 0, 0);
	return WALK_OK;
}

enum walk_result guest_linear(struct vcpu *v, enum cpu_mode mode, enum hv_seg seg, u64 offset,
			      unsigned int len, u32 access, u64 *gva, struct walk_fault *fault)
{
	if (likely(mode == MODE_64))
		return linear_64(v, seg, offset, len, gva, fault);
	return linear_32(v, mode, seg, offset, len, access, gva, fault);
}

/* Linear addresses wrap at 4 GiB outside 64-bit mode. */
static u64 next_page(struct vcpu *v, u64 gva, unsigned int step)
{
	return vcpu_mode(v) == MODE_64 ? gva + step : (u32)(gva + step);
}

enum walk_result guest_span(struct vcpu *v, u64 gva, unsigned int len, u32 access,
			    struct guest_span *span, struct walk_fault *fault)
{
	enum walk_result r;

	span->len[0] = min(len, PAGE_BYTES - in_page(gva));
	span->len[1] = len - span->len[0];
	r = walk(v, gva, access, &span->gpa[0], fault);
	if (r != WALK_OK || !span->len[1])
		return r;
	return walk(v, next_page(v, gva, span->len[0]), access, &span->gpa[1], fault);
}

/* Both parts' addresses first, so that a copy is whole or not at all. */
static enum walk_result map(struct vcpu *v, enum hv_seg seg, u64 offset, unsigned int len,
			    u32 access, struct guest_span *span, void *va[2],
			    struct walk_fault *fault)
{
	enum walk_result r;
	u64 gva;

	r = guest_linear(v, vcpu_mode(v), seg, offset, len, access, &gva, fault);
	if (r == WALK_OK)
		r = guest_span(v, gva, len, access, span, fault);
	if (r == WALK_OK)
		r = guest_memory(v, span->gpa[0], access, &va[0], fault);
	if (r == WALK_OK && span->len[1])
		r = guest_memory(v, span->gpa[1], access, &va[1], fault);
	return r;
}

enum walk_result guest_read(struct vcpu *v, enum hv_seg seg, u64 offset, void *buf,
			    unsigned int len, u32 access, struct walk_fault *fault)
{
	struct guest_span span;
	enum walk_result r;
	void *va[2];

	r = map(v, seg, offset, len, access & ~ACCESS_WRITE, &span, va, fault);
	if (r != WALK_OK)
		return r;
	memcpy(buf, va[0], span.len[0]);
	if (span.len[1])
		memcpy(buf + span.len[0], va[1], span.len[1]);
	return WALK_OK;
}

enum walk_result guest_write(struct vcpu *v, enum hv_seg seg, u64 offset, const void *buf,
			     unsigned int len, u32 access, struct walk_fault *fault)
{
	struct guest_span span;
	enum walk_result r;
	void *va[2];

	r = map(v, seg, offset, len, access | ACCESS_WRITE, &span, va, fault);
	if (r != WALK_OK)
		return r;
	memcpy(va[0], buf, span.len[0]);
	if (span.len[1])
		memcpy(va[1], buf + span.len[0], span.len[1]);
	return WALK_OK;
}
