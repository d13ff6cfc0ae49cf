// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "fake.h"

struct fake fake;
struct vcpu fake_vcpu;
struct platform fake_platform;
u8 *fake_page[FAKE_PAGES];

static u64 next_table;
static bool touched[FAKE_PAGES];	/* since the last reset: clearing all takes long */
static u64 random_state = 1;

const char *const exit_names[NR_EXITS] = {
#define X(symbol, name) [EXIT_##symbol] = name,
	HV_EXIT_REASONS(X)
#undef X
};

void fake_seed(u64 seed)
{
	random_state = seed * 2654435761u + 88172645463325252ull;
}

u64 fake_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void flat(u16 code_attr, u16 data_attr, u32 limit)
{
	unsigned int i;

	for (i = 0; i < NR_SEGS; i++)
		fake.seg[i] = (struct hv_segment){ .limit = limit, .attr = data_attr };
	fake.seg[SEG_CS].attr = code_attr;
}

void fake_reset(void)
{
	unsigned int i;

	for (i = 0; i < FAKE_PAGES; i++) {
		if (!fake_page[i])
			fake_page[i] = calloc(1, 4096);
		if (touched[i])
			memset(fake_page[i], 0, 4096);
		touched[i] = false;
	}
	memset(&fake, 0, sizeof(fake));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	memset(&fake_platform, 0, sizeof(fake_platform));
	fake_platform.nr_lapics = 1;
	fake_vcpu.platform = &fake_platform;
	fake_vcpu.lapic.s.base = MEMMAP_LAPIC | LAPIC_BASE_ENABLE;
	fake_vcpu.rflags = 2;
	fake_vcpu.xcr0 = 1;
	fake.cr0 = CR0_PE | CR0_PG | CR0_WP;
	fake.cr4 = CR4_PAE;
	fake.efer = EFER_LME_BIT | EFER_LMA_BIT | EFER_NXE_BIT;
	fake.cr3 = FAKE_TABLES;
	next_table = FAKE_TABLES + 4096;
	flat(0xa9b, 0xc93, U32_MAX);	/* code: L, G, P, S, RX, accessed */
}

void fake_mode(enum cpu_mode mode)
{
	fake.efer = 0;
	fake.cr4 = 0;
	fake.cr0 = mode == MODE_REAL ? 0 : CR0_PE;
	if (mode == MODE_32)
		flat(0xc9b, 0xc93, U32_MAX);
	else
		flat(0x09b, 0x093, 0xffff);
}

void fake_poke(u64 gpa, const void *from, unsigned int len)
{
	const u8 *bytes = from;

	for (; len; len--, gpa++) {
		touched[gpa >> 12] = true;
		fake_page[gpa >> 12][gpa & 0xfff] = *bytes++;
	}
}

u64 fake_peek64(u64 gpa)
{
	u64 value;

	memcpy(&value, &fake_page[gpa >> 12][gpa & 0xfff], 8);
	return value;
}

void fake_poke64(u64 gpa, u64 value)
{
	fake_poke(gpa, &value, 8);
}

void fake_poke32(u64 gpa, u32 value)
{
	fake_poke(gpa, &value, 4);
}

void fake_map(u64 gva, u64 gpa, u64 bits)
{
	u64 table = fake.cr3, entry;
	unsigned int level;

	for (level = 3; level; level--) {
		u64 at = table + (gva >> (12 + 9 * level) & 511) * 8;

		entry = fake_peek64(at);
		if (!(entry & 1)) {
			entry = next_table | 7;
			next_table += 4096;
			fake_poke64(at, entry);
		}
		table = entry & ~0xfffull;
	}
	fake_poke64(table + (gva >> 12 & 511) * 8, gpa | bits | 1);
}

/* Second level. */

bool s2_has_memory(const struct s2 *s2, u64 gpa)
{
	return gpa < FAKE_SIZE;
}

void *s2_va(const struct s2 *s2, u64 gpa, unsigned int rights)
{
	u64 page = gpa >> 12;

	if (gpa >= FAKE_SIZE || test_bit(page, fake.missing))
		return NULL;
	if ((rights & S2_WRITE) && test_bit(page, fake.readonly))
		return NULL;
	touched[page] = true;
	return fake_page[page] + (gpa & 0xfff);
}

/* Engine. */

u64 vcpu_cr0(struct vcpu *v)
{
	return fake.cr0;
}

u64 vcpu_cr3(struct vcpu *v)
{
	return fake.cr3;
}

u64 vcpu_cr4(struct vcpu *v)
{
	return fake.cr4;
}

void vcpu_set_cr(struct vcpu *v, unsigned int nr, u64 value)
{
	fake.cr4 = value;
}

u64 vcpu_efer(struct vcpu *v)
{
	return fake.efer;
}

