// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests of random bytes: each comes to an end with a reason, by itself or
 * killed after a moment, and neither the host nor its log minds.
 *
 * Run I of seed S is the same wherever it runs: random 1 S I repeats it.
 *
 * usage: random [COUNT [SEED [FIRST [KINDS]]]]     (10000 1 0 0xff)
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"

#define WORKERS		4
#define BUDGET_MS	20
#define KILL_MS		10000
#define MEMORY		"4M"	/* with a large page: dear to clear, so a quarter of them */
#define MEMORY_SMALL	"1540K"
#define BYTES		8192
#define LOG_LINES	400	/* of a log that is rate-limited, in all the runs */

#define IDT_GPA		0x30000
#define STUBS_GPA	0x31000
#define NR_VECTORS	32
#define NR_REASONS	(HV_STOP_REASON_ROOT_LOST + 1)

/**
 * struct tally - what the workers saw; shared by them
 * @reason: how often, by stop reason
 * @bad: runs without a good end
 * @kill_us: the longest kill
 */
struct tally {
	unsigned int reason[NR_REASONS];
	unsigned int bad;
	unsigned int kill_us;
};

static unsigned int count, first, kinds = 0xff;
static uint64_t seed = 1;
static struct tally *tally;
static struct hv_vcpu_state long_mode;	/* how a flat binary starts */

/* SplitMix64: good enough, and the same everywhere. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/*
 * Instructions that leave the guest, which random bytes seldom are. Some are
 * missing for the sake of QEMU 7.2, which does not survive them. MOV to DR7:
 * VMRUN and #VMEXIT change it behind the back of its list of breakpoints. MOV to
 * CR4, and EFER: #VMEXIT restores CR0 before CR4, so a guest that has left LME
 * on and paging and PAE off leaves the host without paging. LTR: it takes a null
 * selector, and gives up at the next exception in user mode.
 */
static const struct {
	uint8_t len;
	uint8_t bytes[7];
} templates[] = {
	{ 2, { 0x0f, 0xa2 } },				/* cpuid */
	{ 2, { 0x0f, 0x30 } }, { 2, { 0x0f, 0x32 } },	/* wrmsr, rdmsr */
	{ 1, { 0xec } }, { 1, { 0xee } }, { 1, { 0xef } },	/* in, out */
	{ 2, { 0xf3, 0x6c } }, { 2, { 0xf3, 0x6e } },	/* rep insb, rep outsb */
	{ 3, { 0x0f, 0x01, 0xd9 } },			/* vmmcall */
	{ 3, { 0x0f, 0x22, 0xc0 } },			/* cr0 */
	{ 3, { 0x0f, 0x22, 0xd8 } },			/* cr3 */
	{ 4, { 0x44, 0x0f, 0x22, 0xc0 } },		/* cr8 */
	{ 3, { 0x0f, 0x01, 0xd1 } },			/* xsetbv */
	{ 1, { 0xfb } }, { 1, { 0xfa } }, { 1, { 0xf4 } },	/* sti, cli, hlt */
	{ 2, { 0x87, 0x03 } }, { 2, { 0xf3, 0xa5 } },	/* xchg [rbx], rep movsd */
	{ 1, { 0x9d } }, { 1, { 0xcf } },		/* popf, iret */
	{ 5, { 0xbb, 0x00, 0x00, 0xe0, 0xfe } },	/* mov ebx, the LAPIC */
	{ 5, { 0xbb, 0x00, 0x00, 0xc0, 0xfe } },	/* mov ebx, the IOAPIC */
	{ 5, { 0xb9, 0x1b, 0x00, 0x00, 0x00 } },	/* mov ecx, APIC_BASE */
	{ 5, { 0xb9, 0x30, 0x08, 0x00, 0x00 } },	/* mov ecx, x2APIC ICR */
	{ 4, { 0x66, 0xba, 0xf8, 0x03 } },		/* mov dx, the UART */
	{ 4, { 0x66, 0xba, 0x43, 0x00 } },		/* mov dx, the PIT */
	{ 4, { 0x66, 0xba, 0x20, 0x00 } },		/* mov dx, the PIC */
	{ 7, { 0xc7, 0x83, 0x80, 0x03, 0x00, 0x00, 0x10 } },	/* mov [rbx+0x380], ... */
	{ 3, { 0x0f, 0x01, 0xf8 } },			/* swapgs */
	{ 2, { 0xcd, 0x80 } }, { 1, { 0xf1 } },		/* int, int1 */
};

