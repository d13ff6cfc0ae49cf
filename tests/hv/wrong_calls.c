// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong calls, generated from tables: for each ioctl its sizes, directions,
 * descriptors, pointers, and each bit that must be zero; for each netlink command
 * each attribute in each wrong length, and guests that are not there, not in that
 * state, or somebody else's. Each has its errno, and changes nothing: what can be
 * read of all guests is the same before and after.
 */
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "nl.h"
#include "tap.h"

#define NOBODY	65534
#define MEMORY	(1U << 20)	/* of hv_plain_guest() */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct nl *s;
static int dev, guest;
static uint64_t id;

/* What there is: every guest as guest-get and stats-get have it, and the registers. */
struct world {
	size_t len;
	uint8_t bytes[NL_REPLY];
	struct hv_vcpu_regs regs;
};

/* Sequence numbers in the headers differ: only what is behind them counts. */
static void take(struct world *w)
{
	struct nlmsghdr *h = NULL;
	static const uint8_t cmds[] = { HV_CMD_GUEST_GET, HV_CMD_STATS_GET };
	unsigned int i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < COUNT(cmds); i++) {
		if (hv_dump(s, cmds[i]))
			nl_die("dump");
		while ((h = nl_next(s, h))) {
			memcpy(w->bytes + w->len, NLMSG_DATA(h), h->nlmsg_len - NLMSG_HDRLEN);
			w->len += h->nlmsg_len - NLMSG_HDRLEN;
		}
	}
	if (ioctl(guest, HV_GET_REGS, &w->regs))
		nl_die("HV_GET_REGS");
}

static bool unchanged(const struct world *before)
{
	static struct world now;

	take(&now);
	return now.len == before->len && !memcmp(now.bytes, before->bytes, now.len) &&
	       !memcmp(&now.regs, &before->regs, sizeof(now.regs));
}

static struct world before;

#define CHECK_UNCHANGED() CHECK(unchanged(&before))

/* ioctls. */

/* Bits of an argument that must be zero. */
struct zeros {
	unsigned int offset;
	unsigned int size;
	uint64_t allowed;
};

/**
 * struct call - one ioctl
 * @name: for people
 * @cmd: its number
 * @device: it is /dev/hv's, not a guest descriptor's
 * @zeros: each bit of these that is not allowed gives EINVAL
 * @arg: right, but for the lack of an eventfd perhaps
 */
struct call {
	const char *name;
	unsigned long cmd;
	bool device;
	struct zeros zeros[4];
	union {
		struct hv_open open;
		struct hv_console console;
		struct hv_vcpu_regs regs;
		struct hv_trap trap;
		struct hv_ioeventfd ioeventfd;
		struct hv_irqfd irqfd;
		struct hv_discard discard;
		uint8_t bytes[1024];
	} arg;
};

#define ZEROS(type, member, allowed) \
	{ offsetof(struct type, member), sizeof(((struct type *)0)->member), allowed }

static struct call calls[] = {
	{ "HV_INFO", HV_INFO, true },
	{ "HV_OPEN", HV_OPEN, true, { ZEROS(hv_open, flags, 0), ZEROS(hv_open, pad, 0) } },
	{ "HV_CONSOLE", HV_CONSOLE, false,
	  { ZEROS(hv_console, flags, HV_CONSOLE_WRITE | HV_CONSOLE_TAIL),
	    ZEROS(hv_console, pad, 0) } },
	{ "HV_GET_REGS", HV_GET_REGS, false,
	  { ZEROS(hv_vcpu_regs, pad, 0), ZEROS(hv_vcpu_regs, vcpu, 0) } },
	{ "HV_SET_REGS", HV_SET_REGS, false,
	  { ZEROS(hv_vcpu_regs, pad, 0), ZEROS(hv_vcpu_regs, vcpu, 0),
	    ZEROS(hv_vcpu_regs, state.gdtr.pad[1], 0),
	    ZEROS(hv_vcpu_regs, state.efer, ~(1ULL << 12)) } },	/* SVME */
	{ "HV_TRAP", HV_TRAP, false,
	  { ZEROS(hv_trap, flags, 0), ZEROS(hv_trap, space, 1) },
	  { .trap = { .address = 0x5000, .size = 1 } } },
	{ "HV_IOEVENTFD", HV_IOEVENTFD, false,
	  { ZEROS(hv_ioeventfd, flags, HV_IOEVENTFD_MATCH | HV_IOEVENTFD_REMOVE),
	    ZEROS(hv_ioeventfd, space, 1), ZEROS(hv_ioeventfd, data, 0) },
	  { .ioeventfd = { .address = 0x5000, .size = 4, .fd = -2 } } },
	{ "HV_IRQFD", HV_IRQFD, false,
	  { ZEROS(hv_irqfd, flags, HV_IRQFD_REMOVE), ZEROS(hv_irqfd, pad, 0) },
	  { .irqfd = { .gsi = 5, .fd = -2 } } },
	{ "HV_DISCARD", HV_DISCARD, false,
	  { ZEROS(hv_discard, gpa, MEMORY - 4096), ZEROS(hv_discard, size, MEMORY - 4096) },
	  { .discard = { .size = 4096 } } },
	{ "HV_LAST_EXITS", HV_LAST_EXITS, false,
	  { ZEROS(hv_last_exits, vcpu, 0), ZEROS(hv_last_exits, total, 0) } },
};

