/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's side of payload_check.h: runs a payload with arguments, repeats
 * what failed in it, and gives the guest's last account for more checks.
 */
#ifndef HV_TESTS_ITEMS_H
#define HV_TESTS_ITEMS_H

#include <cpuid.h>

#include "harness.h"

#define ITEM_ARGS_GPA	0x20000
#define ITEM_ARGS	8
#define ITEM_MS		20000

/* QEMU's TCG lacks some of SVM's intercepts; hosts with hardware underneath do not. */
static inline bool host_is_tcg(void)
{
	unsigned int eax, name[3] = { 0 };

	__cpuid(0x40000000, eax, name[0], name[1], name[2]);
	return !memcmp(name, "TCGTCGTCGTCG", sizeof(name));
}

static inline bool host_is_bochs(void)
{
	FILE *f = fopen("/sys/class/dmi/id/bios_version", "re");
	char name[16] = "";

	if (f) {
		if (!fgets(name, sizeof(name), f))
			name[0] = '\0';
		fclose(f);
	}
	return !strncmp(name, "Bochs", 5);
}

/**
 * enum emulator - whose mistakes to keep clear of: kmod/README.md has them
 * @EMULATOR_NONE: nobody's
 * @EMULATOR_TCG: QEMU's TCG
 * @EMULATOR_BOCHS_SVM: Bochs as an AMD host
 * @EMULATOR_BOCHS_VMX: and as an Intel host
 */
enum emulator { EMULATOR_NONE, EMULATOR_TCG, EMULATOR_BOCHS_SVM, EMULATOR_BOCHS_VMX };

static inline enum emulator host_emulator(struct hvctl *h)
{
	struct hv_info info;

	if (host_is_tcg())
		return EMULATOR_TCG;
	if (!host_is_bochs() || hvctl_info(h, &info))
		return EMULATOR_NONE;
	return info.engine == HV_ENGINE_SVM ? EMULATOR_BOCHS_SVM : EMULATOR_BOCHS_VMX;
}

static inline struct hvctl_spec *item_spec(struct hvctl *h, const char *payload,
					   uint64_t a, uint64_t b)
{
	struct hvctl_spec *spec = payload_spec(h, payload);
	uint64_t args[ITEM_ARGS] = { a, b };

	if (hvctl_spec_segment(h, spec, ITEM_ARGS_GPA, args, sizeof(args)))
		test_die("arguments: %s", hvctl_error(h));
	return spec;
}

/* Lines of the payload that say something else than 'ok', and how many said that. */
static inline unsigned int show_items(const char *text)
{
	unsigned int good = 0;
	const char *end;

	for (; *text; text = end + (*end == '\n')) {
		end = strchrnul(text, '\n');
		if (!strncmp(text, "ok ", 3))
			good++;
		else if (end > text)
			printf("# payload: %.*s\n", (int)(end - text), text);
	}
	return good;
}

static inline uint64_t create_spec(struct hvctl *h, struct hvctl_spec *spec)
{
	uint64_t id;

	if (hvctl_create(h, spec, &id))
		test_die("create: %s", hvctl_error(h));
	hvctl_spec_free(spec);
	return id;
}

/* The guest's statistics after its end. */
static inline struct hvctl_guest *last_stats(struct hvctl *h, uint64_t id)
{
	struct hvctl_guest *g;

	if (hvctl_stats(h, id, &g))
		test_die("statistics: %s", hvctl_error(h));
	return g;
}

static inline uint64_t exit_count(const struct hvctl_guest *stats, const char *name)
{
	const struct hvctl_exit *e;

	for (e = stats->vcpu ? stats->vcpu->exits : NULL; e; e = e->next)
		if (!strcmp(e->name, name))
			return e->count;
	return 0;
}

/* A guest that does not end is killed, and says where it was. */
static inline struct hvctl_guest *run_or_kill(struct hvctl *h, uint64_t id, int ms)
{
	struct hvctl_guest *g = NULL;
	struct hv_vcpu_state state;

	if (hvctl_start(h, id))
		test_die("start: %s", hvctl_error(h));
	if (!hvctl_wait(h, id, ms, &g))
		return g;
	if (hvctl_kill(h, id) || hvctl_wait(h, id, ms, &g))
		test_die("guest %llu: %s", (unsigned long long)id, hvctl_error(h));
	if (!hvctl_get_regs(h, id, 0, &state))
		printf("# it did not end, at rip %#llx\n", (unsigned long long)state.rip);
	return g;
}

/**
 * struct items - how a payload's run ended
 * @good: checks that passed
 * @guest: state and stop
 * @stats: counters
 */
struct items {
	unsigned int good;
	struct hvctl_guest *guest;
	struct hvctl_guest *stats;
};

/* @spec is freed. */
static inline struct items run_spec(struct hvctl *h, struct hvctl_spec *spec, int ms)
{
	uint64_t id = create_spec(h, spec);
	struct items r = { .guest = run_or_kill(h, id, ms) };
	char *text = console_text(h, id);

	r.good = show_items(text);
	r.stats = last_stats(h, id);
	if (r.guest->stop_reason != HV_STOP_REASON_DEBUG_EXIT)
		printf("# stopped: %s: %s\n", hvctl_stop_reason_name(r.guest->stop_reason),
		       r.guest->stop_detail);
	free(text);
	if (hvctl_remove(h, id))
		test_die("remove: %s", hvctl_error(h));
	return r;
}

static inline struct items run_items(struct hvctl *h, const char *payload, uint64_t a, uint64_t b)
{
	return run_spec(h, item_spec(h, payload, a, b), ITEM_MS);
}

static inline void items_free(struct items *r)
{
	hvctl_guest_free(r->guest);
	hvctl_guest_free(r->stats);
}

/* Some checks, all good. */
#define CHECK_ITEMS(r) do { \
	CHECK_EQ((r).guest->stop_reason, HV_STOP_REASON_DEBUG_EXIT); \
	CHECK_EQ(payload_status((r).guest), 0); \
	CHECK((r).good > 0); \
} while (0)

/* At least @n exits of that name. */
#define CHECK_EXITS(r, exit_, n) do { \
	uint64_t count_ = exit_count((r).stats, exit_); \
	if (count_ < (n)) { \
		printf("# %s:%d: %llu exits '%s', fewer than %u\n", __FILE__, __LINE__, \
		       (unsigned long long)count_, exit_, (unsigned int)(n)); \
		tap_ok = false; \
		return; \
	} \
} while (0)

#endif /* HV_TESTS_ITEMS_H */
