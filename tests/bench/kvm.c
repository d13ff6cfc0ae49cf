// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exit figures on KVM, with its in-kernel interrupt controllers and timer.
 *
 * usage: kvm PAYLOAD
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define LOAD_GPA	0x100000
#define TABLES_GPA	0x2000
#define CPUID_ENTRIES	256

static int call(int fd, unsigned long request, const char *name, void *arg)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		die("%s: %s", name, strerror(errno));
	return r;
}

#define CALL(fd, request, arg)	call(fd, request, #request, (void *)(arg))

static void load(uint8_t *memory, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, memory + LOAD_GPA, 1 << 20) <= 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* The guest's memory one to one, in 2 MiB pages. */
static void make_tables(uint8_t *memory)
{
	uint64_t *tables = (uint64_t *)(memory + TABLES_GPA);
	int i;

	tables[0] = (TABLES_GPA + 0x1000) | 3;
	tables[512] = (TABLES_GPA + 0x2000) | 3;
	for (i = 0; i < BENCH_MEMORY >> 21; i++)
		tables[1024 + i] = (uint64_t)i << 21 | 0x83;
}

static uint8_t *make_memory(int vm, const char *payload)
{
	uint8_t *memory = mmap(NULL, BENCH_MEMORY, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = BENCH_MEMORY,
		.userspace_addr = (uint64_t)memory,
	};

	if (memory == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	load(memory, payload);
	make_tables(memory);
	CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
	return memory;
}

static void set_cpuid(int kvm, int vcpu)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) +
					  CPUID_ENTRIES * sizeof(cpuid->entries[0]));

	cpuid->nent = CPUID_ENTRIES;
	CALL(kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
	CALL(vcpu, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

/* Long mode, as hv enters a flat image. */
static void set_state(int vcpu)
{
	struct kvm_segment code = {
		.limit = ~0U, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1,
	};
	struct kvm_segment data = {
		.limit = ~0U, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1,
	};
	struct kvm_regs regs = { .rip = LOAD_GPA, .rflags = 2 };
	struct kvm_sregs sregs;

	CALL(vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 = 0x80000011;
	sregs.cr3 = TABLES_GPA;
	sregs.cr4 = 0x20;
	sregs.efer = 0x500;
	CALL(vcpu, KVM_SET_SREGS, &sregs);
	CALL(vcpu, KVM_SET_REGS, &regs);
}

static void run(int vcpu, const struct kvm_run *run)
{
	do {
		CALL(vcpu, KVM_RUN, 0);
		if (run->exit_reason != KVM_EXIT_IO)
			die("KVM gave up: exit reason %u", run->exit_reason);
	} while (run->io.port != BENCH_PORT);
}

int main(int argc, char **argv)
{
	struct kvm_pit_config pit = { 0 };
	int kvm, vm, vcpu, size;
	uint8_t *memory;
	void *shared;

	if (argc != 2)
		die("usage: kvm PAYLOAD");
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	vm = CALL(kvm, KVM_CREATE_VM, 0);
	CALL(vm, KVM_CREATE_IRQCHIP, 0);
	CALL(vm, KVM_CREATE_PIT2, &pit);
	memory = make_memory(vm, argv[1]);
	vcpu = CALL(vm, KVM_CREATE_VCPU, 0);
	size = CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (shared == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	set_cpuid(kvm, vcpu);
	set_state(vcpu);
	run(vcpu, shared);
	print_samples("kvm", (struct samples *)(memory + BENCH_GPA));
	return 0;
}