static void make_bytes(uint64_t *rng, uint8_t *bytes)
{
	unsigned int i, t;
	uint64_t r;

	for (i = 0; i < BYTES; i++) {
		r = next(rng);
		bytes[i] = r >> 8;
		t = (r >> 16) % (sizeof(templates) / sizeof(templates[0]));
		if ((r & 0xff) > 0x50 || i + templates[t].len > BYTES)
			continue;
		memcpy(bytes + i, templates[t].bytes, templates[t].len);
		i += templates[t].len - 1;
	}
}

/* Most are small or addresses of something; the rest is anything. */
static uint64_t number(uint64_t *rng)
{
	static const uint64_t some[] = {
		0, 1, 0x3f8, 0xcf8, 0x1000, 0x100000, 0x3ff000, 0x400000, 0xfec00000,
		0xfee00000, 0xffffffff, 0x7fffffffffff, 0xffff800000000000, -1ULL,
	};
	uint64_t r = next(rng);

	if (r & 1)
		return some[(r >> 8) % (sizeof(some) / sizeof(some[0]))];
	return next(rng) >> (r >> 8 & 63);
}

static void random_registers(uint64_t *rng, struct hv_vcpu_state *s)
{
	unsigned int i;

	for (i = 0; i < HV_NR_GPRS; i++)
		s->gpr[i] = number(rng);
	s->rflags = (next(rng) & 0x240dd5) | 2;
	/* A stack that can be pushed to, in most of them. */
	if (next(rng) & 7)
		s->gpr[HV_RSP] = 0x90000 + (next(rng) & 0xfff8);
}

/* Exceptions step over a byte: with these gates a guest gets far. */
static void put_gates(struct hvctl *h, struct hvctl_spec *spec, struct hv_vcpu_state *s)
{
	static const uint8_t stubs[] = {
		0x48, 0xff, 0x04, 0x24, 0x48, 0xcf, 0x90, 0x90,	/* incq (%rsp); iretq */
		0x48, 0x83, 0xc4, 0x08, 0x48, 0xff, 0x04, 0x24, 0x48, 0xcf, /* add $8, %rsp */
	};
	const uint32_t with_error = 0x27d00;
	uint64_t idt[2 * NR_VECTORS] = { 0 };
	unsigned int i;

	for (i = 0; i < NR_VECTORS; i++)
		idt[2 * i] = ((STUBS_GPA & 0xffff) + (with_error >> i & 1) * 8) | 0x10 << 16 |
			     0x8eULL << 40 | (uint64_t)(STUBS_GPA >> 16) << 48;
	if (hvctl_spec_segment(h, spec, IDT_GPA, idt, sizeof(idt)) ||
	    hvctl_spec_segment(h, spec, STUBS_GPA, stubs, sizeof(stubs)))
		test_die("gates: %s", hvctl_error(h));
	s->idtr.base = IDT_GPA;
	s->idtr.limit = sizeof(idt) - 1;
}

static struct hv_segment segment(uint64_t base, uint32_t limit, uint16_t selector, uint16_t attr)
{
	return (struct hv_segment){
		.base = base, .limit = limit, .selector = selector, .attr = attr,
	};
}

static void all_segments(struct hv_vcpu_state *s, struct hv_segment code, struct hv_segment data)
{
	s->cs = code;
	s->ds = data;
	s->es = data;
	s->fs = data;
	s->gs = data;
	s->ss = data;
}

static void enter_real(struct hv_vcpu_state *s)
{
	s->cr0 = 0x10;
	s->cr3 = 0;
	s->cr4 = 0;
	s->efer = 0;
	all_segments(s, segment(0x10000, 0xffff, 0x1000, 0x9b), segment(0, 0xffff, 0, 0x93));
	s->idtr.limit = 0x3ff;
	s->rip = 0;
}

static void enter_protected(struct hv_vcpu_state *s)
{
	s->cr0 = 0x11;
	s->cr3 = 0;
	s->cr4 = 0;
	s->efer = 0;
	all_segments(s, segment(0, -1U, 0x10, 0xc9b), segment(0, -1U, 0x18, 0xc93));
}

