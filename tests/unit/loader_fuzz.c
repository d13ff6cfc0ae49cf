// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer's checks on 300,000 seeded mutations of a good image: bits,
 * header fields set to awkward values, and cuts.
 */
/* SOURCES: tests/unit/fuzz/bzimage.c */
/* SOURCES: userlib/boot.c userlib/bzimage.c userlib/flat.c userlib/image.c */
/* SOURCES: userlib/longmode.c userlib/acpi.c userlib/mptable.c userlib/aml.c */
#include "loader_image.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUNDS	100000
#define PREFIX	8

static uint64_t seed;

/* xorshift64: the same sequence everywhere. */
static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t awkward(void)
{
	static const uint64_t values[] = {
		0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000,
		0x100000, 0xc0000000, 0x8000000000000000, UINT64_MAX,
	};

	return draw() & 1 ? draw() : values[draw() % (sizeof(values) / sizeof(values[0]))];
}

static void flip_bit(uint8_t *image)
{
	uint64_t bit = draw() % (8 * 0x7f);

	image[0x1f1 + bit / 8] ^= 1 << bit % 8;
}

static void set_field(uint8_t *image)
{
	static const uint8_t sizes[] = { 1, 2, 4, 8 };
	uint64_t value = awkward();

	memcpy(image + 0x1f1 + draw() % 0x77, &value, sizes[draw() % 4]);
}

/* Memory of its exact length, so that the sanitizer sees each byte beyond it. */
static void run(const uint8_t *image, size_t len)
{
	uint8_t *exact = malloc(PREFIX + len);
	uint64_t choice = draw();

	/* Mostly memory that the image fits into, or little would be reached. */
	if (draw() & 3)
		choice = (choice & ~0x3ffffffULL) | (0x4000 + draw() % 0x200000);
	memcpy(exact, &choice, PREFIX);
	memcpy(exact + PREFIX, image, len);
	LLVMFuzzerTestOneInput(exact, PREFIX + len);
	free(exact);
}

static void rounds(uint64_t start, void (*mutate)(uint8_t *image), bool cut)
{
	static uint8_t image[IMAGE_LEN];

	seed = start;
	for (int i = 0; i < ROUNDS; i++) {
		image_fill(image);
		for (uint64_t n = draw() % 4; mutate && n; n--)
			mutate(image);
		run(image, cut ? draw() % (IMAGE_LEN + 1) : IMAGE_LEN);
	}
}

static void test_bits(void)
{
	rounds(0x9e3779b97f4a7c15, flip_bit, false);
}

static void test_fields(void)
{
	rounds(0xbf58476d1ce4e5b9, set_field, false);
}

static void test_cuts(void)
{
	rounds(0x94d049bb133111eb, set_field, true);
}

static const struct tap_test tests[] = {
	{ "flipped bits", test_bits },
	{ "awkward fields", test_fields },
	{ "awkward fields and cuts", test_cuts },
};

TAP_MAIN(tests)
