// SPDX-License-Identifier: GPL-2.0-only
/*
 * The length of instructions that exited, for CPUs that do not save it.
 *
 * What is found at RIP has to be what exited: another CPU of the guest may
 * have changed it since.  If it is something else, the instruction is run
 * again, and the CPU says what it is now.
 */
#include "emul/operand.h"

/**
 * struct expected - the instructions of an exit
 * @op: enum insn_op; zeros where there are fewer
 * @plain_len: bytes of @plain
 * @plain: the usual encoding: compared before anything is decoded
 */
struct expected {
	u8 op[2];
	u8 plain_len;
	u8 plain[3];
};

static const struct expected expected[NR_EXITS] = {
	[EXIT_CPUID] = { { INSN_CPUID }, 2, { 0x0f, 0xa2 } },
	[EXIT_HLT] = { { INSN_HLT }, 1, { 0xf4 } },
	[EXIT_PIO] = { { INSN_IN, INSN_OUT } },
	[EXIT_PIO_STRING] = { { INSN_INS, INSN_OUTS } },
	[EXIT_RDMSR] = { { INSN_RDMSR }, 2, { 0x0f, 0x32 } },
	[EXIT_WRMSR] = { { INSN_WRMSR }, 2, { 0x0f, 0x30 } },
	[EXIT_HYPERCALL] = { { INSN_VMMCALL, INSN_VMCALL }, 3, { 0x0f, 0x01, 0xd9 } },
	[EXIT_CR_WRITE] = { { INSN_MOV_TO_CR } },
	[EXIT_DR] = { { INSN_MOV_FROM_DR, INSN_MOV_TO_DR } },
	[EXIT_XSETBV] = { { INSN_XSETBV }, 3, { 0x0f, 0x01, 0xd1 } },
	[EXIT_INVD] = { { INSN_INVD, INSN_WBINVD } },
	[EXIT_PAUSE] = { { INSN_PAUSE }, 2, { 0xf3, 0x90 } },
};

static bool is_expected(const struct expected *x, const struct insn *insn)
{
	return insn->op != INSN_OTHER && (insn->op == x->op[0] || insn->op == x->op[1]);
}

/* Without prefixes they mean the same in every mode. */
static unsigned int plain_len(const struct expected *x, const struct emul *e)
{
	if (!x->plain_len || e->bytes_len < x->plain_len)
		return 0;
	return memcmp(e->bytes, x->plain, x->plain_len) ? 0 : x->plain_len;
}

static enum outcome changed(struct emul *e)
{
	host_log(e->v, "rip %#llx has another instruction than the one that exited (%s): run again",
		 e->v->rip, exit_names[e->exit->reason]);
	return OUT_RESUME;
}

/* Fetch, decode, compare; e->insn.len stays 0 where it is not to be stepped over. */
static enum outcome identify(struct emul *e, const struct expected *x)
{
	enum decode_result decoded;
	enum walk_result r;

	r = emul_decode(e, &decoded);
	if (r == WALK_OK && decoded == DECODE_OK && is_expected(x, &e->insn))
		return OUT_RESUME;
	e->insn.len = 0;
	return r == WALK_OK ? changed(e) : emul_walk_outcome(e, r);
}

enum outcome emul_find_len(struct vcpu *v, struct exit *exit)
{
	const struct expected *x = &expected[exit->reason];
	struct emul e = { .v = v, .exit = exit };
	enum walk_result r;
	enum outcome out;

	r = guest_fetch(v, vcpu_mode(v), e.bytes, &e.bytes_len, &e.fault);
	if (r != WALK_OK)
		return emul_walk_outcome(&e, r);
	exit->insn_len = plain_len(x, &e);
	if (exit->insn_len)
		return OUT_RESUME;
	out = identify(&e, x);
	exit->insn_len = e.insn.len;
	return out;
}

static const u8 hypercalls[][3] = {
	{ 0x0f, 0x01, 0xd9 },	/* VMMCALL */
	{ 0x0f, 0x01, 0xc1 },	/* VMCALL */
};

/* Do the bytes that are there begin one? */
static bool may_be_hypercall(const struct emul *e)
{
	unsigned int i, n = min_t(unsigned int, e->bytes_len, sizeof(hypercalls[0]));

	for (i = 0; i < ARRAY_SIZE(hypercalls); i++)
		if (!memcmp(e->bytes, hypercalls[i], n))
			return true;
	return false;
}

enum outcome emul_other_hypercall(struct vcpu *v, unsigned int *len)
{
	struct emul e = { .v = v };
	enum walk_result r;

	*len = 0;
	do {
		r = guest_fetch(v, vcpu_mode(v), e.bytes, &e.bytes_len, &e.fault);
		if (r != WALK_OK)
			return emul_walk_outcome(&e, r);
		if (!may_be_hypercall(&e)) {
			vcpu_inject(v, VEC_UD);
			return OUT_RESUME;
		}
	} while (e.bytes_len < sizeof(hypercalls[0]));
	*len = sizeof(hypercalls[0]);
	return OUT_RESUME;
}

enum outcome emul_mov_cr(struct vcpu *v, const struct exit *exit, int *gpr, unsigned int *len)
{
	struct emul e = { .v = v, .exit = exit };
	enum outcome out;

	*gpr = exit->cr.gpr;
	*len = exit->insn_len;
	if (*gpr >= 0 && *len)
		return OUT_RESUME;
	out = identify(&e, &expected[EXIT_CR_WRITE]);
	*gpr = e.insn.rm;
	*len = e.insn.len;
	return out;
}
