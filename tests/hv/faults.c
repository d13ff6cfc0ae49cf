// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every failure path: each allocation and each copy from and to user space that a
 * call makes fails once, one a call, until the call has no more of them. Whatever
 * fails, the error is one that such a call may have, the guest is whole or there is
 * none, and the same call without a fault then does its work.
 *
 * The kernel counts the faults of a thread down (Documentation/fault-injection,
 * 'fail-nth') and says in its log where the one that it made was: in what function
 * of hv, or outside, in the system call's own part.
 *
 * usage: faults [-v]     -v: name the call sites
 */
#include <ctype.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "nl.h"
#include "tap.h"

#define NTH_MAX		4000	/* more faults than any call has */
#define SITES_MAX	1024
#define TRIES		2000
#define TRY_US		5000

static struct nl *s;
static int dev, code_fd, kmsg, guest = -1;
static uint64_t id;
static bool verbose;

/* Where faults were. */

static char sites[SITES_MAX][64];
static unsigned int nr_sites, outside;

static void add_site(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < nr_sites; i++)
		if (!strncmp(sites[i], name, len) && !sites[i][len])
			return;
	if (nr_sites < SITES_MAX && len < sizeof(sites[0]))
		memcpy(sites[nr_sites++], name, len);
}

/* The innermost frame of hv: 'name+0x1a/0x40 [hv]'. Those behind a question mark are guesses. */
static bool site_in(const char *line)
{
	const char *end = strstr(line, "[hv]"), *name;

	if (!end || strstr(line, " ? "))
		return false;
	while (end > line && *end != '+')
		end--;
	for (name = end; name > line && !isspace((unsigned char)name[-1]); name--)
		;
	add_site(name, strcspn(name, " "));
	return true;
}

/* What the log says of the last fault. */
static void note_site(void)
{
	bool found = false, fault = false;
	char line[1024];
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n > 0 ? n : 0] = '\0';
		fault |= !!strstr(line, "FAULT_INJECTION");
		if (fault && !found)
			found = site_in(line);
	}
	outside += fault && !found;
}

/* Faults */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		printf("1..0 # SKIP %s: %s\n", path, strerror(errno));
		exit(4);
	}
	close(fd);
}

/* Every kind of allocation, and nothing by chance. */
static void set_up(void)
{
	static const char *const files[][2] = {
		{ "failslab/ignore-gfp-wait", "N" }, { "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" }, { "fail_page_alloc/min-order", "0" },
		{ "fail_usercopy/probability", "0" },
	};
	char path[96];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s", files[i][0]);
		write_file(path, files[i][1]);
	}
}

static int fail_file(int tid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", tid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		nl_die(path);
	return fd;
}

static void arm(int fd, unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		nl_die("fail-nth");
}

/* Was it made? What looks is itself counted, where this thread is the one that fails. */
static bool disarm(int fd)
{
	char text[16] = "";
	bool made;

	made = pread(fd, text, sizeof(text) - 1, 0) > 0 && text[0] == '0';
	while (pwrite(fd, "0", 1, 0) < 0)
		;
	if (made)
		note_site();
	return made;
}

/* Guests to do it to */

/* Real mode: writes to 32 pages, then to the debug exit. */
static const uint8_t code[] = {
	0xb8, 0x00, 0x10,		/* mov $0x1000, %ax */
	0x8e, 0xc0,			/* 1: mov %ax, %es */
	0x26, 0xa2, 0x00, 0x00,		/* mov %al, %es:0 */
	0x05, 0x00, 0x01,		/* add $0x100, %ax */
	0x3d, 0x00, 0x30,		/* cmp $0x3000, %ax */
	0x75, 0xf2,			/* jne 1b */
	0xb0, 0x00, 0xe6, 0xf4,		/* out %al, $0xf4 */
	0xf4,
};

/* sti; 1: hlt; jmp 1b */
static const uint8_t idle[] = { 0xfb, 0xf4, 0xeb, 0xfd };

static void put_guest(struct nl_msg *m, int fd, size_t len)
{
	hv_start(s, m, HV_CMD_GUEST_NEW);
	nl_str(m, HV_A_GUEST_NAME, "victim");
	nl_u16(m, HV_A_GUEST_DEBUG_EXIT_PORT, 0xf4);
	nl_str(m, HV_A_GUEST_LABEL, "key=value");
	nl_str(m, HV_A_GUEST_ORIGIN, "nowhere");
	hv_state(m);
	hv_region(m, 0, 1 << 20);
	hv_region(m, 1 << 21, 1 << 20);
	hv_segment(m, 0, fd, 0, len);
}

