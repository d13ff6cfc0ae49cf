// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that answer the guest's bus: what they see, what the guest sees, and
 * what becomes of both when one of them goes.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "items.h"
#include "nl.h"

#define DEVICE		0xd0000000ULL
#define PORT		0x5000

enum { MODE_MEMORY, MODE_ONE_READ, MODE_FOREVER, MODE_DOORBELL, MODE_INTERRUPTS };

static struct hvctl *h;
static struct nl *s;

/* A guest of payload_trap, and its descriptor. */
struct board {
	uint64_t id;
	int guest;
};

static struct board board_new(uint64_t mode, uint64_t arg)
{
	struct board b = { .id = create_spec(h, item_spec(h, "trap", mode, arg)) };

	b.guest = hvctl_guest_fd(h, b.id);
	if (b.guest < 0)
		test_die("guest: %s", hvctl_error(h));
	return b;
}

static void board_free(struct board *b)
{
	close(b->guest);
	if (hvctl_remove(h, b->id))
		test_die("remove: %s", hvctl_error(h));
}

static int trap(int guest, uint32_t space, uint64_t address, uint64_t size)
{
	struct hv_trap t = { .space = space, .address = address, .size = size };

	return ioctl(guest, HV_TRAP, &t);
}

static int trap_errno(int guest, uint32_t space, uint64_t address, uint64_t size)
{
	int fd = trap(guest, space, address, size);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* A device: memory at both its page and its ports, on a thread for each descriptor. */
struct device {
	pthread_t thread;
	int fd;
	uint8_t *memory;
	unsigned int reads, writes;
	uint64_t last_seq;
	bool wrong;
};

static void answer(struct device *d, const struct hv_access *a)
{
	struct hv_answer reply = { .seq = a->seq, .data = 0xeeeeeeeeeeeeeeee };
	uint8_t *at = d->memory + (a->address & 0xfff);

	d->wrong |= a->seq <= d->last_seq || a->vcpu || a->pad[0] || a->pad[1] || a->write > 1 ||
		    (a->size & (a->size - 1)) || !a->size || a->size > 8;
	d->last_seq = a->seq;
	if (a->write)
		memcpy(at, &a->data, a->size);
	else
		memcpy(&reply.data, at, a->size);
	d->reads += !a->write;
	d->writes += a->write;
	d->wrong |= write(d->fd, &reply, sizeof(reply)) != sizeof(reply);
}

/* Ends when the guest was removed. */
static void *device_loop(void *arg)
{
	struct device *d = arg;
	struct hv_access a;
	ssize_t n;

	while ((n = read(d->fd, &a, sizeof(a))) == sizeof(a))
		answer(d, &a);
	d->wrong |= n != 0;
	return NULL;
}

static void device_start(struct device *d, int fd, uint8_t *memory)
{
	*d = (struct device){ .fd = fd, .memory = memory };
	if (fd < 0 || pthread_create(&d->thread, NULL, device_loop, d))
		test_die("device: %s", strerror(errno));
}

static void device_join(struct device *d)
{
	pthread_join(d->thread, NULL);
	close(d->fd);
}

/* Every kind of access, against memory. */
static void devices(void)
{
	struct board b = board_new(MODE_MEMORY, 0);
	struct device page, ports;
	uint8_t memory[4096] = { 0 };
	struct hvctl_guest *g;
	char *text;

	device_start(&page, trap(b.guest, HV_SPACE_MMIO, DEVICE, 4096), memory);
	device_start(&ports, trap(b.guest, HV_SPACE_PORT, PORT, 16), memory);
	g = run_or_kill(h, b.id, ITEM_MS);
	text = console_text(h, b.id);
	CHECK(show_items(text) > 20);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	free(text);
	hvctl_guest_free(g);
	board_free(&b);
	device_join(&page);
	device_join(&ports);
	CHECK(!page.wrong && !ports.wrong);
	CHECK(page.reads > 50 && page.writes > 50 && ports.reads > 5);
}

/* The guest waits for an access to @fd: that access. */
static struct hv_access next_access(int fd)
{
	struct hv_access a = { 0 };

	if (read(fd, &a, sizeof(a)) != sizeof(a))
		test_die("trap: %s", strerror(errno));
	return a;
}

static int join_events(void)
{
	struct nl *listener = nl_open();
	int group = listener->events, fd = listener->fd;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		test_die("events: %s", strerror(errno));
	free(listener);
	return fd;
}

/* The trap event of guest @id among those that came, as space, address, size, cut. */
static bool trap_event(int fd, uint64_t id, uint64_t out[4])
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[16384];

	while (poll(&p, 1, 5000) == 1 && recv(fd, buf, sizeof(buf), 0) > 0) {
		struct nlmsghdr *m = (struct nlmsghdr *)buf;
		struct genlmsghdr *genl = NLMSG_DATA(m);
		struct nlattr *t = nl_attr(m, HV_A_GUEST_TRAP);

		if (genl->cmd != HV_CMD_TRAP_NTF || nl_value(nl_attr(m, HV_A_GUEST_ID)) != id)
			continue;
		out[0] = nl_value(nl_inner(t, HV_A_TRAP_SPACE));
		out[1] = nl_value(nl_inner(t, HV_A_TRAP_ADDRESS));
		out[2] = nl_value(nl_inner(t, HV_A_TRAP_SIZE));
		out[3] = nl_value(nl_inner(t, HV_A_TRAP_CUT));
		return nl_attr(m, HV_A_GUEST_NAME);
	}
	return false;
}

