// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several processors: start, interrupt, stop and restart each other. The first
 * argument says which of groups[], the second how many there are.
 *
 * Application processors wait in HLT for an order and say when it is done, so
 * that a host with fewer CPUs has them all run in turn.
 */
#include "payload_ap.h"
#include "payload_check.h"

#define LAPIC		0xfee00000ULL
#define L_ID		0x02
#define L_TPR		0x08
#define L_EOI		0x0b
#define L_LDR		0x0d
#define L_DFR		0x0e
#define L_SVR		0x0f
#define L_ESR		0x28
#define L_ICR		0x30
#define L_ICR_HIGH	0x31
#define L_SELF		0x3f

#define MSR_APIC_BASE	0x1b
#define MSR_SYSENTER_CS	0x174
#define MSR_PAT		0x277
#define MSR_X2APIC	0x800

#define IOAPIC		0xfec00000ULL
#define IOAPIC_WINDOW	(IOAPIC + 0x10)

#define FIXED		0x4000
#define LOWEST		0x4100
#define NMI		0x4400
#define INIT		0x4500
#define SIPI		0x4600
#define LOGICAL		0x800
#define SELF		0x40000
#define ALL		0x80000
#define OTHERS		0xc0000

#define WAKE_VECTOR	0x40
#define TEST_VECTOR	0x51
#define LEVEL_VECTOR	0x61

#define START_PAGE	0x30	/* the trampoline, and a copy of it */
#define OTHER_PAGE	0x31
/* What the trampoline at @page found: CS, EDX, CR0 and EBX. */
static volatile u32 *found(u8 page)
{
	return (volatile u32 *)(PAGE(page) + (ap_found - ap_begin));
}

typedef void (*order_fn)(u32 id);

static u32 cpus;
static volatile order_fn order[CPUS_MAX];
static volatile u32 orders_done[CPUS_MAX];
static volatile u32 starts[CPUS_MAX];
static volatile u32 got[CPUS_MAX], got_nmi[CPUS_MAX], got_level[CPUS_MAX];
static volatile bool x2[CPUS_MAX];

static u32 lapic_read(u32 reg)
{
	return x2[cpu_id()] ? rdmsr(MSR_X2APIC + reg) : mmio_read(LAPIC + reg * 16);
}

static void lapic_write(u32 reg, u32 value)
{
	if (x2[cpu_id()])
		wrmsr(MSR_X2APIC + reg, value);
	else
		mmio_write(LAPIC + reg * 16, value);
}

static void ipi(u32 dest, u32 icr)
{
	if (x2[cpu_id()]) {
		wrmsr(MSR_X2APIC + L_ICR, (u64)dest << 32 | icr);
		return;
	}
	mmio_write(LAPIC + L_ICR_HIGH * 16, dest << 24);
	mmio_write(LAPIC + L_ICR * 16, icr);
}

static HANDLER void on_wake(struct frame *f)
{
	lapic_write(L_EOI, 0);
}

static HANDLER void on_test(struct frame *f)
{
	got[cpu_id()]++;
	lapic_write(L_EOI, 0);
}

/*
 * Halts with interrupts off unless *@value is @wanted. An NMI ends it, from its first
 * instruction on: on_nmi() takes one that comes before the HLT to its end.
 */
void halt_unless(volatile u32 *value, u32 wanted);
extern const u8 halt_unless_end[];

asm(".pushsection .text\n"
    "halt_unless:\n"
    "	cmp	%esi, (%rdi)\n"
    "	je	halt_unless_end\n"
    "	hlt\n"
    "halt_unless_end:\n"
    "	ret\n"
    ".popsection\n");

static HANDLER void on_nmi(struct frame *f)
{
	got_nmi[cpu_id()]++;
	if (f->rip >= (u64)halt_unless && f->rip < (u64)halt_unless_end)
		f->rip = (u64)halt_unless_end;
}

/* The transmitter's interrupt: reading IIR takes the line down. */
static HANDLER void on_level(struct frame *f)
{
	inb(PORT_SERIAL + 2);
	got_level[cpu_id()]++;
	lapic_write(L_EOI, 0);
}

static void relax(void)
{
	asm volatile("pause" : : : "memory");
}

static void add(volatile u32 *counter)
{
	asm volatile("lock incl %0" : "+m"(*counter) : : "memory");
}

