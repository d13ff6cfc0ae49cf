// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest whose devices are programs. On page DEVICE and ports PORT is memory
 * of 4 KiB, the same for both; what is at its offsets is for each mode to say.
 */
#include "payload_check.h"

#define DEVICE	0xd0000000ULL
#define PORT	0x5000
#define PORTS	16
#define VECTOR	0x50

enum { MODE_MEMORY, MODE_ONE_READ, MODE_FOREVER, MODE_DOORBELL, MODE_INTERRUPTS };

static u8 buffer[4096] __attribute__((aligned(4096)));

#define AT(type, offset)	(*(volatile type *)(DEVICE + (offset)))

static void sizes(void)
{
	AT(u8, 0x100) = 0x11;
	AT(u16, 0x102) = 0x3322;
	AT(u32, 0x104) = 0x77665544;
	AT(u64, 0x108) = 0xffeeddccbbaa9988;
	check_eq("8 bits", AT(u8, 0x100), 0x11);
	check_eq("16 bits", AT(u16, 0x102), 0x3322);
	check_eq("32 bits", AT(u32, 0x104), 0x77665544);
	check_eq("64 bits", AT(u64, 0x108), 0xffeeddccbbaa9988);
	check_eq("unaligned", AT(u64, 0x105), 0xccbbaa9988776655);
	AT(u32, 0x10b) = 0x04030201;
	check_eq("an unaligned write", AT(u64, 0x108), 0xff04030201aa9988);
}

/* An operand that ends in memory, and one that begins there. */
static void crossing(void)
{
	volatile u64 *edge = (volatile u64 *)(DEVICE + 4096 - 3);

	AT(u16, 0xffd) = 0xbbaa;
	AT(u8, 0xfff) = 0xcc;
	check_eq("over the edge is an empty bus", *edge, 0xffffffffffccbbaa);
	*edge = 0x1122334455667788;
	check_eq("the part within is written", AT(u8, 0xfff), 0x66);
}

/* Read and write in one instruction: the device sees one of each. */
static void in_one(void)
{
	u32 value = 5, old = 0;
	bool swapped;

	AT(u32, 0x200) = 40;
	asm volatile("lock addl $2, %0" : "+m"(AT(u32, 0x200)));
	check_eq("add", AT(u32, 0x200), 42);
	asm volatile("xchgl %0, %1" : "+r"(value), "+m"(AT(u32, 0x200)));
	check_eq("xchg reads", value, 42);
	check_eq("xchg writes", AT(u32, 0x200), 5);
	value = 10;
	asm volatile("lock xaddl %0, %1" : "+r"(value), "+m"(AT(u32, 0x200)));
	check_eq("xadd reads", value, 5);
	check_eq("xadd writes", AT(u32, 0x200), 15);
	old = 15;
	asm volatile("lock cmpxchgl %3, %1; sete %0"
		     : "=r"(swapped), "+m"(AT(u32, 0x200)), "+a"(old) : "r"(99) : "cc");
	check("cmpxchg compares", swapped && old == 15);
	check_eq("cmpxchg writes", AT(u32, 0x200), 99);
	asm volatile("lock cmpxchgl %3, %1; sete %0"
		     : "=r"(swapped), "+m"(AT(u32, 0x200)), "+a"(old) : "r"(1) : "cc");
	check("a cmpxchg that fails", !swapped && old == 99);
	asm volatile("lock btsl $8, %1; setc %0"
		     : "=r"(swapped), "+m"(AT(u32, 0x200)) : : "cc");
	check_eq("bts", AT(u32, 0x200) | (u32)swapped << 31, 0x163);
}

static void strings(void)
{
	void *to = (void *)(DEVICE + 0x800), *from = buffer;
	u64 n = 300;
	u32 i, sum = 0;

	for (i = 0; i < 300; i++)
		buffer[i] = i * 7;
	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	check_eq("rep movsb to the device", n + ((u64)to - DEVICE - 0x800), 300);
	memset(buffer, 0, 300);
	to = buffer, from = (void *)(DEVICE + 0x800), n = 37;
	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	for (i = 0; i < 37 * 8; i++)
		sum += buffer[i] != (u8)(i * 7);
	check_eq("rep movsq from the device", sum, 0);
	to = (void *)(DEVICE + 0x900), n = 10;
	asm volatile("rep stosl" : "+D"(to), "+c"(n) : "a"(0xabcd) : "memory");
	check_eq("rep stosl", AT(u32, 0x924), 0xabcd);
	to = (void *)(DEVICE + 0xa00), from = (void *)(DEVICE + 0x800), n = 5;
	asm volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	check_eq("from device to device", AT(u32, 0xa00), AT(u32, 0x800));
}

