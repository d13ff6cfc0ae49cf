// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU's architectural state, in and out of the VMCB.
 */
#include "svm/svm.h"

#define EFER_SVME_BIT	BIT_ULL(12)

/* Reset values: AMD APM vol. 2, table 14-1. */
#define DR6_RESET	0xffff0ff0ULL
#define DR7_RESET	0x400ULL
#define PAT_RESET	0x0007040600070406ULL

static void seg_in(struct vmcb_seg *to, const struct hv_segment *from)
{
	to->selector = from->selector;
	to->attr = from->attr;
	to->limit = from->limit;
	to->base = from->base;
}

static void seg_out(struct hv_segment *to, const struct vmcb_seg *from)
{
	to->selector = from->selector;
	to->attr = from->attr;
	to->limit = from->limit;
	to->base = from->base;
}

/* The intercepts that every guest runs with; CR0 and CR3 are the guest's own under NPT. */
void svm_set_intercepts(struct vmcb_control *c)
{
	c->intercept_cr = VMCB_CR_WRITE(4) | VMCB_CR_WRITE(8);
	c->intercept_dr = ~0U;
	/* #AC and #DB: a guest could have them delivered without end (CVE-2015-5307, -8104). */
	c->intercept_exceptions = VMCB_EXCEPTION(VEC_DB) | VMCB_EXCEPTION(VEC_UD) |
				  VMCB_EXCEPTION(VEC_AC) | VMCB_EXCEPTION(VEC_MC);
	c->intercept_misc1 = VMCB_INTR | VMCB_NMI | VMCB_SMI | VMCB_INIT | VMCB_RDPMC |
			     VMCB_CPUID | VMCB_INVD | VMCB_HLT | VMCB_INVLPGA | VMCB_IOIO |
			     VMCB_MSR | VMCB_TASK_SWITCH | VMCB_FERR_FREEZE | VMCB_SHUTDOWN;
	c->intercept_misc2 = VMCB_VMRUN | VMCB_VMMCALL | VMCB_VMLOAD | VMCB_VMSAVE |
			     VMCB_STGI | VMCB_CLGI | VMCB_SKINIT | VMCB_RDTSCP | VMCB_WBINVD |
			     VMCB_MONITOR | VMCB_MWAIT | VMCB_XSETBV | VMCB_RDPRU;
	c->intercept_misc3 = VMCB_INVLPGB | VMCB_INVLPGB_BAD | VMCB_INVPCID | VMCB_MCOMMIT |
			     VMCB_TLBSYNC;
}

/*
 * A guest that executes many PAUSEs, each soon after the last, spins for another
 * CPU (section 15.14.4).  Counts as the kernel's own hypervisor has them.
 */
#define PAUSE_COUNT	3000
#define PAUSE_THRESHOLD	128	/* cycles */

static void set_pause_filter(struct svm_vcpu *s)
{
	struct vmcb_control *c = &s->vmcb->control;

	if (!(svm_caps.features & SVM_CPUID_PAUSE_FILTER) || s->vcpu.platform->nr_lapics < 2)
		return;
	c->intercept_misc1 |= VMCB_PAUSE;
	c->pause_count = PAUSE_COUNT;
	if (svm_caps.features & SVM_CPUID_PAUSE_THRESHOLD)
		c->pause_threshold = PAUSE_THRESHOLD;
}

static void set_control(struct svm_vcpu *s)
{
	struct vmcb_control *c = &s->vmcb->control;

	memset(c, 0, sizeof(*c));
	svm_set_intercepts(c);
	set_pause_filter(s);
	c->iopm_base = svm_iopm_pa;
	c->msrpm_base = svm_msrpm_pa;
	c->int_ctl = VMCB_V_INTR_MASKING;
	c->nested_ctl = VMCB_NP_ENABLE;
	c->nested_cr3 = host_hpa(s->vcpu.s2->root);
	/* INIT comes here too, and leaves the counter alone. */
	c->tsc_offset = s->vcpu.tsc_offset;
	s->asid_cpu = -1;
}

static void set_segments(struct vmcb_save *save, const struct hv_vcpu_state *state)
{
	seg_in(&save->es, &state->es);
	seg_in(&save->cs, &state->cs);
	seg_in(&save->ss, &state->ss);
	seg_in(&save->ds, &state->ds);
	seg_in(&save->fs, &state->fs);
	seg_in(&save->gs, &state->gs);
	seg_in(&save->ldtr, &state->ldtr);
	seg_in(&save->tr, &state->tr);
	save->gdtr.base = state->gdtr.base;
	save->gdtr.limit = state->gdtr.limit;
	save->idtr.base = state->idtr.base;
	save->idtr.limit = state->idtr.limit;
	/* The CPL is SS's DPL: section 15.5.1. */
	save->cpl = (state->ss.attr >> 5) & 3;
}

/* The MSRs from STAR to SYSENTER_EIP stand together. */
#define SAVE_MSRS	offsetof(struct vmcb_save, star)
#define SAVE_MSRS_SIZE	(offsetof(struct vmcb_save, cr2) - SAVE_MSRS)

/* INIT leaves MSRs alone: Intel SDM vol. 3, 'Processor State After Reset'. */
static void clear_save(struct vmcb_save *save, bool init)
{
	u64 pat = init ? save->g_pat : PAT_RESET;
	u8 msrs[SAVE_MSRS_SIZE];

	memcpy(msrs, (void *)save + SAVE_MSRS, sizeof(msrs));
	memset(save, 0, sizeof(*save));
	if (init)
		memcpy((void *)save + SAVE_MSRS, msrs, sizeof(msrs));
	save->g_pat = pat;
}

void svm_put_state(struct vcpu *v, const struct hv_vcpu_state *state)
{
	struct svm_vcpu *s = to_svm(v);
	struct vmcb_save *save = &s->vmcb->save;

	set_segments(save, state);
	save->cr0 = state->cr0;
	save->cr3 = state->cr3;
	save->cr4 = state->cr4;
	save->efer = state->efer | EFER_SVME_BIT;
	s->flush = true;
}

void svm_set_state(struct vcpu *v, const struct hv_vcpu_state *state, bool init)
{
	struct svm_vcpu *s = to_svm(v);
	struct vmcb_save *save = &s->vmcb->save;

	set_control(s);
	clear_save(save, init);
	svm_put_state(v, state);
	save->dr6 = DR6_RESET;
	save->dr7 = DR7_RESET;
	memset(s->dr, 0, sizeof(s->dr));
	s->dr_loaded = false;
	s->iret.stepping = false;
}

static void get_segments(struct hv_vcpu_state *state, const struct vmcb_save *save)
{
	seg_out(&state->es, &save->es);
	seg_out(&state->cs, &save->cs);
	seg_out(&state->ss, &save->ss);
	seg_out(&state->ds, &save->ds);
	seg_out(&state->fs, &save->fs);
	seg_out(&state->gs, &save->gs);
	seg_out(&state->ldtr, &save->ldtr);
	seg_out(&state->tr, &save->tr);
	state->gdtr.base = save->gdtr.base;
	state->gdtr.limit = save->gdtr.limit;
	state->idtr.base = save->idtr.base;
	state->idtr.limit = save->idtr.limit;
}

void svm_get_state(struct vcpu *v, struct hv_vcpu_state *state)
{
	const struct vmcb_save *save = &to_svm(v)->vmcb->save;

	get_segments(state, save);
	state->cr0 = save->cr0;
	state->cr3 = save->cr3;
	state->cr4 = save->cr4;
	state->efer = save->efer & ~EFER_SVME_BIT;
}
