// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel does for a guest with no process alive: restarts it by its
 * policy, removes it when it stops, ends it with the file it is bound to.  And
 * what else guest-set changes, the power button, and time while it is paused.
 */
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "nl.h"
#include "tap.h"

#define MIB		(1 << 20)
#define TRIES		2000
#define TRY_US		5000
#define MAX_LABELS	16

static struct nl *s;

/* Real mode, from address 0. */
#define IDLE		0xfb, 0xf4, 0xeb, 0xfc		/* sti; hlt; jmp 0 */
#define EXIT(value)	0xb0, value, 0xe6, 0xf4, 0xf4	/* mov al, value; out 0xf4, al; hlt */
/* mov dx, 0x604; mov ax, 0x3400; out dx, ax; hlt: S5. */
#define POWEROFF	0xba, 0x04, 0x06, 0xb8, 0x00, 0x34, 0xef, 0xf4
/* mov dx, 0x600; in ax, dx; test ah, 1; jz -6: waits for the power button. */
#define BUTTON		0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01, 0x74, 0xfa
/*
 * mov dx, 0x608; in eax, dx; mov [0x1000], eax; rdtsc; mov [0x1008], eax;
 * mov [0x100c], edx; jmp 0: shows the PM timer and the TSC.
 */
#define CLOCKS		0xba, 0x08, 0x06, 0x66, 0xed, 0x66, 0xa3, 0x00, 0x10, 0x0f, 0x31, \
			0x66, 0xa3, 0x08, 0x10, 0x66, 0x89, 0x16, 0x0c, 0x10, 0xeb, 0xea

struct code {
	uint8_t bytes[32];
	size_t len;
};

#define CODE(...) ((struct code){ { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }) })

/* The kernel has taken the last one's file: its number is free again. */
static void begin(struct nl_msg *m, struct code code)
{
	static int fd = -1;

	if (fd >= 0)
		close(fd);
	fd = hv_memfd(code.bytes, code.len, HV_SEALS);
	hv_start(s, m, HV_CMD_GUEST_NEW);
	hv_state(m);
	hv_region(m, 0, MIB);
	hv_segment(m, 0, fd, 0, code.len);
	nl_u16(m, HV_A_GUEST_DEBUG_EXIT_PORT, 0xf4);
}

static uint64_t finish(struct nl_msg *m)
{
	return nl_call(s, m) ? 0 : hv_id(s);
}

static void nl_u8(struct nl_msg *m, uint16_t type, uint8_t value)
{
	nl_put(m, type, &value, sizeof(value));
}

static uint64_t with_restart(struct code code, uint32_t policy)
{
	struct nl_msg m;

	begin(&m, code);
	nl_u32(&m, HV_A_GUEST_RESTART, policy);
	return finish(&m);
}

static int call(uint8_t cmd, uint64_t id)
{
	return hv_call_id(s, cmd, id);
}

/* An attribute of the guest as it is now; 0 where it has none. */
static uint64_t get(uint64_t id, uint16_t attr)
{
	return call(HV_CMD_GUEST_GET, id) ? 0 : nl_value(nl_attr(nl_next(s, NULL), attr));
}

static bool is_gone(uint64_t id)
{
	return call(HV_CMD_GUEST_GET, id) == ENOENT;
}

/* Waits for @cond; false where it never comes. */
#define COMES(cond) ({ \
	unsigned int tries_; \
	for (tries_ = 0; tries_ < TRIES && !(cond); tries_++) \
		usleep(TRY_US); \
	tries_ < TRIES; \
})

static bool stops(uint64_t id)
{
	return COMES(get(id, HV_A_GUEST_STATE) == HV_STATE_STOPPED);
}

static void drop(uint64_t id)
{
	call(HV_CMD_GUEST_KILL, id);
	call(HV_CMD_GUEST_DEL, id);
}

/* Restart policies */

