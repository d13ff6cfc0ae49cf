/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that a guest sees, as the loaders and the ACPI tables need it.
 *
 * The module's own account of the same machine is kmod/core/memmap.h;
 * tests/unit/memmap.c compares the two.
 */
#ifndef HVCTL_MACHINE_H
#define HVCTL_MACHINE_H

#define MACHINE_PAGE		0x1000ULL
#define MACHINE_MIB		0x100000ULL

/* Guest physical. */
#define MACHINE_LOW_END		0xc0000000ULL	/* memory below 4 GiB ends here at the latest */
#define MACHINE_HIGH_START	0x100000000ULL	/* and the rest goes on here */
#define MACHINE_IOAPIC		0xfec00000ULL
#define MACHINE_LAPIC		0xfee00000ULL

/* Processors: the APIC ID is the index.  The IOAPIC's own ID is in a space of its own. */
#define MACHINE_VCPUS_MAX	64
#define MACHINE_IOAPIC_ID	0

/*
 * The first MiB is laid out as on a PC, because that is where kernels look:
 * memory to the EBDA, a hole where VGA and option ROMs would be, and the
 * BIOS area, which holds the ACPI tables and, where the MP Specification wants
 * it searched, the MP table.  Guest memory backs all of it.
 */
#define MACHINE_EBDA		0x9fc00ULL
#define MACHINE_HOLE		0xa0000ULL
#define MACHINE_BIOS		0xe0000ULL
#define MACHINE_MPTABLE		0xf0000ULL
#define MACHINE_BIOS_END	0x100000ULL

/* I/O ports. */
#define MACHINE_CMOS		0x70
#define MACHINE_COM1		0x3f8
#define MACHINE_PM		0x600		/* PM1a event block, 4 bytes; control is at +4 */
#define MACHINE_PM_TIMER	0x608
#define MACHINE_RESET		0xcf9

/* ISA interrupts. */
#define MACHINE_IRQ_PIT		0
#define MACHINE_IRQ_COM1	4
#define MACHINE_IRQ_RTC		8
#define MACHINE_IRQ_SCI		9
#define MACHINE_GSI_PIT		2

/* What the reset register and PM1a control take. */
#define MACHINE_RESET_VALUE	6
#define MACHINE_SLP_TYP_S5	5

#endif /* HVCTL_MACHINE_H */
