// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl version
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

static const char *const engines[] = {
	[HV_ENGINE_NONE] = "none", [HV_ENGINE_SVM] = "svm", [HV_ENGINE_VMX] = "vmx",
};

static void add_module(struct out *out, const struct hv_info *info)
{
	char version[sizeof(info->version) + 1] = "";

	memcpy(version, info->version, sizeof(info->version));
	out_text(out, "module", "hv module", version);
	out_number(out, "api_version", "interface", info->api_version, NULL);
	out_text(out, "engine", "engine",
		 info->engine <= HV_ENGINE_VMX ? engines[info->engine] : "unknown");
}

/* Without the module, or without access to it, the rest is still worth knowing. */
static int run(struct context *c)
{
	struct hv_info info = { 0 };
	const char *value;
	struct out *out;
	int status;

	while (next_option(c, &value))
		;
	status = expect_arguments(c, 0, 0);
	if (status)
		return status;
	out = out_new(c, OUT_RECORD);
	out_row(out);
	out_text(out, "hvctl", "hvctl", HVCTL_VERSION);
	out_text(out, "libhvctl", "libhvctl", hvctl_version());
	if (!hvctl_open(&c->h) && !hvctl_info(c->h, &info))
		add_module(out, &info);
	else
		out_text(out, "problem", "hv module", hvctl_error(c->h));
	return out_end(out);
}

const struct command cmd_version = {
	.name = "version", .args = "", .help = "Print the versions of hvctl, libhvctl and the module",
	.run = run,
};
