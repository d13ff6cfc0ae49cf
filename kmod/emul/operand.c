// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, memory and device pages as operands of an emulated instruction.
 */
#include "emul/operand.h"

#include "emul/alu.h"
#include "mmu/s2.h"

/**
 * struct mmio_page - a page that a chip answers
 * @base: guest physical
 * @enabled: it answers now; NULL: always
 * @read: 1, 2 or 4 bytes at an offset
 * @write: likewise
 */
struct mmio_page {
	u64 base;
	bool (*enabled)(struct vcpu *v);
	u32 (*read)(struct vcpu *v, u32 offset, unsigned int size);
	void (*write)(struct vcpu *v, u32 offset, unsigned int size, u32 value);
};

static bool xapic_enabled(struct vcpu *v)
{
	return lapic_enabled(&v->lapic) && !lapic_is_x2(&v->lapic);
}

static u32 xapic_read(struct vcpu *v, u32 offset, unsigned int size)
{
	return lapic_mmio_read(&v->lapic, offset, size);
}

static void xapic_write(struct vcpu *v, u32 offset, unsigned int size, u32 value)
{
	lapic_mmio_write(&v->lapic, offset, size, value);
}

static u32 ioapic_read(struct vcpu *v, u32 offset, unsigned int size)
{
	return ioapic_mmio_read(v->platform, offset, size);
}

static void ioapic_write(struct vcpu *v, u32 offset, unsigned int size, u32 value)
{
	ioapic_mmio_write(v->platform, offset, size, value);
}

static const struct mmio_page mmio_pages[] = {
	{ MEMMAP_LAPIC, xapic_enabled, xapic_read, xapic_write },
	{ MEMMAP_IOAPIC, NULL, ioapic_read, ioapic_write },
};

static const struct mmio_page *find_page(struct vcpu *v, u64 gpa)
{
	const struct mmio_page *p;

	for (p = mmio_pages; p < mmio_pages + ARRAY_SIZE(mmio_pages); p++)
		if ((gpa & ~0xfffULL) == p->base && (!p->enabled || p->enabled(v)))
			return p;
	return NULL;
}

/* The largest power of two up to 4 that @len holds: what a chip takes at a time. */
static unsigned int chip_size(unsigned int len)
{
	return len >= 4 ? 4 : len >= 2 ? 2 : 1;
}

static u64 bus_read(struct vcpu *v, u64 gpa, unsigned int len)
{
	const struct mmio_page *p = find_page(v, gpa);
	unsigned int i, size;
	u64 value = 0;

	if (!p)
		return alu_mask(~0ULL, len);
	for (i = 0; i < len; i += size) {
		size = chip_size(len - i);
		value |= alu_mask(p->read(v, (gpa + i) & 0xfff, size), size) << (8 * i);
	}
	return value;
}

static void bus_write(struct vcpu *v, u64 gpa, unsigned int len, u64 value)
{
	const struct mmio_page *p = find_page(v, gpa);
	unsigned int i, size;

	if (!p)
		return;
	for (i = 0; i < len; i += size) {
		size = chip_size(len - i);
		p->write(v, (gpa + i) & 0xfff, size, alu_mask(value >> (8 * i), size));
	}
}

/* AH, CH, DH and BH are 4 to 7 where there is no REX prefix: SDM vol. 2, table 3-1. */
static bool is_high_byte(const struct emul *e, unsigned int reg, unsigned int size)
{
	return size == 1 && !e->insn.has_rex && reg >= 4 && reg < 8;
}

u64 emul_reg_read(const struct emul *e, unsigned int reg, unsigned int size)
{
	if (is_high_byte(e, reg, size))
		return e->v->gpr[reg - 4] >> 8 & 0xff;
	return alu_mask(e->v->gpr[reg], size);
}

/* 32 bits zero the upper half, 8 and 16 leave the rest alone: SDM vol. 1, 3.4.1.1. */
void emul_reg_write(struct emul *e, unsigned int reg, unsigned int size, u64 value)
{
	u64 *gpr = &e->v->gpr[reg];
	u64 mask = alu_mask(~0ULL, size);

	if (is_high_byte(e, reg, size)) {
		gpr = &e->v->gpr[reg - 4];
		*gpr = (*gpr & ~0xff00ULL) | (value & 0xff) << 8;
	} else if (size == 4) {
		*gpr = (u32)value;
	} else {
		*gpr = (*gpr & ~mask) | (value & mask);
	}
}

/*
 * BT and its like with a register: the bit string goes on beyond the operand,
 * in both directions (SDM vol. 2, 3.1.1.9).
 */
static u64 bit_displacement(const struct emul *e)
{
	const struct insn *insn = &e->insn;
	s64 bit;

	if (insn->op < INSN_BT || insn->op > INSN_BTC || insn->src != OPERAND_REG)
		return 0;
	bit = alu_sign_extend(e->v->gpr[insn->reg], insn->op_size);
	return (bit >> (insn->op_size == 8 ? 6 : insn->op_size == 4 ? 5 : 4)) * insn->op_size;
}

