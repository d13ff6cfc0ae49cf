// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/vmx/check.c */
/*
 * Why VM entry was refused: a state that passes, and each way to spoil it.
 */
#include "vmx/check.h"
#include "vmx/controls.h"
#include "vmx/vmcs.h"
#include "tap.h"

static struct vmx_entry_state st;
static struct exit_refusal r;

#define DATA	0xc093	/* present, writable, accessed, 4 GiB */
#define CODE_64	0xa09b
#define TSS	0x008b

/* A 64-bit kernel at CPL 0. */
static void setup_64(void)
{
	enum hv_seg seg;

	memset(&st, 0, sizeof(st));
	st.fixed.cr0_0 = CR0_PE | CR0_NE | CR0_PG;
	st.fixed.cr0_1 = 0xffffffff;
	st.fixed.cr4_0 = BIT(13);
	st.fixed.cr4_1 = 0x3727ff;
	st.phys_bits = 39;
	st.entry_controls = ENTRY_IA32E;
	st.cr0 = CR0_PE | CR0_NE | CR0_PG;
	st.cr4 = BIT(13) | CR4_PAE;
	st.efer = EFER_LME_BIT | EFER_LMA_BIT;
	st.pat = 0x0007040600070406ULL;
	st.dr7 = 0x400;
	st.rip = 0xffffffff81000000ULL;
	st.rflags = 2;
	for (seg = SEG_ES; seg < SEG_LDTR; seg++)
		st.seg[seg] = (struct vmx_entry_segment){ .limit = 0xffffffff, .access = DATA };
	st.seg[SEG_CS].access = CODE_64;
	st.seg[SEG_LDTR].access = VMCS_ACCESS_UNUSABLE;
	st.seg[SEG_TR] = (struct vmx_entry_segment){ .limit = 0x67, .access = TSS };
	st.link_pointer = ~0ULL;
}

/* Real mode, as after a reset. */
static void setup_real(void)
{
	enum hv_seg seg;

	setup_64();
	st.entry_controls = 0;
	st.cr0 = CR0_NE;
	st.cr4 = BIT(13);
	st.efer = 0;
	st.rip = 0xfff0;
	for (seg = SEG_ES; seg < SEG_LDTR; seg++)
		st.seg[seg] = (struct vmx_entry_segment){ .limit = 0xffff, .access = 0x93 };
	st.seg[SEG_CS].selector = 0xf000;
	st.seg[SEG_CS].base = 0xffff0000;
}

static void setup_v86(void)
{
	enum hv_seg seg;

	setup_64();
	st.entry_controls = 0;
	st.efer = 0;
	st.rip = 0x100;
	st.rflags |= RFLAGS_VM;
	for (seg = SEG_ES; seg < SEG_LDTR; seg++)
		st.seg[seg] = (struct vmx_entry_segment){
			.selector = 0x1000, .base = 0x10000, .limit = 0xffff, .access = 0xf3,
		};
}

static bool finds(const char *what, const char *rule)
{
	memset(&r, 0, sizeof(r));
	vmx_check_state(&st, &r);
	if (!strcmp(r.what, what) && strstr(r.rule, rule))
		return true;
	printf("# found %s %#llx: %s\n", r.what, (unsigned long long)r.value, r.rule);
	return false;
}

static bool passes(void)
{
	return finds("guest state", "does not know");
}

static void test_good(void)
{
	setup_64();
	CHECK(passes());
	setup_real();
	CHECK(passes());
	setup_v86();
	CHECK(passes());
}

/* Each spoils a good 64-bit state, and expects the value that is wrong to be told. */
#define SPOIL(field, bad, what, rule) do {	\
	setup_64();				\
	st.field = (bad);			\
	CHECK(finds(what, rule));		\
	CHECK_EQ(r.value, st.field);		\
} while (0)