/* Waits with interrupts on for an order, then obeys it with interrupts on. */
static void obey(u32 id)
{
	cli();
	while (!order[id])
		sti_hlt();
	sti();
	order[id](id);
	order[id] = NULL;
	add(&orders_done[id]);
}

void ap_main(u32 id)
{
	idt_load();
	x2[id] = rdmsr(MSR_APIC_BASE) >> 10 & 1;
	lapic_write(L_SVR, 0x1ff);
	add(&starts[id]);
	for (;;)
		obey(id);
}

static void give(u32 id, order_fn what)
{
	order[id] = what;
	ipi(id, FIXED | WAKE_VECTOR);
}

static void wait_done(u32 id)
{
	while (order[id])
		relax();
}

/* All the others do it, at the same time, and this one too. */
static void all_do(order_fn what)
{
	u32 i;

	for (i = 1; i < cpus; i++)
		give(i, what);
	what(0);
	for (i = 1; i < cpus; i++)
		wait_done(i);
}

static void nothing(u32 id)
{
}

static void start(u32 id, u8 page)
{
	u32 before = starts[id];

	ipi(id, INIT);
	ipi(id, SIPI | page);
	while (starts[id] == before)
		relax();
}

static void start_all(void)
{
	u32 i;

	for (i = 1; i < cpus; i++)
		start(i, START_PAGE);
}

/* Start-up */

static void group_start(void)
{
	volatile u32 *state = found(START_PAGE);
	u32 i;

	/* Without an INIT a start-up message is for those that wait for one. */
	start(1, START_PAGE);
	check_eq("CS is the page's segment", state[0] & 0xffff, START_PAGE << 8);
	check_eq("EDX is the signature", state[1], cpuid(1, 0).eax);
	check_eq("CR0 after power-up", state[2], 0x60000010);
	check_eq("EBX is zero", state[3], 0);
	for (i = 2; i < cpus; i++)
		start(i, START_PAGE);
	for (i = 1; i < cpus; i++)
		check_eq("started once", starts[i], 1);
	/* Linux sends two; and one that runs does not care. */
	for (i = 1; i < cpus; i++)
		ipi(i, SIPI | OTHER_PAGE);
	all_do(nothing);
	for (i = 1; i < cpus; i++)
		check_eq("a start-up message to one that runs is lost", starts[i], 1);
}

static volatile u32 leaf1_id[CPUS_MAX], leafb_id[CPUS_MAX], lapic_id[CPUS_MAX], bsp[CPUS_MAX];

static void report(u32 id)
{
	leaf1_id[id] = cpuid(1, 0).ebx >> 24;
	leafb_id[id] = cpuid(0, 0).eax >= 0xb ? cpuid(0xb, 0).edx : id;
	lapic_id[id] = lapic_read(L_ID) >> 24;
	bsp[id] = rdmsr(MSR_APIC_BASE) >> 8 & 1;
}

static void group_identity(void)
{
	u32 i;

	start_all();
	all_do(report);
	for (i = 0; i < cpus; i++) {
		check_eq("initial APIC ID", leaf1_id[i], i);
		check_eq("x2APIC ID", leafb_id[i], i);
		check_eq("local APIC ID", lapic_id[i], i);
		check_eq("bootstrap processor", bsp[i], i == 0);
	}
	check_eq("logical processors", cpuid(1, 0).ebx >> 16 & 0xff, cpus);
	check("HTT", cpuid(1, 0).edx >> 28 & 1);
}

/* IPIs */

/* Everyone has taken what was sent before: all that is delivered has arrived. */
static void settle(void)
{
	all_do(nothing);
}

static u32 take(volatile u32 *counters)
{
	u32 i, mask = 0;

	for (i = 0; i < cpus; i++) {
		if (counters[i] == 1)
			mask |= 1U << i;
		else if (counters[i])
			mask |= 0x10000U << i;	/* more than once */
		counters[i] = 0;
	}
	return mask;
}

static void expect(const char *name, u32 dest, u32 icr, u32 mask)
{
	ipi(dest, icr);
	sti();
	settle();
	cli();
	check_eq(name, take((icr & 0x700) == 0x400 ? got_nmi : got), mask);
}

#define EVERYONE	((1U << cpus) - 1)

