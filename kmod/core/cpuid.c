// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPUID model: Intel SDM vol. 2, CPUID; AMD APM vol. 3, appendix E.
 *
 * A feature is seen by the guest when the host has it and words[] allows it,
 * or when hv makes it itself (forced).  Everything else reads as zero, leaves
 * that are not listed included.
 */
#include "core/cpuid.h"

#include "core/vcpu.h"
#include "mmu/s2.h"

/* Words of feature bits. */
enum word {
	W_1_ECX,
	W_1_EDX,
	W_7_EBX,
	W_7_ECX,
	W_7_EDX,
	W_D1_EAX,
	W_81_ECX,
	W_81_EDX,
	W_87_EDX,
	W_88_EBX,
	NR_WORDS
};

/**
 * struct word_rule - where a word is and what may pass
 * @leaf: of CPUID
 * @subleaf: likewise
 * @reg: enum cpuid_reg
 * @allow: bits that pass where the host has them
 * @force: bits that hv provides whatever the host has
 */
struct word_rule {
	u32 leaf;
	u32 subleaf;
	u8 reg;
	u32 allow;
	u32 force;
};

/* Bits that code below refers to. */
#define F_1_ECX_FMA		BIT(12)
#define F_1_ECX_XSAVE		BIT(26)
#define F_1_ECX_OSXSAVE		BIT(27)
#define F_1_ECX_AVX		BIT(28)
#define F_1_ECX_F16C		BIT(29)
#define F_1_EDX_APIC		BIT(9)
#define F_1_EDX_HTT		BIT(28)
#define F_7_EBX_AVX2		BIT(5)
#define F_D1_EAX_XSAVES		BIT(3)
#define F_81_ECX_CMP_LEGACY	BIT(1)
#define F_81_ECX_TOPOEXT	BIT(22)
#define F_81_EDX_1G_PAGES	BIT(26)

/* Bits of 1:EDX that AMD repeats in 80000001:EDX (APM vol. 3, E.4.2). */
#define AMD_REPEATED	0x0183b37fU

