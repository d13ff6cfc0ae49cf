// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest-new and guest-set: attributes to a guest_config.
 *
 * Netlink's strict validation has been over the message when this runs: every
 * attribute is known, well-formed and, nests included, within its policy.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>

#include "api/api.h"
#include "guest/guest.h"

static const struct nla_policy region_policy[HV_A_REGION_MAX + 1] = {
	[HV_A_REGION_GPA]	= { .type = NLA_U64 },
	[HV_A_REGION_SIZE]	= { .type = NLA_U64 },
	[HV_A_REGION_FD]	= { .type = NLA_S32 },
	[HV_A_REGION_OFFSET]	= { .type = NLA_U64 },
};

static const struct nla_policy segment_policy[HV_A_SEGMENT_MAX + 1] = {
	[HV_A_SEGMENT_GPA]	= { .type = NLA_U64 },
	[HV_A_SEGMENT_FD]	= { .type = NLA_S32 },
	[HV_A_SEGMENT_OFFSET]	= { .type = NLA_U64 },
	[HV_A_SEGMENT_LENGTH]	= { .type = NLA_U64 },
};

const struct nla_policy api_new_policy[HV_A_GUEST_MAX + 1] = {
	[HV_A_GUEST_NAME]	= { .type = NLA_NUL_STRING, .len = HV_NAME_MAX },
	[HV_A_GUEST_DEV_FD]	= { .type = NLA_S32 },
	[HV_A_GUEST_VCPUS]	= NLA_POLICY_MIN(NLA_U32, 1),
	[HV_A_GUEST_ON_RESET]	= NLA_POLICY_MAX(NLA_U32, HV_ON_RESET_STOP),
	[HV_A_GUEST_DEBUG_EXIT_PORT] = { .type = NLA_U16 },
	[HV_A_GUEST_REGION]	= NLA_POLICY_NESTED(region_policy),
	[HV_A_GUEST_SEGMENT]	= NLA_POLICY_NESTED(segment_policy),
	[HV_A_GUEST_VCPU_STATE]	= NLA_POLICY_EXACT_LEN(sizeof(struct hv_vcpu_state)),
	[HV_A_GUEST_ORIGIN]	= { .type = NLA_NUL_STRING, .len = GUEST_ORIGIN_MAX },
	[HV_A_GUEST_PV]		= NLA_POLICY_MASK(NLA_U32, PV_ALL),
	[HV_A_GUEST_LABEL]	= { .type = NLA_NUL_STRING, .len = GUEST_LABEL_MAX },
	[HV_A_GUEST_RESTART]	= NLA_POLICY_MAX(NLA_U32, HV_RESTART_ALWAYS),
	[HV_A_GUEST_REMOVE_ON_STOP] = NLA_POLICY_MAX(NLA_U8, 1),
	[HV_A_GUEST_BIND_FD]	= { .type = NLA_S32 },
};

const struct nla_policy api_set_policy[HV_A_GUEST_MAX + 1] = {
	[HV_A_GUEST_ID]		= { .type = NLA_U64 },
	[HV_A_GUEST_NAME]	= { .type = NLA_NUL_STRING, .len = HV_NAME_MAX },
	[HV_A_GUEST_DEV_FD]	= { .type = NLA_S32 },
	[HV_A_GUEST_ON_RESET]	= NLA_POLICY_MAX(NLA_U32, HV_ON_RESET_STOP),
	[HV_A_GUEST_LABEL]	= { .type = NLA_NUL_STRING, .len = GUEST_LABEL_MAX },
	[HV_A_GUEST_RESTART]	= NLA_POLICY_MAX(NLA_U32, HV_RESTART_ALWAYS),
	[HV_A_GUEST_REMOVE_ON_STOP] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* A guest, and the one region. */
#define NAMES_A_REGION(region) { \
	[HV_A_GUEST_ID]		= { .type = NLA_U64 }, \
	[HV_A_GUEST_NAME]	= { .type = NLA_NUL_STRING, .len = HV_NAME_MAX }, \
	[HV_A_GUEST_DEV_FD]	= { .type = NLA_S32 }, \
	[HV_A_GUEST_REGION]	= NLA_POLICY_NESTED(region), \
}

static const struct nla_policy place_policy[HV_A_REGION_MAX + 1] = {
	[HV_A_REGION_GPA]	= { .type = NLA_U64 },
	[HV_A_REGION_SIZE]	= { .type = NLA_U64 },
};

const struct nla_policy api_region_new_policy[HV_A_GUEST_MAX + 1] = NAMES_A_REGION(region_policy);
const struct nla_policy api_region_del_policy[HV_A_GUEST_MAX + 1] = NAMES_A_REGION(place_policy);

/* An empty name is malformed; no name at all asks for one to be made up. */
static int parse_name(struct nlattr *attr, struct guest_config *config,
		      struct netlink_ext_ack *ack)
{
	size_t len = strlen(nla_data(attr));

