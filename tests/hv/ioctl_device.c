// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of /dev/hv and of a guest descriptor: numbers, sizes, padding and
 * flags that are wrong, and descriptors that they are not for.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nl.h"
#include "tap.h"

static struct nl *s;
static int dev, guest;
static uint64_t id;

/* errno of an ioctl that must not succeed. */
static int failed(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

static void info(void)
{
	struct hv_info i;

	memset(&i, 0xff, sizeof(i));
	CHECK_EQ(ioctl(dev, HV_INFO, &i), 0);
	CHECK_EQ(i.api_version, HV_API_VERSION);
	CHECK(i.engine == HV_ENGINE_SVM || i.engine == HV_ENGINE_VMX);
	CHECK(i.host_cpus >= 1 && i.max_guests >= 64 && i.max_vcpus >= 1);
	CHECK_EQ(i.guests, 1);
	CHECK(i.tsc_khz > 1000 && i.max_memory > 1 << 20);
	CHECK(memchr(i.version, 0, sizeof(i.version)) && i.version[0]);
}

static void mode(void)
{
	struct stat st;

	CHECK_EQ(stat("/dev/hv", &st), 0);
	CHECK_EQ(st.st_mode, S_IFCHR | 0600);
	CHECK_EQ(st.st_uid, 0);
}

static void unknown_commands(void)
{
	char arg[512] = { 0 };
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		CHECK_EQ(failed(dev, _IO(HV_IOC, nr), arg), ENOTTY);
		CHECK_EQ(failed(guest, _IO(HV_IOC, nr), arg), ENOTTY);
		CHECK_EQ(failed(dev, _IOC(3, HV_IOC, nr, 8), arg), ENOTTY);
		CHECK_EQ(failed(guest, _IOC(3, HV_IOC, nr, 16), arg), ENOTTY);
	}
	/* The right number with another size, direction or letter. */
	CHECK_EQ(failed(dev, _IOC(_IOC_READ, HV_IOC, 0, sizeof(struct hv_info) - 8), arg), ENOTTY);
	CHECK_EQ(failed(dev, _IOC(_IOC_READ, HV_IOC, 0, sizeof(struct hv_info) + 8), arg), ENOTTY);
	CHECK_EQ(failed(dev, _IOWR(HV_IOC, 0, struct hv_info), arg), ENOTTY);
	CHECK_EQ(failed(dev, _IOR(HV_IOC ^ 1, 0, struct hv_info), arg), ENOTTY);
	CHECK_EQ(failed(dev, 0, arg), ENOTTY);
	CHECK_EQ(failed(dev, ~0UL, arg), ENOTTY);
}

static void wrong_descriptor(void)
{
	struct hv_open o = { .id = id };
	struct hv_console c = { 0 };
	struct hv_vcpu_regs r = { 0 };
	struct hv_info i;
	int null = open("/dev/null", O_RDWR), console = ioctl(guest, HV_CONSOLE, &c);

	CHECK(null >= 0 && console >= 0);
	CHECK_EQ(failed(guest, HV_INFO, &i), ENOTTY);
	CHECK_EQ(failed(guest, HV_OPEN, &o), ENOTTY);
	CHECK_EQ(failed(dev, HV_CONSOLE, &c), ENOTTY);
	CHECK_EQ(failed(dev, HV_GET_REGS, &r), ENOTTY);
	CHECK_EQ(failed(console, HV_CONSOLE, &c), ENOTTY);
	CHECK_EQ(failed(console, HV_INFO, &i), ENOTTY);
	CHECK_EQ(failed(null, HV_INFO, &i), ENOTTY);
	CHECK_EQ(failed(s->fd, HV_OPEN, &o), ENOTTY);
	CHECK_EQ(failed(-1, HV_INFO, &i), EBADF);
	CHECK(read(dev, &i, 1) < 0 && errno == EINVAL);
	CHECK(write(guest, &i, 1) < 0 && errno == EINVAL);
	close(console);
	close(null);
}

