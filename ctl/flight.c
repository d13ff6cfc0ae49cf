// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl inspect --last-exits: a guest's flight recorder.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ctl.h"

static void add_hex(struct out *out, const char *key, const char *head, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	out_text(out, key, head, text);
}

/* @before is the exit before it, or itself for the first. */
static void add_exit(struct out *out, const struct hvctl_guest *guest, uint32_t vcpu,
		     const struct hv_exit_record *r, const struct hv_exit_record *before)
{
	out_row(out);
	out_number(out, "id", NULL, guest->id, NULL);
	out_text(out, "guest", "GUEST", guest->name);
	out_number(out, "vcpu", "VCPU", vcpu, NULL);
	out_number(out, "tsc", NULL, r->tsc, NULL);
	out_number(out, NULL, "+TICKS", r->tsc - before->tsc, NULL);
	out_text(out, "exit", "EXIT", r->name);
	add_hex(out, "rip", "RIP", r->rip);
	add_hex(out, "code", "CODE", r->code);
	add_hex(out, "info1", "INFO1", r->info[0]);
	add_hex(out, "info2", "INFO2", r->info[1]);
}

static int add_vcpu(struct context *c, struct out *out, const struct hvctl_guest *guest,
		    uint32_t vcpu)
{
	static struct hv_exit_record records[HV_LAST_EXITS_MAX];
	int count = hvctl_last_exits(c->h, guest->id, vcpu, records, HV_LAST_EXITS_MAX);

	if (count < 0)
		return fail_library(c, count);
	for (int i = 0; i < count; i++)
		add_exit(out, guest, vcpu, &records[i], &records[i ? i - 1 : 0]);
	return 0;
}

/**
 * add_last_exits() - a row for each exit that a guest's recorders have
 * @c: the command
 * @out: an OUT_TABLE
 * @name_or_id: which guest
 *
 * Return: 0, or an exit status with its sentence said.
 */
int add_last_exits(struct context *c, struct out *out, const char *name_or_id)
{
	struct hvctl_guest *guest;
	int status = get_guest(c, name_or_id, &guest);

	if (status)
		return status;
	for (uint32_t i = 0; i < guest->vcpus && !status; i++)
		status = add_vcpu(c, out, guest, i);
	hvctl_guest_free(guest);
	return status;
}
