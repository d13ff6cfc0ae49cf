// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Guests that exist: find, start, kill, remove, describe.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "internal.h"

struct collection {
	struct hvctl_guest **guest;
	size_t count;
};

struct nl_msg *message_about(struct hvctl *h, uint8_t cmd, uint64_t id)
{
	struct nl_msg *msg = netlink_message(h, cmd, 0);

	if (msg && nla_put_u64(msg, HV_A_GUEST_ID, id)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int command(struct hvctl *h, uint8_t cmd, uint64_t id)
{
	return netlink_call(h, message_about(h, cmd, id), NULL, NULL);
}

/* Counters of many vCPUs come in several messages: @more's vCPUs go behind @guest's. */
static void append_vcpus(struct hvctl_guest *guest, struct hvctl_guest *more)
{
	struct hvctl_vcpu **end = &guest->vcpu;

	while (*end)
		end = &(*end)->next;
	*end = more->vcpu;
	more->vcpu = NULL;
	hvctl_guest_free(more);
}

static int take_one(struct nlmsghdr *hdr, void *arg)
{
	struct hvctl_guest **guest = arg, *more;
	int err;

	if (!*guest)
		return parse_guest(hdr, guest);
	err = parse_guest(hdr, &more);
	if (!err)
		append_vcpus(*guest, more);
	return err;
}

static int query(struct hvctl *h, struct nl_msg *msg, struct hvctl_guest **guest)
{
	int err;

	*guest = NULL;
	err = netlink_call(h, msg, take_one, guest);
	if (!err && !*guest)
		err = set_error(h, -EPROTO, "the hv module gave no answer");
	if (err) {
		hvctl_guest_free(*guest);
		*guest = NULL;
	}
	return err;
}

int hvctl_get(struct hvctl *h, uint64_t id, struct hvctl_guest **guest)
{
	return query(h, message_about(h, HV_CMD_GUEST_GET, id), guest);
}

int hvctl_stats(struct hvctl *h, uint64_t id, struct hvctl_guest **guest)
{
	return query(h, message_about(h, HV_CMD_STATS_GET, id), guest);
}

static int find_by_name(struct hvctl *h, const char *name, uint64_t *id)
{
	struct nl_msg *msg = netlink_message(h, HV_CMD_GUEST_GET, 0);
	struct hvctl_guest *guest;
	int err;

	if (msg && nla_put_string(msg, HV_A_GUEST_NAME, name)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	err = query(h, msg, &guest);
	if (err)
		return err;
	*id = guest->id;
	hvctl_guest_free(guest);
	return 0;
}

static int find_by_id(struct hvctl *h, const char *digits, uint64_t *id)
{
	struct hvctl_guest *guest;
	unsigned long long value;
	int err;

	errno = 0;
	value = strtoull(digits, NULL, 10);
	if (errno)
		return -ENOENT;
	err = hvctl_get(h, value, &guest);
	if (err)
		return err;
	*id = value;
	hvctl_guest_free(guest);
	return 0;
}

static bool all_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return !*text;
}

int hvctl_lookup(struct hvctl *h, const char *name_or_id, uint64_t *id)
{
	size_t len = strlen(name_or_id);
	int err = -ENOENT;

	if (len && all_digits(name_or_id))
		err = find_by_id(h, name_or_id, id);
	if (err == -ENOENT && len && len <= HV_NAME_MAX)
		err = find_by_name(h, name_or_id, id);
	if (err == -ENOENT)
		return set_error(h, err, "no guest is called '%.*s'", HV_NAME_MAX + 1,
				 name_or_id);
	return err;
}

int hvctl_start(struct hvctl *h, uint64_t id)
{
	return command(h, HV_CMD_GUEST_START, id);
}

int hvctl_stop(struct hvctl *h, uint64_t id)
{
	return command(h, HV_CMD_GUEST_STOP, id);
}

int hvctl_pause(struct hvctl *h, uint64_t id)
{
	return command(h, HV_CMD_GUEST_PAUSE, id);
}

int hvctl_resume(struct hvctl *h, uint64_t id)
{
	return command(h, HV_CMD_GUEST_RESUME, id);
}

int hvctl_reset(struct hvctl *h, uint64_t id)
{
	return command(h, HV_CMD_GUEST_RESET, id);
}

int hvctl_kill(struct hvctl *h, uint64_t id)
{
	return command(h, HV_CMD_GUEST_KILL, id);
}

int hvctl_remove(struct hvctl *h, uint64_t id)
{
	struct hvctl_guest *guest;
	int err = hvctl_get(h, id, &guest);

	if (err)
		return err;
	err = command(h, HV_CMD_GUEST_DEL, id);
	if (!err)
		cgroup_drop(guest->name);
	hvctl_guest_free(guest);
	return err;
}

/* Grows by one; the pointer behind the last guest is always NULL. */
static int add_guest(struct collection *all, struct hvctl_guest *guest)
{
	struct hvctl_guest **grown;

	grown = realloc(all->guest, (all->count + 2) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	all->guest = grown;
	grown[all->count++] = guest;
	grown[all->count] = NULL;
	return 0;
}

static int collect(struct nlmsghdr *hdr, void *arg)
{
	struct collection *all = arg;
	struct hvctl_guest *guest;
	int err = parse_guest(hdr, &guest);

	if (err)
		return err;
	if (all->count && all->guest[all->count - 1]->id == guest->id) {
		append_vcpus(all->guest[all->count - 1], guest);
		return 0;
	}
	err = add_guest(all, guest);
	if (err)
		hvctl_guest_free(guest);
	return err;
}

static int dump(struct hvctl *h, uint8_t cmd, struct hvctl_guest ***guests)
{
	struct collection all = { .guest = calloc(1, sizeof(*all.guest)) };
	int err;

	if (!all.guest)
		return set_error(h, -ENOMEM, "out of memory");
	err = netlink_call(h, netlink_message(h, cmd, NLM_F_DUMP), collect, &all);
	if (err)
		hvctl_list_free(all.guest);
	else
		*guests = all.guest;
	return err;
}

int hvctl_list(struct hvctl *h, struct hvctl_guest ***guests)
{
	return dump(h, HV_CMD_GUEST_GET, guests);
}

int hvctl_list_stats(struct hvctl *h, struct hvctl_guest ***guests)
{
	return dump(h, HV_CMD_STATS_GET, guests);
}

static const char *const state_names[] = {
	[HV_STATE_CREATED] = "created",
	[HV_STATE_RUNNING] = "running",
	[HV_STATE_PAUSED] = "paused",
	[HV_STATE_STOPPED] = "stopped",
};

static const char *const reason_names[] = {
	[HV_STOP_REASON_NONE] = "none",
	[HV_STOP_REASON_POWEROFF] = "poweroff",
	[HV_STOP_REASON_RESET] = "reset",
	[HV_STOP_REASON_DEBUG_EXIT] = "debug-exit",
	[HV_STOP_REASON_TRIPLE_FAULT] = "triple-fault",
	[HV_STOP_REASON_KILLED] = "killed",
	[HV_STOP_REASON_MEMORY_LIMIT] = "memory-limit",
	[HV_STOP_REASON_HALTED] = "halted",
	[HV_STOP_REASON_INTERNAL_ERROR] = "internal-error",
	[HV_STOP_REASON_UNMAPPED_FETCH] = "unmapped-fetch",
	[HV_STOP_REASON_ROOT_LOST] = "root-lost",
	[HV_STOP_REASON_EXIT] = "exit",
};

const char *hvctl_state_name(uint32_t state)
{
	if (state == HVCTL_STATE_NONE)
		return "gone";
	if (state >= sizeof(state_names) / sizeof(state_names[0]))
		return "unknown";
	return state_names[state];
}

const char *hvctl_stop_reason_name(uint32_t reason)
{
	if (reason >= sizeof(reason_names) / sizeof(reason_names[0]))
		return "unknown";
	return reason_names[reason];
}
