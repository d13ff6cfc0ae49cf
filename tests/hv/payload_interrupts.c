// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: where they come from, in which order, when they wait, and when
 * they arrive. The first argument says which of groups[], the second is
 * enum emulator.
 */
#include "payload_check.h"

#define LAPIC		0xfee00000ULL
#define L_TPR		0x80
#define L_EOI		0xb0
#define L_SVR		0xf0
#define L_ISR		0x100
#define L_IRR		0x200
#define L_ICR		0x300
#define L_TIMER		0x320
#define L_LINT0		0x350
#define L_TMICT		0x380
#define L_TMCCT		0x390
#define L_TDCR		0x3e0

#define IOAPIC		0xfec00000ULL
#define MASKED		0x10000

#define MSR_DEADLINE	0x6e0

#define PIC_VECTOR	0x20
#define TIMER_VECTOR	0x40

#define NS_PER_MS	1000000ULL
#define PM_HZ		3579545ULL

/* In the order in which handlers began. */
static volatile u8 order[16];
static volatile u32 taken;
static volatile u64 taken_rip, taken_tsc;

static void take(u8 vector, struct frame *f)
{
	taken_tsc = rdtsc();
	taken_rip = f->rip;
	if (taken < sizeof(order))
		order[taken] = vector;
	taken++;
}

#define ON_VECTOR(v) \
	static HANDLER void on_##v(struct frame *f) \
	{ take(v, f); mmio_write(LAPIC + L_EOI, 0); }
ON_VECTOR(0x31) ON_VECTOR(0x40) ON_VECTOR(0x51) ON_VECTOR(0x52) ON_VECTOR(0x71)
ON_VECTOR(0x91)

static HANDLER void on_pic(struct frame *f)
{
	take(PIC_VECTOR, f);
	outb(0x20, 0x20);
}

static void self_nmi(void)
{
	mmio_write(LAPIC + L_ICR, 0x40400);
}

static HANDLER void on_nmi(struct frame *f)
{
	take(2, f);
}

static void set_up(void)
{
	catch_all();
	idt_set(0x31, on_0x31);
	idt_set(0x40, on_0x40);
	idt_set(0x51, on_0x51);
	idt_set(0x52, on_0x52);
	idt_set(0x71, on_0x71);
	idt_set(0x91, on_0x91);
	idt_set(PIC_VECTOR, on_pic);
	idt_set(2, on_nmi);
	mmio_write(LAPIC + L_SVR, 0x1ff);
	mmio_write(LAPIC + L_TDCR, 0xb);
}

static void self_ipi(u32 vector)
{
	mmio_write(LAPIC + L_ICR, 0x40000 | vector);
}

/* ACPI's timer runs at a rate of its own: what the others are measured by. */
static u32 pm_now(void)
{
	return inl(0x608) & 0xffffff;
}

static u64 pm_since(u32 start)
{
	return ((pm_now() - start) & 0xffffff) * 1000000000ULL / PM_HZ;
}

static u64 tsc_per_ms;

static void calibrate(void)
{
	u32 start = pm_now();
	u64 tsc = rdtsc();

	while (pm_since(start) < 20 * NS_PER_MS)
		;
	tsc_per_ms = (rdtsc() - tsc) / 20;
}

/* Runs with interrupts on until @n were taken, or a second has gone. */
static void wait_taken(u32 n)
{
	u32 start = pm_now();

	sti();
	while (taken < n && pm_since(start) < 1000 * NS_PER_MS)
		asm volatile("pause");
	cli();
}

/* Takes what came before its source was masked: the LAPIC keeps that. */
static void drain(void)
{
	sti();
	asm volatile("nop; nop");
	cli();
	taken = 0;
}

/* PIC and PIT */

static void pic_init(u8 mask)
{
	outb(0x20, 0x11);
	outb(0x21, PIC_VECTOR);
	outb(0x21, 4);
	outb(0x21, 1);
	outb(0xa0, 0x11);
	outb(0xa1, PIC_VECTOR + 8);
	outb(0xa1, 2);
	outb(0xa1, 1);
	outb(0x21, mask);
	outb(0xa1, 0xff);
}

static void pit_periodic(u16 count)
{
	outb(0x43, 0x34);
	outb(0x40, count);
	outb(0x40, count >> 8);
}

#define PIT_COUNT	11932	/* 10 ms */