static void finish_one_read(struct board *b)
{
	struct hvctl_guest *g = NULL;
	char *text;

	CHECK_OK(h, hvctl_wait(h, b->id, ITEM_MS, &g));
	text = console_text(h, b->id);
	CHECK(show_items(text) >= 3);	/* of this run and those before */
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	free(text);
	hvctl_guest_free(g);
}

/* A handler that closes its descriptor while the guest waits. */
static void closed(void)
{
	struct board b = board_new(MODE_ONE_READ, 0);
	int fd = trap(b.guest, HV_SPACE_MMIO, DEVICE, 4096), events = join_events();
	struct hv_access a;
	uint64_t said[4];

	CHECK(fd >= 0);
	CHECK_OK(h, hvctl_start(h, b.id));
	a = next_access(fd);
	CHECK(a.address == DEVICE && a.size == 4 && !a.write && !a.data && !a.vcpu);
	close(fd);
	finish_one_read(&b);
	CHECK(trap_event(events, b.id, said));
	CHECK(said[0] == HV_SPACE_MMIO && said[1] == DEVICE && said[2] == 4096 && said[3] == 1);
	/* The range is free again. */
	CHECK_EQ(trap_errno(b.guest, HV_SPACE_MMIO, DEVICE, 4096), 0);
	CHECK(trap_event(events, b.id, said) && said[3] == 0);
	close(events);
	board_free(&b);
}