/* errno of a call that must not succeed; 0, and closed again, where it does. */
static int failed(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	if (ret < 0)
		return errno;
	if (ret > 2)
		close(ret);
	return 0;
}

static int fd_of(const struct call *c)
{
	return c->device ? dev : guest;
}

/* The same number with another size or direction is another ioctl: none. */
static void sizes(void)
{
	static const int sizes[] = { -8, -4, -1, 1, 4, 8, 4096 };
	unsigned int i, j, dir;

	for (i = 0; i < COUNT(calls); i++) {
		unsigned long cmd = calls[i].cmd;
		unsigned int size = _IOC_SIZE(cmd);

		for (j = 0; j < COUNT(sizes); j++)
			CHECK_EQ(failed(fd_of(&calls[i]),
					_IOC(_IOC_DIR(cmd), HV_IOC, _IOC_NR(cmd), size + sizes[j]),
					&calls[i].arg), ENOTTY);
		for (dir = 0; dir < 4; dir++)
			if (dir != _IOC_DIR(cmd))
				CHECK_EQ(failed(fd_of(&calls[i]),
						_IOC(dir, HV_IOC, _IOC_NR(cmd), size),
						&calls[i].arg), ENOTTY);
	}
	CHECK_UNCHANGED();
}

/* Descriptors of other kinds, of none, and closed ones. */
static void descriptors(void)
{
	struct hv_console console = { 0 };
	struct hv_trap trap = { .address = 0x6000, .size = 1 };
	int others[] = {
		open("/dev/null", O_RDWR), eventfd(0, 0), s->fd, memfd_create("x", MFD_CLOEXEC),
		ioctl(guest, HV_CONSOLE, &console), ioctl(guest, HV_TRAP, &trap),
	};
	int closed = dup(guest);
	unsigned int i, j;

	close(closed);
	for (i = 0; i < COUNT(calls); i++) {
		CHECK_EQ(failed(calls[i].device ? guest : dev, calls[i].cmd, &calls[i].arg), ENOTTY);
		CHECK_EQ(failed(closed, calls[i].cmd, &calls[i].arg), EBADF);
		CHECK_EQ(failed(-1, calls[i].cmd, &calls[i].arg), EBADF);
		for (j = 0; j < COUNT(others); j++)
			CHECK(others[j] >= 0 &&
			      failed(others[j], calls[i].cmd, &calls[i].arg) == ENOTTY);
	}
	for (j = 0; j < COUNT(others); j++)
		if (others[j] != s->fd)
			close(others[j]);
	CHECK_UNCHANGED();
}

/* Nothing there, the kernel's half, and the last bytes missing. */
static void pointers(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *bad[] = { NULL, (void *)8, (void *)~7UL, (void *)(1UL << 63), page + 4092 };
	unsigned int i, j;

	CHECK(page != MAP_FAILED && !munmap(page + 4096, 4096));
	for (i = 0; i < COUNT(calls); i++)
		for (j = 0; j < COUNT(bad); j++)
			CHECK_EQ(failed(fd_of(&calls[i]), calls[i].cmd, bad[j]), EFAULT);
	munmap(page, 4096);
	CHECK_UNCHANGED();
}

