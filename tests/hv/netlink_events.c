// SPDX-License-Identifier: GPL-2.0-only
/*
 * The events group: what it tells, and whom.
 */
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>

#include "nl.h"
#include "tap.h"

#define NOBODY	65534

static struct nl *s;

static int join(struct nl *listener)
{
	int group = listener->events;

	return setsockopt(listener->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group));
}

/* The next event, or NULL where none comes. */
static struct nlmsghdr *event(struct nl *listener)
{
	struct pollfd p = { .fd = listener->fd, .events = POLLIN };

	listener->len = 0;
	if (poll(&p, 1, 1000) != 1)
		return NULL;
	nl_receive(listener);
	return nl_next(listener, NULL);
}

static bool event_is(struct nl *listener, uint64_t id, int state)
{
	struct nlmsghdr *h = event(listener);
	struct genlmsghdr *g;

	if (!h)
		return false;
	g = NLMSG_DATA(h);
	return g->cmd == HV_CMD_GUEST_NTF && nl_value(nl_attr(h, HV_A_GUEST_ID)) == id &&
	       nl_attr(h, HV_A_GUEST_NAME) &&
	       (state < 0 ? !nl_attr(h, HV_A_GUEST_STATE) :
		nl_attr(h, HV_A_GUEST_STATE) &&
		(int)nl_value(nl_attr(h, HV_A_GUEST_STATE)) == state);
}

/* A guest that has gone has no state any more. */
static void come_and_go(void)
{
	struct nl *listener = nl_open();
	uint64_t id;

	CHECK_EQ(join(listener), 0);
	id = hv_plain_guest(s, "eventful");
	CHECK(event_is(listener, id, HV_STATE_CREATED));
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, id), 0);
	CHECK(event_is(listener, id, -1));
	CHECK(!event(listener));
	nl_close(listener);
}

/* What a child's listener has to tell, as its exit status. */
enum heard { HEARD, HEARD_NOTHING, NOT_APART, NO_LISTENER };

static enum heard listen_apart(bool (*apart)(void), int ready)
{
	struct nl *listener;
	int err;

	if (!apart())
		return NOT_APART;
	listener = nl_open();
	err = join(listener);
	if (write(ready, "x", 1) != 1 || err)
		return NO_LISTENER;
	return event(listener) ? HEARD : HEARD_NOTHING;
}

/* Of a guest that comes and goes here, once the child is where @apart takes it. */
static enum heard heard_by(bool (*apart)(void))
{
	int status, ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		nl_die("pipe");
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(listen_apart(apart, ready[1]));
	close(ready[1]);
	if (read(ready[0], &c, 1) == 1)
		hv_call_id(s, HV_CMD_GUEST_DEL, hv_plain_guest(s, NULL));
	close(ready[0]);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return NO_LISTENER;
	return WEXITSTATUS(status);
}

static bool to_namespace(void)
{
	return !unshare(CLONE_NEWNET);
}

static void other_namespace(void)
{
	CHECK_EQ(heard_by(to_namespace), HEARD);
}

static void not_for_nobody(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			nl_die("setresuid");
		_exit(join(nl_open()) == 0 || errno != EPERM);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static bool to_private_namespace(void)
{
	return !setresuid(NOBODY, NOBODY, NOBODY) && !unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

/* In a namespace of his own anyone may join, and hears nothing. */
static void not_in_a_private_namespace(void)
{
	enum heard heard = heard_by(to_private_namespace);

	if (heard == NOT_APART)
		printf("# no user namespaces here\n");
	else
		CHECK_EQ(heard, HEARD_NOTHING);
}

/* A listener that never reads does not hold anyone up, and is told that it missed some. */
static void slow_listener(void)
{
	struct nl *listener = nl_open();
	int size = 4096, n;
	unsigned int i;
	char c;

	setsockopt(listener->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	CHECK_EQ(join(listener), 0);
	for (i = 0; i < 100; i++)
		CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, hv_plain_guest(s, NULL)), 0);
	do
		n = recv(listener->fd, &c, 1, MSG_DONTWAIT);
	while (n >= 0);
	CHECK_EQ(errno, ENOBUFS);
	nl_close(listener);
}

static const struct tap_test tests[] = {
	{ "a guest comes and goes", come_and_go },
	{ "nobody may not join", not_for_nobody },
	{ "another network namespace of the same owner hears it", other_namespace },
	{ "a user's own network namespace does not", not_in_a_private_namespace },
	{ "a listener that does not read", slow_listener },
};

int main(void)
{
	s = nl_open_as_root();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
