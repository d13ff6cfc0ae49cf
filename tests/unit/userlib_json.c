// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's JSON reader: RFC 8259 and nothing besides; every line counted;
 * whatever bytes come, it ends and stays inside them.
 */
/* SOURCES: userlib/json.c */
#include <stdlib.h>
#include <string.h>

#include "../../userlib/json.h"
#include "tap.h"

static struct json_error error;

static struct json *parse(const char *text)
{
	return json_parse(text, strlen(text), &error);
}

static bool accepts(const char *text)
{
	struct json *value = parse(text);
	bool accepted = value;

	json_free(value);
	if (!accepted)
		printf("# %s: line %u: %s\n", text, error.line, error.sentence);
	return accepted;
}

static bool refuses(const char *text)
{
	struct json *value = parse(text);
	bool refused = !value && error.sentence[0] && error.line;

	json_free(value);
	if (!refused)
		printf("# %s is taken\n", text);
	return refused;
}

static void test_accepted(void)
{
	static const char *const good[] = {
		"{}", "[]", " [ ] ", "0", "-0", "1", "-12.5e+3", "1E9", "\"\"", "true", "false", "null",
		"[1,2]", "{\"a\":{\"b\":[{}]}}", "\"\\u00e4\\ud83d\\ude00\\n\\/\"", "\t\r\n{ } ",
		"\"\303\244\"", "\"\177\"",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(accepts(good[i]));
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{'a':1}", "{1:1}", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "NaN", "True", "nul",
		"nulls", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u0000\"", "\"\\ud800\"",
		"\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "\"\001\"", "\"\377\"", "\"\300\200\"",
		"\"\355\240\200\"", "1 2", "{} {}", "[1 2]", "// x\n1", "1 # x", "{\"a\":1,\"a\":1}",
		"{\"a\":1,\"\\u0061\":1}", "\357\273\277{}", "[1}", "{\"a\":1]",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(refuses(bad[i]));
	CHECK(!json_parse("\"a\0b\"", 5, &error) && !json_parse("[1\0]", 4, &error));
}

static void test_lines(void)
{
	struct json *value = parse("{\n\n  \"a\": 1,\n  \"b\":\n 2 }\n");

	CHECK(value && value->line == 1);
	CHECK(value->child->line == 3 && value->child->next->line == 4);
	json_free(value);
	CHECK(!parse("{\n\"a\": 1\n\"b\": 2}") && error.line == 3);
	CHECK(!parse("[1,\r\n2,\r\n3") && error.line == 3);
}

static void test_strings(void)
{
	struct json *value = parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\ud83d\\ude00\"");
	char *text;
	size_t len;
	FILE *to;

	CHECK(value && !strcmp(value->text, "\"\\/\b\f\n\r\t\303\244\342\202\254\360\237\230\200"));
	to = open_memstream(&text, &len);
	json_write(to, value->text);
	fclose(to);
	json_free(value);
	CHECK(!strcmp(text, "\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d\\u0009"
			    "\303\244\342\202\254\360\237\230\200\""));
	free(text);
}

static void test_depth(void)
{
	char deep[20001];

	memset(deep, '[', 20000);
	deep[20000] = '\0';
	CHECK(refuses(deep));
	for (int i = 0; i < 20000; i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	CHECK(refuses(deep));
}

/* A good text with bytes changed, dropped and doubled: a copy of its own size shows overruns. */
static void test_noise(void)
{
	static const char seed[] =
		"{\"name\": \"a\\u00e4\\n\", \"list\": [1, -2.5e3, true, null, {\"x\": \"\303\244\"}]}";
	static const char bytes[] = "{}[]\",:\\0u9eE+-. \n\377\303a";
	unsigned int accepted = 0;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t len = 1 + rand() % (sizeof(seed) - 1);
		char *text = malloc(len);
		struct json *value;

		memcpy(text, seed, len);
		for (int change = rand() % 4; change >= 0; change--)
			text[rand() % len] = bytes[rand() % (sizeof(bytes) - 1)];
		error.line = 0;
		value = json_parse(text, len, &error);
		accepted += value != NULL;
		CHECK(value || (error.line && error.sentence[0]));
		json_free(value);
		free(text);
	}
	printf("# %u of 20000 were JSON all the same\n", accepted);
}

static const struct tap_test tests[] = {
	{ "accepted", test_accepted },
	{ "refused", test_refused },
	{ "lines", test_lines },
	{ "strings", test_strings },
	{ "depth", test_depth },
	{ "noise", test_noise },
};

TAP_MAIN(tests)
