// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module load and unload.
 */
#include <linux/module.h>

#include "api/api.h"
#include "core/cpuid.h"
#include "core/engine.h"
#include "guest/guest.h"
#include "host.h"
#include "root.h"
#include "version.h"

static int __init hv_load(void)
{
	int err;

	err = engine_init();
	if (err)
		return err;
	cpuid_init();
	host_init();
	err = root_init();
	if (err)
		goto out_engine;
	err = guest_init();
	if (err)
		goto out_root;
	err = api_init();
	if (err)
		goto out_guest;
	return 0;

out_guest:
	guest_exit();
out_root:
	root_exit();
out_engine:
	engine_exit();
	return err;
}

/* Every guest holds a reference on the module, so none exists here. */
static void __exit hv_unload(void)
{
	api_exit();
	guest_exit();
	root_exit();
	engine_exit();
}

module_init(hv_load);
module_exit(hv_unload);

MODULE_DESCRIPTION("hv: a hypervisor in a module");
MODULE_LICENSE("GPL");
MODULE_VERSION(HV_VERSION);
