// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Generic netlink: one request, its answers, and the kernel's sentence if it
 * refuses.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "internal.h"

#define MESSAGE_MAX	65536	/* 64 segments and an origin with room to spare */

#ifndef SOL_NETLINK
#define SOL_NETLINK	270
#endif

/**
 * struct call - a request under way
 * @h: for the sentence
 * @reply: takes each answer, or NULL
 * @arg: for @reply
 * @err: result
 * @done: the last answer came
 */
struct call {
	struct hvctl *h;
	reply_fn reply;
	void *arg;
	int err;
	bool done;
};

static int nl_errno(int err)
{
	switch (-err) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	default:
		return -EIO;
	}
}

static int nl_error(struct hvctl *h, const char *what, int err)
{
	return set_error(h, nl_errno(err), "%s: %s", what, nl_geterror(err));
}

/*
 * libnl keeps the sentence of an extended ack to itself, so ask for it and
 * find it ourselves.  Older kernels echo the request in front of it, unless
 * told not to.
 */
static void want_extended_acks(struct nl_sock *sock)
{
	int fd = nl_socket_get_fd(sock);
	int on = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

static int connect_socket(struct hvctl *h, struct nl_sock **sock)
{
	int err;

	*sock = nl_socket_alloc();
	if (!*sock)
		return set_error(h, -ENOMEM, "out of memory");
	err = genl_connect(*sock);
	if (err)
		return nl_error(h, "cannot open a netlink socket", err);
	want_extended_acks(*sock);
	nl_socket_enable_msg_peek(*sock);
	return 0;
}

int netlink_open(struct hvctl *h)
{
	int err = connect_socket(h, &h->sock);

	if (err)
		return err;
	h->family = genl_ctrl_resolve(h->sock, HV_FAMILY_NAME);
	if (h->family == -NLE_OBJ_NOTFOUND)
		return set_error(h, -ENODEV, MODULE_MISSING);
	if (h->family < 0)
		return nl_error(h, "cannot find the hv netlink family", h->family);
	return 0;
}

static int subscribe(struct hvctl *h, struct nl_sock *sock)
{
	int group = genl_ctrl_resolve_grp(h->sock, HV_FAMILY_NAME, HV_MCGRP_EVENTS);
	int err;

	if (group < 0)
		return nl_error(h, "cannot find the hv event group", group);
	err = nl_socket_add_membership(sock, group);
	if (err)
		return nl_error(h, "cannot subscribe to hv's events", err);
	nl_socket_disable_seq_check(sock);
	err = nl_socket_set_nonblocking(sock);
	return err ? nl_error(h, "cannot open a netlink socket", err) : 0;
}

/* Opens the event socket the first time; events count from then on. */
int netlink_subscribe(struct hvctl *h)
{
	struct nl_sock *sock;
	int err;

	if (h->events)
		return 0;
	err = connect_socket(h, &sock);
	if (!err)
		err = subscribe(h, sock);
	if (err)
		nl_socket_free(sock);
	else
		h->events = sock;
	return err;
}

/*
 * A request that carries /dev/hv where it is open: that is what allows it to
 * members of the device's group.
 */
struct nl_msg *netlink_message(struct hvctl *h, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_MAX);

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, h->family, 0, flags | NLM_F_ACK, cmd,
			 HV_FAMILY_VERSION))
		goto fail;
	if (h->dev_fd >= 0 && nla_put_s32(msg, HV_A_GUEST_DEV_FD, h->dev_fd))
		goto fail;
	return msg;
fail:
	nlmsg_free(msg);
	return NULL;
}

/* The attributes behind an error: behind the echoed request if there is one. */
static const char *ack_sentence(struct nlmsghdr *hdr, const struct nlmsgerr *nlerr)
{
	size_t skip = sizeof(*nlerr);
	const struct nlattr *attr;
	size_t len;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(nlerr->msg.nlmsg_len - NLMSG_HDRLEN);
	if (hdr->nlmsg_len < NLMSG_HDRLEN + skip)
		return NULL;
	len = hdr->nlmsg_len - NLMSG_HDRLEN - skip;
	attr = nla_find((const struct nlattr *)((const char *)nlerr + skip), len,
			NLMSGERR_ATTR_MSG);
	if (!attr || nla_len(attr) < 1 || !memchr(nla_data(attr), 0, nla_len(attr)))
		return NULL;
	return nla_get_string((struct nlattr *)attr);
}

static void explain(struct hvctl *h, int err, const char *sentence)
{
	if (sentence)
		set_error(h, err, "%s", sentence);
	else if (err == -EPERM)
		set_error(h, err, "not permitted: become root or a member of " DEV_PATH "'s group");
	else if (err == -ENOENT)
		set_error(h, err, "no such guest");
	else
		set_error(h, err, "%s", strerror(-err));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *nlerr, void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)((char *)nlerr - NLMSG_HDRLEN);
	struct call *call = arg;

	(void)from;
	call->err = nlerr->error;
	call->done = true;
	explain(call->h, call->err, ack_sentence(hdr, nlerr));
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	(void)msg;
	call->done = true;
	return NL_STOP;
}

/* A dump's last message carries an error too if the dump failed halfway. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct call *call = arg;
	int err = 0;

	if (hdr->nlmsg_len >= NLMSG_HDRLEN + sizeof(err))
		memcpy(&err, nlmsg_data(hdr), sizeof(err));
	if (err < 0) {
		call->err = err;
		explain(call->h, err, NULL);
	}
	return on_end(msg, arg);
}

/* After a failure the rest is read to its end, or the next call would meet it. */
static int on_valid(struct nl_msg *msg, void *arg)
{
	struct call *call = arg;

	if (!call->err && call->reply)
		call->err = call->reply(nlmsg_hdr(msg), call->arg);
	if (call->err == -ENOMEM)
		set_error(call->h, call->err, "out of memory");
	else if (call->err)
		set_error(call->h, call->err,
			  "the hv module's answer makes no sense to this release of libhvctl");
	return NL_OK;
}

static int receive(struct call *call)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = 0;

	if (!cb)
		return set_error(call->h, -ENOMEM, "out of memory");
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, call);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, call);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, call);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, call);
	while (!call->done && err >= 0)
		err = nl_recvmsgs(call->h->sock, cb);
	nl_cb_put(cb);
	if (err < 0 && !call->done)
		return nl_error(call->h, "no answer from the hv module", err);
	return call->err;
}

/**
 * netlink_call() - send a request, take its answers
 * @h: a handle
 * @msg: the request, freed here; NULL stands for no memory
 * @reply: takes each answer; 0, -ENOMEM, or -EPROTO
 * @arg: for @reply
 *
 * Return: 0, or the kernel's errno with its sentence in the handle.
 */
int netlink_call(struct hvctl *h, struct nl_msg *msg, reply_fn reply, void *arg)
{
	struct call call = { .h = h, .reply = reply, .arg = arg };
	int err;

	if (!msg)
		return set_error(h, -ENOMEM, "out of memory");
	err = nl_send_auto(h->sock, msg);
	nlmsg_free(msg);
	if (err < 0)
		return nl_error(h, "cannot reach the hv module", err);
	return receive(&call);
}