/* One that is killed, with the access read or not. */
static void killed(void)
{
	struct board b = board_new(MODE_ONE_READ, 0);
	int said[2], i, status;
	pid_t pid;
	char c;

	for (i = 0; i < 2; i++) {
		CHECK_EQ(pipe(said), 0);
		fflush(stdout);
		pid = fork();
		if (!pid) {
			int fd = trap(b.guest, HV_SPACE_MMIO, DEVICE, 4096);

			if (write(said[1], "x", fd >= 0) == 1 && i)
				next_access(fd);
			if (write(said[1], "y", 1) == 1)
				pause();
			_exit(1);
		}
		close(said[1]);
		CHECK(read(said[0], &c, 1) == 1 && c == 'x');
		CHECK_OK(h, hvctl_start(h, b.id));
		CHECK(read(said[0], &c, 1) == 1 && c == 'y');
		if (!i)
			usleep(100000);
		CHECK_EQ(kill(pid, SIGKILL), 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		close(said[0]);
		finish_one_read(&b);
	}
	board_free(&b);
}

/* The guest is killed and started while its access waits. */
static void guest_killed(void)
{
	struct board b = board_new(MODE_FOREVER, 0);
	int fd = trap(b.guest, HV_SPACE_PORT, PORT, 16);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct hv_access first, second;
	struct hv_answer late;

	CHECK_OK(h, hvctl_start(h, b.id));
	first = next_access(fd);
	CHECK_OK(h, hvctl_kill(h, b.id));
	late.seq = first.seq;
	CHECK(write(fd, &late, sizeof(late)) < 0 && errno == ENOENT);
	/* Nor is one left that nobody has read. */
	CHECK_OK(h, hvctl_start(h, b.id));
	CHECK_EQ(poll(&p, 1, ITEM_MS), 1);
	CHECK_OK(h, hvctl_kill(h, b.id));
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_OK(h, hvctl_start(h, b.id));
	second = next_access(fd);
	CHECK(second.seq > first.seq);
	CHECK(write(fd, &late, sizeof(late)) < 0 && errno == ENOENT);
	late.seq = second.seq;
	CHECK_EQ(write(fd, &late, sizeof(late)), sizeof(late));
	CHECK(write(fd, &late, sizeof(late)) < 0 && errno == ENOENT);
	second = next_access(fd);
	CHECK_OK(h, hvctl_kill(h, b.id));
	board_free(&b);
	/* No access will come: the end of the file. */
	CHECK_EQ(poll(&p, 1, ITEM_MS), 1);
	CHECK(p.revents & POLLHUP);
	CHECK_EQ(read(fd, &second, sizeof(second)), 0);
	close(fd);
}

static void descriptor(void)
{
	struct board b = board_new(MODE_FOREVER, 0);
	int fd = trap(b.guest, HV_SPACE_PORT, PORT, 16);
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct hv_answer reply = { .seq = 1 };
	void *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hv_access a[2];

	CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	CHECK(read(fd, a, sizeof(a[0]) - 1) < 0 && errno == EINVAL);
	CHECK(write(fd, &reply, sizeof(reply) - 1) < 0 && errno == EINVAL);
	CHECK(write(fd, a, sizeof(a[0])) < 0 && errno == EINVAL);
	CHECK(write(fd, &reply, sizeof(reply)) < 0 && errno == ENOENT);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	CHECK(read(fd, a, sizeof(a)) < 0 && errno == EAGAIN);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT);
	CHECK_OK(h, hvctl_start(h, b.id));
	p.events = POLLIN;
	CHECK_EQ(poll(&p, 1, ITEM_MS), 1);
	/* An access that could not be copied is not lost; a longer read takes one. */
	CHECK(read(fd, nowhere, sizeof(a[0])) < 0 && errno == EFAULT);
	CHECK(write(fd, nowhere, sizeof(reply)) < 0 && errno == EFAULT);
	/* Nobody answers what he has not read. */
	CHECK(write(fd, &reply, sizeof(reply)) < 0 && errno == ENOENT);
	CHECK_EQ(read(fd, a, sizeof(a)), sizeof(a[0]));
	CHECK_EQ(a[0].seq, 1);
	CHECK(read(fd, a, sizeof(a)) < 0 && errno == EAGAIN);
	CHECK_EQ(write(fd, &reply, sizeof(reply)), sizeof(reply));
	CHECK_OK(h, hvctl_kill(h, b.id));
	close(fd);
	board_free(&b);
	munmap(nowhere, 4096);
}

static int ioeventfd(int guest, uint32_t space, uint64_t address, uint32_t size,
		     const uint64_t *data, int fd)
{
	struct hv_ioeventfd arg = {
		.space = space, .address = address, .size = size, .fd = fd,
		.flags = (data ? HV_IOEVENTFD_MATCH : 0) | (fd < 0 ? HV_IOEVENTFD_REMOVE : 0),
		.data = data ? *data : 0,
	};

	return ioctl(guest, HV_IOEVENTFD, &arg) ? errno : 0;
}

static int irqfd(int guest, uint32_t gsi, int fd)
{
	struct hv_irqfd arg = {
		.gsi = gsi, .fd = fd, .flags = fd < 0 ? HV_IRQFD_REMOVE : 0,
	};

	return ioctl(guest, HV_IRQFD, &arg) ? errno : 0;
}