static void always(void)
{
	uint64_t id = with_restart(CODE(EXIT(0)), HV_RESTART_ALWAYS);

	CHECK(id);
	CHECK_EQ(get(id, HV_A_GUEST_RESTART), HV_RESTART_ALWAYS);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK(COMES(get(id, HV_A_GUEST_RESTARTS) >= 3));
	CHECK(COMES(get(id, HV_A_GUEST_RESTART_AT)));
	CHECK_EQ(call(HV_CMD_GUEST_KILL, id), 0);
	CHECK_EQ(get(id, HV_A_GUEST_STATE), HV_STATE_STOPPED);
	CHECK_EQ(get(id, HV_A_GUEST_RESTART_AT), 0);
	/* By hand it begins anew. */
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK(get(id, HV_A_GUEST_RESTARTS) < 3);
	drop(id);
}

/* The time from a stop to the restart doubles. */
static void back_off(void)
{
	uint64_t id = with_restart(CODE(EXIT(1)), HV_RESTART_ON_FAILURE), n;
	struct nlmsghdr *h;

	CHECK(id);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	for (n = 0; n < 4; n++) {
		CHECK(COMES(get(id, HV_A_GUEST_RESTARTS) == n && get(id, HV_A_GUEST_RESTART_AT)));
		h = nl_next(s, NULL);
		if (nl_value(nl_attr(h, HV_A_GUEST_RESTARTS)) != n)
			continue;
		CHECK((nl_value(nl_attr(h, HV_A_GUEST_RESTART_AT)) -
		       nl_value(nl_attr(h, HV_A_GUEST_STOPPED_AT)) + 20000000) / 100000000 >=
		      1U << n);
	}
	drop(id);
}

static bool rests_after(struct code code, uint32_t policy, uint32_t reason)
{
	uint64_t id = with_restart(code, policy);
	bool ok = id && !call(HV_CMD_GUEST_START, id) && stops(id) &&
		  !get(id, HV_A_GUEST_RESTART_AT) && get(id, HV_A_GUEST_STOP_REASON) == reason;

	drop(id);
	return ok;
}

static void no_restart(void)
{
	CHECK(rests_after(CODE(EXIT(1)), HV_RESTART_NO, HV_STOP_REASON_DEBUG_EXIT));
	CHECK(rests_after(CODE(EXIT(0)), HV_RESTART_ON_FAILURE, HV_STOP_REASON_DEBUG_EXIT));
	CHECK(rests_after(CODE(POWEROFF), HV_RESTART_ON_FAILURE, HV_STOP_REASON_POWEROFF));
}

static void killed_stays(void)
{
	uint64_t id = with_restart(CODE(IDLE), HV_RESTART_ALWAYS);

	CHECK(id);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(call(HV_CMD_GUEST_KILL, id), 0);
	CHECK_EQ(get(id, HV_A_GUEST_STATE), HV_STATE_STOPPED);
	CHECK_EQ(get(id, HV_A_GUEST_RESTART_AT), 0);
	drop(id);
}

static void policy_taken_back(void)
{
	uint64_t id = with_restart(CODE(EXIT(1)), HV_RESTART_ALWAYS);
	struct nl_msg m;

	CHECK(id);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK(COMES(get(id, HV_A_GUEST_RESTART_AT)));
	hv_start(s, &m, HV_CMD_GUEST_SET);
	nl_u64(&m, HV_A_GUEST_ID, id);
	nl_u32(&m, HV_A_GUEST_RESTART, HV_RESTART_NO);
	CHECK_EQ(nl_call(s, &m), 0);
	CHECK(stops(id));
	CHECK_EQ(get(id, HV_A_GUEST_RESTART_AT), 0);
	CHECK_EQ(get(id, HV_A_GUEST_RESTART), HV_RESTART_NO);
	drop(id);
}

/* The power button */