/* One bit at a time. */
static void bits_of(const struct call *c, const struct zeros *z)
{
	uint8_t arg[sizeof(c->arg)];
	unsigned int bit;
	uint64_t value;

	for (bit = 0; bit < 8 * z->size; bit++) {
		if (z->allowed >> bit & 1)
			continue;
		memcpy(arg, &c->arg, sizeof(arg));
		memcpy(&value, arg + z->offset, z->size);
		value |= 1ULL << bit;
		memcpy(arg + z->offset, &value, z->size);
		if (failed(fd_of(c), c->cmd, arg) != EINVAL)
			printf("# %s: bit %u at %u\n", c->name, bit, z->offset);
		CHECK_EQ(failed(fd_of(c), c->cmd, arg), EINVAL);
	}
}

static void bits(void)
{
	unsigned int i, j;

	for (i = 0; i < COUNT(calls); i++)
		for (j = 0; j < COUNT(calls[i].zeros) && calls[i].zeros[j].size && tap_ok; j++)
			bits_of(&calls[i], &calls[i].zeros[j]);
	CHECK(tap_ok);
	CHECK_UNCHANGED();
}

/* Eventfds that are none. */
static void eventfds(void)
{
	int fds[] = { -1, -2, 1000, dev, guest, s->fd };
	unsigned int i;

	for (i = 0; i < COUNT(fds); i++) {
		struct hv_ioeventfd io = { .address = 0x5000, .size = 4, .fd = fds[i] };
		struct hv_irqfd irq = { .gsi = 5, .fd = fds[i] };
		int want = fds[i] < 0 || fds[i] == 1000 ? EBADF : EINVAL;

		CHECK_EQ(failed(guest, HV_IOEVENTFD, &io), want);
		CHECK_EQ(failed(guest, HV_IRQFD, &irq), want);
	}
	CHECK_UNCHANGED();
}

/* Netlink. */

/**
 * struct command - one that names a guest
 * @cmd: which
 * @changes: it takes permission
 * @in_created: its errno for a guest in state created, 0 where that succeeds
 * @region: it takes a region
 */
struct command {
	uint8_t cmd;
	bool changes;
	int in_created;
	bool region;
};

static const struct command commands[] = {
	{ HV_CMD_GUEST_GET, false, 0 },
	{ HV_CMD_STATS_GET, false, 0 },
	{ HV_CMD_GUEST_DEL, true, 0 },
	{ HV_CMD_GUEST_START, true, 0 },
	{ HV_CMD_GUEST_KILL, true, EBUSY },
	{ HV_CMD_GUEST_STOP, true, EBUSY },
	{ HV_CMD_GUEST_PAUSE, true, EBUSY },
	{ HV_CMD_GUEST_RESUME, true, EBUSY },
	{ HV_CMD_GUEST_RESET, true, EBUSY },
	{ HV_CMD_GUEST_SET, true, 0 },
	{ HV_CMD_REGION_NEW, true, EEXIST, true },
	{ HV_CMD_REGION_DEL, true, EINVAL, true },
};

/* What is right of a request: the region is the guest's only one. */
static void begin(struct nl_msg *m, const struct command *c)
{
	hv_start(s, m, c->cmd);
	if (c->region)
		hv_region(m, 0, 1 << 20);
}

static int call_id(const struct command *c, uint64_t which)
{
	struct nl_msg m;

	begin(&m, c);
	nl_u64(&m, HV_A_GUEST_ID, which);
	return nl_call(s, &m);
}

static int call_name(const struct command *c, const char *name)
{
	struct nl_msg m;

	begin(&m, c);
	nl_str(&m, HV_A_GUEST_NAME, name);
	return nl_call(s, &m);
}

static const char *const wrong_names[] = {
	"", "a/b", "../x", "a b", "a\tb", "a\nb", "a\x7f", "caf\xc3\xa9", "a*", "'", "%s",
};

/* Refused by a policy, with one errno or the other, and always with a sentence. */
#define CHECK_MALFORMED(m) do { \
	int malformed_ = nl_call(s, m); \
	CHECK(malformed_ == EINVAL || malformed_ == ERANGE); \
	CHECK(s->sentence[0]); \
} while (0)