static void group_pic(void)
{
	u32 start;
	u64 ns;

	mmio_write(LAPIC + L_LINT0, 0x700);	/* ExtINT */
	pic_init(0xfe);
	start = pm_now();
	pit_periodic(PIT_COUNT);
	wait_taken(5);
	ns = pm_since(start);
	check_eq("PIC: PIT interrupts arrive", taken >= 5, true);
	check_eq("PIC: its vector", order[0], PIC_VECTOR);
	check("PIC: not before their time", ns >= 49 * NS_PER_MS);
	note("ns for five of 10 ms", ns);
	outb(0x21, 0xff);
	taken = 0;
	wait_taken(1);
	check_eq("PIC: masked, nothing arrives", taken, 0);
	outb(0x21, 0xfe);
	wait_taken(1);
	check("PIC: unmasked, it does", taken >= 1);
}

/* IOAPIC */

static void redirect(u32 pin, u32 low)
{
	mmio_write(IOAPIC, 0x11 + 2 * pin);
	mmio_write(IOAPIC + 0x10, 0);
	mmio_write(IOAPIC, 0x10 + 2 * pin);
	mmio_write(IOAPIC + 0x10, low);
}

static void group_ioapic(void)
{
	pic_init(0xff);
	redirect(2, 0x51);
	pit_periodic(PIT_COUNT);
	wait_taken(3);
	check("IOAPIC: PIT interrupts arrive", taken >= 3);
	check_eq("IOAPIC: their vector", order[0], 0x51);
	redirect(2, 0x51 | MASKED);
	drain();
	wait_taken(1);
	check_eq("IOAPIC: masked, nothing arrives", taken, 0);
	/* The UART's transmitter is empty: its interrupt is on pin 4. */
	redirect(4, 0x71);
	outb(PORT_SERIAL + 1, 2);
	wait_taken(1);
	outb(PORT_SERIAL + 1, 0);
	check_eq("IOAPIC: the UART's interrupt", order[0], 0x71);
}

/* LAPIC timer */

static void one_shot(u64 ns)
{
	u32 start = pm_now();
	u64 took;

	taken = 0;
	mmio_write(LAPIC + L_TIMER, TIMER_VECTOR);
	mmio_write(LAPIC + L_TMICT, ns);
	wait_taken(1);
	took = pm_since(start);
	check_eq("one-shot: arrives", taken, 1);
	/* The PM timer's own steps are 280 ns. */
	check("one-shot: not early", took + 1000 >= ns);
	note("one-shot: ns late", took - ns);
	check_eq("one-shot: the counter is 0", mmio_read(LAPIC + L_TMCCT), 0);
}

static void periodic(void)
{
	u32 start = pm_now();
	u64 took;

	taken = 0;
	mmio_write(LAPIC + L_TIMER, 0x20000 | TIMER_VECTOR);
	mmio_write(LAPIC + L_TMICT, 5 * NS_PER_MS);
	wait_taken(10);
	took = pm_since(start);
	check("periodic: arrive", taken >= 10);
	check("periodic: not early", took + 1000 >= 50 * NS_PER_MS);
	note("periodic: ns late after ten", took - 50 * NS_PER_MS);
	mmio_write(LAPIC + L_TMICT, 0);
	drain();
	wait_taken(1);
	check_eq("periodic: stopped", taken, 0);
}

static void deadline(void)
{
	u64 when;

	taken = 0;
	mmio_write(LAPIC + L_TIMER, 0x40000 | TIMER_VECTOR);
	when = rdtsc() + 10 * tsc_per_ms;
	wrmsr(MSR_DEADLINE, when);
	check_eq("deadline: armed", rdmsr(MSR_DEADLINE), when);
	wait_taken(1);
	check_eq("deadline: arrives", taken, 1);
	check("deadline: not early", taken_tsc >= when);
	note("deadline: ticks late", taken_tsc - when);
	check_eq("deadline: disarmed", rdmsr(MSR_DEADLINE), 0);
	taken = 0;
	wrmsr(MSR_DEADLINE, rdtsc() - 1);
	wait_taken(1);
	check_eq("deadline: in the past, at once", taken, 1);
	taken = 0;
	wrmsr(MSR_DEADLINE, rdtsc() + 20 * tsc_per_ms);
	wrmsr(MSR_DEADLINE, 0);
	wait_taken(1);
	check_eq("deadline: taken back", taken, 0);
}

