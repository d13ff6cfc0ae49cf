// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may see and change guests: CAP_SYS_ADMIN or an open /dev/hv may do all,
 * others see what they own.
 */
#include <sched.h>
#include <sys/wait.h>

#include "nl.h"
#include "tap.h"

#define NOBODY	65534

static struct nl *s;
static struct nl_msg m;
static uint64_t roots_id;
static int dev;

/* Run @fn as nobody, with a socket that nobody opened. */
static bool as_nobody(void (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			nl_die("setresuid");
		s = nl_open();
		tap_ok = true;
		fn();
		fflush(stdout);
		_exit(!tap_ok);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static unsigned int count(uint8_t cmd, int dev_fd)
{
	struct nlmsghdr *h = NULL;
	unsigned int n = 0;

	nl_start(&m, s->family, cmd, NLM_F_DUMP);
	if (dev_fd >= 0)
		nl_u32(&m, HV_A_GUEST_DEV_FD, dev_fd);
	nl_call(s, &m);
	while ((h = nl_next(s, h)))
		n++;
	return n;
}

static void sees_nothing(void)
{
	CHECK_EQ(count(HV_CMD_GUEST_GET, -1), 0);
	CHECK_EQ(count(HV_CMD_STATS_GET, -1), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_GET, roots_id), ENOENT);
	CHECK(s->sentence[0]);
	CHECK_EQ(hv_call_id(s, HV_CMD_STATS_GET, roots_id), ENOENT);
	CHECK_EQ(hv_call_name(s, HV_CMD_GUEST_GET, "roots"), ENOENT);
}

/* The same answer whether there is such a guest or not. */
static void changes_nothing(void)
{
	uint8_t cmd;

	CHECK_EQ(hv_plain_guest(s, "mine"), 0);
	CHECK_EQ(s->error, EPERM);
	CHECK(s->sentence[0]);
	for (cmd = HV_CMD_GUEST_DEL; cmd <= HV_CMD_GUEST_KILL; cmd++) {
		CHECK_EQ(hv_call_id(s, cmd, roots_id), EPERM);
		CHECK(s->sentence[0]);
		CHECK_EQ(hv_call_id(s, cmd, 1ULL << 60), EPERM);
		CHECK_EQ(hv_call_name(s, cmd, "roots"), EPERM);
	}
}

static void with_dev_fd(void)
{
	uint64_t id;

	CHECK_EQ(open("/dev/hv", O_RDWR), -1);
	CHECK_EQ(count(HV_CMD_GUEST_GET, dev), 1);
	CHECK_EQ(count(HV_CMD_STATS_GET, dev), 1);
	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_state(&m);
	hv_region(&m, 0, 1 << 20);
	nl_str(&m, HV_A_GUEST_NAME, "nobodys");
	nl_u32(&m, HV_A_GUEST_DEV_FD, dev);
	CHECK_EQ(nl_call(s, &m), 0);
	id = hv_id(s);
	CHECK_EQ(nl_value(nl_attr(nl_next(s, NULL), HV_A_GUEST_OWNER_UID)), NOBODY);
	/* What one owns one sees without it, but does not change. */
	CHECK_EQ(count(HV_CMD_GUEST_GET, -1), 1);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_GET, id), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, id), EPERM);
	CHECK_EQ(count(HV_CMD_GUEST_GET, dev), 2);
}

static void nobody_sees_nothing(void)
{
	CHECK(as_nobody(sees_nothing));
}

static void nobody_changes_nothing(void)
{
	CHECK(as_nobody(changes_nothing));
}

static void nobody_with_dev_fd(void)
{
	CHECK(as_nobody(with_dev_fd));
	CHECK_EQ(count(HV_CMD_GUEST_GET, -1), 2);
	CHECK_EQ(hv_call_name(s, HV_CMD_GUEST_DEL, "nobodys"), 0);
}

/* A socket that root opened helps nobody, nor the other way round. */
static void privilege_of_both(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			nl_die("setresuid");
		_exit(hv_call_id(s, HV_CMD_GUEST_DEL, roots_id) != EPERM ||
		      count(HV_CMD_GUEST_GET, -1));
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* Root of a user namespace of his own is nobody here; the family is there. */
static void namespace_root(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (setresuid(NOBODY, NOBODY, NOBODY) || unshare(CLONE_NEWUSER | CLONE_NEWNET))
			_exit(4);
		s = nl_open();
		_exit(hv_call_id(s, HV_CMD_GUEST_DEL, roots_id) != EPERM ||
		      count(HV_CMD_GUEST_GET, -1));
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WEXITSTATUS(status) == 4)
		printf("# no user namespaces here\n");
	else
		CHECK_EQ(status, 0);
}

/* More than one buffer of guests to leave out. */
static void many_hidden(void)
{
	uint64_t ids[200];
	unsigned int i;

	for (i = 0; i < 200; i++)
		ids[i] = hv_plain_guest(s, NULL);
	CHECK_EQ(count(HV_CMD_GUEST_GET, -1), 201);
	CHECK(as_nobody(sees_nothing));
	for (i = 0; i < 200; i++)
		CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, ids[i]), 0);
}

static const struct tap_test tests[] = {
	{ "nobody sees nothing of root's", nobody_sees_nothing },
	{ "nobody changes nothing", nobody_changes_nothing },
	{ "an open /dev/hv stands for the privilege", nobody_with_dev_fd },
	{ "a socket that root opened is not enough", privilege_of_both },
	{ "root of another user namespace", namespace_root },
	{ "many guests, none of them nobody's", many_hidden },
};

int main(void)
{
	int failed;

	s = nl_open_as_root();
	dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	roots_id = hv_plain_guest(s, "roots");
	if (dev < 0 || !roots_id)
		nl_die("a guest to look at");
	failed = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	hv_call_id(s, HV_CMD_GUEST_DEL, roots_id);
	return failed;
}
