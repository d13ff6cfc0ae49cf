// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of everything that user space can call: ioctls, netlink commands, mmap,
 * read, write, poll and close, by several threads at once on the same descriptors
 * and guests. Calls are made from what linux/hv.h and the specification know of their
 * arguments: mostly right, with a few things wrong, or with everything.
 *
 * The host has to stay silent (the lab looks), every call has to return, and in the
 * end every guest can be removed. With one thread, a seed repeats its calls.
 *
 * usage: interface_fuzz [CALLS [SEED [THREADS]]]     (300000 1 4)
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "nl.h"
#include "tap.h"

#define SLOTS		8	/* of each kind */
#define NAMES		6
#define THREADS_MAX	16
#define PAGE		4096
#define CALLS		300000

static unsigned int calls, threads = 4;
static uint64_t seed = 1;

enum { FD_DEV, FD_GUEST, FD_CONSOLE, FD_TRAP, FD_EVENT, FD_MEMORY, FD_KINDS };

/* Descriptors, which all threads use, replace and close. */
static atomic_int slots[FD_KINDS][SLOTS];
static atomic_uint done[64];	/* calls that succeeded, by kind */

struct fuzzer {
	pthread_t thread;
	struct nl *nl;
	uint64_t rng;
	unsigned int calls;
};

