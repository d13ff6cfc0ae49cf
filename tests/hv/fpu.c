// SPDX-License-Identifier: GPL-2.0-only
/*
 * x87, SSE and AVX state, TSC_AUX, and what the SYSCALL MSRs and the bases of FS
 * and GS are for: guests and host tasks on the same CPUs, each with patterns of
 * its own, each sees only those.
 *
 * usage: fpu [GUEST ROUNDS]
 */
#include <asm/prctl.h>
#include <immintrin.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "items.h"

#define GUESTS	3
#define TASKS	4

static struct hvctl *h;
static unsigned int rounds;
static uint64_t ids[GUESTS];
static volatile uint32_t *bad_rounds, *good_rounds;
static volatile bool *stop;

static bool have_avx(void)
{
	return __builtin_cpu_supports("avx");
}

static void make_guests(void)
{
	struct hvctl_spec *spec;
	uint64_t args[ITEM_ARGS] = { 0, rounds, have_avx() };
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		spec = payload_spec(h, "fpu");
		args[0] = i + 1;
		CHECK_OK(h, hvctl_spec_segment(h, spec, ITEM_ARGS_GPA, args, sizeof(args)));
		ids[i] = create_spec(h, spec);
	}
}

/* The kernel's own way of saving a task's registers is tested along with ours. */
__attribute__((target("avx"), noinline))
static bool hold_ymm(uint64_t x, unsigned int spins)
{
	__m256i pattern = _mm256_set1_epi64x(x), a = pattern;
	unsigned int i;

	for (i = 0; i < spins; i++)
		asm volatile("" : "+x"(a));
	a = _mm256_castpd_si256(_mm256_xor_pd(_mm256_castsi256_pd(a),
					      _mm256_castsi256_pd(pattern)));
	return _mm256_testz_si256(a, a);
}

static bool hold_xmm(uint64_t low, unsigned int spins)
{
	__m128i a = _mm_set1_epi64x(low);
	uint64_t out[2];
	unsigned int i;

	for (i = 0; i < spins; i++)
		asm volatile("" : "+x"(a));
	_mm_storeu_si128((__m128i *)out, a);
	return out[0] == low && out[1] == low;
}

/* Eight numbers on the x87 stack, in the order in which they come off again. */
static bool hold_x87(uint64_t first, unsigned int spins)
{
	uint64_t in[8], out[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		in[i] = (first >> 11) + i;
	asm volatile("fninit; fildll 56(%1); fildll 48(%1); fildll 40(%1); fildll 32(%1)\n\t"
		     "fildll 24(%1); fildll 16(%1); fildll 8(%1); fildll (%1)\n"
		     "1:\tdec %0; jnz 1b" : "+r"(spins) : "r"(in) : "memory", "cc");
	asm volatile("fistpll (%0); fistpll 8(%0); fistpll 16(%0); fistpll 24(%0)\n\t"
		     "fistpll 32(%0); fistpll 40(%0); fistpll 48(%0); fistpll 56(%0)"
		     : : "r"(out) : "memory");
	return !memcmp(in, out, sizeof(in));
}

static bool hold_mxcsr(uint64_t x, unsigned int spins)
{
	unsigned int mxcsr = 0x1f80 | (x >> 20 & 0xe000), found, old = _mm_getcsr();
	unsigned int i;

	_mm_setcsr(mxcsr);
	for (i = 0; i < spins; i++)
		asm volatile("" ::: "memory");
	found = _mm_getcsr();
	_mm_setcsr(old);
	return found == mxcsr;
}

/* On one CPU, whose number the kernel keeps in TSC_AUX; GS is nobody's in user space. */
static void settle(unsigned int number)
{
	unsigned int cpu = number % sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    syscall(SYS_arch_prctl, ARCH_SET_GS, (unsigned long)number << 12))
		_exit(1);
}

/* A system call goes through STAR, LSTAR and SFMASK, the stack canary through FS. */
static bool hold_msrs(unsigned int number)
{
	unsigned int aux, cpu = number % sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long gs = 0;

	asm volatile("rdtscp" : "=c"(aux) : : "eax", "edx");
	if (syscall(SYS_arch_prctl, ARCH_GET_GS, &gs) || gs != (unsigned long)number << 12)
		return false;
	return (aux & 0xfff) == cpu;
}

static void host_task(unsigned int number)
{
	uint64_t x = number * 0x123456789abcdefULL;
	bool good;

	settle(number);
	while (!*stop) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		good = hold_xmm(x, 20000) && hold_x87(x, 20000) && hold_mxcsr(x, 20000);
		if (__builtin_cpu_supports("avx"))
			good &= hold_ymm(x, 20000);
		good &= hold_msrs(number);
		__atomic_add_fetch(good ? good_rounds : bad_rounds, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static void kept_apart(void)
{
	struct hvctl_guest *g;
	unsigned int i;
	char *text;

	fflush(stdout);
	for (i = 0; i < TASKS; i++)
		if (!fork())
			host_task(i + 1);
	for (i = 0; i < GUESTS; i++)
		CHECK_OK(h, hvctl_start(h, ids[i]));
	for (i = 0; i < GUESTS; i++) {
		CHECK_OK(h, hvctl_wait(h, ids[i], 120000, &g));
		text = console_text(h, ids[i]);
		show_items(text);
		free(text);
		CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
		CHECK_EQ(payload_status(g), 0);
		hvctl_guest_free(g);
	}
	*stop = true;
	while (wait(NULL) > 0)
		;
	printf("# %u rounds in host tasks beside %u in each guest\n", *good_rounds, rounds);
	CHECK_EQ(*bad_rounds, 0);
	CHECK(*good_rounds > TASKS);
}

static void removed(void)
{
	unsigned int i;

	*stop = true;
	for (i = 0; i < GUESTS; i++) {
		hvctl_kill(h, ids[i]);
		CHECK_OK(h, hvctl_remove(h, ids[i]));
	}
}

static const struct tap_test tests[] = {
	{ "guests are made", make_guests },
	{ "registers of guests and host tasks are kept apart", kept_apart },
	{ "they are removed", removed },
};

int main(int argc, char **argv)
{
	rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : tap_count(4000, 100);
	good_rounds = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bad_rounds = good_rounds + 1;
	stop = (volatile bool *)(good_rounds + 2);
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