static void shorthands(void)
{
	expect("self", 0, FIXED | SELF | TEST_VECTOR, 1);
	expect("all", 0, FIXED | ALL | TEST_VECTOR, EVERYONE);
	expect("others", 0, FIXED | OTHERS | TEST_VECTOR, EVERYONE & ~1U);
	expect("NMI to the others", 0, NMI | OTHERS, EVERYONE & ~1U);
	expect("NMI to one", 1, NMI, 2);
}

static void group_physical(void)
{
	u32 i;

	start_all();
	for (i = 0; i < cpus; i++)
		expect("by its ID", i, FIXED | TEST_VECTOR, 1U << i);
	expect("nobody's ID", cpus, FIXED | TEST_VECTOR, 0);
	expect("broadcast", 0xff, FIXED | TEST_VECTOR, EVERYONE);
	shorthands();
	lapic_write(L_ESR, 0);
	ipi(1, FIXED | 5);
	lapic_write(L_ESR, 0);
	check_eq("an illegal vector is the sender's error", lapic_read(L_ESR), 0x20);
	check_eq("delivery status", lapic_read(L_ICR) & 0x1000, 0);
}

static void go_flat(u32 id)
{
	lapic_write(L_DFR, 0xffffffff);
	lapic_write(L_LDR, 1U << (24 + id % 8));
}

static void go_cluster(u32 id)
{
	lapic_write(L_DFR, 0x0fffffff);
	lapic_write(L_LDR, (id / 2) << 28 | 1U << (24 + id % 2));
}

static void group_logical(void)
{
	u32 i;

	start_all();
	all_do(go_flat);
	for (i = 0; i < 1U << cpus && cpus <= 8; i++)
		expect("flat", i, FIXED | LOGICAL | TEST_VECTOR, i);
	all_do(go_cluster);
	expect("cluster 0, both", 0x03, FIXED | LOGICAL | TEST_VECTOR, 3);
	expect("cluster 1, the second", 0x12, FIXED | LOGICAL | TEST_VECTOR, 8 & EVERYONE);
	expect("a cluster of nobody", 0xe3, FIXED | LOGICAL | TEST_VECTOR, 0);
	expect("all clusters", 0xff, FIXED | LOGICAL | TEST_VECTOR, EVERYONE);
}

static void raise_tpr(u32 id)
{
	lapic_write(L_TPR, id == 2 ? 0 : 0x10);
}

static void group_lowest(void)
{
	u32 i, sum = 0;

	start_all();
	all_do(go_flat);
	for (i = 0; i < 2 * cpus; i++) {
		ipi(0xff, LOWEST | LOGICAL | TEST_VECTOR);
		sti();
		settle();
		cli();
	}
	for (i = 0; i < cpus; i++) {
		sum += got[i];
		got[i] = 0;
	}
	check_eq("each goes to one", sum, 2 * cpus);
	all_do(raise_tpr);
	expect("the one with the lowest priority", 0xff, LOWEST | LOGICAL | TEST_VECTOR, 4);
}

static void go_x2(u32 id)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 1 << 10);
	x2[id] = true;
}

static void group_x2apic(void)
{
	u32 i;

	start_all();
	all_do(go_x2);
	for (i = 0; i < cpus; i++)
		expect("by its ID", i, FIXED | TEST_VECTOR, 1U << i);
	expect("0xff is nobody's", 0xff, FIXED | TEST_VECTOR, 0);
	expect("broadcast", 0xffffffff, FIXED | TEST_VECTOR, EVERYONE);
	for (i = 1; i < 1U << cpus && cpus <= 5; i++)
		expect("cluster 0", i, FIXED | LOGICAL | TEST_VECTOR, i);
	expect("cluster 1", 0x10001, FIXED | LOGICAL | TEST_VECTOR, 0);
	shorthands();
	wrmsr(MSR_X2APIC + L_SELF, TEST_VECTOR);
	sti();
	settle();
	cli();
	check_eq("self-IPI register", take(got), 1);
	/* INIT leaves the mode as it is. */
	start(1, START_PAGE);
	check("x2APIC mode after INIT", x2[1]);
	expect("and reachable", 1, FIXED | TEST_VECTOR, 2);
}

/* INIT of one that runs */

static volatile u32 spins;

static void spin(u32 id)
{
	wrmsr(MSR_SYSENTER_CS, 0x1234);
	wrmsr(MSR_PAT, 0x0606060606060606);
	for (;;)
		spins++;
}

