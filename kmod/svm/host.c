// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD-V on this host: is it there, and the memory it needs.  Host side: may sleep.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "svm/svm.h"

#define IOPM_PAGES	3	/* APM vol. 2, section 15.10.1 */
#define MSRPM_PAGES	2	/* section 15.11 */

struct svm_caps svm_caps;
DEFINE_PER_CPU(struct svm_cpu, svm_cpus);
u64 svm_iopm_pa;
u64 svm_msrpm_pa;

static void *iopm;
static void *msrpm;

/* Second-level tables that map nothing: see setup_scrub(). */
static void *no_tables;

/*
 * MSRs that VMLOAD and VMSAVE switch (section 15.5.2), and that a guest may
 * therefore reach without an exit.  Every other MSR exits.
 */
static const u32 guest_msrs[] = {
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
	MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
	MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
};

const char *svm_unsupported(void)
{
	u64 vm_cr;

	if (!boot_cpu_has(X86_FEATURE_SVM))
		return "the CPU has no SVM";
	if (rdmsrl_safe(MSR_VM_CR, &vm_cr) || (vm_cr & VM_CR_SVMDIS))
		return "SVM is disabled by the firmware (VM_CR.SVMDIS): enable it in the setup";
	if (!(cpuid_edx(0x8000000a) & SVM_CPUID_NPT))
		return "the CPU has SVM but no nested paging";
	return NULL;
}

/* Section 15.11: two bits an MSR, 2 KiB for each of three ranges. Lets read and write through. */
static void msrpm_allow(u32 msr)
{
	static const u32 bases[] = { 0, 0xc0000000, 0xc0010000 };
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		if (msr - bases[i] >= 0x2000)
			continue;
		bit = i * 0x800 * 8 + (msr - bases[i]) * 2;
		__clear_bit(bit, msrpm);
		__clear_bit(bit + 1, msrpm);
	}
}

static int setup_maps(void)
{
	unsigned int i;

	iopm = alloc_pages_exact(IOPM_PAGES * PAGE_SIZE, GFP_KERNEL);
	msrpm = alloc_pages_exact(MSRPM_PAGES * PAGE_SIZE, GFP_KERNEL);
	no_tables = (void *)get_zeroed_page(GFP_KERNEL);
	if (!iopm || !msrpm || !no_tables)
		return -ENOMEM;
	memset(iopm, 0xff, IOPM_PAGES * PAGE_SIZE);
	memset(msrpm, 0xff, MSRPM_PAGES * PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(guest_msrs); i++)
		msrpm_allow(guest_msrs[i]);
	svm_iopm_pa = host_hpa(iopm);
	svm_msrpm_pa = host_hpa(msrpm);
	return 0;
}

/*
 * A guest in real mode with no memory at all: its first fetch is a nested page
 * fault, so it exits before its first instruction, and leaves nothing cached.
 */
static void setup_scrub(struct vmcb *vmcb)
{
	const struct vmcb_seg code = { .limit = 0xffff, .attr = 0x9b };
	const struct vmcb_seg data = { .limit = 0xffff, .attr = 0x93 };
	struct vmcb_save *save = &vmcb->save;

	svm_set_intercepts(&vmcb->control);
	vmcb->control.iopm_base = svm_iopm_pa;
	vmcb->control.msrpm_base = svm_msrpm_pa;
	vmcb->control.int_ctl = VMCB_V_INTR_MASKING;
	vmcb->control.nested_ctl = VMCB_NP_ENABLE;
	vmcb->control.nested_cr3 = host_hpa(no_tables);
	save->cs = code;
	save->ss = data;
	save->ds = data;
	save->es = data;
	save->gdtr.limit = 0xffff;
	save->idtr.limit = 0xffff;
	save->cr0 = X86_CR0_ET;
	save->efer = EFER_SVME;
	save->dr6 = 0xffff0ff0;
	save->dr7 = 0x400;
	save->rflags = X86_EFLAGS_FIXED;
	save->g_pat = 0x0007040600070406ULL;
}

static int setup_cpu(unsigned int cpu)
{
	struct svm_cpu *c = per_cpu_ptr(&svm_cpus, cpu);

	c->hsave = (void *)get_zeroed_page(GFP_KERNEL);
	c->host_vmcb = (void *)get_zeroed_page(GFP_KERNEL);
	c->scrub = (void *)get_zeroed_page(GFP_KERNEL);
	if (!c->hsave || !c->host_vmcb || !c->scrub)
		return -ENOMEM;
	c->hsave_pa = host_hpa(c->hsave);
	c->host_vmcb_pa = host_hpa(c->host_vmcb);
	c->scrub_pa = host_hpa(c->scrub);
	setup_scrub(c->scrub);
	c->generation = 1;
	/* ASID 0 is the host's. */
	c->next_asid = 1;
	return 0;
}

int svm_setup(void)
{
	unsigned int cpu;
	int err;

	svm_caps.features = cpuid_edx(0x8000000a);
	svm_caps.nr_asids = cpuid_ebx(0x8000000a);
	svm_caps.virtual_intr = boot_cpu_has(X86_FEATURE_HYPERVISOR) &&
				hypervisor_cpuid_base("TCGTCGTCGTCG", 0);
	err = setup_maps();
	if (err)
		goto fail;
	for_each_possible_cpu(cpu) {
		err = setup_cpu(cpu);
		if (err)
			goto fail;
	}
	return 0;
fail:
	svm_teardown();
	return err;
}

void svm_teardown(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct svm_cpu *c = per_cpu_ptr(&svm_cpus, cpu);

		free_page((unsigned long)c->scrub);
		free_page((unsigned long)c->host_vmcb);
		free_page((unsigned long)c->hsave);
		memset(c, 0, sizeof(*c));
	}
	if (msrpm)
		free_pages_exact(msrpm, MSRPM_PAGES * PAGE_SIZE);
	if (iopm)
		free_pages_exact(iopm, IOPM_PAGES * PAGE_SIZE);
	free_page((unsigned long)no_tables);
	no_tables = NULL;
	msrpm = NULL;
	iopm = NULL;
}

int svm_vcpu_init(struct vcpu *v)
{
	struct svm_vcpu *s = to_svm(v);

	s->vmcb = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!s->vmcb)
		return -ENOMEM;
	s->vmcb_pa = host_hpa(s->vmcb);
	return 0;
}

void svm_vcpu_free(struct vcpu *v)
{
	free_page((unsigned long)to_svm(v)->vmcb);
}

u32 svm_info(void)
{
	static const struct {
		u32 cpuid;
		u32 feature;
	} map[] = {
		{ SVM_CPUID_NRIP, HV_FEATURE_NRIP_SAVE },
		{ SVM_CPUID_DECODE, HV_FEATURE_DECODE_ASSISTS },
		{ SVM_CPUID_FLUSH_ASID, HV_FEATURE_FLUSH_BY_ASID },
		{ SVM_CPUID_TSC_RATE, HV_FEATURE_TSC_SCALING },
		{ SVM_CPUID_VMCB_CLEAN, HV_FEATURE_VMCB_CLEAN },
	};
	unsigned int i;
	u32 features = 0;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (svm_caps.features & map[i].cpuid)
			features |= map[i].feature;
	return features;
}
