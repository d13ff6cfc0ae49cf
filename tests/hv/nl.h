/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink by hand, for tests that send what a library would not.
 */
#ifndef HV_TESTS_NL_H
#define HV_TESTS_NL_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/hv.h>
#include <linux/hv_netlink.h>
#include <linux/netlink.h>

#define NL_REPLY	(128 * 1024)

/**
 * struct nl - a socket
 * @fd: descriptor
 * @family: hv's id
 * @events: its multicast group's id
 * @seq: of the last request
 * @error: errno of the last answer, 0 for success
 * @sentence: its extended ack's text, "" without one
 * @reply: messages of the last answer other than its end
 * @len: bytes in @reply
 */
struct nl {
	int fd;
	uint16_t family;
	uint32_t events;
	uint32_t seq;
	int error;
	char sentence[256];
	uint8_t reply[NL_REPLY];
	size_t len;
};

/* A request under construction. */
struct nl_msg {
	struct nlmsghdr *header;
	uint64_t buf[2048];
};

static inline void nl_die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Building. */

static inline void nl_start(struct nl_msg *m, uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *g;

	memset(m, 0, sizeof(*m));
	m->header = (struct nlmsghdr *)m->buf;
	m->header->nlmsg_type = type;
	m->header->nlmsg_flags = NLM_F_REQUEST | flags;
	m->header->nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	g = NLMSG_DATA(m->header);
	g->cmd = cmd;
	g->version = 1;
}

static inline struct nlattr *nl_put(struct nl_msg *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr *a = (struct nlattr *)((char *)m->header + m->header->nlmsg_len);

	if (m->header->nlmsg_len + NLA_HDRLEN + len + 4 > sizeof(m->buf))
		nl_die("request too long");
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)a + NLA_HDRLEN, data, len);
	m->header->nlmsg_len += NLA_ALIGN(a->nla_len);
	return a;
}

static inline void nl_u16(struct nl_msg *m, uint16_t type, uint16_t value)
{
	nl_put(m, type, &value, sizeof(value));
}

static inline void nl_u32(struct nl_msg *m, uint16_t type, uint32_t value)
{
	nl_put(m, type, &value, sizeof(value));
}

static inline void nl_u64(struct nl_msg *m, uint16_t type, uint64_t value)
{
	nl_put(m, type, &value, sizeof(value));
}

static inline void nl_str(struct nl_msg *m, uint16_t type, const char *s)
{
	nl_put(m, type, s, strlen(s) + 1);
}

static inline struct nlattr *nl_nest(struct nl_msg *m, uint16_t type)
{
	return nl_put(m, type | NLA_F_NESTED, NULL, 0);
}

static inline void nl_nest_end(struct nl_msg *m, struct nlattr *nest)
{
	nest->nla_len = (char *)m->header + m->header->nlmsg_len - (char *)nest;
}

/* Reading. */

/* The attribute after @prev (NULL: the first) of @type between @from and @end. */
static inline struct nlattr *nl_find(const void *from, const void *end, uint16_t type,
				     const struct nlattr *prev)
{
	const char *p = prev ? (const char *)prev + NLA_ALIGN(prev->nla_len) : from;

	for (; p + NLA_HDRLEN <= (const char *)end;
	     p += NLA_ALIGN(((const struct nlattr *)p)->nla_len)) {
		struct nlattr *a = (struct nlattr *)p;

		if (a->nla_len < NLA_HDRLEN)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
	}
	return NULL;
}

static inline struct nlattr *nl_next_attr(const struct nlmsghdr *h, uint16_t type,
					  const struct nlattr *prev)
{
	return nl_find((const char *)h + NLMSG_HDRLEN + GENL_HDRLEN,
		       (const char *)h + h->nlmsg_len, type, prev);
}

static inline struct nlattr *nl_attr(const struct nlmsghdr *h, uint16_t type)
{
	return h ? nl_next_attr(h, type, NULL) : NULL;
}

static inline struct nlattr *nl_inner(const struct nlattr *nest, uint16_t type)
{
	return nest ? nl_find((const char *)nest + NLA_HDRLEN,
			      (const char *)nest + nest->nla_len, type, NULL) : NULL;
}