	if (!len || nla_len(attr) != len + 1) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a name is 1 to 63 of [A-Za-z0-9_.-]");
		return -EINVAL;
	}
	nla_strscpy(config->name, attr, sizeof(config->name));
	return 0;
}

static int parse_vcpus(struct nlattr *attr, struct guest_config *config,
		       struct netlink_ext_ack *ack)
{
	config->vcpus = nla_get_u32(attr);
	return 0;
}

static int parse_on_reset(struct nlattr *attr, struct guest_config *config,
			  struct netlink_ext_ack *ack)
{
	config->on_reset = nla_get_u32(attr);
	config->given |= GUEST_GIVEN_ON_RESET;
	return 0;
}

static int parse_restart(struct nlattr *attr, struct guest_config *config,
			 struct netlink_ext_ack *ack)
{
	config->restart = nla_get_u32(attr);
	config->given |= GUEST_GIVEN_RESTART;
	return 0;
}

static int parse_remove_on_stop(struct nlattr *attr, struct guest_config *config,
				struct netlink_ext_ack *ack)
{
	config->remove_on_stop = nla_get_u8(attr);
	config->given |= GUEST_GIVEN_REMOVE_ON_STOP;
	return 0;
}

/* Bytes of the key, 0 where it or the value is malformed. */
static size_t label_key(const char *label)
{
	static const char accept[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
	size_t key = strspn(label, accept);
	const char *c;

	if (!key || key > GUEST_LABEL_KEY_MAX || label[key] != '=')
		return 0;
	for (c = label + key; *c; c++)
		if ((u8)*c < ' ' || *c == 0x7f)
			return 0;
	return key;
}

static bool label_taken(const struct guest_labels *labels, const char *label, size_t key)
{
	unsigned int i;

	for (i = 0; i < labels->nr; i++)
		if (!strncmp(labels->text[i], label, key + 1))
			return true;
	return false;
}

static int add_label(struct guest_labels *labels, struct nlattr *attr,
		     struct netlink_ext_ack *ack)
{
	const char *label = nla_data(attr);
	size_t key = label_key(label);

	if (!key || nla_len(attr) != strlen(label) + 1) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a label is KEY=VALUE, KEY of 1 to 63 of [A-Za-z0-9_./-], VALUE without control characters");
		return -EINVAL;
	}
	if (label_taken(labels, label, key)) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "two labels have the same key");
		return -EINVAL;
	}
	if (labels->nr == GUEST_MAX_LABELS) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a guest has at most "
				    __stringify(GUEST_MAX_LABELS) " labels");
		return -EINVAL;
	}
	nla_strscpy(labels->text[labels->nr++], attr, sizeof(labels->text[0]));
	return 0;
}

/* A single empty one takes all away. */
static int parse_label(struct nlattr *attr, struct guest_config *config,
		       struct netlink_ext_ack *ack)
{
	bool first = !(config->given & GUEST_GIVEN_LABELS);

	config->given |= GUEST_GIVEN_LABELS;
	if (first && nla_len(attr) == 1)
		return 0;
	if (!config->labels)
		config->labels = kzalloc(sizeof(*config->labels), GFP_KERNEL_ACCOUNT);
	return config->labels ? add_label(config->labels, attr, ack) : -ENOMEM;
}

static int parse_bind(struct nlattr *attr, struct guest_config *config,
		      struct netlink_ext_ack *ack)
{
	if (config->bond_file) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a guest is bound to one descriptor");
		return -EINVAL;
	}
	config->bond_file = fget(nla_get_s32(attr));
	if (!config->bond_file) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "bind-fd is not an open file");
		return -EBADF;
	}
	config->bond = api_device_bond(config->bond_file);
	if (config->bond)
		return 0;
	NL_SET_ERR_MSG_ATTR(ack, attr, "bind-fd is not an open /dev/hv");
	return -EINVAL;
}

static int parse_debug_exit(struct nlattr *attr, struct guest_config *config,
			    struct netlink_ext_ack *ack)
{
	config->debug_exit_port = nla_get_u16(attr);
	return 0;
}

static int parse_state(struct nlattr *attr, struct guest_config *config,
		       struct netlink_ext_ack *ack)
{
	struct hv_vcpu_state *state = &config->state;

	nla_memcpy(state, attr, sizeof(*state));
	config->has_state = true;
	return 0;
}

/* Referenced for guest_config_put(). */
static int parse_backing(struct nlattr *tb[], struct region *r, struct netlink_ext_ack *ack)
{
	struct nlattr *fd = tb[HV_A_REGION_FD], *offset = tb[HV_A_REGION_OFFSET];

	if (!fd && offset) {
		NL_SET_ERR_MSG_ATTR(ack, offset, "a region's offset is one in its fd, which is missing");
		return -EINVAL;
	}
	if (!fd)
		return 0;
	r->file = fget(nla_get_s32(fd));
	if (!r->file) {
		NL_SET_ERR_MSG_ATTR(ack, fd, "a region's fd is not an open file");
		return -EBADF;
	}
	r->shared = true;
	r->offset = offset ? nla_get_u64(offset) : 0;
	return 0;
}