static int idle_fd;

static void put_idle(struct nl_msg *m)
{
	put_guest(m, idle_fd, sizeof(idle));
	nl_u32(m, HV_A_GUEST_VCPUS, 2);
}

static bool exists(void)
{
	return !hv_call_name(s, HV_CMD_GUEST_GET, "victim");
}

static void drop(void)
{
	if (guest >= 0)
		close(guest);
	guest = -1;
	hv_call_name(s, HV_CMD_GUEST_KILL, "victim");
	hv_call_name(s, HV_CMD_GUEST_DEL, "victim");
	if (exists())
		nl_die("the guest stays");
}

enum state { NONE, CREATED, RUNNING, PAUSED };

static void make(enum state state)
{
	struct hv_open o = { 0 };
	struct nl_msg m;

	drop();
	if (state == NONE)
		return;
	put_idle(&m);
	if (nl_call(s, &m))
		nl_die(s->sentence);
	o.id = id = hv_id(s);
	guest = ioctl(dev, HV_OPEN, &o);
	if (guest < 0 || (state >= RUNNING && hv_call_id(s, HV_CMD_GUEST_START, id)) ||
	    (state == PAUSED && hv_call_id(s, HV_CMD_GUEST_PAUSE, id)))
		nl_die("a guest to test with");
}

/* What is called */

static void put_region(struct nl_msg *m)
{
	hv_region(m, 1 << 22, 1 << 20);
}

static void put_second(struct nl_msg *m)
{
	hv_region(m, 1 << 21, 1 << 20);
}

static void put_settings(struct nl_msg *m)
{
	nl_str(m, HV_A_GUEST_LABEL, "other=value");
	nl_u32(m, HV_A_GUEST_RESTART, HV_RESTART_ON_FAILURE);
}

static int closed(int fd)
{
	return fd < 0 ? -errno : close(fd);
}

static int call_device(void)
{
	return closed(open("/dev/hv", O_RDWR | O_CLOEXEC));
}

static int call_info(void)
{
	struct hv_info info;

	return ioctl(dev, HV_INFO, &info) ? -errno : 0;
}

static int call_open(void)
{
	struct hv_open o = { .id = id };

	return closed(ioctl(dev, HV_OPEN, &o));
}

static int call_console(void)
{
	struct hv_console c = { .flags = HV_CONSOLE_WRITE };
	int fd = ioctl(guest, HV_CONSOLE, &c), err = 0;
	char text[4];

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if ((write(fd, "text", 4) < 0 || read(fd, text, 4) < 0) && errno != EAGAIN)
		err = -errno;
	close(fd);
	return err;
}

static int call_regs(void)
{
	struct hv_vcpu_regs r = { 0 };

	return ioctl(guest, HV_GET_REGS, &r) || ioctl(guest, HV_SET_REGS, &r) ? -errno : 0;
}

static int call_trap(void)
{
	struct hv_trap t = { .space = HV_SPACE_MMIO, .address = 0xd0000000, .size = 4096 };

	return closed(ioctl(guest, HV_TRAP, &t));
}

static int call_ioeventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC), err;
	struct hv_ioeventfd io = { .space = HV_SPACE_MMIO, .address = 0xd0000000, .size = 4,
				   .fd = fd };

	if (fd < 0)
		return -errno;
	err = ioctl(guest, HV_IOEVENTFD, &io) ? -errno : 0;
	if (!err) {
		io.flags = HV_IOEVENTFD_REMOVE;
		io.fd = -1;
		while (ioctl(guest, HV_IOEVENTFD, &io) && errno != ENOENT)
			err = -errno;
	}
	close(fd);
	return err;
}

static int call_irqfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC), err;
	struct hv_irqfd irq = { .gsi = 5, .fd = fd };

	if (fd < 0)
		return -errno;
	err = ioctl(guest, HV_IRQFD, &irq) ? -errno : 0;
	if (!err) {
		irq.flags = HV_IRQFD_REMOVE;
		irq.fd = -1;
		while (ioctl(guest, HV_IRQFD, &irq) && errno != ENOENT)
			err = -errno;
	}
	close(fd);
	return err;
}

static int call_discard(void)
{
	struct hv_discard range = { 0, 1 << 20 };

	return ioctl(guest, HV_DISCARD, &range) ? -errno : 0;
}

static int call_last_exits(void)
{
	struct hv_exit_record records[16];
	struct hv_last_exits a = { .count = 16, .records = (uintptr_t)records };

	return ioctl(guest, HV_LAST_EXITS, &a) ? -errno : 0;
}

