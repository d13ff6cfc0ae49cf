/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Firmware tables as their readers see them: bytes, little endian.
 */
#ifndef HV_TESTS_BYTES_H
#define HV_TESTS_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A field of at most 8 bytes, wherever it stands. */
static inline uint64_t get(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

/* A table with the right checksum has a sum of 0. */
static inline uint8_t sum(const uint8_t *at, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum += *at++;
	return sum;
}

#endif /* HV_TESTS_BYTES_H */
