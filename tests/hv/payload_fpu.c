// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps x87, MXCSR and XMM or YMM full of patterns of its own, and looks again
 * and again whether they are what it put there. First argument: its number;
 * second: rounds; third: with AVX.
 */
#include "payload_check.h"

#define CR0_MP		2
#define CR0_EM		4
#define CR0_TS		8
#define CR4_OSFXSR	(1 << 9)
#define CR4_OSXMMEXCPT	(1 << 10)
#define CR4_OSXSAVE	(1 << 18)

static u8 want[16][32] __attribute__((aligned(64)));
static u8 got[16][32] __attribute__((aligned(64)));
static u64 x87_want[8], x87_got[8];
static u8 area[4096] __attribute__((aligned(64)));

static bool avx;

static void enable(void)
{
	u64 cr0, cr4;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 = (cr0 | CR0_MP) & ~(u64)(CR0_EM | CR0_TS);
	asm volatile("mov %0, %%cr0" : : "r"(cr0));
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (avx)
		cr4 |= CR4_OSXSAVE;
	asm volatile("mov %0, %%cr4" : : "r"(cr4));
	if (avx)
		asm volatile("xsetbv" : : "c"(0), "a"(7), "d"(0));
}

/* What FXSAVE finds before anything was loaded: nothing of the host's. */
static void check_initial(void)
{
	const u32 *words = (const u32 *)area;
	u32 i, sum = 0;

	asm volatile("fxsave %0" : "=m"(area) : : "memory");
	/* As FNINIT leaves it, or as RESET does. */
	check("fpu: control word at reset", *(u16 *)area == 0x37f || *(u16 *)area == 0x40);
	check_eq("fpu: MXCSR at reset", words[6], 0x1f80);
	for (i = 8; i < 8 + 32 + 64; i++)
		sum |= words[i];
	check_eq("fpu: registers at reset", sum, 0);
}

static void make_patterns(u64 *x)
{
	u64 *words = (u64 *)want;
	u32 i;

	for (i = 0; i < sizeof(want) / 8; i++) {
		*x = *x * 6364136223846793005ULL + 1442695040888963407ULL;
		words[i] = *x;
	}
	/* Integers, which x87 keeps to the last bit. */
	for (i = 0; i < 8; i++)
		x87_want[i] = (*x >> 11) + i;
}

#define EACH(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) \
	F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
#define LOAD_YMM(n)	"vmovdqa 32*" #n "(%0), %%ymm" #n "\n\t"
#define SAVE_YMM(n)	"vmovdqa %%ymm" #n ", 32*" #n "(%0)\n\t"
#define LOAD_XMM(n)	"movdqa 32*" #n "(%0), %%xmm" #n "\n\t"
#define SAVE_XMM(n)	"movdqa %%xmm" #n ", 32*" #n "(%0)\n\t"

static void load(u32 mxcsr)
{
	if (avx)
		asm volatile(EACH(LOAD_YMM) : : "r"(want) : "memory");
	else
		asm volatile(EACH(LOAD_XMM) : : "r"(want) : "memory");
	asm volatile("ldmxcsr %0; fninit" : : "m"(mxcsr));
	asm volatile("fildll 56(%0); fildll 48(%0); fildll 40(%0); fildll 32(%0)\n\t"
		     "fildll 24(%0); fildll 16(%0); fildll 8(%0); fildll (%0)"
		     : : "r"(x87_want) : "memory");
}

static bool same(u32 mxcsr)
{
	const u8 *a = want[0], *b = got[0];
	u32 found, i, j;

	if (avx)
		asm volatile(EACH(SAVE_YMM) : : "r"(got) : "memory");
	else
		asm volatile(EACH(SAVE_XMM) : : "r"(got) : "memory");
	asm volatile("stmxcsr %0" : "=m"(found));
	asm volatile("fistpll (%0); fistpll 8(%0); fistpll 16(%0); fistpll 24(%0)\n\t"
		     "fistpll 32(%0); fistpll 40(%0); fistpll 48(%0); fistpll 56(%0)"
		     : : "r"(x87_got) : "memory");
	for (i = 0; i < 16; i++)
		for (j = 0; j < (avx ? 32 : 16); j++)
			if (a[32 * i + j] != b[32 * i + j])
				return false;
	for (i = 0; i < 8; i++)
		if (x87_want[i] != x87_got[i])
			return false;
	return found == mxcsr;
}

/* With the registers full: plain work, exits of the core, and the thread's own. */
static void linger(u32 round)
{
	volatile u32 i;

	for (i = 0; i < 20000; i++)
		;
	cpuid(0, 0);
	if (round % 16 == 0)
		*(volatile u8 *)(0x400000ULL + (round & 1023) * 4096) = 1;
	if (round % 64 == 0)
		putch('.');
}

int main(void)
{
	u64 x = PAYLOAD_ARGS[0] * 0x9e3779b97f4a7c15ULL;
	u32 i, mxcsr, bad = 0;

	avx = PAYLOAD_ARGS[2];
	enable();
	check_initial();
	for (i = 0; i < PAYLOAD_ARGS[1]; i++) {
		make_patterns(&x);
		/* Rounding, flush to zero and masks, but no exception's flag. */
		mxcsr = 0x1f80 | (x >> 20 & 0xe000);
		load(mxcsr);
		linger(i);
		bad += !same(mxcsr);
	}
	puts("\n");
	check_eq("fpu: rounds with a register changed", bad, 0);
	return check_result();
}
