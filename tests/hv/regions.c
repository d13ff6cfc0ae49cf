// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that comes and goes while its guest exists: region-new, region-del.
 *
 * The guest copies a word of what may be memory to its mailbox, and writes there,
 * for ever: all ones where there is none.
 */
#include <pthread.h>
#include <sys/ioctl.h>

#include "nl.h"
#include "tap.h"

#define PAGE		4096ULL
#define OWN		0x10000ULL	/* bytes of the guest's first region */
#define PLACE		0x20000ULL
#define MAILBOX		0x8000ULL
#define SECRET		0x1234
#define EMPTY		0xffff
#define REGIONS_MAX	16
#define TRIES		3000
#define TRY_US		10000

/* Real mode. With interrupts on: Bochs keeps the host's out where the guest has them off. */
static const uint8_t code[] = {
	0xfb,				/* sti */
	0xb8, 0x00, 0x20,		/* mov $0x2000, %ax */
	0x8e, 0xc0,			/* mov %ax, %es */
	0x26, 0xa1, 0x00, 0x00,		/* 1: mov %es:0, %ax */
	0xa3, 0x00, 0x80,		/* mov %ax, 0x8000 */
	0xff, 0x06, 0x02, 0x80,		/* incw 0x8002 */
	0x8b, 0x1e, 0x02, 0x80,		/* mov 0x8002, %bx */
	0x26, 0x89, 0x1e, 0x02, 0x00,	/* mov %bx, %es:2 */
	0xeb, 0xea,			/* jmp 1b */
};

static struct nl *s;
static int dev, code_fd;

static uint64_t new_guest(void)
{
	struct nl_msg m;

	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_state(&m);
	hv_region(&m, 0, OWN);
	hv_segment(&m, 0, code_fd, 0, sizeof(code));
	if (nl_call(s, &m))
		nl_die(s->sentence);
	return hv_id(s);
}

static void drop(uint64_t id)
{
	hv_call_id(s, HV_CMD_GUEST_KILL, id);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, id), 0);
}

static void put_region(struct nl_msg *m, uint64_t gpa, uint64_t size, int fd, uint64_t offset)
{
	struct nlattr *nest = nl_nest(m, HV_A_GUEST_REGION);

	nl_u64(m, HV_A_REGION_GPA, gpa);
	nl_u64(m, HV_A_REGION_SIZE, size);
	if (fd != -1)
		nl_u32(m, HV_A_REGION_FD, fd);
	if (fd != -1)
		nl_u64(m, HV_A_REGION_OFFSET, offset);
	nl_nest_end(m, nest);
}

static int region(struct nl *on, uint8_t cmd, uint64_t id, uint64_t gpa, uint64_t size, int fd,
		  uint64_t offset)
{
	struct nl_msg m;

	hv_start(on, &m, cmd);
	nl_u64(&m, HV_A_GUEST_ID, id);
	put_region(&m, gpa, size, fd, offset);
	return nl_call(on, &m);
}

static int add(uint64_t id, uint64_t gpa, uint64_t size)
{
	return region(s, HV_CMD_REGION_NEW, id, gpa, size, -1, 0);
}

static int delete(uint64_t id, uint64_t gpa, uint64_t size)
{
	return region(s, HV_CMD_REGION_DEL, id, gpa, size, -1, 0);
}

static int open_guest(uint64_t id)
{
	struct hv_open arg = { .id = id };
	int fd = ioctl(dev, HV_OPEN, &arg);

	if (fd < 0)
		nl_die("HV_OPEN");
	return fd;
}

/* Guest memory, or NULL where there is none. */
static volatile uint16_t *map(uint64_t id, uint64_t gpa)
{
	int fd = open_guest(id);
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, gpa);

	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static void unmap(volatile uint16_t *at)
{
	munmap((void *)at, PAGE);
}

/* What the guest reads there from now on: twice round, since it may be in the middle of one. */
static int guest_reads(uint64_t id)
{
	volatile uint16_t *mailbox = map(id, MAILBOX);
	uint16_t begin = mailbox[1];
	unsigned int tries;
	int word = -1;

	for (tries = 0; tries < TRIES && (uint16_t)(mailbox[1] - begin) < 2; tries++)
		usleep(TRY_US);
	if (tries < TRIES)
		word = mailbox[0];
	unmap(mailbox);
	return word;
}

static int held(uint64_t id, int (*change)(uint64_t id, uint64_t gpa, uint64_t size))
{
	int err = hv_call_id(s, HV_CMD_GUEST_PAUSE, id);

	if (!err)
		err = change(id, PLACE, PAGE);
	return err ?: hv_call_id(s, HV_CMD_GUEST_RESUME, id);
}

