// SPDX-License-Identifier: GPL-2.0-only
/*
 * One exit, one handler.
 */
#include "core/cpuid.h"
#include "core/engine.h"
#include "core/exits.h"
#include "core/hypercall.h"
#include "core/mp.h"
#include "emul/emul.h"

/* What an unknown hypercall returns; Linux's ENOSYS, as a 64-bit value. */
#define HYPERCALL_ENOSYS	(-38LL)

enum outcome root_lost(struct vcpu *v)
{
	return vcpu_stop(v, HV_STOP_REASON_ROOT_LOST, 0,
			 "the host is going down, or another owner's %s root cannot be borrowed",
			 engine->name);
}

static noinline void single_step(struct vcpu *v)
{
	static_call(engine_single_step)(v);
	vcpu_inject(v, VEC_DB);
}

static __always_inline void step_over(struct vcpu *v, unsigned int len)
{
	vcpu_skip(v, len);
	if (unlikely(v->rflags & RFLAGS_TF))
		single_step(v);
}

/* What skip() returns beside enum outcome. */
#define SKIPPED	(-1)

/*
 * Step over the instruction that exited, decoding its length where the CPU has
 * not told.  Anything but SKIPPED: not stepped, and what to do instead (fetch what
 * is missing, or run again: an exception is queued, or the code has changed).
 */
static __always_inline int skip(struct vcpu *v)
{
	enum outcome out = emul_insn_len(v, &v->exit);

	if (unlikely(!v->exit.insn_len))
		return out;
	step_over(v, v->exit.insn_len);
	return SKIPPED;
}

static enum outcome on_unknown(struct vcpu *v)
{
	return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
			 "exit %#x (%#llx, %#llx) at rip %#llx has no handler", v->exit.hw_code,
			 v->exit.hw_info[0], v->exit.hw_info[1], v->rip);
}

static enum outcome on_interrupt(struct vcpu *v)
{
	return OUT_INTERRUPT;
}

static enum outcome on_nothing(struct vcpu *v)
{
	return OUT_RESUME;
}

/* What wanted it may be gone: the next look at what is pending asks again. */
static enum outcome on_window(struct vcpu *v)
{
	static_call(engine_window)(v, false);
	return OUT_RESUME;
}

/* An NMI handler returns, or has. */
static enum outcome on_iret(struct vcpu *v)
{
	v->nmi_blocked = static_call(engine_iret)(v);
	return OUT_RESUME;
}

static enum outcome on_eoi(struct vcpu *v)
{
	lapic_eoi_done(&v->lapic, v->exit.vector);
	return OUT_RESUME;
}

/* The instruction is over. */
static enum outcome on_apic_write(struct vcpu *v)
{
	lapic_mmio_write(&v->lapic, v->exit.apic.offset, 4, v->exit.apic.value);
	return OUT_RESUME;
}

static enum outcome on_timer(struct vcpu *v)
{
	lapic_timer_over(&v->lapic);
	return OUT_RESUME;
}

static enum outcome on_machine_check(struct vcpu *v)
{
	host_machine_check();
	return OUT_RESUME;
}

static enum outcome on_hlt(struct vcpu *v)
{
	int out = skip(v);

	if (out != SKIPPED)
		return out;
	return v->inject.valid ? OUT_RESUME : mp_halt(v);
}

/* Bytes of RAX that an IN of @size replaces: a dword's upper half is zeroed. */
static void set_rax(struct vcpu *v, unsigned int size, u32 value)
{
	u64 mask = GENMASK_ULL(size * 8 - 1, 0);

	if (size == 4)
		v->gpr[HV_RAX] = value;
	else
		v->gpr[HV_RAX] = (v->gpr[HV_RAX] & ~mask) | (value & mask);
}

/* What the bus has seen of an instruction is kept as long as that is tried again. */
static enum outcome settle(struct vcpu *v, enum outcome out)
{
	if (out != OUT_TRAP && out != OUT_S2_FILL)
		bus_done(v);
	return out;
}

/*
 * Can nobody but a chip answer?  Then the one access of an IN or OUT does not have to
 * wait, nor to be remembered, and may go to the chip at once.
 */
static bool bus_is_ours(const struct vcpu *v)
{
	return !READ_ONCE(v->platform->bus) && !v->bus.nr;
}

