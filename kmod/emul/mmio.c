// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that touch guest physical addresses without memory: a chip's
 * page, or an empty bus.
 */
#include "emul/alu.h"
#include "emul/operand.h"

/**
 * struct execution - how an instruction with a memory operand is carried out
 * @run: NULL: not known
 * @write: it writes its first operand
 */
struct execution {
	void (*run)(struct emul *e, const struct guest_span *mem);
	bool write;
};

static u64 read_operand(struct emul *e, const struct guest_span *mem, enum insn_operand which,
			unsigned int size)
{
	switch (which) {
	case OPERAND_RM:
	case OPERAND_MOFFS:
		return emul_mem_read(e, mem);
	case OPERAND_REG:
		return emul_reg_read(e, e->insn.reg, size);
	case OPERAND_ACC:
		return emul_reg_read(e, HV_RAX, size);
	case OPERAND_ONE:
		return 1;
	case OPERAND_CL:
		return emul_reg_read(e, HV_RCX, 1);
	default:
		return alu_mask(e->insn.imm, size);
	}
}

static void write_operand(struct emul *e, const struct guest_span *mem, enum insn_operand which,
			  u64 value)
{
	if (which == OPERAND_REG)
		emul_reg_write(e, e->insn.reg, e->insn.op_size, value);
	else if (which == OPERAND_ACC)
		emul_reg_write(e, HV_RAX, e->insn.op_size, value);
	else
		emul_mem_write(e, mem, value);
}

static u64 read_dst(struct emul *e, const struct guest_span *mem)
{
	return read_operand(e, mem, e->insn.dst, e->insn.op_size);
}

static u64 read_src(struct emul *e, const struct guest_span *mem)
{
	return read_operand(e, mem, e->insn.src, e->insn.src_size);
}

static void run_alu(struct emul *e, const struct guest_span *mem)
{
	u64 src = e->insn.src == OPERAND_NONE ? 0 : read_src(e, mem);

	write_operand(e, mem, e->insn.dst,
		      alu(e->insn.op, read_dst(e, mem), src, e->insn.op_size, &e->v->rflags));
}

/* Flags only: CMP, TEST, BT. */
static void run_compare(struct emul *e, const struct guest_span *mem)
{
	u64 src = read_src(e, mem);

	alu(e->insn.op, read_dst(e, mem), src, e->insn.op_size, &e->v->rflags);
}

static void run_mov(struct emul *e, const struct guest_span *mem)
{
	write_operand(e, mem, e->insn.dst, read_src(e, mem));
}

static void run_movsx(struct emul *e, const struct guest_span *mem)
{
	write_operand(e, mem, e->insn.dst, alu_sign_extend(read_src(e, mem), e->insn.src_size));
}

static void run_movbe(struct emul *e, const struct guest_span *mem)
{
	u64 value = __builtin_bswap64(read_src(e, mem)) >> (64 - 8 * e->insn.op_size);

	write_operand(e, mem, e->insn.dst, value);
}

static void run_xchg(struct emul *e, const struct guest_span *mem)
{
	u64 src = read_src(e, mem), dst = read_dst(e, mem);

	write_operand(e, mem, e->insn.dst, src);
	write_operand(e, mem, e->insn.src, dst);
}

static void run_xadd(struct emul *e, const struct guest_span *mem)
{
	u64 src = read_src(e, mem), dst = read_dst(e, mem);

	write_operand(e, mem, e->insn.dst,
		      alu(INSN_ADD, dst, src, e->insn.op_size, &e->v->rflags));
	write_operand(e, mem, e->insn.src, dst);
}

/* The destination is written in either case: SDM vol. 2, CMPXCHG. */
static void run_cmpxchg(struct emul *e, const struct guest_span *mem)
{
	unsigned int size = e->insn.op_size;
	u64 acc = emul_reg_read(e, HV_RAX, size), dst = read_dst(e, mem);

	alu(INSN_CMP, acc, dst, size, &e->v->rflags);
	emul_mem_write(e, mem, acc == dst ? read_src(e, mem) : dst);
	if (acc != dst)
		emul_reg_write(e, HV_RAX, size, dst);
}

static void run_imul_imm(struct emul *e, const struct guest_span *mem)
{
	write_operand(e, mem, e->insn.dst,
		      alu(INSN_IMUL, read_src(e, mem), e->insn.imm, e->insn.op_size,
			  &e->v->rflags));
}

static void run_setcc(struct emul *e, const struct guest_span *mem)
{
	write_operand(e, mem, e->insn.dst, alu_condition(e->insn.imm, e->v->rflags));
}

/* The memory is read, and the upper half of a 32-bit register cleared, in either case. */
static void run_cmovcc(struct emul *e, const struct guest_span *mem)
{
	u64 src = read_src(e, mem);

	write_operand(e, mem, e->insn.dst,
		      alu_condition(e->insn.imm, e->v->rflags) ? src : read_dst(e, mem));
}

/* Memory first, where both are written: a register is not, once that has to wait. */
static const struct execution executions[NR_INSN_OPS] = {
	[INSN_ADD ... INSN_XOR] = { run_alu, true },
	[INSN_CMP] = { run_compare },
	[INSN_TEST] = { run_compare },
	[INSN_BT] = { run_compare },
	[INSN_BTS ... INSN_BTC] = { run_alu, true },
	[INSN_INC ... INSN_NEG] = { run_alu, true },
	[INSN_ROL ... INSN_SAR] = { run_alu, true },
	[INSN_IMUL] = { run_alu },
	[INSN_IMUL_IMM] = { run_imul_imm },
	[INSN_SETCC] = { run_setcc, true },
	[INSN_CMOVCC] = { run_cmovcc },
	[INSN_MOV] = { run_mov, true },
	[INSN_MOVZX] = { run_mov },
	[INSN_MOVSX] = { run_movsx },
	[INSN_MOVBE] = { run_movbe, true },
	[INSN_XCHG] = { run_xchg, true },
	[INSN_XADD] = { run_xadd, true },
	[INSN_CMPXCHG] = { run_cmpxchg, true },
};