static const struct word_rule words[NR_WORDS] = {
	/*
	 * Not: MONITOR, SMX, VMX, SDBG, PDCM (no PMU), PCID (no INVPCID yet),
	 * thermal and speed control.
	 */
	[W_1_ECX] = { 0x1, 0, REG_ECX,
		BIT(0) |	/* SSE3 */
		BIT(1) |	/* PCLMULQDQ */
		BIT(9) |	/* SSSE3 */
		F_1_ECX_FMA |
		BIT(13) |	/* CMPXCHG16B */
		BIT(19) |	/* SSE4.1 */
		BIT(20) |	/* SSE4.2 */
		BIT(22) |	/* MOVBE */
		BIT(23) |	/* POPCNT */
		BIT(25) |	/* AES */
		F_1_ECX_XSAVE |	/* OSXSAVE follows the guest's CR4 */
		F_1_ECX_AVX |
		F_1_ECX_F16C |
		BIT(30),	/* RDRAND */
		BIT(21) |	/* x2APIC: the LAPIC has it on every host */
		BIT(24) |	/* TSC deadline timer: likewise */
		BIT(31)		/* runs under a hypervisor */
	},
	/* Not: MCE and MCA (there are no banks), DS, ACPI, TM, PBE. */
	[W_1_EDX] = { 0x1, 0, REG_EDX,
		BIT(0) |	/* FPU */
		BIT(1) |	/* VME */
		BIT(2) |	/* DE */
		BIT(3) |	/* PSE */
		BIT(4) |	/* TSC */
		BIT(5) |	/* MSR */
		BIT(6) |	/* PAE */
		BIT(8) |	/* CMPXCHG8B */
		BIT(11) |	/* SYSENTER */
		BIT(13) |	/* PGE */
		BIT(15) |	/* CMOV */
		BIT(16) |	/* PAT */
		BIT(17) |	/* PSE-36 */
		BIT(19) |	/* CLFLUSH */
		BIT(23) |	/* MMX */
		BIT(24) |	/* FXSR */
		BIT(25) |	/* SSE */
		BIT(26),	/* SSE2 */
		F_1_EDX_APIC |	/* while IA32_APIC_BASE enables it */
		BIT(12)		/* MTRR: kept in msr.c, without effect */
	},
	/* Not: SGX, HLE, RTM, INVPCID, PQM, PQE, MPX, AVX-512, Processor Trace. */
	[W_7_EBX] = { 0x7, 0, REG_EBX,
		BIT(0) |	/* FSGSBASE */
		BIT(3) |	/* BMI1 */
		F_7_EBX_AVX2 |
		BIT(6) |	/* FPU data pointer updated on exceptions only */
		BIT(7) |	/* SMEP */
		BIT(8) |	/* BMI2 */
		BIT(9) |	/* ERMS */
		BIT(13) |	/* FPU CS and DS are deprecated */
		BIT(18) |	/* RDSEED */
		BIT(19) |	/* ADX */
		BIT(20) |	/* SMAP */
		BIT(23) |	/* CLFLUSHOPT */
		BIT(24) |	/* CLWB */
		BIT(29),	/* SHA */
		BIT(1)		/* IA32_TSC_ADJUST: kept in msr.c */
	},
	/* Not: PKU (XCR0 has no PKRU), WAITPKG, CET, VAES and VPCLMUL, LA57, RDPID. */
	[W_7_ECX] = { 0x7, 0, REG_ECX,
		BIT(2),		/* UMIP */
		0
	},
	/* Not: SPEC_CTRL and its kin, ARCH_CAPABILITIES, AMX, IBT, PCONFIG. */
	[W_7_EDX] = { 0x7, 0, REG_EDX,
		BIT(4),		/* fast short REP MOVSB */
		0
	},
	/* Not: XFD. IA32_XSS exists with XSAVES and can only be 0. */
	[W_D1_EAX] = { 0xd, 1, REG_EAX,
		BIT(0) |	/* XSAVEOPT */
		BIT(1) |	/* XSAVEC */
		BIT(2) |	/* XGETBV with ECX = 1 */
		F_D1_EAX_XSAVES,
		0
	},
	/* Not: SVM, OSVW, IBS, XOP, SKINIT, WDT, FMA4, PMU, MWAITX. */
	[W_81_ECX] = { 0x80000001, 0, REG_ECX,
		BIT(0) |	/* LAHF and SAHF in 64-bit mode */
		BIT(5) |	/* LZCNT */
		BIT(6) |	/* SSE4A */
		BIT(7) |	/* misaligned SSE */
		BIT(8) |	/* PREFETCHW */
		F_81_ECX_TOPOEXT,
		0
	},
	/* Not: FFXSR (EFER bit 14), RDTSCP, 3DNow!. AMD_REPEATED comes on top. */
	[W_81_EDX] = { 0x80000001, 0, REG_EDX,
		BIT(11) |	/* SYSCALL */
		BIT(20) |	/* NX */
		BIT(22) |	/* AMD's MMX extensions */
		F_81_EDX_1G_PAGES |
		BIT(29),	/* long mode */
		0
	},
	[W_87_EDX] = { 0x80000007, 0, REG_EDX,
		BIT(8),		/* invariant TSC: as good as the host's */
		0
	},
	/* Not: IRPERF, RDPRU, WBNOINVD, and the speculation controls. */
	[W_88_EBX] = { 0x80000008, 0, REG_EBX,
		BIT(0) |	/* CLZERO */
		BIT(2),		/* FXSAVE keeps the error pointers */
		0
	},
};

/* State components that XCR0 can enable: SDM vol. 1, 13.1. */
#define XFEATURE_X87	BIT_ULL(0)
#define XFEATURE_SSE	BIT_ULL(1)
#define XFEATURE_AVX	BIT_ULL(2)
#define XFEATURES	(XFEATURE_X87 | XFEATURE_SSE | XFEATURE_AVX)
#define NR_XFEATURES	3
#define XSAVE_LEGACY	576	/* legacy region and header */