static int call_mmap(void)
{
	void *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, guest, 0);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, 1 << 20);
	return 0;
}

/**
 * struct op - a call
 * @name: for people
 * @from: the guest's state before
 * @cmd: its netlink command, or 0
 * @put: what the request has beside the guest's id, or NULL; for guest-new, all
 * @call: otherwise: 0 or a negative errno
 */
struct op {
	const char *name;
	enum state from;
	uint8_t cmd;
	void (*put)(struct nl_msg *m);
	int (*call)(void);
};

static const struct op ops[] = {
	{ "guest-new", NONE, HV_CMD_GUEST_NEW, put_idle },
	{ "guest-get", CREATED, HV_CMD_GUEST_GET },
	{ "stats-get", RUNNING, HV_CMD_STATS_GET },
	{ "guest-set", CREATED, HV_CMD_GUEST_SET, put_settings },
	{ "region-new", CREATED, HV_CMD_REGION_NEW, put_region },
	{ "region-del", PAUSED, HV_CMD_REGION_DEL, put_second },
	{ "guest-start", CREATED, HV_CMD_GUEST_START },
	{ "guest-pause", RUNNING, HV_CMD_GUEST_PAUSE },
	{ "guest-resume", PAUSED, HV_CMD_GUEST_RESUME },
	{ "guest-reset", RUNNING, HV_CMD_GUEST_RESET },
	{ "guest-stop", RUNNING, HV_CMD_GUEST_STOP },
	{ "guest-kill", RUNNING, HV_CMD_GUEST_KILL },
	{ "guest-del", CREATED, HV_CMD_GUEST_DEL },
	{ "open", NONE, .call = call_device },
	{ "HV_INFO", NONE, .call = call_info },
	{ "HV_OPEN", CREATED, .call = call_open },
	{ "HV_CONSOLE", RUNNING, .call = call_console },
	{ "HV_GET_REGS, HV_SET_REGS", PAUSED, .call = call_regs },
	{ "HV_TRAP", RUNNING, .call = call_trap },
	{ "HV_IOEVENTFD", RUNNING, .call = call_ioeventfd },
	{ "HV_IRQFD", RUNNING, .call = call_irqfd },
	{ "HV_DISCARD", RUNNING, .call = call_discard },
	{ "HV_LAST_EXITS", RUNNING, .call = call_last_exits },
	{ "mmap", CREATED, .call = call_mmap },
};

static void build(const struct op *op, struct nl_msg *m)
{
	if (op->cmd == HV_CMD_GUEST_NEW) {
		op->put(m);
		return;
	}
	hv_start(s, m, op->cmd);
	nl_u64(m, HV_A_GUEST_ID, id);
	if (op->put)
		op->put(m);
}

/* What a request that was sent came to: ENOBUFS where its answer was lost. */
static int answer(void)
{
	static char reply[NL_REPLY];
	const struct nlmsghdr *h;
	int err = -ENOBUFS;
	ssize_t n;

	while ((n = recv(s->fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0 || errno == ENOBUFS)
		for (h = (void *)reply; (char *)h < reply + n;
		     h = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len)))
			if (h->nlmsg_type == NLMSG_ERROR)
				err = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
	return err;
}

/* The fault is made in the request: its processing is part of send(). */
static int request(const struct op *op, int fd, unsigned int nth, bool *made)
{
	struct nl_msg m;
	int err;

	build(op, &m);
	m.header->nlmsg_seq = ++s->seq;
	m.header->nlmsg_flags |= NLM_F_ACK;
	arm(fd, nth);
	err = send(s->fd, m.header, m.header->nlmsg_len, 0) < 0 ? -errno : 0;
	*made = disarm(fd);
	return err ?: answer();
}

static int with_fault(const struct op *op, int fd, unsigned int nth, bool *made)
{
	int err;

	if (op->cmd)
		return request(op, fd, nth, made);
	arm(fd, nth);
	err = op->call();
	*made = disarm(fd);
	return err;
}

static int without_fault(const struct op *op)
{
	struct nl_msg m;

	if (!op->cmd)
		return op->call();
	build(op, &m);
	return -nl_call(s, &m);
}

static bool is_clean(int err)
{
	return err == 0 || err == -ENOMEM || err == -EFAULT || err == -ENOBUFS ||
	       err == -ENFILE || err == -EMFILE;
}

/* It may have been done, and only the answer was lost. */
static bool is_done(const struct op *op, int lost, int err)
{
	if (!err)
		return true;
	return lost && op->cmd && (err == -EBUSY || err == -EEXIST || err == -ENXIO ||
				   err == -ENOENT);
}

