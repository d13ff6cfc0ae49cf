// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MSR model: Intel SDM vol. 4; AMD APM vol. 2, appendix A, and the
 * Processor Programming Reference for family 17h.
 *
 * What the hardware switches (SYSCALL, SYSENTER, FS and GS bases) passes the
 * engine's bitmap and never gets here.  Not in the table, on purpose:
 * TSC_AUX (RDTSCP is hidden), SPEC_CTRL and PRED_CMD (likewise), AMD's LS_CFG
 * (a guest that can read it would set it at each context switch for SSBD,
 * without effect), VM_CR and VM_HSAVE_PA (SVM is hidden), PMU (but for what AMD
 * guests need not ask for) and OSVW.
 */
#include "core/msr.h"

#include "core/cpuid.h"

enum msr_vendor { ANY, AMD, INTEL };

/**
 * struct msr_row - one MSR, or some that are alike
 * @first: number of the first
 * @last: of the last; 0: @first
 * @vendor: whose CPUs have it
 * @read: NULL: @value is read
 * @write: NULL: #GP
 * @value: what a read gives without @read; what write_same() takes
 * @ignored: bits that write_same() does not look at
 */
struct msr_row {
	u32 first;
	u32 last;
	enum msr_vendor vendor;
	bool (*read)(struct vcpu *v, u32 msr, u64 *value);
	bool (*write)(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value);
	u64 value;
	u64 ignored;
};

#define MSR_TSC			0x10
#define MSR_PLATFORM_ID		0x17
#define MSR_TSC_ADJUST		0x3b
#define MSR_UCODE_WRITE		0x79
#define MSR_UCODE_REV		0x8b
#define MSR_MTRR_CAP		0xfe
#define MSR_MCG_CAP		0x179
#define MSR_MCG_STATUS		0x17a
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUGCTL		0x1d9
#define MSR_MTRR_VAR		0x200
#define MSR_MTRR_FIX64K		0x250
#define MSR_MTRR_FIX16K		0x258
#define MSR_MTRR_FIX4K		0x268
#define MSR_PAT			0x277
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MSR_XSS			0xda0
#define MSR_EFER_NR		0xc0000080
#define MSR_AMD_PERF_EVTSEL	0xc0010000
#define MSR_AMD_SYSCFG		0xc0010010
#define MSR_AMD_HWCR		0xc0010015
#define MSR_AMD_IORR		0xc0010016
#define MSR_AMD_TOP_MEM		0xc001001a
#define MSR_AMD_TOP_MEM2	0xc001001d
#define MSR_AMD_NB_CFG		0xc001001f
#define MSR_AMD_PATCH_LOADER	0xc0010020
#define MSR_AMD_INT_PENDING	0xc0010055
#define MSR_AMD_MMIO_CONF	0xc0010058
#define MSR_AMD_DE_CFG		0xc0011029

#define NR_MTRR_VAR		8
#define MTRR_CAP		(NR_MTRR_VAR | BIT(8) | BIT(10))	/* fixed ranges, WC */
#define MTRR_DEF_ENABLE		BIT(11)
#define MTRR_DEF_FIXED		BIT(10)
#define MTRR_MASK_VALID		BIT(11)
#define MTRR_TYPE_WB		6

#define MISC_ENABLE_FAST_STRING	BIT_ULL(0)
#define MISC_ENABLE_BTS_UNAVAIL	BIT_ULL(11)
#define MISC_ENABLE_PEBS_UNAVAIL BIT_ULL(12)

#define HWCR_TSC_FREQ_SEL	BIT_ULL(24)
#define DE_CFG_LFENCE		BIT_ULL(1)

/* Memory types, SDM vol. 3, table 12-2: UC, WC, WT, WP, WB; PAT also UC-. */
static bool mtrr_type_valid(u8 type)
{
	return type < 8 && (BIT(type) & 0x73);
}

static bool pat_type_valid(u8 type)
{
	return type < 8 && (BIT(type) & 0xf3);
}

static bool types_valid(u64 value, bool (*valid)(u8 type))
{
	unsigned int i;

	for (i = 0; i < 64; i += 8)
		if (!valid(value >> i))
			return false;
	return true;
}

