// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "hv": uapi/hv.yaml specifies it.
 *
 * Requests run as the sender's task, several at a time: what they call has its
 * own locks.  A dump goes on in whatever task reads the socket, so it carries
 * what its sender was allowed to see.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "api/api.h"
#include "guest/guest.h"
#include "guest/region.h"
#include "trace.h"

static struct genl_family family;

static const struct nla_policy guest_name_policy[HV_A_GUEST_DEV_FD + 1] = {
	[HV_A_GUEST_ID]		= { .type = NLA_U64 },
	[HV_A_GUEST_NAME]	= { .type = NLA_NUL_STRING, .len = HV_NAME_MAX },
	[HV_A_GUEST_DEV_FD]	= { .type = NLA_S32 },
};

/**
 * struct viewer - what a caller may see
 * @all: every guest, and change them
 * @uid: otherwise those that this user owns
 */
struct viewer {
	bool all;
	kuid_t uid;
};

static int check_dev_fd(struct nlattr *attr, struct netlink_ext_ack *ack)
{
	struct file *file = fget(nla_get_s32(attr));
	int err = 0;

	if (!file) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "dev-fd is not an open file");
		return -EBADF;
	}
	if (!api_device_is(file)) {
		NL_SET_ERR_MSG_ATTR(ack, attr, "dev-fd is not an open /dev/hv");
		err = -EINVAL;
	}
	fput(file);
	return err;
}

/* A dev-fd that is none is refused even where it would not be needed. */
static int get_viewer(const struct sk_buff *request, struct nlattr **attrs,
		      struct netlink_ext_ack *ack, struct viewer *v)
{
	struct nlattr *dev_fd = attrs[HV_A_GUEST_DEV_FD];

	v->uid = current_uid();
	v->all = dev_fd || netlink_capable(request, CAP_SYS_ADMIN);
	return dev_fd ? check_dev_fd(dev_fd, ack) : 0;
}

static int may_change(const struct sk_buff *request, struct genl_info *info, struct viewer *v)
{
	int err = get_viewer(request, info->attrs, info->extack, v);

	if (err || v->all)
		return err;
	GENL_SET_ERR_MSG(info, "this needs CAP_SYS_ADMIN, or an open /dev/hv in dev-fd");
	return -EPERM;
}

static bool visible(const struct viewer *v, const struct guest *g)
{
	return v->all || uid_eq(v->uid, g->owner);
}

static struct guest *find(struct nlattr *id, struct nlattr *name)
{
	struct guest *g = id ? guest_by_id(nla_get_u64(id)) : guest_by_name(nla_data(name));

	if (g && name && strcmp(g->name, nla_data(name))) {
		guest_put(g);
		return NULL;
	}
	return g;
}

/* The guest that the request names, by id, name or both; a hidden one does not exist. */
static struct guest *lookup(struct genl_info *info, const struct viewer *v)
{
	struct nlattr *id = info->attrs[HV_A_GUEST_ID];
	struct nlattr *name = info->attrs[HV_A_GUEST_NAME];
	struct guest *g;

	if (!id && !name) {
		GENL_SET_ERR_MSG(info, "the guest's id or name is missing");
		return ERR_PTR(-EINVAL);
	}
	g = find(id, name);
	if (g && visible(v, g))
		return g;
	if (g)
		guest_put(g);
	NL_SET_ERR_MSG_ATTR(info->extack, id ? id : name, "there is no such guest");
	return ERR_PTR(-ENOENT);
}

typedef int (*fill_fn)(struct sk_buff *skb, struct guest *g, unsigned int *vcpu);

/* What a message of each command says about a guest. */
static const fill_fn fillers[HV_CMD_MAX + 1] = {
	[HV_CMD_GUEST_GET]	= api_fill_whole,
	[HV_CMD_GUEST_NEW]	= api_fill_guest,
	[HV_CMD_STATS_GET]	= api_fill_stats,
	[HV_CMD_GUEST_NTF]	= api_fill_guest,
};

/* In dumps, where each guest's origin would be most of it. */
static const fill_fn dump_fillers[HV_CMD_MAX + 1] = {
	[HV_CMD_GUEST_GET]	= api_fill_guest,
	[HV_CMD_STATS_GET]	= api_fill_stats,
};

