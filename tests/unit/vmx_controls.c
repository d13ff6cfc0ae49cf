// SPDX-License-Identifier: GPL-2.0-only
/* SOURCES: kmod/vmx/controls.c */
/*
 * VMX controls against made-up capability MSRs: what is chosen, what is left
 * alone, and which sentence a CPU gets that cannot run guests.
 */
#include "vmx/controls.h"
#include "vmx/vmcs.h"
#include "tap.h"

static struct vmx_caps caps;

/* A CPU that allows every control both ways, and has every EPT and VPID capability. */
static struct vmx_msrs generous(void)
{
	struct vmx_msrs m = {
		.basic = 0x1234 | 4096ULL << 32 | 6ULL << 50 | VMX_BASIC_INS_INFO | VMX_BASIC_TRUE,
		.ept_vpid = ~0ULL,
	};
	unsigned int i;

	for (i = 0; i < VMX_NR_WORDS; i++)
		m.words[i] = 0xffffffffULL << 32;
	return m;
}

static void must_be_1(struct vmx_msrs *m, enum vmx_word word, u32 bit)
{
	m->words[word] |= bit;
}

static void must_be_0(struct vmx_msrs *m, enum vmx_word word, u32 bit)
{
	m->words[word] &= ~((u64)bit << 32);
}

static const char *resolve(struct vmx_msrs m)
{
	return vmx_resolve(&m, true, &caps);
}

static bool says(const char *why, const char *word)
{
	if (why && strstr(why, word))
		return true;
	printf("# '%s' does not say '%s'\n", why ? why : "(none)", word);
	return false;
}

static void test_generous(void)
{
	CHECK(!resolve(generous()));
	CHECK_EQ(caps.words[VMX_PIN], PIN_INTERRUPTS | PIN_NMI | PIN_VIRTUAL_NMI);
	CHECK(caps.words[VMX_SECONDARY] & SECONDARY_EPT);
	CHECK(caps.words[VMX_SECONDARY] & SECONDARY_UNRESTRICTED);
	CHECK(!(caps.words[VMX_PRIMARY] & (PRIMARY_CR3_LOAD | PRIMARY_CR3_STORE)));
	CHECK(!(caps.words[VMX_PRIMARY] & (PRIMARY_INTR_WINDOW | PRIMARY_NMI_WINDOW)));
	CHECK(!(caps.words[VMX_ENTRY] & ENTRY_IA32E));
	CHECK(caps.use_vpid);
}

static void test_reserved_bits_as_the_cpu_wants(void)
{
	struct vmx_msrs m = generous();

	must_be_1(&m, VMX_PIN, BIT(1) | BIT(2) | BIT(4));
	CHECK(!resolve(m));
	CHECK((caps.words[VMX_PIN] & 0x16) == 0x16);
}

static void test_required_missing(void)
{
	struct vmx_msrs m = generous();

	must_be_0(&m, VMX_SECONDARY, SECONDARY_UNRESTRICTED);
	CHECK(says(resolve(m), "unrestricted guest"));
	m = generous();
	must_be_0(&m, VMX_PIN, PIN_VIRTUAL_NMI);
	CHECK(says(resolve(m), "virtual NMIs"));
	m = generous();
	must_be_0(&m, VMX_EXITS, EXITS_SAVE_EFER);
	CHECK(says(resolve(m), "save IA32_EFER"));
}

static void test_never_but_insisted_on(void)
{
	struct vmx_msrs m = generous();

	must_be_1(&m, VMX_PRIMARY, PRIMARY_CR3_LOAD);
	CHECK(says(resolve(m), "CR3-load exiting"));
	m = generous();
	must_be_1(&m, VMX_EXITS, EXITS_ACK_INTERRUPT);
	CHECK(says(resolve(m), "acknowledge interrupt on exit"));
}

static void test_switched_needs_both(void)
{
	struct vmx_msrs m = generous();

	must_be_0(&m, VMX_PRIMARY, PRIMARY_NMI_WINDOW);
	CHECK(says(resolve(m), "NMI-window exiting"));
	m = generous();
	must_be_1(&m, VMX_PRIMARY, PRIMARY_NMI_WINDOW);
	CHECK(says(resolve(m), "NMI-window exiting"));
}

