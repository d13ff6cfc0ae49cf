// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, memory and device pages as operands of an emulated instruction.
 */
#include "emul/operand.h"

#include "emul/alu.h"
#include "mmu/s2.h"

/* The largest power of two up to 8 that @len holds: what goes over the bus at a time. */
static unsigned int bus_size(unsigned int len)
{
	return len >= 8 ? 8 : len >= 4 ? 4 : len >= 2 ? 2 : 1;
}

/* Once an access has to wait, none follows: e->out says so to the end. */
static u64 read_bus(struct emul *e, u64 gpa, unsigned int len)
{
	unsigned int i, size;
	u64 value = 0, part;

	for (i = 0; i < len && e->out == OUT_RESUME; i += size) {
		size = bus_size(len - i);
		e->out = bus_read(e->v, HV_SPACE_MMIO, gpa + i, size, &part);
		value |= part << (8 * i);
	}
	return value;
}

static void write_bus(struct emul *e, u64 gpa, unsigned int len, u64 value)
{
	unsigned int i, size;

	for (i = 0; i < len && e->out == OUT_RESUME; i += size) {
		size = bus_size(len - i);
		e->out = bus_write(e->v, HV_SPACE_MMIO, gpa + i, size, value >> (8 * i));
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

	if (e->out != OUT_RESUME)
		return;
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

	r = guest_linear(e->v, e->mode, seg, offset, size, access, &gva, &e->fault);
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
	void *va = e->bus ? NULL : s2_va(e->v->s2, gpa, S2_READ);
	u64 value = 0;

	if (!va)
		return read_bus(e, gpa, len);
	memcpy(&value, va, len);
	return value;
}

u64 emul_mem_read(struct emul *e, const struct guest_span *span)
{
	u64 value = read_part(e, span->gpa[0], span->len[0]);

	if (span->len[1])
		value |= read_part(e, span->gpa[1], span->len[1]) << (8 * span->len[0]);
	return value;
}

static void *write_va(struct emul *e, u64 gpa)
{
	return e->bus ? NULL : s2_va(e->v->s2, gpa, S2_READ | S2_WRITE);
}

/* The bus first: memory is written when nothing can have to wait any more. */
void emul_mem_write(struct emul *e, const struct guest_span *span, u64 value)
{
	u64 rest = span->len[1] ? value >> (8 * span->len[0]) : 0;
	void *va = write_va(e, span->gpa[0]);
	void *va_rest = span->len[1] ? write_va(e, span->gpa[1]) : NULL;

	if (!va)
		write_bus(e, span->gpa[0], span->len[0], value);
	if (span->len[1] && !va_rest)
		write_bus(e, span->gpa[1], span->len[1], rest);
	if (e->out != OUT_RESUME)
		return;
	if (va)
		memcpy(va, &value, span->len[0]);
	if (va_rest)
		memcpy(va_rest, &rest, span->len[1]);
}

/* Two rounds at most: the first page's bytes, then the next's. */
static enum walk_result decode_all(struct emul *e, enum decode_result *decoded)
{
	enum walk_result r;

	for (;;) {
		*decoded = decode(e->bytes, e->bytes_len, e->mode, &e->insn);
		if (*decoded != DECODE_TOO_SHORT)
			return WALK_OK;
		r = guest_fetch(e->v, e->mode, e->bytes, &e->bytes_len, &e->fault);
		if (r != WALK_OK)
			return r;
	}
}

/* The same bytes in the same mode are the same instruction, wherever they are. */
static bool is_kept(const struct emul *e, const struct decoded *d)
{
	return d->insn.len && d->mode == e->mode && !memcmp(d->bytes, e->bytes, sizeof(d->bytes));
}

static void keep(const struct emul *e, struct decoded *d)
{
	memcpy(d->bytes, e->bytes, sizeof(d->bytes));
	d->mode = e->mode;
	d->insn = e->insn;
}

enum walk_result emul_decode(struct emul *e, enum decode_result *decoded)
{
	struct decoded *d = &e->v->decoded[e->v->rip % NR_DECODED];
	enum walk_result r = WALK_OK;

	e->mode = vcpu_mode(e->v);
	if (!e->bytes_len)
		r = guest_fetch(e->v, e->mode, e->bytes, &e->bytes_len, &e->fault);
	if (r != WALK_OK)
		return r;
	/* Fewer bytes, at the end of a page, would be told from others by what follows. */
	if (e->bytes_len < INSN_MAX)
		return decode_all(e, decoded);
	if (!is_kept(e, d)) {
		r = decode_all(e, decoded);
		if (r != WALK_OK || *decoded != DECODE_OK)
			return r;
		keep(e, d);
	}
	e->insn = d->insn;
	*decoded = DECODE_OK;
	return WALK_OK;
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
