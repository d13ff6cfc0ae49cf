// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest-new: what it refuses, with errno and sentence and nothing left behind,
 * and that what it accepts comes back as it was given.
 */
#include "nl.h"
#include "tap.h"

#define PAGE	4096ULL
#define MIB	(1ULL << 20)

static struct nl *s;
static struct nl_msg m;
static int sealed;	/* a memfd of 3 pages */

static void begin(void)
{
	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_state(&m);
}

static void begin_with_memory(void)
{
	begin();
	hv_region(&m, 0, MIB);
}

/* Refused with @error and with words. */
#define CHECK_REFUSED(error_) do { \
	CHECK_EQ(nl_call(s, &m), error_); \
	CHECK(s->sentence[0]); \
} while (0)

/* Refused by its policy, whose errno depends on which rule it breaks. */
#define CHECK_MALFORMED() do { \
	int error_ = nl_call(s, &m); \
	CHECK(error_ == EINVAL || error_ == ERANGE); \
	CHECK(s->sentence[0]); \
} while (0)

static int create_named(const void *name, size_t len)
{
	begin_with_memory();
	nl_put(&m, HV_A_GUEST_NAME, name, len);
	return nl_call(s, &m);
}

static void bad_names(void)
{
	static const char *const names[] = {
		"", "a b", "a/b", "a\n", "\xc3\xa4", "a:b", "..//", "a%d", "\x7f",
		"a\tb", ".", "..",
	};
	char name[100];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_EQ(create_named(names[i], strlen(names[i]) + 1), EINVAL);
		CHECK(s->sentence[0]);
	}
	memset(name, 'x', sizeof(name));
	name[64] = 0;
	i = create_named(name, 65);
	CHECK(i == ERANGE || i == EINVAL);
	CHECK_EQ(create_named(name, 20), EINVAL);
	CHECK_EQ(create_named("a\0b", 4), EINVAL);
}

static void good_names(void)
{
	static const char *const names[] = { "a", "A.b_c-9", "...", "-", "0" };
	char name[HV_NAME_MAX + 1];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_EQ(create_named(names[i], strlen(names[i]) + 1), 0);
		CHECK(!strcmp(nl_text(nl_attr(nl_next(s, NULL), HV_A_GUEST_NAME)), names[i]));
		CHECK_EQ(create_named(names[i], strlen(names[i]) + 1), EEXIST);
		CHECK(s->sentence[0]);
		CHECK_EQ(hv_call_name(s, HV_CMD_GUEST_DEL, names[i]), 0);
	}
	memset(name, 'x', sizeof(name));
	name[HV_NAME_MAX] = 0;
	CHECK_EQ(create_named(name, sizeof(name)), 0);
	CHECK_EQ(hv_call_name(s, HV_CMD_GUEST_DEL, name), 0);
}

static void made_up_name(void)
{
	uint64_t id = hv_plain_guest(s, NULL);
	char name[HV_NAME_MAX + 1];

	CHECK(id);
	snprintf(name, sizeof(name), "%s", nl_text(nl_attr(nl_next(s, NULL), HV_A_GUEST_NAME)));
	CHECK(name[0]);
	CHECK_EQ(hv_call_name(s, HV_CMD_GUEST_GET, name), 0);
	CHECK_EQ(hv_id(s), id);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, id), 0);
}

/* Both may be given, and then both have to be the guest's. */
static void id_and_name(void)
{
	uint64_t id = hv_plain_guest(s, "both");

	CHECK(id);
	hv_start(s, &m, HV_CMD_GUEST_GET);
	nl_u64(&m, HV_A_GUEST_ID, id);
	nl_str(&m, HV_A_GUEST_NAME, "other");
	CHECK_REFUSED(ENOENT);
	hv_start(s, &m, HV_CMD_GUEST_DEL);
	nl_u64(&m, HV_A_GUEST_ID, id);
	nl_str(&m, HV_A_GUEST_NAME, "both");
	CHECK_EQ(nl_call(s, &m), 0);
}