static void masked_timer(void)
{
	taken = 0;
	mmio_write(LAPIC + L_TIMER, MASKED | TIMER_VECTOR);
	mmio_write(LAPIC + L_TMICT, NS_PER_MS);
	wait_taken(1);
	check_eq("masked: nothing arrives", taken, 0);
}

static void divided(void)
{
	u32 start = pm_now();

	taken = 0;
	mmio_write(LAPIC + L_TDCR, 3);	/* by 16 */
	mmio_write(LAPIC + L_TIMER, TIMER_VECTOR);
	mmio_write(LAPIC + L_TMICT, NS_PER_MS);
	wait_taken(1);
	check_eq("divided: arrives", taken, 1);
	check("divided: by 16", pm_since(start) + 1000 >= 16 * NS_PER_MS);
	mmio_write(LAPIC + L_TDCR, 0xb);
}

static void group_timer(void)
{
	calibrate();
	note("TSC ticks in a ms", tsc_per_ms);
	one_shot(NS_PER_MS);
	one_shot(10 * NS_PER_MS);
	periodic();
	masked_timer();
	divided();
	deadline();
}

/* Priorities */

static void group_priority(void)
{
	u64 value;

	self_ipi(0x31);
	self_ipi(0x91);
	self_ipi(0x52);
	self_ipi(0x51);
	check_eq("IRR has them all", (mmio_read(LAPIC + L_IRR + 0x10) >> 17 & 1) +
		 (mmio_read(LAPIC + L_IRR + 0x20) >> 17 & 3), 1 + 3);
	check_eq("nothing with interrupts off", taken, 0);
	mmio_write(LAPIC + L_TPR, 0x50);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("TPR 0x50: one is let through", taken, 1);
	check_eq("TPR 0x50: the one above", order[0], 0x91);
	mmio_write(LAPIC + L_TPR, 0x40);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("TPR 0x40: two more", taken, 3);
	check_eq("TPR 0x40: the higher first", order[1] << 8 | order[2], 0x5251);
	/* Lowering CR8 with interrupts on lets the last one in at once. */
	sti();
	asm volatile("nop; nop; mov %0, %%cr8; nop" : : "r"(0ULL));
	cli();
	check_eq("CR8 0: the last", taken, 4);
	check_eq("CR8 0: its vector", order[3], 0x31);
	asm volatile("mov %%cr8, %0" : "=r"(value));
	check_eq("nothing is left in the IRR", mmio_read(LAPIC + L_IRR + 0x10) |
		 mmio_read(LAPIC + L_IRR + 0x20) | value, 0);
}

/* A handler that does not say EOI keeps its own class and those below out. */
static HANDLER void on_nested(struct frame *f)
{
	take(0x61, f);
	self_ipi(0x51);
	self_ipi(0x71);
	sti();
	asm volatile("nop; nop; nop");
	cli();
	mmio_write(LAPIC + L_EOI, 0);
}

static void group_nesting(void)
{
	idt_set(0x61, on_nested);
	self_ipi(0x61);
	sti();
	asm volatile("nop; nop; nop");
	cli();
	check_eq("three are taken", taken, 3);
	check_eq("a higher one nests, a lower one waits",
		 order[0] << 16 | order[1] << 8 | order[2], 0x617151);
	check_eq("the ISR is empty", mmio_read(LAPIC + L_ISR + 0x20) |
		 mmio_read(LAPIC + L_ISR + 0x30), 0);
}

/* Windows */

/* STI takes effect behind the next instruction; a pending interrupt comes there. */
static void sti_shadow(void)
{
	u64 after;

	taken = 0;
	self_ipi(0x51);
	asm volatile("lea 1f(%%rip), %0; sti; nop; 1: cli" : "=r"(after) : : "memory");
	check_eq("sti; nop: taken", taken, 1);
	check_eq("sti; nop: behind the nop", taken_rip, after);
	taken = 0;
	self_ipi(0x51);
	asm volatile("sti; cli; nop; nop" : : : "memory");
	check_eq("sti; cli: no window", taken, 0);
	/* CPUID exits while the shadow is there. */
	asm volatile("lea 1f(%%rip), %0; sti; cpuid; 1: cli"
		     : "=S"(after) : "a"(0), "c"(0) : "rbx", "rdx", "memory");
	check_eq("sti; cpuid: taken", taken, 1);
	check_eq("sti; cpuid: behind it", taken_rip, after);
}

