// SPDX-License-Identifier: GPL-2.0-only
/*
 * HV_DISCARD: pages are taken away from a guest whose vCPUs write to them all the
 * time, and become others' memory. See group_discard() in payload_smp.c.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "items.h"

#define GROUP_DISCARD	11

/* Nothing here is a matter of time: this only ends what hangs. */
#define HANG_MS	150000

static struct hvctl *h;

static struct hvctl_spec *smp_spec(unsigned int cpus)
{
	struct hvctl_spec *spec = item_spec(h, "smp", GROUP_DISCARD, cpus);
	char text[16];

	snprintf(text, sizeof(text), "%u", cpus);
	if (hvctl_spec_set(h, spec, "vcpus", text))
		test_die("vcpus: %s", hvctl_error(h));
	return spec;
}

/* As in payload_smp.c. */
#define TAKEN_GPA	0x800000ULL
#define STOP_GPA	0x22000ULL
#define PAGE		4096ULL
#define TAKE_CPUS	4
#define TAKE_ROUNDS	40
#define POOL		(4 << 20)

static int open_guest(uint64_t id)
{
	struct hv_open open_arg = { .id = id };
	int dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	int fd = dev < 0 ? -1 : ioctl(dev, HV_OPEN, &open_arg);

	if (fd < 0)
		test_die("HV_OPEN: %s", strerror(errno));
	close(dev);
	return fd;
}

static volatile uint64_t *map_guest(int fd, uint64_t gpa, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, gpa);

	if (at == MAP_FAILED)
		test_die("mmap: %s", strerror(errno));
	return at;
}

/* Every vCPU has written to its page (again), or the guest has ended. */
static bool all_write(uint64_t id, volatile uint64_t *pages)
{
	struct hvctl_guest *g;
	unsigned int i;
	bool runs;

	for (i = 0; i < TAKE_CPUS; i++) {
		while (!pages[i * PAGE / 8]) {
			usleep(10000);
			if (hvctl_get(h, id, &g))
				test_die("get: %s", hvctl_error(h));
			runs = g->state == HV_STATE_RUNNING;
			if (!runs)
				printf("# it ended: %s: %s\n",
				       hvctl_stop_reason_name(g->stop_reason), g->stop_detail);
			hvctl_guest_free(g);
			if (!runs)
				return false;
		}
	}
	return true;
}

/* Pages that were given back become others', who find in them what they put there. */
static unsigned int take_pages(uint64_t id, int fd, volatile uint64_t *pages)
{
	struct hv_discard range = { TAKEN_GPA, TAKE_CPUS * PAGE };
	uint64_t *pool = mmap(NULL, POOL, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int round, rounds = tap_count(TAKE_ROUNDS, 4), bad = 0;
	size_t i;

	for (round = 0; round < rounds; round++) {
		if (!all_write(id, pages))
			return ~0U;
		if (ioctl(fd, HV_DISCARD, &range)) {
			printf("# HV_DISCARD: %s\n", strerror(errno));
			return ~0U;
		}
		memset(pool, 0xa5, POOL);
		for (i = 0; i < POOL / 8; i++)
			bad += pool[i] != 0xa5a5a5a5a5a5a5a5;
		madvise(pool, POOL, MADV_DONTNEED);
	}
	munmap(pool, POOL);
	return bad;
}

static void free_and_show(char *text)
{
	show_items(text);
	free(text);
}

static void discard(void)
{
	uint64_t id = create_spec(h, smp_spec(TAKE_CPUS));
	int fd = open_guest(id);
	volatile uint64_t *pages, *stop;
	struct hvctl_guest *g;
	unsigned int bad;

	CHECK_OK(h, hvctl_start(h, id));
	pages = map_guest(fd, TAKEN_GPA, TAKE_CPUS * PAGE);
	stop = map_guest(fd, STOP_GPA, PAGE);
	bad = take_pages(id, fd, pages);
	*stop = 1;
	if (hvctl_wait(h, id, HANG_MS, &g) && (hvctl_kill(h, id) || hvctl_wait(h, id, -1, &g)))
		test_die("discard: %s", hvctl_error(h));
	free_and_show(console_text(h, id));
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_EQ(bad, 0);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	hvctl_guest_free(g);
	munmap((void *)pages, TAKE_CPUS * PAGE);
	munmap((void *)stop, PAGE);
	close(fd);
}

/* As in payload_memory.c. */
#define PART_DEVICE_CODE	5
#define CODE_GPA		0x400000ULL	/* in the last page of these */
#define CODE_SIZE		0x200000ULL
#define MAILBOX_GPA		0x300000ULL
#define LOAD_EBX		0x188b

/*
 * Whoever gets a page that was given back has this in it: the code that was there,
 * for a module that still looks for the guest's code where it was.
 */
static void take_pool(void)
{
	uint16_t *pool = mmap(NULL, 4 * POOL, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (pool == MAP_FAILED || madvise(pool, 4 * POOL, MADV_HUGEPAGE))
		test_die("pool: %s", strerror(errno));
	for (i = 0; i < 4 * POOL / 2; i++)
		pool[i] = LOAD_EBX;
}

/* What the module knows of a page that it fetched from goes with the page. */
static void code_goes(void)
{
	struct hv_discard range = { CODE_GPA, CODE_SIZE };
	uint64_t id = create_spec(h, item_spec(h, "memory", PART_DEVICE_CODE, 0));
	int fd = open_guest(id);
	volatile uint64_t *mailbox;
	struct hvctl_guest *g;

	CHECK_OK(h, hvctl_start(h, id));
	mailbox = map_guest(fd, MAILBOX_GPA, PAGE);
	while (!mailbox[1] && hvctl_wait(h, id, 20, &g) == -ETIMEDOUT)
		;
	CHECK_EQ(mailbox[1], 1);
	CHECK(!ioctl(fd, HV_DISCARD, &range));
	take_pool();
	mailbox[0] = 1;
	if (hvctl_wait(h, id, HANG_MS, &g) && (hvctl_kill(h, id) || hvctl_wait(h, id, -1, &g)))
		test_die("code_goes: %s", hvctl_error(h));
	free_and_show(console_text(h, id));
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	hvctl_guest_free(g);
	munmap((void *)mailbox, PAGE);
	close(fd);
}

static void discard_refused(void)
{
	static const struct hv_discard ranges[] = {
		{ 0, 0 }, { 1, PAGE }, { 0, PAGE + 1 }, { 16 << 20, PAGE },
		{ 0, (16 << 20) + PAGE }, { ~0ULL & ~(PAGE - 1), 2 * PAGE }, { PAGE, ~0ULL - PAGE + 1 },
	};
	uint64_t id = create_spec(h, smp_spec(1));
	int fd = open_guest(id);
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		CHECK(ioctl(fd, HV_DISCARD, &ranges[i]) == -1 && errno == EINVAL);
	CHECK_OK(h, hvctl_remove(h, id));
	close(fd);
}

static const struct tap_test tests[] = {
	{ "pages are taken away while they run", discard },
	{ "code for a device page changes, and is taken away", code_goes },
	{ "ranges that are refused", discard_refused },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