void vcpu_set_efer(struct vcpu *v, u64 value)
{
	fake.efer = value;
}

u64 vcpu_pat(struct vcpu *v)
{
	return fake.pat;
}

void vcpu_set_pat(struct vcpu *v, u64 value)
{
	fake.pat = value;
}

u64 vcpu_tsc(struct vcpu *v)
{
	return fake.tsc;
}

void vcpu_set_tsc(struct vcpu *v, u64 value)
{
	fake.tsc = value;
}

unsigned int vcpu_cpl(struct vcpu *v)
{
	return fake.cpl;
}

void vcpu_segment(struct vcpu *v, enum hv_seg seg, struct hv_segment *s)
{
	*s = fake.seg[seg];
}

enum cpu_mode vcpu_mode(struct vcpu *v)
{
	if (!(fake.cr0 & CR0_PE))
		return MODE_REAL;
	if ((fake.efer & EFER_LMA_BIT) && (fake.seg[SEG_CS].attr & BIT(9)))
		return MODE_64;
	return fake.seg[SEG_CS].attr & BIT(10) ? MODE_32 : MODE_16;
}

u64 vcpu_wrap(struct vcpu *v, u64 rip)
{
	return rip;
}

static void injected(u8 vector, u32 error, u64 address)
{
	fake.injected++;
	fake.vector = vector;
	fake.error = error;
	fake.address = address;
}

void vcpu_inject(struct vcpu *v, u8 vector)
{
	injected(vector, 0, 0);
}

void vcpu_inject_error(struct vcpu *v, u8 vector, u32 error)
{
	injected(vector, error, 0);
}

void vcpu_inject_pf(struct vcpu *v, u64 address, u32 error)
{
	injected(VEC_PF, error, address);
}

enum outcome vcpu_stop(struct vcpu *v, enum hv_stop_reason reason, u32 status, const char *fmt, ...)
{
	va_list ap;

	fake.stops++;
	v->stop.reason = reason;
	v->stop.status = status;
	va_start(ap, fmt);
	vsnprintf(v->stop.detail, sizeof(v->stop.detail), fmt, ap);
	va_end(ap);
	return OUT_STOP;
}

void host_log(struct vcpu *v, const char *fmt, ...)
{
	fake.logs++;
}

bool host_tsc_stable(void)
{
	return fake.tsc_stable;
}

/* Chips. */

static u32 chip_read(unsigned int chip, u32 offset, unsigned int size)
{
	u32 value = 0;

	if (offset + size > 4096 || (size != 1 && size != 2 && size != 4))
		abort();
	fake.chip_reads++;
	memcpy(&value, &fake.chip[chip][offset], size);
	return value;
}

static void chip_write(unsigned int chip, u32 offset, unsigned int size, u32 value)
{
	if (offset + size > 4096 || (size != 1 && size != 2 && size != 4))
		abort();
	fake.chip_writes++;
	memcpy(&fake.chip[chip][offset], &value, size);
}

u32 lapic_mmio_read(struct lapic *l, u32 offset, unsigned int size)
{
	return chip_read(0, offset, size);
}

void lapic_mmio_write(struct lapic *l, u32 offset, unsigned int size, u32 value)
{
	chip_write(0, offset, size, value);
}

u32 ioapic_mmio_read(struct platform *p, u32 offset, unsigned int size)
{
	if (!p->insn.held)
		abort();
	fake.bus_read = p->insn.times;
	return chip_read(1, offset, size);
}

void ioapic_mmio_write(struct platform *p, u32 offset, unsigned int size, u32 value)
{
	if (!p->insn.held)
		abort();
	fake.bus_write = p->insn.times;
	chip_write(1, offset, size, value);
}

enum lapic_result lapic_read_msr(struct lapic *l, u32 msr, u64 *value)
{
	*value = msr;
	return msr == LAPIC_MSR_X2_LAST ? LAPIC_GP : LAPIC_OK;
}

enum lapic_result lapic_write_msr(struct lapic *l, u32 msr, u64 value)
{
	return msr == LAPIC_MSR_X2_LAST ? LAPIC_GP : LAPIC_OK;
}

bool platform_has_port(const struct platform *p, u16 first, u16 last)
{
	return first <= MEMMAP_COM1 + 7 && last >= MEMMAP_COM1;
}

u32 platform_in(struct platform *p, u16 port, unsigned int size)
{
	fake.port = port;
	fake.port_size = size;
	return fake.port_in++ & (size == 4 ? U32_MAX : BIT(8 * size) - 1);
}

void platform_out(struct platform *p, u16 port, unsigned int size, u32 value)
{
	fake.port = port;
	fake.port_size = size;
	fake.port_out[fake.nr_port_out++ % ARRAY_SIZE(fake.port_out)] = value;
}