static void spin_off(u32 id)
{
	cli();
	for (;;)
		spins++;
}

static volatile u64 kept_sysenter, kept_pat, kept_tsc;

static void look(u32 id)
{
	kept_sysenter = rdmsr(MSR_SYSENTER_CS);
	kept_pat = rdmsr(MSR_PAT);
	kept_tsc = rdtsc();
}

static void restart(const char *name, order_fn what, u8 page)
{
	u32 before = spins;

	give(1, what);
	while (spins == before)
		relax();
	ipi(1, INIT);
	order[1] = NULL;
	ipi(1, SIPI | page);
	while (starts[1] < 2)
		relax();
	check_eq(name, starts[1], 2);
	before = spins;
	settle();
	check_eq("it does what it did no more", spins, before);
	check_eq("CS is the new page's segment", found(page)[0] & 0xffff, page << 8);
	check_eq("CR0 after INIT", found(page)[2], 0x10);
	starts[1] = 1;
}

static void group_init(void)
{
	u64 tsc = rdtsc();

	start_all();
	restart("INIT of one that runs", spin, OTHER_PAGE);
	give(1, look);
	wait_done(1);
	check_eq("SYSENTER_CS stays", kept_sysenter, 0x1234);
	check_eq("PAT stays", kept_pat, 0x0606060606060606);
	check("the TSC goes on", kept_tsc > tsc && kept_tsc < rdtsc());
	restart("INIT with interrupts off", spin_off, OTHER_PAGE);
	/* And one that waits already. */
	ipi(1, INIT);
	ipi(1, INIT);
	start(1, START_PAGE);
	check_eq("INIT of one that waits", starts[1], 2);
}

/* Memory */

#define ROUNDS	2000

static volatile u32 counter;

static void count(u32 id)
{
	u32 i;

	for (i = 0; i < ROUNDS; i++)
		add(&counter);
}

/* The IOAPIC's redirection entry 23: its destination counts modulo 256. */
static void count_chip(u32 id)
{
	u32 i;

	for (i = 0; i < 100; i++)
		asm volatile("lock addl $0x01000000, %0"
			     : "+m"(*(volatile u32 *)IOAPIC_WINDOW) : : "memory");
}

static void group_lock(void)
{
	start_all();
	all_do(count);
	check_eq("LOCK in memory", counter, cpus * ROUNDS);
	mmio_write(IOAPIC, 0x10 + 2 * 23 + 1);
	mmio_write(IOAPIC_WINDOW, 0);
	all_do(count_chip);
	check_eq("LOCK on a chip", mmio_read(IOAPIC_WINDOW) >> 24, cpus * 100 & 0xff);
}

/* A page whose translation changes: after the shootdown nobody sees the old one. */
#define WINDOW	0x200000ULL	/* 2 MiB, mapped one to one at first */
#define PD	((volatile u64 *)0xa000)

static volatile u32 seen[CPUS_MAX];

static void look_through(u32 id)
{
	seen[id] = *(volatile u32 *)WINDOW;
}

static void shoot(u32 id)
{
	asm volatile("invlpg %0" : : "m"(*(volatile u8 *)WINDOW) : "memory");
}

static void check_seen(const char *name, u32 want)
{
	u32 i;

	for (i = 0; i < cpus; i++)
		check_eq(name, seen[i], want);
}

static void group_shootdown(void)
{
	u32 round;

	start_all();
	*(volatile u32 *)WINDOW = 1;
	*(volatile u32 *)(2 * WINDOW) = 2;
	for (round = 0; round < 4; round++) {
		PD[1] = (WINDOW << (round & 1)) | 0x83;
		all_do(shoot);
		all_do(look_through);
		check_seen("everyone sees the new page", 1 + (round & 1));
	}
}

/* Interrupts of chips */

static void pin(u32 n, u32 high, u32 low)
{
	mmio_write(IOAPIC, 0x11 + 2 * n);
	mmio_write(IOAPIC_WINDOW, high);
	mmio_write(IOAPIC, 0x10 + 2 * n);
	mmio_write(IOAPIC_WINDOW, low);
}

static u32 remote_irr(u32 n)
{
	mmio_write(IOAPIC, 0x10 + 2 * n);
	return mmio_read(IOAPIC_WINDOW) >> 14 & 1;
}