#define BASIC_MAX	0xdU
#define EXT_BASE	0x80000000U
#define EXT_MAX		0x80000008U
#define EXT_CACHES	0x8000001dU	/* AMD's topology extensions */
#define EXT_TOPOLOGY	0x8000001eU
#define NR_LEAVES	16	/* a power of two that holds both */
#define NR_CACHES	4

struct leaf {
	u32 r[4];
};

/**
 * struct model - built once at load, constant since
 * @amd: the vendor's string is AMD's
 * @phys_bits: width of guest physical addresses
 * @xfeatures: what XCR0 may enable; 0 without XSAVE
 * @cr4: bits that may be set
 * @efer: likewise
 * @word: feature words
 * @basic: leaves as they stand before their fixups
 * @ext: likewise
 * @caches: subleaves of leaf 4, or of AMD's 8000001d
 * @xstate: subleaves of leaf 0xd
 */
static struct model {
	bool amd;
	u8 phys_bits;
	u64 xfeatures;
	u64 cr4;
	u64 efer;
	u32 word[NR_WORDS];
	struct leaf basic[NR_LEAVES];
	struct leaf ext[NR_LEAVES];
	struct leaf caches[NR_CACHES];
	struct leaf xstate[NR_XFEATURES];
} model;

/**
 * struct dependency - a control register's bit and the feature that makes it
 * @bit: in the register
 * @word: enum word; NR_WORDS where it needs none
 * @feature: its mask there
 */
struct dependency {
	u64 bit;
	u8 word;
	u32 feature;
};

/* SDM vol. 3, 2.5; APM vol. 2, 3.1.3. Not: MCE, LA57, VMXE, SMXE, PCIDE, PKE, CET. */
static const struct dependency cr4_bits[] = {
	{ BIT_ULL(0) | BIT_ULL(1), W_1_EDX, BIT(1) },	/* VME, PVI */
	{ BIT_ULL(2), W_1_EDX, BIT(4) },		/* TSD */
	{ BIT_ULL(3), W_1_EDX, BIT(2) },		/* DE */
	{ CR4_PSE, W_1_EDX, BIT(3) },
	{ CR4_PAE, W_1_EDX, BIT(6) },
	{ BIT_ULL(7), W_1_EDX, BIT(13) },		/* PGE */
	{ BIT_ULL(8), NR_WORDS, 0 },			/* PCE: RDPMC faults anyway */
	{ BIT_ULL(9), W_1_EDX, BIT(24) },		/* OSFXSR */
	{ BIT_ULL(10), W_1_EDX, BIT(25) },		/* OSXMMEXCPT */
	{ BIT_ULL(11), W_7_ECX, BIT(2) },		/* UMIP */
	{ BIT_ULL(16), W_7_EBX, BIT(0) },		/* FSGSBASE */
	{ CR4_OSXSAVE, W_1_ECX, F_1_ECX_XSAVE },
	{ CR4_SMEP, W_7_EBX, BIT(7) },
	{ CR4_SMAP, W_7_EBX, BIT(20) },
};

/* Not: SVME, LMSLE, FFXSR, TCE. */
static const struct dependency efer_bits[] = {
	{ EFER_SCE_BIT, W_81_EDX, BIT(11) },
	{ EFER_LME_BIT | EFER_LMA_BIT, W_81_EDX, BIT(29) },
	{ EFER_NXE_BIT, W_81_EDX, BIT(20) },
};

static u64 allowed_bits(const struct dependency *d, unsigned int n)
{
	u64 bits = 0;

	for (; n; n--, d++)
		if (d->word == NR_WORDS || (model.word[d->word] & d->feature))
			bits |= d->bit;
	return bits;
}

