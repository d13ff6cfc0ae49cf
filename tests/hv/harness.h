/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests that run guests share, on top of tap.h: requirements that skip
 * the program (kselftest's status 4), and guests made from a payload.
 *
 *	static void counts_cpuid(void)
 *	{
 *		struct hvctl_guest *g = run_payload(h, "cpuid");
 *
 *		CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
 *		CHECK_EQ(payload_status(g), 0);
 *		hvctl_guest_free(g);
 *	}
 */
#ifndef HV_TESTS_HARNESS_H
#define HV_TESTS_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvctl.h>

#include "tap.h"

#define KSFT_SKIP	4

/* Skip the whole program where it cannot say anything. */
#define TEST_REQUIRE(cond, why) do { \
	if (!(cond)) { \
		printf("1..0 # SKIP %s\n", why); \
		exit(KSFT_SKIP); \
	} \
} while (0)

/* A call of the library that must succeed; says what it complained of. */
#define CHECK_OK(h, call) do { \
	int ok_ = (call); \
	if (ok_ < 0) { \
		printf("# %s:%d: %s: %s (%s)\n", __FILE__, __LINE__, #call, \
		       hvctl_error(h), strerror(-ok_)); \
		tap_ok = false; \
		return; \
	} \
} while (0)

#define CHECK_STR(a, b) do { \
	const char *str_a_ = (a), *str_b_ = (b); \
	if (strcmp(str_a_, str_b_)) { \
		printf("# %s:%d: %s is '%s', not '%s'\n", \
		       __FILE__, __LINE__, #a, str_a_, str_b_); \
		tap_ok = false; \
		return; \
	} \
} while (0)

#define DEBUG_EXIT_PORT	"0xf4"
#define GUEST_SECONDS	60

/* Something is wrong with the test's own means: no point in going on. */
static inline __attribute__((noreturn, format(printf, 1, 2)))
void test_die(const char *format, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

/* A handle; the program is skipped where the module is not loaded. */
static inline struct hvctl *test_open(void)
{
	struct hvctl *h;
	struct hv_info info;

	TEST_REQUIRE(!access("/dev/hv", R_OK | W_OK), "no access to /dev/hv");
	if (hvctl_open(&h))
		test_die("hvctl_open failed");
	if (hvctl_info(h, &info))
		test_die("hvctl_info: %s", hvctl_error(h));
	TEST_REQUIRE(info.engine != HV_ENGINE_NONE, "this CPU runs no guests");
	return h;
}

/* "cpuid" is payload_cpuid.bin beside this program. */
static inline void payload_path(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX - 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		test_die("/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(path, PATH_MAX, "%s/payload_%.32s.bin", self, name);
}

/*
 * A specification that boots a payload: 16 MiB, debug exit, stopped by a reset.
 * Set more keys before hvctl_create(); free it after.
 */
static inline struct hvctl_spec *payload_spec(struct hvctl *h, const char *name)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	char path[PATH_MAX];

	payload_path(name, path);
	if (!spec || hvctl_spec_set(h, spec, "memory", "16M") ||
	    hvctl_spec_set(h, spec, "kernel", path) ||
	    hvctl_spec_set(h, spec, "kernel-type", "flat") ||
	    hvctl_spec_set(h, spec, "debug-exit", DEBUG_EXIT_PORT) ||
	    hvctl_spec_set(h, spec, "on-reset", "stop"))
		test_die("payload %s: %s", name, hvctl_error(h));
	return spec;
}

/* Start guest @id and wait for its end. Its owner frees what this returns. */
static inline struct hvctl_guest *run_to_stop(struct hvctl *h, uint64_t id)
{
	struct hvctl_guest *g = NULL;

	if (hvctl_start(h, id) || hvctl_wait(h, id, GUEST_SECONDS * 1000, &g))
		test_die("guest %llu: %s", (unsigned long long)id, hvctl_error(h));
	return g;
}

/* Everything that guest @id has put on its console, as a string to free. */
static inline char *console_text(struct hvctl *h, uint64_t id)
{
	size_t size = 1 << 20, used = 0;
	char *text = calloc(1, size + 1);
	int fd = hvctl_console(h, id, 0);
	ssize_t n;

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK))
		test_die("console: %s", hvctl_error(h));
	while (used < size && (n = read(fd, text + used, size - used)) > 0)
		used += n;
	close(fd);
	return text;
}

/* Create, run and remove a guest; what it was when it stopped. */
static inline struct hvctl_guest *run_payload(struct hvctl *h, const char *name)
{
	struct hvctl_spec *spec = payload_spec(h, name);
	struct hvctl_guest *g;
	uint64_t id;

	if (hvctl_create(h, spec, &id))
		test_die("payload %s: %s", name, hvctl_error(h));
	hvctl_spec_free(spec);
	g = run_to_stop(h, id);
	if (hvctl_remove(h, id))
		test_die("payload %s: %s", name, hvctl_error(h));
	return g;
}

/* What main() of a payload returned, as its debug exit has it. */
static inline uint32_t payload_status(const struct hvctl_guest *g)
{
	return g->stop_status >> 1;
}

/* Lines of the host kernel's log: a guest must not be able to fill it. */
static inline unsigned int log_lines(void)
{
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof(log)), i;
	unsigned int lines = 0;

	for (i = 0; i < n; i++)
		lines += log[i] == '\n';
	return lines;
}

#endif /* HV_TESTS_HARNESS_H */
