// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions that leave the guest, and what they have to leave behind: the
 * first argument says which of groups[] to run.
 */
#include "payload_check.h"

#define CR4_PGE		(1ULL << 7)
#define CR4_OSFXSR	(1ULL << 9)
#define CR4_VMXE	(1ULL << 13)
#define CR4_OSXSAVE	(1ULL << 18)
#define CR0_NW		(1ULL << 29)
#define CR0_CD		(1ULL << 30)
#define CR4_PAE		(1ULL << 5)
#define CR0_WP		(1ULL << 16)
#define RFLAGS_TF	(1ULL << 8)

#define STATUS_FLAGS	0x8d5	/* CF, PF, AF, ZF, SF, OF */

#define LAPIC		0xfee00000ULL
#define IOAPIC		0xfec00000ULL

#define PORT_SCRATCH	0x3ff	/* the UART's scratch register keeps any byte */
#define PORT_NOTHING	0x5658

/* An address that the page tables reach, and RIP-relative code too, without memory. */
#define NOWHERE		0x40000000ULL

#define PATTERN		0x1122334455667788ULL

/* The host is QEMU's TCG, which does not intercept RDTSCP and XSETBV: enum emulator. */
static bool is_tcg(void)
{
	return PAYLOAD_ARGS[1] == 1;
}

/* The host is Bochs with SVM. */
static bool is_bochs_svm(void)
{
	return PAYLOAD_ARGS[1] == 2;
}

/* CPUID */

static void cpuid_leaves(void)
{
	struct cpuid c;
	u64 a = 1 | 1ULL << 32, b = -1, cx = -1ULL << 32, d = -1;

	c = cpuid(0x40000000, 0);
	check("cpuid: signature", c.eax >= 0x40000001 && c.ebx && c.ecx && c.edx);
	c = cpuid(1, 0);
	check_eq("cpuid: hypervisor bit", c.ecx >> 31, 1);
	check_eq("cpuid: no VMX", c.ecx >> 5 & 1, 0);
	check_eq("cpuid: OSXSAVE is off", c.ecx >> 27 & 1, 0);
	c = cpuid(0x80000001, 0);
	check_eq("cpuid: no SVM", c.ecx >> 2 & 1, 0);
	check_eq("cpuid: no RDTSCP", c.edx >> 27 & 1, 0);
	c = cpuid(0x8000ffff, 7);
	check_eq("cpuid: an unknown leaf is zero", c.eax | c.ebx | c.ecx | c.edx, 0);
	asm volatile("cpuid" : "+a"(a), "+b"(b), "+c"(cx), "+d"(d));
	check_eq("cpuid: upper halves are cleared", (a | b | cx | d) >> 32, 0);
}

static void cpuid_keeps(void)
{
	u64 r8 = PATTERN, r15 = ~PATTERN, si = 5, di = 6, flags;

	asm volatile("mov %4, %%r8; mov %5, %%r15; stc; std\n\t"
		     "mov $0, %%eax; cpuid; pushf; pop %0; cld\n\t"
		     "mov %%r8, %1; mov %%r15, %2"
		     : "=&r"(flags), "=&S"(si), "=&D"(di), "+m"(r8) : "r"(r8), "r"(r15)
		     : "rax", "rbx", "rcx", "rdx", "r8", "r15", "cc");
	check_eq("cpuid: r8 is kept", si, PATTERN);
	check_eq("cpuid: r15 is kept", di, ~PATTERN);
	check_eq("cpuid: flags are kept", flags & 0x401, 0x401);
}