static uint64_t count(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

/* Writes that ring are the eventfd's, all others the trap's. */
static void doorbells(void)
{
	struct board b = board_new(MODE_DOORBELL, 0);
	int all = eventfd(0, EFD_NONBLOCK), some = eventfd(0, EFD_NONBLOCK);
	struct device page, ports;
	uint8_t memory[4096] = { 0 };
	const uint64_t seven = 7;
	struct hvctl_guest *g;
	char *text;

	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, NULL, all), 0);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_MMIO, DEVICE + 0x10, 4, &seven, some), 0);
	device_start(&page, trap(b.guest, HV_SPACE_MMIO, DEVICE, 4096), memory);
	device_start(&ports, trap(b.guest, HV_SPACE_PORT, PORT, 16), memory);
	g = run_or_kill(h, b.id, ITEM_MS);
	text = console_text(h, b.id);
	CHECK_EQ(show_items(text), 1);
	CHECK_EQ(payload_status(g), 0);
	free(text);
	hvctl_guest_free(g);
	board_free(&b);
	device_join(&page);
	device_join(&ports);
	CHECK(!page.wrong && !ports.wrong);
	CHECK_EQ(count(all), 100);
	CHECK_EQ(count(some), 1);
	CHECK_EQ(page.writes, 50);
	CHECK_EQ(page.reads, 1);
	CHECK_EQ(ports.writes, 10);
	close(all);
	close(some);
}

/* From a guest's write to its own interrupt without any program. */
static void one_interrupt(uint32_t gsi)
{
	struct board b = board_new(MODE_INTERRUPTS, gsi);
	int fd = eventfd(0, EFD_NONBLOCK);
	struct hvctl_guest *g;
	char *text;

	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, NULL, fd), 0);
	CHECK_EQ(irqfd(b.guest, gsi, fd), 0);
	close(fd);
	g = run_or_kill(h, b.id, ITEM_MS);
	text = console_text(h, b.id);
	CHECK_EQ(show_items(text), 1);
	CHECK_EQ(payload_status(g), 0);
	free(text);
	hvctl_guest_free(g);
	/* Both outlive the run. */
	g = run_or_kill(h, b.id, ITEM_MS);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	hvctl_guest_free(g);
	board_free(&b);
}

static void interrupts(void)
{
	one_interrupt(5);
	one_interrupt(23);
}

