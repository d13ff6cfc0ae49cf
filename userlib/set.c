// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Changing guests that exist.
 */
#include <errno.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "internal.h"

/**
 * labels_put() - add labels to a message
 * @msg: which
 * @labels: all that the guest shall have
 *
 * Return: 0 or -EMSGSIZE.
 */
int labels_put(struct nl_msg *msg, const struct hvctl_label *labels)
{
	char text[sizeof(labels->key) + sizeof(labels->value)];

	for (; labels; labels = labels->next) {
		snprintf(text, sizeof(text), "%s=%s", labels->key, labels->value);
		if (nla_put_string(msg, HV_A_GUEST_LABEL, text))
			return -EMSGSIZE;
	}
	return 0;
}

/* An empty one says that there are none: without any, they stay as they are. */
static int put_all_labels(struct nl_msg *msg, const struct hvctl_label *labels)
{
	return labels ? labels_put(msg, labels) : nla_put_string(msg, HV_A_GUEST_LABEL, "");
}

static int put_on_reset(struct nl_msg *msg, const struct hvctl_spec *spec)
{
	return nla_put_u32(msg, HV_A_GUEST_ON_RESET, spec->on_reset);
}

static int put_restart(struct nl_msg *msg, const struct hvctl_spec *spec)
{
	return nla_put_u32(msg, HV_A_GUEST_RESTART, spec->restart);
}

static int put_rm(struct nl_msg *msg, const struct hvctl_spec *spec)
{
	return nla_put_u8(msg, HV_A_GUEST_REMOVE_ON_STOP, spec->remove_on_stop);
}

static int put_labels(struct nl_msg *msg, const struct hvctl_spec *spec)
{
	return put_all_labels(msg, spec->labels);
}

/* Settings that the kernel keeps. */
static const struct {
	const char *key;
	int (*put)(struct nl_msg *msg, const struct hvctl_spec *spec);
} kept[] = {
	{ "on-reset", put_on_reset },
	{ "restart", put_restart },
	{ "rm", put_rm },
	{ "label", put_labels },
};

#define NR_KEPT	(sizeof(kept) / sizeof(kept[0]))

static int send_kept(struct hvctl *h, uint64_t id, size_t which, const struct hvctl_spec *spec)
{
	struct nl_msg *msg = message_about(h, HV_CMD_GUEST_SET, id);

	if (msg && kept[which].put(msg, spec)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return netlink_call(h, msg, NULL, NULL);
}

/* The kernel takes all labels or none: those that there are go along. */
static int take_labels(struct hvctl *h, uint64_t id, struct hvctl_spec *spec)
{
	struct hvctl_guest *guest;
	int err = hvctl_get(h, id, &guest);

	if (err)
		return err;
	spec->labels = guest->label;
	guest->label = NULL;
	hvctl_guest_free(guest);
	return 0;
}

static int set_kept(struct hvctl *h, uint64_t id, size_t which, const char *value)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	int err = 0;

	if (!spec)
		return set_error(h, -ENOMEM, "out of memory");
	if (!strcmp(kept[which].key, "label"))
		err = take_labels(h, id, spec);
	if (!err)
		err = hvctl_spec_set(h, spec, kept[which].key, value);
	if (!err)
		err = send_kept(h, id, which, spec);
	hvctl_spec_free(spec);
	return err;
}

static int unlabel(struct hvctl *h, uint64_t id, const char *key)
{
	struct hvctl_spec *spec = hvctl_spec_new();
	int err;

	if (!spec)
		return set_error(h, -ENOMEM, "out of memory");
	err = take_labels(h, id, spec);
	if (!err && label_drop(&spec->labels, key))
		err = set_error(h, -ENODATA, "unlabel: the guest has no label '%.64s'", key);
	for (size_t i = 0; !err && i < NR_KEPT; i++)
		if (!strcmp(kept[i].key, "label"))
			err = send_kept(h, id, i, spec);
	hvctl_spec_free(spec);
	return err;
}

/* As its file takes it: checked, and sizes without their unit. */
static int limit_value(struct hvctl *h, unsigned int which, const char *value, char *buf,
		       size_t size)
{
	const struct cgroup_file *file = &cgroup_files[which];
	struct hvctl_spec *spec;
	const char *text;
	int err;

	if (!strcmp(value, "none")) {
		snprintf(buf, size, "%s", file->none);
		return 0;
	}
	spec = hvctl_spec_new();
	if (!spec)
		return set_error(h, -ENOMEM, "out of memory");
	err = hvctl_spec_set(h, spec, file->key, value);
	text = err ? NULL : spec_setting(file->key)->get(spec, buf, size);
	if (text && text != buf)
		snprintf(buf, size, "%s", text);
	hvctl_spec_free(spec);
	return err;
}

static int set_limit(struct hvctl *h, uint64_t id, unsigned int which, const char *value)
{
	struct cgroup_limits limits = { 0 };
	struct hvctl_guest *guest;
	char text[SETTING_ROOM];
	int err = limit_value(h, which, value, text, sizeof(text));

	if (!err)
		err = hvctl_get(h, id, &guest);
	if (err)
		return err;
	limits.value[which] = text;
	err = cgroup_limit(h, guest, &limits);
	hvctl_guest_free(guest);
	return err;
}

int hvctl_set(struct hvctl *h, uint64_t id, const char *key, const char *value)
{
	if (!strcmp(key, "unlabel"))
		return unlabel(h, id, value);
	for (size_t i = 0; i < NR_KEPT; i++)
		if (!strcmp(kept[i].key, key))
			return set_kept(h, id, i, value);
	for (unsigned int i = 0; i < CGROUP_FILES; i++)
		if (!strcmp(cgroup_files[i].key, key))
			return set_limit(h, id, i, value);
	return set_error(h, -ENOKEY, "%s: this cannot be changed while the guest exists", key);
}