static void bad_pointers(void)
{
	void *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *bad[] = { NULL, (void *)8, (void *)~7UL, (void *)(1UL << 63), (char *)page + 4092 };
	unsigned int i;

	CHECK(page != MAP_FAILED && !munmap((char *)page + 4096, 4096));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_EQ(failed(dev, HV_INFO, bad[i]), EFAULT);
		CHECK_EQ(failed(dev, HV_OPEN, bad[i]), EFAULT);
		CHECK_EQ(failed(guest, HV_CONSOLE, bad[i]), EFAULT);
		CHECK_EQ(failed(guest, HV_GET_REGS, bad[i]), EFAULT);
	}
	munmap(page, 4096);
}

static void bad_open(void)
{
	struct hv_open rows[] = {
		{ .id = id, .flags = 1 }, { .id = id, .flags = 1U << 31 }, { .id = id, .pad = 1 },
	};
	struct hv_open none[] = { { .id = 0 }, { .id = ~0ULL }, { .id = id + (1ULL << 32) } };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		CHECK_EQ(failed(dev, HV_OPEN, &rows[i]), EINVAL);
		CHECK_EQ(failed(dev, HV_OPEN, &none[i]), ENOENT);
	}
}

static void bad_console(void)
{
	struct hv_console rows[] = {
		{ .flags = 1U << 2 }, { .flags = 1U << 31 }, { .flags = ~0U }, { .pad = 1 },
		{ .flags = HV_CONSOLE_WRITE, .pad = 1U << 31 },
	};
	struct hv_console c = { .flags = HV_CONSOLE_WRITE };
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_EQ(failed(guest, HV_CONSOLE, &rows[i]), EINVAL);
	/* None of those took the input side. */
	fd = ioctl(guest, HV_CONSOLE, &c);
	CHECK(fd >= 0);
	close(fd);
}

static void registers(void)
{
	struct hv_vcpu_regs r = { .vcpu = 0 };
	struct hv_vcpu_regs rows[] = { { .pad = 1 }, { .vcpu = 1 }, { .vcpu = ~0U } };
	unsigned int i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(failed(guest, HV_GET_REGS, &rows[i]), EINVAL);
	memset(&r.state, 0xee, sizeof(r.state));
	CHECK_EQ(ioctl(guest, HV_GET_REGS, &r), 0);
	CHECK(r.state.gpr[HV_R8] != 0xeeeeeeeeeeeeeeeeULL && r.state.gdtr.pad[0] == 0);
}

/* Everything that is handed out goes away on exec. */
static void close_on_exec(void)
{
	struct hv_console c = { 0 };
	int fd = ioctl(guest, HV_CONSOLE, &c);

	CHECK(fcntl(guest, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

/* A guest lives on, unlisted, as long as somebody holds its descriptor. */
static void removed(void)
{
	struct hv_vcpu_regs r = { .vcpu = 0 };
	struct hv_console c = { 0 };
	struct hv_open o = { 0 };
	char byte;
	int fd, console;

	o.id = hv_plain_guest(s, NULL);
	fd = ioctl(dev, HV_OPEN, &o);
	CHECK(o.id && fd >= 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, o.id), 0);
	CHECK_EQ(failed(dev, HV_OPEN, &o), ENOENT);
	ioctl(fd, HV_GET_REGS, &r);
	console = ioctl(fd, HV_CONSOLE, &c);
	if (console >= 0)
		CHECK_EQ(read(console, &byte, 1), 0);
	close(console);
	close(fd);
}

static const struct tap_test tests[] = {
	{ "HV_INFO", info },
	{ "/dev/hv is root's", mode },
	{ "commands that do not exist", unknown_commands },
	{ "commands on descriptors that they are not for", wrong_descriptor },
	{ "pointers to nowhere", bad_pointers },
	{ "HV_OPEN with bad flags, padding or id", bad_open },
	{ "HV_CONSOLE with bad flags or padding", bad_console },
	{ "HV_GET_REGS", registers },
	{ "descriptors close on exec", close_on_exec },
	{ "a guest that was removed", removed },
};

int main(void)
{
	struct hv_open o = { 0 };
	int status;

	s = nl_open_as_root();
	dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	o.id = id = hv_plain_guest(s, NULL);
	guest = ioctl(dev, HV_OPEN, &o);
	if (guest < 0)
		nl_die("HV_OPEN");
	status = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	hv_call_id(s, HV_CMD_GUEST_DEL, id);
	return status;
}
