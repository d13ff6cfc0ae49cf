// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding a word in a table by what was typed: whole, or the beginning of one
 * word only.  Where neither helps, what comes near is worth a suggestion.
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"

#define WORD_MAX	32	/* longer ones are near nothing */

/**
 * words_find() - find a word
 * @words: the table, NULL-terminated
 * @typed: what was typed
 *
 * Return: its index, WORD_NONE or WORD_AMBIGUOUS.
 */
int words_find(const char *const *words, const char *typed)
{
	size_t len = strlen(typed);
	int found = WORD_NONE;

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], typed))
			return i;
		if (!len || strncmp(words[i], typed, len))
			continue;
		found = found == WORD_NONE ? i : WORD_AMBIGUOUS;
	}
	return found;
}

static int min3(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Letters to add, drop, change, or swap with their neighbour. */
static int distance(const char *a, const char *b)
{
	int d[WORD_MAX + 1][WORD_MAX + 1];
	int la = strlen(a), lb = strlen(b);

	for (int i = 0; i <= la; i++)
		d[i][0] = i;
	for (int j = 0; j <= lb; j++)
		d[0][j] = j;
	for (int i = 1; i <= la; i++) {
		for (int j = 1; j <= lb; j++) {
			int change = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

/**
 * words_nearest() - what could have been meant
 * @words: the table, NULL-terminated
 * @typed: what was typed
 *
 * Return: the word that is nearest, or NULL if none is near.
 */
const char *words_nearest(const char *const *words, const char *typed)
{
	size_t len = strlen(typed);
	int best = len < 4 ? 2 : 3;
	const char *nearest = NULL;

	for (int i = 0; words[i] && len <= WORD_MAX; i++) {
		int d = strlen(words[i]) <= WORD_MAX ? distance(words[i], typed) : WORD_MAX;

		if (d < best && d < (int)len) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

/**
 * words_list() - what a beginning could go on to
 * @words: the table, NULL-terminated
 * @typed: the beginning
 * @prefix: stands before each word
 * @buf: result, for example "start, stats or stop"
 * @size: room there
 */
void words_list(const char *const *words, const char *typed, const char *prefix, char *buf,
		size_t size)
{
	size_t len = strlen(typed), used = 0;
	int left = 0;

	for (int i = 0; words[i]; i++)
		left += !strncmp(words[i], typed, len);
	buf[0] = '\0';
	for (int i = 0; words[i] && used < size; i++) {
		if (strncmp(words[i], typed, len))
			continue;
		left--;
		used += snprintf(buf + used, size - used, "%s%s%s", prefix, words[i],
				 left > 1 ? ", " : left ? " or " : "");
	}
}
