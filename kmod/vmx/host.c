// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel VT-x on this host: is it there, and the memory it needs.  Host side: may sleep.
 */
#include <linux/cpu.h>
#include <linux/dmi.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "compat.h"
#include "vmx/vmx.h"

struct vmx_caps vmx_caps;
struct vmx_facts vmx_facts;
u64 vmx_msr_bitmap_pa;
u64 vmx_msr_bitmap_x2_pa;
DEFINE_PER_CPU(struct vmx_cpu, vmx_cpus);

static void *msr_bitmap, *msr_bitmap_x2;
static void *l1d_pages;

#define CPUID_1_ECX_VMX		BIT(5)
#define CR4_FRED_BIT		BIT_ULL(32)

/*
 * MSRs that the guest may reach without an exit: those that the VMCS switches,
 * and those that unswitched.c does.
 */
static const u32 guest_msrs[] = {
	MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SYSCALL_MASK,
	MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
	MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
};

void vmx_read_msrs(struct vmx_msrs *m)
{
	memset(m, 0, sizeof(*m));
	rdmsrl(MSR_IA32_VMX_BASIC, m->basic);
	rdmsrl_safe(MSR_IA32_VMX_TRUE_PINBASED_CTLS, &m->words[VMX_PIN]);
	rdmsrl_safe(MSR_IA32_VMX_TRUE_PROCBASED_CTLS, &m->words[VMX_PRIMARY]);
	rdmsrl_safe(MSR_IA32_VMX_PROCBASED_CTLS2, &m->words[VMX_SECONDARY]);
	rdmsrl_safe(MSR_IA32_VMX_TRUE_EXIT_CTLS, &m->words[VMX_EXITS]);
	rdmsrl_safe(MSR_IA32_VMX_TRUE_ENTRY_CTLS, &m->words[VMX_ENTRY]);
	rdmsrl(MSR_IA32_VMX_MISC, m->misc);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED0, m->cr0_fixed0);
	rdmsrl(MSR_IA32_VMX_CR0_FIXED1, m->cr0_fixed1);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED0, m->cr4_fixed0);
	rdmsrl(MSR_IA32_VMX_CR4_FIXED1, m->cr4_fixed1);
	rdmsrl_safe(MSR_IA32_VMX_EPT_VPID_CAP, &m->ept_vpid);
}

/* CPUID leaf 0AH: the global control comes with version 2. */
static bool has_pmu(void)
{
	return boot_cpu_data.cpuid_level >= 0xa && (cpuid_eax(0xa) & 0xff) >= 2;
}

/* SDM vol. 3, section 'Enabling and entering VMX operation'. */
const char *vmx_locked_off(void)
{
	u64 control;

	if (rdmsrl_safe(MSR_IA32_FEAT_CTL, &control) || !(control & FEAT_CTL_LOCKED))
		return "IA32_FEATURE_CONTROL is not locked: the firmware has to enable VMX";
	if (!(control & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX))
		return "VMX is locked off (IA32_FEATURE_CONTROL): enable it in the setup";
	return NULL;
}

const char *vmx_unsupported(void)
{
	struct vmx_msrs msrs;
	const char *why;

	if (!(cpuid_ecx(1) & CPUID_1_ECX_VMX))
		return "the CPU has no VMX";
	why = vmx_locked_off();
	if (why)
		return why;
	if (native_read_cr4() & CR4_FRED_BIT)
		return "the kernel takes NMIs by FRED, which hv cannot yet: boot with fred=off";
	vmx_read_msrs(&msrs);
	return vmx_resolve(&msrs, has_pmu(), &vmx_caps);
}

/* Section 'MSR-bitmap address': reads of low and high MSRs, then writes, 1 KiB each. */
static unsigned long read_bit(u32 msr)
{
	return (msr >= 0xc0000000 ? 0x400 * 8 : 0) + (msr & 0x1fff);
}

static void allow_read(void *bitmap, u32 msr)
{
	__clear_bit(read_bit(msr), bitmap);
}

static void allow_write(void *bitmap, u32 msr)
{
	__clear_bit(read_bit(msr) + 0x800 * 8, bitmap);
}