/* What was signalled before the irqfd counts; a guest that does not run misses it. */
static void irqfds(void)
{
	struct board b = board_new(MODE_FOREVER, 0);
	int fd = eventfd(3, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
	uint64_t one = 1;

	CHECK_EQ(irqfd(b.guest, 5, fd), 0);
	CHECK_EQ(count(fd), 0);
	CHECK_EQ(write(fd, &one, 8), 8);
	CHECK_EQ(count(fd), 0);
	CHECK_EQ(irqfd(b.guest, 5, other), EEXIST);
	CHECK_EQ(irqfd(b.guest, 6, fd), 0);
	CHECK_EQ(irqfd(b.guest, 5, -1), 0);
	CHECK_EQ(irqfd(b.guest, 5, -1), ENOENT);
	CHECK_EQ(irqfd(b.guest, 5, other), 0);
	CHECK_EQ(irqfd(b.guest, 6, -1), 0);
	/* Nobody takes it any more. */
	CHECK_EQ(write(fd, &one, 8), 8);
	CHECK_EQ(count(fd), 1);
	close(fd);
	board_free(&b);
	CHECK_EQ(write(other, &one, 8), 8);
	CHECK_EQ(count(other), 1);
	close(other);
}

static void eventfds_refused(void)
{
	struct board b = board_new(MODE_FOREVER, 0);
	int fd = eventfd(0, 0), null = open("/dev/null", O_RDWR);
	const uint64_t zero = 0, wide = 0x100;
	static const uint32_t taken[] = { 0, 2, 4, 8, 9 };
	struct hv_irqfd irq[] = {
		{ .gsi = 5, .flags = 2, .fd = fd }, { .gsi = 5, .pad = 1, .fd = fd },
		{ .gsi = 24, .fd = fd }, { .gsi = ~0U, .fd = fd }, { .gsi = 5, .fd = null },
		{ .gsi = 5, .flags = HV_IRQFD_REMOVE, .fd = fd },
	};
	struct hv_ioeventfd io[] = {
		{ .address = PORT, .fd = fd, .flags = 4 },
		{ .address = PORT, .fd = fd, .size = 3 }, { .address = PORT, .fd = fd, .size = 8 },
		{ .address = PORT, .fd = fd, .size = 16, .space = HV_SPACE_MMIO },
		{ .address = PORT, .fd = fd, .size = 4, .space = 2 },
		{ .address = PORT, .fd = fd, .size = 4, .data = 1 },
		{ .address = PORT, .fd = fd, .flags = HV_IOEVENTFD_MATCH },
		{ .address = 0xffff, .fd = fd, .size = 2 }, { .address = 0x10000, .fd = fd },
		{ .address = ~0ULL, .fd = fd, .size = 8, .space = HV_SPACE_MMIO },
		{ .address = PORT, .fd = fd, .size = 4, .flags = HV_IOEVENTFD_REMOVE },
		{ .address = PORT, .fd = null, .size = 4 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(irq) / sizeof(irq[0]); i++)
		CHECK(ioctl(b.guest, HV_IRQFD, &irq[i]) && errno == EINVAL);
	for (i = 0; i < sizeof(io) / sizeof(io[0]); i++)
		CHECK(ioctl(b.guest, HV_IOEVENTFD, &io[i]) && errno == EINVAL);
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		CHECK_EQ(irqfd(b.guest, taken[i], fd), EBUSY);
	CHECK_EQ(irqfd(b.guest, 5, 1000), EBADF);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, NULL, 1000), EBADF);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 1, &wide, fd), EINVAL);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, 0x3f8, 1, NULL, fd), EBUSY);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_MMIO, 0x1000, 4, NULL, fd), EBUSY);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, NULL, -1), ENOENT);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, &zero, fd), 0);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, &zero, fd), EEXIST);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, NULL, fd), EEXIST);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 0, NULL, fd), EEXIST);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, &wide, fd), 0);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 2, NULL, fd), 0);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, NULL, -1), ENOENT);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, &zero, -1), 0);
	CHECK_EQ(ioeventfd(b.guest, HV_SPACE_PORT, PORT, 4, &zero, -1), ENOENT);
	close(fd);
	close(null);
	board_free(&b);
}

struct refusal {
	struct hv_trap arg;
	int error;
};

