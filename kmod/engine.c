// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing the host's engine at load.
 */
#include <linux/cpu.h>
#include <linux/kernel.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/hypervisor.h>

#include "core/cpuid.h"
#include "core/engine.h"
#include "host.h"

static const struct engine_ops *const engines[] = {
	&svm_engine,
	&vmx_engine,
};

static unsigned int cpus_probed;

/* How many CPUs answered what to cpu_probe(). */
struct probe {
	const struct engine_ops *engine;
	atomic_t good;
	atomic_t busy;
	atomic_t off;
	atomic_t different;
};

/* Proves that this CPU can: it enters root and leaves it. Interrupts off. */
static void probe_cpu(void *data)
{
	struct probe *p = data;

	switch (p->engine->cpu_probe()) {
	case 0:
		atomic_inc(&p->good);
		break;
	case -EBUSY:
		atomic_inc(&p->busy);
		break;
	case -ENODEV:
		atomic_inc(&p->different);
		break;
	default:
		atomic_inc(&p->off);
	}
}

static int probe_refuses(struct probe *p)
{
	const char *name = p->engine->name;

	if (atomic_read(&p->different)) {
		pr_err("%d CPUs lack what the boot CPU's %s has: a guest could not move to them\n",
		       atomic_read(&p->different), name);
		return -EOPNOTSUPP;
	}
	if (atomic_read(&p->off)) {
		pr_err("%d CPUs cannot enter %s root, others can: the firmware has it off on them\n",
		       atomic_read(&p->off), name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* A CPU that somebody else holds in root proves that it can by lending it. */
static int probe_cpus(const struct engine_ops *e)
{
	struct probe p = { .engine = e };
	int err;

	cpus_read_lock();
	on_each_cpu(probe_cpu, &p, 1);
	cpus_read_unlock();
	err = probe_refuses(&p);
	if (err)
		return err;
	cpus_probed = atomic_read(&p.good) + atomic_read(&p.busy);
	pr_info("%u CPUs entered and left %s root\n", cpus_probed, e->name);
	if (atomic_read(&p.busy))
		pr_info("another hypervisor (KVM?) has %d CPUs in %s root: hv borrows it\n",
			atomic_read(&p.busy), e->name);
	return 0;
}

static const struct engine_ops *choose(void)
{
	unsigned int i;

	if (hypervisor_is_type(X86_HYPER_XEN_PV)) {
		pr_err("Xen PV domains have no root to give\n");
		return NULL;
	}
	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!engines[i]->unsupported())
			return engines[i];
	for (i = 0; i < ARRAY_SIZE(engines); i++)
		pr_err("%s cannot run on this host: %s\n", engines[i]->name,
		       engines[i]->unsupported());
	return NULL;
}

int engine_init(void)
{
	const struct engine_ops *e = choose();
	int err;

	if (!e)
		return -EOPNOTSUPP;
	err = e->setup();
	if (err)
		return err;
	err = probe_cpus(e);
	if (err) {
		e->teardown();
		return err;
	}
	engine = e;
#define ENGINE_CALL(op) static_call_update(engine_##op, e->op)
#include "core/engine_calls.h"
#undef ENGINE_CALL
	return 0;
}

void engine_exit(void)
{
	engine->teardown();
	engine = NULL;
}

void engine_info(struct hv_info *info)
{
	info->engine = engine->id;
	info->features = engine->info() |
			 (boot_cpu_has(X86_FEATURE_XSAVE) ? HV_FEATURE_XSAVE : 0) |
			 (boot_cpu_has(X86_FEATURE_XSAVES) ? HV_FEATURE_XSAVES : 0);
	info->host_cpus = cpus_probed;
	info->tsc_khz = host_tsc_khz();
}