static void bad_regions(void)
{
	static const struct { uint64_t gpa[2], size[2]; } rows[] = {
		{ { 0 }, { 0 } },
		{ { 0 }, { PAGE - 1 } },
		{ { 0 }, { PAGE + 1 } },
		{ { 1 }, { PAGE } },
		{ { PAGE / 2 }, { PAGE } },
		{ { 0 }, { ~0ULL } },
		{ { 0 }, { ~0ULL & ~(PAGE - 1) } },
		{ { ~0ULL & ~(PAGE - 1) }, { PAGE } },
		{ { ~0ULL & ~(PAGE - 1) }, { 2 * PAGE } },
		{ { 1ULL << 48 }, { PAGE } },
		{ { 0xfee00000 }, { PAGE } },
		{ { 0xbffff000 }, { 2 * PAGE } },
		{ { (1ULL << 48) - PAGE }, { 2 * PAGE } },
		{ { 0, 0 }, { MIB, MIB } },
		{ { 0, MIB - PAGE }, { MIB, PAGE } },
		{ { MIB, 0 }, { MIB, MIB + PAGE } },
		{ { 0, MIB }, { 4 * MIB, PAGE } },
		{ { 0, MIB }, { MIB, 0 } },
	};
	unsigned int i;

	begin();
	CHECK_REFUSED(EINVAL);
	hv_start(s, &m, HV_CMD_GUEST_NEW);
	hv_region(&m, 0, MIB);
	CHECK_REFUSED(EINVAL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		hv_region(&m, rows[i].gpa[0], rows[i].size[0]);
		if (rows[i].gpa[1] || rows[i].size[1])
			hv_region(&m, rows[i].gpa[1], rows[i].size[1]);
		CHECK_REFUSED(EINVAL);
	}
}

static void malformed_nests(void)
{
	struct nlattr *nest;

	begin();
	nest = nl_nest(&m, HV_A_GUEST_REGION);
	nl_u64(&m, HV_A_REGION_GPA, 0);
	nl_nest_end(&m, nest);
	CHECK_REFUSED(EINVAL);

	begin();
	nest = nl_nest(&m, HV_A_GUEST_REGION);
	nl_u64(&m, HV_A_REGION_SIZE, MIB);
	nl_nest_end(&m, nest);
	CHECK_REFUSED(EINVAL);

	begin_with_memory();
	nl_nest_end(&m, nl_nest(&m, HV_A_GUEST_REGION));
	CHECK_REFUSED(EINVAL);

	begin();
	nest = nl_nest(&m, HV_A_GUEST_REGION);
	nl_u64(&m, HV_A_REGION_GPA, 0);
	nl_u64(&m, HV_A_REGION_SIZE, MIB);
	nl_u64(&m, HV_A_REGION_MAX + 1, 0);
	nl_nest_end(&m, nest);
	CHECK_REFUSED(EINVAL);

	/* Without the flag that says it is a nest. */
	begin_with_memory();
	m.header->nlmsg_len -= 4 + 2 * 12;
	nest = nl_put(&m, HV_A_GUEST_REGION, NULL, 0);
	nl_u64(&m, HV_A_REGION_GPA, 0);
	nl_u64(&m, HV_A_REGION_SIZE, MIB);
	nl_nest_end(&m, nest);
	CHECK_REFUSED(EINVAL);

	begin_with_memory();
	nest = nl_nest(&m, HV_A_GUEST_SEGMENT);
	nl_u64(&m, HV_A_SEGMENT_GPA, 0);
	nl_u64(&m, HV_A_SEGMENT_LENGTH, PAGE);
	nl_nest_end(&m, nest);
	CHECK_REFUSED(EINVAL);
}

static void too_many(void)
{
	unsigned int i;

	begin();
	for (i = 0; i < 17; i++)
		hv_region(&m, 2 * i * MIB, MIB);
	CHECK_REFUSED(EINVAL);
	begin_with_memory();
	for (i = 0; i < 65; i++)
		hv_segment(&m, i * PAGE, sealed, 0, 1);
	CHECK_REFUSED(EINVAL);
}

static void bad_segments(void)
{
	const struct { uint64_t gpa, offset, length; } rows[] = {
		{ 0, 0, 0 },
		{ MIB, 0, 1 },
		{ MIB - 1, 0, 2 },
		{ ~0ULL, 0, 1 },
		{ ~0ULL, 0, 2 },
		{ 0, 0, ~0ULL },
		{ PAGE, 0, ~0ULL - PAGE + 1 },
		{ 0, 3 * PAGE, 1 },
		{ 0, 0, 3 * PAGE + 1 },
		{ 0, 1, 3 * PAGE },
		{ 0, ~0ULL, 1 },
		{ 0, ~0ULL, 2 },
		{ 0, 1ULL << 63, 1 },
		/* From one region into the next. */
		{ 2 * MIB - PAGE, 0, 2 * PAGE },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_with_memory();
		if (i == 13)
			hv_region(&m, MIB, MIB);
		if (i == 13)
			hv_region(&m, 2 * MIB, MIB);
		hv_segment(&m, rows[i].gpa, sealed, rows[i].offset, rows[i].length);
		CHECK_REFUSED(EINVAL);
	}
}

