// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program with the library does to a guest beside starting it: registers,
 * memory, memory that is shared.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "items.h"

#define SHARED_GPA	0x40000000ULL	/* beyond the 16 MiB of a payload */
#define SHARED_SIZE	(1UL << 20)

static struct hvctl *h;

/* In real mode: the bytes at 0x1000 in a guest of 2 MiB, and shared memory with @fd. */
static uint64_t small_guest(const void *bytes, size_t len, int fd, uint64_t offset)
{
	struct hv_vcpu_state state = {
		.rip = 0x1000,
		.rflags = 2,
		.cr0 = 0x11,
		.cs = { .limit = 0xffffffff, .selector = 8, .attr = 0xc9b },
		.ds = { .limit = 0xffffffff, .selector = 16, .attr = 0xc93 },
		.es = { .limit = 0xffffffff, .selector = 16, .attr = 0xc93 },
		.fs = { .limit = 0xffffffff, .selector = 16, .attr = 0xc93 },
		.gs = { .limit = 0xffffffff, .selector = 16, .attr = 0xc93 },
		.ss = { .limit = 0xffffffff, .selector = 16, .attr = 0xc93 },
		.ldtr = { .limit = 0xffff, .attr = 0x82 },
		.tr = { .limit = 0xffff, .attr = 0x8b },
	};
	struct hvctl_spec *spec = hvctl_spec_new();
	uint64_t id;

	if (hvctl_spec_set(h, spec, "memory", "2M") ||
	    hvctl_spec_set(h, spec, "debug-exit", DEBUG_EXIT_PORT) ||
	    hvctl_spec_segment(h, spec, 0x1000, bytes, len) ||
	    hvctl_spec_vcpu_state(h, spec, &state) ||
	    (fd >= 0 && hvctl_spec_region(h, spec, SHARED_GPA, SHARED_SIZE, fd, offset)))
		test_die("specification: %s", hvctl_error(h));
	id = hvctl_create(h, spec, &id) ? 0 : id;
	hvctl_spec_free(spec);
	return id;
}

/* out %eax, $0xf4; hlt */
static const uint8_t exit_eax[] = { 0xe7, 0xf4, 0xf4 };

/* A guest ends with what it has in EAX. */
static uint32_t run_for_eax(uint64_t id)
{
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);
	uint32_t eax = payload_status(g);

	hvctl_guest_free(g);
	return eax;
}

static void created(void)
{
	uint64_t id = small_guest(exit_eax, sizeof(exit_eax), -1, 0);
	struct hv_vcpu_state state, again;

	CHECK(id);
	CHECK_OK(h, hvctl_get_regs(h, id, 0, &state));
	state.gpr[HV_RAX] = 0x1234;
	CHECK_OK(h, hvctl_set_regs(h, id, 0, &state));
	CHECK_OK(h, hvctl_get_regs(h, id, 0, &again));
	CHECK(!memcmp(&state, &again, sizeof(state)));
	/* The manifest has it: for this start and the next. */
	CHECK_EQ(run_for_eax(id), 0x1234);
	CHECK_OK(h, hvctl_get_regs(h, id, 0, &again));
	CHECK(again.rip == 0x1002 && again.gpr[HV_RAX] == 0x1234);
	/* Stopped: what is read changes, what is started does not. */
	again.gpr[HV_RAX] = 0x4321;
	again.gpr[HV_R15] = ~0ULL;
	again.cr2 = 0x5000;
	again.rip = 0x77;
	CHECK_OK(h, hvctl_set_regs(h, id, 0, &again));
	CHECK_OK(h, hvctl_get_regs(h, id, 0, &state));
	CHECK(!memcmp(&state, &again, sizeof(state)));
	CHECK_EQ(run_for_eax(id), 0x1234);
	CHECK_OK(h, hvctl_remove(h, id));
}