static void button(void)
{
	uint64_t id = with_restart(CODE(BUTTON, POWEROFF), HV_RESTART_ALWAYS);

	CHECK(id);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(call(HV_CMD_GUEST_STOP, id), 0);
	CHECK(stops(id));
	CHECK_EQ(get(id, HV_A_GUEST_STOP_REASON), HV_STOP_REASON_POWEROFF);
	CHECK_EQ(get(id, HV_A_GUEST_RESTART_AT), 0);
	/* Pressed while it is paused: seen when it goes on. */
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK_EQ(call(HV_CMD_GUEST_PAUSE, id), 0);
	CHECK_EQ(call(HV_CMD_GUEST_STOP, id), 0);
	CHECK_EQ(get(id, HV_A_GUEST_STATE), HV_STATE_PAUSED);
	CHECK_EQ(call(HV_CMD_GUEST_RESUME, id), 0);
	CHECK(stops(id));
	CHECK_EQ(get(id, HV_A_GUEST_STOP_REASON), HV_STOP_REASON_POWEROFF);
	CHECK_EQ(call(HV_CMD_GUEST_DEL, id), 0);
}

/* Removal */

static void remove_on_stop(void)
{
	struct nl_msg m;
	uint64_t id;

	begin(&m, CODE(EXIT(0)));
	nl_u8(&m, HV_A_GUEST_REMOVE_ON_STOP, 1);
	id = finish(&m);
	CHECK(id);
	CHECK_EQ(get(id, HV_A_GUEST_REMOVE_ON_STOP), 1);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK(COMES(is_gone(id)));
}

/* Between two restarts it stays. */
static void remove_after_restarts(void)
{
	struct nl_msg m;
	uint64_t id;

	begin(&m, CODE(EXIT(1)));
	nl_u8(&m, HV_A_GUEST_REMOVE_ON_STOP, 1);
	nl_u32(&m, HV_A_GUEST_RESTART, HV_RESTART_ALWAYS);
	id = finish(&m);
	CHECK(id);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK(COMES(get(id, HV_A_GUEST_RESTARTS) >= 2));
	CHECK_EQ(call(HV_CMD_GUEST_KILL, id), 0);
	CHECK(COMES(is_gone(id)));
}

/* Bound guests */

static uint64_t bound_guest(int dev)
{
	struct nl_msg m;
	uint64_t id;

	begin(&m, CODE(IDLE));
	nl_u32(&m, HV_A_GUEST_BIND_FD, dev);
	id = finish(&m);
	return id && !call(HV_CMD_GUEST_START, id) ? id : 0;
}

static void bound(void)
{
	int dev = open("/dev/hv", O_RDWR | O_CLOEXEC), other;
	uint64_t id = bound_guest(dev), second = bound_guest(dev);

	CHECK(id && second);
	CHECK_EQ(get(id, HV_A_GUEST_BOUND), 1);
	/* One that has gone by itself is no matter. */
	drop(second);
	other = dup(dev);
	close(dev);
	usleep(20000);
	CHECK_EQ(get(id, HV_A_GUEST_STATE), HV_STATE_RUNNING);
	close(other);
	CHECK(COMES(is_gone(id)));
}

static void bound_to_a_process(void)
{
	int ends[2], status, i;
	uint64_t ids[3] = { 0 };
	pid_t pid;

	CHECK(!pipe(ends));
	pid = fork();
	if (!pid) {
		int dev = open("/dev/hv", O_RDWR);

		s = nl_open();
		ids[0] = bound_guest(dev);
		ids[1] = bound_guest(dev);
		call(HV_CMD_GUEST_PAUSE, ids[1]);
		ids[2] = bound_guest(dev);
		call(HV_CMD_GUEST_KILL, ids[2]);
		if (write(ends[1], ids, sizeof(ids)) != sizeof(ids))
			_exit(1);
		pause();
		_exit(0);
	}
	CHECK_EQ(read(ends[0], ids, sizeof(ids)), (ssize_t)sizeof(ids));
	for (i = 0; i < 3; i++)
		CHECK(ids[i] && !is_gone(ids[i]));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	for (i = 0; i < 3; i++)
		CHECK(COMES(is_gone(ids[i])));
	close(ends[0]);
	close(ends[1]);
}

