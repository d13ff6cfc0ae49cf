/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine that a guest sees: where its memory and its devices are.
 *
 * The same values stand in the ACPI tables and the E820 map that libhvctl
 * builds (userlib/machine.h); tests/unit/memmap.c compares the two.
 */
#ifndef HV_CORE_MEMMAP_H
#define HV_CORE_MEMMAP_H

/* Guest physical. Memory below 4 GiB ends here at the latest, the rest goes above 4 GiB. */
#define MEMMAP_LOW_END		0xc0000000ULL
#define MEMMAP_HIGH_START	0x100000000ULL

#define MEMMAP_IOAPIC		0xfec00000ULL	/* 82093AA; one page */
#define MEMMAP_LAPIC		0xfee00000ULL	/* IA32_APIC_BASE at reset; one page */

/* I/O ports. */
#define MEMMAP_PIC0		0x20		/* 8259A, master: 2 ports */
#define MEMMAP_PIT		0x40		/* 8254: 4 ports */
#define MEMMAP_PORT_B		0x61		/* speaker and PIT channel 2's gate */
#define MEMMAP_KBD_DATA		0x60		/* 8042: just enough to reset */
#define MEMMAP_KBD_STATUS	0x64
#define MEMMAP_CMOS		0x70		/* MC146818: index and data */
#define MEMMAP_PORT_92		0x92		/* fast A20 and reset */
#define MEMMAP_PIC1		0xa0		/* 8259A, slave: 2 ports */
#define MEMMAP_COM1		0x3f8		/* 16550A: 8 ports, IRQ 4 */
#define MEMMAP_ELCR		0x4d0		/* edge or level, master and slave */
#define MEMMAP_PM		0x600		/* ACPI PM1a: status, enable, control (+4) */
#define MEMMAP_PM_TIMER		0x608		/* ACPI PM timer, 32 bits */
#define MEMMAP_RESET		0xcf9		/* reset control register */

/* ISA interrupts; GSI n is IOAPIC pin n, except that the PIT's IRQ 0 is on pin 2. */
#define MEMMAP_IRQ_PIT		0
#define MEMMAP_IRQ_COM1		4
#define MEMMAP_IRQ_RTC		8
#define MEMMAP_IRQ_SCI		9		/* level, active high */

/* PM1a control: SLP_TYP of soft-off, as the DSDT's _S5 names it. */
#define MEMMAP_SLP_TYP_S5	5

#endif /* HV_CORE_MEMMAP_H */