/* What the hardware does in x2APIC mode: see apic.c. */
static void allow_x2apic(void *bitmap)
{
	unsigned int i;

	for (i = 0; i < VMX_NR_APIC_READS; i++)
		allow_read(bitmap, LAPIC_MSR_X2_FIRST + vmx_apic_reads[i]);
	for (i = LAPIC_ISR; i < LAPIC_ISR + 24; i++)	/* ISR, TMR and IRR */
		allow_read(bitmap, LAPIC_MSR_X2_FIRST + i);
	allow_read(bitmap, LAPIC_MSR_X2_FIRST + LAPIC_PPR);
	allow_read(bitmap, LAPIC_MSR_X2_FIRST + LAPIC_TPR);
	allow_write(bitmap, LAPIC_MSR_X2_FIRST + LAPIC_TPR);
	allow_write(bitmap, LAPIC_MSR_X2_FIRST + LAPIC_EOI);
	allow_write(bitmap, LAPIC_MSR_X2_FIRST + LAPIC_SELF_IPI);
}

static int setup_bitmaps(void)
{
	unsigned int i;

	msr_bitmap = (void *)__get_free_page(GFP_KERNEL);
	msr_bitmap_x2 = (void *)__get_free_page(GFP_KERNEL);
	if (!msr_bitmap || !msr_bitmap_x2)
		return -ENOMEM;
	memset(msr_bitmap, 0xff, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(guest_msrs); i++) {
		allow_read(msr_bitmap, guest_msrs[i]);
		allow_write(msr_bitmap, guest_msrs[i]);
	}
	memcpy(msr_bitmap_x2, msr_bitmap, PAGE_SIZE);
	allow_x2apic(msr_bitmap_x2);
	vmx_msr_bitmap_pa = host_hpa(msr_bitmap);
	vmx_msr_bitmap_x2_pa = host_hpa(msr_bitmap_x2);
	return 0;
}

/* What the host's own hypervisor would do about L1TF decides: nothing, now and then, always. */
static u8 l1d_flushes(void)
{
	enum l1tf_mitigations host = hv_l1tf_mitigation();
	u64 caps = 0;

	if (!boot_cpu_has_bug(X86_BUG_L1TF) || host == L1TF_MITIGATION_OFF)
		return VMX_L1D_NEVER;
	if (boot_cpu_has(X86_FEATURE_ARCH_CAPABILITIES))
		rdmsrl(MSR_IA32_ARCH_CAPABILITIES, caps);
	if (caps & ARCH_CAP_SKIP_VMENTRY_L1DFLUSH)
		return VMX_L1D_NEVER;
	return host == L1TF_MITIGATION_FULL_FORCE ? VMX_L1D_ENTRY : VMX_L1D_SECTION;
}

/*
 * Bochs (2.7) looks at external-interrupt exiting only where the guest changes
 * RFLAGS.IF: one that is entered with it clear, and leaves it so, never exits.
 */
static u32 deaf_ticks(void)
{
	u32 allowed = vmx_caps.msrs.words[VMX_PIN] >> 32;

	if (!dmi_match(DMI_BIOS_VENDOR, "The Bochs Project") || !(allowed & PIN_TIMER))
		return 0;
	return tsc_khz >> VMX_MISC_TIMER(vmx_caps.msrs.misc);
}

static int setup_facts(void)
{
	vmx_facts.split_lock = boot_cpu_has(X86_FEATURE_SPLIT_LOCK_DETECT);
	vmx_facts.itlb_multihit = boot_cpu_has_bug(X86_BUG_ITLB_MULTIHIT) &&
				  !cpu_mitigations_off();
	vmx_facts.deaf_ticks = deaf_ticks();
	vmx_facts.l1d_msr = boot_cpu_has(X86_FEATURE_FLUSH_L1D);
	vmx_facts.l1d = l1d_flushes();
	if (vmx_facts.l1d == VMX_L1D_NEVER || vmx_facts.l1d_msr)
		return 0;
	l1d_pages = alloc_pages_exact(VMX_L1D_PAGES * PAGE_SIZE, GFP_KERNEL | __GFP_ZERO);
	vmx_facts.l1d_pages = l1d_pages;
	return l1d_pages ? 0 : -ENOMEM;
}