/* SplitMix64 */
static uint64_t rnd(struct fuzzer *f)
{
	uint64_t z = f->rng += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int below(struct fuzzer *f, unsigned int n)
{
	return rnd(f) % n;
}

static bool once_in(struct fuzzer *f, unsigned int n)
{
	return !below(f, n);
}

/* Values that mean something somewhere, and any. */
static uint64_t number(struct fuzzer *f)
{
	static const uint64_t some[] = {
		0, 1, 2, 3, 4, 7, 8, 15, 16, 24, 63, 64, 0xf4, 0x3f8, 0x1000, 0x10000, 0x100000,
		0x200000, 0xc0000000, 0xd0000000, 0xfec00000, 0xfee00000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, 0x100000000, 1ULL << 47, 1ULL << 48, 1ULL << 63,
		~0xfffULL, ~0ULL,
	};
	uint64_t value = once_in(f, 8) ? rnd(f) >> below(f, 64) :
			 some[below(f, sizeof(some) / sizeof(some[0]))];

	return once_in(f, 6) ? value + below(f, 5) - 2 : value;
}

/* Descriptors */

static void keep(struct fuzzer *f, unsigned int kind, int fd)
{
	int old;

	if (fd < 0)
		return;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	old = atomic_exchange(&slots[kind][below(f, SLOTS)], fd);
	if (old >= 0)
		close(old);
}

/* One of that kind, now and then of another. Never one that this does not know: it may block. */
static int fd_of(struct fuzzer *f, unsigned int kind)
{
	if (once_in(f, 12))
		kind = below(f, FD_KINDS);
	return atomic_load(&slots[kind][below(f, SLOTS)]);
}

/* As an argument anything will do. */
static int fd_argument(struct fuzzer *f, unsigned int kind)
{
	return once_in(f, 24) ? (int)number(f) : fd_of(f, kind);
}

static int new_memfd(struct fuzzer *f)
{
	static const uint8_t code[] = { 0xfb, 0xf4, 0xeb, 0xfd };	/* sti; 1: hlt; jmp 1b */
	static const int seals[] = { HV_SEALS, HV_SEALS, HV_SEALS, F_SEAL_SHRINK, F_SEAL_SHRINK,
				     F_SEAL_SHRINK | F_SEAL_GROW, 0 };
	int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return fd;
	if (write(fd, code, sizeof(code)) < 0 || ftruncate(fd, PAGE << below(f, 6)))
		printf("# memfd: %s\n", strerror(errno));
	fcntl(fd, F_ADD_SEALS, seals[below(f, sizeof(seals) / sizeof(seals[0]))]);
	return fd;
}

static void fuzz_descriptors(struct fuzzer *f)
{
	switch (below(f, 6)) {
	case 0:
		keep(f, FD_DEV, open("/dev/hv", O_RDWR | O_CLOEXEC));
		break;
	case 1:
	case 2:
		keep(f, FD_EVENT, eventfd(0, EFD_CLOEXEC));
		break;
	case 3:
		keep(f, below(f, FD_KINDS), dup(fd_of(f, below(f, FD_KINDS))));
		break;
	default:
		keep(f, FD_MEMORY, new_memfd(f));
	}
}

static void fuzz_close(struct fuzzer *f)
{
	int fd = atomic_exchange(&slots[below(f, FD_KINDS)][below(f, SLOTS)], -1);

	if (fd >= 0)
		close(fd);
}

/* Ioctls: the right size comes with the number; some numbers are nobody's. */

static const unsigned int ioctls[] = {
	HV_INFO, HV_OPEN, HV_OPEN, HV_CONSOLE, HV_GET_REGS, HV_SET_REGS, HV_TRAP, HV_IOEVENTFD,
	HV_IRQFD, HV_DISCARD, HV_LAST_EXITS, HV_OPEN,
};

union argument {
	struct hv_open open;
	struct hv_console console;
	struct hv_vcpu_regs regs;
	struct hv_trap trap;
	struct hv_ioeventfd ioeventfd;
	struct hv_irqfd irqfd;
	struct hv_discard discard;
	struct hv_last_exits last_exits;
	uint8_t bytes[1024];
};

static struct hv_exit_record records[HV_LAST_EXITS_MAX];
static atomic_ulong newest;	/* guest id */

static uint64_t guest_id(struct fuzzer *f)
{
	uint64_t last = atomic_load(&newest);

	return once_in(f, 16) ? number(f) : last - below(f, 12);
}

static void plausible(struct fuzzer *f, unsigned int cmd, union argument *a)
{
	switch (cmd) {
	case HV_OPEN:
		a->open.id = guest_id(f);
		break;
	case HV_CONSOLE:
		a->console.flags = below(f, 4);
		break;
	case HV_SET_REGS:
		a->regs.state.rip = number(f);
		a->regs.state.rflags = 2 | (rnd(f) & 0x240dd5);
		a->regs.state.cr0 = 0x10 | below(f, 2);
		/* fall through */
	case HV_GET_REGS:
		a->regs.vcpu = below(f, 3);
		break;
	case HV_TRAP:
		a->trap = (struct hv_trap){ below(f, 2), 0, number(f), 1 + number(f) % 8192 };
		break;
	case HV_IOEVENTFD:
		a->ioeventfd = (struct hv_ioeventfd){ below(f, 3), below(f, 4), number(f),
						      below(f, 4), 1U << below(f, 4),
						      fd_argument(f, FD_EVENT) };
		break;
	case HV_IRQFD:
		a->irqfd = (struct hv_irqfd){ below(f, 26), once_in(f, 4),
						fd_argument(f, FD_EVENT) };
		break;
	case HV_DISCARD:
		a->discard = (struct hv_discard){ number(f) & ~0xfffULL, PAGE << below(f, 10) };
		break;
	case HV_LAST_EXITS:
		a->last_exits.vcpu = below(f, 3);
		a->last_exits.count = below(f, HV_LAST_EXITS_MAX + 1);
		a->last_exits.records = (uintptr_t)records;
		break;
	}
}

static void spoil(struct fuzzer *f, void *bytes, size_t len)
{
	unsigned int i, n = 1 + below(f, 4);
	uint64_t value;

	for (i = 0; i < n && len >= 8; i++) {
		value = number(f);
		memcpy((char *)bytes + (below(f, len - 7) & ~3U), &value, 8);
	}
}

static void keep_result(struct fuzzer *f, unsigned int cmd, int fd)
{
	if (cmd == HV_OPEN)
		keep(f, FD_GUEST, fd);
	else if (cmd == HV_CONSOLE)
		keep(f, FD_CONSOLE, fd);
	else if (cmd == HV_TRAP)
		keep(f, FD_TRAP, fd);
}

static void fuzz_ioctl(struct fuzzer *f)
{
	unsigned int which = below(f, sizeof(ioctls) / sizeof(ioctls[0])), cmd = ioctls[which];
	int fd = fd_of(f, cmd == HV_OPEN || cmd == HV_INFO ? FD_DEV : FD_GUEST);
	union argument a = { 0 };
	void *arg = &a;
	int ret;

	plausible(f, cmd, &a);
	if (once_in(f, 4))
		spoil(f, &a, _IOC_SIZE(cmd));
	/* Records go where they may: nothing of this process's own. */
	if (cmd == HV_LAST_EXITS && a.last_exits.records != (uintptr_t)records)
		a.last_exits.records = number(f) & 0xfff;
	if (once_in(f, 32))
		cmd ^= 1U << below(f, 30);
	if (once_in(f, 64))
		arg = (void *)(number(f) & 0xfff);
	ret = ioctl(fd, cmd, arg);
	if (ret < 0)
		return;
	done[which]++;
	keep_result(f, cmd, ret);
}

/* Reads, writes, polls and mappings of whatever a descriptor is */

static void fuzz_read(struct fuzzer *f)
{
	char bytes[256];

	if (read(fd_of(f, FD_CONSOLE + below(f, 2)), bytes, 1 + below(f, sizeof(bytes))) > 0)
		done[20]++;
}

static void fuzz_write(struct fuzzer *f)
{
	uint64_t words[4] = { below(f, 8), rnd(f), rnd(f), rnd(f) };
	size_t len = once_in(f, 4) ? 1 + below(f, sizeof(words)) : sizeof(struct hv_answer);

	if (write(fd_of(f, FD_CONSOLE + below(f, 3)), words, len) > 0)
		done[21]++;
}

static void fuzz_poll(struct fuzzer *f)
{
	struct pollfd p = { .fd = fd_of(f, below(f, FD_KINDS)), .events = (short)rnd(f) };

	poll(&p, 1, 0);
}

/* A file that is truncated under a mapping would end this process: look from the kernel. */
static void fuzz_mmap(struct fuzzer *f)
{
	size_t len = PAGE << below(f, 10);
	int prot = below(f, 8), flags = once_in(f, 8) ? MAP_PRIVATE : MAP_SHARED;
	void *at = mmap(NULL, len, prot, flags, fd_of(f, FD_GUEST), number(f) & ~0xfffULL);
	unsigned char there;

	if (at == MAP_FAILED)
		return;
	done[22]++;
	mincore(at, PAGE, &there);
	madvise(at, len, once_in(f, 2) ? MADV_DONTNEED : MADV_WILLNEED);
	munmap(at, len);
}

/* Netlink */

enum kind { KIND_U8 = 1, KIND_U16, KIND_U32, KIND_U64, KIND_FD, KIND_NAME, KIND_LABEL, KIND_TEXT,
	    KIND_REGION, KIND_SEGMENT, KIND_STATE };

static const uint8_t kinds[HV_A_GUEST_MAX + 1] = {
	[HV_A_GUEST_ID] = KIND_U64,
	[HV_A_GUEST_NAME] = KIND_NAME,
	[HV_A_GUEST_DEV_FD] = KIND_FD,
	[HV_A_GUEST_VCPUS] = KIND_U32,
	[HV_A_GUEST_ON_RESET] = KIND_U32,
	[HV_A_GUEST_DEBUG_EXIT_PORT] = KIND_U16,
	[HV_A_GUEST_REGION] = KIND_REGION,
	[HV_A_GUEST_SEGMENT] = KIND_SEGMENT,
	[HV_A_GUEST_VCPU_STATE] = KIND_STATE,
	[HV_A_GUEST_ORIGIN] = KIND_TEXT,
	[HV_A_GUEST_PV] = KIND_U32,
	[HV_A_GUEST_LABEL] = KIND_LABEL,
	[HV_A_GUEST_RESTART] = KIND_U32,
	[HV_A_GUEST_REMOVE_ON_STOP] = KIND_U8,
	[HV_A_GUEST_BIND_FD] = KIND_FD,
};

static void put_name(struct fuzzer *f, struct nl_msg *m, uint16_t type)
{
	char text[80];
	size_t i, len = once_in(f, 12) ? below(f, sizeof(text) - 1) : 0;

	snprintf(text, sizeof(text), "fuzz-%u", below(f, NAMES));
	for (i = 0; i < len; i++)
		text[i] = 1 + below(f, 255);
	if (len)
		text[len] = '\0';
	nl_put(m, type, text, strlen(text) + !once_in(f, 40));
}

static void put_region(struct fuzzer *f, struct nl_msg *m)
{
	static const uint64_t places[] = { 0x100000, 0x200000, 0x100000000, 0x40000000 };
	struct nlattr *nest = nl_nest(m, HV_A_GUEST_REGION);

	nl_u64(m, HV_A_REGION_GPA, once_in(f, 6) ? number(f) : places[below(f, 4)]);
	nl_u64(m, HV_A_REGION_SIZE, once_in(f, 6) ? number(f) : (uint64_t)PAGE << 3 * below(f, 3));
	if (once_in(f, 3))
		nl_u32(m, HV_A_REGION_FD, fd_argument(f, FD_MEMORY));
	if (once_in(f, 4))
		nl_u64(m, HV_A_REGION_OFFSET, once_in(f, 3) ? number(f) : PAGE);
	nl_nest_end(m, nest);
}

static void put_segment(struct fuzzer *f, struct nl_msg *m)
{
	hv_segment(m, once_in(f, 4) ? number(f) : 0, fd_argument(f, FD_MEMORY),
		   once_in(f, 4) ? number(f) : 0, once_in(f, 4) ? number(f) : 4);
}

static void put_state(struct fuzzer *f, struct nl_msg *m)
{
	struct hv_vcpu_state *state;
	struct nlattr *a = (struct nlattr *)((char *)m->header + m->header->nlmsg_len);

	hv_state(m);
	state = (void *)((char *)a + NLA_HDRLEN);
	if (once_in(f, 3))
		spoil(f, state, sizeof(*state));
}

static void put_attribute(struct fuzzer *f, struct nl_msg *m, uint16_t type)
{
	uint64_t value = number(f);
	unsigned int kind = type <= HV_A_GUEST_MAX ? kinds[type] : 0;
	char text[64];

	switch (once_in(f, 64) ? 0 : kind) {
	case KIND_U8:
		nl_put(m, type, &value, 1);
		break;
	case KIND_U16:
		nl_u16(m, type, value);
		break;
	case KIND_U32:
		nl_u32(m, type, once_in(f, 4) ? value : below(f, 4));
		break;
	case KIND_U64:
		nl_u64(m, type, guest_id(f));
		break;
	case KIND_FD:
		nl_u32(m, type, fd_argument(f, FD_DEV));
		break;
	case KIND_NAME:
		put_name(f, m, type);
		break;
	case KIND_LABEL:
	case KIND_TEXT:
		snprintf(text, sizeof(text), "k%u=%llx", below(f, 20), (unsigned long long)value);
		nl_str(m, type, text);
		break;
	case KIND_REGION:
		put_region(f, m);
		break;
	case KIND_SEGMENT:
		put_segment(f, m);
		break;
	case KIND_STATE:
		put_state(f, m);
		break;
	default:
		nl_put(m, type | (once_in(f, 4) ? NLA_F_NESTED : 0), &value, below(f, 9));
	}
}

/* A guest as somebody would make one. */
static void put_guest(struct fuzzer *f, struct nl_msg *m)
{
	put_name(f, m, HV_A_GUEST_NAME);
	put_state(f, m);
	hv_region(m, 0, 1 << 20);
	if (once_in(f, 2))
		put_region(f, m);
	if (!once_in(f, 3))
		put_segment(f, m);
	if (once_in(f, 2))
		nl_u32(m, HV_A_GUEST_VCPUS, 1 + below(f, 3));
	nl_u16(m, HV_A_GUEST_DEBUG_EXIT_PORT, 0xf4);
}

static void put_soup(struct fuzzer *f, struct nl_msg *m)
{
	unsigned int i, n = below(f, 6);

	for (i = 0; i < n; i++)
		put_attribute(f, m, 1 + below(f, HV_A_GUEST_MAX + 2));
}

static void put_request(struct fuzzer *f, struct nl_msg *m, uint8_t cmd)
{
	bool soup = once_in(f, 5);

	if (!soup && cmd == HV_CMD_GUEST_NEW) {
		put_guest(f, m);
		return;
	}
	if (!soup && once_in(f, 2))
		nl_u64(m, HV_A_GUEST_ID, guest_id(f));
	else if (!soup)
		put_name(f, m, HV_A_GUEST_NAME);
	if (!soup && (cmd == HV_CMD_REGION_NEW || cmd == HV_CMD_REGION_DEL))
		put_region(f, m);
	if (soup || cmd == HV_CMD_GUEST_SET)
		put_soup(f, m);
}

/* Lengths that lie, in the message or in its last attribute. */
static void spoil_message(struct fuzzer *f, struct nl_msg *m)
{
	uint8_t *bytes = (uint8_t *)m->buf + NLMSG_HDRLEN + GENL_HDRLEN;
	size_t len = m->header->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	unsigned int i;

	for (i = 0; len && i < 1 + below(f, 3); i++)
		bytes[below(f, len)] = rnd(f);
}

static void fuzz_netlink(struct fuzzer *f)
{
	uint8_t cmd = once_in(f, 5) ? HV_CMD_GUEST_NEW : 1 + below(f, HV_CMD_MAX + 1);
	bool dump = once_in(f, 40);
	struct nl_msg m;

	nl_start(&m, f->nl->family, cmd, dump ? NLM_F_DUMP : 0);
	if (!dump || once_in(f, 4))
		put_request(f, &m, cmd);
	if (once_in(f, 24))
		spoil_message(f, &m);
	if (nl_call(f->nl, &m))
		return;
	done[24 + cmd]++;
	if (cmd == HV_CMD_GUEST_NEW && hv_id(f->nl))
		atomic_store(&newest, hv_id(f->nl));
}

/* All of it */

static const struct {
	void (*fn)(struct fuzzer *f);
	unsigned int weight;
} things[] = {
	{ fuzz_netlink, 40 }, { fuzz_ioctl, 30 }, { fuzz_descriptors, 8 }, { fuzz_close, 4 },
	{ fuzz_read, 4 }, { fuzz_write, 6 }, { fuzz_poll, 2 }, { fuzz_mmap, 6 },
};

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;
	unsigned int i, at, which;

	for (i = 0; i < f->calls; i++) {
		which = 0;
		for (at = below(f, 100); at >= things[which].weight; which++)
			at -= things[which].weight;
		things[which].fn(f);
	}
	return NULL;
}