static void test_registers(void)
{
	SPOIL(cr0, CR0_PE | CR0_PG, "CR0", "fixes");
	SPOIL(cr0, CR0_NE | CR0_PG, "CR0", "PG without PE");
	SPOIL(cr4, CR4_PAE, "CR4", "fixes");
	SPOIL(cr4, BIT(13), "CR4", "IA-32e");
	SPOIL(cr3, BIT_ULL(40), "CR3", "physical");
	SPOIL(dr7, BIT_ULL(32), "DR7", "63:32");
	SPOIL(sysenter_esp, BIT_ULL(60), "SYSENTER_ESP", "canonical");
	SPOIL(sysenter_eip, BIT_ULL(60), "SYSENTER_EIP", "canonical");
	SPOIL(pat, 2, "PAT", "type");
	SPOIL(efer, EFER_LME_BIT | EFER_LMA_BIT | BIT(12), "EFER", "reserved");
	SPOIL(efer, EFER_LME_BIT, "EFER", "entry control");
	SPOIL(efer, EFER_LMA_BIT, "EFER", "LME");
	SPOIL(rflags, 0, "RFLAGS", "reserved");
	SPOIL(rflags, 2 | BIT(3), "RFLAGS", "reserved");
	SPOIL(rflags, 2 | RFLAGS_VM, "RFLAGS", "VM");
	SPOIL(gdtr_base, BIT_ULL(60), "GDTR base", "canonical");
	SPOIL(idtr_base, BIT_ULL(60), "IDTR base", "canonical");
	SPOIL(rip, BIT_ULL(60), "RIP", "mode");
}

static void test_segments(void)
{
	SPOIL(seg[SEG_CS].access, 0xa0f3, "CS", "DPL");
	SPOIL(seg[SEG_CS].access, 0xa09a, "CS", "type");
	SPOIL(seg[SEG_CS].access, 0xe09b, "CS", "L and D");
	SPOIL(seg[SEG_CS].access, 0xa0fb, "CS", "DPL");
	SPOIL(seg[SEG_CS].access, 0xa01b, "CS", "present");
	SPOIL(seg[SEG_CS].base, BIT_ULL(32), "CS", "base");
	SPOIL(seg[SEG_SS].access, 0xc09b, "SS", "type");
	SPOIL(seg[SEG_DS].access, 0xc092, "DS", "type");
	SPOIL(seg[SEG_DS].access, 0xc083, "DS", "S bit");
	SPOIL(seg[SEG_DS].access, 0xcf93, "DS", "reserved");
	SPOIL(seg[SEG_ES].limit, 0xfffff000, "ES", "limit");
	SPOIL(seg[SEG_GS].base, BIT_ULL(60), "GS", "base");
	SPOIL(seg[SEG_TR].access, 0x89, "TR", "type");
	SPOIL(seg[SEG_TR].access, VMCS_ACCESS_UNUSABLE, "TR", "type");
	SPOIL(seg[SEG_TR].selector, 4, "TR", "selector");
	SPOIL(seg[SEG_LDTR].access, 0x83, "LDTR", "type");
}

static void test_unusable_segments_are_free(void)
{
	setup_64();
	st.seg[SEG_DS] = (struct vmx_entry_segment){ .access = VMCS_ACCESS_UNUSABLE | 0xf };
	st.seg[SEG_SS] = (struct vmx_entry_segment){ .access = VMCS_ACCESS_UNUSABLE };
	CHECK(passes());
}

static void test_modes(void)
{
	setup_real();
	st.rip = BIT_ULL(32);
	CHECK(finds("RIP", "mode"));
	setup_real();
	st.seg[SEG_SS].access = 0xf3;
	CHECK(finds("SS", "DPL"));
	setup_v86();
	st.seg[SEG_DS].base = 0;
	CHECK(finds("DS", "base"));
	setup_v86();
	st.seg[SEG_ES].limit = 0xfffff;
	CHECK(finds("ES", "virtual-8086"));
}