static void bad_bonds(void)
{
	int fds[] = { -1, 999, open("/dev/null", O_RDWR), s->fd };
	static const int errors[] = { EBADF, EBADF, EINVAL, EINVAL };
	struct nl_msg m;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		begin(&m, CODE(IDLE));
		nl_u32(&m, HV_A_GUEST_BIND_FD, fds[i]);
		CHECK_EQ(nl_call(s, &m), errors[i]);
		CHECK(s->sentence[0]);
	}
	close(fds[2]);
}

/* Labels */

static void begin_set(struct nl_msg *m, uint64_t id)
{
	hv_start(s, m, HV_CMD_GUEST_SET);
	nl_u64(m, HV_A_GUEST_ID, id);
}

static unsigned int labels_of(uint64_t id)
{
	struct nlattr *a = NULL;
	unsigned int n = 0;

	if (call(HV_CMD_GUEST_GET, id))
		return 0;
	while ((a = nl_next_attr(nl_next(s, NULL), HV_A_GUEST_LABEL, a)))
		n++;
	return n;
}

static void labels(void)
{
	char label[128], key[80];
	struct nl_msg m;
	unsigned int i;
	uint64_t id;

	begin(&m, CODE(IDLE));
	for (i = 0; i < MAX_LABELS; i++) {
		snprintf(label, sizeof(label), "k%u=", i);
		memset(label + strlen(label), 'v', sizeof(label) - 1 - strlen(label));
		label[sizeof(label) - 1] = '\0';
		nl_str(&m, HV_A_GUEST_LABEL, label);
	}
	id = finish(&m);
	CHECK(id);
	CHECK_EQ(labels_of(id), MAX_LABELS);
	begin_set(&m, id);
	nl_str(&m, HV_A_GUEST_LABEL, "a.b/c=\xc3\xa4 = x");
	memset(key, 'k', sizeof(key));
	strcpy(key + 63, "=");
	nl_str(&m, HV_A_GUEST_LABEL, key);
	CHECK_EQ(nl_call(s, &m), 0);
	CHECK_EQ(labels_of(id), 2);
	CHECK(!strcmp(nl_text(nl_attr(nl_next(s, NULL), HV_A_GUEST_LABEL)), "a.b/c=\xc3\xa4 = x"));
	/* What does not name them leaves them. */
	begin_set(&m, id);
	nl_u32(&m, HV_A_GUEST_ON_RESET, HV_ON_RESET_STOP);
	CHECK_EQ(nl_call(s, &m), 0);
	CHECK_EQ(labels_of(id), 2);
	CHECK_EQ(get(id, HV_A_GUEST_ON_RESET), HV_ON_RESET_STOP);
	begin_set(&m, id);
	nl_str(&m, HV_A_GUEST_LABEL, "");
	CHECK_EQ(nl_call(s, &m), 0);
	CHECK_EQ(labels_of(id), 0);
	drop(id);
}