static void refused(void)
{
	static const struct refusal rows[] = {
		{ { .address = PORT }, EINVAL },
		{ { .address = PORT, .size = 1, .flags = 1 }, EINVAL },
		{ { .address = PORT, .size = 1, .flags = 1U << 31 }, EINVAL },
		{ { .address = PORT, .size = 1, .space = 2 }, EINVAL },
		{ { .address = PORT, .size = 1, .space = ~0U }, EINVAL },
		{ { .address = 0x10000, .size = 1 }, EINVAL },
		{ { .address = 0xffff, .size = 2 }, EINVAL },
		{ { .address = 1, .size = ~0ULL }, EINVAL },
		{ { .address = ~0ULL, .size = 2 }, EINVAL },
		{ { .address = 1ULL << 48, .size = 1, .space = HV_SPACE_MMIO }, EINVAL },
		{ { .address = (1ULL << 48) - 1, .size = 2, .space = HV_SPACE_MMIO }, EINVAL },
		{ { .address = 2, .size = ~0ULL, .space = HV_SPACE_MMIO }, EINVAL },
		{ { .address = 0x3f8, .size = 1 }, EBUSY },
		{ { .address = 0x3ff, .size = 16 }, EBUSY },
		{ { .address = 0x3f0, .size = 9 }, EBUSY },
		{ { .address = 0, .size = 0x10000 }, EBUSY },
		{ { .address = 0xf4, .size = 1 }, EBUSY },	/* the debug exit */
		{ { .address = 0xcf9, .size = 1 }, EBUSY },
		{ { .address = 0, .size = 1, .space = HV_SPACE_MMIO }, EBUSY },	/* memory */
		{ { .address = 0xffffff, .size = 2, .space = HV_SPACE_MMIO }, EBUSY },
		{ { .address = 0xfee00fff, .size = 1, .space = HV_SPACE_MMIO }, EBUSY },
		{ { .address = 0xfec00000, .size = 8, .space = HV_SPACE_MMIO }, EBUSY },
		{ { .address = DEVICE, .size = 1, .space = HV_SPACE_MMIO }, EEXIST },
		{ { .address = DEVICE - 8, .size = 9, .space = HV_SPACE_MMIO }, EEXIST },
		{ { .address = DEVICE + 4095, .size = 9, .space = HV_SPACE_MMIO }, EEXIST },
		{ { .address = DEVICE - 8, .size = 8, .space = HV_SPACE_MMIO }, 0 },
		{ { .address = DEVICE + 4096, .size = 1, .space = HV_SPACE_MMIO }, 0 },
		{ { .address = 0x1000000, .size = 1, .space = HV_SPACE_MMIO }, 0 },
		{ { .address = 0xffff, .size = 1 }, 0 },
	};
	struct board b = board_new(MODE_FOREVER, 0);
	int fd = trap(b.guest, HV_SPACE_MMIO, DEVICE, 4096), got;
	unsigned int i;

	CHECK(fd >= 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = ioctl(b.guest, HV_TRAP, &rows[i].arg);
		if ((got < 0 ? errno : 0) != rows[i].error)
			printf("# row %u: %s\n", i, got < 0 ? strerror(errno) : "no error");
		CHECK_EQ(got < 0 ? errno : 0, rows[i].error);
		if (got >= 0)
			close(got);
	}
	close(fd);
	board_free(&b);
}

static void many(void)
{
	struct board b = board_new(MODE_FOREVER, 0);
	int fd[256];
	unsigned int i;

	for (i = 0; i < 256; i++) {
		fd[i] = trap(b.guest, HV_SPACE_MMIO, DEVICE + (255 - i) * 16, 16);
		CHECK(fd[i] >= 0);
	}
	CHECK_EQ(trap_errno(b.guest, HV_SPACE_PORT, PORT, 1), ENOSPC);
	close(fd[100]);
	CHECK_EQ(trap_errno(b.guest, HV_SPACE_PORT, PORT, 1), 0);
	CHECK_EQ(trap_errno(b.guest, HV_SPACE_MMIO, DEVICE + 155 * 16, 1), 0);
	for (i = 0; i < 256; i++)
		close(fd[i]);
	board_free(&b);
}

/* Descriptors whose guest was removed can still be closed, and tried for more. */
static void removed(void)
{
	struct board b = board_new(MODE_FOREVER, 0);
	int fd = trap(b.guest, HV_SPACE_PORT, PORT, 16);
	struct hv_access a;

	CHECK_OK(h, hvctl_remove(h, b.id));
	CHECK_EQ(read(fd, &a, sizeof(a)), 0);
	CHECK_EQ(trap_errno(b.guest, HV_SPACE_PORT, PORT + 16, 16), ENOENT);
	close(b.guest);
	CHECK_EQ(read(fd, &a, sizeof(a)), 0);
	close(fd);
}

static const struct tap_test tests[] = {
	{ "devices that are programs", devices },
	{ "a program that closes its trap", closed },
	{ "a program that is killed", killed },
	{ "a guest that is killed while it waits", guest_killed },
	{ "the descriptor", descriptor },
	{ "traps that are refused", refused },
	{ "256 of them", many },
	{ "a guest that was removed", removed },
	{ "ioeventfds beside traps", doorbells },
	{ "from an ioeventfd to an irqfd", interrupts },
	{ "irqfds come and go", irqfds },
	{ "ioeventfds and irqfds that are refused", eventfds_refused },
};

int main(void)
{
	h = test_open();
	s = nl_open_as_root();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
