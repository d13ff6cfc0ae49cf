// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMX root, borrowed or held.  Core: interrupts off.
 *
 * hv has root from one window with interrupts on to the next.  Whoever else on
 * this host turns CR4.VMXE on or off does so by an IPI or by a thread of its own
 * on this CPU, neither of which comes in between, and finds at each window what
 * it left there:
 *
 * - Nobody has root: hv executes VMXON, and VMXOFF in the end; or it stays on
 *   (held, see kmod/root.c) where no other hypervisor is loaded that would find
 *   it on.
 * - Another owner has root (KVM with guests; since 6.12, KVM as soon as its
 *   module is in): all that it can tell afterwards is its current VMCS, which
 *   is made current again.
 *
 * Translations are not shared with anybody: combined mappings are found by VPID
 * and EPT root together, guest-physical ones by the root, and no two guests
 * have a root in common.  What an earlier owner of the root's page has left is
 * dropped before a vCPU's first entry, and before each on another CPU.
 */
#include <linux/bug.h>
#include <linux/percpu.h>
#include <asm/perf_event.h>
#include <asm/special_insns.h>
#include <asm/processor-flags.h>
#include <asm/tlbflush.h>

#include "vmx/insn.h"

void vmx_failed(const char *insn, u64 operand)
{
	if (!READ_ONCE(root_down))
		WARN_ONCE(1, "hv: %s (%#llx) failed\n", insn, operand);
}

/* Not through the kernel's copy of CR4: it is put back before anybody could look at that. */
static void write_cr4(unsigned long cr4)
{
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
}

static int borrow(struct vmx_cpu *c)
{
	if (vmptrst(&c->their_vmcs))
		return -EOPNOTSUPP;
	c->borrowed = true;
	return 0;
}

static void give_back(struct vmx_cpu *c)
{
	if (c->their_vmcs != VMX_NO_VMCS && vmptrld(c->their_vmcs))
		vmx_failed("VMPTRLD", c->their_vmcs);
	c->borrowed = false;
}

int vmx_root_on(struct vmx_cpu *c)
{
	unsigned long cr4 = native_read_cr4();

	if (READ_ONCE(root_down))
		return -ESHUTDOWN;
	if (c->held)
		return 0;
	if (cr4 & X86_CR4_VMXE)
		return borrow(c);
	/* Old CPUs cannot trace in VMX operation: perf must not try to. */
	intel_pt_handle_vmx(1);
	write_cr4(cr4 | X86_CR4_VMXE);
	if (!vmxon(c->vmxon_pa))
		return 0;
	write_cr4(cr4);
	intel_pt_handle_vmx(0);
	return -EOPNOTSUPP;
}

static void leave(void)
{
	if (vmxoff())
		vmx_failed("VMXOFF", 0);
	write_cr4(native_read_cr4() & ~X86_CR4_VMXE);
	intel_pt_handle_vmx(0);
}

void vmx_root_off(struct vmx_cpu *c)
{
	if (c->held)
		return;
	if (c->borrowed)
		give_back(c);
	else
		leave();
}

int vmx_cpu_probe(void)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);
	struct vmx_msrs msrs;
	bool busy;
	int err;

	if (vmx_locked_off())
		return -EOPNOTSUPP;
	vmx_read_msrs(&msrs);
	if (memcmp(&msrs, &vmx_caps.msrs, sizeof(msrs)))
		return -ENODEV;
	err = vmx_root_on(c);
	if (err)
		return err;
	busy = c->borrowed;
	vmx_root_off(c);
	return busy ? -EBUSY : 0;
}

/* Held across windows, so the kernel's copy of CR4 has to have the bit as well. */
int vmx_root_hold(void)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);
	int err = vmx_root_on(c);

	if (err)
		return err;
	if (c->borrowed) {
		vmx_root_off(c);
		return -EBUSY;
	}
	cr4_set_bits_irqsoff(X86_CR4_VMXE);
	c->held = true;
	return 0;
}

/*
 * In an emergency whoever has root loses it, and a section of hv's that this came
 * in the middle of: a CPU in VMX operation blocks INIT.
 */
void vmx_root_drop(bool emergency)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);

	if ((native_read_cr4() & X86_CR4_VMXE) && (c->held || emergency))
		leave();
	if (c->held)
		cr4_clear_bits_irqsoff(X86_CR4_VMXE);
	c->held = false;
}

/* A new tag for this host CPU; when they have run out, all are flushed and start over. */
static void new_vpid(struct vmx_vcpu *s, struct vmx_cpu *c)
{
	if (c->next_vpid > U16_MAX) {
		c->generation++;
		c->next_vpid = 1;
		if (invvpid(VMX_INVVPID_ALL, 0))
			vmx_failed("INVVPID", 0);
	}
	vmcs_write16(VMCS_VPID, c->next_vpid++);
	s->vpid_generation = c->generation;
}

static void flush_ept(struct vmx_vcpu *s)
{
	u64 eptp = host_hpa(s->vcpu.s2->root) | vmx_caps.eptp_flags;
	bool one = vmx_caps.msrs.ept_vpid & EPT_CAP_INVEPT_ONE;

	if (invept(one ? VMX_INVEPT_ONE : VMX_INVEPT_ALL, one ? eptp : 0))
		vmx_failed("INVEPT", eptp);
}

/*
 * Nothing that was cached under the guest's old tags is found any more:
 * combined mappings by their VPID, guest-physical ones by the EPT's root
 * (section 'Caching translation information').
 */
void vmx_new_tag(struct vmx_vcpu *s)
{
	if (vmx_caps.use_vpid)
		new_vpid(s, this_cpu_ptr(&vmx_cpus));
	flush_ept(s);
	s->flush = false;
}

/* The VMCS becomes current, with this CPU's host state in it. */
static void load_vmcs(struct vmx_vcpu *s, struct vmx_cpu *c, int cpu)
{
	bool moved = s->host_cpu != cpu || s->fresh;

	if (s->fresh && vmclear(s->vmcs_pa))
		vmx_failed("VMCLEAR", s->vmcs_pa);
	if (vmptrld(s->vmcs_pa))
		vmx_failed("VMPTRLD", s->vmcs_pa);
	if (s->fresh)
		vmx_apply_state(s);
	s->fresh = false;
	vmx_write_host_state(moved);
	if (moved || s->flush || s->vpid_generation != c->generation)
		vmx_new_tag(s);
	s->host_cpu = cpu;
}

bool vmx_root_take(struct vcpu *v)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);
	struct vmx_vcpu *s = to_vmx(v);
	int cpu = smp_processor_id();

	if (vmx_root_on(c))
		return false;
	load_vmcs(s, c, cpu);
	vmx_save_host(s, c);
	v->cpu = cpu;
	/* DR7 comes with the VMCS: what it enables must be there before the guest runs. */
	if (vmcs_readn(VMCS_GUEST_DR7) & DR7_ENABLED)
		vmx_load_debug(v);
	if (vmx_facts.l1d == VMX_L1D_SECTION)
		vmx_flush_l1d();
	return true;
}

/* VMCLEAR writes back what the CPU has cached: the next section may be elsewhere. */
void vmx_root_give(struct vcpu *v)
{
	struct vmx_cpu *c = this_cpu_ptr(&vmx_cpus);
	struct vmx_vcpu *s = to_vmx(v);

	vmx_restore_host(s, c);
	if (vmclear(s->vmcs_pa))
		vmx_failed("VMCLEAR", s->vmcs_pa);
	s->launched = false;
	vmx_root_off(c);
}