/* One whole message, from @vcpu on, or EMSGSIZE and none. */
static int put_message(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd,
		       fill_fn fill, struct guest *g, unsigned int *vcpu)
{
	void *header = genlmsg_put(skb, portid, seq, &family, flags, cmd);
	unsigned int first = *vcpu;

	if (!header)
		return -EMSGSIZE;
	if (fill(skb, g, vcpu)) {
		genlmsg_cancel(skb, header);
		*vcpu = first;
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static struct sk_buff *new_message(size_t more)
{
	return genlmsg_new(api_fill_size() + more, GFP_KERNEL);
}

/* Takes over @skb. */
static int reply(struct sk_buff *skb, struct genl_info *info, struct guest *g, unsigned int *vcpu)
{
	u8 cmd = info->genlhdr->cmd;
	int err = put_message(skb, info->snd_portid, info->snd_seq, 0, cmd, fillers[cmd], g, vcpu);

	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_reply(skb, info);
}

/* As many messages as its vCPUs take. */
static int reply_all(struct genl_info *info, struct guest *g)
{
	unsigned int vcpu = 0;
	struct sk_buff *skb;
	int err = 0;

	while (!err && vcpu < g->nr_vcpus) {
		skb = new_message(api_origin_size(g));
		err = skb ? reply(skb, info, g, &vcpu) : -ENOMEM;
	}
	return err;
}

/* guest-get and stats-get of one guest. */
static int do_get(struct sk_buff *request, struct genl_info *info)
{
	struct viewer v;
	struct guest *g;
	int err = get_viewer(request, info->attrs, info->extack, &v);

	if (err)
		return err;
	g = lookup(info, &v);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = reply_all(info, g);
	guest_put(g);
	return err;
}

/**
 * struct dump - where a dump is
 * @next: lowest id that was not sent yet
 * @vcpu: its first vCPU that was not sent yet
 * @viewer: its sender
 *
 * Guests come by increasing id, and ids are never used again.  So each guest
 * that exists all the while is there once, and one that comes or goes
 * meanwhile is there once or not at all: nothing to check for consistency.
 */
struct dump {
	u64 next;
	unsigned int vcpu;
	struct viewer viewer;
};

/* Parses again what has been parsed: where that is kept differs between kernels. */
static int dump_start(struct netlink_callback *cb)
{
	struct nlattr *attrs[HV_A_GUEST_DEV_FD + 1];
	struct dump *d = (struct dump *)cb->ctx;
	int err;

	BUILD_BUG_ON(sizeof(*d) > sizeof(cb->ctx));
	err = genlmsg_parse(cb->nlh, &family, attrs, HV_A_GUEST_DEV_FD, guest_name_policy,
			    cb->extack);
	if (err)
		return err;
	if (attrs[HV_A_GUEST_ID] || attrs[HV_A_GUEST_NAME]) {
		NL_SET_ERR_MSG(cb->extack, "a dump has all guests: it takes no id or name");
		return -EINVAL;
	}
	/* A guest's message has to fit into an empty buffer. */
	cb->min_dump_alloc = nlmsg_total_size(genlmsg_total_size(api_fill_size()));
	d->next = 0;
	d->vcpu = 0;
	return get_viewer(cb->skb, attrs, cb->extack, &d->viewer);
}

/* The messages of @g from d->vcpu on; EMSGSIZE where the buffer is full before they end. */
static int dump_guest(struct sk_buff *skb, struct netlink_callback *cb, struct guest *g)
{
	struct dump *d = (struct dump *)cb->ctx;
	u8 cmd = genl_dumpit_info(cb)->op.cmd;
	int err = 0;

	while (!err && visible(&d->viewer, g) && d->vcpu < g->nr_vcpus)
		err = put_message(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				  NLM_F_MULTI, cmd, dump_fillers[cmd], g, &d->vcpu);
	return err;
}

/* The guest to go on with: one that has gone since its first message is left at that. */
static struct guest *dump_next(struct dump *d)
{
	struct guest *g = guest_next(d->next);

	if (g && g->id != d->next)
		d->vcpu = 0;
	if (g)
		d->next = g->id;
	return g;
}

/* guest-get and stats-get of all. */
static int dump_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *d = (struct dump *)cb->ctx;
	struct guest *g;
	int err = 0;

	while (!err) {
		g = dump_next(d);
		if (!g)
			break;
		err = dump_guest(skb, cb, g);
		if (!err) {
			d->next++;
			d->vcpu = 0;
		}
		guest_put(g);
	}
	return skb->len ? skb->len : err;
}

/*
 * The reply is allocated first and has room for any guest, so nothing but its
 * delivery can fail once the guest exists.  A creator who was not told of his
 * guest has none: it goes again.
 */
static int create(struct genl_info *info, struct guest_config *config)
{
	struct sk_buff *skb = new_message(0);
	unsigned int vcpu = 0;
	struct guest *g;
	int err;

	if (!skb)
		return -ENOMEM;
	g = guest_create(config, info->extack);
	if (IS_ERR(g)) {
		nlmsg_free(skb);
		return PTR_ERR(g);
	}
	err = reply(skb, info, g, &vcpu);
	if (err)
		guest_remove(g, NULL);
	guest_put(g);
	return err;
}

static int do_new(struct sk_buff *request, struct genl_info *info)
{
	struct guest_config *config;
	struct viewer v;
	int err = may_change(request, info, &v);

	if (err)
		return err;
	config = kzalloc(sizeof(*config), GFP_KERNEL);
	if (!config)
		return -ENOMEM;
	err = api_parse_config(info, config);
	if (!err)
		err = create(info, config);
	guest_config_put(config);
	kfree(config);
	return err;
}

typedef int (*change_fn)(struct guest *g, struct netlink_ext_ack *ack);

static const change_fn changes[HV_CMD_MAX + 1] = {
	[HV_CMD_GUEST_DEL]	= guest_remove,
	[HV_CMD_GUEST_START]	= guest_start,
	[HV_CMD_GUEST_KILL]	= guest_kill,
	[HV_CMD_GUEST_STOP]	= guest_stop,
	[HV_CMD_GUEST_PAUSE]	= guest_pause,
	[HV_CMD_GUEST_RESUME]	= guest_resume,
	[HV_CMD_GUEST_RESET]	= guest_reset,
};

static int do_change(struct sk_buff *request, struct genl_info *info)
{
	struct viewer v;
	struct guest *g;
	int err = may_change(request, info, &v);

	if (err)
		return err;
	g = lookup(info, &v);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = changes[info->genlhdr->cmd](g, info->extack);
	guest_put(g);
	return err;
}

/**
 * struct setting - a command that changes what a guest is made from
 * @one_region: and takes a region, one
 * @apply: does it
 */
struct setting {
	bool one_region;
	int (*apply)(struct guest *g, struct guest_config *config, struct netlink_ext_ack *ack);
};

static const struct setting settings[HV_CMD_MAX + 1] = {
	[HV_CMD_GUEST_SET]	= { false, guest_set },
	[HV_CMD_REGION_NEW]	= { true, region_add },
	[HV_CMD_REGION_DEL]	= { true, region_remove },
};

/* Parsed first: a malformed request is refused whether the guest is there or not. */
static int set(struct genl_info *info, struct guest_config *config, const struct viewer *v)
{
	const struct setting *setting = &settings[info->genlhdr->cmd];
	struct guest *g;
	int err = api_parse_config(info, config);

	if (err)
		return err;
	if (setting->one_region && config->nr_regions != 1) {
		GENL_SET_ERR_MSG(info, "one region at a time, with gpa and size");
		return -EINVAL;
	}
	g = lookup(info, v);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = setting->apply(g, config, info->extack);
	guest_put(g);
	return err;
}

static int do_set(struct sk_buff *request, struct genl_info *info)
{
	struct guest_config *config;
	struct viewer v;
	int err = may_change(request, info, &v);

	if (err)
		return err;
	config = kzalloc(sizeof(*config), GFP_KERNEL);
	if (!config)
		return -ENOMEM;
	err = set(info, config, &v);
	guest_config_put(config);
	kfree(config);
	return err;
}

/* Kernel 6.1 has one policy for an operation's do and dump: dump_start() does the rest. */
#define NAMES_A_GUEST(command, ...) { \
	.cmd = (command), __VA_ARGS__, .policy = guest_name_policy, .maxattr = HV_A_GUEST_DEV_FD, \
}

