// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that does things at random to whatever hv emulates or switches: ports,
 * MMIO by every form of instruction that hv carries out, MSRs, control and debug
 * registers, descriptor tables, page tables, local APICs and interrupts, hypercalls,
 * instructions that are written while another CPU runs them, and random bytes.
 *
 * Whatever faults is given up, and the next operation begins. What the guest does to
 * itself is no matter: it may end at any time, by any reason. See fuzz.h.
 */
#include "payload_ap.h"
#include "fuzz.h"

#define ARGS		((const volatile u64 *)0x20000)
#define REPORT		((volatile u64 *)FUZZ_REPORT)

#define LAPIC		0xfee00000ULL
#define IOAPIC		0xfec00000ULL
#define MEMORY_END	0x1000000ULL
#define PML4		((volatile u64 *)0x8000)
#define WINDOW		0x8000000000ULL	/* linear, by the second entry of the PML4 */
#define START_PAGE	0x30

#define MSR_APIC_BASE	0x1b
#define MSR_X2APIC	0x800
#define MSR_EFER	0xc0000080

#define TIMER_VECTOR	0x40
#define STUCK		3	/* ticks of the timer in one operation */

struct rng {
	u64 state;
};

static u64 flags;
static u64 sum[CPUS_MAX];	/* of what was read, so that it is */

