// SPDX-License-Identifier: GPL-2.0-only
/*
 * The AMD-V engine: into the guest, and what the core asks of a VMCB.
 */
#include <asm/special_insns.h>

#include "core/host_entry.h"
#include "svm/svm.h"

#define EFER_SVME_BIT	BIT_ULL(12)

static __always_inline void clgi(void)
{
	asm volatile("clgi" : : : "memory");
}

static __always_inline void stgi(void)
{
	asm volatile("stgi" : : : "memory");
}

static u64 event_word(const struct vcpu_event *e)
{
	u64 word = e->vector | (u64)e->type << VMCB_EVENT_TYPE_SHIFT | VMCB_EVENT_VALID;

	if (e->has_error)
		word |= VMCB_EVENT_ERROR | (u64)e->error << 32;
	return word;
}

/*
 * Events go in by EVENTINJ (section 15.20), but for external interrupts on QEMU's
 * TCG (7.2), which delivers one that comes so twice when something kicks the
 * emulator at the wrong moment.  There it is a virtual one (section 15.21.4): the
 * guest can take it, or it would not be here, and the CPU clears V_IRQ when it
 * has.  A window that is open gives way, and is asked for again after the exit.
 * (Bochs has its own mistake: a virtual one waits for the guest's next STI.)
 */
static void set_event(struct vcpu *v, struct vmcb_control *c)
{
	const struct vcpu_event *e = &v->inject;

	c->event_inj = 0;
	if (!e->valid)
		return;
	if (e->type != EVENT_INTR || !svm_caps.virtual_intr) {
		c->event_inj = event_word(e);
		return;
	}
	c->intercept_misc1 &= ~VMCB_VINTR;
	c->int_vector = e->vector;
	c->int_ctl |= VMCB_V_INTR;
}

static void before_entry(struct vcpu *v, struct vmcb *vmcb)
{
	struct vmcb_control *c = &vmcb->control;

	vmcb->save.rax = v->gpr[HV_RAX];
	vmcb->save.rsp = v->gpr[HV_RSP];
	vmcb->save.rip = v->rip;
	vmcb->save.rflags = v->rflags;
	vmcb->save.cr2 = v->cr2;
	c->int_state = v->irq_shadow ? VMCB_INTERRUPT_SHADOW : 0;
	c->int_ctl = (c->int_ctl & ~0xfU) | lapic_get_cr8(&v->lapic);
	set_event(v, c);
}

/* Was a virtual interrupt asked for (not a window), and not taken? Forgotten in the VMCB. */
static bool interrupt_left(struct vmcb_control *c)
{
	bool left;

	if (c->intercept_misc1 & VMCB_VINTR)
		return false;
	left = c->int_ctl & VMCB_V_IRQ;
	c->int_ctl &= ~VMCB_V_INTR;
	return left;
}

/*
 * An event whose delivery the exit interrupted has to be delivered again
 * (section 15.7.2).  A software interrupt or breakpoint is not: its
 * instruction has not completed and runs again.
 */
static void keep_event(struct vcpu *v, u64 word, bool left)
{
	u8 type = (word >> VMCB_EVENT_TYPE_SHIFT) & 7;
	u8 vector = word & 0xff;

	/* Not taken at all, since the host's interrupt came first: as it was. */
	if (!(word & VMCB_EVENT_VALID) && left)
		return;
	v->inject.valid = false;
	if (!(word & VMCB_EVENT_VALID) || type == EVENT_SOFT_INTR)
		return;
	if (type == EVENT_EXCEPTION && (vector == VEC_BP || vector == VEC_OF))
		return;
	v->inject = (struct vcpu_event){
		.valid = true,
		.type = type,
		.vector = vector,
		.has_error = word & VMCB_EVENT_ERROR,
		.error = word >> 32,
	};
}

static void after_exit(struct vcpu *v, struct vmcb *vmcb)
{
	v->gpr[HV_RAX] = vmcb->save.rax;
	v->gpr[HV_RSP] = vmcb->save.rsp;
	v->rip = vmcb->save.rip;
	v->rflags = vmcb->save.rflags;
	v->cr2 = vmcb->save.cr2;
	v->irq_shadow = vmcb->control.int_state & VMCB_INTERRUPT_SHADOW;
	vmcb->control.tlb_control = 0;
	keep_event(v, vmcb->control.exit_int_info, interrupt_left(&vmcb->control));
}

/*
 * VMRUN loads CR2 from the VMCB (section 15.5.1).  Bochs (2.7) does not: the
 * register is as it was, and the guest would see where the host faulted last.
 */
static __always_inline void load_cr2(u64 cr2)
{
	if (native_read_cr2() != cr2)
		native_write_cr2(cr2);
}

/* RCU looks away from entry to exit, and so must whoever could trace or probe. */
static noinstr void enter(struct vcpu *v, u64 guest, u64 host)
{
	host_guest_enter();
	svm_enter(v, guest, host);
	host_guest_exit();
}

static void svm_run(struct vcpu *v)
{
	struct svm_vcpu *s = to_svm(v);

	before_entry(v, s->vmcb);
	if (unlikely(s->iret.stepping))
		svm_iret_entry(v, s);
	load_cr2(v->cr2);
	clgi();
	enter(v, s->vmcb_pa, this_cpu_ptr(&svm_cpus)->host_vmcb_pa);
	/* A pending NMI is taken here, by the host's own handler. */
	stgi();
	after_exit(v, s->vmcb);
	svm_decode(s, &v->exit);
	if (unlikely(s->iret.stepping))
		svm_iret_exit(v, s);
}

