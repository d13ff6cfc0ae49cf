// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVM root, borrowed or held.  Core: interrupts off.
 *
 * hv has root from one window with interrupts on to the next.  Whoever else on
 * this host turns SVME on or off does so by an IPI or by a thread of its own on
 * this CPU, neither of which comes in between, and finds at each window what it
 * left there:
 *
 * - Nobody has root: hv turns SVME on, and off again; or it stays on (held,
 *   see kmod/root.c) where no other hypervisor is loaded that would find it on.
 * - Another owner has root (KVM with guests; since 6.12, KVM as soon as its
 *   module is in): SVME stays on, and what else VMRUN takes from the CPU's own
 *   registers is put back exactly as found: VM_HSAVE_PA, and TSC_RATIO, which
 *   KVM leaves at its last guest's value.
 *
 * The tags.  All who run guests choose ASIDs from the same numbers, so an ASID
 * may have translations under it that are another hypervisor's guest's, in
 * either direction:
 *
 * - Theirs, found by ours: before hv enters a guest on a CPU where somebody else
 *   may have entered one since, it drops what is cached under the tag it uses.
 *   Nobody enters a guest without a host save area, and none uses hv's: so
 *   VM_HSAVE_PA tells.  hv leaves its own there when it turns SVME off, and
 *   where it finds another value, a 0 included, its tags start over.
 * - Ours, found by theirs: where another owner has root, the last thing that hv
 *   does is an entry that flushes the tag it had (svm_scrub(); TLB_CONTROL
 *   acts on the way in, so no exit could).  Where nobody has, KVM starts a
 *   generation of tags over when it turns SVME on, and its first entry on that
 *   CPU flushes all.  KVM's own generations are per CPU and count what KVM did:
 *   neither they nor its tags need to change for that.
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
	__wrmsr(msr, value & U32_MAX, value >> 32);
}

static __always_inline void svm_vmsave(u64 pa)
{
	asm volatile("vmsave %%rax" : : "a" (pa) : "memory");
}

static bool by_asid(void)
{
	return svm_caps.features & SVM_CPUID_FLUSH_ASID;
}

/* Somebody else may have used the tags: none that hv gave out is good any more. */
static void start_tags_over(struct svm_cpu *c)
{
	c->generation++;
	/* Each new tag is flushed as it is given out, or all are, as when they run out. */
	c->next_asid = by_asid() ? 1 : svm_caps.nr_asids;
}

/* The guest's clock runs at the host's rate: KVM's last guest may have had another. */
static void take_ratio(struct svm_cpu *c)
{
	if (!(svm_caps.features & SVM_CPUID_TSC_RATE))
		return;
	c->found_ratio = __rdmsr(MSR_AMD64_TSC_RATIO);
	if (c->found_ratio != TSC_RATIO_ONE)
		write_msr(MSR_AMD64_TSC_RATIO, TSC_RATIO_ONE);
}

static void give_ratio(struct svm_cpu *c)
{
	if ((svm_caps.features & SVM_CPUID_TSC_RATE) && c->found_ratio != TSC_RATIO_ONE)
		write_msr(MSR_AMD64_TSC_RATIO, c->found_ratio);
}

/* False where the host goes down. */
static bool root_on(struct svm_cpu *c)
{
	u64 efer;

	if (READ_ONCE(root_down))
		return false;
	if (c->held)
		return true;
	efer = __rdmsr(MSR_EFER);
	c->borrowed = efer & EFER_SVME;
	c->found_hsave = __rdmsr(MSR_VM_HSAVE_PA);
	if (c->borrowed)
		take_ratio(c);
	else
		write_msr(MSR_EFER, efer | EFER_SVME);
	if (c->found_hsave != c->hsave_pa) {
		start_tags_over(c);
		write_msr(MSR_VM_HSAVE_PA, c->hsave_pa);
	}
	return true;
}

/* VM_HSAVE_PA stays where it was nobody's: the next root_on() knows by that. */
static void root_off(struct svm_cpu *c)
{
	if (c->held)
		return;
	if (c->borrowed)
		give_ratio(c);
	else
		write_msr(MSR_EFER, __rdmsr(MSR_EFER) & ~EFER_SVME);
	if (c->borrowed || (c->found_hsave && c->found_hsave != c->hsave_pa))
		write_msr(MSR_VM_HSAVE_PA, c->found_hsave);
	c->borrowed = false;
}

int svm_cpu_probe(void)
{
	struct svm_cpu *c = this_cpu_ptr(&svm_cpus);
	bool busy;

	if (__rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		return -EOPNOTSUPP;
	if (svm_caps.features & ~native_cpuid_edx(0x8000000a))
		return -ENODEV;
	if (!root_on(c))
		return -ESHUTDOWN;
	busy = c->borrowed;
	root_off(c);
	return busy ? -EBUSY : 0;
}

int svm_root_hold(void)
{
	struct svm_cpu *c = this_cpu_ptr(&svm_cpus);

	if (!root_on(c))
		return -ESHUTDOWN;
	if (c->borrowed) {
		root_off(c);
		return -EBUSY;
	}
	c->held = true;
	return 0;
}

/*
 * In an emergency whoever has root loses it, and a section of hv's that this came
 * in the middle of: NMIs and INIT are to get through from here on.
 */
void svm_root_drop(bool emergency)
{
	struct svm_cpu *c = this_cpu_ptr(&svm_cpus);
	u64 efer = __rdmsr(MSR_EFER);

	if ((efer & EFER_SVME) && (c->held || emergency)) {
		svm_stgi();
		write_msr(MSR_EFER, efer & ~EFER_SVME);
	}
	c->held = false;
	if (__rdmsr(MSR_VM_HSAVE_PA) == c->hsave_pa)
		write_msr(MSR_VM_HSAVE_PA, 0);
}

/*
 * A new tag for this host CPU.  With flush by ASID it is made clean with its
 * first entry; without, all are when they have run out.
 */
static void new_asid(struct svm_vcpu *s, struct svm_cpu *c, int cpu)
{
	struct vmcb_control *control = &s->vmcb->control;

	if (by_asid())
		control->tlb_control = VMCB_FLUSH_GUEST;
	if (c->next_asid >= svm_caps.nr_asids) {
		c->generation++;
		c->next_asid = 1;
		if (!by_asid())
			control->tlb_control = VMCB_FLUSH_ALL;
	}
	control->asid = c->next_asid++;
	s->asid_cpu = cpu;
	s->asid_generation = c->generation;
}

/* Another owner's guest may get this tag next. */
static void scrub(struct svm_cpu *c, u32 asid)
{
	c->scrub->control.asid = asid;
	c->scrub->control.tlb_control = by_asid() ? VMCB_FLUSH_GUEST : VMCB_FLUSH_ALL;
	svm_scrub(c->scrub_pa);
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
	struct svm_cpu *c = this_cpu_ptr(&svm_cpus);
	struct svm_vcpu *s = to_svm(v);

	if (s->dr_loaded)
		unload_debug(s);
	if (c->borrowed)
		scrub(c, s->vmcb->control.asid);
	root_off(c);
}
