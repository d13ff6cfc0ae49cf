/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests of hv, for the measuring programs.
 */
#ifndef HV_BENCH_GUEST_H
#define HV_BENCH_GUEST_H

#include <hvctl.h>

#include "bench.h"

#define GUEST_MS	600000

static struct hvctl *h;

static inline void must(int err, const char *what)
{
	if (err < 0)
		die("%s: %s (%s)", what, hvctl_error(h), strerror(-err));
}

static inline struct hvctl_spec *flat_spec(const char *payload)
{
	struct hvctl_spec *spec = hvctl_spec_new();

	must(hvctl_spec_set(h, spec, "memory", "16M"), "memory");
	must(hvctl_spec_set(h, spec, "kernel", payload), "kernel");
	must(hvctl_spec_set(h, spec, "kernel-type", "flat"), "kernel-type");
	must(hvctl_spec_set(h, spec, "debug-exit", "0xf4"), "debug-exit");
	return spec;
}

/* @spec is freed. */
static inline uint64_t create(struct hvctl_spec *spec)
{
	uint64_t id;

	must(hvctl_create(h, spec, &id), "create");
	hvctl_spec_free(spec);
	return id;
}

static inline void end_guest(uint64_t id)
{
	struct hvctl_guest *guest;

	must(hvctl_kill(h, id), "kill");
	must(hvctl_wait(h, id, GUEST_MS, &guest), "wait");
	hvctl_guest_free(guest);
	must(hvctl_remove(h, id), "remove");
}

#endif /* HV_BENCH_GUEST_H */
