// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's state around a guest: what goes into the VMCS for the hardware to
 * put back (SDM vol. 3, section 'Loading host state'), and what it does not
 * switch, or puts back differently: that is saved when root is taken and
 * restored when it is given back.  Core: interrupts off.
 */
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/segment.h>

#include "vmx/insn.h"

#define DR6_RESET_HOST	0xffff0ff0UL

static const u32 msr_numbers[VMX_NR_MSRS] = {
	[VMX_STAR] = MSR_STAR,
	[VMX_LSTAR] = MSR_LSTAR,
	[VMX_CSTAR] = MSR_CSTAR,
	[VMX_FMASK] = MSR_SYSCALL_MASK,
	[VMX_KERNEL_GS] = MSR_KERNEL_GS_BASE,
};

/* Not through the kernel's wrappers, which may trace. */
static __always_inline void write_msr(u32 msr, u64 value)
{
	__wrmsr(msr, value & U32_MAX, value >> 32);
}

/* Exchanges the MSRs for @to's, and saves those found in @from. */
static void swap_msrs(u64 *from, const u64 *to)
{
	unsigned int i;

	for (i = 0; i < VMX_NR_MSRS; i++) {
		from[i] = __rdmsr(msr_numbers[i]);
		if (from[i] != to[i])
			write_msr(msr_numbers[i], to[i]);
	}
}

/* A guest's split locks are its own affair: no #AC of the host's making for them. */
static void split_locks_pass(struct vmx_cpu *c)
{
	c->test_ctrl = __rdmsr(MSR_TEST_CTRL);
	if (c->test_ctrl & MSR_TEST_CTRL_SPLIT_LOCK_DETECT)
		write_msr(MSR_TEST_CTRL, c->test_ctrl & ~(u64)MSR_TEST_CTRL_SPLIT_LOCK_DETECT);
}

static void split_locks_back(struct vmx_cpu *c)
{
	if (c->test_ctrl & MSR_TEST_CTRL_SPLIT_LOCK_DETECT)
		write_msr(MSR_TEST_CTRL, c->test_ctrl);
}

void vmx_save_host(struct vmx_vcpu *s, struct vmx_cpu *c)
{
	native_store_gdt(&c->gdtr);
	store_idt(&c->idtr);
	/* A thread without an mm keeps the last user's. */
	store_ldt(c->ldtr);
	c->debugctl = __rdmsr(MSR_IA32_DEBUGCTLMSR);
	swap_msrs(c->msrs, s->msrs);
	if (vmx_facts.split_lock)
		split_locks_pass(c);
}

static void unload_debug(struct vmx_vcpu *s)
{
	s->dr[0] = native_get_debugreg(0);
	s->dr[1] = native_get_debugreg(1);
	s->dr[2] = native_get_debugreg(2);
	s->dr[3] = native_get_debugreg(3);
	s->dr6 = native_get_debugreg(6);
	native_set_debugreg(6, DR6_RESET_HOST);
	vmx_set_primary(s, PRIMARY_MOV_DR, true);
	s->dr_loaded = false;
}

/* The VMCS is still current. */
void vmx_restore_host(struct vmx_vcpu *s, struct vmx_cpu *c)
{
	if (s->dr_loaded)
		unload_debug(s);
	if (vmx_facts.split_lock)
		split_locks_back(c);
	swap_msrs(s->msrs, c->msrs);
	if (c->debugctl)
		write_msr(MSR_IA32_DEBUGCTLMSR, c->debugctl);
	native_load_gdt(&c->gdtr);
	native_load_idt(&c->idtr);
	if (c->ldtr)
		asm volatile("lldt %w0" : : "q" (c->ldtr));
	/*
	 * The exit leaves TR with 67H for a limit, which cuts the I/O bitmap off.
	 * A kernel thread has none: the next task with one loads TR anew.
	 */
	__this_cpu_write(__tss_limit_invalid, true);
}

/*
 * DR0 to DR3 and DR6 are not in the VMCS: the guest gets them with its first
 * touch after a window, or with root where its DR7 enables any.
 */