static void run(void)
{
	static struct fuzzer fuzzers[THREADS_MAX];
	unsigned int i, n = tap_count(calls, 1000);

	printf("# %u calls by %u threads, seed %llu\n", n, threads, (unsigned long long)seed);
	for (i = 0; i < threads; i++) {
		fuzzers[i] = (struct fuzzer){ .nl = nl_open(), .calls = n / threads,
					      .rng = seed * 1000003 + i };
		if (pthread_create(&fuzzers[i].thread, NULL, fuzz, &fuzzers[i]))
			nl_die("pthread_create");
	}
	for (i = 0; i < threads; i++) {
		pthread_join(fuzzers[i].thread, NULL);
		nl_close(fuzzers[i].nl);
	}
	CHECK(true);
}

/* It got somewhere: what always fails tests nothing. */
static void reached(void)
{
	unsigned int i;

	printf("# done: ioctls");
	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++)
		printf(" %u", done[i]);
	printf("; read %u, write %u, mmap %u; commands", done[20], done[21], done[22]);
	for (i = 1; i <= HV_CMD_MAX; i++)
		printf(" %u", done[24 + i]);
	printf("\n");
	CHECK(done[24 + HV_CMD_GUEST_NEW] && done[24 + HV_CMD_GUEST_START]);
	CHECK(done[24 + HV_CMD_GUEST_PAUSE] && done[24 + HV_CMD_REGION_NEW]);
	CHECK(done[1] && done[3] && done[6] && done[7] && done[8] && done[20] && done[22]);
}