static int parse_origin(struct nlattr *attr, struct guest_config *config,
			struct netlink_ext_ack *ack)
{
	kfree(config->origin);
	config->origin = nla_strdup(attr, GFP_KERNEL_ACCOUNT);
	return config->origin ? 0 : -ENOMEM;
}

static int parse_region(struct nlattr *attr, struct guest_config *config,
			struct netlink_ext_ack *ack)
{
	struct nlattr *tb[HV_A_REGION_MAX + 1];
	struct region *r;
	int err;

	if (config->nr_regions == S2_MAX_RANGES) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a guest has at most "
				    __stringify(S2_MAX_RANGES) " regions");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, HV_A_REGION_MAX, attr, region_policy, ack);
	if (err)
		return err;
	if (!tb[HV_A_REGION_GPA] || !tb[HV_A_REGION_SIZE]) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a region needs gpa and size");
		return -EINVAL;
	}
	r = &config->regions[config->nr_regions++];
	r->gpa = nla_get_u64(tb[HV_A_REGION_GPA]);
	r->size = nla_get_u64(tb[HV_A_REGION_SIZE]);
	return parse_backing(tb, r, ack);
}

/* A fresh segment with its file, which guest_config_put() drops. */
static struct segment *new_segment(struct nlattr *fd, struct guest_config *config,
				   struct netlink_ext_ack *ack)
{
	struct segment *s = &config->segments[config->nr_segments];

	s->file = fget(nla_get_s32(fd));
	if (!s->file) {
		NL_SET_ERR_MSG_ATTR(ack, fd, "a segment's fd is not an open file");
		return NULL;
	}
	config->nr_segments++;
	return s;
}

static int parse_segment(struct nlattr *attr, struct guest_config *config,
			 struct netlink_ext_ack *ack)
{
	struct nlattr *tb[HV_A_SEGMENT_MAX + 1];
	struct segment *s;
	int err;

	if (config->nr_segments == GUEST_MAX_SEGMENTS) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a boot manifest has at most "
				    __stringify(GUEST_MAX_SEGMENTS) " segments");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, HV_A_SEGMENT_MAX, attr, segment_policy, ack);
	if (err)
		return err;
	if (!tb[HV_A_SEGMENT_GPA] || !tb[HV_A_SEGMENT_FD] || !tb[HV_A_SEGMENT_LENGTH]) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "a segment needs gpa, fd and length");
		return -EINVAL;
	}
	s = new_segment(tb[HV_A_SEGMENT_FD], config, ack);
	if (!s)
		return -EBADF;
	s->gpa = nla_get_u64(tb[HV_A_SEGMENT_GPA]);
	s->length = nla_get_u64(tb[HV_A_SEGMENT_LENGTH]);
	if (tb[HV_A_SEGMENT_OFFSET])
		s->offset = nla_get_u64(tb[HV_A_SEGMENT_OFFSET]);
	return 0;
}

static int parse_pv(struct nlattr *attr, struct guest_config *config,
		    struct netlink_ext_ack *ack)
{
	config->pv = nla_get_u32(attr);
	return 0;
}

typedef int (*parse_fn)(struct nlattr *attr, struct guest_config *config,
			struct netlink_ext_ack *ack);

/* By attribute. dev-fd has been looked at with the permissions. */
static const parse_fn parsers[HV_A_GUEST_MAX + 1] = {
	[HV_A_GUEST_NAME]		= parse_name,
	[HV_A_GUEST_VCPUS]		= parse_vcpus,
	[HV_A_GUEST_ON_RESET]		= parse_on_reset,
	[HV_A_GUEST_DEBUG_EXIT_PORT]	= parse_debug_exit,
	[HV_A_GUEST_REGION]		= parse_region,
	[HV_A_GUEST_SEGMENT]		= parse_segment,
	[HV_A_GUEST_VCPU_STATE]		= parse_state,
	[HV_A_GUEST_ORIGIN]		= parse_origin,
	[HV_A_GUEST_PV]			= parse_pv,
	[HV_A_GUEST_LABEL]		= parse_label,
	[HV_A_GUEST_RESTART]		= parse_restart,
	[HV_A_GUEST_REMOVE_ON_STOP]	= parse_remove_on_stop,
	[HV_A_GUEST_BIND_FD]		= parse_bind,
};

int api_parse_config(struct genl_info *info, struct guest_config *config)
{
	struct nlattr *attr;
	int rem, err;

	config->pv = PV_ALL;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		unsigned int type = nla_type(attr);

		if (type >= ARRAY_SIZE(parsers) || !parsers[type])
			continue;
		err = parsers[type](attr, config, info->extack);
		if (err)
			return err;
	}
	return 0;
}