/* Bits of an address that the guest's CPU does not have. */
static u64 address_reserved(void)
{
	return ~(BIT_ULL(cpuid_phys_bits()) - 1);
}

static bool write_same(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	return !((value ^ row->value) & ~row->ignored);
}

static bool write_ignored(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	return true;
}

static bool read_lapic(struct vcpu *v, u32 msr, u64 *value)
{
	return lapic_read_msr(&v->lapic, msr, value) == LAPIC_OK;
}

static bool write_lapic(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	return lapic_write_msr(&v->lapic, msr, value) == LAPIC_OK;
}

static bool read_tsc(struct vcpu *v, u32 msr, u64 *value)
{
	*value = vcpu_tsc(v);
	return true;
}

/* SDM vol. 3, 18.17.3: writing one of TSC and TSC_ADJUST moves the other by as much. */
static bool write_tsc(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	v->msrs.tsc_adjust += value - vcpu_tsc(v);
	vcpu_set_tsc(v, value);
	return true;
}

static bool read_tsc_adjust(struct vcpu *v, u32 msr, u64 *value)
{
	*value = v->msrs.tsc_adjust;
	return true;
}

static bool write_tsc_adjust(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	vcpu_set_tsc(v, vcpu_tsc(v) + value - v->msrs.tsc_adjust);
	v->msrs.tsc_adjust = value;
	return true;
}

static bool write_pvclock(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	return pvclock_write(v, msr, value);
}

static bool write_pv(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	return pv_write(v, msr, value);
}

static bool read_efer(struct vcpu *v, u32 msr, u64 *value)
{
	*value = vcpu_efer(v);
	return true;
}

/* SDM vol. 3, 2.2.1; APM vol. 2, 3.1.7: LMA follows LME and CR0.PG, writes of it are lost. */
static bool write_efer(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	u64 old = vcpu_efer(v);

	if (value & ~efer_allowed())
		return false;
	if (((value ^ old) & EFER_LME_BIT) && (vcpu_cr0(v) & CR0_PG))
		return false;
	vcpu_set_efer(v, (value & ~EFER_LMA_BIT) | (old & EFER_LMA_BIT));
	return true;
}

static bool read_pat(struct vcpu *v, u32 msr, u64 *value)
{
	*value = vcpu_pat(v);
	return true;
}

static bool write_pat(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	if (!types_valid(value, pat_type_valid))
		return false;
	vcpu_set_pat(v, value);
	return true;
}

static bool read_mtrr_def_type(struct vcpu *v, u32 msr, u64 *value)
{
	*value = v->msrs.mtrr_def_type;
	return true;
}

static bool write_mtrr_def_type(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	if ((value & ~(u64)(0xff | MTRR_DEF_ENABLE | MTRR_DEF_FIXED)) || !mtrr_type_valid(value))
		return false;
	v->msrs.mtrr_def_type = value;
	return true;
}

/* Kept in the order 64K, 16K, 4K: 1, 2 and 8 registers. */
static u64 *mtrr_fixed(struct vcpu *v, u32 msr)
{
	if (msr >= MSR_MTRR_FIX4K)
		return &v->msrs.mtrr_fixed[3 + (msr & 7)];
	if (msr >= MSR_MTRR_FIX16K)
		return &v->msrs.mtrr_fixed[1 + (msr & 1)];
	return &v->msrs.mtrr_fixed[0];
}

static bool read_mtrr_fixed(struct vcpu *v, u32 msr, u64 *value)
{
	*value = *mtrr_fixed(v, msr);
	return true;
}

static bool write_mtrr_fixed(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	if (!types_valid(value, mtrr_type_valid))
		return false;
	*mtrr_fixed(v, msr) = value;
	return true;
}

static u64 *mtrr_var(struct vcpu *v, u32 msr)
{
	return &v->msrs.mtrr_var[msr & (2 * NR_MTRR_VAR - 1)];
}

static bool read_mtrr_var(struct vcpu *v, u32 msr, u64 *value)
{
	*value = *mtrr_var(v, msr);
	return true;
}

