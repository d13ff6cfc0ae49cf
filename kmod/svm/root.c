// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVM root, borrowed.  Core: interrupts off.
 *
 * hv holds root from one window with interrupts on to the next and no longer,
 * so whatever else on this host wants it (KVM, by an IPI that turns SVME on or
 * off) never meets hv's.
 */
#include <linux/percpu.h>
#include <asm/special_insns.h>
#include <asm/processor.h>
#include <asm/debugreg.h>
#include <asm/msr.h>

#include "svm/svm.h"

/* Not through the kernel's wrappers, which may trace. */
static __always_inline void write_msr(u32 msr, u64 value)
{
	__wrmsr(msr, (u32)value, value >> 32);
}

static __always_inline void svm_vmsave(u64 pa)
{
	asm volatile("vmsave %%rax" : : "a" (pa) : "memory");
}

/*
 * EFER and VM_HSAVE_PA: false if the host goes down, or if somebody has SVME on
 * already.  Their host save area and their ASIDs are in use then, and ASIDs
 * cannot be shared out: the guest's translations would be found under their tags.
 */
static bool root_on(struct svm_cpu *c)
{
	u64 efer = __rdmsr(MSR_EFER);

	if ((efer & EFER_SVME) || READ_ONCE(svm_rebooting))
		return false;
	write_msr(MSR_EFER, efer | EFER_SVME);
	write_msr(MSR_VM_HSAVE_PA, c->hsave_pa);
	return true;
}

static void root_off(void)
{
	write_msr(MSR_VM_HSAVE_PA, 0);
	write_msr(MSR_EFER, __rdmsr(MSR_EFER) & ~EFER_SVME);
}

int svm_cpu_probe(void)
{
	struct svm_cpu *c = this_cpu_ptr(&svm_cpus);

	if (__rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		return -EOPNOTSUPP;
	if (!root_on(c))
		return -EBUSY;
	root_off();
	return 0;
}

/* A new tag for this host CPU; when they have run out, all are flushed and start over. */
static void new_asid(struct svm_vcpu *s, struct svm_cpu *c, int cpu)
{
	struct vmcb_control *control = &s->vmcb->control;

	if (c->next_asid >= svm_caps.nr_asids) {
		c->generation++;
		c->next_asid = 1;
		control->tlb_control = VMCB_FLUSH_ALL;
	}
	control->asid = c->next_asid++;
	s->asid_cpu = cpu;
	s->asid_generation = c->generation;
}

/*
 * DR0 to DR3 are not in the VMCB: the guest gets them with its first touch after
 * a window, or with root where its DR7 enables any.
 */
void svm_load_debug(struct vcpu *v)
{
	struct svm_vcpu *s = to_svm(v);

	native_set_debugreg(0, s->dr[0]);
	native_set_debugreg(1, s->dr[1]);
	native_set_debugreg(2, s->dr[2]);
	native_set_debugreg(3, s->dr[3]);
	s->vmcb->control.intercept_dr = 0;
	s->dr_loaded = true;
}

bool svm_root_take(struct vcpu *v)
{
	struct svm_cpu *c = this_cpu_ptr(&svm_cpus);
	struct svm_vcpu *s = to_svm(v);
	int cpu = smp_processor_id();

	if (!root_on(c))
		return false;
	/*
	 * The host's LDTR, TR and FS may have changed in the last window: an IPI can
	 * reload them under a lazy mm.
	 */
	svm_vmsave(c->host_vmcb_pa);
	if (s->flush || s->asid_cpu != cpu || s->asid_generation != c->generation)
		new_asid(s, c, cpu);
	s->flush = false;
	v->cpu = cpu;
	/* DR7 comes with the VMCB: what it enables must be there before the guest runs. */
	if (s->vmcb->save.dr7 & DR7_ENABLED)
		svm_load_debug(v);
	return true;
}

static void unload_debug(struct svm_vcpu *s)
{
	s->dr[0] = native_get_debugreg(0);
	s->dr[1] = native_get_debugreg(1);
	s->dr[2] = native_get_debugreg(2);
	s->dr[3] = native_get_debugreg(3);
	s->vmcb->control.intercept_dr = ~0U;
	s->dr_loaded = false;
}

void svm_root_give(struct vcpu *v)
{
	struct svm_vcpu *s = to_svm(v);

	if (s->dr_loaded)
		unload_debug(s);
	root_off();
}