/* The host side may answer. */
static noinline enum outcome pio_by_bus(struct vcpu *v, const struct exit *e)
{
	enum outcome out;
	u64 value;

	if (e->pio.in)
		out = bus_read(v, HV_SPACE_PORT, e->pio.port, e->pio.size, &value);
	else
		out = bus_write(v, HV_SPACE_PORT, e->pio.port, e->pio.size, v->gpr[HV_RAX]);
	if (out != OUT_RESUME)
		return out;
	if (e->pio.in)
		set_rax(v, e->pio.size, value);
	bus_done(v);
	step_over(v, e->insn_len);
	return OUT_RESUME;
}

static enum outcome on_pio(struct vcpu *v)
{
	struct exit *e = &v->exit;
	enum outcome out = emul_insn_len(v, e);

	if (unlikely(!e->insn_len))
		return settle(v, out);
	if (unlikely(!bus_is_ours(v)))
		return pio_by_bus(v, e);
	if (e->pio.in)
		set_rax(v, e->pio.size, platform_in(v->platform, e->pio.port, e->pio.size));
	else
		platform_out(v->platform, e->pio.port, e->pio.size, v->gpr[HV_RAX]);
	step_over(v, e->insn_len);
	return OUT_RESUME;
}

static enum outcome on_pio_string(struct vcpu *v)
{
	return settle(v, emul_pio_string(v, &v->exit));
}

static enum outcome on_cpuid(struct vcpu *v)
{
	int out = skip(v);

	if (out != SKIPPED)
		return out;
	/* Sizes in this leaf depend on XCR0. */
	if ((u32)v->gpr[HV_RAX] == 0xd)
		host_sync_xcr0(v);
	cpuid_exit(v);
	return OUT_RESUME;
}

static enum outcome on_rdmsr(struct vcpu *v)
{
	int out;
	u64 value;

	if (!msr_read(v, v->gpr[HV_RCX], &value)) {
		vcpu_inject_error(v, VEC_GP, 0);
		return OUT_RESUME;
	}
	out = skip(v);
	if (out != SKIPPED)
		return out;
	v->gpr[HV_RAX] = (u32)value;
	v->gpr[HV_RDX] = value >> 32;
	return OUT_RESUME;
}

static enum outcome on_wrmsr(struct vcpu *v)
{
	u64 value = (u32)v->gpr[HV_RAX] | v->gpr[HV_RDX] << 32;
	u64 rip = v->rip;
	int out;

	if (pvclock_needs_fill(v, v->gpr[HV_RCX], value) ||
	    pv_needs_fill(v, v->gpr[HV_RCX], value))
		return OUT_S2_FILL;
	out = skip(v);
	if (out != SKIPPED)
		return out;
	if (!msr_write(v, v->gpr[HV_RCX], value)) {
		v->rip = rip;
		vcpu_inject_error(v, VEC_GP, 0);
	}
	return OUT_RESUME;
}

/* Stepped over once it is done, not before: it may have to be made again. */
static enum outcome on_own_hypercall(struct vcpu *v)
{
	enum outcome out = emul_insn_len(v, &v->exit);
	s64 result;

	if (!v->exit.insn_len)
		return out;
	out = settle(v, hypercall(v, &result));
	if (out == OUT_S2_FILL || out == OUT_HALT || out == OUT_TRAP || out == OUT_CONSOLE)
		return out;
	step_over(v, v->exit.insn_len);
	v->gpr[HV_RAX] = result;
	return out;
}

/* Spaces of numbers: hv's own, and KVM's where the guest has that interface. */
static enum outcome on_hypercall(struct vcpu *v)
{
	s64 result = HYPERCALL_ENOSYS;
	int out;

	if (hypercall_is_ours(v->gpr[HV_RAX]))
		return on_own_hypercall(v);
	out = skip(v);
	if (out != SKIPPED)
		return out;
	pv_hypercall(v, &result);
	v->gpr[HV_RAX] = result;
	return OUT_RESUME;
}

/* Not an instruction's access if an event was being delivered: there is none to emulate. */
static enum outcome on_mmio(struct vcpu *v)
{
	if (v->inject.valid)
		return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
				 "delivering vector %u at rip %#llx needs memory at %#llx, where there is none",
				 v->inject.vector, v->rip, v->exit.s2.gpa);
	/* Whose time it is: see recorder_entry(). */
	v->exit.reason = EXIT_MMIO;
	return settle(v, emul_mmio(v, &v->exit));
}