#define CHECK_REFUSED(m, error_) do { \
	CHECK_EQ(nl_call(s, m), error_); \
	CHECK(s->sentence[0]); \
} while (0)

/* Each length but the right one. */
static void lengths_of(uint8_t cmd, uint16_t type, unsigned int right)
{
	uint8_t bytes[64] = { 0 };
	unsigned int len;
	struct nl_msg m;

	for (len = 0; len <= 2 * right + 1; len++) {
		if (len == right)
			continue;
		hv_start(s, &m, cmd);
		nl_put(&m, type, bytes, len);
		CHECK_MALFORMED(&m);
	}
}

static void lengths(void)
{
	unsigned int i;

	for (i = 0; i < COUNT(commands) && tap_ok; i++) {
		lengths_of(commands[i].cmd, HV_A_GUEST_ID, 8);
		lengths_of(commands[i].cmd, HV_A_GUEST_DEV_FD, 4);
	}
	lengths_of(HV_CMD_GUEST_SET, HV_A_GUEST_ON_RESET, 4);
	lengths_of(HV_CMD_GUEST_SET, HV_A_GUEST_RESTART, 4);
	lengths_of(HV_CMD_GUEST_NEW, HV_A_GUEST_RESTART, 4);
	lengths_of(HV_CMD_GUEST_NEW, HV_A_GUEST_BIND_FD, 4);
	lengths_of(HV_CMD_GUEST_NEW, HV_A_GUEST_DEV_FD, 4);
	lengths_of(HV_CMD_GUEST_NEW, HV_A_GUEST_VCPUS, 4);
	lengths_of(HV_CMD_GUEST_NEW, HV_A_GUEST_ON_RESET, 4);
	lengths_of(HV_CMD_GUEST_NEW, HV_A_GUEST_DEBUG_EXIT_PORT, 2);
	CHECK(tap_ok);
	CHECK_UNCHANGED();
}

/* Attributes that are only for replies, that are not there yet, and never will be. */
static void unknown_attributes(void)
{
	static const uint16_t types[] = {
		HV_A_GUEST_STATE, HV_A_GUEST_STOP_REASON, HV_A_GUEST_MEMORY_SIZE,
		HV_A_GUEST_MAX, HV_A_GUEST_MAX + 1, 100, 0x3fff,
	};
	struct nl_msg m;
	unsigned int i, j;

	for (i = 0; i < COUNT(commands); i++) {
		for (j = 0; j < COUNT(types); j++) {
			begin(&m, &commands[i]);
			nl_u64(&m, HV_A_GUEST_ID, id);
			nl_u64(&m, types[j], 0);
			CHECK_MALFORMED(&m);
		}
	}
	CHECK_UNCHANGED();
}

/* Some read all of a request before they look for the guest, and this is no name. */
static int errno_of_name(const struct command *c, const char *name)
{
	return (c->cmd == HV_CMD_GUEST_SET || c->region) && !name[0] ? EINVAL : ENOENT;
}

static void no_such_guest(void)
{
	static const uint64_t none[] = { 0, ~0ULL, 1ULL << 32, 1ULL << 63 };
	struct nl_msg m;
	unsigned int i, j;

	for (i = 0; i < COUNT(commands); i++) {
		begin(&m, &commands[i]);
		CHECK_REFUSED(&m, EINVAL);
		for (j = 0; j < COUNT(none); j++) {
			CHECK_EQ(call_id(&commands[i], none[j]), ENOENT);
			CHECK(s->sentence[0]);
		}
		for (j = 0; j < COUNT(wrong_names); j++) {
			CHECK_EQ(call_name(&commands[i], wrong_names[j]),
				 errno_of_name(&commands[i], wrong_names[j]));
			CHECK(s->sentence[0]);
		}
		/* The id of one and the name of another. */
		begin(&m, &commands[i]);
		nl_u64(&m, HV_A_GUEST_ID, id);
		nl_str(&m, HV_A_GUEST_NAME, "other");
		CHECK_REFUSED(&m, ENOENT);
	}
	CHECK_UNCHANGED();
}

