/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The doors from user space: /dev/hv and the generic netlink family.
 *
 * Host side: ordinary thread context, as the caller's task.
 */
#ifndef HV_API_API_H
#define HV_API_API_H

#include <linux/types.h>
#include <net/netlink.h>

struct bus_range;
struct file;
struct genl_info;
struct guest;
struct guest_bond;
struct guest_config;
struct netlink_ext_ack;
struct sk_buff;

/* Module load and unload: everything that user space can call comes and goes here. */
int api_init(void);
void api_exit(void);

/* ioctl.c: /dev/hv. */
int api_device_register(void);
void api_device_unregister(void);

/* Is @file an open /dev/hv? */
bool api_device_is(const struct file *file);

/* netlink.c: the family. */
int api_netlink_register(void);
void api_netlink_unregister(void);

/* What is tied to @file, or NULL where it is no open /dev/hv. */
struct guest_bond *api_device_bond(const struct file *file);

/* parse.c: what the commands with more than a guest's name accept: a guest_config. */
extern const struct nla_policy api_new_policy[];
extern const struct nla_policy api_set_policy[];
extern const struct nla_policy api_region_new_policy[];
extern const struct nla_policy api_region_del_policy[];

/**
 * api_parse_config() - read the attributes of such a command
 * @info: the request, validated by its policy
 * @config: zeroed; to be given to guest_config_put() even after a failure
 *
 * Limits and shape only: guest_create() checks whether it makes sense.
 *
 * Return: 0, ENOMEM, or EINVAL or EBADF with a sentence in the extended ack.
 */
int api_parse_config(struct genl_info *info, struct guest_config *config);

/*
 * fill.c: a guest's attributes, as guest-get and as stats-get give them.
 * Counters of many vCPUs take several messages: each has as many vCPUs from
 * @vcpu on as @skb has room for, and moves @vcpu behind them.  EMSGSIZE where
 * there is no room for what has to be there, or for one vCPU.
 */
int api_fill_guest(struct sk_buff *skb, struct guest *g, unsigned int *vcpu);
int api_fill_whole(struct sk_buff *skb, struct guest *g, unsigned int *vcpu);	/* and origin */
int api_fill_stats(struct sk_buff *skb, struct guest *g, unsigned int *vcpu);

/* Only what it is called: the news of a guest that has gone. */
int api_fill_identity(struct sk_buff *skb, struct guest *g, unsigned int *vcpu);

/* A range whose handler has gone, and how many accesses it has cut short. */
int api_fill_trap(struct sk_buff *skb, const struct bus_range *range, unsigned int cut);

/* Room that is enough for any of these, bytes, and what an origin needs more. */
size_t api_fill_size(void);
size_t api_origin_size(const struct guest *g);

#endif /* HV_API_API_H */