/* The first word of a VMXON region and of a VMCS names the format. */
static void *alloc_region(gfp_t gfp)
{
	u32 *region = (void *)get_zeroed_page(gfp);

	if (region)
		*region = VMX_BASIC_REVISION(vmx_caps.msrs.basic);
	return region;
}

static int setup_cpu(unsigned int cpu)
{
	struct vmx_cpu *c = per_cpu_ptr(&vmx_cpus, cpu);

	c->vmxon = alloc_region(GFP_KERNEL);
	if (!c->vmxon)
		return -ENOMEM;
	c->vmxon_pa = host_hpa(c->vmxon);
	c->generation = 1;
	/* VPID 0 is the host's. */
	c->next_vpid = 1;
	return 0;
}

int vmx_setup(void)
{
	unsigned int cpu;
	int err;

	err = setup_facts();
	if (!err)
		err = setup_bitmaps();
	if (err)
		goto fail;
	for_each_possible_cpu(cpu) {
		err = setup_cpu(cpu);
		if (err)
			goto fail;
	}
	return 0;
fail:
	vmx_teardown();
	return err;
}

void vmx_teardown(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct vmx_cpu *c = per_cpu_ptr(&vmx_cpus, cpu);

		free_page((unsigned long)c->vmxon);
		memset(c, 0, sizeof(*c));
	}
	free_page((unsigned long)msr_bitmap);
	free_page((unsigned long)msr_bitmap_x2);
	if (l1d_pages)
		free_pages_exact(l1d_pages, VMX_L1D_PAGES * PAGE_SIZE);
	msr_bitmap = NULL;
	msr_bitmap_x2 = NULL;
	l1d_pages = NULL;
}

int vmx_vcpu_init(struct vcpu *v)
{
	struct vmx_vcpu *s = to_vmx(v);

	s->vmcs = alloc_region(GFP_KERNEL_ACCOUNT);
	s->virtual_apic = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!s->vmcs || !s->virtual_apic) {
		vmx_vcpu_free(v);
		return -ENOMEM;
	}
	s->vmcs_pa = host_hpa(s->vmcs);
	s->host_cpu = -1;
	v->lapic.lends = vmx_caps.virtual_apic;
	v->lapic.lends_page = vmx_caps.apic_access;
	v->lapic.has_timer = vmx_caps.use_timer;
	return 0;
}

void vmx_vcpu_free(struct vcpu *v)
{
	struct vmx_vcpu *s = to_vmx(v);

	free_page((unsigned long)s->virtual_apic);
	free_page((unsigned long)s->vmcs);
}

/* What waits for the first entry, or what the VMCS has. */
void vmx_get_state(struct vcpu *v, struct hv_vcpu_state *state)
{
	struct vmx_vcpu *s = to_vmx(v);
	unsigned long flags;

	if (s->fresh) {
		*state = s->initial;
		return;
	}
	local_irq_save(flags);
	vmx_read_state(s, state);
	local_irq_restore(flags);
}

void vmx_put_state(struct vcpu *v, const struct hv_vcpu_state *state)
{
	struct vmx_vcpu *s = to_vmx(v);
	unsigned long flags;

	if (s->fresh) {
		s->initial = *state;
		return;
	}
	local_irq_save(flags);
	vmx_write_state(s, state);
	local_irq_restore(flags);
}

u32 vmx_info(void)
{
	u32 features = 0;

	if (vmx_caps.use_vpid)
		features |= HV_FEATURE_VPID;
	if (vmx_caps.eptp_flags & VMCS_EPTP_AD)
		features |= HV_FEATURE_EPT_AD;
	if (vmx_caps.msrs.ept_vpid & EPT_CAP_1G)
		features |= HV_FEATURE_EPT_1G;
	if (vmx_caps.virtual_apic)
		features |= HV_FEATURE_VIRTUAL_APIC;
	if (vmx_caps.apic_access)
		features |= HV_FEATURE_APIC_ACCESS;
	if (vmx_facts.itlb_multihit)
		features |= HV_FEATURE_SMALL_CODE;
	return features;
}
