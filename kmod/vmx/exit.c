// SPDX-License-Identifier: GPL-2.0-only
/*
 * From exit reasons (SDM vol. 3, appendix C) to the common struct exit.
 */
#include "core/memmap.h"
#include "vmx/check.h"
#include "vmx/insn.h"

static void decode_io(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	exit->reason = info & VMX_IO_STRING ? EXIT_PIO_STRING : EXIT_PIO;
	exit->pio.port = VMX_IO_PORT(info);
	exit->pio.size = VMX_IO_SIZE(info);
	exit->pio.in = info & VMX_IO_IN;
	exit->pio.rep = info & VMX_IO_REP;
	exit->pio.addr_size = 0;
	exit->pio.seg = -1;
	if (!(info & VMX_IO_STRING) || !(vmx_caps.msrs.basic & VMX_BASIC_INS_INFO))
		return;
	info = vmcs_read32(VMCS_EXIT_INSN_INFO);
	exit->pio.addr_size = VMX_INS_ADDR(info);
	exit->pio.seg = exit->pio.in ? SEG_ES : VMX_INS_SEG(info);
}

/*
 * The bit says that an IRET which faulted had already ended the blocking of NMIs:
 * it runs again, and must end it then.  Not so if an event was being delivered,
 * whose fault is no IRET's (section 'Information about NMI unblocking due to IRET').
 */
static void nmi_unblocked(struct vmx_vcpu *s, bool by_iret)
{
	if (by_iret && !s->vcpu.inject.valid)
		s->vcpu.nmi_blocked = true;
}

static void decode_ept(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	nmi_unblocked(s, info & VMX_EPT_NMI_UNBLOCK);
	exit->s2.gpa = vmcs_read64(VMCS_EXIT_GPA);
	exit->s2.access = (info & VMX_EPT_WRITE ? ACCESS_WRITE : 0) |
			  (info & VMX_EPT_FETCH ? ACCESS_FETCH : 0);
	exit->s2.walk = (info & VMX_EPT_LINEAR) && !(info & VMX_EPT_FINAL);
	exit->s2.bytes_len = 0;
	exit->s2.apic_page = !(info & VMX_EPT_FETCH) && !exit->s2.walk &&
			     (exit->s2.gpa & PAGE_MASK) == MEMMAP_LAPIC && vmx_apic_has_page(s) &&
			     !s2_has_memory(s->vcpu.s2, exit->s2.gpa);
}

/* As if nothing were mapped there: for the common local APIC to answer. */
static void decode_apic_access(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	unsigned int type = VMX_APIC_TYPE(info);

	exit->s2.gpa = MEMMAP_LAPIC + VMX_APIC_OFFSET(info);
	exit->s2.access = (type == VMX_APIC_TYPE_WRITE ? ACCESS_WRITE : 0) |
			  (type == VMX_APIC_TYPE_FETCH ? ACCESS_FETCH : 0);
	exit->s2.walk = type >= VMX_APIC_TYPE_PHYSICAL;
	exit->s2.bytes_len = 0;
	exit->s2.apic_page = false;
}

static void decode_apic_write(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	exit->apic.offset = VMX_APIC_OFFSET(info);
	exit->apic.value = vmx_apic_written(s, VMX_APIC_OFFSET(info));
}

/* CLTS and LMSW change only bits that are the guest's, and never exit. */
static void decode_cr(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	if (VMX_CR_TYPE(info) != VMX_CR_MOV_TO)
		return;
	exit->reason = EXIT_CR_WRITE;
	exit->cr.cr = VMX_CR_NR(info);
	exit->cr.gpr = VMX_CR_GPR(info);
}

/*
 * DR6 and DR7.GD are as before the exception: what its delivery would have done
 * to them is done here (section 'Debug exceptions' of the exit qualification's
 * table).  INT1 is a trap: it is behind us when its exception is delivered.
 */
static void decode_db(struct vmx_vcpu *s, struct exit *exit, u64 info, u32 event)
{
	u64 dr7 = vmcs_readn(VMCS_GUEST_DR7);

	exit->reason = EXIT_DB;
	if (VMCS_EVENT_TYPE(event) == EVENT_PRIV_SOFT) {
		vcpu_skip(&s->vcpu, vmcs_read32(VMCS_EXIT_INSN_LEN));
		return;
	}
	vmx_set_dr6(s, (vmx_dr6(s) & ~DR6_TRAPS) | (info & (DR6_TRAPS | DR6_BD | DR6_BS)));
	if (dr7 & DR7_GD)
		vmcs_writen(VMCS_GUEST_DR7, dr7 & ~DR7_GD);
}

static void decode_exception(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	u32 event = vmcs_read32(VMCS_EXIT_EVENT);

	if (VMCS_EVENT_TYPE(event) == EVENT_NMI) {
		exit->reason = EXIT_NMI;
		return;
	}
	nmi_unblocked(s, event & VMCS_EVENT_NMI_UNBLOCK);
	switch (VMCS_EVENT_VECTOR(event)) {
	case VEC_DB:
		decode_db(s, exit, info, event);
		break;
	case VEC_UD:
		exit->reason = EXIT_UD_FAULT;
		break;
	case VEC_AC:
		exit->reason = EXIT_AC;
		exit->exception.error_code = vmcs_read32(VMCS_EXIT_EVENT_ERROR);
		break;
	case VEC_MC:
		exit->reason = EXIT_MCE;
		break;
	}
}

static void decode_eoi(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	exit->vector = info;
}

static void decode_timer(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	if (s->deaf)
		exit->reason = EXIT_INTR;
}

static void decode_refused(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	vmx_explain_state(s, &exit->refused);
}