static enum outcome on_s2_fault(struct vcpu *v)
{
	const struct exit *e = &v->exit;
	unsigned int rights = S2_READ;

	host_trace(s2_fault, v);
	if (e->s2.apic_page) {
		v->fill_gpa = e->s2.gpa;
		v->fill_access = 0;
		return OUT_S2_FILL;
	}
	if (!s2_has_memory(v->s2, e->s2.gpa))
		return on_mmio(v);
	/* Filled meanwhile, or a stale translation that the CPU has dropped by faulting. */
	if (e->s2.access & ACCESS_WRITE)
		rights |= S2_WRITE;
	if (e->s2.access & ACCESS_FETCH)
		rights |= S2_EXEC;
	if (s2_va(v->s2, e->s2.gpa, rights))
		return OUT_RESUME;
	v->fill_gpa = e->s2.gpa;
	v->fill_access = e->s2.access;
	return OUT_S2_FILL;
}

/* SDM vol. 2, 'MOV - Move to/from control registers': what raises #GP(0). */
static bool cr0_valid(struct vcpu *v, u64 value)
{
	bool long_cs = vcpu_mode(v) == MODE_64;

	if (value >> 32)
		return false;
	if ((value & CR0_PG) && !(value & CR0_PE))
		return false;
	if ((value & CR0_NW) && !(value & CR0_CD))
		return false;
	if (!((value ^ vcpu_cr0(v)) & CR0_PG))
		return true;
	if ((value & CR0_PG) && (vcpu_efer(v) & EFER_LME_BIT))
		return vcpu_cr4(v) & CR4_PAE;
	return !long_cs;
}

/* SDM vol. 3, section 2.5: what a MOV to CR4 may not change in long mode. */
static bool cr4_valid(struct vcpu *v, u64 value)
{
	u64 changed = value ^ vcpu_cr4(v);

	if (value & ~cr4_allowed())
		return false;
	if (!(vcpu_efer(v) & EFER_LMA_BIT))
		return true;
	return !(changed & CR4_LA57) && (value & CR4_PAE);
}

static bool write_cr(struct vcpu *v, unsigned int cr, u64 value)
{
	if (cr == 8) {
		if (value & ~0xfULL)
			return false;
		lapic_set_cr8(&v->lapic, value);
		return true;
	}
	if (cr == 0 ? !cr0_valid(v, value) : !cr4_valid(v, value))
		return false;
	vcpu_set_cr(v, cr, value);
	return true;
}

static enum outcome on_cr_write(struct vcpu *v)
{
	unsigned int len;
	enum outcome out;
	u64 value;
	int gpr;

	out = emul_mov_cr(v, &v->exit, &gpr, &len);
	if (!len)
		return out;
	value = v->gpr[gpr];
	if (vcpu_mode(v) != MODE_64)
		value = (u32)value;
	if (write_cr(v, v->exit.cr.cr, value))
		vcpu_skip(v, len);
	else
		vcpu_inject_error(v, VEC_GP, 0);
	return OUT_RESUME;
}

static enum outcome on_dr(struct vcpu *v)
{
	static_call(engine_load_debug)(v);
	return OUT_RESUME;
}

static enum outcome on_xsetbv(struct vcpu *v)
{
	u64 value = (u32)v->gpr[HV_RAX] | v->gpr[HV_RDX] << 32;
	u64 rip = v->rip;
	int out;

	out = skip(v);
	if (out != SKIPPED)
		return out;
	host_restore_xcr0(v);
	if (vcpu_cpl(v) || !xcr_write(v, v->gpr[HV_RCX], value)) {
		v->rip = rip;
		vcpu_inject_error(v, VEC_GP, 0);
	}
	host_load_xcr0(v);
	return OUT_RESUME;
}

static enum outcome on_skip(struct vcpu *v)
{
	int out = skip(v);

	return out == SKIPPED ? OUT_RESUME : out;
}

/* Pause-loop exiting: it has spun for a while. */
static enum outcome on_pause(struct vcpu *v)
{
	int out = skip(v);

	return out == SKIPPED ? OUT_SPIN : out;
}

static enum outcome on_ud(struct vcpu *v)
{
	vcpu_inject(v, VEC_UD);
	return OUT_RESUME;
}

