// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every control of VMX that hv knows, and what becomes of it.  One that is not
 * listed is left at what the CPU insists on, off where it does not.
 */
#include "vmx/controls.h"
#include "vmx/vmcs.h"

/**
 * enum choice - what becomes of a control
 * @NEVER: off, and a CPU that insists on it cannot run guests
 * @WANTED: on where the CPU has it
 * @REQUIRED: on, and a CPU without it cannot run guests
 * @AT_TIMES: off at first, switched while the guest runs: the CPU must allow both
 */
enum choice { NEVER, WANTED, REQUIRED, AT_TIMES };

/**
 * struct control - a row
 * @word: enum vmx_word
 * @choice: enum choice
 * @bit: mask in the word
 * @lacks: what to say where the choice is not to be had
 */
struct control {
	u8 word;
	u8 choice;
	u32 bit;
	const char *lacks;
};

#define ROW(word, bit, choice, name) \
	{ VMX_##word, choice, word##_##bit, "the CPU's VMX does not let hv choose '" name "'" }

static const struct control controls[] = {
	/* The host's interrupts end the guest's run, and stay pending for the host itself. */
	ROW(PIN, INTERRUPTS, REQUIRED, "external-interrupt exiting"),
	ROW(PIN, NMI, REQUIRED, "NMI exiting"),
	ROW(PIN, VIRTUAL_NMI, REQUIRED, "virtual NMIs"),
	/* Off at first: see resolve_timer(). */
	ROW(PIN, TIMER, NEVER, "activate VMX-preemption timer"),
	ROW(PIN, POSTED, NEVER, "process posted interrupts"),

	ROW(PRIMARY, INTR_WINDOW, AT_TIMES, "interrupt-window exiting"),
	ROW(PRIMARY, TSC_OFFSET, REQUIRED, "use TSC offsetting"),
	ROW(PRIMARY, HLT, REQUIRED, "HLT exiting"),
	ROW(PRIMARY, INVLPG, NEVER, "INVLPG exiting"),
	ROW(PRIMARY, MWAIT, REQUIRED, "MWAIT exiting"),
	ROW(PRIMARY, RDPMC, REQUIRED, "RDPMC exiting"),
	ROW(PRIMARY, RDTSC, NEVER, "RDTSC exiting"),
	/* CR3 is the guest's own under EPT. */
	ROW(PRIMARY, CR3_LOAD, NEVER, "CR3-load exiting"),
	ROW(PRIMARY, CR3_STORE, NEVER, "CR3-store exiting"),
	ROW(PRIMARY, TERTIARY, NEVER, "activate tertiary controls"),
	/* CR8 is read from the virtual-APIC page, and written by the core or by the hardware. */
	ROW(PRIMARY, CR8_LOAD, AT_TIMES, "CR8-load exiting"),
	ROW(PRIMARY, CR8_STORE, NEVER, "CR8-store exiting"),
	ROW(PRIMARY, TPR_SHADOW, REQUIRED, "use TPR shadow"),
	ROW(PRIMARY, NMI_WINDOW, AT_TIMES, "NMI-window exiting"),
	ROW(PRIMARY, MOV_DR, AT_TIMES, "MOV-DR exiting"),
	ROW(PRIMARY, IO, REQUIRED, "unconditional I/O exiting"),
	ROW(PRIMARY, IO_BITMAPS, NEVER, "use I/O bitmaps"),
	ROW(PRIMARY, TRAP_FLAG, NEVER, "monitor trap flag"),
	ROW(PRIMARY, MSR_BITMAP, REQUIRED, "use MSR bitmaps"),
	ROW(PRIMARY, MONITOR, REQUIRED, "MONITOR exiting"),
	ROW(PRIMARY, PAUSE, NEVER, "PAUSE exiting"),
	ROW(PRIMARY, SECONDARY, REQUIRED, "activate secondary controls"),

	ROW(SECONDARY, APIC_ACCESS, WANTED, "virtualize APIC accesses"),
	ROW(SECONDARY, EPT, REQUIRED, "enable EPT"),
	ROW(SECONDARY, DT, NEVER, "descriptor-table exiting"),
	/* RDTSCP and RDPID: TSC_AUX is not switched by the hardware. */
	ROW(SECONDARY, RDTSCP, NEVER, "enable RDTSCP"),
	/* This, the next two and APIC accesses at times: see apic.c. */
	ROW(SECONDARY, X2APIC, WANTED, "virtualize x2APIC mode"),
	ROW(SECONDARY, VPID, WANTED, "enable VPID"),
	ROW(SECONDARY, WBINVD, REQUIRED, "WBINVD exiting"),
	ROW(SECONDARY, UNRESTRICTED, REQUIRED, "unrestricted guest"),
	ROW(SECONDARY, APIC_REGS, WANTED, "APIC-register virtualization"),
	ROW(SECONDARY, VINTR, WANTED, "virtual-interrupt delivery"),
	/* Guests of one vCPU have nobody to wait for: state.c leaves it off. */
	ROW(SECONDARY, PLE, WANTED, "PAUSE-loop exiting"),
	ROW(SECONDARY, RDRAND, NEVER, "RDRAND exiting"),
	ROW(SECONDARY, INVPCID, NEVER, "enable INVPCID"),
	ROW(SECONDARY, VMFUNC, NEVER, "enable VM functions"),
	ROW(SECONDARY, SHADOWING, NEVER, "VMCS shadowing"),
	/* SGX and PCONFIG are not in the CPUID model: no enclave of the host's is within reach. */
	ROW(SECONDARY, ENCLS, WANTED, "enable ENCLS exiting"),
	ROW(SECONDARY, RDSEED, NEVER, "RDSEED exiting"),
	ROW(SECONDARY, PML, NEVER, "enable PML"),
	ROW(SECONDARY, VE, NEVER, "EPT-violation #VE"),
	ROW(SECONDARY, PT_CONCEAL, NEVER, "conceal VMX from PT"),
	/* Else #UD, where the CPUID model passes the feature on. */
	ROW(SECONDARY, XSAVES, WANTED, "enable XSAVES/XRSTORS"),
	ROW(SECONDARY, MBEC, NEVER, "mode-based execute control for EPT"),
	ROW(SECONDARY, SUBPAGE, NEVER, "sub-page write permissions for EPT"),
	/* Intel PT writes to the host's physical addresses, whoever runs. */
	ROW(SECONDARY, PT_GPA, NEVER, "Intel PT uses guest physical addresses"),
	ROW(SECONDARY, TSC_SCALING, NEVER, "use TSC scaling"),
	ROW(SECONDARY, USER_WAIT, NEVER, "enable user wait and pause"),
	ROW(SECONDARY, PCONFIG, NEVER, "enable PCONFIG"),
	ROW(SECONDARY, ENCLV, WANTED, "enable ENCLV exiting"),

	ROW(EXITS, SAVE_DEBUG, REQUIRED, "save debug controls"),
	ROW(EXITS, HOST_64, REQUIRED, "host address-space size"),
	/* The host's counters stand still in the guest: PEBS cannot write to its addresses. */
	ROW(EXITS, LOAD_PERF, WANTED, "load IA32_PERF_GLOBAL_CTRL on exit"),
	ROW(EXITS, ACK_INTERRUPT, NEVER, "acknowledge interrupt on exit"),
	/* The guest's writes of PAT exit, so it is known. */
	ROW(EXITS, SAVE_PAT, NEVER, "save IA32_PAT"),
	ROW(EXITS, LOAD_PAT, REQUIRED, "load IA32_PAT on exit"),
	/* EFER.LMA follows the guest's own CR0.PG. */
	ROW(EXITS, SAVE_EFER, REQUIRED, "save IA32_EFER"),
	ROW(EXITS, LOAD_EFER, REQUIRED, "load IA32_EFER on exit"),
	ROW(EXITS, SAVE_TIMER, NEVER, "save VMX-preemption timer value"),
	ROW(EXITS, CLEAR_BNDCFGS, NEVER, "clear IA32_BNDCFGS"),
	ROW(EXITS, PT_CONCEAL, NEVER, "conceal VMX from PT on exit"),
	ROW(EXITS, CLEAR_RTIT, NEVER, "clear IA32_RTIT_CTL"),
	ROW(EXITS, CLEAR_LBR, NEVER, "clear IA32_LBR_CTL"),
	ROW(EXITS, LOAD_CET, NEVER, "load CET state on exit"),
	ROW(EXITS, LOAD_PKRS, NEVER, "load PKRS on exit"),
	ROW(EXITS, SECONDARY, NEVER, "activate secondary VM-exit controls"),

	ROW(ENTRY, LOAD_DEBUG, REQUIRED, "load debug controls"),
	ROW(ENTRY, IA32E, AT_TIMES, "IA-32e mode guest"),
	ROW(ENTRY, SMM, NEVER, "entry to SMM"),
	ROW(ENTRY, DUAL_MONITOR, NEVER, "deactivate dual-monitor treatment"),
	ROW(ENTRY, LOAD_PERF, WANTED, "load IA32_PERF_GLOBAL_CTRL on entry"),
	ROW(ENTRY, LOAD_PAT, REQUIRED, "load IA32_PAT on entry"),
	ROW(ENTRY, LOAD_EFER, REQUIRED, "load IA32_EFER on entry"),
	ROW(ENTRY, LOAD_BNDCFGS, NEVER, "load IA32_BNDCFGS"),
	ROW(ENTRY, PT_CONCEAL, NEVER, "conceal VMX from PT on entry"),
	ROW(ENTRY, LOAD_RTIT, NEVER, "load IA32_RTIT_CTL"),
	ROW(ENTRY, LOAD_CET, NEVER, "load CET state on entry"),
	ROW(ENTRY, LOAD_LBR, NEVER, "load guest IA32_LBR_CTL"),
	ROW(ENTRY, LOAD_PKRS, NEVER, "load PKRS on entry"),
};

/* Capabilities that are no controls: without these no guest runs. */
static const struct {
	u64 bits;
	const char *lacks;
} ept_required[] = {
	{ EPT_CAP_4_LEVELS, "the CPU's EPT does not have tables of four levels" },
	{ EPT_CAP_WB, "the CPU's EPT tables cannot be in write-back memory" },
	{ EPT_CAP_2M, "the CPU's EPT has no 2 MiB pages" },
	{ EPT_CAP_INVEPT, "the CPU has EPT but no INVEPT" },
};

static bool apply(const struct control *c, u64 allowed, u32 *word)
{
	bool may_be_1 = (allowed >> 32) & c->bit;
	bool may_be_0 = !((u32)allowed & c->bit);

	if (c->choice == REQUIRED || (c->choice == WANTED && may_be_1))
		*word |= c->bit;
	switch (c->choice) {
	case REQUIRED:
		return may_be_1;
	case NEVER:
		return may_be_0;
	case AT_TIMES:
		return may_be_1 && may_be_0;
	default:
		return true;
	}
}

static const char *resolve_controls(struct vmx_caps *caps)
{
	const struct control *c;
	unsigned int i;

	/* What must be 1 for the CPU's sake and has no name here. */
	for (i = 0; i < VMX_NR_WORDS; i++)
		caps->words[i] = (u32)caps->msrs.words[i];
	for (c = controls; c < controls + ARRAY_SIZE(controls); c++)
		if (!apply(c, caps->msrs.words[c->word], &caps->words[c->word]))
			return c->lacks;
	return NULL;
}

static const char *resolve_ept(struct vmx_caps *caps)
{
	u64 have = caps->msrs.ept_vpid;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ept_required); i++)
		if (!(have & ept_required[i].bits))
			return ept_required[i].lacks;
	if (!(have & (EPT_CAP_INVEPT_ONE | EPT_CAP_INVEPT_ALL)))
		return "the CPU's INVEPT has no type that hv knows";
	caps->eptp_flags = VMCS_EPTP_WB | VMCS_EPTP_LEVELS(4) |
			   (have & EPT_CAP_AD ? VMCS_EPTP_AD : 0);
	return NULL;
}