static bool is_memory(u8 operand)
{
	return operand == OPERAND_RM || operand == OPERAND_MOFFS;
}

static unsigned int mem_size(const struct insn *insn)
{
	return is_memory(insn->dst) ? insn->op_size : insn->src_size;
}

static u32 mem_access(const struct insn *insn)
{
	return executions[insn->op].write && is_memory(insn->dst) ? ACCESS_WRITE : 0;
}

/*
 * Where the operand is.  The CPU has translated it already, unless it crosses
 * into another page: then both parts are translated here.  An operand that is
 * not where the CPU faulted: what was decoded is not what was run.
 */
static enum walk_result locate(struct emul *e, struct guest_span *mem, bool *found)
{
	const struct insn *insn = &e->insn;
	unsigned int size = mem_size(insn);
	u64 offset = emul_offset(e), gva, gpa = e->exit->s2.gpa;
	enum walk_result r;

	r = guest_linear(e->v, e->mode, insn->seg, offset, size, mem_access(insn), &gva, &e->fault);
	if (r != WALK_OK)
		return r;
	*mem = (struct guest_span){ .gpa = { gpa }, .len = { size } };
	*found = (gva & 0xfff) == (gpa & 0xfff);
	e->bus = (gva & 0xfff) + size <= 4096;
	if (e->bus)
		return WALK_OK;
	r = emul_resolve(e, insn->seg, offset, size, mem_access(insn), mem);
	*found = mem->gpa[0] == gpa || mem->gpa[1] == gpa;
	return r;
}

static bool is_lapic(u64 gpa)
{
	return (gpa & ~0xfffULL) == MEMMAP_LAPIC;
}

/*
 * A read-modify-write, LOCK or not, is one access for the guest's other CPUs, and
 * so is each plain access: they take turns.  Each has its own local APIC, where
 * nobody else comes between.  (Not so where an operand crosses from a chip into
 * memory, a split lock on a device, or is answered by the host side, which sees
 * a read and a write.)
 */
static void run_alone(struct emul *e, const struct guest_span *mem)
{
	host_lock_t *insn = &e->v->platform->insn;
	unsigned long flags;

	if (is_lapic(mem->gpa[0]) && (!mem->len[1] || is_lapic(mem->gpa[1]))) {
		executions[e->insn.op].run(e, mem);
		return;
	}
	flags = host_lock(insn);
	executions[e->insn.op].run(e, mem);
	host_unlock(insn, flags);
}

/* All of it or, where an access has to wait, nothing: the log of the bus apart. */
static enum outcome run(struct emul *e, const struct guest_span *mem)
{
	u64 rflags = e->v->rflags;

	run_alone(e, mem);
	if (e->out == OUT_RESUME)
		vcpu_skip(e->v, e->insn.len);
	else
		e->v->rflags = rflags;
	return e->out;
}

static enum outcome execute(struct emul *e)
{
	const struct execution *x = &executions[e->insn.op];
	struct guest_span mem;
	enum walk_result r;
	bool found;

	if (emul_is_string(&e->insn))
		return emul_string(e);
	if (!x->run || !e->insn.has_mem)
		return emul_unknown(e);
	r = locate(e, &mem, &found);
	if (r != WALK_OK)
		return emul_walk_outcome(e, r);
	if (!found)
		return emul_unknown(e);
	return run(e, &mem);
}

/* Accesses that no instruction's operand made. */
static enum outcome no_operand(struct vcpu *v, const struct exit *exit)
{
	if (exit->s2.walk)
		return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
				 "page table at %#llx, where there is no memory, at rip %#llx",
				 exit->s2.gpa, v->rip);
	if (exit->s2.access & ACCESS_FETCH)
		return vcpu_stop(v, HV_STOP_REASON_UNMAPPED_FETCH, 0,
				 "instruction fetch from %#llx, where there is no memory, at rip %#llx",
				 exit->s2.gpa, v->rip);
	if (v->inject.valid)
		return vcpu_stop(v, HV_STOP_REASON_INTERNAL_ERROR, 0,
				 "delivery of vector %u needs memory at %#llx: there is none, at rip %#llx",
				 v->inject.vector, exit->s2.gpa, v->rip);
	return OUT_RESUME;
}

enum outcome emul_mmio(struct vcpu *v, const struct exit *exit)
{
	struct emul e = { .v = v, .exit = exit };
	enum decode_result decoded;
	enum walk_result r;

	if (!v->bus.nr)
		v->exits[EXIT_MMIO]++;
	if (no_operand(v, exit) == OUT_STOP)
		return OUT_STOP;
	e.bytes_len = min_t(unsigned int, exit->s2.bytes_len, INSN_MAX);
	memcpy(e.bytes, exit->s2.bytes, e.bytes_len);
	r = emul_decode(&e, &decoded);
	if (r != WALK_OK)
		return emul_walk_outcome(&e, r);
	return decoded == DECODE_OK ? execute(&e) : emul_unknown(&e);
}