/* SplitMix64 */
static u64 rnd(struct rng *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static u32 below(struct rng *r, u32 n)
{
	return rnd(r) % n;
}

static u64 number(struct rng *r)
{
	static const u64 some[] = { 0, 1, 2, 0x10, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000,
				    0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
				    0x7fffffffffffffff, 0x8000000000000000, ~0ULL };
	u32 pick = below(r, 3 * sizeof(some) / sizeof(some[0]));

	return pick < sizeof(some) / sizeof(some[0]) ? some[pick] : rnd(r) >> below(r, 64);
}

/* Faults: back to where the operation began. */

/**
 * struct jump - where a CPU goes on
 * @buffer: of __builtin_setjmp()
 * @armed: an operation is under way
 * @seen: FUZZ_DONE at the timer's last tick
 * @ticks: of the timer since that has changed
 */
struct jump {
	void *buffer[5];
	bool armed;
	u64 seen, ticks;
};

static struct jump jumps[CPUS_MAX];

__attribute__((used)) static void on_fault(void)
{
	REPORT[cpu_id() * FUZZ_ROW + FUZZ_FAULTS]++;
	__builtin_longjmp(jumps[cpu_id()].buffer, 1);
}

static void eoi(void)
{
	if (rdmsr(MSR_APIC_BASE) & 0x400)
		wrmsr(MSR_X2APIC + 0x0b, 0);
	else
		mmio_write(LAPIC + 0xb0, 0);
}

static HANDLER void on_interrupt(struct frame *f)
{
	eoi();
}

static void tick(struct jump *j, u64 now)
{
	j->ticks = now == j->seen ? j->ticks + 1 : 0;
	j->seen = now;
	if (j->armed && j->ticks > STUCK) {
		j->ticks = 0;
		__builtin_longjmp(j->buffer, 1);
	}
}

/* The same operation for some ticks: it does not end by itself. */
static HANDLER void on_timer(struct frame *f)
{
	eoi();
	tick(&jumps[cpu_id()], REPORT[cpu_id() * FUZZ_ROW + FUZZ_DONE]);
}

/* An exception's stack is given up with it. */
void fault_entry(void);
void nmi_entry(void);

asm("fault_entry:\n"
    "	cld\n"
    "	and	$-16, %rsp\n"
    "	call	on_fault\n"
    "nmi_entry:\n"
    "	iretq\n");

static void set_gates(void)
{
	u32 i;

	for (i = 0; i < 256; i++)
		idt_set(i, i >= 32 ? (void *)on_interrupt : i == 2 ? (void *)nmi_entry :
			(void *)fault_entry);
	idt_set(TIMER_VECTOR, on_timer);
	idt_load();
}

/* What an operation may have left behind. */

struct pointer {
	u16 limit;
	u64 base;
} __attribute__((packed));

static struct pointer gdtr;
static u64 cr0, cr4, efer;

static void set_cr0(u64 value)
{
	asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static void set_cr4(u64 value)
{
	asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static void set_cr3(u64 value)
{
	asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static void set_cr8(u64 value)
{
	asm volatile("mov %0, %%cr8" : : "r"(value) : "memory");
}

static void set_timer(void)
{
	if (flags & FUZZ_NO_TIME)
		return;
	if (rdmsr(MSR_APIC_BASE) & 0x400) {
		wrmsr(MSR_X2APIC + 0x0f, 0x1ff);
		wrmsr(MSR_X2APIC + 0x3e, 0xb);
		wrmsr(MSR_X2APIC + 0x32, 0x20000 | TIMER_VECTOR);
		wrmsr(MSR_X2APIC + 0x38, 5000000);
		return;
	}
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x3e0, 0xb);
	mmio_write(LAPIC + 0x320, 0x20000 | TIMER_VECTOR);
	mmio_write(LAPIC + 0x380, 5000000);
}

static void tidy(bool all)
{
	asm volatile("cld" : : : "memory");
	asm volatile("lgdt %0" : : "m"(gdtr));
	idt_load();
	if (!all)
		return;
	set_cr0(cr0);
	set_cr4(cr4);
	set_cr3((u64)PML4);
	set_cr8(0);
	wrmsr(MSR_EFER, efer);
	/* Without a local APIC nothing would end a halt. */
	if (!(rdmsr(MSR_APIC_BASE) & 0x800))
		wrmsr(MSR_APIC_BASE, LAPIC | 0x800);
	set_timer();
}

/* Instructions with a memory operand at (%rbx), or at (%rdi) and (%rsi); %rax, %rcx. */

struct template {
	u8 len;
	u8 bytes[9];
};

static const struct template templates[] = {
	{ 2, { 0x89, 0x03 } }, { 2, { 0x8b, 0x03 } }, { 2, { 0x88, 0x03 } }, { 2, { 0x8a, 0x03 } },
	{ 3, { 0x66, 0x89, 0x03 } }, { 3, { 0x66, 0x8b, 0x03 } },
	{ 3, { 0x48, 0x89, 0x03 } }, { 3, { 0x48, 0x8b, 0x03 } },	/* mov */
	{ 2, { 0x87, 0x03 } }, { 2, { 0x86, 0x03 } },			/* xchg */
	{ 3, { 0xf0, 0x09, 0x03 } }, { 3, { 0x48, 0x31, 0x03 } },	/* lock or, xor */
	{ 2, { 0x03, 0x03 } }, { 2, { 0x2b, 0x03 } }, { 2, { 0x3b, 0x03 } }, { 2, { 0x39, 0x03 } },
	{ 4, { 0xf0, 0x0f, 0xab, 0x03 } }, { 3, { 0x0f, 0xa3, 0x03 } },	/* lock bts, bt */
	{ 4, { 0x0f, 0xba, 0x2b, 0x05 } }, { 4, { 0x0f, 0xba, 0x33, 0x1f } },
	{ 3, { 0x0f, 0xb6, 0x03 } }, { 3, { 0x0f, 0xbe, 0x03 } },	/* movzx, movsx */
	{ 4, { 0x48, 0x0f, 0xbf, 0x03 } }, { 3, { 0x48, 0x63, 0x03 } },
	{ 4, { 0xf0, 0x0f, 0xb1, 0x03 } }, { 4, { 0xf0, 0x0f, 0xc1, 0x03 } },	/* cmpxchg, xadd */
	{ 3, { 0x83, 0x23, 0x0f } }, { 3, { 0x80, 0x0b, 0x01 } },	/* and, or with imm8 */
	{ 6, { 0xf7, 0x03, 0x01, 0x00, 0x00, 0x80 } },			/* test */
	{ 6, { 0xc7, 0x03, 0x12, 0x34, 0x56, 0x78 } }, { 3, { 0xc6, 0x03, 0xa5 } },
	{ 2, { 0xff, 0x03 } }, { 2, { 0xfe, 0x0b } }, { 2, { 0xf7, 0x13 } }, { 2, { 0xf7, 0x1b } },
	{ 3, { 0x0f, 0xc3, 0x03 } },					/* movnti */
	{ 4, { 0x0f, 0x38, 0xf0, 0x03 } }, { 4, { 0x0f, 0x38, 0xf1, 0x03 } },	/* movbe */
	{ 1, { 0xaa } }, { 2, { 0xf3, 0xaa } }, { 1, { 0xab } }, { 2, { 0xf3, 0xab } },
	{ 1, { 0xa4 } }, { 2, { 0xf3, 0xa4 } }, { 1, { 0xa5 } }, { 3, { 0xf3, 0x48, 0xa5 } },
	{ 1, { 0xac } }, { 1, { 0xad } }, { 2, { 0xf3, 0xad } },
	{ 4, { 0x89, 0x44, 0x8b, 0x7c } }, { 4, { 0x8b, 0x44, 0x8b, 0x84 } },	/* with an index */
	{ 3, { 0x67, 0x8b, 0x03 } }, { 3, { 0x65, 0x8b, 0x03 } },	/* 32-bit address; GS */
};

#define NR_TEMPLATES	(sizeof(templates) / sizeof(templates[0]))

static u8 code[CPUS_MAX][64] __attribute__((aligned(64)));
static u8 shared_code[4096] __attribute__((aligned(4096)));
static u8 buffer[CPUS_MAX][8192] __attribute__((aligned(4096)));

static void put_code(u8 *at, const struct template *t)
{
	u32 i;

	for (i = 0; i < t->len; i++)
		((volatile u8 *)at)[i] = t->bytes[i];
	((volatile u8 *)at)[t->len] = 0xc3;
}

static void call(u8 *at, u64 rax, u64 rbx, u64 rcx, u64 rsi, u64 rdi)
{
	asm volatile("call *%5" : "+a"(rax), "+b"(rbx), "+c"(rcx), "+S"(rsi), "+D"(rdi)
		     : "m"(at) : "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	sum[cpu_id()] += rax;
}

/* Where there are chips, nothing, the end of memory, or memory. */
static u64 place(struct rng *r)
{
	static const u64 places[] = { LAPIC, LAPIC, LAPIC, IOAPIC, IOAPIC, 0xfed00000, 0xd0000000,
				      0xe0000000, MEMORY_END - 0x800, 0xfedff800, 0xfee00800,
				      0xfec00800, 0xa0000, 0xfffff000 };
	u64 base = places[below(r, sizeof(places) / sizeof(places[0]))];
	u32 offset = below(r, 2) ? below(r, 64) * 16 : below(r, 4096);

	if (!below(r, 8))
		return (u64)buffer[cpu_id()] + below(r, 4096);
	return base + offset;
}

static void access(u8 *at, struct rng *r, u64 address)
{
	u64 mine = (u64)buffer[cpu_id()] + below(r, 4096);
	bool to = below(r, 2);

	call(at, number(r), address, below(r, 9), to ? mine : address, to ? address : mine);
}

static void op_mmio(struct rng *r)
{
	u8 *at = code[cpu_id()];

	put_code(at, &templates[below(r, NR_TEMPLATES)]);
	access(at, r, place(r));
}

/* One CPU writes what the other one runs, at the end of a page too. */
static void op_race(struct rng *r)
{
	u8 *at = shared_code + (below(r, 2) ? 64 : 4088);

	if (below(r, 2))
		put_code(at, &templates[below(r, NR_TEMPLATES)]);
	if (at[0] || at[1])
		access(at, r, place(r));
}

/* Ports */

static u16 port(struct rng *r)
{
	static const u16 ports[] = {
		0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40, 0x41, 0x42, 0x43, 0x61, 0x60, 0x64,
		0x70, 0x71, 0x80, 0x92, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff,
		0x2f8, 0xcf8, 0xcfc, 0x600, 0x604, 0x608, 0xb0, 0x402, 0xffff, 0xf3, 0xf5,
	};
	u16 p = below(r, 4) ? ports[below(r, sizeof(ports) / sizeof(ports[0]))] : rnd(r);

	/* The debug exit, and reset by the keyboard controller, port 92h and CF9h: too soon. */
	return (p >= 0xf1 && p <= 0xf7) || p == 0x64 || p == 0x92 || p == 0xcf9 ? 0x80 : p;
}

static void op_port(struct rng *r)
{
	u16 p = port(r);
	u64 value = number(r);

	switch (below(r, 6)) {
	case 0:
		sum[cpu_id()] += inb(p);
		break;
	case 1:
		sum[cpu_id()] += inw(p);
		break;
	case 2:
		sum[cpu_id()] += inl(p);
		break;
	case 3:
		outb(p, value);
		break;
	case 4:
		/* Not the sleep of the PM1 control register. */
		outw(p, value & ~0x2000);
		break;
	case 5:
		outl(p, value & ~0x20002000);
		break;
	}
}

static void op_string_port(struct rng *r)
{
	static const struct template strings[] = {
		{ 1, { 0x6c } }, { 2, { 0xf3, 0x6c } }, { 2, { 0xf3, 0x6d } }, { 3, { 0x66, 0xf3, 0x6d } },
		{ 1, { 0x6e } }, { 2, { 0xf3, 0x6e } }, { 2, { 0xf3, 0x6f } },
	};
	u64 address = below(r, 4) ? (u64)buffer[cpu_id()] + below(r, 4096) : place(r);
	u64 count = below(r, 40), p = port(r), from = address;
	u8 *at = code[cpu_id()];

	/* What goes out may have come from a clock: INS alone, where that counts. */
	put_code(at, &strings[below(r, flags & FUZZ_NO_TIME ? 4 : sizeof(strings) / sizeof(strings[0]))]);
	asm volatile("call *%4" : "+S"(from), "+D"(address), "+c"(count), "+d"(p)
		     : "m"(at) : "rax", "r8", "r9", "r10", "r11", "memory", "cc");
}

/* Registers */

static void op_msr(struct rng *r)
{
	static const u32 msrs[] = {
		0x10, 0x17, 0x1b, 0x3a, 0x3b, 0x48, 0x49, 0x8b, 0xcd, 0xfe, 0x10a, 0x10b, 0x11e,
		0x174, 0x175, 0x176, 0x179, 0x17a, 0x1a0, 0x1d9, 0x1db, 0x200, 0x201, 0x250, 0x268,
		0x277, 0x2ff, 0x400, 0x401, 0x480, 0x48b, 0x6e0, 0x6e0, 0xc0000081, 0xc0000082,
		0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103, 0xc0010010,
		0xc0010015, 0xc0010114, 0xc0010117, 0xc0011020, 0xc0011029, 0xda0, 0x1c4,
		0x4b564d00, 0x4b564d01, 0x4b564d02, 0x4b564d03, 0x4b564d04, 0x11, 0x12,
	};
	u32 msr = below(r, 8) ? msrs[below(r, sizeof(msrs) / sizeof(msrs[0]))] : rnd(r);
	u64 value = number(r);

	if (!below(r, 6))
		msr = MSR_X2APIC + below(r, flags & FUZZ_NO_TIME ? 0x30 : 0x40);
	if (below(r, 2)) {
		sum[cpu_id()] += rdmsr(msr) & (msr == 0x10 ? 0 : ~0ULL);
		return;
	}
	/* Where the time is written, and what of the guest's own memory that may be. */
	if (msr >> 8 == 0x4b564d || msr == 0x11 || msr == 0x12)
		value = (u64)buffer[0] + below(r, 64) + (below(r, 4) ? 0 : MEMORY_END);
	if (msr == MSR_APIC_BASE)
		value = 0xfee00000 | below(r, 4) << 10 | below(r, 2) << 8;
	if (msr == MSR_EFER)
		value = efer | below(r, 2);
	wrmsr(msr, value);
}

static void op_cr(struct rng *r)
{
	static const u8 bits4[] = { 0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 16, 17, 18, 20, 21, 22, 23 };
	u64 value = cr0 ^ (1ULL << below(r, 6)) ^ (below(r, 4) ? 0 : 1ULL << 16);

	switch (below(r, 5)) {
	case 0:
		if (!(flags & FUZZ_NO_BAD_CR))
			value ^= (u64)below(r, 4) << 29;
		set_cr0(value | 1);
		break;
	case 1:
		set_cr4(cr4 ^ 1ULL << bits4[below(r, sizeof(bits4))]);
		break;
	case 2:
		value = (u64)PML4 | (below(r, 2) ? number(r) & 0xfff : 0);
		if (!(flags & FUZZ_NO_BAD_CR))
			value |= (rnd(r) & 1) << 63;
		set_cr3(value);
		break;
	case 3:
		set_cr8(number(r) & (below(r, 2) ? 15 : ~0ULL));
		break;
	case 4:
		asm volatile("clts; smsw %%ax; lmsw %%ax" : : : "rax");
	}
}

static void op_dr(struct rng *r)
{
	u64 value = below(r, 2) ? (u64)buffer[cpu_id()] : number(r);

	switch (below(r, 4)) {
	case 0:
		asm volatile("mov %0, %%dr0" : : "r"(value));
		break;
	case 1:
		asm volatile("mov %0, %%dr3" : : "r"(value));
		break;
	case 2:
		asm volatile("mov %0, %%dr6" : : "r"(value));
		break;
	case 3:
		asm volatile("mov %%dr6, %0" : "=r"(value));
		if (!(flags & FUZZ_NO_DR7))
			asm volatile("mov %0, %%dr7" : : "r"(number(r) & ~0x2000ULL));
	}
}

static void op_tables(struct rng *r)
{
	struct pointer p = { rnd(r), number(r) };
	u64 value;

	switch (below(r, 4)) {
	case 0:
		asm volatile("sgdt %0" : "=m"(p));
		asm volatile("sidt %0" : "=m"(p));
		asm volatile("str %w0; sldt %w0" : "=r"(value));
		break;
	case 1:
		asm volatile("lgdt %0" : : "m"(p));
		break;
	case 2:
		/* What faults now, or is interrupted, ends in a triple fault. */
		asm volatile("lidt %0" : : "m"(p));
		idt_load();
		break;
	case 3:
		asm volatile("lldt %w0" : : "r"(0));
		asm volatile("verr %w0; verw %w0" : : "r"((u16)rnd(r)) : "cc");
	}
}

/* The guest's own translations, and then an access through them. */

static u64 pdpt[512] __attribute__((aligned(4096)));
static u64 pd[512] __attribute__((aligned(4096)));
static u64 pt[512] __attribute__((aligned(4096)));

static u64 frame(struct rng *r)
{
	static const u64 frames[] = { LAPIC, IOAPIC, 0xd0000000, 0xfed00000, MEMORY_END - 4096,
				      MEMORY_END, 0x200000000, 0xffffffffff000, 0xa0000 };
	u32 pick = below(r, 16);

	if (pick < sizeof(frames) / sizeof(frames[0]))
		return frames[pick];
	return (u64)buffer[cpu_id()] + 4096 * (pick & 1);
}

static void op_paging(struct rng *r)
{
	u32 page = below(r, 8), level = below(r, 12);
	u64 gva = WINDOW + page * 4096 + (below(r, 4) ? below(r, 4000) : 4090 + below(r, 6));
	u64 bits = 1 | (rnd(r) & 0x1fe & ~0x80ULL) | (below(r, 8) ? 0 : rnd(r) & 0x8000000000000080);
	u8 *at = code[cpu_id()];

	pt[page] = frame(r) | 3 | bits;
	if (!below(r, 4))
		pt[page] = rnd(r);
	/* A table where there is no memory ends the guest: seldom. */
	pd[0] = level ? (u64)pt | 7 : (u64)pt | (rnd(r) & 0x80000000000001ff);
	pdpt[0] = level != 1 ? (u64)pd | 7 : (u64)pd | (rnd(r) & 0x8000000000000fff);
	if (!below(r, 2000))
		pdpt[0] = rnd(r);
	if (below(r, 4))
		asm volatile("invlpg (%0)" : : "r"(gva) : "memory");
	put_code(at, &templates[below(r, NR_TEMPLATES)]);
	access(at, r, gva);
}

/* Interrupts */

static void write_icr(u64 icr)
{
	if (rdmsr(MSR_APIC_BASE) & 0x400) {
		wrmsr(MSR_X2APIC + 0x30, icr);
		return;
	}
	mmio_write(LAPIC + 0x310, icr >> 32 << 24);
	mmio_write(LAPIC + 0x300, icr);
}

static void op_ipi(struct rng *r)
{
	u64 icr = (u64)below(r, FUZZ_CPUS(ARGS[1]) + 1) << 32 | below(r, 256) |
		  (rnd(r) & 0xc8800) | (u64)below(r, 8) << 8;

	if (flags & FUZZ_NO_TIME)
		return;
	/* INIT and start-up would end what this CPU's neighbour does: now and then. */
	if ((icr & 0x700) >= 0x500 && below(r, 50))
		icr &= ~0x500ULL;
	write_icr(icr);
}

static void op_lapic(struct rng *r)
{
	u32 reg = below(r, 64);
	u64 value = below(r, 2) ? number(r) : TIMER_VECTOR | below(r, 4) << 17;

	/* Not what would silence the timer that ends what hangs. */
	if ((flags & FUZZ_NO_TIME) && reg >= 0x30)
		return;
	if (rdmsr(MSR_APIC_BASE) & 0x400)
		wrmsr(MSR_X2APIC + reg, value);
	else
		mmio_write(LAPIC + reg * 16, value);
}

/* Until the timer, which tidy() has set. */
static void op_halt(struct rng *r)
{
	if (flags & FUZZ_NO_TIME)
		return;
	tidy(true);
	if (below(r, 2))
		sti_hlt();
	else
		asm volatile("sti; nop; pause; cli" : : : "memory");
}

/* The rest */

static void op_cpuid(struct rng *r)
{
	static const u32 bases[] = { 0, 0x40000000, 0x80000000, 0x40000100, 0xc0000000 };
	struct cpuid c = cpuid(bases[below(r, 5)] + below(r, 40), below(r, 4) ? below(r, 70) : rnd(r));

	sum[cpu_id()] += c.eax + c.edx;
}

static void op_hypercall(struct rng *r)
{
	u64 rax = below(r, 2) ? below(r, 16) : number(r);

	/* hv's own end of a guest comes soon enough by itself. */
	if (below(r, 2))
		asm volatile("vmmcall" : "+a"(rax) : "b"(number(r)), "c"(number(r)), "d"(number(r)),
			     "S"(number(r)) : "memory");
	else
		asm volatile("vmcall" : "+a"(rax) : "b"(number(r)), "c"(number(r)), "d"(number(r)),
			     "S"(number(r)) : "memory");
	sum[cpu_id()] += rax;
}

static void op_odd(struct rng *r)
{
	u32 low = number(r), high = number(r);

	switch (below(r, 10)) {
	case 0:
		asm volatile("wbinvd" : : : "memory");
		break;
	case 1:
		asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(below(r, 3)));
		break;
	case 2:
		asm volatile("xsetbv" : : "a"(below(r, 3) ? 1 | (low & 7) : low), "d"(high & 1),
			     "c"(below(r, 4) ? 0 : low));
		break;
	case 3:
		asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(low));
		break;
	case 4:
		asm volatile("monitor" : : "a"(buffer[0]), "c"(0), "d"(0));
		break;
	case 5:
		asm volatile("mwait" : : "a"(0), "c"(0));
		break;
	case 6:
		asm volatile(".byte 0x0f, 0x01, 0xda" : : "a"(buffer[0]) : "memory");	/* vmload */
		break;
	case 7:
		asm volatile(".byte 0x0f, 0x01, 0xd8" : : "a"(buffer[0]) : "memory");	/* vmrun */
		break;
	case 8:
		asm volatile(".byte 0x0f, 0x78, 0xc3" : : : "memory", "cc");	/* vmread */
		break;
	case 9:
		asm volatile("int3");
	}
}

static void op_bytes(struct rng *r)
{
	u8 *at = code[cpu_id()];
	u32 i, n = 1 + below(r, 12);

	/* They end many a guest. */
	if ((flags & FUZZ_NO_BYTES) || below(r, 100))
		return;
	for (i = 0; i < n; i++)
		at[i] = rnd(r);
	at[n] = 0xc3;
	for (i = n + 1; i < 32; i++)
		at[i] = 0xcc;
	access(at, r, place(r));
}

static void (*const ops[])(struct rng *r) = {
	op_mmio, op_mmio, op_mmio, op_race, op_port, op_port, op_string_port, op_msr, op_msr,
	op_cr, op_dr, op_tables, op_paging, op_paging, op_ipi, op_lapic, op_halt, op_cpuid,
	op_hypercall, op_odd, op_bytes,
};

#define NR_OPS	(sizeof(ops) / sizeof(ops[0]))

/* Each operation has a seed of its own: what it does not use up moves no other. */
static void one(u32 cpu, volatile u64 *report)
{
	struct rng r = { (ARGS[0] + cpu) * 0x100000001b3ULL + report[FUZZ_DONE] * 0x9e3779b9 };

	report[FUZZ_DONE]++;
	report[FUZZ_KIND] = below(&r, NR_OPS);
	jumps[cpu].armed = true;
	ops[report[FUZZ_KIND]](&r);
}

/* Whatever is in hand when something faults, this goes on: all it knows is in the report. */
static void fuzz(u32 cpu)
{
	volatile u64 *report = REPORT + cpu * FUZZ_ROW;

	__builtin_setjmp(jumps[cpu].buffer);
	jumps[cpu].armed = false;
	while (report[FUZZ_DONE] < FUZZ_OPS(ARGS[1])) {
		tidy(report[FUZZ_KIND] > 6);
		if (!(flags & FUZZ_NO_TIME))
			asm volatile("sti; nop; cli" : : : "memory");
		one(cpu, report);
		jumps[cpu].armed = false;
	}
}

static volatile u32 ready;

void ap_main(u32 id)
{
	tidy(true);
	ready++;
	fuzz(id);
	for (;;)
		hlt();
}

static void wait_ticks(u64 ticks)
{
	u64 begin = rdtsc();

	while (rdtsc() - begin < ticks)
		asm volatile("pause");
}

static void start_others(u32 cpus)
{
	u32 i;

	memcpy((void *)PAGE(START_PAGE), ap_begin, ap_end - ap_begin);
	for (i = 1; i < cpus; i++) {
		write_icr((u64)i << 32 | 0x4500);
		wait_ticks(100000);
		write_icr((u64)i << 32 | 0x4600 | START_PAGE);
	}
	while (ready < cpus - 1)
		asm volatile("pause");
}

int main(void)
{
	flags = FUZZ_FLAGS(ARGS[1]);
	asm volatile("sgdt %0" : "=m"(gdtr));
	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	efer = rdmsr(MSR_EFER) & ~0x400ULL;
	set_gates();
	PML4[1] = (u64)pdpt | 7;
	pdpt[0] = (u64)pd | 7;
	pd[0] = (u64)pt | 7;
	tidy(true);
	start_others(FUZZ_CPUS(ARGS[1]));
	fuzz(0);
	return 0;
}