static void running(void)
{
	static const uint8_t spin[] = { 0xeb, 0xfe };
	uint64_t id = small_guest(spin, sizeof(spin), -1, 0);
	struct hv_vcpu_state state;

	CHECK_OK(h, hvctl_get_regs(h, id, 0, &state));
	CHECK_OK(h, hvctl_start(h, id));
	CHECK_EQ(-hvctl_set_regs(h, id, 0, &state), EBUSY);
	CHECK_OK(h, hvctl_kill(h, id));
	CHECK_OK(h, hvctl_set_regs(h, id, 0, &state));
	CHECK_EQ(-hvctl_set_regs(h, id, 1, &state), EINVAL);
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_EQ(-hvctl_set_regs(h, id, 0, &state), ENOENT);
}

/* One field at a time that no guest's CPU has, and nothing is changed. */
static void bad_state(void)
{
	uint64_t id = small_guest(exit_eax, sizeof(exit_eax), -1, 0);
	struct hv_vcpu_state good, now;
	struct hv_vcpu_state bad[8];
	unsigned int i;

	CHECK_OK(h, hvctl_get_regs(h, id, 0, &good));
	for (i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].cr0 |= 1ULL << 32;
	bad[1].cr4 |= 1ULL << 63;
	bad[2].cr8 = 16;
	bad[3].efer |= 1ULL << 12;	/* SVME */
	bad[4].rflags |= 1ULL << 15;
	bad[5].rflags |= 1ULL << 63;
	bad[6].gdtr.pad[2] = 1;
	bad[7].tr.attr |= 0x8000;
	for (i = 0; i < 8; i++) {
		CHECK_EQ(-hvctl_set_regs(h, id, 0, &bad[i]), EINVAL);
		CHECK_OK(h, hvctl_get_regs(h, id, 0, &now));
		CHECK(!memcmp(&now, &good, sizeof(now)));
	}
	CHECK_OK(h, hvctl_remove(h, id));
}

/* What does not go together ends the guest, and nothing else. */
static void impossible(void)
{
	uint64_t id = small_guest(exit_eax, sizeof(exit_eax), -1, 0);
	struct hv_vcpu_state state;
	struct hvctl_guest *g;

	CHECK_OK(h, hvctl_get_regs(h, id, 0, &state));
	/* Paging with EFER.LME but no PAE: APM vol. 2, section 15.5.1; SDM vol. 3, 27.3.1.1. */
	state.cr0 |= 1ULL << 31;
	state.efer |= 1ULL << 8;
	CHECK_OK(h, hvctl_set_regs(h, id, 0, &state));
	g = run_or_kill(h, id, ITEM_MS);
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_INTERNAL_ERROR);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_remove(h, id));
}

static void memory(void)
{
	uint64_t id = small_guest(exit_eax, sizeof(exit_eax), -1, 0);
	static uint8_t out[3 << 19], in[3 << 19];
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 31 + (i >> 8);
	CHECK_OK(h, hvctl_memory_write(h, id, 0x1235, out, 0x54321));
	CHECK_OK(h, hvctl_memory_read(h, id, 0x1235, in, 0x54321));
	CHECK(!memcmp(in, out, 0x54321));
	CHECK_OK(h, hvctl_memory_read(h, id, 0, in, 1 << 20));
	CHECK(!memcmp(in + 0x1235, out, 0x54321) && !in[0x1234]);
	CHECK_EQ(-hvctl_memory_read(h, id, 0x1fffff, in, 2), ENXIO);
	CHECK_EQ(-hvctl_memory_write(h, id, 2 << 20, out, 1), ENXIO);
	CHECK_EQ(-hvctl_memory_read(h, id, ~0ULL, in, 2), ENXIO);
	CHECK_OK(h, hvctl_memory_write(h, id, 0x1fffff, out + 7, 1));
	CHECK_OK(h, hvctl_memory_read(h, id, 0x1fffff, in, 1));
	CHECK_EQ(in[0], out[7]);
	CHECK_OK(h, hvctl_remove(h, id));
}

