// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl inspect
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "last-exits", 0, NULL, "print each vCPU's last 256 exits instead, oldest first", NULL },
	{ 0 }
};

static void add_vcpus(struct out *out, const struct hvctl_guest *guest)
{
	out_open(out, "vcpus", "[");
	for (const struct hvctl_vcpu *v = guest->vcpu; v; v = v->next) {
		out_open(out, NULL, "{");
		out_number(out, "index", NULL, v->index, NULL);
		out_number(out, "tid", NULL, v->tid, NULL);
		out_close(out);
	}
	out_close(out);
}

static void add_regions(struct out *out, const struct hvctl_guest *guest)
{
	out_open(out, "regions", "[");
	for (const struct hvctl_region *r = guest->region; r; r = r->next) {
		out_open(out, NULL, "{");
		out_number(out, "gpa", NULL, r->gpa, NULL);
		out_number(out, "size", NULL, r->size, NULL);
		out_close(out);
	}
	out_close(out);
}

/* How the guest is: create -f skips it. */
static int print_status(struct context *c, const struct hvctl_guest *guest)
{
	struct out *out = out_new(c, OUT_RECORD);

	out_row(out);
	out_number(out, "id", NULL, guest->id, NULL);
	out_text(out, "state", NULL, hvctl_state_name(guest->state));
	add_stop(out, guest);
	add_restarts(out, guest);
	out_number(out, "resets", NULL, guest->resets, NULL);
	out_number(out, "owner_uid", NULL, guest->owner_uid, NULL);
	out_number(out, "created_at", NULL, guest->created_at, NULL);
	out_number(out, "started_at", NULL, guest->started_at, NULL);
	out_number(out, "stopped_at", NULL, guest->stopped_at, NULL);
	out_number(out, "memory_size", NULL, guest->memory_size, NULL);
	out_number(out, "memory_resident", NULL, guest->memory_resident, NULL);
	out_number(out, "table_pages", NULL, guest->table_pages, NULL);
	out_number(out, "kernel_memory", NULL, guest->kernel_memory, NULL);
	add_vcpus(out, guest);
	add_regions(out, guest);
	return out_end(out);
}

/* The specification is JSON already; the status goes before its last bracket. */
static int print(struct context *c, const char *spec, const struct hvctl_guest *guest)
{
	const char *end = strrchr(spec, '}');
	int status;

	while (end > spec && end[-1] == '\n')
		end--;
	printf("%.*s,\n  \"status\": ", (int)(end - spec), spec);
	status = print_status(c, guest);
	puts("}");
	return status;
}

static int inspect_one(struct context *c, const char *name)
{
	struct hvctl_spec *spec = NULL;
	struct hvctl_guest *guest;
	char *text = NULL;
	int err, status = get_guest(c, name, &guest);

	if (status)
		return status;
	err = hvctl_spec_of(c->h, guest->id, &spec);
	if (!err)
		err = hvctl_spec_to_json(c->h, spec, &text);
	status = err ? fail_library(c, err) : print(c, text, guest);
	free(text);
	hvctl_spec_free(spec);
	hvctl_guest_free(guest);
	return status;
}

static int print_last_exits(struct context *c)
{
	struct out *out = out_new(c, OUT_TABLE);
	int status = 0;

	for (int i = 0; i < c->argc && !status; i++)
		status = add_last_exits(c, out, c->argv[i]);
	if (!status)
		return out_end(out);
	out_drop(out);
	return status;
}

static int run(struct context *c)
{
	bool last_exits = false;
	const char *value;
	int status, one;

	while (next_option(c, &value))
		last_exits = true;
	status = expect_arguments(c, 1, -1);
	if (!status)
		status = open_library(c);
	if (status)
		return status;
	if (last_exits)
		return print_last_exits(c);
	c->json = true;
	for (int i = 0; i < c->argc; i++) {
		one = inspect_one(c, c->argv[i]);
		if (!status)
			status = one;
	}
	return status;
}

const struct command cmd_inspect = {
	.name = "inspect", .args = "NAME...", .argument = ARGUMENT_GUEST,
	.help = "Print all about guests, in JSON, or their last exits",
	.text = "One object for each guest. Its keys are what create -f makes the same guest from; "
		"\"status\", which create -f skips, is how the guest is now. Files are named, and their "
		"contents are not kept here: who changes a file gets another guest from it. A guest "
		"that a program made from bytes in memory has a key \"incomplete\" that says what is "
		"missing, and create -f refuses it. With --last-exits: what each vCPU's flight "
		"recorder has, in any state, also after an abnormal stop, until the guest is removed; "
		"a table, or with -j a JSON array. RIP is that of the instruction that exited; CODE, "
		"INFO1 and INFO2 are the CPU's own: EXITCODE, EXITINFO1 and EXITINFO2 on AMD, exit "
		"reason, exit qualification and the like on Intel. +TICKS counts the host's TSC from "
		"exit to exit.",
	.options = options, .run = run,
};
