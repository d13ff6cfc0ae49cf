// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that fuzz what hv does for guests: payload_fuzz.c. However they end, they
 * end, the host stays silent (the lab looks), and a neighbour on the same CPUs finds
 * its memory and registers as it left them. Alone and without timers, a seed does the
 * same thing twice.
 *
 * usage: guest_fuzz [GUESTS [SEED [OPS [CPUS]]]]     (20 1 2000 2)
 */
#include "fuzz.h"
#include "neighbour.h"

#define KIND_MAX	32
#define QUIET_MS	3000	/* without progress: it hangs, which is its right */
#define LOOK_MS		20
#define NR_REASONS	(HV_STOP_REASON_EXIT + 1)

static unsigned int guests = 20, ops = 2000, cpus = 2;
static uint64_t first = 1;

/**
 * struct account - what became of a guest
 * @reason: enum hv_stop_reason
 * @detail: its sentence
 * @done: operations, of all CPUs
 * @faults: of those that faulted
 * @kind: of the first CPU's last operation
 */
struct account {
	uint32_t reason;
	char detail[256];
	uint64_t done;
	uint64_t faults;
	uint64_t kind;
};

static unsigned int avoid(void)
{
	switch (host_emulator(h)) {
	case EMULATOR_TCG:
		return FUZZ_NO_DR7 | FUZZ_NO_BAD_CR;
	case EMULATOR_BOCHS_SVM:
		return FUZZ_NO_BYTES;
	default:
		return 0;
	}
}

static uint64_t create(uint64_t seed, unsigned int n, unsigned int flags)
{
	struct hvctl_spec *spec = item_spec(h, "fuzz", seed, FUZZ_PACK(ops, n, flags));
	char text[8];

	snprintf(text, sizeof(text), "%u", n);
	if (hvctl_spec_set(h, spec, "vcpus", text))
		test_die("vcpus: %s", hvctl_error(h));
	return create_spec(h, spec);
}

static void add_up(struct account *a, const volatile uint64_t *report, unsigned int n)
{
	unsigned int i;

	a->done = 0;
	a->faults = 0;
	a->kind = report[FUZZ_KIND];
	for (i = 0; i < n; i++) {
		a->done += report[i * FUZZ_ROW + FUZZ_DONE];
		a->faults += report[i * FUZZ_ROW + FUZZ_FAULTS];
	}
}

/* Until it stops, or goes on no more. */
static void watch(uint64_t id, struct account *a, const volatile uint64_t *report, unsigned int n)
{
	unsigned int quiet = 0;
	struct hv_vcpu_state state;
	uint64_t before = 0;
	struct hvctl_guest *g;

	while (hvctl_wait(h, id, LOOK_MS, &g) == -ETIMEDOUT) {
		add_up(a, report, n);
		quiet = a->done == before ? quiet + LOOK_MS : 0;
		before = a->done;
		if (quiet > QUIET_MS * (host_is_bochs() ? 5 : 1) && hvctl_kill(h, id))
			test_die("kill: %s", hvctl_error(h));
	}
	a->reason = g->stop_reason;
	snprintf(a->detail, sizeof(a->detail), "%s", g->stop_detail);
	if (a->reason == HV_STOP_REASON_KILLED && !hvctl_get_regs(h, id, 0, &state))
		snprintf(a->detail, sizeof(a->detail), "at rip %#llx, rflags %#llx",
			 (unsigned long long)state.rip, (unsigned long long)state.rflags);
	hvctl_guest_free(g);
	add_up(a, report, n);
}

static struct account run(uint64_t seed, unsigned int n, unsigned int flags)
{
	uint64_t id = create(seed, n, flags);
	struct account a;
	void *memory;

	if (hvctl_memory_map(h, id, FUZZ_REPORT, 4096, PROT_READ, &memory) || hvctl_start(h, id))
		test_die("guest: %s", hvctl_error(h));
	watch(id, &a, memory, n);
	munmap(memory, 4096);
	if (hvctl_remove(h, id))
		test_die("remove: %s", hvctl_error(h));
	return a;
}

static void fuzz(void)
{
	unsigned int n = tap_count(guests, 4), reasons[NR_REASONS] = { 0 }, i;
	struct own neighbours[2] = { own_start_on(0), own_start_on(1) };
	uint64_t done = 0, faults = 0;
	struct account a;

	for (i = 0; i < n; i++) {
		a = run(first + 1000 * i, cpus, avoid());
		done += a.done;
		faults += a.faults;
		reasons[a.reason < NR_REASONS ? a.reason : 0]++;
		if (a.reason == HV_STOP_REASON_INTERNAL_ERROR || a.reason == HV_STOP_REASON_KILLED)
			printf("# seed %llu: %s %s, in operation %llu\n",
			       (unsigned long long)(first + 1000 * i),
			       hvctl_stop_reason_name(a.reason), a.detail,
			       (unsigned long long)a.kind);
	}
	printf("# %llu operations of %u guests, %llu of them faulted;",
	       (unsigned long long)done, n, (unsigned long long)faults);
	for (i = 0; i < NR_REASONS; i++)
		if (reasons[i])
			printf(" %s %u", hvctl_stop_reason_name(i), reasons[i]);
	printf("\n");
	CHECK_EQ(own_end(&neighbours[0]), 0);
	CHECK_EQ(own_end(&neighbours[1]), 0);
	/* They got somewhere. */
	CHECK(done > (uint64_t)n * ops / 10);
	CHECK(faults > 0 && faults < done);
}

static void same_twice(void)
{
	unsigned int i, flags = avoid() | FUZZ_NO_TIME;
	struct account a, b;

	for (i = 0; i < 3; i++) {
		a = run(first + i, 1, flags);
		b = run(first + i, 1, flags);
		if (a.reason != b.reason || strcmp(a.detail, b.detail) || a.done != b.done)
			printf("# seed %llu: %s '%s' after %llu operations, and %s '%s' after %llu\n",
			       (unsigned long long)(first + i), hvctl_stop_reason_name(a.reason),
			       a.detail, (unsigned long long)a.done,
			       hvctl_stop_reason_name(b.reason), b.detail,
			       (unsigned long long)b.done);
		CHECK_EQ(a.reason, b.reason);
		CHECK_STR(a.detail, b.detail);
		CHECK_EQ(a.done, b.done);
		CHECK_EQ(a.faults, b.faults);
	}
}

static const struct tap_test tests[] = {
	{ "the host and a neighbour do not mind", fuzz },
	{ "a seed does the same twice", same_twice },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		guests = atoi(argv[1]);
	if (argc > 2)
		first = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		ops = atoi(argv[3]);
	if (argc > 4)
		cpus = atoi(argv[4]);
	if (!ops || !cpus || cpus > 16)
		test_die("1 to 16 CPUs, and an operation or more");
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