static void more_memory(void)
{
	uint64_t id = small_guest(exit_eax, sizeof(exit_eax), -1, 0);
	struct hvctl_guest *g;
	uint32_t value = 7;

	CHECK_OK(h, hvctl_memory_add(h, id, SHARED_GPA, SHARED_SIZE, -1, 0));
	CHECK_EQ(-hvctl_memory_add(h, id, SHARED_GPA, 4096, -1, 0), EEXIST);
	CHECK_EQ(-hvctl_memory_add(h, id, 2 * SHARED_GPA, 4096, -1, 4096), EINVAL);
	CHECK_OK(h, hvctl_memory_write(h, id, SHARED_GPA, &value, sizeof(value)));
	CHECK_OK(h, hvctl_get(h, id, &g));
	CHECK_EQ(g->memory_size, (2 << 20) + SHARED_SIZE);
	CHECK(g->region && g->region->next && !g->region->next->shared);
	hvctl_guest_free(g);
	CHECK_EQ(-hvctl_memory_delete(h, id, SHARED_GPA, 2 * SHARED_SIZE), ENXIO);
	CHECK_OK(h, hvctl_memory_delete(h, id, SHARED_GPA, SHARED_SIZE));
	CHECK_EQ(-hvctl_memory_read(h, id, SHARED_GPA, &value, sizeof(value)), ENXIO);
	CHECK_EQ(-hvctl_memory_delete(h, id, SHARED_GPA, SHARED_SIZE), ENXIO);
	CHECK_OK(h, hvctl_remove(h, id));
}

static int shared_memfd(size_t size, int seals)
{
	int fd = memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, size) || (seals && fcntl(fd, F_ADD_SEALS, seals)))
		test_die("memfd: %s", strerror(errno));
	return fd;
}

/* mov SHARED_GPA+8, %eax; inc %eax; mov %eax, SHARED_GPA; exit */
static const uint8_t increment[] = {
	0xa1, 0x08, 0x00, 0x00, 0x40, 0x40, 0xa3, 0x00, 0x00, 0x00, 0x40, 0xe7, 0xf4, 0xf4,
};

/* jmp while SHARED_GPA+8 is 0, then the same */
static const uint8_t wait_increment[] = {
	0x83, 0x3d, 0x08, 0x00, 0x00, 0x40, 0x00, 0x74, 0xf7,
	0xa1, 0x08, 0x00, 0x00, 0x40, 0x40, 0xa3, 0x00, 0x00, 0x00, 0x40, 0xe7, 0xf4, 0xf4,
};

/* Written by this process while the guest runs, and the other way round. */
static void shared(void)
{
	int fd = shared_memfd(3 * SHARED_SIZE, F_SEAL_SHRINK);
	volatile uint32_t *memory = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
					 fd, SHARED_SIZE);
	uint64_t id = small_guest(wait_increment, sizeof(wait_increment), fd, SHARED_SIZE);
	struct hvctl_guest *g;
	uint32_t value;

	CHECK(id && memory != MAP_FAILED);
	/* Cleared by the start; what else is in the file is not. */
	CHECK_EQ(pwrite(fd, "before", 6, SHARED_SIZE - 6), 6);
	CHECK_EQ(pwrite(fd, "behind", 6, 2 * SHARED_SIZE), 6);
	memory[2] = 99;
	CHECK_OK(h, hvctl_start(h, id));
	CHECK_EQ(memory[2], 0);
	memory[2] = 0x5a5a;
	CHECK_OK(h, hvctl_wait(h, id, ITEM_MS, &g));
	CHECK_EQ(payload_status(g), 0x5a5b);
	CHECK_EQ(memory[0], 0x5a5b);
	CHECK_EQ(g->region->next->shared, 1);
	CHECK_EQ(g->region->next->offset, SHARED_SIZE);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_memory_read(h, id, SHARED_GPA, &value, 4));
	CHECK_EQ(value, 0x5a5b);
	CHECK_EQ(pread(fd, &value, 4, SHARED_SIZE - 4), 4);
	CHECK(!memcmp(&value, "fore", 4));
	CHECK_EQ(pread(fd, &value, 4, 2 * SHARED_SIZE), 4);
	CHECK(!memcmp(&value, "behi", 4));
	/* It cannot be sealed against the guest's writes while that is there. */
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0 && errno == EBUSY);
	CHECK_OK(h, hvctl_remove(h, id));
	/* The memory outlives the guest. */
	CHECK_EQ(memory[0], 0x5a5b);
	munmap((void *)memory, SHARED_SIZE);
	close(fd);
}