static void test_wanted_missing(void)
{
	struct vmx_msrs m = generous();

	must_be_0(&m, VMX_SECONDARY, SECONDARY_VPID | SECONDARY_XSAVES | SECONDARY_ENCLS);
	CHECK(!resolve(m));
	CHECK(!caps.use_vpid);
	CHECK(!(caps.words[VMX_SECONDARY] & (SECONDARY_VPID | SECONDARY_XSAVES | SECONDARY_ENCLS)));
}

static void test_vpid_needs_invvpid(void)
{
	struct vmx_msrs m = generous();

	m.ept_vpid &= ~VPID_CAP_INVVPID_ALL;
	CHECK(!resolve(m));
	CHECK(!caps.use_vpid);
	CHECK(!(caps.words[VMX_SECONDARY] & SECONDARY_VPID));
}

/* Interrupts by hardware: all of it or nothing. */
static void test_virtual_apic(void)
{
	struct vmx_msrs no_page = generous();
	static const u32 bits[] = { SECONDARY_X2APIC, SECONDARY_APIC_REGS, SECONDARY_VINTR };
	const u32 all = bits[0] | bits[1] | bits[2];
	unsigned int i;

	CHECK(!resolve(generous()));
	CHECK(caps.virtual_apic && caps.apic_access && caps.use_timer);
	/* At times, and never from the beginning. */
	CHECK(!(caps.words[VMX_SECONDARY] & (all | SECONDARY_APIC_ACCESS)));
	for (i = 0; i < 3; i++) {
		struct vmx_msrs m = generous();

		must_be_0(&m, VMX_SECONDARY, bits[i]);
		CHECK(!resolve(m));
		CHECK(!caps.virtual_apic && !caps.apic_access && !caps.use_timer);
	}
	must_be_0(&no_page, VMX_SECONDARY, SECONDARY_APIC_ACCESS);
	CHECK(!resolve(no_page));
	CHECK(caps.virtual_apic && !caps.apic_access);
}

static void test_pmu(void)
{
	struct vmx_msrs m = generous();

	CHECK(!vmx_resolve(&m, false, &caps));
	CHECK(!(caps.words[VMX_EXITS] & EXITS_LOAD_PERF));
	CHECK(!(caps.words[VMX_ENTRY] & ENTRY_LOAD_PERF));
	CHECK(!vmx_resolve(&m, true, &caps));
	CHECK(caps.words[VMX_EXITS] & EXITS_LOAD_PERF);
	must_be_0(&m, VMX_ENTRY, ENTRY_LOAD_PERF);
	CHECK(!vmx_resolve(&m, true, &caps));
	CHECK(!(caps.words[VMX_EXITS] & EXITS_LOAD_PERF));
}

static void test_ept(void)
{
	struct vmx_msrs m = generous();

	CHECK(!resolve(m));
	CHECK_EQ(caps.eptp_flags, 6 | 3 << 3 | BIT(6));
	m.ept_vpid &= ~EPT_CAP_AD;
	CHECK(!resolve(m));
	CHECK_EQ(caps.eptp_flags, 6 | 3 << 3);
	m.ept_vpid &= ~EPT_CAP_2M;
	CHECK(says(resolve(m), "2 MiB"));
	m = generous();
	m.ept_vpid &= ~(EPT_CAP_INVEPT_ONE | EPT_CAP_INVEPT_ALL);
	CHECK(says(resolve(m), "INVEPT"));
}

static void test_basic(void)
{
	struct vmx_msrs m = generous();

	m.basic &= ~VMX_BASIC_TRUE;
	CHECK(says(resolve(m), "too old"));
	m = generous();
	m.basic = (m.basic & ~(0xfULL << 50));	/* uncacheable */
	CHECK(says(resolve(m), "write-back"));
}

static const struct tap_test tests[] = {
	{ "a CPU that allows everything", test_generous },
	{ "bits without a name stay as the CPU wants them", test_reserved_bits_as_the_cpu_wants },
	{ "a required control that is missing is named", test_required_missing },
	{ "a CPU that insists on an unwanted control", test_never_but_insisted_on },
	{ "controls that are switched must be free", test_switched_needs_both },
	{ "wanted controls may be missing", test_wanted_missing },
	{ "no VPID without INVVPID of all contexts", test_vpid_needs_invvpid },
	{ "interrupts by hardware need three controls", test_virtual_apic },
	{ "the counters' control comes as a pair", test_pmu },
	{ "EPT capabilities", test_ept },
	{ "formats of old or odd CPUs", test_basic },
};

TAP_MAIN(tests)
