/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What guest payloads share. A payload is a flat binary that hv enters in long
 * mode with the first 4 GiB mapped one to one and interrupts off. Its main()
 * returns the status for the debug-exit port.
 */
#ifndef HV_TESTS_PAYLOAD_H
#define HV_TESTS_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define PORT_SERIAL	0x3f8
#define PORT_DEBUG_EXIT	0xf4

/* Ends the guest; the host reads status * 2 + 1. */
void payload_exit(u32 status);

static inline void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(u16 port, u16 value)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outl(u16 port, u32 value)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u16 inw(u16 port)
{
	u16 value;

	asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline u32 inl(u16 port)
{
	u32 value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

/* Waits for room in the transmitter, as a driver does. */
static inline void putch(char c)
{
	while (!(inb(PORT_SERIAL + 5) & 0x20))
		;
	outb(PORT_SERIAL, c);
}

static inline void puts(const char *s)
{
	while (*s)
		putch(*s++);
}

static inline void puthex(u64 value)
{
	int shift;

	for (shift = 60; shift >= 0; shift -= 4)
		putch("0123456789abcdef"[value >> shift & 15]);
}

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid c;

	asm volatile("cpuid" : "=a"(c.eax), "=b"(c.ebx), "=c"(c.ecx), "=d"(c.edx)
		     : "a"(leaf), "c"(subleaf) : "memory");
	return c;
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
		     : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

static inline u64 read_cr2(void)
{
	u64 value;

	asm volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline void sti(void)
{
	asm volatile("sti" : : : "memory");
}

static inline void cli(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void hlt(void)
{
	asm volatile("hlt" : : : "memory");
}

/* Waits for one interrupt: nothing comes between the two instructions. */
static inline void sti_hlt(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

static inline u32 mmio_read(u64 gpa)
{
	return *(volatile u32 *)gpa;
}

static inline void mmio_write(u64 gpa, u32 value)
{
	*(volatile u32 *)gpa = value;
}

/* Interrupts and exceptions. Handlers are functions marked HANDLER:
 *
 *	static HANDLER void on_timer(struct frame *f) { ... }
 *	static HANDLER void on_gp(struct frame *f, u64 error) { f->rip += 2; }
 */
#define HANDLER		__attribute__((interrupt))

struct frame {
	u64 rip, cs, rflags, rsp, ss;
};

struct gate {
	u16 low, selector, flags, middle;
	u32 high, zero;
} __attribute__((packed));

static struct gate idt[256] __attribute__((aligned(16), unused));

static inline void idt_load(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (u64)idt };

	asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

static inline void idt_set(u8 vector, void *handler)
{
	u64 address = (u64)handler;
	u16 cs;

	asm volatile("mov %%cs, %0" : "=r"(cs));
	idt[vector] = (struct gate){
		.low = address, .middle = address >> 16, .high = address >> 32,
		.selector = cs, .flags = 0x8e00,
	};
}

/* In start.S; the compiler may call them whatever its flags say. */
void *memset(void *to, int byte, size_t n);
void *memcpy(void *to, const void *from, size_t n);

#endif /* HV_TESTS_PAYLOAD_H */
