// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl's text and JSON.
 */
/* SOURCES: ctl/out.c */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../ctl/ctl.h"
#include "tap.h"

static char printed[4096];

/* What out_end() prints, by way of a file in standard output's place. */
static int print(struct out *out)
{
	FILE *file = tmpfile();
	int saved, status;
	size_t len;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	status = out_end(out);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	len = fread(printed, 1, sizeof(printed) - 1, file);
	printed[len] = '\0';
	fclose(file);
	return status;
}

static struct out *begin(bool json, enum out_kind kind)
{
	struct context c = { .json = json };

	return out_new(&c, kind);
}

static void add(struct out *out, uint64_t id, const char *name)
{
	out_row(out);
	out_number(out, "id", "ID", id, NULL);
	out_text(out, "name", "NAME", name);
	out_number(out, "size", "SIZE", 1024, "1K");
	out_text(out, "hidden", NULL, "x");
	out_text(out, "last", "LAST", "-");
}

static void test_table(void)
{
	struct out *out = begin(false, OUT_TABLE);

	add(out, 1, "a");
	add(out, 12345, "a-name-that-is-longer-than-its-heading");
	CHECK(print(out) == 0);
	CHECK(!strcmp(printed,
		      "   ID  NAME                                    SIZE  LAST\n"
		      "    1  a                                         1K  -\n"
		      "12345  a-name-that-is-longer-than-its-heading    1K  -\n"));
}

static void test_json(void)
{
	struct out *out = begin(true, OUT_TABLE);

	add(out, 1, "a");
	add(out, UINT64_MAX, "b");
	CHECK(print(out) == 0);
	CHECK(!strcmp(printed,
		      "[{\"id\":1,\"name\":\"a\",\"size\":1024,\"hidden\":\"x\",\"last\":\"-\"},"
		      "{\"id\":18446744073709551615,\"name\":\"b\",\"size\":1024,"
		      "\"hidden\":\"x\",\"last\":\"-\"}]\n"));
}

static void test_kinds(void)
{
	struct out *out = begin(true, OUT_STREAM);

	out_row(out);
	out_text(out, "a", "A", "1");
	out_row(out);
	out_text(out, "a", "A", "2");
	CHECK(print(out) == 0 && !strcmp(printed, "{\"a\":\"1\"}\n{\"a\":\"2\"}\n"));
	out = begin(false, OUT_RECORD);
	out_row(out);
	out_text(out, "a", "key", "1");
	out_text(out, "b", "longer key", "2");
	CHECK(print(out) == 0 && !strcmp(printed, "key         1\nlonger key  2\n"));
	CHECK(print(begin(true, OUT_TABLE)) == 0 && !strcmp(printed, "[]\n"));
	CHECK(print(begin(false, OUT_TABLE)) == 0 && !strcmp(printed, ""));
}

static void test_nested(void)
{
	struct out *out = begin(true, OUT_RECORD);

	out_row(out);
	out_open(out, "a", "[");
	out_number(out, NULL, NULL, 1, NULL);
	out_open(out, NULL, "{");
	out_close(out);
	out_open(out, NULL, "{");
	out_text(out, NULL, "TEXT", "only");
	out_bool(out, "b", true);
	out_null(out, "c");
	out_close(out);
	out_close(out);
	out_text(out, "d", NULL, "e");
	CHECK(print(out) == 0);
	CHECK(!strcmp(printed, "{\"a\":[1,{},{\"b\":true,\"c\":null}],\"d\":\"e\"}\n"));
}

/* A label is somebody else's text: as wide as it looks, and no escape sequences. */
static void test_foreign(void)
{
	struct out *out = begin(false, OUT_TABLE);

	out_row(out);
	out_text(out, "a", "A", "\303\244\033[2J");
	out_text(out, "b", "B", "x");
	CHECK(print(out) == 0);
	CHECK(!strcmp(printed, "A      B\n\303\244?[2J  x\n"));
}

static void check_string(const char *text, const char *json)
{
	struct out *out = begin(true, OUT_STREAM);
	char expected[128];

	out_row(out);
	out_text(out, "k", NULL, text);
	snprintf(expected, sizeof(expected), "{\"k\":\"%s\"}\n", json);
	CHECK(print(out) == 0);
	CHECK(!strcmp(printed, expected));
}

static void test_strings(void)
{
	check_string("a\"b\\c", "a\\\"b\\\\c");
	check_string("\n\t\001\177", "\\u000a\\u0009\\u0001\\u007f");
	check_string("\303\244\342\202\254", "\303\244\342\202\254");
	check_string("a\377b\303", "a\\ufffdb\\ufffd");
	check_string("\300\200", "\\ufffd\\ufffd");
	check_string("\355\240\200", "\\ufffd\\ufffd\\ufffd");
	check_string("\360\200\200\200", "\\ufffd\\ufffd\\ufffd\\ufffd");
}

static void check_size(uint64_t bytes, const char *text)
{
	char buf[16];

	CHECK(!strcmp(size_text(buf, sizeof(buf), bytes), text));
}

static void test_sizes(void)
{
	check_size(0, "0B");
	check_size(1023, "1023B");
	check_size(1024, "1K");
	check_size(1536, "1.5K");
	check_size(256 << 20, "256M");
	check_size(UINT64_MAX, "15.9E");
}

static const struct tap_test tests[] = {
	{ "a table's columns", test_table },
	{ "the same as JSON", test_json },
	{ "streams, records, nothing", test_kinds },
	{ "objects and arrays", test_nested },
	{ "text of others", test_foreign },
	{ "JSON strings", test_strings },
	{ "sizes for people", test_sizes },
};

TAP_MAIN(tests)