/* Even numbers are bases (type in bits 7:0), odd ones masks (valid in bit 11). */
static bool write_mtrr_var(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	u64 reserved = address_reserved() | (msr & 1 ? MTRR_MASK_VALID - 1 : 0xf00);

	if ((value & reserved) || (!(msr & 1) && !mtrr_type_valid(value)))
		return false;
	*mtrr_var(v, msr) = value;
	return true;
}

static bool read_mcg_status(struct vcpu *v, u32 msr, u64 *value)
{
	*value = v->msrs.mcg_status;
	return true;
}

static bool write_mcg_status(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	if (value & ~7ULL)	/* RIPV, EIPV, MCIP */
		return false;
	v->msrs.mcg_status = value;
	return true;
}

static bool read_misc_enable(struct vcpu *v, u32 msr, u64 *value)
{
	*value = v->msrs.misc_enable;
	return true;
}

/* Only fast strings can be switched; the rest keeps its value, as on KVM and on many CPUs. */
static bool write_misc_enable(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	v->msrs.misc_enable &= ~MISC_ENABLE_FAST_STRING;
	v->msrs.misc_enable |= value & MISC_ENABLE_FAST_STRING;
	return true;
}

static bool read_xss(struct vcpu *v, u32 msr, u64 *value)
{
	*value = v->msrs.xss;
	return cpuid_has_xsaves();
}

/* No supervisor state component is in the model. */
static bool write_xss(struct vcpu *v, const struct msr_row *row, u32 msr, u64 value)
{
	return cpuid_has_xsaves() && !value;
}

/* Searched from the top: those that a guest uses all the time come first. */
static const struct msr_row rows[] = {
	{ LAPIC_MSR_DEADLINE, 0, ANY, read_lapic, write_lapic },
	{ LAPIC_MSR_X2_FIRST, LAPIC_MSR_X2_LAST, ANY, read_lapic, write_lapic },
	{ MSR_TSC, 0, ANY, read_tsc, write_tsc },
	{ MSR_TSC_ADJUST, 0, ANY, read_tsc_adjust, write_tsc_adjust },
	{ LAPIC_MSR_BASE, 0, ANY, read_lapic, write_lapic },
	{ PVCLOCK_MSR_WALL, PVCLOCK_MSR_SYSTEM, ANY, pvclock_read, write_pvclock },
	{ PV_MSR_STEAL, PV_MSR_EOI, ANY, pv_read, write_pv },
	{ MSR_EFER_NR, 0, ANY, read_efer, write_efer },
	{ MSR_PAT, 0, ANY, read_pat, write_pat },
	{ MSR_XSS, 0, ANY, read_xss, write_xss },

	/* MTRRs: Linux reads them all at boot; second-level paging decides the types. */
	{ MSR_MTRR_CAP, 0, ANY, .value = MTRR_CAP },
	{ MSR_MTRR_VAR, MSR_MTRR_VAR + 2 * NR_MTRR_VAR - 1, ANY, read_mtrr_var, write_mtrr_var },
	{ MSR_MTRR_FIX64K, 0, ANY, read_mtrr_fixed, write_mtrr_fixed },
	{ MSR_MTRR_FIX16K, MSR_MTRR_FIX16K + 1, ANY, read_mtrr_fixed, write_mtrr_fixed },
	{ MSR_MTRR_FIX4K, MSR_MTRR_FIX4K + 7, ANY, read_mtrr_fixed, write_mtrr_fixed },
	{ MSR_MTRR_DEF_TYPE, 0, ANY, read_mtrr_def_type, write_mtrr_def_type },

	/* No banks, for those that look without asking CPUID for MCA. */
	{ MSR_MCG_CAP, 0, ANY },
	{ MSR_MCG_STATUS, 0, ANY, read_mcg_status, write_mcg_status },

	/* Last-branch records and BTS: never on. Linux clears it without asking first. */
	{ MSR_DEBUGCTL, 0, ANY, .write = write_same },

	/*
	 * Microcode: Linux reads the revision at every boot, and its loader
	 * stays away from a hypervisor's guest. Intel has the revision in the
	 * upper half, and wants 0 written before CPUID and RDMSR.
	 */
	{ MSR_UCODE_REV, 0, AMD, .value = 0x01000065 },
	{ MSR_UCODE_REV, 0, INTEL, .write = write_ignored, .value = 1ULL << 32 },
	{ MSR_UCODE_WRITE, 0, INTEL, .write = write_ignored },
	{ MSR_AMD_PATCH_LOADER, 0, AMD, .write = write_ignored },

	/* Intel: Linux reads both unasked on family 6. */
	{ MSR_PLATFORM_ID, 0, INTEL },
	{ MSR_MISC_ENABLE, 0, INTEL, read_misc_enable, write_misc_enable },

	/*
	 * AMD: four counters and their controls are there without a bit in CPUID
	 * (APM vol. 2, 13.2.1). They count nothing, and do not keep what is written,
	 * which tells Linux so.
	 */
	{ MSR_AMD_PERF_EVTSEL, MSR_AMD_PERF_EVTSEL + 7, AMD, .write = write_ignored },
	/* AMD: no TOP_MEM2 enabled, no memory encryption. Linux's MTRR code reads it unasked. */
	{ MSR_AMD_SYSCFG, 0, AMD, .write = write_same },
	/*
	 * The TSC counts at P0's frequency: Linux wants that of an invariant
	 * TSC. Its writes switch off caches of the TLB (3), the flush filter
	 * (6) and IGNNE (8), and what SMM locks (0): without meaning here.
	 */
	{ MSR_AMD_HWCR, 0, AMD, .write = write_same, .value = HWCR_TSC_FREQ_SEL,
	  .ignored = BIT_ULL(0) | BIT_ULL(3) | BIT_ULL(6) | BIT_ULL(8) | HWCR_TSC_FREQ_SEL },
	/* Variable I/O ranges and top of memory: where firmware left them off. */
	{ MSR_AMD_IORR, MSR_AMD_IORR + 3, AMD, .write = write_same },
	{ MSR_AMD_TOP_MEM, 0, AMD, .write = write_same },
	{ MSR_AMD_TOP_MEM2, 0, AMD, .write = write_same },
	/* Linux switches extended PCI accesses through 0xcf8 on, on each CPU, unasked. */
	{ MSR_AMD_NB_CFG, 0, AMD, .write = write_ignored },
	/* C1E's message: read by idle code of old families. Off. */
	{ MSR_AMD_INT_PENDING, 0, AMD, .write = write_same },
	/* PCI configuration in memory space: off. Linux looks here for family 10h and later. */
	{ MSR_AMD_MMIO_CONF, 0, AMD, .write = write_same },
	/* LFENCE is serializing, as Linux wants it for Spectre variant 1, and stays so. */
	{ MSR_AMD_DE_CFG, 0, AMD, .write = write_same, .value = DE_CFG_LFENCE,
	  .ignored = BIT_ULL(9) },	/* Zen 2's fix for Zenbleed */
};