void vmx_load_debug(struct vcpu *v)
{
	struct vmx_vcpu *s = to_vmx(v);

	native_set_debugreg(0, s->dr[0]);
	native_set_debugreg(1, s->dr[1]);
	native_set_debugreg(2, s->dr[2]);
	native_set_debugreg(3, s->dr[3]);
	native_set_debugreg(6, s->dr6);
	vmx_set_primary(s, PRIMARY_MOV_DR, false);
	s->dr_loaded = true;
}

u64 vmx_dr6(struct vmx_vcpu *s)
{
	return s->dr_loaded ? native_get_debugreg(6) : s->dr6;
}

void vmx_set_dr6(struct vmx_vcpu *s, u64 value)
{
	if (s->dr_loaded)
		native_set_debugreg(6, value);
	else
		s->dr6 = value;
}

/* By the CPU, or as it has always been done: displace everything there. */
void vmx_flush_l1d(void)
{
	unsigned int i;

	if (vmx_facts.l1d_msr) {
		write_msr(MSR_IA32_FLUSH_CMD, L1D_FLUSH);
		return;
	}
	for (i = 0; i < VMX_L1D_PAGES * PAGE_SIZE; i += 64)
		READ_ONCE(vmx_facts.l1d_pages[i]);
}

/* The descriptor of a task state segment has 16 bytes. */
static u64 tss_base(const struct desc_ptr *gdtr, u16 selector)
{
	const struct ldttss_desc *d = (const void *)(gdtr->address + (selector & ~7));

	return d->base0 | (u64)d->base1 << 16 | (u64)d->base2 << 24 | (u64)d->base3 << 32;
}

static void write_tables(void)
{
	struct desc_ptr gdtr, idtr;
	u16 tr;

	native_store_gdt(&gdtr);
	store_idt(&idtr);
	asm volatile("str %0" : "=r" (tr));
	vmcs_writen(VMCS_HOST_GDTR_BASE, gdtr.address);
	vmcs_writen(VMCS_HOST_IDTR_BASE, idtr.address);
	vmcs_write16(VMCS_HOST_TR_SELECTOR, tr);
	vmcs_writen(VMCS_HOST_TR_BASE, tss_base(&gdtr, tr));
}

/* A kernel thread has null selectors in DS, ES, FS and GS. */
static void write_selectors(void)
{
	vmcs_write16(VMCS_HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write16(VMCS_HOST_SS_SELECTOR, __KERNEL_DS);
	vmcs_write16(VMCS_HOST_DS_SELECTOR, 0);
	vmcs_write16(VMCS_HOST_ES_SELECTOR, 0);
	vmcs_write16(VMCS_HOST_FS_SELECTOR, 0);
	vmcs_write16(VMCS_HOST_GS_SELECTOR, 0);
}

/* What is the CPU's own, or the same always. */
static void write_cpu_state(void)
{
	write_selectors();
	write_tables();
	vmcs_writen(VMCS_HOST_CR0, native_read_cr0());
	vmcs_writen(VMCS_HOST_GS_BASE, __rdmsr(MSR_GS_BASE));
	vmcs_write32(VMCS_HOST_SYSENTER_CS, __rdmsr(MSR_IA32_SYSENTER_CS));
	vmcs_writen(VMCS_HOST_SYSENTER_ESP, __rdmsr(MSR_IA32_SYSENTER_ESP));
	vmcs_writen(VMCS_HOST_SYSENTER_EIP, __rdmsr(MSR_IA32_SYSENTER_EIP));
	vmcs_write64(VMCS_HOST_PAT, __rdmsr(MSR_IA32_CR_PAT));
	vmcs_write64(VMCS_HOST_EFER, __rdmsr(MSR_EFER));
	vmcs_writen(VMCS_HOST_RIP, (u64)vmx_vmexit);
}

/* The first three may have changed in any window: an IPI can switch a lazy mm away. */
void vmx_write_host_state(bool all)
{
	vmcs_writen(VMCS_HOST_CR3, __native_read_cr3());
	vmcs_writen(VMCS_HOST_CR4, native_read_cr4());
	vmcs_writen(VMCS_HOST_FS_BASE, __rdmsr(MSR_FS_BASE));
	if (vmx_caps.words[VMX_EXITS] & EXITS_LOAD_PERF)
		vmcs_write64(VMCS_HOST_PERF_GLOBAL_CTRL, __rdmsr(MSR_CORE_PERF_GLOBAL_CTRL));
	if (all)
		write_cpu_state();
}