static void ss_shadow(void)
{
	u64 after;
	u16 ss;

	taken = 0;
	asm volatile("mov %%ss, %0" : "=r"(ss));
	self_ipi(0x51);
	asm volatile("lea 1f(%%rip), %0; pushf; orl $0x200, (%%rsp); popf; cli" : "=r"(after)
		     : : "memory");
	check_eq("popf: taken", taken, 1);
	asm volatile("1:");
	taken = 0;
	asm volatile("movl $0x40051, (%1); sti; mov %w2, %%ss; nop; cli"
		     : : "r"(0), "r"(LAPIC + L_ICR), "r"(ss) : "memory");
	check_eq("mov ss in the shadow of sti: taken in the end", taken, 1);
}

static void iret_window(void)
{
	taken = 0;
	self_ipi(0x51);
	asm volatile("mov %%ss, %%eax; push %%rax; lea 8(%%rsp), %%rax; push %%rax\n\t"
		     "push $0x202; mov %%cs, %%eax; push %%rax; lea 1f(%%rip), %%rax\n\t"
		     "push %%rax; iretq; 1: cli" : : : "rax", "memory");
	check_eq("iret: taken", taken, 1);
}

static void group_window(void)
{
	sti_shadow();
	ss_shadow();
	iret_window();
}

/* NMI */

static void group_nmi(void)
{
	u32 i;

	self_nmi();
	asm volatile("nop; nop");
	check_eq("an NMI comes with interrupts off", taken, 1);
	check_eq("... at vector 2", order[0], 2);
	for (i = 0; i < 100; i++) {
		self_nmi();
		asm volatile("nop; nop");
	}
	check_eq("each of 100", taken, 101);
	self_ipi(0x51);
	self_nmi();
	asm volatile("nop; nop");
	check_eq("it comes before a pending interrupt", order[0], 2);
	/*
	 * Bochs (2.7, HandleExtInterrupt()) delivers a virtual interrupt in place of
	 * one of the host's, whatever RFLAGS.IF says.
	 */
	if (PAYLOAD_ARGS[1] != 3)
		check_eq("... which still waits", taken, 102);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("... and comes then", taken, 103);
}

/* Another one comes while its handler runs: it waits for the IRET to be over. */
static HANDLER void on_nmi_again(struct frame *f)
{
	take(2, f);
	if (taken == 1)
		self_nmi();
}

static void nmi_again(void)
{
	extern const u8 nmi_from[], nmi_to[];

	taken = 0;
	idt_set(2, on_nmi_again);
	self_nmi();
	asm volatile("nmi_from: nop; nop; nmi_to:" : : : "memory");
	check_eq("an NMI behind an NMI", taken, 2);
	check("... comes where the first one's handler returned to",
	      taken_rip >= (u64)nmi_from && taken_rip <= (u64)nmi_to);
}

#define BAD_CS	0x28	/* behind the GDT's end */

static volatile u64 iret_rflags, iret_error;

static HANDLER void on_nmi_bad(struct frame *f)
{
	take(2, f);
	f->cs = BAD_CS;
}

/* At the NMI handler's IRET, whose frame is what the stack has. */
static HANDLER void on_iret_gp(struct frame *f, u64 error)
{
	struct frame *nmi = (void *)f->rsp;

	iret_error = error;
	iret_rflags = f->rflags;
	nmi->cs = f->cs;
}

static void nmi_fault(void)
{
	taken = 0;
	idt_set(2, on_nmi_bad);
	idt_set(13, on_iret_gp);
	self_nmi();
	asm volatile("nop; nop" : : : "memory");
	catch_all();
	check_eq("an NMI handler's IRET faults: error code", iret_error, BAD_CS);
	check_eq("... without TF", iret_rflags & 0x100, 0);
	idt_set(2, on_nmi);
	self_nmi();
	asm volatile("nop; nop" : : : "memory");
	check_eq("... and the next NMI comes", taken, 2);
}

static void group_nmi_iret(void)
{
	nmi_again();
	nmi_fault();
}

/* x2APIC */

