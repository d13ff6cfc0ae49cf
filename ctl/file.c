// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text files that the user names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define TEXT_MAX	(1UL << 20)
#define CHUNK		65536

static int read_all(FILE *file, char **text, size_t *len)
{
	*text = NULL;
	*len = 0;
	while (*len <= TEXT_MAX) {
		char *grown = realloc(*text, *len + CHUNK);
		size_t n;

		if (!grown)
			return -ENOMEM;
		*text = grown;
		n = fread(grown + *len, 1, CHUNK, file);
		*len += n;
		if (ferror(file))
			return -errno;
		if (!n)
			return 0;
	}
	return -EFBIG;
}

/**
 * read_text() - read a file
 * @c: the command
 * @name: its path; "-" for standard input
 * @text: result, to be freed by free()
 * @len: how long it is
 *
 * Return: 0, or the exit status after a sentence.
 */
int read_text(struct context *c, const char *name, char **text, size_t *len)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	int err;

	if (!file)
		return fail(c, "cannot read %s: %s", name, strerror(errno));
	err = read_all(file, text, len);
	if (file != stdin)
		fclose(file);
	if (!err)
		return 0;
	free(*text);
	return fail(c, "cannot read %s: %s", name, strerror(-err));
}