static uint64_t memory_size(uint64_t id)
{
	hv_call_id(s, HV_CMD_GUEST_GET, id);
	return nl_value(nl_attr(nl_next(s, NULL), HV_A_GUEST_MEMORY_SIZE));
}

static unsigned int nr_regions(uint64_t id)
{
	struct nlattr *a = NULL;
	unsigned int n = 0;

	hv_call_id(s, HV_CMD_GUEST_GET, id);
	while ((a = nl_next_attr(nl_next(s, NULL), HV_A_GUEST_REGION, a)))
		n++;
	return n;
}

/* The guest's view: nothing, zeros, what others wrote, zeros after a reset, nothing again. */
static void comes_and_goes(void)
{
	uint64_t id = new_guest();
	volatile uint16_t *word;

	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(guest_reads(id), EMPTY);
	CHECK_EQ(map(id, PLACE) != NULL, 0);
	CHECK_EQ(held(id, add), 0);
	CHECK_EQ(guest_reads(id), 0);
	CHECK_EQ(memory_size(id), OWN + PAGE);
	word = map(id, PLACE);
	word[0] = SECRET;
	CHECK_EQ(guest_reads(id), SECRET);
	CHECK(word[1] != 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_KILL, id), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(guest_reads(id), 0);
	word[0] = SECRET;
	CHECK_EQ(held(id, delete), 0);
	CHECK_EQ(guest_reads(id), EMPTY);
	CHECK_EQ(guest_reads(id), EMPTY);
	/* Whoever has it mapped keeps it, and the guest writes there no more. */
	CHECK_EQ(word[0], SECRET);
	word[1] = 0;
	CHECK_EQ(guest_reads(id), EMPTY);
	CHECK_EQ(word[1], 0);
	unmap(word);
	CHECK_EQ(memory_size(id), OWN);
	CHECK_EQ(held(id, add), 0);
	CHECK_EQ(guest_reads(id), 0);
	drop(id);
}

/* Created or stopped it needs no pause. */
static void at_rest(void)
{
	uint64_t id = new_guest();

	CHECK_EQ(add(id, PLACE, PAGE), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(guest_reads(id), 0);
	CHECK_EQ(delete(id, PLACE, PAGE), EBUSY);
	CHECK(strstr(s->sentence, "pause it"));
	CHECK_EQ(add(id, 2 * PLACE, PAGE), EBUSY);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_KILL, id), 0);
	CHECK_EQ(delete(id, PLACE, PAGE), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(guest_reads(id), EMPTY);
	drop(id);
}

/* Two guests and this program see the same page, which is the second one of its file. */
static void shared(void)
{
	static const uint16_t pages[PAGE] = { [PAGE / 2] = SECRET };
	int fd = hv_memfd(pages, sizeof(pages), F_SEAL_SHRINK);
	uint64_t one = new_guest(), two = new_guest();
	uint16_t word = SECRET + 1;

	CHECK_EQ(region(s, HV_CMD_REGION_NEW, one, PLACE, PAGE, fd, PAGE), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, one), 0);
	/* The start has cleared it, and nothing else of the file. */
	CHECK_EQ(guest_reads(one), 0);
	CHECK_EQ(pwrite(fd, &word, sizeof(word), PAGE), sizeof(word));
	CHECK_EQ(guest_reads(one), word);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, two), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_PAUSE, two), 0);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, two, PLACE, PAGE, fd, PAGE), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_RESUME, two), 0);
	CHECK_EQ(guest_reads(two), word);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_PAUSE, two), 0);
	CHECK_EQ(delete(two, PLACE, PAGE), 0);
	CHECK_EQ(guest_reads(one), word);
	/* A guest has it mapped for writing until its last is gone. */
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	drop(one);
	CHECK_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	drop(two);
	close(fd);
}

/* A hole is punched where the guest has the page, not where its file begins. */
static void discard_shared(void)
{
	static const uint16_t pages[PAGE] = { SECRET, [PAGE / 2] = SECRET };
	int fd = hv_memfd(pages, sizeof(pages), F_SEAL_SHRINK);
	struct hv_discard range = { PLACE, PAGE };
	uint64_t id = new_guest();
	int guest = open_guest(id);
	uint16_t word[2] = { 0 };

	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, PAGE, fd, PAGE), 0);
	CHECK_EQ(ioctl(guest, HV_DISCARD, &range), 0);
	CHECK_EQ(pread(fd, &word[0], 2, 0), 2);
	CHECK_EQ(pread(fd, &word[1], 2, PAGE), 2);
	CHECK_EQ(word[0], SECRET);
	CHECK_EQ(word[1], 0);
	close(guest);
	drop(id);
	close(fd);
}