static const struct msr_row *find(u32 msr)
{
	enum msr_vendor vendor = cpuid_is_amd() ? AMD : INTEL;
	const struct msr_row *row;

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++)
		if (msr >= row->first && msr <= max(row->first, row->last) &&
		    (row->vendor == ANY || row->vendor == vendor))
			return row;
	return NULL;
}

bool msr_read(struct vcpu *v, u32 msr, u64 *value)
{
	const struct msr_row *row = find(msr);

	if (!row)
		return false;
	if (row->read)
		return row->read(v, msr, value);
	*value = row->value;
	return true;
}

bool msr_write(struct vcpu *v, u32 msr, u64 value)
{
	const struct msr_row *row = find(msr);

	return row && row->write && row->write(v, row, msr, value);
}

bool xcr_write(struct vcpu *v, u32 xcr, u64 value)
{
	if (xcr || !xcr0_valid(value))
		return false;
	v->xcr0 = value;
	return true;
}

/*
 * MTRRs start as firmware leaves them, which a guest booted by hv does not
 * have: on, everything write-back.  Linux gives up on PAT where they are off.
 */
void msr_reset(struct vcpu *v)
{
	memset(&v->msrs, 0, sizeof(v->msrs));
	v->msrs.mtrr_def_type = MTRR_DEF_ENABLE | MTRR_TYPE_WB;
	v->msrs.misc_enable = MISC_ENABLE_FAST_STRING | MISC_ENABLE_BTS_UNAVAIL |
			      MISC_ENABLE_PEBS_UNAVAIL;
}