static void test_shadows(void)
{
	SPOIL(interruptibility, BIT(5), "interruptibility", "reserved");
	SPOIL(interruptibility, VMCS_BLOCK_STI, "interruptibility", "IF clear");
	setup_64();
	st.rflags |= RFLAGS_IF;
	st.interruptibility = VMCS_BLOCK_STI | VMCS_BLOCK_MOV_SS;
	CHECK(finds("interruptibility", "both"));
	st.interruptibility = VMCS_BLOCK_MOV_SS;
	CHECK(passes());
	st.event = VMCS_EVENT_VALID | 0x20;
	CHECK(finds("interruptibility", "an interrupt to inject"));
	st.event = VMCS_EVENT_VALID | EVENT_NMI << VMCS_EVENT_TYPE_SHIFT | VEC_NMI;
	CHECK(finds("interruptibility", "NMI"));
	st.interruptibility = VMCS_BLOCK_NMI;
	CHECK(finds("interruptibility", "NMI"));
	st.interruptibility = 0;
	CHECK(passes());
	setup_64();
	st.event = VMCS_EVENT_VALID | 0x20;
	CHECK(finds("RFLAGS", "IF is clear"));
	setup_64();
	st.rflags |= RFLAGS_TF;
	st.interruptibility = VMCS_BLOCK_MOV_SS;
	CHECK(finds("pending debug exceptions", "BS"));
	st.pending_debug = DR6_BS;
	CHECK(passes());
}

static void test_rest(void)
{
	SPOIL(activity, 4, "activity state", "reserved");
	SPOIL(pending_debug, BIT(5), "pending debug exceptions", "reserved");
	SPOIL(link_pointer, 0, "VMCS link pointer", "ones");
	setup_real();
	st.cr0 = CR0_PE | CR0_NE | CR0_PG;
	st.cr4 |= CR4_PAE;
	st.seg[SEG_CS].access = 0x9b;
	st.pdpte[0] = 0x1001;
	CHECK(passes());
	st.pdpte[0] = 0x1003;
	CHECK(finds("PDPTE0", "reserved"));
	st.pdpte[0] = 0x1002;	/* not present */
	CHECK(passes());
}

static bool event_finds(u64 event, const char *what, const char *rule)
{
	st.event = event | VMCS_EVENT_VALID;
	vmx_check_event(&st, &r);
	if (!strcmp(r.what, what) && strstr(r.rule, rule))
		return true;
	printf("# found %s %#llx: %s\n", r.what, (unsigned long long)r.value, r.rule);
	return false;
}

#define CONTROLS "VM-execution, VM-exit or VM-entry controls"

static void test_events(void)
{
	const u64 exception = EVENT_EXCEPTION << VMCS_EVENT_TYPE_SHIFT;
	const u64 soft = EVENT_SOFT_INTR << VMCS_EVENT_TYPE_SHIFT;

	setup_64();
	CHECK(event_finds(exception | VEC_GP | VMCS_EVENT_ERROR, CONTROLS, "combination"));
	CHECK(event_finds(exception | VEC_GP, "event to inject", "error code"));
	CHECK(event_finds(exception | VEC_UD | VMCS_EVENT_ERROR, "event to inject", "error code"));
	CHECK(event_finds(exception | 32, "event to inject", "vector"));
	CHECK(event_finds(EVENT_NMI << VMCS_EVENT_TYPE_SHIFT | 3, "event to inject", "vector"));
	CHECK(event_finds(1 << VMCS_EVENT_TYPE_SHIFT, "event to inject", "type"));
	CHECK(event_finds(0x20 | BIT(13), "event to inject", "reserved"));
	CHECK(event_finds(soft | 0x80, "instruction length", "1 to 15"));
	st.insn_len = 2;
	CHECK(event_finds(soft | 0x80, CONTROLS, "combination"));
	/* Real mode pushes no error codes. */
	setup_real();
	CHECK(event_finds(exception | VEC_GP, CONTROLS, "combination"));
	CHECK(event_finds(exception | VEC_GP | VMCS_EVENT_ERROR, "event to inject", "error code"));
}

static void test_names(void)
{
	CHECK(strstr(vmx_error_name(7), "control"));
	CHECK(strstr(vmx_error_name(8), "host"));
	CHECK(!vmx_error_name(14));
	CHECK(!vmx_error_name(29));
	CHECK(!vmx_error_name(0xffffffff));
}

static const struct tap_test tests[] = {
	{ "states that pass", test_good },
	{ "control registers, MSRs, tables", test_registers },
	{ "segments", test_segments },
	{ "unusable segments are not checked", test_unusable_segments_are_free },
	{ "real and virtual-8086 mode", test_modes },
	{ "interruptibility and events", test_shadows },
	{ "activity, pending exceptions, PDPTEs", test_rest },
	{ "events to inject", test_events },
	{ "VM-instruction errors have names", test_names },
};

TAP_MAIN(tests)