static bool svm_can_interrupt(struct vcpu *v)
{
	return (v->rflags & RFLAGS_IF) && !v->irq_shadow && !v->inject.valid;
}

/*
 * A virtual interrupt that is never delivered: its intercept says that one could be.
 * TCG's VMRUN forgets the shadow that the VMCB has, so that the window opens between
 * an STI and its HLT, which then waits for what has come already.  There the next
 * exit has to do: that HLT's, or the host's next interrupt.
 */
static void svm_window(struct vcpu *v, bool open)
{
	struct vmcb_control *c = &to_svm(v)->vmcb->control;

	c->int_ctl &= ~VMCB_V_INTR;
	c->intercept_misc1 &= ~VMCB_VINTR;
	if (!open || (v->irq_shadow && svm_caps.virtual_intr))
		return;
	c->int_ctl |= VMCB_V_INTR;
	c->intercept_misc1 |= VMCB_VINTR;
}

/* Without virtual NMIs, IRET is how an NMI handler's end shows: section 15.20. */
static void svm_nmi_window(struct vcpu *v, bool open)
{
	struct vmcb_control *c = &to_svm(v)->vmcb->control;

	if (open)
		c->intercept_misc1 |= VMCB_IRET;
	else
		c->intercept_misc1 &= ~VMCB_IRET;
}

static void svm_single_step(struct vcpu *v)
{
	to_svm(v)->vmcb->save.dr6 |= DR6_BS;
}

static void svm_flush(struct vcpu *v)
{
	struct svm_vcpu *s = to_svm(v);

	if (svm_caps.features & SVM_CPUID_FLUSH_ASID)
		s->vmcb->control.tlb_control = VMCB_FLUSH_GUEST;
	else
		s->vmcb->control.tlb_control = VMCB_FLUSH_ALL;
}

static u64 svm_cr(struct vcpu *v, unsigned int nr)
{
	const struct vmcb_save *save = &to_svm(v)->vmcb->save;

	return nr == 0 ? save->cr0 : nr == 3 ? save->cr3 : save->cr4;
}

/* They have paging bits: what was cached under the old ones must go (section 15.16). */
static void svm_set_cr(struct vcpu *v, unsigned int nr, u64 value)
{
	struct vmcb_save *save = &to_svm(v)->vmcb->save;

	if (nr == 0)
		save->cr0 = value;
	else
		save->cr4 = value;
	svm_flush(v);
}

static u64 svm_efer(struct vcpu *v)
{
	return to_svm(v)->vmcb->save.efer & ~EFER_SVME_BIT;
}

static void svm_set_efer(struct vcpu *v, u64 value)
{
	to_svm(v)->vmcb->save.efer = value | EFER_SVME_BIT;
	svm_flush(v);
}

static unsigned int svm_cpl(struct vcpu *v)
{
	return to_svm(v)->vmcb->save.cpl;
}

static void svm_segment(struct vcpu *v, enum hv_seg seg, struct hv_segment *s)
{
	static const u16 offsets[NR_SEGS] = {
		[SEG_ES] = offsetof(struct vmcb_save, es),
		[SEG_CS] = offsetof(struct vmcb_save, cs),
		[SEG_SS] = offsetof(struct vmcb_save, ss),
		[SEG_DS] = offsetof(struct vmcb_save, ds),
		[SEG_FS] = offsetof(struct vmcb_save, fs),
		[SEG_GS] = offsetof(struct vmcb_save, gs),
		[SEG_LDTR] = offsetof(struct vmcb_save, ldtr),
		[SEG_TR] = offsetof(struct vmcb_save, tr),
	};
	const struct vmcb_seg *from = (void *)&to_svm(v)->vmcb->save + offsets[seg];

	s->base = from->base;
	s->limit = from->limit;
	s->selector = from->selector;
	s->attr = from->attr;
}

static u64 svm_pat(struct vcpu *v)
{
	return to_svm(v)->vmcb->save.g_pat;
}

static void svm_set_pat(struct vcpu *v, u64 value)
{
	to_svm(v)->vmcb->save.g_pat = value;
}

static void svm_set_tsc_offset(struct vcpu *v)
{
	to_svm(v)->vmcb->control.tsc_offset = v->tsc_offset;
}

const struct engine_ops svm_engine = {
	.name = "svm",
	.id = HV_ENGINE_SVM,
	.s2_format = &s2_format_npt,
	.vcpu_size = sizeof(struct svm_vcpu),
	.unsupported = svm_unsupported,
	.setup = svm_setup,
	.teardown = svm_teardown,
	.cpu_probe = svm_cpu_probe,
	.root_hold = svm_root_hold,
	.root_drop = svm_root_drop,
	.info = svm_info,
	.vcpu_init = svm_vcpu_init,
	.vcpu_free = svm_vcpu_free,
	.set_state = svm_set_state,
	.get_state = svm_get_state,
	.put_state = svm_put_state,
	.root_take = svm_root_take,
	.root_give = svm_root_give,
	.run = svm_run,
	.can_interrupt = svm_can_interrupt,
	.window = svm_window,
	.nmi_window = svm_nmi_window,
	.iret = svm_iret,
	.single_step = svm_single_step,
	.flush = svm_flush,
	.load_debug = svm_load_debug,
	.cr = svm_cr,
	.set_cr = svm_set_cr,
	.efer = svm_efer,
	.set_efer = svm_set_efer,
	.cpl = svm_cpl,
	.segment = svm_segment,
	.pat = svm_pat,
	.set_pat = svm_set_pat,
	.set_tsc_offset = svm_set_tsc_offset,
};