/* Anything: most of these the CPU refuses, or they fault at once. */
static void random_modes(uint64_t *rng, struct hv_vcpu_state *s)
{
	s->cr0 ^= next(rng) & next(rng) & 0xe005003f;
	s->cr4 ^= next(rng) & next(rng) & 0x3ff;
	s->efer ^= next(rng) & next(rng) & 0xd01;
	/* See templates[]. */
	if (!(s->cr4 & 0x20))
		s->efer &= ~0x100ULL;
	s->cr8 = next(rng) & 0xf;
	s->cs.attr ^= next(rng) & next(rng) & 0xfff;
	s->ss.attr ^= next(rng) & next(rng) & 0xfff;
	s->cr3 = number(rng);
	s->rip = number(rng);
	s->idtr.base = number(rng);
}

static void show_state(unsigned int kind, const struct hv_vcpu_state *s)
{
	printf("# kind %u: cr0 %#llx cr3 %#llx cr4 %#llx cr8 %#llx efer %#llx rflags %#llx rip %#llx\n",
	       kind, s->cr0, s->cr3, s->cr4, s->cr8, s->efer, s->rflags, s->rip);
	printf("# cs %#x ss %#x tr %#x idt %#llx rsp %#llx\n", s->cs.attr, s->ss.attr,
	       s->tr.attr, s->idtr.base, s->gpr[HV_RSP]);
	fflush(stdout);
}

/* Half of them in long mode as a flat binary, with gates or without. */
static struct hvctl_spec *make_spec(struct hvctl *h, uint64_t *rng)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	struct hv_vcpu_state state = long_mode;
	unsigned int kind = next(rng) % 8;
	uint8_t bytes[BYTES];

	while (!(kinds >> kind & 1))
		kind = (kind + 1) % 8;
	make_bytes(rng, bytes);
	random_registers(rng, &state);
	if (kind >= 2 && kind < 6)
		put_gates(h, spec, &state);
	if (kind == 5)
		random_modes(rng, &state);
	if (kind == 6)
		enter_real(&state);
	if (kind == 7)
		enter_protected(&state);
	if (count == 1)
		show_state(kind, &state);
	if (hvctl_spec_set(h, spec, "memory", next(rng) & 3 ? MEMORY_SMALL : MEMORY) ||
	    hvctl_spec_set(h, spec, "cgroup", "") ||
	    hvctl_spec_set(h, spec, "debug-exit", DEBUG_EXIT_PORT) ||
	    hvctl_spec_set(h, spec, "on-reset", next(rng) & 1 ? "stop" : "reset") ||
	    hvctl_spec_set(h, spec, "kernel-type", "flat") ||
	    hvctl_spec_image(h, spec, bytes, sizeof(bytes)) ||
	    hvctl_spec_segment(h, spec, 0x10000, bytes, sizeof(bytes)) ||
	    hvctl_spec_vcpu_state(h, spec, &state))
		test_die("specification: %s", hvctl_error(h));
	return spec;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

static void note_kill(uint64_t us)
{
	if (us > tally->kill_us)
		tally->kill_us = us;
}

/*
 * hvctl_wait() would wake each worker for each guest of the others. Most guests
 * end at once: looks come ever later.
 */
static struct hvctl_guest *look_for_end(struct hvctl *h, uint64_t id, unsigned int ms)
{
	uint64_t end = now_us() + 1000 * ms;
	struct hvctl_guest *g;
	unsigned int pause = 500;

	do {
		usleep(pause);
		pause *= 2;
		if (hvctl_get(h, id, &g))
			test_die("get: %s", hvctl_error(h));
		if (g->state == HV_STATE_STOPPED)
			return g;
		hvctl_guest_free(g);
	} while (now_us() < end);
	return NULL;
}

/* Its end, by itself or by us. */
static struct hvctl_guest *end_of(struct hvctl *h, uint64_t id, bool *killed)
{
	struct hvctl_guest *g;
	uint64_t start;

	*killed = false;
	g = look_for_end(h, id, BUDGET_MS);
	if (g)
		return g;
	start = now_us();
	*killed = !hvctl_kill(h, id);
	note_kill(now_us() - start);
	return look_for_end(h, id, KILL_MS);
}

