/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's own address translation: segment and offset to linear, linear
 * to guest physical, with every check that the CPU would make, and access to
 * guest memory built on it.
 *
 * Nothing here is cached but what fetch.h says: the tables are the guest's, and
 * change under us.
 */
#ifndef HV_MMU_WALK_H
#define HV_MMU_WALK_H

#include "core/vcpu.h"

/**
 * enum walk_result - what became of a translation or an access
 * @WALK_OK: done
 * @WALK_FAULT: the guest gets the exception in struct walk_fault
 * @WALK_FILL: v->fill_gpa and v->fill_access are set: let the host side fill,
 *             then retry the instruction
 * @WALK_RETRY: another CPU changed the tables meanwhile: retry the instruction
 * @WALK_UNMAPPED: there is no memory at walk_fault.address, guest physical
 */
enum walk_result {
	WALK_OK,
	WALK_FAULT,
	WALK_FILL,
	WALK_RETRY,
	WALK_UNMAPPED,
};

/**
 * struct walk_fault - what to inject
 * @vector: VEC_PF, VEC_GP or VEC_SS
 * @error: its error code
 * @address: for CR2; with WALK_UNMAPPED the guest physical address
 */
struct walk_fault {
	u8 vector;
	u32 error;
	u64 address;
};

/**
 * struct guest_span - up to a page of linear memory, translated
 * @gpa: of the first byte, and of the first byte in the second page
 * @len: bytes in each; the second is 0 where the span stays in one page
 */
struct guest_span {
	u64 gpa[2];
	unsigned int len[2];
};

/**
 * walk() - translate a linear address
 * @v: vCPU
 * @gva: linear address
 * @access: ACCESS_*; ACCESS_USER where the access counts as a user's
 * @gpa: set with WALK_OK; nothing says yet that there is memory
 * @fault: set with WALK_FAULT and WALK_UNMAPPED
 *
 * Sets accessed and dirty bits as the CPU does.
 */
enum walk_result walk(struct vcpu *v, u64 gva, u32 access, u64 *gpa, struct walk_fault *fault);

/* Likewise, and @trail is how: set with WALK_OK.  Good until pages are taken away. */
enum walk_result walk_along(struct vcpu *v, u64 gva, u32 access, u64 *gpa,
			    struct walk_fault *fault, struct walk_trail *trail);

/* ACCESS_USER if the vCPU runs at CPL 3, else 0. */
u32 guest_access(struct vcpu *v);

/**
 * guest_linear() - segmentation: check an access and make its address linear
 * @v: vCPU
 * @mode: vcpu_mode()
 * @seg: segment
 * @offset: in it
 * @len: bytes, at least 1
 * @access: ACCESS_WRITE and ACCESS_FETCH count
 * @gva: linear address
 * @fault: #GP or #SS
 *
 * Return: WALK_OK or WALK_FAULT
 */
enum walk_result guest_linear(struct vcpu *v, enum cpu_mode mode, enum hv_seg seg, u64 offset,
			      unsigned int len, u32 access, u64 *gva, struct walk_fault *fault);

/* Translate @len bytes at @gva, at most a page. */
enum walk_result guest_span(struct vcpu *v, u64 gva, unsigned int len, u32 access,
			    struct guest_span *span, struct walk_fault *fault);

/*
 * The host's address of guest memory at @gpa, to the end of its page, in *@va:
 * WALK_OK, WALK_FILL or WALK_UNMAPPED.
 */
enum walk_result guest_memory(struct vcpu *v, u64 gpa, u32 access, void **va,
			      struct walk_fault *fault);

/*
 * Copy @len bytes, at most a page, from or to memory at @seg:@offset.  Nothing
 * was written unless the result is WALK_OK.  @access: guest_access(), or 0
 * where the access is the supervisor's whatever the CPL.
 */
enum walk_result guest_read(struct vcpu *v, enum hv_seg seg, u64 offset, void *buf,
			    unsigned int len, u32 access, struct walk_fault *fault);
enum walk_result guest_write(struct vcpu *v, enum hv_seg seg, u64 offset, const void *buf,
			     unsigned int len, u32 access, struct walk_fault *fault);

/**
 * guest_fetch() - fetch instruction bytes at CS:RIP
 * @v: vCPU
 * @mode: vcpu_mode()
 * @bytes: room for INSN_MAX
 * @len: how many are there already; in the end how many there are now
 * @fault: set with WALK_FAULT and WALK_UNMAPPED
 *
 * Goes to the end of one page at most, so that an instruction which ends there
 * does not touch the next: call it again where more bytes are needed.
 */
enum walk_result guest_fetch(struct vcpu *v, enum cpu_mode mode, u8 *bytes, unsigned int *len,
			     struct walk_fault *fault);

/* Pages of the guest's are about to go, or the guest is another one. */
static inline void guest_fetch_forget(struct vcpu *v)
{
	v->fetch.code = NULL;
}

#endif /* HV_MMU_WALK_H */
