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
};

static unsigned int cpus_probed;

struct probe {
	const struct engine_ops *engine;
	atomic_t good;
	atomic_t busy;
	atomic_t bad;
};

/* Proves that this CPU can: it enters root and leaves it. Interrupts off. */
static void probe_cpu(void *data)
{
	struct probe *p = data;
	int err = p->engine->cpu_probe();

	atomic_inc(!err ? &p->good : err == -EBUSY ? &p->busy : &p->bad);
}

/* A CPU that somebody else holds in root proves that it can, too. */
static int probe_cpus(const struct engine_ops *e)
{
	struct probe p = { .engine = e };

	cpus_read_lock();
	on_each_cpu(probe_cpu, &p, 1);
	cpus_read_unlock();
	cpus_probed = atomic_read(&p.good);
	if (atomic_read(&p.bad)) {
		pr_err("%d of this host's CPUs cannot enter %s root\n",
		       atomic_read(&p.bad), e->name);
		return -EOPNOTSUPP;
	}
	if (atomic_read(&p.busy))
		pr_warn("%d CPUs are in %s root already, held by another hypervisor (KVM?)\n",
			atomic_read(&p.busy), e->name);
	pr_info("%u CPUs entered and left %s root\n", cpus_probed, e->name);
	return 0;
}

static const struct engine_ops *choose(void)
{
	const char *why = NULL;
	unsigned int i;

	if (hypervisor_is_type(X86_HYPER_XEN_PV)) {
		pr_err("Xen PV domains have no root to give\n");
		return NULL;
	}
	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		why = engines[i]->unsupported();
		if (!why)
			return engines[i];
	}
	pr_err("no engine can run on this host: %s\n", why);
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