static inline uint64_t nl_value(const struct nlattr *a)
{
	uint64_t v = 0;

	if (a)
		memcpy(&v, (const char *)a + NLA_HDRLEN,
		       a->nla_len - NLA_HDRLEN < 8 ? a->nla_len - NLA_HDRLEN : 8);
	return v;
}

static inline const char *nl_text(const struct nlattr *a)
{
	return a ? (const char *)a + NLA_HDRLEN : "";
}

/* The messages of an answer: NULL starts and ends. */
static inline struct nlmsghdr *nl_next(const struct nl *s, const struct nlmsghdr *prev)
{
	const uint8_t *p = prev ? (const uint8_t *)prev + NLMSG_ALIGN(prev->nlmsg_len) : s->reply;

	return p < s->reply + s->len ? (struct nlmsghdr *)p : NULL;
}

/* Talking. */

static inline void nl_sentence(struct nl *s, const struct nlmsghdr *h, size_t skip)
{
	const char *end = (const char *)h + h->nlmsg_len;
	struct nlattr *a = NULL;

	if (h->nlmsg_flags & NLM_F_ACK_TLVS)
		a = nl_find((const char *)h + NLMSG_HDRLEN + NLMSG_ALIGN(skip), end,
			    NLMSGERR_ATTR_MSG, NULL);
	snprintf(s->sentence, sizeof(s->sentence), "%s", nl_text(a));
}

/* An ack or the end of a dump: notes how it went. */
static inline bool nl_ends(struct nl *s, const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_type == NLMSG_ERROR) {
		s->error = -e->error;
		nl_sentence(s, h, sizeof(*e) + (h->nlmsg_flags & NLM_F_CAPPED ? 0 :
			    e->msg.nlmsg_len - NLMSG_HDRLEN));
		return true;
	}
	if (h->nlmsg_type == NLMSG_DONE) {
		s->error = -*(int *)NLMSG_DATA(h);
		nl_sentence(s, h, sizeof(int));
		return true;
	}
	return false;
}

/* One datagram into the reply; true at the end of the answer. */
static inline bool nl_receive(struct nl *s)
{
	uint8_t *p = s->reply + s->len, *end;
	ssize_t n = recv(s->fd, p, sizeof(s->reply) - s->len, 0);

	if (n < 0)
		nl_die("recv");
	for (end = p + n; p < end; p += NLMSG_ALIGN(((struct nlmsghdr *)p)->nlmsg_len)) {
		struct nlmsghdr *h = (struct nlmsghdr *)p;

		if (h->nlmsg_seq != s->seq && h->nlmsg_seq)
			nl_die("an answer to another question");
		if (nl_ends(s, h))
			return true;
		s->len = p + NLMSG_ALIGN(h->nlmsg_len) - s->reply;
	}
	return false;
}

static inline void nl_send(struct nl *s, struct nl_msg *m)
{
	m->header->nlmsg_seq = ++s->seq;
	if (!(m->header->nlmsg_flags & NLM_F_DUMP))
		m->header->nlmsg_flags |= NLM_F_ACK;
	s->len = 0;
	s->error = 0;
	s->sentence[0] = 0;
	if (send(s->fd, m->header, m->header->nlmsg_len, 0) < 0)
		nl_die("send");
}

/* Send, and take the whole answer: its errno. */
static inline int nl_call(struct nl *s, struct nl_msg *m)
{
	nl_send(s, m);
	while (!nl_receive(s))
		;
	return s->error;
}

