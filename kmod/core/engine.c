// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the core asks of whichever engine runs.
 */
#include "core/engine.h"

const struct engine_ops *engine;
u8 root_down;

#define ENGINE_CALL(op) DEFINE_STATIC_CALL_NULL(engine_##op, *((struct engine_ops *)NULL)->op)
#include "core/engine_calls.h"
#undef ENGINE_CALL

const char *const exit_names[NR_EXITS] = {
#define X(symbol, name) [EXIT_##symbol] = name,
	HV_EXIT_REASONS(X)
#undef X
};

u64 vcpu_cr0(struct vcpu *v)
{
	return static_call(engine_cr)(v, 0);
}

u64 vcpu_cr3(struct vcpu *v)
{
	return static_call(engine_cr)(v, 3);
}

u64 vcpu_cr4(struct vcpu *v)
{
	return static_call(engine_cr)(v, 4);
}

void vcpu_set_cr(struct vcpu *v, unsigned int nr, u64 value)
{
	static_call(engine_set_cr)(v, nr, value);
}

u64 vcpu_efer(struct vcpu *v)
{
	return static_call(engine_efer)(v);
}

void vcpu_set_efer(struct vcpu *v, u64 value)
{
	static_call(engine_set_efer)(v, value);
}

unsigned int vcpu_cpl(struct vcpu *v)
{
	return static_call(engine_cpl)(v);
}

void vcpu_segment(struct vcpu *v, enum hv_seg seg, struct hv_segment *s)
{
	static_call(engine_segment)(v, seg, s);
}

u64 vcpu_pat(struct vcpu *v)
{
	return static_call(engine_pat)(v);
}

void vcpu_set_pat(struct vcpu *v, u64 value)
{
	static_call(engine_set_pat)(v, value);
}

void vcpu_flush(struct vcpu *v)
{
	static_call(engine_flush)(v);
}

u64 vcpu_tsc(struct vcpu *v)
{
	return host_tsc() + v->tsc_offset;
}

void vcpu_set_tsc(struct vcpu *v, u64 value)
{
	vcpu_set_tsc_offset(v, value - host_tsc());
}

void vcpu_set_tsc_offset(struct vcpu *v, u64 offset)
{
	v->tsc_offset = offset;
	lapic_set_tsc_offset(&v->lapic, v->tsc_offset);
	static_call(engine_set_tsc_offset)(v);
}

#define ATTR_L	BIT(9)
#define ATTR_DB	BIT(10)

enum cpu_mode vcpu_mode(struct vcpu *v)
{
	struct hv_segment cs;

	if (!(vcpu_cr0(v) & CR0_PE) || (v->rflags & RFLAGS_VM))
		return MODE_REAL;
	vcpu_segment(v, SEG_CS, &cs);
	if ((vcpu_efer(v) & EFER_LMA_BIT) && (cs.attr & ATTR_L))
		return MODE_64;
	return cs.attr & ATTR_DB ? MODE_32 : MODE_16;
}