/* One fault; false behind the last one. */
static bool one_fault(const struct op *op, int fd, unsigned int nth)
{
	bool made;
	int err, again;

	make(op->from);
	err = with_fault(op, fd, nth, &made);
	if (!is_clean(err) || (!made && err)) {
		printf("# %s, fault %u: %s\n", op->name, nth, strerror(-err));
		tap_ok = false;
	}
	again = err ? without_fault(op) : 0;
	if (!is_done(op, err == -ENOBUFS, again)) {
		printf("# %s behind fault %u (%d): %s\n", op->name, nth, err, strerror(-again));
		tap_ok = false;
	}
	return made;
}

static void calls(void)
{
	int fd = fail_file(gettid());
	unsigned int i, nth, before;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		before = nr_sites;
		for (nth = 1; nth < NTH_MAX && one_fault(&ops[i], fd, nth); nth++)
			;
		printf("# %s: %u faults, %u new call sites of hv\n", ops[i].name, nth - 1,
		       nr_sites - before);
		CHECK(nth < NTH_MAX);
	}
	close(fd);
	drop();
}

/* What the vCPU's thread does: the manifest, the guest's pages. */

static int vcpu_thread(void)
{
	struct nlattr *vcpu;

	if (hv_call_name(s, HV_CMD_GUEST_GET, "victim"))
		nl_die("no guest");
	vcpu = nl_attr(nl_next(s, NULL), HV_A_GUEST_VCPU);
	return nl_value(nl_inner(vcpu, HV_A_VCPU_TID));
}

static uint64_t field(uint16_t type)
{
	hv_call_name(s, HV_CMD_GUEST_GET, "victim");
	return nl_value(nl_attr(nl_next(s, NULL), type));
}

/* Starts it, and waits for its stop: its reason. */
static uint64_t run_to_stop(int *err)
{
	unsigned int tries;

	*err = hv_call_name(s, HV_CMD_GUEST_START, "victim");
	for (tries = 0; tries < TRIES && field(HV_A_GUEST_STATE) == HV_STATE_RUNNING; tries++)
		usleep(TRY_US);
	return field(HV_A_GUEST_STOP_REASON);
}

static bool one_thread_fault(unsigned int nth)
{
	struct nl_msg m;
	uint64_t reason;
	bool made;
	int fd, err;

	drop();
	put_guest(&m, code_fd, sizeof(code));
	if (nl_call(s, &m))
		nl_die(s->sentence);
	fd = fail_file(vcpu_thread());
	arm(fd, nth);
	reason = run_to_stop(&err);
	made = disarm(fd);
	close(fd);
	if ((err && err != ENOMEM) || (reason != HV_STOP_REASON_DEBUG_EXIT &&
				       (reason != HV_STOP_REASON_MEMORY_LIMIT || !made))) {
		printf("# fault %u: start: %s, stop reason %llu\n", nth, strerror(err),
		       (unsigned long long)reason);
		tap_ok = false;
	}
	reason = run_to_stop(&err);
	if (err || reason != HV_STOP_REASON_DEBUG_EXIT) {
		printf("# behind fault %u: start: %s, stop reason %llu\n", nth, strerror(err),
		       (unsigned long long)reason);
		tap_ok = false;
	}
	return made;
}

static void threads(void)
{
	unsigned int nth, before = nr_sites;

	for (nth = 1; nth < NTH_MAX && one_thread_fault(nth); nth++)
		;
	printf("# a guest's run: %u faults, %u new call sites of hv\n", nth - 1,
	       nr_sites - before);
	CHECK(nth > 10 && nth < NTH_MAX);
	drop();
}

static void summary(void)
{
	unsigned int i;

	printf("# faults at %u call sites of hv; %u faults outside of it\n", nr_sites, outside);
	for (i = 0; verbose && i < nr_sites; i++)
		printf("# %s\n", sites[i]);
	CHECK(nr_sites > 10);
}

static const struct tap_test tests[] = {
	{ "each fault of each call", calls },
	{ "each fault of a vCPU's thread", threads },
	{ "they were in hv", summary },
};

int main(int argc, char **argv)
{
	verbose = argc > 1 && !strcmp(argv[1], "-v");
	s = nl_open_as_root();
	set_up();
	dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	code_fd = hv_memfd(code, sizeof(code), HV_SEALS);
	idle_fd = hv_memfd(idle, sizeof(idle), HV_SEALS);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		nl_die("/dev/kmsg");
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
