// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Labels: lists of KEY=VALUE.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define KEY_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-"

/**
 * label_check() - is it a label?
 * @h: takes the sentence of a refusal
 * @text: KEY=VALUE
 *
 * Return: 0 or -EINVAL.
 */
int label_check(struct hvctl *h, const char *text)
{
	size_t key = strcspn(text, "=");

	if (!text[key] || !key || key >= sizeof(((struct hvctl_label *)0)->key) ||
	    strspn(text, KEY_CHARS) != key)
		return set_error(h, -EINVAL,
				 "label: '%.80s' is no KEY=VALUE with a key of 1 to 63 characters out of A-Z a-z 0-9 _ . / -",
				 text);
	if (strlen(text) > LABEL_MAX)
		return set_error(h, -EINVAL, "label: '%.64s' and its value are longer than %d bytes",
				 text, LABEL_MAX);
	for (const char *c = text + key; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return set_error(h, -EINVAL, "label: %.*s: a value has no control characters",
					 (int)key, text);
	return 0;
}

/* Where the label with this key is, or where one would be added. */
static struct hvctl_label **find(struct hvctl_label **list, const char *key, size_t len)
{
	while (*list && (strlen((*list)->key) != len || memcmp((*list)->key, key, len)))
		list = &(*list)->next;
	return list;
}

/**
 * label_add() - add a label to a list, or give it another value there
 * @list: which
 * @text: KEY=VALUE
 *
 * Return: 0 or -ENOMEM.
 */
int label_add(struct hvctl_label **list, const char *text)
{
	size_t len = strcspn(text, "=");
	struct hvctl_label **place = find(list, text, len);

	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (!*place)
		return -ENOMEM;
	snprintf((*place)->key, sizeof((*place)->key), "%.*s", (int)len, text);
	snprintf((*place)->value, sizeof((*place)->value), "%s", text[len] ? text + len + 1 : "");
	return 0;
}

/**
 * label_drop() - take a label away
 * @list: from which
 * @key: which
 *
 * Return: 0, or -ENOENT if there is none.
 */
int label_drop(struct hvctl_label **list, const char *key)
{
	struct hvctl_label **place = find(list, key, strlen(key)), *gone = *place;

	if (!gone)
		return -ENOENT;
	*place = gone->next;
	free(gone);
	return 0;
}

/**
 * label_count() - how many labels there are
 * @list: where
 *
 * Return: that.
 */
unsigned int label_count(const struct hvctl_label *list)
{
	unsigned int n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

/**
 * label_free() - give a list back
 * @list: which, or NULL
 */
void label_free(struct hvctl_label *list)
{
	while (list) {
		struct hvctl_label *next = list->next;

		free(list);
		list = next;
	}
}
