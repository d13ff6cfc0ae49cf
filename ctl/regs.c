// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl regs
 */
#include <inttypes.h>
#include <stdio.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "vcpu", 0, "N", "only this one, from 0", NULL },
	{ 0 }
};

#define ALL_VCPUS	UINT64_MAX

static void add_hex(struct out *out, const char *key, uint64_t value, int digits)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%0*" PRIx64, digits, value);
	out_text(out, key, NULL, text);
}

static void add_register(struct out *out, const char *name, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%016" PRIx64, value);
	out_text(out, name, name, text);
}

static void add_registers(struct out *out, const struct hv_vcpu_state *s)
{
	static const char *const gpr[HV_NR_GPRS] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	const struct {
		const char *name;
		uint64_t value;
	} others[] = {
		{ "rip", s->rip }, { "rflags", s->rflags }, { "cr0", s->cr0 }, { "cr2", s->cr2 },
		{ "cr3", s->cr3 }, { "cr4", s->cr4 }, { "cr8", s->cr8 }, { "efer", s->efer },
	};

	for (int i = 0; i < HV_NR_GPRS; i++)
		add_register(out, gpr[i], s->gpr[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add_register(out, others[i].name, others[i].value);
}

static void add_segment(struct out *out, const char *name, const struct hv_segment *s)
{
	char text[96];

	snprintf(text, sizeof(text), "0x%04x base 0x%016" PRIx64 " limit 0x%08x attr 0x%03x",
		 s->selector, (uint64_t)s->base, s->limit, s->attr);
	out_text(out, NULL, name, text);
	out_open(out, name, "{");
	add_hex(out, "selector", s->selector, 4);
	add_hex(out, "base", s->base, 16);
	add_hex(out, "limit", s->limit, 8);
	add_hex(out, "attr", s->attr, 3);
	out_close(out);
}

static void add_table(struct out *out, const char *name, const struct hv_dtable *t)
{
	char text[64];

	snprintf(text, sizeof(text), "base 0x%016" PRIx64 " limit 0x%04x", (uint64_t)t->base,
		 t->limit);
	out_text(out, NULL, name, text);
	out_open(out, name, "{");
	add_hex(out, "base", t->base, 16);
	add_hex(out, "limit", t->limit, 4);
	out_close(out);
}

static void add_vcpu(struct out *out, uint32_t index, const struct hv_vcpu_state *s)
{
	const struct {
		const char *name;
		const struct hv_segment *segment;
	} segments[] = {
		{ "cs", &s->cs }, { "ds", &s->ds }, { "es", &s->es }, { "fs", &s->fs },
		{ "gs", &s->gs }, { "ss", &s->ss }, { "tr", &s->tr }, { "ldtr", &s->ldtr },
	};

	out_row(out);
	out_number(out, "vcpu", "vcpu", index, NULL);
	add_registers(out, s);
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		add_segment(out, segments[i].name, segments[i].segment);
	add_table(out, "gdtr", &s->gdtr);
	add_table(out, "idtr", &s->idtr);
}

static int print(struct context *c, const struct hvctl_guest *guest, uint64_t only)
{
	uint64_t first = only == ALL_VCPUS ? 0 : only;
	uint64_t last = only == ALL_VCPUS ? guest->vcpus - 1 : only;
	struct hv_vcpu_state state;
	struct out *out;
	int err;

	if (last >= guest->vcpus)
		return fail(c, "%s has vCPUs 0 to %" PRIu32, guest->name, guest->vcpus - 1);
	out = out_new(c, OUT_RECORDS);
	for (uint64_t i = first; i <= last; i++) {
		err = hvctl_get_regs(c->h, guest->id, i, &state);
		if (err) {
			out_drop(out);
			return fail_library(c, err);
		}
		add_vcpu(out, i, &state);
	}
	return out_end(out);
}

static int run(struct context *c)
{
	const struct option_row *row;
	struct hvctl_guest *guest;
	uint64_t only = ALL_VCPUS;
	const char *value;
	int status = 0;

	while (!status && (row = next_option(c, &value)))
		status = take_number(c, row, value, UINT32_MAX, &only);
	if (!status)
		status = expect_arguments(c, 1, 1);
	if (!status)
		status = open_library(c);
	if (!status)
		status = get_guest(c, c->argv[0], &guest);
	if (status)
		return status;
	status = print(c, guest, only);
	hvctl_guest_free(guest);
	return status;
}

const struct command cmd_regs = {
	.name = "regs", .args = "NAME", .argument = ARGUMENT_GUEST,
	.help = "Print the registers of a guest that is paused or has stopped",
	.options = options, .run = run,
};
