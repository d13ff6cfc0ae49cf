// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words that hvctl knows, found by what was typed.
 */
/* SOURCES: ctl/words.c */
/* CFLAGS: -Iuserlib */
#include <string.h>

#include "../../ctl/ctl.h"
#include "tap.h"

static const char *const words[] = { "start", "stats", "stop", "ls", "create", "rm", NULL };

static void test_find(void)
{
	CHECK_EQ(words_find(words, "start"), 0);
	CHECK_EQ(words_find(words, "stat"), 1);
	CHECK_EQ(words_find(words, "c"), 4);
	CHECK_EQ(words_find(words, "st"), WORD_AMBIGUOUS);
	CHECK_EQ(words_find(words, "startle"), WORD_NONE);
	CHECK_EQ(words_find(words, ""), WORD_NONE);
}

static bool near(const char *typed, const char *word)
{
	const char *found = words_nearest(words, typed);

	return word ? found && !strcmp(found, word) : !found;
}

static void test_nearest(void)
{
	static char endless[5000];

	CHECK(near("strat", "start") && near("craete", "create") && near("crete", "create"));
	CHECK(near("stopp", "stop") && near("sl", "ls") && near("rmm", "rm"));
	CHECK(near("x", NULL) && near("", NULL) && near("delete", NULL) && near("rx", "rm"));
	memset(endless, 's', sizeof(endless) - 1);
	CHECK(near(endless, NULL));
}

static void test_list(void)
{
	char buf[64], small[8];

	words_list(words, "st", "--", buf, sizeof(buf));
	CHECK(!strcmp(buf, "--start, --stats or --stop"));
	words_list(words, "r", "", buf, sizeof(buf));
	CHECK(!strcmp(buf, "rm"));
	words_list(words, "z", "", buf, sizeof(buf));
	CHECK(!strcmp(buf, ""));
	words_list(words, "s", "", small, sizeof(small));
	CHECK(strlen(small) < sizeof(small));
}

static const struct tap_test tests[] = {
	{ "whole, or the beginning of one", test_find },
	{ "what comes near", test_nearest },
	{ "what a beginning could be", test_list },
};

TAP_MAIN(tests)