static void host_cpuid(u32 leaf, u32 subleaf, u32 r[4])
{
	asm volatile("cpuid"
		     : "=a" (r[0]), "=b" (r[1]), "=c" (r[2]), "=d" (r[3])
		     : "0" (leaf), "2" (subleaf));
}

/* Leaves beyond the host's last one would read as another leaf: make them zero. */
static struct leaf query(cpuid_source_t source, u32 leaf, u32 subleaf)
{
	struct leaf max, l = { };

	source(leaf & EXT_BASE, 0, max.r);
	if (leaf <= max.r[REG_EAX] && ((leaf ^ max.r[REG_EAX]) & EXT_BASE) == 0)
		source(leaf, subleaf, l.r);
	return l;
}

static void init_words(cpuid_source_t source)
{
	const struct word_rule *w;
	struct leaf l;
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++) {
		w = &words[i];
		l = query(source, w->leaf, w->subleaf);
		model.word[i] = (l.r[w->reg] & w->allow) | w->force;
	}
	if (model.amd)
		model.word[W_81_EDX] |= model.word[W_1_EDX] & AMD_REPEATED;
}

/*
 * XSAVE needs the host to use it too (OSXSAVE: its CR4), and AVX needs XCR0 to
 * be able to hold its state: SDM vol. 1, 14.3.
 */
static void init_xfeatures(cpuid_source_t source)
{
	struct leaf host = query(source, 0x1, 0);

	if (!(host.r[REG_ECX] & F_1_ECX_OSXSAVE))
		model.word[W_1_ECX] &= ~F_1_ECX_XSAVE;
	if (model.word[W_1_ECX] & F_1_ECX_XSAVE)
		model.xfeatures = query(source, 0xd, 0).r[REG_EAX] & XFEATURES;
	if (!(model.word[W_1_ECX] & F_1_ECX_AVX))
		model.xfeatures &= ~XFEATURE_AVX;
	if (!model.xfeatures)
		model.word[W_D1_EAX] = 0;
	if (model.xfeatures & XFEATURE_AVX)
		return;
	model.word[W_1_ECX] &= ~(F_1_ECX_AVX | F_1_ECX_FMA | F_1_ECX_F16C);
	model.word[W_7_EBX] &= ~F_7_EBX_AVX2;
}

static void init_xstate(cpuid_source_t source)
{
	unsigned int i;

	if (!model.xfeatures)
		return;
	model.xstate[0].r[REG_EAX] = model.xfeatures;
	model.xstate[1].r[REG_EAX] = model.word[W_D1_EAX];
	for (i = 2; i < NR_XFEATURES; i++)
		if (model.xfeatures & BIT_ULL(i))
			model.xstate[i] = query(source, 0xd, i);
}

static bool has_topoext(void)
{
	return model.word[W_81_ECX] & F_81_ECX_TOPOEXT;
}

/* Deterministic cache parameters.  Older CPUs of AMD's have 80000005 and 80000006. */
static void init_caches(cpuid_source_t source)
{
	unsigned int i;

	if (!model.amd)
		model.word[W_81_ECX] &= ~F_81_ECX_TOPOEXT;
	for (i = 0; i < NR_CACHES && (!model.amd || has_topoext()); i++) {
		model.caches[i] = query(source, model.amd ? EXT_CACHES : 0x4, i);
		model.caches[i].r[REG_EAX] &= 0x3fff;	/* not who shares it */
	}
}

static void init_basic(cpuid_source_t source)
{
	struct leaf host = query(source, 0x0, 0);
	u32 max = min(host.r[REG_EAX], BASIC_MAX);

	model.basic[0x0] = host;
	model.basic[0x0].r[REG_EAX] = max;
	model.basic[0x1] = query(source, 0x1, 0);
	model.basic[0x1].r[REG_EBX] &= 0x0000ff00;	/* CLFLUSH line size */
	model.basic[0x1].r[REG_ECX] = model.word[W_1_ECX];
	model.basic[0x1].r[REG_EDX] = model.word[W_1_EDX];
	if (!model.amd)
		model.basic[0x2] = query(source, 0x2, 0);	/* cache descriptors */
	model.basic[0x6].r[REG_EAX] = BIT(2);	/* ARAT: the APIC timer never stops */
	model.basic[0x7].r[REG_EBX] = model.word[W_7_EBX];
	model.basic[0x7].r[REG_ECX] = model.word[W_7_ECX];
	model.basic[0x7].r[REG_EDX] = model.word[W_7_EDX];
}