#define READS(command)		NAMES_A_GUEST(command, .doit = do_get, .start = dump_start, \
					      .dumpit = dump_get)
#define CHANGES(command)	NAMES_A_GUEST(command, .doit = do_change)

#define TAKES_ALL(command, handler, attributes) { \
	.cmd = (command), .doit = (handler), .policy = (attributes), .maxattr = HV_A_GUEST_MAX, \
}

static const struct genl_ops operations[] = {
	READS(HV_CMD_GUEST_GET),
	TAKES_ALL(HV_CMD_GUEST_NEW, do_new, api_new_policy),
	CHANGES(HV_CMD_GUEST_DEL),
	CHANGES(HV_CMD_GUEST_START),
	CHANGES(HV_CMD_GUEST_KILL),
	READS(HV_CMD_STATS_GET),
	CHANGES(HV_CMD_GUEST_STOP),
	CHANGES(HV_CMD_GUEST_PAUSE),
	CHANGES(HV_CMD_GUEST_RESUME),
	CHANGES(HV_CMD_GUEST_RESET),
	TAKES_ALL(HV_CMD_GUEST_SET, do_set, api_set_policy),
	TAKES_ALL(HV_CMD_REGION_NEW, do_set, api_region_new_policy),
	TAKES_ALL(HV_CMD_REGION_DEL, do_set, api_region_del_policy),
};