u64 emul_offset(const struct emul *e)
{
	const struct insn *insn = &e->insn;
	u64 offset = insn->disp + bit_displacement(e);

	if (insn->rip_relative)
		offset += e->v->rip + insn->len;
	if (insn->base != INSN_NO_REG)
		offset += e->v->gpr[insn->base];
	if (insn->index != INSN_NO_REG)
		offset += e->v->gpr[insn->index] * insn->scale;
	return alu_mask(offset, insn->addr_size);
}

/* Memory has to be there; where there is none, a chip or nothing answers. */
static enum walk_result resolve_part(struct emul *e, u64 gpa, u32 access)
{
	void *va;

	if (!s2_has_memory(e->v->s2, gpa))
		return WALK_OK;
	return guest_memory(e->v, gpa, access, &va, &e->fault);
}

enum walk_result emul_resolve(struct emul *e, enum hv_seg seg, u64 offset, unsigned int size,
			      u32 access, struct guest_span *span)
{
	enum walk_result r;
	u64 gva;

	r = guest_linear(e->v, seg, offset, size, access, &gva, &e->fault);
	if (r == WALK_OK)
		r = guest_span(e->v, gva, size, access | guest_access(e->v), span, &e->fault);
	if (r == WALK_OK)
		r = resolve_part(e, span->gpa[0], access);
	if (r == WALK_OK && span->len[1])
		r = resolve_part(e, span->gpa[1], access);
	return r;
}

static u64 read_part(struct emul *e, u64 gpa, unsigned int len)
{
	void *va = s2_va(e->v->s2, gpa, S2_READ);
	u64 value = 0;

	if (!va)
		return bus_read(e->v, gpa, len);
	memcpy(&value, va, len);
	return value;
}

static void write_part(struct emul *e, u64 gpa, unsigned int len, u64 value)
{
	void *va = s2_va(e->v->s2, gpa, S2_READ | S2_WRITE);

	if (va)
		memcpy(va, &value, len);
	else
		bus_write(e->v, gpa, len, value);
}

u64 emul_mem_read(struct emul *e, const struct guest_span *span)
{
	u64 value = read_part(e, span->gpa[0], span->len[0]);

	if (span->len[1])
		value |= read_part(e, span->gpa[1], span->len[1]) << (8 * span->len[0]);
	return value;
}

void emul_mem_write(struct emul *e, const struct guest_span *span, u64 value)
{
	write_part(e, span->gpa[0], span->len[0], value);
	if (span->len[1])
		write_part(e, span->gpa[1], span->len[1], value >> (8 * span->len[0]));
}

/* Two rounds at most: the first page's bytes, then the next's. */
enum walk_result emul_decode(struct emul *e, enum decode_result *decoded)
{
	enum walk_result r = WALK_OK;

	for (;;) {
		*decoded = decode(e->bytes, e->bytes_len, vcpu_mode(e->v), &e->insn);
		if (*decoded != DECODE_TOO_SHORT)
			return WALK_OK;
		r = guest_fetch(e->v, e->bytes, &e->bytes_len, &e->fault);
		if (r != WALK_OK)
			return r;
	}
}

enum outcome emul_walk_outcome(struct emul *e, enum walk_result r)
{
	switch (r) {
	case WALK_FAULT:
		if (e->fault.vector == VEC_PF)
			vcpu_inject_pf(e->v, e->fault.address, e->fault.error);
		else
			vcpu_inject_error(e->v, e->fault.vector, e->fault.error);
		return OUT_RESUME;
	case WALK_FILL:
		return OUT_S2_FILL;
	case WALK_UNMAPPED:
		return vcpu_stop(e->v, HV_STOP_REASON_INTERNAL_ERROR, 0,
				 "the instruction at rip %#llx needs memory at %#llx: there is none",
				 e->v->rip, e->fault.address);
	default:
		return OUT_RESUME;
	}
}

/* The bytes in hexadecimal, as people search for them. */
static const char *hex(const struct emul *e, char text[3 * INSN_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned int i;

	for (i = 0; i < e->bytes_len; i++) {
		text[3 * i] = ' ';
		text[3 * i + 1] = digits[e->bytes[i] >> 4];
		text[3 * i + 2] = digits[e->bytes[i] & 0xf];
	}
	text[3 * i] = '\0';
	return text;
}

enum outcome emul_unknown(struct emul *e)
{
	char text[3 * INSN_MAX + 1];

	hex(e, text);
	if (vcpu_cpl(e->v) != 3)
		return vcpu_stop(e->v, HV_STOP_REASON_INTERNAL_ERROR, 0,
				 "cannot emulate access to %#llx at rip %#llx:%s",
				 e->exit->s2.gpa, e->v->rip, text);
	host_log(e->v, "cannot emulate access to %#llx at rip %#llx (user):%s",
		 e->exit->s2.gpa, e->v->rip, text);
	vcpu_inject(e->v, VEC_UD);
	return OUT_RESUME;
}