/* Longer than any name, without an end, and what no guest may be called. */
static void names(void)
{
	char text[70];
	struct nl_msg m;
	unsigned int i, len;

	memset(text, 'n', sizeof(text));
	for (i = 0; i < COUNT(commands); i++) {
		for (len = 63; len < sizeof(text); len++) {
			begin(&m, &commands[i]);
			nl_put(&m, HV_A_GUEST_NAME, text, len);	/* no NUL in it */
			CHECK_MALFORMED(&m);
		}
	}
	for (i = 0; i < COUNT(wrong_names) + 2; i++) {
		hv_start(s, &m, HV_CMD_GUEST_NEW);
		nl_str(&m, HV_A_GUEST_NAME, i < COUNT(wrong_names) ? wrong_names[i] :
		       i == COUNT(wrong_names) ? "." : "..");
		hv_state(&m);
		hv_region(&m, 0, 1 << 20);
		CHECK_REFUSED(&m, EINVAL);
	}
	CHECK_UNCHANGED();
}

static void descriptors_of_the_device(void)
{
	int fds[] = { -1, -2, 1000, guest, s->fd, open("/dev/null", O_RDWR) };
	struct nl_msg m;
	unsigned int i, j;

	for (i = 0; i < COUNT(commands); i++) {
		for (j = 0; j < COUNT(fds); j++) {
			begin(&m, &commands[i]);
			nl_u64(&m, HV_A_GUEST_ID, id);
			nl_u32(&m, HV_A_GUEST_DEV_FD, fds[j]);
			CHECK_REFUSED(&m, fds[j] < 0 || fds[j] == 1000 ? EBADF : EINVAL);
		}
	}
	close(fds[5]);
	CHECK_UNCHANGED();
}

static void states(void)
{
	unsigned int i;

	for (i = 0; i < COUNT(commands); i++) {
		if (!commands[i].in_created)
			continue;
		CHECK_EQ(call_id(&commands[i], id), commands[i].in_created);
		CHECK(s->sentence[0]);
	}
	CHECK_UNCHANGED();
}

/* Values that a setting does not have. */
static void begin_set(struct nl_msg *m)
{
	hv_start(s, m, HV_CMD_GUEST_SET);
	nl_u64(m, HV_A_GUEST_ID, id);
}

static void settings(void)
{
	static const uint16_t types[] = { HV_A_GUEST_ON_RESET, HV_A_GUEST_RESTART };
	static const uint32_t values[] = { 3, 4, 0x100, 0x80000000, ~0U };
	uint8_t two = 2;
	struct nl_msg m;
	unsigned int i, j;

	for (i = 0; i < COUNT(types); i++) {
		for (j = 0; j < COUNT(values); j++) {
			begin_set(&m);
			nl_u32(&m, types[i], values[j]);
			CHECK_MALFORMED(&m);
		}
	}
	begin_set(&m);
	nl_put(&m, HV_A_GUEST_REMOVE_ON_STOP, &two, 1);
	CHECK_MALFORMED(&m);
	/* One that is right before one that is not: none is set. */
	begin_set(&m);
	nl_u32(&m, HV_A_GUEST_RESTART, HV_RESTART_ALWAYS);
	nl_str(&m, HV_A_GUEST_LABEL, "good=1");
	nl_str(&m, HV_A_GUEST_LABEL, "bad");
	CHECK_REFUSED(&m, EINVAL);
	CHECK_UNCHANGED();
}

static void labels(void)
{
	static const char *const wrong[] = {
		"x", "=", "=x", "a b=c", "a\n=b", "a=\n", "a=\x7f", "caf\xc3\xa9=x", "*=x",
		"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk=64",
	};
	char text[16];
	struct nl_msg m;
	unsigned int i;

	for (i = 0; i < COUNT(wrong); i++) {
		begin_set(&m);
		nl_str(&m, HV_A_GUEST_LABEL, wrong[i]);
		CHECK_REFUSED(&m, EINVAL);
	}
	begin_set(&m);
	nl_str(&m, HV_A_GUEST_LABEL, "twice=1");
	nl_str(&m, HV_A_GUEST_LABEL, "twice=2");
	CHECK_REFUSED(&m, EINVAL);
	begin_set(&m);
	for (i = 0; i < 17; i++) {
		snprintf(text, sizeof(text), "k%u=v", i);
		nl_str(&m, HV_A_GUEST_LABEL, text);
	}
	CHECK_REFUSED(&m, EINVAL);
	CHECK_UNCHANGED();
}