enum { GROUP_EVENTS };

/*
 * Joining takes CAP_SYS_ADMIN in the user namespace that owns the network
 * namespace, which any user can have in one of his own: see multicast().
 */
static const struct genl_multicast_group groups[] = {
	[GROUP_EVENTS] = { .name = HV_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name		= HV_FAMILY_NAME,
	.version	= HV_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,		/* a kill waits: it must not hold up other families */
	.ops		= operations,
	.n_ops		= ARRAY_SIZE(operations),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

/* To one namespace: a clone of @skb, or word that something was missed. */
static void multicast_net(struct net *net, struct sk_buff *skb)
{
	struct sk_buff *clone;

	if (!genl_has_listeners(&family, net, GROUP_EVENTS))
		return;
	clone = skb ? skb_clone(skb, GFP_ATOMIC) : NULL;
	if (clone)
		genlmsg_multicast_netns(&family, net, clone, 0, GROUP_EVENTS, GFP_ATOMIC);
	else
		genl_set_err(&family, net, 0, GROUP_EVENTS, -ENOBUFS);
}

/* Only to namespaces where joining took the real CAP_SYS_ADMIN. */
static void multicast(struct sk_buff *skb)
{
	struct net *net;

	rcu_read_lock();
	for_each_net_rcu(net)
		if (net->user_ns == &init_user_ns)
			multicast_net(net, skb);
	rcu_read_unlock();
}

/* A guest that has gone is announced without a state. */
void api_announce(struct guest *g)
{
	struct sk_buff *skb = new_message(0);
	unsigned int vcpu = 0;
	fill_fn fill;

	mutex_lock(&g->news);
	trace_hv_state(g);
	fill = READ_ONCE(g->dead) ? api_fill_identity : fillers[HV_CMD_GUEST_NTF];
	if (skb && put_message(skb, 0, 0, 0, HV_CMD_GUEST_NTF, fill, g, &vcpu)) {
		nlmsg_free(skb);
		skb = NULL;
	}
	multicast(skb);
	mutex_unlock(&g->news);
	consume_skb(skb);
}

static int put_trap(struct sk_buff *skb, struct guest *g, const struct bus_range *range,
		    unsigned int cut)
{
	void *header = genlmsg_put(skb, 0, 0, &family, 0, HV_CMD_TRAP_NTF);
	unsigned int vcpu = 0;

	if (!header || api_fill_identity(skb, g, &vcpu) || api_fill_trap(skb, range, cut))
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return 0;
}

void api_announce_trap(struct guest *g, const struct bus_range *range, unsigned int cut)
{
	struct sk_buff *skb = new_message(0);

	if (skb && put_trap(skb, g, range, cut)) {
		nlmsg_free(skb);
		skb = NULL;
	}
	multicast(skb);
	consume_skb(skb);
}

int api_netlink_register(void)
{
	return genl_register_family(&family);
}

void api_netlink_unregister(void)
{
	genl_unregister_family(&family);
}

/* In reverse order, and the family last to come: it is what makes guests. */
int api_init(void)
{
	int err = api_device_register();

	if (err)
		return err;
	err = api_netlink_register();
	if (err)
		api_device_unregister();
	return err;
}

void api_exit(void)
{
	api_netlink_unregister();
	api_device_unregister();
}
