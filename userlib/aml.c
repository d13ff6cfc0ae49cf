// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Just enough of an AML assembler for the DSDT (ACPI 6.4, chapter 20).
 *
 * Package lengths always take three bytes, so that they can be filled in when
 * a package ends without moving what is in it.
 */
#include <string.h>

#include "acpi.h"

#define OP_NAME		0x08
#define OP_BYTE		0x0a
#define OP_WORD		0x0b
#define OP_DWORD	0x0c
#define OP_STRING	0x0d
#define OP_SCOPE	0x10
#define OP_BUFFER	0x11
#define OP_PACKAGE	0x12
#define OP_EXT		0x5b
#define OP_EXT_DEVICE	0x82

#define PKGLEN_BYTES	3

/* ACPI 6.4, 6.4.2: small resource items, type and length in one byte. */
#define RES_IRQ		0x22
#define RES_IO		0x47
#define RES_IO_DECODE16	0x01
#define RES_END		0x79

/**
 * aml_bytes() - append bytes
 * @aml: bytecode
 * @bytes: what
 * @len: how many
 */
void aml_bytes(struct aml *aml, const void *bytes, size_t len)
{
	if (aml->full || len > aml->size - aml->len) {
		aml->full = true;
		return;
	}
	memcpy(aml->buf + aml->len, bytes, len);
	aml->len += len;
}

static void aml_byte(struct aml *aml, uint8_t byte)
{
	aml_bytes(aml, &byte, 1);
}

static void aml_le(struct aml *aml, uint32_t value, unsigned int bytes)
{
	while (bytes--) {
		aml_byte(aml, value & 0xff);
		value >>= 8;
	}
}

static void aml_namestring(struct aml *aml, const char *name)
{
	aml_bytes(aml, name, strlen(name));
}

/**
 * aml_name() - begin Name (name, …); the object follows
 * @aml: bytecode
 * @name: four characters, perhaps after a backslash
 */
void aml_name(struct aml *aml, const char *name)
{
	aml_byte(aml, OP_NAME);
	aml_namestring(aml, name);
}

/**
 * aml_integer() - append an integer
 * @aml: bytecode
 * @value: which; 0 and 1 have opcodes of their own
 */
void aml_integer(struct aml *aml, uint32_t value)
{
	unsigned int bytes = value > 0xffff ? 4 : value > 0xff ? 2 : 1;

	if (value > 1)
		aml_byte(aml, bytes == 4 ? OP_DWORD : bytes == 2 ? OP_WORD : OP_BYTE);
	aml_le(aml, value, bytes);
}

/**
 * aml_string() - append a string
 * @aml: bytecode
 * @text: ASCII
 */
void aml_string(struct aml *aml, const char *text)
{
	aml_byte(aml, OP_STRING);
	aml_bytes(aml, text, strlen(text) + 1);
}

static unsigned int hex(char c)
{
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/**
 * aml_name_eisaid() - append Name (name, EisaId (id))
 * @aml: bytecode
 * @name: four characters
 * @id: three capital letters and four hexadecimal digits
 */
void aml_name_eisaid(struct aml *aml, const char *name, const char *id)
{
	uint8_t code[4] = {
		(id[0] - '@') << 2 | (id[1] - '@') >> 3,
		(id[1] - '@') << 5 | (id[2] - '@'),
		hex(id[3]) << 4 | hex(id[4]),
		hex(id[5]) << 4 | hex(id[6]),
	};

	aml_name(aml, name);
	aml_byte(aml, OP_DWORD);
	aml_bytes(aml, code, sizeof(code));
}

static size_t begin(struct aml *aml)
{
	size_t at = aml->len;

	aml_le(aml, 0, PKGLEN_BYTES);
	return at;
}

/**
 * aml_end() - end what an aml_begin_*() began
 * @aml: bytecode
 * @begin: what that returned
 */
void aml_end(struct aml *aml, size_t begin)
{
	size_t len = aml->len - begin;

	if (aml->full)
		return;
	aml->buf[begin] = (PKGLEN_BYTES - 1) << 6 | (len & 0xf);
	aml->buf[begin + 1] = len >> 4;
	aml->buf[begin + 2] = len >> 12;
}

/**
 * aml_begin_scope() - begin Scope (name)
 * @aml: bytecode
 * @name: which
 *
 * Return: for aml_end().
 */
size_t aml_begin_scope(struct aml *aml, const char *name)
{
	size_t at;

	aml_byte(aml, OP_SCOPE);
	at = begin(aml);
	aml_namestring(aml, name);
	return at;
}

/**
 * aml_begin_device() - begin Device (name)
 * @aml: bytecode
 * @name: four characters
 *
 * Return: for aml_end().
 */
size_t aml_begin_device(struct aml *aml, const char *name)
{
	size_t at;

	aml_byte(aml, OP_EXT);
	aml_byte(aml, OP_EXT_DEVICE);
	at = begin(aml);
	aml_namestring(aml, name);
	return at;
}

/**
 * aml_begin_package() - begin Package (elements)
 * @aml: bytecode
 * @elements: how many follow
 *
 * Return: for aml_end().
 */
size_t aml_begin_package(struct aml *aml, uint8_t elements)
{
	size_t at;

	aml_byte(aml, OP_PACKAGE);
	at = begin(aml);
	aml_byte(aml, elements);
	return at;
}

/**
 * aml_begin_resources() - begin Name (_CRS, ResourceTemplate () …)
 * @aml: bytecode
 *
 * Return: for aml_end_resources().
 */
size_t aml_begin_resources(struct aml *aml)
{
	size_t at;

	aml_name(aml, "_CRS");
	aml_byte(aml, OP_BUFFER);
	at = begin(aml);
	/* The buffer's size: a word, filled in at the end. */
	aml_byte(aml, OP_WORD);
	aml_le(aml, 0, 2);
	return at;
}

/**
 * aml_io() - append IO (Decode16, port, port, 0, len)
 * @aml: bytecode
 * @port: first port
 * @len: how many
 */
void aml_io(struct aml *aml, uint16_t port, uint8_t len)
{
	aml_byte(aml, RES_IO);
	aml_byte(aml, RES_IO_DECODE16);
	aml_le(aml, port, 2);
	aml_le(aml, port, 2);
	aml_byte(aml, 0);
	aml_byte(aml, len);
}

/**
 * aml_irq() - append IRQNoFlags () {irq}
 * @aml: bytecode
 * @irq: 0 to 15
 */
void aml_irq(struct aml *aml, unsigned int irq)
{
	aml_byte(aml, RES_IRQ);
	aml_le(aml, 1U << irq, 2);
}

/**
 * aml_end_resources() - end what aml_begin_resources() began
 * @aml: bytecode
 * @begin: what that returned
 */
void aml_end_resources(struct aml *aml, size_t begin)
{
	const size_t header = PKGLEN_BYTES + 3;
	size_t size;

	/* A checksum of 0 says that there is none. */
	aml_byte(aml, RES_END);
	aml_byte(aml, 0);
	if (aml->full)
		return;
	size = aml->len - begin - header;
	aml->buf[begin + PKGLEN_BYTES + 1] = size;
	aml->buf[begin + PKGLEN_BYTES + 2] = size >> 8;
	aml_end(aml, begin);
}
