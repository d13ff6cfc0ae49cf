// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory through mmap() of the guest descriptor.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "nl.h"
#include "tap.h"

#define PAGE	4096UL
#define MIB	(1UL << 20)
#define HIGH	(1UL << 32)

static struct nl *s;
static int dev, guest;
static uint64_t id;

/* 0 to 1 MiB, 1 to 3 MiB right behind it, and 2 MiB at 4 GiB. */
static uint64_t new_guest(void)
{
	struct nl_msg m;

	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_state(&m);
	hv_region(&m, 0, MIB);
	hv_region(&m, MIB, 2 * MIB);
	hv_region(&m, HIGH, 2 * MIB);
	return nl_call(s, &m) ? 0 : hv_id(s);
}

static int open_guest(uint64_t which)
{
	struct hv_open o = { .id = which };

	return ioctl(dev, HV_OPEN, &o);
}

static uint8_t *map(int fd, uint64_t gpa, size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, gpa);
}

static int map_error(uint64_t gpa, size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, guest, gpa);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, size);
	return 0;
}

static void refused(void)
{
	CHECK_EQ(map_error(0, MIB, MAP_PRIVATE), EINVAL);
	CHECK_EQ(map_error(0, MIB + PAGE, MAP_SHARED), ENXIO);
	CHECK_EQ(map_error(MIB - PAGE, 2 * PAGE, MAP_SHARED), ENXIO);
	CHECK_EQ(map_error(3 * MIB, PAGE, MAP_SHARED), ENXIO);
	CHECK_EQ(map_error(3 * MIB - PAGE, 2 * PAGE, MAP_SHARED), ENXIO);
	CHECK_EQ(map_error(HIGH - PAGE, PAGE, MAP_SHARED), ENXIO);
	CHECK_EQ(map_error(HIGH + 2 * MIB, PAGE, MAP_SHARED), ENXIO);
	CHECK(map_error(~0UL & ~(PAGE - 1), PAGE, MAP_SHARED) != 0);
	CHECK(map_error(1UL << 63, PAGE, MAP_SHARED) != 0);
	CHECK_EQ(map_error(1, PAGE, MAP_SHARED), EINVAL);
}

static void whole_regions(void)
{
	CHECK_EQ(map_error(0, MIB, MAP_SHARED), 0);
	CHECK_EQ(map_error(MIB, 2 * MIB, MAP_SHARED), 0);
	CHECK_EQ(map_error(HIGH, 2 * MIB, MAP_SHARED), 0);
	CHECK_EQ(map_error(HIGH + 2 * MIB - PAGE, PAGE, MAP_SHARED), 0);
	CHECK_EQ(map_error(0, MIB, MAP_SHARED_VALIDATE), 0);
}

static void contents(void)
{
	uint8_t *a = map(guest, MIB, 2 * MIB), *b = map(guest, 2 * MIB, PAGE);
	uint8_t *high = map(guest, HIGH, 2 * MIB), *low = map(guest, 0, MIB);
	size_t i;

	CHECK(a != MAP_FAILED && b != MAP_FAILED && high != MAP_FAILED && low != MAP_FAILED);
	for (i = 0; i < 2 * MIB; i += PAGE)
		CHECK(!a[i] && !high[i]);
	a[MIB + 17] = 0x5a;
	CHECK_EQ(b[17], 0x5a);
	b[18] = 0xa5;
	CHECK_EQ(a[MIB + 18], 0xa5);
	CHECK(!high[MIB + 17] && !low[17]);
	high[2 * MIB - 1] = 1;
	CHECK(!a[2 * MIB - 1]);
	munmap(a, 2 * MIB);
	munmap(b, PAGE);
	munmap(high, 2 * MIB);
	munmap(low, MIB);
}

/* The pages are the guest's, so a new mapping finds what an old one left. */
static void kept(void)
{
	uint8_t *p = map(guest, MIB, 2 * MIB);

	CHECK(p != MAP_FAILED);
	CHECK_EQ(p[MIB + 17], 0x5a);
	munmap(p, 2 * MIB);
}

static sigjmp_buf fault;

static void on_fault(int sig)
{
	siglongjmp(fault, sig);
}

static int touch(uint8_t *p)
{
	int sig = sigsetjmp(fault, 1);

	if (!sig)
		*(volatile uint8_t *)p = 1;
	return sig;
}

/* A mapping that grows past its region finds nothing there, least of all the next one. */
static void grown(void)
{
	uint8_t *p = map(guest, 0, MIB), *q;

	CHECK(p != MAP_FAILED);
	q = mremap(p, MIB, MIB + PAGE, MREMAP_MAYMOVE);
	if (q == MAP_FAILED) {
		munmap(p, MIB);
		return;
	}
	CHECK_EQ(touch(q + MIB - 1), 0);
	CHECK_EQ(touch(q + MIB), SIGBUS);
	munmap(q, MIB + PAGE);
}

/* A mapping may outlive descriptor and guest: its pages go with it, not before. */
static void outlives(void)
{
	uint64_t other = new_guest();
	int fd = open_guest(other), sig;
	uint8_t *p = map(fd, 0, MIB);

	CHECK(p != MAP_FAILED);
	p[0] = 7;
	close(fd);
	CHECK_EQ(p[0], 7);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, other), 0);
	sig = touch(p);
	CHECK(sig == 0 || sig == SIGBUS);
	munmap(p, MIB);
}

static void two_guests(void)
{
	uint64_t other = new_guest();
	int fd = open_guest(other);
	uint8_t *a = map(guest, 0, MIB), *b = map(fd, 0, MIB);

	CHECK(a != MAP_FAILED && b != MAP_FAILED);
	memset(a, 0x11, MIB);
	CHECK(b[0] == 0 && b[MIB - 1] == 0);
	munmap(a, MIB);
	munmap(b, MIB);
	close(fd);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, other), 0);
}

static const struct tap_test tests[] = {
	{ "ranges that are no guest memory, and private mappings", refused },
	{ "whole regions", whole_regions },
	{ "mappings show one memory", contents },
	{ "memory keeps what it was given", kept },
	{ "a mapping that grows", grown },
	{ "a mapping that outlives its guest", outlives },
	{ "guests have nothing in common", two_guests },
};

int main(void)
{
	int status;

	signal(SIGBUS, on_fault);
	signal(SIGSEGV, on_fault);
	s = nl_open_as_root();
	dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	id = new_guest();
	guest = open_guest(id);
	if (guest < 0)
		nl_die("HV_OPEN");
	status = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	close(guest);
	hv_call_id(s, HV_CMD_GUEST_DEL, id);
	return status;
}