static void cpuid_prefixed(void)
{
	u32 eax = 0x40000000, ebx, ecx = 0, edx;

	/* Prefixes make it longer and change nothing. */
	asm volatile(".byte 0x66, 0x48, 0x0f, 0xa2"
		     : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	check("cpuid: with prefixes", eax >= 0x40000001);
}

static void group_cpuid(void)
{
	cpuid_leaves();
	cpuid_keeps();
	cpuid_prefixed();
}

/* Port I/O */

static void pio_sizes(void)
{
	u64 rax = PATTERN;

	asm volatile("inb %w1, %%al" : "+a"(rax) : "d"(PORT_NOTHING));
	check_eq("in al keeps the rest", rax, PATTERN | 0xff);
	rax = PATTERN;
	asm volatile("inw %w1, %%ax" : "+a"(rax) : "d"(PORT_NOTHING));
	check_eq("in ax keeps the rest", rax, PATTERN | 0xffff);
	rax = PATTERN;
	asm volatile("inl %w1, %%eax" : "+a"(rax) : "d"(PORT_NOTHING));
	check_eq("in eax clears the upper half", rax, 0xffffffff);
}

static void pio_data(void)
{
	u64 rax = PATTERN;

	outb(PORT_SCRATCH, 0x5a);
	check_eq("out and in of a byte", inb(PORT_SCRATCH), 0x5a);
	/* A word to two byte registers: 0x3fe is read-only. */
	outw(PORT_SCRATCH - 1, 0xa500);
	check_eq("a word reaches both registers", inb(PORT_SCRATCH), 0xa5);
	outl(PORT_SCRATCH - 3, 0x3c000000 | inb(PORT_SCRATCH - 3));
	check_eq("a dword reaches all four", inb(PORT_SCRATCH), 0x3c);
	check_eq("a dword reads all four", inl(PORT_SCRATCH - 3) >> 24, 0x3c);
	outb(0x70, 0x40);
	asm volatile("movb $0x77, %%al; outb %%al, $0x71" : "+a"(rax));
	check_eq("out leaves rax alone", rax, (PATTERN & ~0xffULL) | 0x77);
	asm volatile("movb $0, %%al; inb $0x71, %%al" : "+a"(rax));
	check_eq("in with an immediate port", rax & 0xff, 0x77);
}

static void pio_flags(void)
{
	u64 flags;

	asm volatile("xor %%eax, %%eax; stc; inb $0x71, %%al; pushf; pop %0"
		     : "=r"(flags) : : "rax", "cc");
	check_eq("in keeps the flags", flags & STATUS_FLAGS, 0x45);
}

static void group_pio(void)
{
	pio_sizes();
	pio_data();
	pio_flags();
}

/* String I/O */

static u8 buffer[16384] __attribute__((aligned(4096)));

static u64 fill_count(u8 byte)
{
	u64 n = 0;

	while (n < sizeof(buffer) && buffer[n] == byte)
		n++;
	return n;
}

static void ins_rep(void)
{
	u8 *to = buffer;
	u64 n = 1000;

	memset(buffer, 0, sizeof(buffer));
	asm volatile("rep insb" : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_eq("rep insb: count", n, 0);
	check_eq("rep insb: destination", to - buffer, 1000);
	check_eq("rep insb: bytes", fill_count(0xff), 1000);
	n = 700;
	asm volatile("rep insw" : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_eq("rep insw: across pages", fill_count(0xff), 2400);
	n = 900;
	asm volatile("rep insl" : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_eq("rep insl: across pages", fill_count(0xff), 6000);
	check_eq("rep insl: destination", to - buffer, 6000);
	n = 0;
	asm volatile("rep insl" : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_eq("rep insl of nothing", to - buffer, 6000);
	asm volatile("insb" : "+D"(to) : "d"(PORT_NOTHING) : "memory");
	check_eq("insb: one", to - buffer, 6001);
}

static void ins_backwards(void)
{
	u8 *to = buffer + 4095;
	u64 n = 100;

	memset(buffer, 0, sizeof(buffer));
	asm volatile("std; rep insb; cld" : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_eq("rep insb backwards: destination", to - buffer, 3995);
	check_eq("rep insb backwards: bytes", buffer[3996] & buffer[4095], 0xff);
	check_eq("rep insb backwards: no more", buffer[3995] | buffer[4096], 0);
}

/* Address size 32: the upper halves of rdi and rcx do not count. */
static void ins_addr32(void)
{
	u64 to = (u64)buffer | 0xdeadULL << 32, n = 10 | 0xbeefULL << 32;

	memset(buffer, 0, sizeof(buffer));
	asm volatile("addr32 rep insb" : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_eq("addr32 rep insb: bytes", fill_count(0xff), 10);
	check_eq("addr32 rep insb: destination", (u32)to, (u32)(u64)buffer + 10);
	check_eq("addr32 rep insb: count", (u32)n, 0);
}

static void outs_rep(void)
{
	const u8 *from = buffer;
	u64 n = 300;

	memset(buffer, 0x11, sizeof(buffer));
	buffer[299] = 0x77;
	asm volatile("rep outsb" : "+S"(from), "+c"(n) : "d"(PORT_SCRATCH) : "memory");
	check_eq("rep outsb: source", from - buffer, 300);
	check_eq("rep outsb: count", n, 0);
	check_eq("rep outsb: last byte", inb(PORT_SCRATCH), 0x77);
	*(u16 *)buffer = 0x9900;
	from = buffer;
	asm volatile("outsw" : "+S"(from) : "d"(PORT_SCRATCH - 1) : "memory");
	check_eq("outsw: source", from - buffer, 2);
	check_eq("outsw: word", inb(PORT_SCRATCH), 0x99);
	*(u32 *)buffer = 0x66000000 | inb(PORT_SCRATCH - 3);
	from = buffer;
	asm volatile("outsl" : "+S"(from) : "d"(PORT_SCRATCH - 3) : "memory");
	check_eq("outsl: source", from - buffer, 4);
	check_eq("outsl: dword", inb(PORT_SCRATCH), 0x66);
}

/* A page table of our own for the 2 MiB at @gpa, filled one to one. */
static u64 page_table[512] __attribute__((aligned(4096)));

static u64 *small_pages(u64 gpa)
{
	u64 *pml4, *pdpt, *pd, cr3, i;

	asm volatile("mov %%cr3, %0" : "=r"(cr3));
	pml4 = (u64 *)(cr3 & ~0xfffULL);
	pdpt = (u64 *)(pml4[0] & ~0xfffULL);
	pd = (u64 *)(pdpt[gpa >> 30] & ~0xfffULL);
	for (i = 0; i < 512; i++)
		page_table[i] = (gpa & ~0x1fffffULL) + i * 4096 + 3;
	pd[gpa >> 21 & 511] = (u64)page_table | 3;
	asm volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
	return page_table;
}

static void invlpg(u64 gva)
{
	asm volatile("invlpg (%0)" : : "r"(gva) : "memory");
}

#define HIGH_MEMORY	0x800000ULL	/* 8 MiB: touched by nothing else */

static u64 set_wp(bool on)
{
	u64 cr0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 = on ? cr0 | CR0_WP : cr0 & ~CR0_WP;
	asm volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
	return cr0;
}

/* What faults in the middle leaves registers that say how far it came. */
static void ins_faults(void)
{
	u64 *pt = small_pages(HIGH_MEMORY), to = HIGH_MEMORY + 4096 - 10, n = 20;

	pt[1] = 0;
	invlpg(HIGH_MEMORY + 4096);
	asm volatile(TRY("rep insb") : "+D"(to), "+c"(n) : "d"(PORT_NOTHING) : "memory");
	check_fault("rep insb meets a page that is not present", 14, 2);
	check_eq("... cr2", read_cr2(), HIGH_MEMORY + 4096);
	check_eq("... destination", to, HIGH_MEMORY + 4096);
	check_eq("... count", n, 10);
	pt[1] = (HIGH_MEMORY + 4096) | 1;
	invlpg(HIGH_MEMORY + 4096);
	set_wp(true);
	asm volatile(TRY("insb") : "+D"(to) : "d"(PORT_NOTHING) : "memory");
	check_fault("insb to a read-only page", 14, 3);
	set_wp(false);
	asm volatile(TRY("insb") : "+D"(to) : "d"(PORT_NOTHING) : "memory");
	check_no_fault("insb to a read-only page without CR0.WP");
	check_eq("... arrives", *(u8 *)(HIGH_MEMORY + 4096), 0xff);
	to = 1ULL << 47;
	asm volatile(TRY("insb") : "+D"(to) : "d"(PORT_NOTHING) : "memory");
	check_fault("insb to an address that is not canonical", 13, 0);
}

static void group_string(void)
{
	ins_rep();
	ins_backwards();
	ins_addr32();
	outs_rep();
	ins_faults();
}

/* MSRs */

#define MSR_TSC_ADJUST	0x3b
#define MSR_PAT		0x277
#define MSR_EFER	0xc0000080
#define MSR_STAR	0xc0000081
#define MSR_LSTAR	0xc0000082
#define MSR_FS_BASE	0xc0000100
#define MSR_KERNEL_GS	0xc0000102
#define MSR_TSC_AUX	0xc0000103

static void msr_same(const char *name, u32 msr, u64 value)
{
	u64 old = rdmsr(msr);

	wrmsr(msr, value);
	check_eq(name, rdmsr(msr), value);
	wrmsr(msr, old);
}

static void msr_good(void)
{
	u64 a = -1, d = -1;

	msr_same("wrmsr PAT", MSR_PAT, 0x0007010600070106ULL);
	msr_same("wrmsr STAR", MSR_STAR, PATTERN);
	msr_same("wrmsr LSTAR", MSR_LSTAR, 0x123456789aULL);
	msr_same("wrmsr FS base", MSR_FS_BASE, 0x7fff12345678ULL);
	msr_same("wrmsr kernel GS base", MSR_KERNEL_GS, 0xffff800012345678ULL);
	msr_same("wrmsr TSC_ADJUST", MSR_TSC_ADJUST, 1000000);
	asm volatile("rdmsr" : "+a"(a), "+d"(d) : "c"(MSR_PAT));
	check_eq("rdmsr clears the upper halves", (a | d) >> 32, 0);
	check_eq("EFER: long mode", rdmsr(MSR_EFER) & 0x1500, 0x500);
}

static void msr_try_read(const char *name, u32 msr)
{
	u64 a = PATTERN, d = ~PATTERN;

	asm volatile(TRY("rdmsr") : "+a"(a), "+d"(d) : "c"(msr) : "memory");
	check_fault(name, 13, 0);
	check("... registers are kept", a == PATTERN && d == ~PATTERN);
}

static void msr_try_write(const char *name, u32 msr, u64 value)
{
	asm volatile(TRY("wrmsr") : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(msr)
		     : "memory");
	check_fault(name, 13, 0);
}

static void msr_bad(void)
{
	u64 efer = rdmsr(MSR_EFER);

	msr_try_read("rdmsr of an unknown MSR", 0x12345);
	msr_try_read("rdmsr of TSC_AUX", MSR_TSC_AUX);
	msr_try_read("rdmsr of VM_CR", 0xc0010114);
	msr_try_read("rdmsr of VM_HSAVE_PA", 0xc0010117);
	msr_try_read("rdmsr of SPEC_CTRL", 0x48);
	msr_try_write("wrmsr of an unknown MSR", 0xdeadbeef, 0);
	msr_try_write("wrmsr EFER.SVME", MSR_EFER, efer | 1 << 12);
	msr_try_write("wrmsr EFER without LME under paging", MSR_EFER, efer & ~0x100ULL);
	msr_try_write("wrmsr of a reserved PAT type", MSR_PAT, 2);
	msr_try_write("wrmsr of MTRRcap, which is read-only", 0xfe, 0);
	msr_try_write("wrmsr of APIC_BASE elsewhere", 0x1b, 0xfed00900);
	check_eq("... EFER is as before", rdmsr(MSR_EFER), efer);
}

static void group_msr(void)
{
	msr_good();
	msr_bad();
}

/* Hypercalls */

static bool is_intel(void)
{
	return cpuid(0, 0).ecx == 0x6c65746e;	/* "ntel" of GenuineIntel */
}

static void group_hypercall(void)
{
	u64 rax = 0x7777, rbx = PATTERN;

	if (is_intel())
		asm volatile("vmcall" : "+a"(rax), "+b"(rbx) : : "memory");
	else
		asm volatile("vmmcall" : "+a"(rax), "+b"(rbx) : : "memory");
	check_eq("an unknown hypercall is refused", rax, -38ULL);
	check_eq("... and leaves rbx", rbx, PATTERN);
}

/* MMIO where nothing answers: reads are all ones, writes are lost. */

static volatile u8 *const nowhere = (volatile u8 *)NOWHERE;

#define MMIO_LOAD(name, insn, in, want) do { \
	u64 rax_ = (in); \
	asm volatile(insn : "+a"(rax_) : "b"(NOWHERE) : "memory", "cc"); \
	check_eq(name, rax_, want); \
} while (0)

static void mmio_loads(void)
{
	MMIO_LOAD("mov al, [m]", "movb (%%rbx), %%al", PATTERN, PATTERN | 0xff);
	MMIO_LOAD("mov ah, [m]", "movb 3(%%rbx), %%ah", PATTERN, PATTERN | 0xff00);
	MMIO_LOAD("mov ax, [m]", "movw 6(%%rbx), %%ax", PATTERN, PATTERN | 0xffff);
	MMIO_LOAD("mov eax, [m]", "movl 4(%%rbx), %%eax", PATTERN, 0xffffffff);
	MMIO_LOAD("mov rax, [m]", "movq 8(%%rbx), %%rax", PATTERN, -1ULL);
	MMIO_LOAD("movzx eax, byte", "movzbl (%%rbx), %%eax", PATTERN, 0xff);
	MMIO_LOAD("movzx rax, word", "movzwq (%%rbx), %%rax", PATTERN, 0xffff);
	MMIO_LOAD("movsx eax, byte", "movsbl (%%rbx), %%eax", PATTERN, 0xffffffff);
	MMIO_LOAD("movsx rax, word", "movswq (%%rbx), %%rax", PATTERN, -1ULL);
	MMIO_LOAD("movsxd rax, dword", "movslq (%%rbx), %%rax", PATTERN, -1ULL);
	MMIO_LOAD("movsx ax, byte", "movsbw (%%rbx), %%ax", PATTERN, PATTERN | 0xffff);
	MMIO_LOAD("mov eax, moffs", "movabsl 0x40000010, %%eax", PATTERN, 0xffffffff);
	MMIO_LOAD("mov eax, rip-relative", "movl 0x40000010(%%rip), %%eax", PATTERN,
		  0xffffffff);
	MMIO_LOAD("mov eax, addr32", "addr32 movl (%%ebx), %%eax", PATTERN, 0xffffffff);
	MMIO_LOAD("and eax, [m]", "andl (%%rbx), %%eax", PATTERN, (u32)PATTERN);
	MMIO_LOAD("or eax, [m]", "orl (%%rbx), %%eax", PATTERN, 0xffffffff);
	MMIO_LOAD("xor rax, [m]", "xorq (%%rbx), %%rax", PATTERN, ~PATTERN);
	MMIO_LOAD("add al, [m]", "addb (%%rbx), %%al", PATTERN, PATTERN - 1);
	MMIO_LOAD("sub eax, [m]", "subl (%%rbx), %%eax", 5, 6);
	MMIO_LOAD("xchg eax, [m]", "xchgl %%eax, (%%rbx)", 5, 0xffffffff);
	MMIO_LOAD("xadd [m], eax", "xaddl %%eax, (%%rbx)", 5, 0xffffffff);
	MMIO_LOAD("cmpxchg [m], equal", "lock cmpxchgl %%ecx, (%%rbx)", 0xffffffff, 0xffffffff);
	MMIO_LOAD("cmpxchg [m], not equal", "cmpxchgl %%ecx, (%%rbx)", 7, 0xffffffff);
}

static void mmio_sib(void)
{
	u64 value = 0;

	asm volatile("movl 0x20(%1,%2,4), %k0" : "=r"(value) : "r"(NOWHERE), "r"(3ULL));
	check_eq("mov with base, index and displacement", value, 0xffffffff);
	asm volatile("mov %1, %%r13; mov $8, %%r12; movq (%%r13,%%r12,8), %%r14; mov %%r14, %0"
		     : "=r"(value) : "r"(NOWHERE) : "r12", "r13", "r14");
	check_eq("mov with r12 to r14", value, -1ULL);
	wrmsr(MSR_FS_BASE, NOWHERE);
	asm volatile("movl %%fs:0x40, %k0" : "=r"(value));
	wrmsr(MSR_FS_BASE, 0);
	check_eq("mov with a segment base", value, 0xffffffff);
}

#define MMIO_FLAGS(name, insn, want) do { \
	u64 flags_; \
	asm volatile("xor %%eax, %%eax; " insn "; pushf; pop %0" \
		     : "=&r"(flags_) : "b"(NOWHERE) : "rax", "memory", "cc"); \
	check_eq(name, flags_ & STATUS_FLAGS, want); \
} while (0)

static void mmio_stores(void)
{
	MMIO_FLAGS("mov [m], al", "stc; movb %%al, (%%rbx)", 0x45);
	MMIO_FLAGS("mov [m], imm8", "movb $5, (%%rbx)", 0x44);
	MMIO_FLAGS("mov [m], imm16", "movw $0x1234, (%%rbx)", 0x44);
	MMIO_FLAGS("mov [m], imm32", "movl $0x12345678, (%%rbx)", 0x44);
	MMIO_FLAGS("mov [m], imm32 sign-extended", "movq $-5, (%%rbx)", 0x44);
	MMIO_FLAGS("mov moffs, eax", "movabsl %%eax, 0x40000010", 0x44);
	MMIO_FLAGS("cmp [m], 0xff: equal", "cmpb $0xff, (%%rbx)", 0x44);
	MMIO_FLAGS("cmp eax, [m]: below", "cmpl (%%rbx), %%eax", 0x11);
	MMIO_FLAGS("test [m], 0x80: sign", "testb $0x80, (%%rbx)", 0x80);
	MMIO_FLAGS("test [m], eax: zero", "testl %%eax, (%%rbx)", 0x44);
	MMIO_FLAGS("add [m], 1: carry and zero", "addl $1, (%%rbx)", 0x55);
	MMIO_FLAGS("inc [m]: zero, carry kept", "stc; incl (%%rbx)", 0x55);
	MMIO_FLAGS("dec [m]", "decb (%%rbx)", 0x80);
	MMIO_FLAGS("neg [m]", "negl (%%rbx)", 0x11);
	MMIO_FLAGS("not [m]: no flags", "stc; notl (%%rbx)", 0x45);
	MMIO_FLAGS("or [m], al", "orb %%al, (%%rbx)", 0x84);
	MMIO_FLAGS("and [m], 0", "andl $0, (%%rbx)", 0x44);
	MMIO_FLAGS("lock xor [m], -1", "lock; xorl $-1, (%%rbx)", 0x44);
	MMIO_FLAGS("bt [m], 3: carry", "clc; btl $3, (%%rbx)", 0x45);
	MMIO_FLAGS("bts [m], 3: carry", "clc; lock; btsl $3, (%%rbx)", 0x45);
	MMIO_FLAGS("movnti", "movnti %%eax, (%%rbx)", 0x44);
}

static void mmio_strings(void)
{
	u64 n = 200, from = NOWHERE, to = (u64)buffer;

	memset(buffer, 0, sizeof(buffer));
	asm volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
	check_eq("rep movsb from nowhere", fill_count(0xff), 200);
	check("... registers", !n && from == NOWHERE + 200 && to == (u64)buffer + 200);
	n = 100, from = (u64)buffer, to = NOWHERE;
	asm volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
	check("rep movsq to nowhere", !n && to == NOWHERE + 800);
	n = 4096, to = NOWHERE;
	asm volatile("rep stosl" : "+D"(to), "+c"(n) : "a"(0) : "memory");
	check("rep stosl to nowhere, across pages", !n && to == NOWHERE + 16384);
	from = NOWHERE, n = 0;
	asm volatile("lodsw" : "+S"(from), "+a"(n) : : "memory");
	check("lodsw from nowhere", n == 0xffff && from == NOWHERE + 2);
}

/* Half of it in memory, half of it nowhere. */
static void mmio_straddles(void)
{
	u64 end = 16 << 20, value;

	*(u32 *)(end - 4) = 0x12345678;
	value = *(volatile u64 *)(end - 4);
	check_eq("a read across the end of memory", value, 0xffffffff12345678ULL);
	*(volatile u64 *)(end - 4) = PATTERN;
	check_eq("a write across the end of memory", *(u32 *)(end - 4), (u32)PATTERN);
}

static void group_mmio(void)
{
	mmio_loads();
	mmio_sib();
	mmio_stores();
	mmio_strings();
	mmio_straddles();
	check_eq("nothing was kept", *nowhere, 0xff);
}

/* MMIO at chips */

static u32 ioapic(u32 reg)
{
	mmio_write(IOAPIC, reg);
	return mmio_read(IOAPIC + 0x10);
}

static void chip_ioapic(void)
{
	check_eq("ioapic: pins", ioapic(1) >> 16, 23);
	mmio_write(IOAPIC, 0x10 + 2 * 5);
	mmio_write(IOAPIC + 0x10, 0x1a035);
	check_eq("ioapic: redirection, low half", ioapic(0x10 + 2 * 5), 0x1a035);
	mmio_write(IOAPIC, 0x11 + 2 * 5);
	asm volatile("movl $0x07000000, (%0)" : : "r"(IOAPIC + 0x10) : "memory");
	check_eq("ioapic: redirection, high half", ioapic(0x11 + 2 * 5), 0x07000000);
	mmio_write(IOAPIC, 0x10 + 2 * 5);
	asm volatile("lock; orl $0x40, (%0)" : : "r"(IOAPIC + 0x10) : "memory");
	check_eq("ioapic: read-modify-write", ioapic(0x10 + 2 * 5) & 0xff, 0x75);
}

static void chip_lapic(void)
{
	u32 value = 0x77;

	check_eq("lapic: id", mmio_read(LAPIC + 0x20) >> 24, 0);
	check("lapic: version", (mmio_read(LAPIC + 0x30) & 0xff) >= 0x10);
	asm volatile("movl $0x50, (%0)" : : "r"(LAPIC + 0x80) : "memory");
	check_eq("lapic: TPR", mmio_read(LAPIC + 0x80), 0x50);
	asm volatile("xchgl %0, (%1)" : "+r"(value) : "r"(LAPIC + 0x80) : "memory");
	check_eq("lapic: xchg reads", value, 0x50);
	check_eq("lapic: xchg writes", mmio_read(LAPIC + 0x80), 0x77);
	asm volatile("andl $0xf0, (%0)" : : "r"(LAPIC + 0x80) : "memory");
	check_eq("lapic: and", mmio_read(LAPIC + 0x80), 0x70);
	mmio_write(LAPIC + 0x80, 0);
	mmio_write(LAPIC + 0xf0, 0x1ff);
	check_eq("lapic: SVR", mmio_read(LAPIC + 0xf0), 0x1ff);
}

static void group_chips(void)
{
	chip_ioapic();
	chip_lapic();
}

/* Control registers */

static u64 read_cr4(void)
{
	u64 value;

	asm volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static void try_cr4(u64 value)
{
	asm volatile(TRY("mov %0, %%cr4") : : "r"(value) : "memory");
}

static void cr4_values(void)
{
	u64 old = read_cr4();

	try_cr4(old | CR4_PGE | CR4_OSFXSR);
	check_no_fault("cr4: bits that are there");
	check_eq("... are set", read_cr4(), old | CR4_PGE | CR4_OSFXSR);
	try_cr4(old | 1ULL << 31);
	check_fault("cr4: a reserved bit", 13, 0);
	try_cr4(old | CR4_VMXE);
	check_fault("cr4: VMXE", 13, 0);
	try_cr4(old & ~CR4_PAE);
	check_fault("cr4: PAE off in long mode", 13, 0);
	try_cr4(old | 1ULL << 40);
	check_fault("cr4: upper half", 13, 0);
	check_eq("... changed nothing", read_cr4(), old | CR4_PGE | CR4_OSFXSR);
	asm volatile("mov %0, %%r11; mov %%r11, %%cr4" : : "r"(old) : "r11", "memory");
	check_eq("cr4: from r11", read_cr4(), old);
}

static void cr8_values(void)
{
	u64 value;

	asm volatile("mov %0, %%cr8" : : "r"(5ULL));
	asm volatile("mov %%cr8, %0" : "=r"(value));
	check_eq("cr8: kept", value, 5);
	check_eq("cr8: is the TPR", mmio_read(LAPIC + 0x80), 0x50);
	mmio_write(LAPIC + 0x80, 0x90);
	asm volatile("mov %%cr8, %0" : "=r"(value));
	check_eq("cr8: follows the TPR", value, 9);
	asm volatile(TRY("mov %0, %%cr8") : : "r"(16ULL) : "memory");
	check_fault("cr8: a reserved bit", 13, 0);
	asm volatile("mov %0, %%r9; mov %%r9, %%cr8" : : "r"(0ULL) : "r9");
	check_eq("cr8: from r9", mmio_read(LAPIC + 0x80), 0);
}

static u64 read_cr0(void)
{
	u64 value;

	asm volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

/* TCG accepts these, and refuses the guest at its next entry. */
static void cr0_invalid(u64 old)
{
	asm volatile(TRY("mov %0, %%cr0") : : "r"(old | CR0_NW) : "memory");
	check_fault("cr0: NW without CD", 13, 0);
	asm volatile(TRY("mov %0, %%cr0") : : "r"(old | 1ULL << 32) : "memory");
	check_fault("cr0: upper half", 13, 0);
}

static void cr0_caching(void)
{
	u64 old = read_cr0();

	asm volatile(TRY("mov %0, %%cr0") : : "r"(old | CR0_CD) : "memory");
	check_no_fault("cr0: CD");
	check_eq("... is set", read_cr0(), old | CR0_CD);
	if (!is_tcg())
		cr0_invalid(old);
	asm volatile(TRY("mov %0, %%cr0") : : "r"(old) : "memory");
	check_eq("cr0: as before", read_cr0(), old);
}

static void cr0_cr3(void)
{
	u64 value, cr3;

	check_eq("cr0: WP", set_wp(true) >> 16 & 1, 1);
	set_wp(false);
	asm volatile("mov %%cr3, %0; mov %0, %%cr3; mov %%cr3, %1" : "=&r"(cr3), "=r"(value)
		     : : "memory");
	check_eq("cr3: kept", value, cr3);
	asm volatile("clts; smsw %0" : "=r"(value));
	check_eq("clts", value >> 3 & 1, 0);
}

static void group_cr(void)
{
	cr4_values();
	cr8_values();
	cr0_caching();
	cr0_cr3();
}

/* Debug registers */

#define DR_SET(n, value) asm volatile("mov %0, %%dr" #n : : "r"((u64)(value)))
#define DR_GET(n) ({ u64 v_; asm volatile("mov %%dr" #n ", %0" : "=r"(v_)); v_; })

#define DR6_BS	(1ULL << 14)

/* Bochs loses the bits of a #DB that is intercepted. */
static void check_dr6(const char *name, u64 mask, u64 want)
{
	if (!is_bochs_svm())
		check_eq(name, DR_GET(6) & mask, want);
}

static void dr_kept(const char *name)
{
	check(name, DR_GET(0) == 0x1000 && DR_GET(1) == 0x2000 && DR_GET(2) == 0x3000 &&
	      DR_GET(3) == 0x4000);
}

/* Long enough for the host to run others here. */
static void wait_ticks(u64 ticks)
{
	u64 end = rdtsc() + ticks;

	while (rdtsc() < end)
		cpuid(0, 0);
}

static void dr_values(void)
{
	DR_SET(0, 0x1000);
	DR_SET(1, 0x2000);
	DR_SET(2, 0x3000);
	DR_SET(3, 0x4000);
	dr_kept("debug registers keep their values");
	cpuid(0, 0);
	dr_kept("... across an exit");
	*(volatile u8 *)(HIGH_MEMORY + (3 << 20)) = 1;
	dr_kept("... across a page that is filled");
	wait_ticks(20000000);
	dr_kept("... across time slices");
	check_eq("dr7 at reset", DR_GET(7), 0x400);
}

/*
 * TCG keeps a list of breakpoints for each of its CPUs, which does not follow a
 * guest that is moved between the two instructions: there it may try again.
 */
static void dr_breakpoint(void)
{
	u32 tries = is_tcg() ? 20 : 1;

	do {
		asm volatile("lea 1f(%%rip), %%rax; mov %%rax, %%dr0; mov $0x402, %%eax\n\t"
			     "mov %%rax, %%dr7\n" TRY("nop") : : : "rax", "memory");
		DR_SET(7, 0x400);
	} while (fault_vector == NO_FAULT && --tries);
	check_eq("breakpoint: vector", fault_vector, 1);
	check_eq("breakpoint: rip", fault_rip, try_rip);
	check_dr6("breakpoint: dr6", 0xf, 1);
	DR_SET(6, 0xffff0ff0);
}

static void dr_watchpoint(void)
{
	static volatile u32 watched;
	u32 tries = is_tcg() ? 20 : 1;

	do {
		DR_SET(1, &watched);
		DR_SET(7, 0x400 | 8 | 0xd << 20);	/* global, four bytes, writes */
		asm volatile(TRY("movl $1, %0; nop") : "=m"(watched) : : "memory");
		DR_SET(7, 0x400);
	} while (fault_vector == NO_FAULT && --tries);
	check_eq("watchpoint: vector", fault_vector, 1);
	check("watchpoint: behind the write", fault_rip > try_rip);
	check_dr6("watchpoint: dr6", 0xf, 2);
	DR_SET(6, 0xffff0ff0);
}

/* The instruction that sets TF is the last one without a trap. */
static void dr_single_step(void)
{
	asm volatile("pushf; orl $0x100, (%%rsp)\n" TRY_BEGIN "popf; nop; 1: nop" TRY_END
		     : : : "memory", "cc");
	check_eq("single step: vector", fault_vector, 1);
	check_eq("single step: behind one instruction", fault_rip, try_rip);
	check_dr6("single step: dr6", DR6_BS, DR6_BS);
	DR_SET(6, 0xffff0ff0);
	/* That trap would meet the emulated host before it has its own registers back. */
	if (is_bochs_svm())
		return;
	asm volatile("pushf; orl $0x100, (%%rsp)\n" TRY_BEGIN
		     "popf; cpuid; 1: nop; nop" TRY_END
		     : : "a"(0), "c"(0) : "rbx", "rdx", "memory", "cc");
	check_eq("single step over CPUID: vector", fault_vector, 1);
	check_eq("single step over CPUID: behind it", fault_rip, try_rip);
}

static void group_dr(void)
{
	dr_values();
	dr_breakpoint();
	dr_watchpoint();
	dr_single_step();
}

/* XSETBV */

static void xsetbv(u32 ecx, u64 value)
{
	asm volatile(TRY("xsetbv") : : "c"(ecx), "a"((u32)value), "d"((u32)(value >> 32))
		     : "memory");
}

static u64 xgetbv(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (u64)high << 32 | low;
}

static void xcr0_good(u64 features)
{
	xsetbv(0, 3);
	check_no_fault("xcr0: x87 and SSE");
	check_eq("... is set", xgetbv(), 3);
	check("cpuid 0xd: size follows XCR0", cpuid(0xd, 0).ebx == 576);
	xsetbv(0, features);
	check_no_fault("xcr0: all that CPUID has");
	check_eq("... is set", xgetbv(), features);
}

static void xcr0_bad(u64 features)
{
	check_eq("cpuid: OSXSAVE follows CR4", cpuid(1, 0).ecx >> 27 & 1, 1);
	check_eq("xcr0 at reset", xgetbv(), 1);
	xsetbv(0, features & ~1ULL);
	check_fault("xcr0: without x87", 13, 0);
	xsetbv(0, 5);
	check_fault("xcr0: AVX without SSE", 13, 0);
	xsetbv(0, 3 | 1ULL << 62);
	check_fault("xcr0: a reserved bit", 13, 0);
	xsetbv(1, 3);
	check_fault("xcr1", 13, 0);
	check_eq("... changed nothing", xgetbv(), 1);
}

static void group_xsetbv(void)
{
	u64 features = cpuid(0xd, 0).eax;

	if (!(cpuid(1, 0).ecx & 1 << 26)) {
		check("no XSAVE here", !features);
		return;
	}
	xsetbv(0, 1);
	check_fault("xsetbv without OSXSAVE", 6, 0);
	try_cr4(read_cr4() | CR4_OSXSAVE | CR4_OSFXSR);
	xcr0_bad(features);
	xcr0_good(features);
	wait_ticks(20000000);
	check_eq("xcr0: kept across time slices", xgetbv(), features);
}

/* Instructions that a guest has, and those that it has not */

#define CHECK_UD(name, insn) do { \
	asm volatile(TRY(insn) : : "a"(0x1000), "c"(0), "d"(0) : "memory"); \
	check_fault(name, 6, 0); \
} while (0)

static void hidden(void)
{
	CHECK_UD("vmrun", "vmrun");
	CHECK_UD("vmload", "vmload");
	CHECK_UD("vmsave", "vmsave");
	CHECK_UD("stgi", "stgi");
	CHECK_UD("clgi", "clgi");
	CHECK_UD("skinit", "skinit");
	CHECK_UD("invlpga", "invlpga");
	if (!is_tcg())
		CHECK_UD("rdtscp", "rdtscp");
	CHECK_UD("vmxon", "vmxon (%%rsp)");
	CHECK_UD("vmxoff", "vmxoff");
	CHECK_UD("vmptrld", "vmptrld (%%rsp)");
	CHECK_UD("vmclear", "vmclear (%%rsp)");
	CHECK_UD("vmread", "vmread %%rax, %%rdx");
	CHECK_UD("vmlaunch", "vmlaunch");
	CHECK_UD("monitor", "monitor");
	CHECK_UD("mwait", "mwait");
	CHECK_UD("ud2", "ud2");
	asm volatile(TRY("rdpmc") : : "c"(0) : "rax", "rdx", "memory");
	check_fault("rdpmc", 13, 0);
}

static void allowed(void)
{
	u64 before = rdtsc();

	asm volatile(TRY("invd") : : : "memory");
	check_no_fault("invd");
	asm volatile(TRY("wbinvd") : : : "memory");
	check_no_fault("wbinvd");
	asm volatile(TRY("pause") : : : "memory");
	check_no_fault("pause");
	check("rdtsc goes forward", rdtsc() > before);
}

static void invalidates(void)
{
	u64 *pt = small_pages(HIGH_MEMORY);
	volatile u64 *page = (volatile u64 *)(HIGH_MEMORY + 3 * 4096);

	page[0] = 3;
	*(volatile u64 *)(HIGH_MEMORY + 4 * 4096) = 4;
	check_eq("a page before its entry changes", page[0], 3);
	pt[3] = (HIGH_MEMORY + 4 * 4096) | 3;
	invlpg((u64)page);
	check_eq("invlpg: the new page", page[0], 4);
}

static void group_misc(void)
{
	hidden();
	allowed();
	invalidates();
}

/* Exceptions of the CPU's own */

static void faults_gp(void)
{
	asm volatile(TRY("mov %w0, %%fs") : : "r"(0x1000) : "memory");
	check_fault("#GP with a selector", 13, 0x1000);
	asm volatile(TRY("movb (%0), %%al") : : "r"(1ULL << 48) : "rax", "memory");
	check_fault("#GP for an address that is not canonical", 13, 0);
}

static void faults_pf(void)
{
	u64 *pt = small_pages(HIGH_MEMORY), page = HIGH_MEMORY + 5 * 4096;

	pt[5] = 0;
	invlpg(page);
	asm volatile(TRY("movl 8(%0), %%eax") : : "r"(page) : "rax", "memory");
	check_fault("#PF for a read", 14, 0);
	check_eq("... cr2", read_cr2(), page + 8);
	asm volatile(TRY("movl %%eax, 16(%0)") : : "r"(page) : "memory");
	check_fault("#PF for a write", 14, 2);
	check_eq("... cr2", read_cr2(), page + 16);
	/* Not mapped by the guest and outside of its memory: the guest's fault comes first. */
	asm volatile(TRY("movl (%0), %%eax") : : "r"(1ULL << 40) : "rax", "memory");
	check_fault("#PF where the guest maps nothing", 14, 0);
}

static void faults_other(void)
{
	asm volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd\n" TRY("divl %%ecx")
		     : : : "rax", "rcx", "rdx", "memory");
	check_fault("#DE", 0, 0);
	asm volatile(TRY_BEGIN "int3; 1: nop" TRY_END : : : "memory");
	check_fault("#BP, behind it", 3, 0);
	asm volatile(TRY(".byte 0x0f, 0xff") : : : "memory");
	check_fault("#UD", 6, 0);
}

/* A #GP that hv injects, whose handler lies in a page not yet there. */
static void fault_in_fresh_page(void)
{
	static const u8 handler[] = { 0x48, 0x83, 0xc4, 0x08,		/* add $8, %rsp */
				      0x48, 0x83, 0x04, 0x24, 0x02,	/* addq $2, (%rsp) */
				      0x48, 0xcf };			/* iretq */
	void *at = (void *)(HIGH_MEMORY + (6 << 20));

	memcpy(at, handler, sizeof(handler));
	idt_set(13, at);
	asm volatile("rdmsr" : : "c"(0x12345) : "rax", "rdx", "memory");
	check("a handler of its own returns behind the instruction", true);
	catch_all();
}

static void group_exceptions(void)
{
	faults_gp();
	faults_pf();
	faults_other();
	fault_in_fresh_page();
}

/* HLT */

static volatile u32 ticks;

static HANDLER void on_tick(struct frame *f)
{
	ticks++;
	mmio_write(LAPIC + 0xb0, 0);
}

static void group_hlt(void)
{
	u64 before = rdtsc();

	idt_set(0x40, on_tick);
	mmio_write(LAPIC + 0xf0, 0x1ff);
	mmio_write(LAPIC + 0x3e0, 0xb);
	mmio_write(LAPIC + 0x320, 0x40);
	mmio_write(LAPIC + 0x380, 5000000);
	sti_hlt();
	check_eq("hlt wakes by the timer", ticks, 1);
	note("ticks of the TSC halted", rdtsc() - before);
	mmio_write(LAPIC + 0x380, 1);
	wait_ticks(1000000);
	/* What is pending already does not let it sleep. */
	sti_hlt();
	check_eq("hlt does not sleep on a pending interrupt", ticks, 2);
}

static void (*const groups[])(void) = {
	group_cpuid, group_pio, group_string, group_msr, group_hypercall, group_mmio,
	group_chips, group_cr, group_dr, group_xsetbv, group_misc, group_exceptions,
	group_hlt,
};

int main(void)
{
	catch_all();
	groups[PAYLOAD_ARGS[0]]();
	return check_result();
}