static const struct {
	uint64_t gpa, size;
	int error;
} wrong_new[] = {
	{ PLACE, 0, EINVAL }, { PLACE + 1, PAGE, EINVAL }, { PLACE, PAGE + 1, EINVAL },
	{ 0xc0000000, PAGE, EINVAL }, { 0xfee00000, PAGE, EINVAL }, { 1ULL << 48, PAGE, EINVAL },
	{ ~(PAGE - 1), PAGE, EINVAL }, { ~(PAGE - 1), 2 * PAGE, EINVAL },
	{ PLACE, ~(PAGE - 1), EINVAL }, { 1ULL << 32, 1ULL << 47, EINVAL },
	{ 0, PAGE, EEXIST }, { OWN - PAGE, 2 * PAGE, EEXIST }, { 0, OWN, EEXIST },
	{ 0, 4 * OWN, EEXIST },
};

static const struct {
	uint64_t gpa, size;
	int error;
} wrong_del[] = {
	{ PLACE, PAGE, ENXIO }, { 0, PAGE, ENXIO }, { 0, 2 * OWN, ENXIO }, { 0, 0, ENXIO },
	{ PAGE, OWN - PAGE, ENXIO }, { ~0ULL, ~0ULL, ENXIO }, { 2 * PLACE, PAGE, ENXIO },
	{ 2 * PLACE, ~0ULL, ENXIO },
	{ 0, OWN, EBUSY },	/* the manifest */
};

static void refused(void)
{
	uint64_t id = new_guest();
	unsigned int i;

	for (i = 0; i < sizeof(wrong_new) / sizeof(wrong_new[0]); i++) {
		CHECK_EQ(add(id, wrong_new[i].gpa, wrong_new[i].size), wrong_new[i].error);
		CHECK(s->sentence[0]);
	}
	CHECK_EQ(add(id, 2 * PLACE, 2 * PAGE), 0);
	for (i = 0; i < sizeof(wrong_del) / sizeof(wrong_del[0]); i++) {
		CHECK_EQ(delete(id, wrong_del[i].gpa, wrong_del[i].size), wrong_del[i].error);
		CHECK(s->sentence[0]);
	}
	CHECK_EQ(nr_regions(id), 2);
	CHECK_EQ(memory_size(id), OWN + 2 * PAGE);
	drop(id);
	CHECK_EQ(add(id, PLACE, PAGE), ENOENT);
	CHECK_EQ(delete(id, PLACE, PAGE), ENOENT);
	id = hv_plain_guest(s, NULL);
	CHECK_EQ(delete(id, 0, 1 << 20), EINVAL);
	CHECK(strstr(s->sentence, "last"));
	drop(id);
}

/* Descriptors, and what else a request may lack or have too much of. */
static void malformed(void)
{
	static const char page[PAGE];
	int loose = hv_memfd(page, sizeof(page), 0);
	int sealed = hv_memfd(page, sizeof(page), F_SEAL_SHRINK | F_SEAL_WRITE);
	int good = hv_memfd(page, sizeof(page), F_SEAL_SHRINK);
	uint64_t id = new_guest();
	struct nl_msg m;

	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, PAGE, loose, 0), EPERM);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, PAGE, sealed, 0), EPERM);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, PAGE, dev, 0), EPERM);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, PAGE, 1000, 0), EBADF);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, PAGE, good, PAGE), EINVAL);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, PLACE, 2 * PAGE, good, 0), EINVAL);
	CHECK_EQ(region(s, HV_CMD_REGION_NEW, id, 0, PAGE, good, 0), EEXIST);
	/* It was not kept. */
	CHECK_EQ(fcntl(good, F_ADD_SEALS, F_SEAL_WRITE), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_REGION_NEW, id), EINVAL);
	CHECK_EQ(hv_call_id(s, HV_CMD_REGION_DEL, id), EINVAL);
	hv_start(s, &m, HV_CMD_REGION_NEW);
	nl_u64(&m, HV_A_GUEST_ID, id);
	hv_region(&m, PLACE, PAGE);
	hv_region(&m, 2 * PLACE, PAGE);
	CHECK_EQ(nl_call(s, &m), EINVAL);
	CHECK_EQ(region(s, HV_CMD_REGION_DEL, id, PLACE, PAGE, loose, 0), EINVAL);
	CHECK_EQ(nr_regions(id), 1);
	drop(id);
	close(loose);
	close(sealed);
	close(good);
}