/* A hypercall by the instruction that the other vendor's CPUs have for it? */
static enum outcome on_ud_fault(struct vcpu *v)
{
	unsigned int len;
	enum outcome out = emul_other_hypercall(v, &len);

	if (!len)
		return out;
	v->exit.insn_len = len;
	return on_hypercall(v);
}

static enum outcome on_gp(struct vcpu *v)
{
	vcpu_inject_error(v, VEC_GP, 0);
	return OUT_RESUME;
}

static enum outcome on_db(struct vcpu *v)
{
	vcpu_inject(v, VEC_DB);
	return OUT_RESUME;
}

static enum outcome on_ac(struct vcpu *v)
{
	vcpu_inject_error(v, VEC_AC, v->exit.exception.error_code);
	return OUT_RESUME;
}

static enum outcome on_triple(struct vcpu *v)
{
	return vcpu_stop(v, HV_STOP_REASON_TRIPLE_FAULT, 0, "triple fault at rip %#llx", v->rip);
}

static enum outcome on_task_switch(struct vcpu *v)
{
	return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
			 "hardware task switch at rip %#llx: not supported", v->rip);
}

static enum outcome on_entry_failed(struct vcpu *v)
{
	const struct exit_refusal *r = &v->exit.refused;

	if (r->what) {
		host_log(v, "the CPU refuses the guest's state at rip %#llx: %s %#llx: %s",
			 v->rip, r->what, r->value, r->rule);
		return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
				 "the CPU refuses the guest's state at rip %#llx: %s %#llx: %s",
				 v->rip, r->what, r->value, r->rule);
	}
	return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
			 "the CPU refuses the guest's state at rip %#llx", v->rip);
}

static enum outcome (*const handlers[NR_EXITS])(struct vcpu *v) = {
	[EXIT_UNKNOWN] = on_unknown,
	[EXIT_INTR] = on_interrupt,
	[EXIT_NMI] = on_nothing,
	[EXIT_MCE] = on_machine_check,
	[EXIT_WINDOW] = on_window,
	[EXIT_CPUID] = on_cpuid,
	[EXIT_HLT] = on_hlt,
	[EXIT_PIO] = on_pio,
	[EXIT_PIO_STRING] = on_pio_string,
	[EXIT_RDMSR] = on_rdmsr,
	[EXIT_WRMSR] = on_wrmsr,
	[EXIT_HYPERCALL] = on_hypercall,
	[EXIT_S2_FAULT] = on_s2_fault,
	[EXIT_CR_WRITE] = on_cr_write,
	[EXIT_DR] = on_dr,
	[EXIT_XSETBV] = on_xsetbv,
	[EXIT_INVD] = on_skip,
	[EXIT_PAUSE] = on_pause,
	[EXIT_UD] = on_ud,
	[EXIT_GP] = on_gp,
	[EXIT_DB] = on_db,
	[EXIT_AC] = on_ac,
	[EXIT_TRIPLE] = on_triple,
	[EXIT_TASK_SWITCH] = on_task_switch,
	[EXIT_IRET] = on_iret,
	[EXIT_INIT] = on_interrupt,
	[EXIT_ENTRY_FAILED] = on_entry_failed,
	[EXIT_MMIO] = on_mmio,	/* tried again */
	[EXIT_EOI] = on_eoi,
	[EXIT_UD_FAULT] = on_ud_fault,
	[EXIT_TIMER] = on_timer,
	[EXIT_APIC_WRITE] = on_apic_write,
};

/* The frequent ones by direct calls: an indirect one is dear under retpolines. */
enum outcome exit_handle(struct vcpu *v)
{
	enum outcome out;

	switch (v->exit.reason) {
	case EXIT_INTR:
		return OUT_INTERRUPT;
	case EXIT_PIO:
		out = on_pio(v);
		break;
	case EXIT_WRMSR:
		out = on_wrmsr(v);
		break;
	case EXIT_RDMSR:
		out = on_rdmsr(v);
		break;
	case EXIT_CPUID:
		out = on_cpuid(v);
		break;
	case EXIT_S2_FAULT:
		out = on_s2_fault(v);
		break;
	default:
		out = handlers[v->exit.reason](v);
	}
	return unlikely(v->triple_fault) ? on_triple(v) : out;
}