static void group_x2apic(void)
{
	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	check_eq("x2APIC: the id", rdmsr(0x802), 0);
	idt_set(0x51, on_nmi);	/* no EOI by MMIO */
	wrmsr(0x83f, 0x51);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("x2APIC: self-IPI", taken, 1);
	check_eq("x2APIC: in the ISR", rdmsr(0x812) >> 17 & 1, 1);
	wrmsr(0x80b, 0);
	check_eq("x2APIC: EOI", rdmsr(0x812), 0);
	asm volatile(TRY("wrmsr") : : "c"(0x80b), "a"(1), "d"(0) : "memory");
	check_fault("x2APIC: EOI of anything but 0", 13, 0);
	asm volatile(TRY("rdmsr") : : "c"(0x80b) : "rax", "rdx", "memory");
	check_fault("x2APIC: EOI cannot be read", 13, 0);
	asm volatile(TRY("wrmsr") : : "c"(0x802), "a"(1), "d"(0) : "memory");
	check_fault("x2APIC: the id cannot be written", 13, 0);
	wrmsr(0x830, 0x4051);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("x2APIC: an IPI to ourselves by its id", taken, 2);
	wrmsr(0x80b, 0);
	check_eq("x2APIC: the page is gone", mmio_read(LAPIC + 0x30), 0xffffffff);
}

/* The hardware may do all of this with no exit: see interrupts.c. */
#define SELF_IPIS	100

static void write_cr8(u64 value)
{
	asm volatile("mov %0, %%cr8" : : "r"(value) : "memory");
}

static u64 read_cr8(void)
{
	u64 value;

	asm volatile("mov %%cr8, %0" : "=r"(value));
	return value;
}

static void self_ipi_x2(u8 vector)
{
	wrmsr(0x83f, vector);
	sti();
	asm volatile("nop; nop");
	cli();
}

static void priority_x2(void)
{
	write_cr8(6);
	check_eq("x2APIC: CR8 is in the TPR", rdmsr(0x808), 0x60);
	self_ipi_x2(0x61);
	check_eq("x2APIC: held back", taken, SELF_IPIS);
	check_eq("x2APIC: in the IRR", rdmsr(0x823) >> 1 & 1, 1);
	wrmsr(0x808, 0x50);
	check_eq("x2APIC: the TPR is in CR8", read_cr8(), 5);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("x2APIC: let in", taken, SELF_IPIS + 1);
	check_eq("x2APIC: the PPR has its class", rdmsr(0x80a), 0x60);
	self_ipi_x2(0x51);
	check_eq("x2APIC: below what is in service", taken, SELF_IPIS + 1);
	self_ipi_x2(0x71);
	check_eq("x2APIC: above it", taken, SELF_IPIS + 2);
	wrmsr(0x80b, 0);
	wrmsr(0x80b, 0);
	write_cr8(0);
	sti();
	asm volatile("nop; nop");
	cli();
	check_eq("x2APIC: the last", taken, SELF_IPIS + 3);
	wrmsr(0x80b, 0);
	check_eq("x2APIC: the PPR is empty", rdmsr(0x80a), 0);
}

static void group_x2apic_busy(void)
{
	u32 i;

	wrmsr(0x1b, rdmsr(0x1b) | 0xc00);
	idt_set(0x51, on_nmi);	/* no EOI by MMIO */
	idt_set(0x61, on_nmi);
	idt_set(0x71, on_nmi);
	for (i = 0; i < SELF_IPIS; i++) {
		self_ipi_x2(0x51);
		wrmsr(0x80b, 0);
	}
	check_eq("x2APIC: each self-IPI", taken, SELF_IPIS);
	priority_x2();
}

static void group_xapic_busy(void)
{
	u32 i;

	for (i = 0; i < SELF_IPIS; i++) {
		self_ipi(0x51);
		sti();
		asm volatile("nop");
		cli();
	}
	check_eq("xAPIC: each self-IPI", taken, SELF_IPIS);
	check_eq("xAPIC: none in service", mmio_read(LAPIC + L_ISR + 0x20), 0);
}

static void (*const groups[])(void) = {
	group_pic, group_ioapic, group_timer, group_priority, group_nesting, group_window,
	group_nmi, group_nmi_iret, group_x2apic, group_x2apic_busy, group_xapic_busy,
};

int main(void)
{
	set_up();
	groups[PAYLOAD_ARGS[0]]();
	return check_result();
}
