// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instruction fetch for the core: see fetch.h for what is kept, and until when.
 */
#include "mmu/walk.h"

#define PAGE_BYTES	4096U

static unsigned int in_page(u64 address)
{
	return address & (PAGE_BYTES - 1);
}

/* Each is read once, as a walk would. */
static bool reads_the_same(const struct walk_trail *t)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if ((t->size == 4 ? READ_ONCE(*(const u32 *)t->va[i]) :
				    READ_ONCE(*(const u64 *)t->va[i])) != t->entry[i])
			return false;
	return true;
}

/* All that a walk for a fetch goes by; the tables last. */
static bool is_kept(struct vcpu *v, const struct fetch_page *f, u64 gva, u32 access)
{
	return f->code && f->page == gva - in_page(gva) && f->access == access &&
	       f->cr3 == vcpu_cr3(v) && f->efer == vcpu_efer(v) && f->cr0 == vcpu_cr0(v) &&
	       f->cr4 == vcpu_cr4(v) && reads_the_same(&f->trail);
}

static enum walk_result find_page(struct vcpu *v, struct fetch_page *f, u64 gva, u32 access,
				  struct walk_fault *fault)
{
	enum walk_result r;
	void *va;
	u64 gpa;

	guest_fetch_forget(v);
	r = walk_along(v, gva, access, &gpa, fault, &f->trail);
	if (r == WALK_OK)
		r = guest_memory(v, gpa, access, &va, fault);
	if (r != WALK_OK)
		return r;
	f->page = gva - in_page(gva);
	f->access = access;
	f->cr0 = vcpu_cr0(v);
	f->cr3 = vcpu_cr3(v);
	f->cr4 = vcpu_cr4(v);
	f->efer = vcpu_efer(v);
	f->code = va - in_page(gpa);
	return WALK_OK;
}

static void copy(u8 *to, const u8 *from, unsigned int n)
{
	if (likely(n == INSN_MAX))
		memcpy(to, from, INSN_MAX);	/* two moves, not a call */
	else
		memcpy(to, from, n);
}

/* Only the first byte is held against CS's limit: the CPU has checked the rest. */
enum walk_result guest_fetch(struct vcpu *v, enum cpu_mode mode, u8 *bytes, unsigned int *len,
			     struct walk_fault *fault)
{
	u32 access = ACCESS_FETCH | guest_access(v);
	struct fetch_page *f = &v->fetch;
	enum walk_result r;
	unsigned int n;
	u64 gva;

	r = guest_linear(v, mode, SEG_CS, v->rip + *len, 1, access, &gva, fault);
	if (r == WALK_OK && !is_kept(v, f, gva, access))
		r = find_page(v, f, gva, access, fault);
	if (r != WALK_OK)
		return r;
	n = min(INSN_MAX - *len, PAGE_BYTES - in_page(gva));
	copy(bytes + *len, f->code + in_page(gva), n);
	*len += n;
	return WALK_OK;
}
