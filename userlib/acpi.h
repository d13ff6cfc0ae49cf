/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ACPI tables and MP table of the machine in machine.h.
 */
#ifndef HVCTL_ACPI_H
#define HVCTL_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t acpi_build(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus);

/* mptable.c: what came before ACPI. */
size_t mptable_build(uint8_t *buf, size_t size, uint64_t gpa, unsigned int vcpus);

/**
 * struct aml - AML bytecode under construction
 * @buf: where it goes
 * @size: room
 * @len: bytes so far
 * @full: it did not fit; nothing was written since
 */
struct aml {
	uint8_t *buf;
	size_t size;
	size_t len;
	bool full;
};

/* aml.c; each aml_begin_* returns what aml_end() or aml_end_buffer() wants. */
void aml_bytes(struct aml *aml, const void *bytes, size_t len);
void aml_name(struct aml *aml, const char *name);
void aml_integer(struct aml *aml, uint32_t value);
void aml_string(struct aml *aml, const char *text);
void aml_name_eisaid(struct aml *aml, const char *name, const char *id);
size_t aml_begin_scope(struct aml *aml, const char *name);
size_t aml_begin_device(struct aml *aml, const char *name);
size_t aml_begin_package(struct aml *aml, uint8_t elements);
size_t aml_begin_resources(struct aml *aml);
void aml_io(struct aml *aml, uint16_t port, uint8_t len);
void aml_irq(struct aml *aml, unsigned int irq);
void aml_end_resources(struct aml *aml, size_t begin);
void aml_end(struct aml *aml, size_t begin);

#endif /* HVCTL_ACPI_H */