/* What the guest, the module and a program's devices leave room for. */
static void limits(void)
{
	uint64_t id = new_guest();
	struct hv_trap trap = { .space = HV_SPACE_MMIO, .address = PLACE + 16, .size = 1 };
	int guest = open_guest(id), fd;
	unsigned int i;

	fd = ioctl(guest, HV_TRAP, &trap);
	CHECK(fd >= 0);
	CHECK_EQ(add(id, PLACE, PAGE), EBUSY);
	CHECK_EQ(add(id, PLACE - PAGE, PAGE), 0);
	close(fd);
	CHECK_EQ(add(id, PLACE, PAGE), 0);
	CHECK_EQ(ioctl(guest, HV_TRAP, &trap) == -1 && errno == EBUSY, 1);
	for (i = 3; i < REGIONS_MAX; i++)
		CHECK_EQ(add(id, PLACE + i * PAGE, PAGE), 0);
	CHECK_EQ(add(id, PLACE + i * PAGE, PAGE), ENOSPC);
	CHECK_EQ(delete(id, PLACE + 3 * PAGE, PAGE), 0);
	CHECK_EQ(add(id, PLACE + i * PAGE, PAGE), 0);
	close(guest);
	drop(id);
}

static void set_parameter(const char *value)
{
	int fd = open("/sys/module/hv/parameters/max_memory", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		nl_die("max_memory");
	close(fd);
}

static void max_memory(void)
{
	uint64_t id = new_guest();

	set_parameter("4");
	CHECK_EQ(add(id, 1 << 20, 4 << 20), ENOSPC);
	CHECK(strstr(s->sentence, "max_memory"));
	CHECK_EQ(add(id, 1 << 20, 3 << 20), 0);
	CHECK_EQ(add(id, 8 << 20, 1 << 20), ENOSPC);
	CHECK_EQ(delete(id, 1 << 20, 3 << 20), 0);
	CHECK_EQ(add(id, 8 << 20, 1 << 20), 0);
	/* All of it is counted back. */
	drop(id);
	id = new_guest();
	CHECK_EQ(add(id, 1 << 20, 3 << 20), 0);
	drop(id);
}

/* Many at once: everyone adds and deletes the same, while the guest starts, pauses, ends. */

#define CALLERS	6
#define ROUNDS	150

static uint64_t contended;

static void *change_thread(void *arg)
{
	struct nl *own = nl_open();
	unsigned int i, done = 0;

	for (i = 0; i < ROUNDS; i++) {
		done += !region(own, HV_CMD_REGION_NEW, contended, PLACE, PAGE, -1, 0);
		done += !region(own, HV_CMD_REGION_DEL, contended, PLACE, PAGE, -1, 0);
	}
	nl_close(own);
	*(unsigned int *)arg = done;
	return NULL;
}

static void *life_thread(void *arg)
{
	static const uint8_t cmds[] = { HV_CMD_GUEST_START, HV_CMD_GUEST_PAUSE, HV_CMD_GUEST_RESET,
					HV_CMD_GUEST_GET, HV_CMD_GUEST_RESUME, HV_CMD_GUEST_KILL };
	struct hv_discard range = { PLACE, PAGE };
	int guest = open_guest(contended);
	struct nl *own = nl_open();
	volatile uint16_t *word;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		hv_call_id(own, cmds[i % sizeof(cmds)], contended);
		ioctl(guest, HV_DISCARD, &range);
		word = map(contended, PLACE);
		if (word) {
			word[0] = SECRET;
			unmap(word);
		}
	}
	nl_close(own);
	close(guest);
	return arg;
}

static void at_once(void)
{
	unsigned int done[CALLERS], i, all = 0;
	pthread_t changers[CALLERS], life;

	contended = new_guest();
	for (i = 0; i < CALLERS; i++)
		if (pthread_create(&changers[i], NULL, change_thread, &done[i]))
			nl_die("pthread_create");
	if (pthread_create(&life, NULL, life_thread, NULL))
		nl_die("pthread_create");
	for (i = 0; i < CALLERS; i++) {
		pthread_join(changers[i], NULL);
		all += done[i];
	}
	pthread_join(life, NULL);
	printf("# %u of %u changes done\n", all, 2 * ROUNDS * CALLERS);
	CHECK(all > 0);
	hv_call_id(s, HV_CMD_GUEST_KILL, contended);
	delete(contended, PLACE, PAGE);
	CHECK_EQ(nr_regions(contended), 1);
	CHECK_EQ(memory_size(contended), OWN);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_START, contended), 0);
	CHECK_EQ(guest_reads(contended), EMPTY);
	drop(contended);
}

static const struct tap_test tests[] = {
	{ "memory comes and goes under a guest", comes_and_goes },
	{ "created or stopped, and not while it runs", at_rest },
	{ "a page of two guests", shared },
	{ "a hole in what is shared", discard_shared },
	{ "regions that cannot be", refused },
	{ "requests that are malformed", malformed },
	{ "no room", limits },
	{ "many at once", at_once },
	{ "max_memory", max_memory },
};

int main(void)
{
	int failed;

	s = nl_open_as_root();
	dev = open("/dev/hv", O_RDWR | O_CLOEXEC);
	code_fd = hv_memfd(code, sizeof(code), HV_SEALS);
	failed = tap_run(tests, sizeof(tests) / sizeof(tests[0]));
	set_parameter("0");
	return failed;
}