/* Our second-level tables translate no more than S2_GPA_BITS. */
static void init_address_sizes(cpuid_source_t source)
{
	u32 host = query(source, 0x80000008, 0).r[REG_EAX] & 0xff;

	model.phys_bits = min_t(u32, host ?: 36, S2_GPA_BITS);
}

static void init_extended(cpuid_source_t source)
{
	struct leaf host = query(source, EXT_BASE, 0);
	u32 leaf;

	model.ext[0] = host;
	model.ext[0].r[REG_EAX] = has_topoext() ? EXT_TOPOLOGY : EXT_MAX;
	model.ext[1].r[REG_EAX] = model.amd ? model.basic[0x1].r[REG_EAX] : 0;
	model.ext[1].r[REG_ECX] = model.word[W_81_ECX];
	model.ext[1].r[REG_EDX] = model.word[W_81_EDX];
	for (leaf = 2; leaf <= 6; leaf++)	/* brand string, caches, TLBs */
		model.ext[leaf] = query(source, EXT_BASE + leaf, 0);
	model.ext[7].r[REG_EDX] = model.word[W_87_EDX];
	model.ext[8].r[REG_EAX] = 48 << 8 | model.phys_bits;
	model.ext[8].r[REG_EBX] = model.word[W_88_EBX];
}

void cpuid_init_from(cpuid_source_t source)
{
	struct leaf vendor = query(source, 0x0, 0);

	memset(&model, 0, sizeof(model));
	model.amd = vendor.r[REG_EBX] == 0x68747541;	/* "Auth" of AuthenticAMD */
	init_words(source);
	init_xfeatures(source);
	init_xstate(source);
	init_caches(source);
	init_address_sizes(source);
	init_basic(source);
	init_extended(source);
	model.cr4 = allowed_bits(cr4_bits, ARRAY_SIZE(cr4_bits));
	model.efer = allowed_bits(efer_bits, ARRAY_SIZE(efer_bits));
}

void cpuid_init(void)
{
	cpuid_init_from(host_cpuid);
}

bool cpuid_is_amd(void)
{
	return model.amd;
}

bool cpuid_has_1g_pages(void)
{
	return model.word[W_81_EDX] & F_81_EDX_1G_PAGES;
}

bool cpuid_has_xsaves(void)
{
	return model.word[W_D1_EAX] & F_D1_EAX_XSAVES;
}

u32 cpuid_signature(void)
{
	return model.basic[0x1].r[REG_EAX];
}

unsigned int cpuid_phys_bits(void)
{
	return model.phys_bits;
}

u64 cpuid_xfeatures(void)
{
	return model.xfeatures;
}

bool xcr0_valid(u64 xcr0)
{
	if (!(xcr0 & XFEATURE_X87) || (xcr0 & ~model.xfeatures))
		return false;
	return !(xcr0 & XFEATURE_AVX) || (xcr0 & XFEATURE_SSE);
}

u64 cr4_allowed(void)
{
	return model.cr4;
}

u64 efer_allowed(void)
{
	return model.efer;
}

/* Each vCPU is a core of one package, its APIC ID its index. */
static unsigned int nr_cores(struct vcpu *v)
{
	return v->platform->nr_lapics;
}

static u32 apic_id_bits(struct vcpu *v)
{
	return nr_cores(v) > 1 ? __fls(nr_cores(v) - 1) + 1 : 0;
}