/* Two guests and this process on one memfd. */
static void two_guests(void)
{
	int fd = shared_memfd(SHARED_SIZE, F_SEAL_SHRINK | F_SEAL_GROW);
	uint64_t a = small_guest(wait_increment, sizeof(wait_increment), fd, 0);
	uint64_t b = small_guest(increment, sizeof(increment), fd, 0);
	struct hvctl_guest *g;
	uint32_t value = 41;

	CHECK(a && b);
	CHECK_OK(h, hvctl_start(h, a));
	CHECK_EQ(pwrite(fd, &value, 4, 8), 4);
	CHECK_OK(h, hvctl_wait(h, a, ITEM_MS, &g));
	CHECK_EQ(payload_status(g), 42);
	hvctl_guest_free(g);
	CHECK_EQ(pread(fd, &value, 4, 0), 4);
	CHECK_EQ(value, 42);
	/* The second one's start clears it for the first as well. */
	CHECK_EQ(run_for_eax(b), 1);
	CHECK_OK(h, hvctl_memory_read(h, a, SHARED_GPA, &value, 4));
	CHECK_EQ(value, 1);
	CHECK_OK(h, hvctl_remove(h, a));
	CHECK_OK(h, hvctl_remove(h, b));
	close(fd);
}

static int refused_with(int fd, uint64_t offset)
{
	uint64_t id = small_guest(exit_eax, sizeof(exit_eax), fd, offset);

	if (id)
		hvctl_remove(h, id);
	return !id && hvctl_error(h)[0];
}

static void refused(void)
{
	char path[64];
	int good = shared_memfd(SHARED_SIZE, F_SEAL_SHRINK), fd, null, read_only, tries;

	fd = shared_memfd(SHARED_SIZE, 0);
	CHECK(refused_with(fd, 0));		/* could shrink */
	close(fd);
	fd = shared_memfd(SHARED_SIZE, F_SEAL_SHRINK | F_SEAL_WRITE);
	CHECK(refused_with(fd, 0));
	close(fd);
	fd = shared_memfd(SHARED_SIZE, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE);
	CHECK(refused_with(fd, 0));
	close(fd);
	fd = shared_memfd(SHARED_SIZE - 1, F_SEAL_SHRINK);
	CHECK(refused_with(fd, 0));
	close(fd);
	null = open("/dev/null", O_RDWR);
	CHECK(refused_with(null, 0));
	close(null);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", good);
	read_only = open(path, O_RDONLY);
	CHECK(read_only >= 0 && refused_with(read_only, 0));
	close(read_only);
	CHECK(refused_with(good, 1));
	CHECK(refused_with(good, 4096));
	CHECK(refused_with(good, ~4095ULL));
	CHECK(!refused_with(good, 0));
	/* Nothing holds it; the last guest's memory goes a moment after its removal. */
	for (tries = 0; fcntl(good, F_ADD_SEALS, F_SEAL_WRITE) && tries < 1000; tries++)
		usleep(10000);
	CHECK(tries < 1000);
	close(good);
}

static const struct tap_test tests[] = {
	{ "registers of guests that were created or stopped", created },
	{ "registers of one that runs, and of none", running },
	{ "states that no CPU has", bad_state },
	{ "a state that the CPU refuses", impossible },
	{ "memory read and written", memory },
	{ "memory that comes and goes", more_memory },
	{ "memory shared with a process", shared },
	{ "memory shared by two guests", two_guests },
	{ "memfds that are refused", refused },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
