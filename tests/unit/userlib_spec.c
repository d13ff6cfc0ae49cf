// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings of a guest, and images as sealed memfds.
 */
/* SOURCES: userlib/spec.c userlib/spec_json.c userlib/json.c userlib/label.c userlib/memfd.c */
/* CFLAGS: -I/usr/include/libnl3 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../userlib/internal.h"
#include "tap.h"

static struct hvctl h;

/* In place of handle.c, which wants netlink. */
int set_error(struct hvctl *h, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(h->error, sizeof(h->error), fmt, ap);
	va_end(ap);
	return err;
}

/* A refusal begins with the key. */
static int set(struct hvctl_spec *spec, const char *key, const char *value)
{
	int err;

	h.error[0] = '\0';
	err = hvctl_spec_set(&h, spec, key, value);
	if (err && strncmp(h.error, key, strlen(key)))
		return 1;
	return err;
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "0", 0 }, { "4096", 4096 }, { "256M", 256ULL << 20 }, { "1g", 1ULL << 30 },
		{ "2K", 2048 }, { "16T", 16ULL << 40 }, { "18446744073709551615", UINT64_MAX },
	};
	static const char *const bad[] = {
		"", "M", "1MM", "1X", "-1", "+1", " 1", "1 M", "0x10", "1.5G", "1G ", "G1",
	};
	uint64_t size;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(parse_size(good[i].text, &size) == 0);
		CHECK_EQ(size, good[i].size);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse_size(bad[i], &size) == -EINVAL);
	CHECK(parse_size("18446744073709551616", &size) == -ERANGE);
	CHECK(parse_size("16777216T", &size) == -ERANGE);
}

static void test_settings(void)
{
	struct hvctl_spec *spec = hvctl_spec_new();

	CHECK(spec && spec->memory == 256 << 20 && spec->vcpus == 1);
	CHECK(set(spec, "memory", "1G") == 0 && spec->memory == 1 << 30);
	CHECK(set(spec, "name", "web-1.a_B") == 0 && !strcmp(spec->name, "web-1.a_B"));
	CHECK(set(spec, "on-reset", "stop") == 0 && spec->on_reset == HV_ON_RESET_STOP);
	CHECK(set(spec, "debug-exit", "0xf4") == 0 && spec->debug_exit == 0xf4);
	CHECK(set(spec, "vcpus", "64") == 0 && set(spec, "kernel-type", "flat") == 0);
	CHECK(spec->pv == 0x7f && set(spec, "pv", "off") == 0 && spec->pv == 0);
	CHECK(set(spec, "pv", "clock,unhalt") == 0 && spec->pv == 0x41);
	CHECK(set(spec, "pv", "on") == 0 && spec->pv == 0x7f);
	CHECK(set(spec, "cgroup", "a/b") == 0 && set(spec, "cgroup", "") == 0);
	CHECK(set(spec, "kernel", "a") == 0 && set(spec, "kernel", "b") == 0);
	CHECK(!strcmp(spec->kernel, "b"));
	hvctl_spec_free(spec);
	hvctl_spec_free(NULL);
}

static void test_refused(void)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "memory", "0" }, { "memory", "1M" }, { "memory", "2097153" }, { "memory", "x" },
		{ "name", "" }, { "name", "a b" }, { "name", "." }, { "name", ".." },
		{ "name", "a/b" }, { "name", "\303\244" },
		{ "name", "1234567890123456789012345678901234567890123456789012345678901234" },
		{ "on-reset", "" }, { "debug-exit", "0" }, { "debug-exit", "65536" },
		{ "debug-exit", "f4" }, { "vcpus", "0" }, { "vcpus", "65" }, { "pv", "" }, { "pv", "clock," }, { "pv", "time" }, { "vcpus", "-1" },
		{ "cgroup", ".." }, { "cgroup", "a/../b" }, { "cgroup", "/.." },
		{ "kernel-type", "elf" }, { "cpuset", "" }, { "cpuset", "0-" }, { "cpuset", "-1" },
		{ "cpuset", "0,,1" }, { "cpuset", "0 1" }, { "cpuset", "0," }, { "cpu-weight", "0" },
		{ "restart", "" }, { "rm", "yes" }, { "label", "a" }, { "label", "=a" },
		{ "label", "a b=c" }, { "label", "a=\n" }, { "label", "a=\033" },
		{ "label", "1234567890123456789012345678901234567890123456789012345678901234=" },
		{ "cpu-weight", "10001" }, { "memory-limit", "0" }, { "memory-limit", "x" },
	};
	struct hvctl_spec *spec = hvctl_spec_new();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(set(spec, bad[i].key, bad[i].value) == -EINVAL);
		CHECK(h.error[0]);
	}
	CHECK(set(spec, "colour", "red") == -ENOKEY);
	for (char label[] = "a=1"; label[0] <= 'p'; label[0]++)
		CHECK(set(spec, "label", label) == 0);
	CHECK(set(spec, "label", "q=1") == -EINVAL);
	CHECK(set(spec, "memory", "99999999999999999999") == -ERANGE);
	CHECK(hvctl_spec_segment(&h, spec, 0, "", 0) == -EINVAL);
	hvctl_spec_free(spec);
}