/* Refused, and nothing of it was done. */
static void bad_sets(void)
{
	static const char *const bad[] = { "novalue", "=x", "a b=c", "a=\n", "a=\x7f", "\xc3\xa4=x" };
	uint64_t id = with_restart(CODE(IDLE), HV_RESTART_ALWAYS);
	char label[140];
	struct nl_msg m;
	unsigned int i;

	CHECK(id);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin_set(&m, id);
		nl_u32(&m, HV_A_GUEST_RESTART, HV_RESTART_NO);
		nl_str(&m, HV_A_GUEST_LABEL, bad[i]);
		CHECK_EQ(nl_call(s, &m), EINVAL);
		CHECK(s->sentence[0]);
	}
	begin_set(&m, id);
	nl_str(&m, HV_A_GUEST_LABEL, "a=1");
	nl_str(&m, HV_A_GUEST_LABEL, "a=2");
	CHECK_EQ(nl_call(s, &m), EINVAL);
	begin_set(&m, id);
	for (i = 0; i <= MAX_LABELS; i++) {
		snprintf(label, sizeof(label), "k%u=", i);
		nl_str(&m, HV_A_GUEST_LABEL, label);
	}
	CHECK_EQ(nl_call(s, &m), EINVAL);
	memset(label, 'k', sizeof(label));
	strcpy(label + 64, "=");
	begin_set(&m, id);
	nl_str(&m, HV_A_GUEST_LABEL, label);
	CHECK_EQ(nl_call(s, &m), EINVAL);
	begin_set(&m, id);
	nl_u32(&m, HV_A_GUEST_RESTART, HV_RESTART_ALWAYS + 1);
	i = nl_call(s, &m);
	CHECK(i == EINVAL || i == ERANGE);
	begin_set(&m, id);
	nl_u8(&m, HV_A_GUEST_REMOVE_ON_STOP, 2);
	i = nl_call(s, &m);
	CHECK(i == EINVAL || i == ERANGE);
	begin_set(&m, id);
	nl_u32(&m, HV_A_GUEST_VCPUS, 2);
	CHECK_EQ(nl_call(s, &m), EINVAL);
	CHECK_EQ(get(id, HV_A_GUEST_RESTART), HV_RESTART_ALWAYS);
	CHECK_EQ(labels_of(id), 0);
	drop(id);
}

/* Time while it is paused */

/* What the guest has written at 0x1000: its PM timer, its TSC. */
static volatile uint64_t *map_clocks(uint64_t id)
{
	int dev = open("/dev/hv", O_RDWR | O_CLOEXEC), fd;
	struct hv_open o = { .id = id };
	void *p;

	fd = ioctl(dev, HV_OPEN, &o);
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0x1000);
	close(fd);
	close(dev);
	return p == MAP_FAILED ? NULL : p;
}

/* Longer than a guest is ever kept from running here, and seen as none at all. */
#define PAUSE_S	4

static void clocks_stand_still(void)
{
	uint64_t id = with_restart(CODE(CLOCKS), HV_RESTART_NO), pm, tsc;
	volatile uint64_t *clocks;

	CHECK(id);
	clocks = map_clocks(id);
	CHECK(clocks);
	CHECK_EQ(call(HV_CMD_GUEST_START, id), 0);
	CHECK(COMES(clocks[1]));
	CHECK_EQ(call(HV_CMD_GUEST_PAUSE, id), 0);
	pm = (uint32_t)clocks[0];
	tsc = clocks[1];
	sleep(PAUSE_S);
	/* Nothing of it runs. */
	CHECK_EQ((uint32_t)clocks[0], pm);
	CHECK_EQ(clocks[1], tsc);
	CHECK_EQ(call(HV_CMD_GUEST_RESUME, id), 0);
	CHECK(COMES((uint32_t)clocks[0] != pm));
	CHECK_EQ(call(HV_CMD_GUEST_PAUSE, id), 0);
	pm = ((uint32_t)clocks[0] - pm) & 0xffffffff;
	printf("# the PM timer went on by %llu ticks\n", (unsigned long long)pm);
	CHECK(pm < 3579545ULL * PAUSE_S / 2);
	drop(id);
}

static void nothing_left(void)
{
	CHECK_EQ(hv_dump(s, HV_CMD_GUEST_GET), 0);
	CHECK(!nl_next(s, NULL));
}

static const struct tap_test tests[] = {
	{ "restarted always, until it is killed", always },
	{ "each restart takes longer", back_off },
	{ "no restart where the policy says so", no_restart },
	{ "one that was killed stays stopped", killed_stays },
	{ "a policy is taken back", policy_taken_back },
	{ "the power button", button },
	{ "removed when it stops", remove_on_stop },
	{ "removed when it restarts no more", remove_after_restarts },
	{ "bound to a file", bound },
	{ "bound to a process that is killed", bound_to_a_process },
	{ "no bond to other files", bad_bonds },
	{ "labels", labels },
	{ "refused changes change nothing", bad_sets },
	{ "clocks stand still in a pause", clocks_stand_still },
	{ "nothing is left", nothing_left },
};

int main(void)
{
	s = nl_open_as_root();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