static void decode_refused_msr(struct vmx_vcpu *s, struct exit *exit, u64 info)
{
	exit->refused = (struct exit_refusal){
		.what = "entry of the MSR-load area", .value = info, .rule = "it cannot be loaded",
	};
}

/**
 * struct vmx_exit - a basic exit reason
 * @reason: common
 * @insn: an instruction is to be stepped over, and EXIT_INSN_LEN says how long it is
 * @decode: NULL, or what fills in the rest
 */
struct vmx_exit {
	u8 reason;
	bool insn;
	void (*decode)(struct vmx_vcpu *s, struct exit *exit, u64 info);
};

static const struct vmx_exit exits[] = {
	[VMX_EXIT_EXCEPTION] = { EXIT_UNKNOWN, false, decode_exception },
	[VMX_EXIT_INTERRUPT] = { EXIT_INTR },
	[VMX_EXIT_TRIPLE] = { EXIT_TRIPLE },
	[VMX_EXIT_INIT] = { EXIT_INIT },
	[VMX_EXIT_SIPI] = { EXIT_INIT },
	[VMX_EXIT_INTR_WINDOW] = { EXIT_WINDOW },
	[VMX_EXIT_NMI_WINDOW] = { EXIT_IRET },
	[VMX_EXIT_TASK_SWITCH] = { EXIT_TASK_SWITCH },
	[VMX_EXIT_CPUID] = { EXIT_CPUID, true },
	[VMX_EXIT_GETSEC] = { EXIT_UD },
	[VMX_EXIT_HLT] = { EXIT_HLT, true },
	[VMX_EXIT_INVD] = { EXIT_INVD, true },
	[VMX_EXIT_RDPMC] = { EXIT_GP },
	[VMX_EXIT_RSM] = { EXIT_UD },
	[VMX_EXIT_VMCALL] = { EXIT_HYPERCALL, true },
	[VMX_EXIT_VMCLEAR] = { EXIT_UD },
	[VMX_EXIT_VMLAUNCH] = { EXIT_UD },
	[VMX_EXIT_VMPTRLD] = { EXIT_UD },
	[VMX_EXIT_VMPTRST] = { EXIT_UD },
	[VMX_EXIT_VMREAD] = { EXIT_UD },
	[VMX_EXIT_VMRESUME] = { EXIT_UD },
	[VMX_EXIT_VMWRITE] = { EXIT_UD },
	[VMX_EXIT_VMXOFF] = { EXIT_UD },
	[VMX_EXIT_VMXON] = { EXIT_UD },
	[VMX_EXIT_CR] = { EXIT_UNKNOWN, true, decode_cr },
	[VMX_EXIT_DR] = { EXIT_DR },
	[VMX_EXIT_IO] = { EXIT_PIO, true, decode_io },
	[VMX_EXIT_RDMSR] = { EXIT_RDMSR, true },
	[VMX_EXIT_WRMSR] = { EXIT_WRMSR, true },
	[VMX_EXIT_ENTRY_STATE] = { EXIT_ENTRY_FAILED, false, decode_refused },
	[VMX_EXIT_ENTRY_MSR] = { EXIT_ENTRY_FAILED, false, decode_refused_msr },
	[VMX_EXIT_MWAIT] = { EXIT_UD },
	[VMX_EXIT_MONITOR] = { EXIT_UD },
	[VMX_EXIT_PAUSE] = { EXIT_PAUSE, true },
	[VMX_EXIT_TIMER] = { EXIT_TIMER, false, decode_timer },
	[VMX_EXIT_ENTRY_MCE] = { EXIT_MCE },
	[VMX_EXIT_APIC_ACCESS] = { EXIT_S2_FAULT, false, decode_apic_access },
	[VMX_EXIT_APIC_WRITE] = { EXIT_APIC_WRITE, false, decode_apic_write },
	[VMX_EXIT_EOI] = { EXIT_EOI, false, decode_eoi },
	[VMX_EXIT_EPT_VIOLATION] = { EXIT_S2_FAULT, false, decode_ept },
	[VMX_EXIT_INVEPT] = { EXIT_UD },
	[VMX_EXIT_RDTSCP] = { EXIT_UD },
	[VMX_EXIT_INVVPID] = { EXIT_UD },
	[VMX_EXIT_WBINVD] = { EXIT_INVD, true },
	[VMX_EXIT_XSETBV] = { EXIT_XSETBV, true },
	[VMX_EXIT_INVPCID] = { EXIT_UD },
	[VMX_EXIT_VMFUNC] = { EXIT_UD },
	[VMX_EXIT_ENCLS] = { EXIT_UD },
	[VMX_EXIT_PCONFIG] = { EXIT_UD },
	[VMX_EXIT_UMWAIT] = { EXIT_UD },
	[VMX_EXIT_TPAUSE] = { EXIT_UD },
	[VMX_EXIT_ENCLV] = { EXIT_UD },
};

static const struct vmx_exit unknown = { EXIT_UNKNOWN };

void vmx_decode(struct vmx_vcpu *s, u32 reason, struct exit *exit)
{
	const struct vmx_exit *x;
	u64 info;

	exit->hw_code = reason;
	exit->hw_info[1] = 0;
	x = VMCS_REASON(reason) < ARRAY_SIZE(exits) ? &exits[VMCS_REASON(reason)] : &unknown;
	exit->reason = x->reason;
	exit->insn_len = x->insn ? vmcs_read32(VMCS_EXIT_INSN_LEN) : 0;
	if (x->insn && !x->decode) {
		/* These have no qualification. */
		exit->hw_info[0] = 0;
		return;
	}
	info = vmcs_readn(VMCS_EXIT_QUALIFICATION);
	exit->hw_info[0] = info;
	if (x->decode)
		x->decode(s, exit, info);
}