static void fix_features(struct vcpu *v, u32 subleaf, u32 r[4])
{
	r[REG_EBX] |= v->index << 24 | nr_cores(v) << 16;
	if (vcpu_cr4(v) & CR4_OSXSAVE)
		r[REG_ECX] |= F_1_ECX_OSXSAVE;
	if (!lapic_enabled(&v->lapic))
		r[REG_EDX] &= ~F_1_EDX_APIC;
	if (nr_cores(v) > 1)
		r[REG_EDX] |= F_1_EDX_HTT;
}

/* Levels 1 and 2 are a core's own, the third is shared by all. */
static void read_caches(struct vcpu *v, u32 subleaf, u32 r[4])
{
	u32 level;

	if (subleaf >= NR_CACHES || !(model.caches[subleaf].r[REG_EAX] & 0x1f))
		return;
	memcpy(r, model.caches[subleaf].r, sizeof(model.caches[subleaf].r));
	level = r[REG_EAX] >> 5 & 7;
	if (level > 2)
		r[REG_EAX] |= (nr_cores(v) - 1) << 14;
}

/* SDM vol. 2, CPUID leaf 4: how many cores there are is told with each cache. */
static void fix_caches(struct vcpu *v, u32 subleaf, u32 r[4])
{
	if (model.amd)
		return;
	read_caches(v, subleaf, r);
	if (r[REG_EAX])
		r[REG_EAX] |= (nr_cores(v) - 1) << 26;
}

/* APM vol. 3, E.4.16: APIC ID, core with one thread, the one node that there is. */
static void read_core(struct vcpu *v, u32 r[4])
{
	r[REG_EAX] = v->index;
	r[REG_EBX] = v->index;
}

static void fix_extended_features(struct vcpu *v, u32 subleaf, u32 r[4])
{
	if (subleaf)
		memset(r, 0, sizeof(u32) * 4);
}

/* Level types of leaf 0xb: 1 is SMT, 2 is core. */
static void fix_topology(struct vcpu *v, u32 subleaf, u32 r[4])
{
	r[REG_ECX] = subleaf & 0xff;
	r[REG_EDX] = v->index;
	if (subleaf > 1)
		return;
	r[REG_EAX] = subleaf ? apic_id_bits(v) : 0;
	r[REG_EBX] = subleaf ? nr_cores(v) : 1;
	r[REG_ECX] |= (subleaf + 1) << 8;
}

/* Size of the XSAVE area for @features: SDM vol. 1, 13.4.3. */
static u32 xsave_size(u64 features, bool compact)
{
	u32 size = XSAVE_LEGACY;
	const u32 *r;
	unsigned int i;

	for (i = 2; i < NR_XFEATURES; i++) {
		r = model.xstate[i].r;
		if (!(features & BIT_ULL(i)))
			continue;
		if (!compact)
			size = max(size, r[REG_EBX] + r[REG_EAX]);
		else if (r[REG_ECX] & BIT(1))
			size = ALIGN(size, 64) + r[REG_EAX];
		else
			size += r[REG_EAX];
	}
	return size;
}

static void fix_xstate(struct vcpu *v, u32 subleaf, u32 r[4])
{
	if (subleaf >= NR_XFEATURES || !model.xfeatures)
		return;
	memcpy(r, model.xstate[subleaf].r, sizeof(model.xstate[subleaf].r));
	if (subleaf == 0) {
		r[REG_EBX] = xsave_size(v->xcr0, false);
		r[REG_ECX] = xsave_size(model.xfeatures, false);
	} else if (subleaf == 1 && (r[REG_EAX] & (BIT(1) | F_D1_EAX_XSAVES))) {
		r[REG_EBX] = xsave_size(v->xcr0 | v->msrs.xss, true);
	}
}

static void fix_amd_features(struct vcpu *v, u32 subleaf, u32 r[4])
{
	if (!model.amd)
		return;
	if (!lapic_enabled(&v->lapic))
		r[REG_EDX] &= ~F_1_EDX_APIC;
	if (nr_cores(v) > 1)
		r[REG_ECX] |= F_81_ECX_CMP_LEGACY;
}