static inline void nl_resolve(struct nl *s)
{
	struct nlattr *groups;
	struct nl_msg m;

	nl_start(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	nl_str(&m, CTRL_ATTR_FAMILY_NAME, HV_FAMILY_NAME);
	if (nl_call(s, &m)) {
		printf("1..0 # SKIP the hv module is not loaded\n");
		exit(4);
	}
	s->family = nl_value(nl_attr(nl_next(s, NULL), CTRL_ATTR_FAMILY_ID));
	groups = nl_attr(nl_next(s, NULL), CTRL_ATTR_MCAST_GROUPS);
	s->events = nl_value(nl_inner(nl_inner(groups, 1), CTRL_ATTR_MCAST_GRP_ID));
}

static inline struct nl *nl_open(void)
{
	struct nl *s = calloc(1, sizeof(*s));
	int one = 1, size = 1 << 20;

	s->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (s->fd < 0)
		nl_die("socket");
	setsockopt(s->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	nl_resolve(s);
	return s;
}

/* Those who may not change anything have little to test. */
static inline struct nl *nl_open_as_root(void)
{
	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		exit(4);
	}
	return nl_open();
}

static inline void nl_close(struct nl *s)
{
	close(s->fd);
	free(s);
}

/* hv. */

static inline void hv_start(const struct nl *s, struct nl_msg *m, uint8_t cmd)
{
	nl_start(m, s->family, cmd, 0);
}

static inline void hv_region(struct nl_msg *m, uint64_t gpa, uint64_t size)
{
	struct nlattr *nest = nl_nest(m, HV_A_GUEST_REGION);

	nl_u64(m, HV_A_REGION_GPA, gpa);
	nl_u64(m, HV_A_REGION_SIZE, size);
	nl_nest_end(m, nest);
}

static inline void hv_segment(struct nl_msg *m, uint64_t gpa, int fd, uint64_t offset,
			      uint64_t length)
{
	struct nlattr *nest = nl_nest(m, HV_A_GUEST_SEGMENT);

	nl_u64(m, HV_A_SEGMENT_GPA, gpa);
	nl_u32(m, HV_A_SEGMENT_FD, fd);
	nl_u64(m, HV_A_SEGMENT_OFFSET, offset);
	nl_u64(m, HV_A_SEGMENT_LENGTH, length);
	nl_nest_end(m, nest);
}

/* Real mode at 0, as after a reset but for the address. */
static inline void hv_state(struct nl_msg *m)
{
	struct hv_vcpu_state state = {
		.rflags = 2,
		.cr0 = 0x10,
		.cs = { .limit = 0xffff, .attr = 0x9b },
		.ds = { .limit = 0xffff, .attr = 0x93 },
		.es = { .limit = 0xffff, .attr = 0x93 },
		.fs = { .limit = 0xffff, .attr = 0x93 },
		.gs = { .limit = 0xffff, .attr = 0x93 },
		.ss = { .limit = 0xffff, .attr = 0x93 },
		.ldtr = { .limit = 0xffff, .attr = 0x82 },
		.tr = { .limit = 0xffff, .attr = 0x8b },
		.gdtr = { .limit = 0xffff },
		.idtr = { .limit = 0xffff },
	};

	nl_put(m, HV_A_GUEST_VCPU_STATE, &state, sizeof(state));
}

/* A memfd with @len bytes of @data and those seals. */
static inline int hv_memfd(const void *data, size_t len, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, len) || pwrite(fd, data, len, 0) != (ssize_t)len ||
	    fcntl(fd, F_ADD_SEALS, seals))
		nl_die("memfd");
	return fd;
}

#define HV_SEALS	(F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

/* A request that names a guest by id, or by name. */
static inline int hv_call_id(struct nl *s, uint8_t cmd, uint64_t id)
{
	struct nl_msg m;

	hv_start(s, &m, cmd);
	nl_u64(&m, HV_A_GUEST_ID, id);
	return nl_call(s, &m);
}

static inline int hv_call_name(struct nl *s, uint8_t cmd, const char *name)
{
	struct nl_msg m;

	hv_start(s, &m, cmd);
	nl_str(&m, HV_A_GUEST_NAME, name);
	return nl_call(s, &m);
}

static inline int hv_dump(struct nl *s, uint8_t cmd)
{
	struct nl_msg m;

	nl_start(&m, s->family, cmd, NLM_F_DUMP);
	return nl_call(s, &m);
}

/* The id in the answer, 0 without one. */
static inline uint64_t hv_id(const struct nl *s)
{
	return nl_value(nl_attr(nl_next(s, NULL), HV_A_GUEST_ID));
}

/* A guest of 1 MiB and nothing in it: its id, 0 where it was refused. */
static inline uint64_t hv_plain_guest(struct nl *s, const char *name)
{
	struct nl_msg m;

	hv_start(s, &m, HV_CMD_GUEST_NEW);
	if (name)
		nl_str(&m, HV_A_GUEST_NAME, name);
	hv_state(&m);
	hv_region(&m, 0, 1 << 20);
	return nl_call(s, &m) ? 0 : hv_id(s);
}

#endif /* HV_TESTS_NL_H */