static void group_level(void)
{
	u32 i;

	start_all();
	for (i = 0; i < cpus; i++) {
		pin(4, i << 24, 0x8000 | LEVEL_VECTOR);
		sti();
		outb(PORT_SERIAL + 1, 2);
		while (!got_level[i])
			relax();
		outb(PORT_SERIAL + 1, 0);
		settle();
		cli();
		check_eq("the level goes where the pin says", take(got_level), 1U << i);
		check_eq("its EOI has reached the IOAPIC", remote_irr(4), 0);
	}
}

/* Pages that the host takes away */

#define TAKEN(id)	((volatile u64 *)(0x800000ULL + (id) * 4096))
#define STOP		((volatile u64 *)0x22000ULL)

static volatile u32 zeroes, foreign;

/* What was written is there, or the page was taken away: never anything else. */
static void chase(u32 id)
{
	volatile u64 *page = TAKEN(id);
	u64 last = 0, now;

	while (!*STOP) {
		now = *page;
		if (now != last)
			add(now ? &foreign : &zeroes);
		*page = ++last;
	}
}

static void group_discard(void)
{
	start_all();
	all_do(chase);
	check_eq("nothing of others", foreign, 0);
	check("pages were taken away", zeroes > 0);
	note("zeroes seen", zeroes);
}

/* Ends */

static volatile bool woken;

static void nmi_zero(u32 id)
{
	while (!woken) {
		ipi(0, NMI);
		relax();
	}
}

/* HLT with interrupts off is no end while another can send an NMI; then it is. */
static void group_halt(void)
{
	start_all();
	give(1, nmi_zero);
	asm volatile("cli; hlt" : : : "memory");
	woken = true;
	wait_done(1);
	check("an NMI from another ends HLT", got_nmi[0] > 0);
	puts("halting\n");
	ipi(0, INIT | OTHERS);
	asm volatile("cli; hlt" : : : "memory");
	/* An NMI that was under way. */
	for (;;)
		asm volatile("hlt" : : : "memory");
}

#define TURNS		10000
#define RESTARTS	2000

static volatile u32 turn;

static void pass_turn(u32 id)
{
	turn = !id;
	ipi(!id, NMI);
}

static void await_turn(u32 id)
{
	while (turn != id)
		halt_unless(&turn, id);
}

/* For one to halt at each moment of the other's waking up, which takes less. */
#define WAKING	131072	/* ticks */

static void linger(u32 i)
{
	u64 end = rdtsc() + i * 2654435761U % WAKING;

	while (rdtsc() < end)
		relax();
}

static void take_turns(u32 id)
{
	u32 i;

	cli();
	for (i = 0; i < TURNS; i++) {
		await_turn(id);
		pass_turn(id);
		linger(i);
	}
	sti();
}

/*
 * One of two rests in HLT with interrupts off, or waits for its start, at almost any
 * moment: but never both.
 */
static void group_turns(void)
{
	u32 i;

	start_all();
	all_do(take_turns);
	check("NMIs woke them", got_nmi[0] && got_nmi[1]);
	cli();
	for (i = 0; i < RESTARTS; i++) {
		turn = 1;
		order[1] = pass_turn;
		ipi(1, INIT);
		ipi(1, SIPI | START_PAGE);
		linger(i);
		await_turn(0);
		wait_done(1);
	}
	check_eq("starts", starts[1], RESTARTS + 1);
}

static void (*const groups[])(void) = {
	group_start, group_identity, group_physical, group_logical, group_lowest, group_x2apic,
	group_init, group_lock, group_shootdown, group_level, group_halt,
	group_discard, group_turns,
};

int main(void)
{
	cpus = PAYLOAD_ARGS[1];
	catch_all();
	idt_set(2, on_nmi);
	idt_set(WAKE_VECTOR, on_wake);
	idt_set(TEST_VECTOR, on_test);
	idt_set(LEVEL_VECTOR, on_level);
	lapic_write(L_SVR, 0x1ff);
	memcpy((void *)PAGE(START_PAGE), ap_begin, ap_end - ap_begin);
	memcpy((void *)PAGE(OTHER_PAGE), ap_begin, ap_end - ap_begin);
	groups[PAYLOAD_ARGS[0]]();
	return check_result();
}