/* APM vol. 3, E.4.7: cores less one, and the bits of the APIC ID that tell them apart. */
static void fix_sizes(struct vcpu *v, u32 subleaf, u32 r[4])
{
	if (model.amd)
		r[REG_ECX] = apic_id_bits(v) << 12 | (nr_cores(v) - 1);
}

/* What depends on the subleaf or on the vCPU. */
typedef void (*fixup_t)(struct vcpu *v, u32 subleaf, u32 r[4]);

static const fixup_t basic_fixups[NR_LEAVES] = {
	[0x1] = fix_features,
	[0x4] = fix_caches,
	[0x7] = fix_extended_features,
	[0xb] = fix_topology,
	[0xd] = fix_xstate,
};

static const fixup_t ext_fixups[NR_LEAVES] = {
	[0x1] = fix_amd_features,
	[0x8] = fix_sizes,
};

/*
 * The leaf is the guest's: masked besides compared, as the comparison does not
 * bind a CPU that speculates.
 */
static void read_basic(struct vcpu *v, u32 leaf, u32 subleaf, u32 r[4])
{
	if (leaf > model.basic[0].r[REG_EAX])
		return;
	leaf &= NR_LEAVES - 1;
	memcpy(r, model.basic[leaf].r, sizeof(model.basic[leaf].r));
	if (basic_fixups[leaf])
		basic_fixups[leaf](v, subleaf, r);
}

static void read_extended(struct vcpu *v, u32 leaf, u32 subleaf, u32 r[4])
{
	unsigned int i = leaf & (NR_LEAVES - 1);

	if (leaf == EXT_CACHES && has_topoext())
		read_caches(v, subleaf, r);
	else if (leaf == EXT_TOPOLOGY && has_topoext())
		read_core(v, r);
	if (leaf > EXT_MAX)
		return;
	memcpy(r, model.ext[i].r, sizeof(model.ext[i].r));
	if (ext_fixups[i])
		ext_fixups[i](v, subleaf, r);
}

static void read_hypervisor(struct vcpu *v, u32 leaf, u32 r[4])
{
	static const char hv[] = CPUID_HV_SIGNATURE, kvm[] = CPUID_KVM_SIGNATURE;

	BUILD_BUG_ON(sizeof(hv) != 3 * sizeof(u32) + 1);
	BUILD_BUG_ON(sizeof(kvm) != 3 * sizeof(u32) + 1);
	if (leaf == CPUID_HV_BASE) {
		r[REG_EAX] = CPUID_HV_VERSION;
		memcpy(&r[REG_EBX], hv, 3 * sizeof(u32));
	} else if (leaf == CPUID_HV_VERSION) {
		r[REG_EAX] = CPUID_HV_INTERFACE;
	} else if (leaf == CPUID_KVM_BASE && pv_features(v)) {
		r[REG_EAX] = CPUID_KVM_FEATURES;
		memcpy(&r[REG_EBX], kvm, 3 * sizeof(u32));
	} else if (leaf == CPUID_KVM_FEATURES) {
		r[REG_EAX] = pv_features(v);
	}
}

void cpuid_exit(struct vcpu *v)
{
	u32 leaf = v->gpr[HV_RAX], subleaf = v->gpr[HV_RCX];
	u32 r[4] = { };

	if (leaf >= EXT_BASE)
		read_extended(v, leaf, subleaf, r);
	else if (leaf >= CPUID_HV_BASE)
		read_hypervisor(v, leaf, r);
	else
		read_basic(v, leaf, subleaf, r);
	v->gpr[HV_RAX] = r[REG_EAX];
	v->gpr[HV_RBX] = r[REG_EBX];
	v->gpr[HV_RCX] = r[REG_ECX];
	v->gpr[HV_RDX] = r[REG_EDX];
}