/* As nobody: what changes something is refused, what looks sees no guest of root's. */
static int as_nobody(void)
{
	struct nl_msg m;
	unsigned int i;

	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return 100;
	s = nl_open();
	for (i = 0; i < COUNT(commands); i++)
		if (call_id(&commands[i], id) != (commands[i].changes ? EPERM : ENOENT) ||
		    !s->sentence[0])
			return 1 + i;
	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_state(&m);
	hv_region(&m, 0, 1 << 20);
	if (nl_call(s, &m) != EPERM || !s->sentence[0])
		return 50;
	if (hv_dump(s, HV_CMD_GUEST_GET) || nl_next(s, NULL))
		return 51;
	return open("/dev/hv", O_RDWR) < 0 && errno == EACCES ? 0 : 52;
}

static void permission(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(as_nobody());
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 0);
	CHECK_UNCHANGED();
}

/* Regions. */

struct bad_regions {
	int error;
	unsigned int nr;
	struct {
		uint64_t gpa, size;
	} region[3];
};

static const struct bad_regions bad_regions[] = {
	{ EINVAL, 0 },
	{ EINVAL, 1, { { 0, 0 } } },
	{ EINVAL, 1, { { 0, 1 } } },
	{ EINVAL, 1, { { 1, 4096 } } },
	{ EINVAL, 1, { { 0, 4097 } } },
	{ EINVAL, 1, { { 4095, 4096 } } },
	{ EINVAL, 1, { { ~4095ULL, 4096 } } },
	{ EINVAL, 1, { { ~4095ULL, 8192 } } },
	{ EINVAL, 1, { { 4096, ~4095ULL } } },
	{ EINVAL, 1, { { 1ULL << 48, 4096 } } },
	{ EINVAL, 1, { { (1ULL << 48) - 4096, 8192 } } },
	{ EINVAL, 1, { { 1ULL << 63, 1ULL << 63 } } },
	{ EINVAL, 1, { { 0xc0000000, 4096 } } },
	{ EINVAL, 1, { { 0xbffff000, 8192 } } },
	{ EINVAL, 1, { { 0xfffff000, 8192 } } },
	{ EINVAL, 1, { { 0xfee00000, 4096 } } },
	{ EINVAL, 1, { { 0, 1ULL << 47 } } },
	{ EINVAL, 2, { { 0, 8192 }, { 4096, 4096 } } },
	{ EINVAL, 2, { { 0, 4096 }, { 0, 4096 } } },
	{ EINVAL, 3, { { 0x100000, 4096 }, { 0x300000, 4096 }, { 0, 0x400000 } } },
};

static void regions(void)
{
	struct nl_msg m;
	unsigned int i, j;

	for (i = 0; i < COUNT(bad_regions); i++) {
		hv_start(s, &m, HV_CMD_GUEST_NEW);
		hv_state(&m);
		for (j = 0; j < bad_regions[i].nr; j++)
			hv_region(&m, bad_regions[i].region[j].gpa, bad_regions[i].region[j].size);
		CHECK_REFUSED(&m, bad_regions[i].error);
	}
	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_state(&m);
	for (i = 0; i < 17; i++)
		hv_region(&m, i * 4096, 4096);
	CHECK_REFUSED(&m, EINVAL);
	CHECK_UNCHANGED();
}

/* memfds that could change under a guest. */
static void put_shared(struct nl_msg *m, int fd, uint64_t offset)
{
	struct nlattr *nest = nl_nest(m, HV_A_GUEST_REGION);

	nl_u64(m, HV_A_REGION_GPA, 1 << 20);
	nl_u64(m, HV_A_REGION_SIZE, 4096);
	if (fd != -100)
		nl_u32(m, HV_A_REGION_FD, fd);
	nl_u64(m, HV_A_REGION_OFFSET, offset);
	nl_nest_end(m, nest);
}

