// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest of the exit figures: each kind of exit, many times, one at a time.
 */
#include "payload.h"
#include "samples.h"

#define MSR_TSC_ADJUST	0x3b
#define MSR_APIC_BASE	0x1b
#define MSR_DEADLINE	0x6e0
#define MSR_X2_VERSION	0x803
#define MSR_X2_EOI	0x80b
#define MSR_X2_SVR	0x80f
#define MSR_X2_TIMER	0x832
#define MSR_X2_SELF_IPI	0x83f

#define PORT_PIC_MASK	0x21
#define PORT_UART	0x3f8
#define IOAPIC_WINDOW	0xfec00010ULL
#define LAPIC		0xfee00000ULL
#define LAPIC_VERSION	0x30
#define LAPIC_EOI	0xb0
#define LAPIC_SVR	0xf0

#define VECTOR		0x51
#define SOON		50000		/* ticks: longer than any way into HLT */
#define FAR		(1ULL << 40)

/* One that no hypervisor knows: what remains is the exit. */
#define HYPERCALL	0x7fff

/* For tests/bench/trace on Bochs, whose debugger stops there. */
#ifdef TRACED
#define TRACE(i)	do { \
	if ((i) == TRACED) \
		asm volatile("xchg %bx, %bx"); \
} while (0)
#else
#define TRACE(i)	do { } while (0)
#endif

/* A loop of its own for each row: nothing is called between the two time stamps. */
#define MEASURE(row, label, what) do { \
	struct samples *s = (struct samples *)BENCH_GPA + (row); \
	int i; \
	memcpy(s->name, label, sizeof(label)); \
	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) { \
		u64 begin; \
		TRACE(i); \
		begin = rdtsc(); \
		what; \
		s->ticks[i < 0 ? 0 : i] = rdtsc() - begin; \
	} \
} while (0)

/* From the time that an interrupt was due to the instruction behind HLT. */
#define MEASURE_WAKE(row, label) do { \
	struct samples *s = (struct samples *)BENCH_GPA + (row); \
	int i; \
	memcpy(s->name, label, sizeof(label)); \
	for (i = -BENCH_WARM_UP; i < BENCH_ROUNDS; i++) { \
		u64 due; \
		TRACE(i); \
		due = rdtsc() + SOON; \
		wrmsr(MSR_DEADLINE, due); \
		sti_hlt(); \
		s->ticks[i < 0 ? 0 : i] = rdtsc() - due; \
		cli(); \
	} \
} while (0)

struct frame;

/* It costs itself an exit where EOIs do. */
__attribute__((interrupt)) static void on_interrupt(struct frame *frame __attribute__((unused)))
{
	wrmsr(MSR_X2_EOI, 0);
}

static inline void vmmcall(u64 nr)
{
	asm volatile("vmmcall" : "+a"(nr) : : "memory");
}

static inline void vmcall(u64 nr)
{
	asm volatile("vmcall" : "+a"(nr) : : "memory");
}

static bool is_intel(void)
{
	return cpuid(0, 0).ebx == 0x756e6547;	/* "Genu" of GenuineIntel */
}

static void self_ipi(void)
{
	wrmsr(MSR_X2_SELF_IPI, VECTOR);
	sti();
	asm volatile("nop" : : : "memory");
	cli();
}

static void x_apic(void)
{
	mmio_write(LAPIC + LAPIC_SVR, 0x1ff);
	MEASURE(BENCH_APIC_READ, "apic-read", mmio_read(LAPIC + LAPIC_VERSION));
	MEASURE(BENCH_APIC_EOI, "apic-eoi", mmio_write(LAPIC + LAPIC_EOI, 0));
}

static void x2_apic(void)
{
	u64 far = rdtsc() + FAR;

	idt_set(VECTOR, on_interrupt);
	idt_load();
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 0xc00);
	wrmsr(MSR_X2_SVR, 0x1ff);
	MEASURE(BENCH_X2_READ, "x2apic-read", rdmsr(MSR_X2_VERSION));
	MEASURE(BENCH_X2_EOI, "x2apic-eoi", wrmsr(MSR_X2_EOI, 0));
	MEASURE(BENCH_SELF_IPI, "self-ipi", self_ipi());
	wrmsr(MSR_X2_TIMER, 0x40000 | VECTOR);
	MEASURE(BENCH_DEADLINE, "deadline", wrmsr(MSR_DEADLINE, far));
	MEASURE_WAKE(BENCH_WAKE, "hlt-wake");
}

int main(void)
{
	u64 adjust = rdmsr(MSR_TSC_ADJUST);

	MEASURE(BENCH_NOTHING, "nothing", asm volatile("" : : : "memory"));
	MEASURE(BENCH_CPUID, "cpuid", cpuid(0, 0));
	if (is_intel())
		MEASURE(BENCH_HYPERCALL, "hypercall", vmcall(HYPERCALL));
	else
		MEASURE(BENCH_HYPERCALL, "hypercall", vmmcall(HYPERCALL));
	MEASURE(BENCH_RDMSR, "rdmsr", rdmsr(MSR_TSC_ADJUST));
	MEASURE(BENCH_WRMSR, "wrmsr", wrmsr(MSR_TSC_ADJUST, adjust));
	MEASURE(BENCH_PORT_IN, "port-in", inb(PORT_PIC_MASK));
	MEASURE(BENCH_UART_OUT, "uart-out", outb(PORT_UART, 0));
	MEASURE(BENCH_MMIO_READ, "mmio-read", mmio_read(IOAPIC_WINDOW));
	x_apic();
	x2_apic();
	return 0;
}