/* Tags that run out are started over, so all of them have to go at once then. */
static void resolve_vpid(struct vmx_caps *caps)
{
	const u64 needed = VPID_CAP_INVVPID | VPID_CAP_INVVPID_ALL;

	caps->use_vpid = (caps->words[VMX_SECONDARY] & SECONDARY_VPID) &&
			 (caps->msrs.ept_vpid & needed) == needed;
	if (!caps->use_vpid)
		caps->words[VMX_SECONDARY] &= ~SECONDARY_VPID;
}

static void resolve_apic(struct vmx_caps *caps)
{
	const u32 all = SECONDARY_X2APIC | SECONDARY_APIC_REGS | SECONDARY_VINTR;

	caps->virtual_apic = (caps->words[VMX_SECONDARY] & all) == all;
	caps->apic_access = caps->virtual_apic &&
			    (caps->words[VMX_SECONDARY] & SECONDARY_APIC_ACCESS);
	caps->words[VMX_SECONDARY] &= ~(all | SECONDARY_APIC_ACCESS);
}

/*
 * Older CPUs have errata about its rate, such as AAU65 of the Core i5-600: none of them
 * delivers interrupts.
 */
static void resolve_timer(struct vmx_caps *caps)
{
	caps->use_timer = caps->virtual_apic && (caps->msrs.words[VMX_PIN] >> 32 & PIN_TIMER);
}