/* What hvctl_spec_from_json() says of a text. */
static const char *said(const char *text)
{
	struct hvctl_spec *spec = hvctl_spec_new();

	h.error[0] = '\0';
	hvctl_spec_from_json(&h, spec, text, strlen(text));
	hvctl_spec_free(spec);
	return h.error;
}

static void test_from_json(void)
{
	static const char text[] = "{\"name\": \"web1\",\n \"memory\": 536870912,\n"
		"\"vcpus\": \"1\", \"debug-exit\": \"0xf4\", \"on-reset\": \"stop\",\n"
		"\"cpuset\": \"0-1,3\", \"cpu-weight\": 50, \"memory-limit\": \"1G\",\n"
		"\"restart\": \"on-failure\", \"rm\": true, \"labels\": {\"a.b/c\": \"1=2\"},\n"
		"\"status\": {\"anything\": [1, 2]}, \"cmdline\": \"a \\\"b\\\"\"}\n";
	struct hvctl_spec *spec = hvctl_spec_new();

	CHECK(hvctl_spec_from_json(&h, spec, text, strlen(text)) == 0);
	CHECK(!strcmp(spec->name, "web1") && spec->memory == 512 << 20);
	CHECK(spec->debug_exit == 0xf4 && spec->on_reset == HV_ON_RESET_STOP);
	CHECK(!strcmp(spec->cpuset, "0-1,3") && spec->cpu_weight == 50);
	CHECK(spec->restart == HV_RESTART_ON_FAILURE && spec->remove_on_stop);
	CHECK(!strcmp(spec->labels->key, "a.b/c") && !strcmp(spec->labels->value, "1=2"));
	CHECK(spec->memory_limit == 1 << 30 && !strcmp(spec->cmdline, "a \"b\""));
	hvctl_spec_free(spec);
}

static void test_json_refused(void)
{
	static const struct {
		const char *text, *said;
	} bad[] = {
		{ "", "line 1: a value is missing before the end of the text" },
		{ "[]", "line 1: a guest is an object: { \"key\": value, ... }" },
		{ "{\n\n\"memroy\": 1}", "line 3: memroy: there is no such setting" },
		{ "{\"name\": \"a\",\n\"name\": \"b\"}",
		  "line 2: name: the key stands in line 1 already" },
		{ "{\n\"memory\": \"x\"}",
		  "line 2: memory: 'x' is no size: give one like 256M or 1G" },
		{ "{\n\"memory\": 1.5}",
		  "line 2: memory: '1.5' is no size: give one like 256M or 1G" },
		{ "{\n\"name\": 1}", "line 2: name: this takes a string, not a number" },
		{ "{\n\"vcpus\":\n[1]}", "line 2: vcpus: this takes a number, not an array" },
		{ "{\"memory\": null}", "line 1: memory: this takes a size, not null" },
		{ "{\"cpuset\": \"0\",\n\"cgroup\": \"\"}",
		  "line 2: cpuset: contradicts cgroup: a guest without a cgroup has no CPUs of its own" },
		{ "{\n\"rm\": \"true\"}", "line 2: rm: this takes true or false, not a string" },
		{ "{\n\"restart\": \"maybe\"}",
		  "line 2: restart: 'maybe' is none of no, on-failure and always" },
		{ "{\"labels\": [\"a=b\"]}", "line 1: labels: this takes an object, not an array" },
		{ "{\"labels\": {\n\"a\": 1}}",
		  "line 2: labels: a: this takes a string, not a number" },
		{ "{\"labels\": {\n\"a=b\": \"c\"}}", "line 2: labels: a=b: a label's key has no '='" },
		{ "{\"labels\": {\"a\": \"b\",\n\"a\": \"c\"}}",
		  "line 2: a: the key stands in line 1 already" },
		{ "{\"label\": \"a=b\"}", "line 1: label: there is no such setting" },
		{ "{\"status\": 1}", "line 1: status: there is no such setting" },
		{ "{\n\"incomplete\": \"image\"}",
		  "line 2: incomplete: the guest came from a program that kept this to itself: image" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (strcmp(said(bad[i].text), bad[i].said))
			printf("# %s: %s\n", bad[i].text, h.error);
		CHECK(!strcmp(said(bad[i].text), bad[i].said));
	}
}

/* What is written is read as the same, and written as the same again. */
static void test_to_json(void)
{
	struct hvctl_spec *spec = hvctl_spec_new(), *again = hvctl_spec_new();
	char *text = NULL, *twice = NULL;

	CHECK(set(spec, "kernel", "some/where") == 0 && set(spec, "cmdline", "\t\"\303\244\\") == 0);
	CHECK(set(spec, "memory", "3145732K") == 0 && set(spec, "cgroup", "") == 0);
	CHECK(set(spec, "label", "a=b") == 0 && set(spec, "label", "c=\"") == 0);
	CHECK(set(spec, "label", "a=d") == 0 && set(spec, "restart", "always") == 0);
	CHECK(hvctl_spec_to_json(&h, spec, &text) == 0);
	CHECK(strstr(text, "\"labels\": { \"a\": \"d\", \"c\": \"\\\"\" }"));
	CHECK(strstr(text, "\"memory\": \"3145732K\"") && strstr(text, "/some/where\""));
	CHECK(hvctl_spec_from_json(&h, again, text, strlen(text)) == 0);
	CHECK(again->kernel[0] == '/' && !strcmp(again->cmdline, spec->cmdline));
	CHECK(hvctl_spec_to_json(&h, again, &twice) == 0 && !strcmp(text, twice));
	free(twice);
	free(text);
	CHECK(set(spec, "initrd", "a\377") == 0);
	CHECK(hvctl_spec_to_json(&h, spec, &text) == -EILSEQ && !text);
	hvctl_spec_free(again);
	hvctl_spec_free(spec);
}

static void test_incomplete(void)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	struct hv_vcpu_state state = { 0 };
	char *text = NULL;
	int fd;

	CHECK(hvctl_spec_image(&h, spec, "abc", 3) == 0);
	CHECK(hvctl_spec_vcpu_state(&h, spec, &state) == 0);
	CHECK(hvctl_spec_to_json(&h, spec, &text) == 0);
	CHECK(strstr(text, "\"incomplete\": \"image, vcpu-state\""));
	CHECK(hvctl_spec_from_json(&h, spec, text, strlen(text)) == -ENODATA);
	free(text);
	hvctl_spec_free(spec);
	/* Memory that others share has no name either. */
	spec = hvctl_spec_new();
	fd = memfd_create("shared", MFD_CLOEXEC);
	CHECK(hvctl_spec_region(&h, spec, 1ULL << 32, 4096, fd, 0) == 0);
	close(fd);
	CHECK(hvctl_spec_to_json(&h, spec, &text) == 0);
	CHECK(strstr(text, "\"incomplete\": \"regions\""));
	free(text);
	hvctl_spec_free(spec);
}