static bool good_end(const struct hvctl_guest *g, bool killed)
{
	if (!g || g->stop_reason == HV_STOP_REASON_NONE || g->stop_reason >= NR_REASONS ||
	    g->stop_reason == HV_STOP_REASON_ROOT_LOST)
		return false;
	return killed || g->stop_reason != HV_STOP_REASON_KILLED;
}

static void one_run(struct hvctl *h, unsigned int i)
{
	uint64_t rng = seed * 1000003 + i, id;
	struct hvctl_spec *spec = make_spec(h, &rng);
	struct hvctl_guest *g;
	bool killed;

	/* A state that is refused at creation is one more good end. */
	if (hvctl_create(h, spec, &id)) {
		hvctl_spec_free(spec);
		return;
	}
	hvctl_spec_free(spec);
	if (hvctl_start(h, id))
		test_die("run %u: start: %s", i, hvctl_error(h));
	g = end_of(h, id, &killed);
	if (g)
		__atomic_add_fetch(&tally->reason[g->stop_reason % NR_REASONS], 1,
				   __ATOMIC_RELAXED);
	if (!good_end(g, killed)) {
		__atomic_add_fetch(&tally->bad, 1, __ATOMIC_RELAXED);
		printf("# run %u of seed %llu: no good end\n", i, (unsigned long long)seed);
	}
	if (count == 1 && g)
		printf("# %s: %s\n", hvctl_stop_reason_name(g->stop_reason), g->stop_detail);
	hvctl_guest_free(g);
	if (hvctl_remove(h, id))
		test_die("run %u: remove: %s", i, hvctl_error(h));
}

static void worker(unsigned int w)
{
	struct hvctl *h;
	unsigned int i;

	if (hvctl_open(&h))
		test_die("open: %s", hvctl_error(h));
	for (i = w; i < count; i += WORKERS)
		one_run(h, first + i);
	hvctl_close(h);
	fflush(stdout);
	_exit(0);
}

/* The state that the library gives a flat binary. */
static void learn_long_mode(struct hvctl *h)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	uint64_t id;

	if (hvctl_spec_set(h, spec, "kernel-type", "flat") ||
	    hvctl_spec_image(h, spec, "\xf4", 1) || hvctl_create(h, spec, &id) ||
	    hvctl_get_regs(h, id, 0, &long_mode) || hvctl_remove(h, id))
		test_die("%s", hvctl_error(h));
	hvctl_spec_free(spec);
}

static void show_tally(void)
{
	unsigned int r;

	for (r = 0; r < NR_REASONS; r++)
		if (tally->reason[r])
			printf("# %6u %s\n", tally->reason[r], hvctl_stop_reason_name(r));
	printf("# the longest kill took %u us\n", tally->kill_us);
}

static void random_bytes(void)
{
	unsigned int before = log_lines(), w, failed = 0;
	int status;

	fflush(stdout);
	for (w = 0; w < WORKERS; w++)
		if (!fork())
			worker(w);
	for (w = 0; w < WORKERS; w++) {
		wait(&status);
		failed += status != 0;
	}
	show_tally();
	CHECK_EQ(failed, 0);
	CHECK_EQ(tally->bad, 0);
	w = log_lines() - before;
	printf("# the host's log has %u lines more\n", w);
	CHECK(w < LOG_LINES);
}

static void nothing_left(void)
{
	struct hvctl *h = test_open();
	struct hvctl_guest **list;

	CHECK_OK(h, hvctl_list(h, &list));
	CHECK(!*list);
	hvctl_list_free(list);
	hvctl_close(h);
}

static const struct tap_test tests[] = {
	{ "each guest of random bytes ends with a reason", random_bytes },
	{ "nothing is left", nothing_left },
};

int main(int argc, char **argv)
{
	struct hvctl *h = test_open();

	count = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(10000, 100);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		first = strtoul(argv[3], NULL, 0);
	if (argc > 4)
		kinds = strtoul(argv[4], NULL, 0) & 0xff;
	if (!kinds)
		test_die("no kinds");
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	learn_long_mode(h);
	hvctl_close(h);
	printf("# %u runs of seed %llu from %u on\n", count, (unsigned long long)seed, first);
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
