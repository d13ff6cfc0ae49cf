// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink messages that are malformed, or ask for what does not exist: each
 * is refused with its errno and a sentence.
 */
#include "nl.h"
#include "tap.h"

static struct nl *s;
static struct nl_msg m;

/* Refused with @error, and with words. */
#define CHECK_REFUSED(call, error_) do { \
	CHECK_EQ(call, error_); \
	CHECK(s->sentence[0]); \
} while (0)

static void no_name(void)
{
	static const uint8_t cmds[] = {
		HV_CMD_GUEST_GET, HV_CMD_GUEST_DEL, HV_CMD_GUEST_START, HV_CMD_GUEST_KILL,
		HV_CMD_STATS_GET,
	};
	unsigned int i;

	for (i = 0; i < sizeof(cmds); i++) {
		hv_start(s, &m, cmds[i]);
		CHECK_REFUSED(nl_call(s, &m), EINVAL);
		CHECK_REFUSED(hv_call_id(s, cmds[i], ~0ULL), ENOENT);
		CHECK_REFUSED(hv_call_id(s, cmds[i], 0), ENOENT);
		CHECK_REFUSED(hv_call_name(s, cmds[i], "no-such-guest"), ENOENT);
	}
}

static void unknown_attribute(void)
{
	static const uint16_t types[] = {
		HV_A_GUEST_MAX + 1, 0x3fff, HV_A_GUEST_PAD, HV_A_GUEST_STATE, HV_A_GUEST_REGION, 0,
	};
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		hv_start(s, &m, HV_CMD_GUEST_GET);
		nl_str(&m, HV_A_GUEST_NAME, "x");
		nl_u32(&m, types[i], 1);
		CHECK_REFUSED(nl_call(s, &m), EINVAL);
	}
}

static void wrong_length(void)
{
	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_u32(&m, HV_A_GUEST_ID, 1);
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_put(&m, HV_A_GUEST_NAME, "abc", 3);
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_put(&m, HV_A_GUEST_NAME, NULL, 0);
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
}

/* An attribute that claims to be longer than its message, and crumbs behind the last one. */
static void truncated(void)
{
	struct nlattr *a;

	hv_start(s, &m, HV_CMD_GUEST_GET);
	a = nl_put(&m, HV_A_GUEST_ID, "12345678", 8);
	a->nla_len += 8;
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_u64(&m, HV_A_GUEST_ID, 1);
	m.header->nlmsg_len += 2;
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
}

static void header(void)
{
	struct genlmsghdr *g;

	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_u64(&m, HV_A_GUEST_ID, 1);
	g = NLMSG_DATA(m.header);
	g->reserved = 1;
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_u64(&m, HV_A_GUEST_ID, 1);
	m.header->nlmsg_flags |= 0x800;
	CHECK_REFUSED(nl_call(s, &m), EINVAL);
}

static void unknown_command(void)
{
	static const uint8_t cmds[] = { 0, HV_CMD_GUEST_NTF, HV_CMD_MAX + 1, 255 };
	unsigned int i;

	for (i = 0; i < sizeof(cmds); i++)
		CHECK_EQ(hv_call_id(s, cmds[i], 1), EOPNOTSUPP);
	for (i = HV_CMD_GUEST_NEW; i <= HV_CMD_GUEST_KILL; i++)
		CHECK_EQ(hv_dump(s, i), EOPNOTSUPP);
}

/* Kernel 6.1 has no sentence for these. */
static void dump_with_name(void)
{
	nl_start(&m, s->family, HV_CMD_GUEST_GET, NLM_F_DUMP);
	nl_str(&m, HV_A_GUEST_NAME, "x");
	CHECK_EQ(nl_call(s, &m), EINVAL);
	nl_start(&m, s->family, HV_CMD_STATS_GET, NLM_F_DUMP);
	nl_u64(&m, HV_A_GUEST_ID, 1);
	CHECK_EQ(nl_call(s, &m), EINVAL);
}

static void dev_fd(void)
{
	int null = open("/dev/null", O_RDONLY), dev = open("/dev/hv", O_RDONLY);
	int path = open("/dev/hv", O_PATH);
	struct { int fd, error; } rows[] = {
		{ -1, EBADF }, { 1000, EBADF }, { INT32_MIN, EBADF }, { path, EBADF },
		{ null, EINVAL }, { s->fd, EINVAL }, { dev, ENOENT },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hv_start(s, &m, HV_CMD_GUEST_DEL);
		nl_str(&m, HV_A_GUEST_NAME, "no-such-guest");
		nl_u32(&m, HV_A_GUEST_DEV_FD, rows[i].fd);
		CHECK_REFUSED(nl_call(s, &m), rows[i].error);
	}
	close(null);
	close(dev);
	close(path);
}

/* Whatever comes, the kernel says no and goes on. */
static void random_messages(void)
{
	unsigned int i, j, len, count = tap_count(10000, 100);

	srand(1);
	for (i = 0; i < count; i++) {
		nl_start(&m, s->family, rand() % (HV_CMD_MAX + 2), rand() % 4 ? 0 : NLM_F_DUMP);
		len = 4 * (rand() % 40);
		for (j = 0; j < len / 4; j++)
			m.buf[0 + (NLMSG_HDRLEN + GENL_HDRLEN) / 8 + 1 + j / 2] ^=
				(uint64_t)(rand() % 64) << (rand() % 48);
		m.header->nlmsg_len += len;
		nl_call(s, &m);
		CHECK(s->error || !hv_id(s));
	}
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
}

static const struct tap_test tests[] = {
	{ "a request without a guest, or with one that does not exist", no_name },
	{ "attributes that the request does not have", unknown_attribute },
	{ "attributes of the wrong length", wrong_length },
	{ "attributes that do not fit their message", truncated },
	{ "reserved parts of the headers", header },
	{ "commands that do not exist", unknown_command },
	{ "a dump of one guest", dump_with_name },
	{ "dev-fd that is no /dev/hv", dev_fd },
	{ "random messages", random_messages },
};

int main(void)
{
	s = nl_open_as_root();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