static void all_go(void)
{
	struct nl *s = nl_open();
	struct nlmsghdr *h;
	uint64_t ids[64];
	unsigned int i, n;

	for (i = 0; i < FD_KINDS * SLOTS; i++)
		if (slots[i / SLOTS][i % SLOTS] >= 0)
			close(slots[i / SLOTS][i % SLOTS]);
	do {
		if (hv_dump(s, HV_CMD_GUEST_GET))
			nl_die(s->sentence);
		for (n = 0, h = NULL; n < 64 && (h = nl_next(s, h)); n++)
			ids[n] = nl_value(nl_attr(h, HV_A_GUEST_ID));
		for (i = 0; i < n; i++) {
			hv_call_id(s, HV_CMD_GUEST_KILL, ids[i]);
			hv_call_id(s, HV_CMD_GUEST_DEL, ids[i]);
			CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_GET, ids[i]), ENOENT);
		}
	} while (n);
	nl_close(s);
}

static const struct tap_test tests[] = {
	{ "every call returns", run },
	{ "calls succeed too", reached },
	{ "every guest can be removed", all_go },
};

int main(int argc, char **argv)
{
	unsigned int i;

	calls = argc > 1 ? atoi(argv[1]) : CALLS;
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	threads = argc > 3 ? atoi(argv[3]) : 4;
	if (!threads || threads > THREADS_MAX)
		threads = THREADS_MAX;
	nl_close(nl_open_as_root());
	for (i = 0; i < FD_KINDS * SLOTS; i++)
		slots[i / SLOTS][i % SLOTS] = -1;
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