static void ports(void)
{
	void *p = buffer;
	u64 n = 4;

	outb(PORT, 0x12);
	outw(PORT + 2, 0x3456);
	outl(PORT + 4, 0x789abcde);
	check_eq("inb", inb(PORT), 0x12);
	check_eq("inw", inw(PORT + 2), 0x3456);
	check_eq("inl", inl(PORT + 4), 0x789abcde);
	check_eq("an unaligned port", inl(PORT + 3), 0x9abcde34);
	check_eq("over the last port", inl(PORT + PORTS - 2), 0xffffffff);
	asm volatile("rep insw" : "+D"(p), "+c"(n) : "d"(PORT + 2) : "memory");
	check_eq("rep insw", *(volatile u64 *)buffer, 0x3456345634563456);
	p = buffer, n = 3;
	*(volatile u64 *)buffer = 0x333322221111;
	asm volatile("rep outsw" : "+S"(p), "+c"(n) : "d"(PORT + 6) : "memory");
	check_eq("rep outsw", inw(PORT + 6), 0x3333);
	p = (void *)(DEVICE + 0x300), n = 2;
	asm volatile("rep insw" : "+D"(p), "+c"(n) : "d"(PORT + 2) : "memory");
	check_eq("from port to page", AT(u32, 0x300), 0x34563456);
}

/* The flags survive a wait, and an interrupted instruction sees them as they were. */
static void flags(void)
{
	u64 before, after;

	AT(u32, 0x400) = 0xffffffff;
	asm volatile("stc; pushf; pop %0; adcl $0, %2; pushf; pop %1"
		     : "=r"(before), "=r"(after), "+m"(AT(u32, 0x400)) : : "cc");
	check_eq("adc", AT(u32, 0x400), 0);
	check_eq("its flags", after & 0x8d5, 0x55);
	check("the carry before it", before & 1);
}

static void memory(void)
{
	sizes();
	crossing();
	in_one();
	strings();
	ports();
	flags();
}

/* What a device is that has gone. */
static void one_read(void)
{
	check_eq("the waiting read", AT(u32, 0), 0xffffffff);
	check_eq("the next one", AT(u64, 8), ~0ULL);
	AT(u32, 0) = 1;
	check_eq("a port", inl(PORT), 0xffffffff);
	outl(PORT, 1);
}

static void forever(void)
{
	for (;;)
		inl(PORT);
}

static void doorbells(void)
{
	u32 i;

	for (i = 0; i < 100; i++)
		outl(PORT, i);
	for (i = 0; i < 50; i++)
		AT(u32, 0x10) = i;
	AT(u16, 0x10) = 7;
	for (i = 0; i < 10; i++)
		outw(PORT + 8, i);
	check_eq("a read goes to the trap", AT(u32, 0x10), 7);
}

static volatile u32 interrupts;

static HANDLER void on_interrupt(struct frame *f)
{
	interrupts++;
	mmio_write(0xfee000b0, 0);
}

/* IOAPIC pin @pin to @VECTOR, edge; the host raises it for each doorbell. */
static void with_interrupts(u32 pin)
{
	u32 i;

	idt_set(VECTOR, on_interrupt);
	idt_load();
	mmio_write(0xfee000f0, 0x1ff);
	mmio_write(0xfec00000, 0x10 + 2 * pin);
	mmio_write(0xfec00010, VECTOR);
	for (i = 1; i <= 100; i++) {
		outl(PORT, i);
		while (interrupts < i)
			sti_hlt();
	}
	check_eq("interrupts", interrupts, 100);
}

int main(void)
{
	catch_all();
	switch (PAYLOAD_ARGS[0]) {
	case MODE_MEMORY:
		memory();
		break;
	case MODE_ONE_READ:
		one_read();
		break;
	case MODE_FOREVER:
		forever();
		break;
	case MODE_DOORBELL:
		doorbells();
		break;
	case MODE_INTERRUPTS:
		with_interrupts(PAYLOAD_ARGS[1]);
		break;
	}
	return check_result();
}