/* Only a memfd that nobody can change or cut short will do. */
static void bad_segment_files(void)
{
	static const int seals[] = {
		0, F_SEAL_WRITE, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE | F_SEAL_SHRINK,
		F_SEAL_WRITE | F_SEAL_GROW, F_SEAL_GROW | F_SEAL_SHRINK,
	};
	int fds[] = {
		open("/dev/zero", O_RDWR), open("/proc/self/exe", O_RDONLY),
		open("/", O_RDONLY), open("/dev/hv", O_RDWR), s->fd, 0,
	};
	char page[PAGE] = { 0 };
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(seals) / sizeof(seals[0]); i++) {
		fd = hv_memfd(page, sizeof(page), seals[i]);
		begin_with_memory();
		hv_segment(&m, 0, fd, 0, PAGE);
		CHECK_REFUSED(EPERM);
		close(fd);
	}
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		begin_with_memory();
		hv_segment(&m, 0, fds[i], 0, 1);
		fd = nl_call(s, &m);
		CHECK(fd == EPERM || fd == EINVAL);
		CHECK(s->sentence[0]);
	}
	for (i = 0; i < 4; i++)
		close(fds[i]);
	begin_with_memory();
	hv_segment(&m, 0, -1, 0, 1);
	CHECK_REFUSED(EBADF);
	begin_with_memory();
	hv_segment(&m, 0, 999, 0, 1);
	CHECK_REFUSED(EBADF);
}

static void bad_numbers(void)
{
	struct hv_vcpu_state state[2] = { 0 };

	begin_with_memory();
	nl_u32(&m, HV_A_GUEST_VCPUS, 0);
	CHECK_MALFORMED();
	begin_with_memory();
	nl_u32(&m, HV_A_GUEST_VCPUS, 65);
	CHECK_REFUSED(EINVAL);
	begin_with_memory();
	nl_u32(&m, HV_A_GUEST_ON_RESET, HV_ON_RESET_STOP + 1);
	CHECK_MALFORMED();
	begin_with_memory();
	nl_u32(&m, HV_A_GUEST_DEBUG_EXIT_PORT, 0xf4);
	CHECK_MALFORMED();
	begin_with_memory();
	nl_put(&m, HV_A_GUEST_VCPU_STATE, state, sizeof(state[0]) - 8);
	CHECK_MALFORMED();
	begin_with_memory();
	nl_put(&m, HV_A_GUEST_VCPU_STATE, state, sizeof(state[0]) + 8);
	CHECK_MALFORMED();
	state[0].gdtr.pad[1] = 1;
	begin_with_memory();
	nl_put(&m, HV_A_GUEST_VCPU_STATE, state, sizeof(state[0]));
	CHECK_REFUSED(EINVAL);
}

static bool region_is(const struct nlattr *a, uint64_t gpa, uint64_t size)
{
	return a && nl_value(nl_inner(a, HV_A_REGION_GPA)) == gpa &&
	       nl_value(nl_inner(a, HV_A_REGION_SIZE)) == size;
}

static bool segment_is(const struct nlattr *a, uint64_t gpa, uint64_t offset, uint64_t length)
{
	return a && nl_value(nl_inner(a, HV_A_SEGMENT_GPA)) == gpa &&
	       nl_value(nl_inner(a, HV_A_SEGMENT_OFFSET)) == offset &&
	       nl_value(nl_inner(a, HV_A_SEGMENT_LENGTH)) == length;
}