/* Both or none, and only where there is such an MSR to load. */
static void resolve_pmu(struct vmx_caps *caps, bool pmu)
{
	if (pmu && (caps->words[VMX_EXITS] & EXITS_LOAD_PERF) &&
	    (caps->words[VMX_ENTRY] & ENTRY_LOAD_PERF))
		return;
	caps->words[VMX_EXITS] &= ~EXITS_LOAD_PERF;
	caps->words[VMX_ENTRY] &= ~ENTRY_LOAD_PERF;
}

const char *vmx_resolve(const struct vmx_msrs *msrs, bool pmu, struct vmx_caps *caps)
{
	const char *lacks;

	memset(caps, 0, sizeof(*caps));
	caps->msrs = *msrs;
	if (!(msrs->basic & VMX_BASIC_TRUE))
		return "the CPU's VMX is too old: it has no TRUE capability MSRs";
	if (VMX_BASIC_SIZE(msrs->basic) > 4096 || VMX_BASIC_MEMORY(msrs->basic) != 6)
		return "the CPU's VMCS does not fit a page of write-back memory";
	lacks = resolve_controls(caps);
	if (!lacks)
		lacks = resolve_ept(caps);
	resolve_vpid(caps);
	resolve_apic(caps);
	resolve_timer(caps);
	resolve_pmu(caps, pmu);
	return lacks;
}
