// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a guest was made from, kept with it: its specification as JSON, which
 * the kernel stores for us as the guest's origin.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "internal.h"

/**
 * origin_put() - add a specification to guest-new
 * @h: a handle
 * @spec: which
 * @msg: the message
 *
 * A guest without an origin works as well: one that JSON cannot have, such as
 * a path that is not UTF-8, is left out.
 */
void origin_put(struct hvctl *h, const struct hvctl_spec *spec, struct nl_msg *msg)
{
	char *text;

	if (hvctl_spec_to_json(h, spec, &text))
		return;
	if (strlen(text) <= ORIGIN_MAX)
		nla_put_string(msg, HV_A_GUEST_ORIGIN, text);
	free(text);
}

/**
 * struct whole - a guest with its origin
 * @guest: the guest
 * @origin: or NULL
 */
struct whole {
	struct hvctl_guest *guest;
	char *origin;
};

static int take_whole(struct nlmsghdr *hdr, void *arg)
{
	struct whole *whole = arg;
	struct nlattr *attr;

	if (whole->guest)
		return 0;
	attr = nlmsg_find_attr(hdr, GENL_HDRLEN, HV_A_GUEST_ORIGIN);
	if (attr)
		whole->origin = strndup(nla_data(attr), nla_len(attr));
	if (attr && !whole->origin)
		return -ENOMEM;
	return parse_guest(hdr, &whole->guest);
}

/* An empty one that says that it lacks what only the origin would have. */
static int without_origin(struct hvctl *h, struct hvctl_spec **spec)
{
	hvctl_spec_free(*spec);
	*spec = hvctl_spec_new();
	if (*spec)
		(*spec)->incomplete = strdup("origin");
	if (*spec && (*spec)->incomplete)
		return 0;
	return set_error(h, -ENOMEM, "out of memory");
}

static uint64_t own_memory(const struct hvctl_guest *guest)
{
	uint64_t size = 0;

	for (const struct hvctl_region *r = guest->region; r; r = r->next)
		size += r->shared ? 0 : r->size;
	return size;
}

/*
 * Regions that came or went while it existed have no place in a specification,
 * and those that a program shares with it are incomplete from the start.
 */
static int check_memory(struct hvctl *h, const struct hvctl_guest *guest, struct hvctl_spec *spec)
{
	bool shares = own_memory(guest) != guest->memory_size;

	if (spec->incomplete || (own_memory(guest) == spec->memory && !shares))
		return 0;
	spec->incomplete = strdup("regions");
	return spec->incomplete ? 0 : set_error(h, -ENOMEM, "out of memory");
}

/* What the kernel knows counts: others than its creator may have changed it. */
static void overlay(struct hvctl_guest *guest, struct hvctl_spec *spec)
{
	memcpy(spec->name, guest->name, sizeof(spec->name));
	spec->vcpus = guest->vcpus;
	spec->on_reset = guest->on_reset;
	spec->debug_exit = guest->debug_exit_port;
	spec->restart = guest->restart;
	spec->remove_on_stop = guest->remove_on_stop;
	label_free(spec->labels);
	spec->labels = guest->label;
	guest->label = NULL;
}

static int overlay_limits(struct hvctl *h, const struct hvctl_guest *guest,
			  struct hvctl_spec *spec)
{
	char value[SETTING_ROOM];
	int err = 0;

	free(spec->cpuset);
	spec->cpuset = NULL;
	spec->cpu_weight = 0;
	spec->memory_limit = 0;
	for (unsigned int i = 0; i < CGROUP_FILES && !err; i++) {
		cgroup_read(guest, i, value, sizeof(value));
		if (value[0])
			err = hvctl_spec_set(h, spec, cgroup_files[i].key, value);
	}
	return err;
}

static int rebuild(struct hvctl *h, const struct whole *whole, struct hvctl_spec *spec)
{
	int err = check_memory(h, whole->guest, spec);

	if (err)
		return err;
	overlay(whole->guest, spec);
	return overlay_limits(h, whole->guest, spec);
}

static int read_origin(struct hvctl *h, const char *origin, struct hvctl_spec **spec)
{
	int err = -ENODATA;

	*spec = hvctl_spec_new();
	if (!*spec)
		return set_error(h, -ENOMEM, "out of memory");
	if (!origin)
		return without_origin(h, spec);
	err = hvctl_spec_from_json(h, *spec, origin, strlen(origin));
	return err && err != -ENODATA && err != -ENOMEM ? without_origin(h, spec) :
	       err == -ENOMEM ? err : 0;
}

int hvctl_spec_of(struct hvctl *h, uint64_t id, struct hvctl_spec **spec)
{
	struct whole whole = { 0 };
	int err = netlink_call(h, message_about(h, HV_CMD_GUEST_GET, id), take_whole, &whole);

	*spec = NULL;
	if (!err && !whole.guest)
		err = set_error(h, -EPROTO, "the hv module gave no answer");
	if (!err)
		err = read_origin(h, whole.origin, spec);
	if (!err)
		err = rebuild(h, &whole, *spec);
	if (err) {
		hvctl_spec_free(*spec);
		*spec = NULL;
	}
	hvctl_guest_free(whole.guest);
	free(whole.origin);
	return err;
}