static void round_trip(void)
{
	struct nlmsghdr *h;
	struct nlattr *a;
	uint64_t id;

	begin();
	nl_str(&m, HV_A_GUEST_NAME, "round.trip");
	nl_u32(&m, HV_A_GUEST_VCPUS, 1);
	nl_u32(&m, HV_A_GUEST_ON_RESET, HV_ON_RESET_STOP);
	nl_u16(&m, HV_A_GUEST_DEBUG_EXIT_PORT, 0xf4);
	hv_region(&m, 0, 2 * MIB);
	hv_region(&m, 1ULL << 32, 4 * MIB);
	hv_segment(&m, 1, sealed, PAGE, 2 * PAGE);
	hv_segment(&m, (1ULL << 32) + 4 * MIB - 5, sealed, 7, 5);
	CHECK_EQ(nl_call(s, &m), 0);
	h = nl_next(s, NULL);
	id = hv_id(s);
	CHECK(id);
	CHECK(!strcmp(nl_text(nl_attr(h, HV_A_GUEST_NAME)), "round.trip"));
	CHECK_EQ(nl_value(nl_attr(h, HV_A_GUEST_STATE)), HV_STATE_CREATED);
	CHECK_EQ(nl_value(nl_attr(h, HV_A_GUEST_VCPUS)), 1);
	CHECK_EQ(nl_value(nl_attr(h, HV_A_GUEST_ON_RESET)), HV_ON_RESET_STOP);
	CHECK_EQ(nl_value(nl_attr(h, HV_A_GUEST_DEBUG_EXIT_PORT)), 0xf4);
	CHECK_EQ(nl_value(nl_attr(h, HV_A_GUEST_MEMORY_SIZE)), 6 * MIB);
	CHECK_EQ(nl_value(nl_attr(h, HV_A_GUEST_OWNER_UID)), getuid());
	CHECK(nl_attr(h, HV_A_GUEST_CREATED_AT) && !nl_attr(h, HV_A_GUEST_STARTED_AT));
	CHECK(!nl_attr(h, HV_A_GUEST_STOPPED_AT) && !nl_attr(h, HV_A_GUEST_STOP_REASON));
	a = nl_attr(h, HV_A_GUEST_REGION);
	CHECK(region_is(a, 0, 2 * MIB));
	a = nl_next_attr(h, HV_A_GUEST_REGION, a);
	CHECK(region_is(a, 1ULL << 32, 4 * MIB));
	CHECK(!nl_next_attr(h, HV_A_GUEST_REGION, a));
	a = nl_attr(h, HV_A_GUEST_SEGMENT);
	CHECK(segment_is(a, 1, PAGE, 2 * PAGE));
	a = nl_next_attr(h, HV_A_GUEST_SEGMENT, a);
	CHECK(segment_is(a, (1ULL << 32) + 4 * MIB - 5, 7, 5));
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, id), 0);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_GET, id), ENOENT);
}

/* The largest request and the largest answers there are. */
static void full_manifest(void)
{
	struct nlattr *a = NULL;
	struct nlmsghdr *h;
	unsigned int i;
	uint64_t id;

	begin();
	for (i = 0; i < 16; i++)
		hv_region(&m, 2 * i * MIB, MIB);
	for (i = 0; i < 64; i++)
		hv_segment(&m, i * PAGE, sealed, 0, PAGE);
	CHECK_EQ(nl_call(s, &m), 0);
	id = hv_id(s);
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
	h = nl_next(s, NULL);
	CHECK_EQ(hv_id(s), id);
	for (i = 0; (a = nl_next_attr(h, HV_A_GUEST_SEGMENT, a)); i++)
		CHECK(segment_is(a, i * PAGE, 0, PAGE));
	CHECK_EQ(i, 64);
	CHECK_EQ(hv_call_id(s, HV_CMD_GUEST_DEL, id), 0);
}

static void nothing_left(void)
{
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
	CHECK(!nl_next(s, NULL));
}

static const struct tap_test tests[] = {
	{ "malformed names", bad_names },
	{ "names at their limits, and names that are taken", good_names },
	{ "a name is made up", made_up_name },
	{ "a guest by id and name", id_and_name },
	{ "no memory or state; regions that are empty, odd, wrap or overlap", bad_regions },
	{ "malformed nests", malformed_nests },
	{ "too many regions or segments", too_many },
	{ "segments outside memory or their file", bad_segments },
	{ "segments from files that are no sealed memfd", bad_segment_files },
	{ "numbers out of range", bad_numbers },
	{ "a guest comes back as it was given", round_trip },
	{ "16 regions and 64 segments", full_manifest },
	{ "no refusal left a guest behind", nothing_left },
};

int main(void)
{
	char pages[3 * PAGE];

	memset(pages, 'p', sizeof(pages));
	s = nl_open_as_root();
	sealed = hv_memfd(pages, sizeof(pages), HV_SEALS);
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