static void memfds(void)
{
	static const char page[4096];
	static const int seals[] = { 0, F_SEAL_WRITE, F_SEAL_GROW, F_SEAL_SHRINK,
				     F_SEAL_WRITE | F_SEAL_GROW, F_SEAL_WRITE | F_SEAL_SHRINK };
	int shrink = hv_memfd(page, sizeof(page), F_SEAL_SHRINK);
	struct {
		int fd;
		uint64_t offset;
		int error;
	} shared[] = {
		{ hv_memfd(page, sizeof(page), 0), 0, EPERM },
		{ hv_memfd(page, sizeof(page), F_SEAL_GROW), 0, EPERM },
		{ hv_memfd(page, sizeof(page), F_SEAL_SHRINK | F_SEAL_WRITE), 0, EPERM },
		{ dup(dev), 0, EPERM }, { -1, 0, EBADF }, { 1000, 0, EBADF }, { -100, 0, EINVAL },
		{ dup(shrink), 1, EINVAL }, { dup(shrink), 4096, EINVAL },
		{ dup(shrink), ~4095ULL, EINVAL },
	};
	struct nl_msg m;
	unsigned int i;

	for (i = 0; i < COUNT(seals); i++) {
		int fd = hv_memfd(page, sizeof(page), seals[i]);

		hv_start(s, &m, HV_CMD_GUEST_NEW);
		hv_state(&m);
		hv_region(&m, 0, 1 << 20);
		hv_segment(&m, 0, fd, 0, 16);
		CHECK_REFUSED(&m, EPERM);
		/* It was not kept: it can still shrink, where that is not sealed. */
		CHECK_EQ(ftruncate(fd, 0) ? errno : 0, seals[i] & F_SEAL_SHRINK ? EPERM : 0);
		close(fd);
	}
	for (i = 0; i < COUNT(shared); i++) {
		hv_start(s, &m, HV_CMD_GUEST_NEW);
		hv_state(&m);
		hv_region(&m, 0, 1 << 20);
		put_shared(&m, shared[i].fd, shared[i].offset);
		CHECK_REFUSED(&m, shared[i].error);
		if (shared[i].fd > 2 && shared[i].fd != 1000)
			close(shared[i].fd);
	}
	CHECK_EQ(fcntl(shrink, F_ADD_SEALS, F_SEAL_WRITE), 0);
	close(shrink);
	CHECK_UNCHANGED();
}

/* Commands that there are not, and messages that are not for senders. */
static void unknown_commands(void)
{
	static const uint8_t cmds[] = { 0, HV_CMD_GUEST_NTF, HV_CMD_TRAP_NTF, HV_CMD_MAX + 1, 255 };
	unsigned int i;

	for (i = 0; i < COUNT(cmds); i++)
		CHECK_EQ(hv_call_id(s, cmds[i], id), EOPNOTSUPP);
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_NEW), EOPNOTSUPP);
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_KILL), EOPNOTSUPP);
	CHECK_UNCHANGED();
}

static const struct tap_test tests[] = {
	{ "ioctls of other sizes and directions", sizes },
	{ "ioctls on descriptors that they are not for", descriptors },
	{ "ioctls with pointers to nowhere", pointers },
	{ "ioctls with each bit set that must be zero", bits },
	{ "eventfds that are none", eventfds },
	{ "netlink attributes of each wrong length", lengths },
	{ "netlink attributes that do not belong there", unknown_attributes },
	{ "guests that are not there", no_such_guest },
	{ "names that cannot be", names },
	{ "descriptors that are not /dev/hv", descriptors_of_the_device },
	{ "states that forbid it", states },
	{ "settings that there are not", settings },
	{ "labels that are none", labels },
	{ "nobody", permission },
	{ "regions", regions },
	{ "memfds that could change", memfds },
	{ "commands that are not there", unknown_commands },
};

int main(void)
{
	struct hv_open o = { 0 };
	uint64_t other;
	int status;
	unsigned int i;

	s = nl_open_as_root();
	dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	o.id = id = hv_plain_guest(s, "one");
	other = hv_plain_guest(s, "other");
	guest = ioctl(dev, HV_OPEN, &o);
	if (guest < 0 || !other)
		nl_die("guests");
	calls[1].arg.open.id = id;
	take(&before);
	for (i = 0; i < COUNT(calls); i++)
		if (calls[i].cmd == HV_SET_REGS)
			calls[i].arg.regs = before.regs;
	status = tap_run(tests, COUNT(tests));
	close(guest);
	hv_call_id(s, HV_CMD_GUEST_DEL, id);
	hv_call_id(s, HV_CMD_GUEST_DEL, other);
	return status;
}