static void test_image(void)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	char buf[8] = "";

	CHECK(hvctl_spec_image(&h, spec, "abc", 3) == 0);
	CHECK(hvctl_spec_image(&h, spec, "abc", 3) == -EINVAL);
	CHECK(set(spec, "kernel", "x") == -EINVAL);
	CHECK(pread(spec->kernel_fd, buf, 8, 0) == 3 && !strcmp(buf, "abc"));
	CHECK(hvctl_spec_segment(&h, spec, 4096, "x", 1) == 0);
	CHECK(hvctl_spec_segment(&h, spec, 8192, "yz", 2) == 0);
	CHECK(spec->segments->gpa == 4096 && spec->segments->next->len == 2);
	hvctl_spec_free(spec);
}

static void check_sealed(int fd)
{
	CHECK(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK(write(fd, "x", 1) < 0 && ftruncate(fd, 0) < 0 && ftruncate(fd, 1 << 20) < 0);
	CHECK(mmap(NULL, 1, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
}

static void test_sealed(void)
{
	uint64_t len = 0;
	int fd;

	fd = memfd_from_bytes("abc", 3);
	CHECK(fd >= 0);
	check_sealed(fd);
	close(fd);
	fd = memfd_from_file("/proc/self/exe", 1 << 30, &len);
	CHECK(fd >= 0 && (uint64_t)lseek(fd, 0, SEEK_END) == len && len > 4096);
	check_sealed(fd);
	close(fd);
}

static void test_limits(void)
{
	uint64_t len;
	int fd;

	CHECK(memfd_from_file("/proc/self/exe", 100, &len) == -EFBIG);
	CHECK(memfd_from_file("/dev/zero", 1 << 20, &len) == -EFBIG);
	CHECK(len <= (1 << 20) + 65536);
	CHECK(memfd_from_file("/", 1 << 20, &len) == -EISDIR);
	CHECK(memfd_from_file("/nowhere", 1 << 20, &len) == -ENOENT);
	fd = memfd_from_file("/dev/null", 1 << 20, &len);
	CHECK(fd >= 0 && len == 0);
	close(fd);
}

static void test_pipe(void)
{
	char path[32];
	uint64_t len;
	int fd, p[2];

	CHECK(pipe(p) == 0 && write(p[1], "hello", 5) == 5);
	close(p[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", p[0]);
	fd = memfd_from_file(path, 5, &len);
	CHECK(fd >= 0 && len == 5);
	close(fd);
	close(p[0]);
}

static const struct tap_test tests[] = {
	{ "sizes", test_sizes },
	{ "settings", test_settings },
	{ "settings that are refused, by name", test_refused },
	{ "from JSON", test_from_json },
	{ "JSON that is refused, by line and key", test_json_refused },
	{ "to JSON and back", test_to_json },
	{ "JSON of what came as bytes", test_incomplete },
	{ "images and segments as bytes", test_image },
	{ "copies are sealed", test_sealed },
	{ "files that are too long, endless, or none", test_limits },
	{ "an image from a pipe", test_pipe },
};

TAP_MAIN(tests)
