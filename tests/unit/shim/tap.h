/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for the unit tests. A test is a function that returns at its first check
 * that fails, having said which; main() lists them for tap_run().
 */
#ifndef HV_TESTS_TAP_H
#define HV_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct tap_test {
	const char *name;
	void (*fn)(void);
};

static bool tap_ok;

#define CHECK(cond) do { \
	if (!(cond)) { \
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
		tap_ok = false; \
		return; \
	} \
} while (0)

/* Both sides as unsigned 64-bit numbers, printed where they differ. */
#define CHECK_EQ(a, b) do { \
	unsigned long long tap_a = (a), tap_b = (b); \
	if (tap_a != tap_b) { \
		printf("# %s:%d: %s is %#llx, not %#llx\n", \
		       __FILE__, __LINE__, #a, tap_a, tap_b); \
		tap_ok = false; \
		return; \
	} \
} while (0)

/*
 * How many of something to run: @n; or fewer, but at least @least, and said so,
 * where HV_TEST_SCALE tells that this host is so many times slower than others.
 */
static inline unsigned int tap_count(unsigned int n, unsigned int least)
{
	const char *text = getenv("HV_TEST_SCALE");
	unsigned int scale = text ? atoi(text) : 1, fewer;

	fewer = scale > 1 ? n / scale : n;
	if (fewer < least)
		fewer = least < n ? least : n;
	if (fewer < n)
		printf("# %u instead of %u: this host is slow\n", fewer, n);
	return fewer;
}

static inline int tap_run(const struct tap_test *tests, unsigned int n)
{
	unsigned int i, failed = 0;

	printf("TAP version 13\n1..%u\n", n);
	for (i = 0; i < n; i++) {
		tap_ok = true;
		tests[i].fn();
		failed += !tap_ok;
		printf("%sok %u %s\n", tap_ok ? "" : "not ", i + 1, tests[i].name);
		fflush(stdout);
	}
	return failed != 0;
}

#define TAP_MAIN(tests) \
int main(void) \
{ \
	return tap_run(tests, sizeof(tests) / sizeof((tests)[0])); \
}

#endif /* HV_TESTS_TAP_H */
