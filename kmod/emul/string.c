// SPDX-License-Identifier: GPL-2.0-only
/*
 * String instructions: MOVS, STOS, LODS, CMPS and SCAS on device memory, INS and OUTS.
 *
 * A REP does STRING_BATCH elements at most, writes its registers back and
 * leaves RIP where it is, as a CPU does for an interrupt in the middle: the
 * instruction exits again for the rest (SDM vol. 2, REP).
 */
#include "emul/alu.h"
#include "emul/operand.h"

#define STRING_BATCH	64

/**
 * struct string_op - one element's work
 * @source: it reads from seg:rSI
 * @dest: it writes to ES:rDI, or reads
 * @compares: it reads there, and a REP goes by ZF too
 * @port: it is INS or OUTS: exits for its port before it touches memory
 * @step: one element; what it touches is resolved
 */
struct string_op {
	bool source;
	bool dest;
	bool compares;
	bool port;
	void (*step)(struct emul *e, const struct guest_span *src, const struct guest_span *dst);
};

static void step_movs(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	u64 value = emul_mem_read(e, src);

	if (e->out == OUT_RESUME)
		emul_mem_write(e, dst, value);
}

static void step_stos(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	emul_mem_write(e, dst, emul_reg_read(e, HV_RAX, e->insn.op_size));
}

static void step_lods(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	u64 value = emul_mem_read(e, src);

	if (e->out == OUT_RESUME)
		emul_reg_write(e, HV_RAX, e->insn.op_size, value);
}

static void step_cmps(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	u64 first = emul_mem_read(e, src), second = emul_mem_read(e, dst);

	if (e->out == OUT_RESUME)
		alu(INSN_CMP, first, second, e->insn.op_size, &e->v->rflags);
}

static void step_scas(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	u64 value = emul_mem_read(e, dst);

	if (e->out == OUT_RESUME)
		alu(INSN_CMP, e->v->gpr[HV_RAX], value, e->insn.op_size, &e->v->rflags);
}

static void step_ins(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	u64 value;

	e->out = bus_read(e->v, HV_SPACE_PORT, e->exit->pio.port, e->insn.op_size, &value);
	if (e->out == OUT_RESUME)
		emul_mem_write(e, dst, value);
}

static void step_outs(struct emul *e, const struct guest_span *src, const struct guest_span *dst)
{
	u64 value = emul_mem_read(e, src);

	if (e->out == OUT_RESUME)
		e->out = bus_write(e->v, HV_SPACE_PORT, e->exit->pio.port, e->insn.op_size, value);
}

static const struct string_op string_ops[NR_INSN_OPS] = {
	[INSN_MOVS] = { .source = true, .dest = true, .step = step_movs },
	[INSN_STOS] = { .dest = true, .step = step_stos },
	[INSN_LODS] = { .source = true, .step = step_lods },
	[INSN_CMPS] = { .source = true, .dest = true, .compares = true, .step = step_cmps },
	[INSN_SCAS] = { .dest = true, .compares = true, .step = step_scas },
	[INSN_INS] = { .dest = true, .port = true, .step = step_ins },
	[INSN_OUTS] = { .source = true, .port = true, .step = step_outs },
};

bool emul_is_string(const struct insn *insn)
{
	return string_ops[insn->op].step && !string_ops[insn->op].port;
}

/* Registers that address and count go by the address size. */
static u64 read_index(const struct emul *e, unsigned int reg)
{
	return alu_mask(e->v->gpr[reg], e->insn.addr_size);
}

static void advance(struct emul *e, unsigned int reg, s64 step)
{
	emul_reg_write(e, reg, e->insn.addr_size, e->v->gpr[reg] + step);
}

/* Of an element that has to wait (e->out), nothing was done but what the bus's log has. */
static enum walk_result element(struct emul *e, const struct string_op *op)
{
	unsigned int size = e->insn.op_size;
	s64 step = e->v->rflags & RFLAGS_DF ? -(s64)size : size;
	host_lock_t *insn = &e->v->platform->insn;
	struct guest_span src = { }, dst = { };
	enum walk_result r = WALK_OK;
	unsigned long flags;

	if (op->source)
		r = emul_resolve(e, e->insn.seg, read_index(e, HV_RSI), size, 0, &src);
	if (r == WALK_OK && op->dest)
		r = emul_resolve(e, SEG_ES, read_index(e, HV_RDI), size,
				 op->compares ? 0 : ACCESS_WRITE, &dst);
	if (r != WALK_OK)
		return r;
	flags = host_lock(insn);
	op->step(e, &src, &dst);
	host_unlock(insn, flags);
	if (e->out != OUT_RESUME)
		return WALK_OK;
	bus_done(e->v);
	if (op->source)
		advance(e, HV_RSI, step);
	if (op->dest)
		advance(e, HV_RDI, step);
	return WALK_OK;
}

/* A comparison has ended the REP: F3 goes on while it finds equals, F2 while not. */
static bool has_found(const struct emul *e, const struct string_op *op)
{
	return op->compares && !(e->v->rflags & RFLAGS_ZF) == (e->insn.rep == 0xf3);
}

/* Elements up to the batch's end, or until somebody wants the vCPU. */
static enum walk_result repeat(struct emul *e, const struct string_op *op)
{
	enum walk_result r = WALK_OK;
	unsigned int i;

	for (i = 0; i < STRING_BATCH && read_index(e, HV_RCX); i++) {
		if (i && READ_ONCE(e->v->requests))
			break;
		r = element(e, op);
		if (r != WALK_OK || e->out != OUT_RESUME)
			break;
		advance(e, HV_RCX, -1);
		if (has_found(e, op))
			break;
	}
	return r;
}

enum outcome emul_string(struct emul *e)
{
	const struct string_op *op = &string_ops[e->insn.op];
	enum walk_result r = e->insn.rep ? repeat(e, op) : element(e, op);

	if (r != WALK_OK)
		return emul_walk_outcome(e, r);
	if (e->out != OUT_RESUME)
		return e->out;
	if (!e->insn.rep || !read_index(e, HV_RCX) || has_found(e, op))
		vcpu_skip(e->v, e->insn.len);
	return OUT_RESUME;
}

/* The engine's account of it, or where that is incomplete the instruction's own. */
static bool pio_insn(struct emul *e)
{
	const struct exit *exit = e->exit;

	if (!exit->insn_len || exit->pio.seg < 0 || !exit->pio.addr_size)
		return e->insn.op == (exit->pio.in ? INSN_INS : INSN_OUTS);
	e->insn.op = exit->pio.in ? INSN_INS : INSN_OUTS;
	e->insn.seg = exit->pio.seg;
	e->insn.addr_size = exit->pio.addr_size;
	e->insn.rep = exit->pio.rep ? 0xf3 : 0;
	e->insn.len = exit->insn_len;
	return true;
}

enum outcome emul_pio_string(struct vcpu *v, const struct exit *exit)
{
	struct emul e = { .v = v, .exit = exit };
	enum decode_result decoded;
	enum walk_result r;

	if (!exit->insn_len || exit->pio.seg < 0 || !exit->pio.addr_size) {
		r = emul_decode(&e, &decoded);
		if (r != WALK_OK)
			return emul_walk_outcome(&e, r);
	} else {
		e.mode = vcpu_mode(v);
	}
	if (!pio_insn(&e))	/* another CPU has changed it: retry */
		return OUT_RESUME;
	e.insn.op_size = exit->pio.size;
	return emul_string(&e);
}
