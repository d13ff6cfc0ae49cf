/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small user of KVM, for hv's neighbour: it runs a payload of payload.h as hv
 * does (a flat image at 1 MiB, long mode, memory one to one), with a console
 * and the debug exit.  Each guest has a process of its own.
 */
#ifndef HV_TESTS_KVM_H
#define HV_TESTS_KVM_H

#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "harness.h"

#define KVM_MEMORY	(16 << 20)
#define KVM_LOAD_GPA	0x100000
#define KVM_TABLES_GPA	0x2000
#define KVM_ARGS_GPA	0x20000
#define KVM_CPUID_MAX	256

/**
 * struct kvm_guest - a guest of KVM
 * @pid: of the process that runs it
 * @memory: its memory, shared with that process
 */
struct kvm_guest {
	pid_t pid;
	uint8_t *memory;
};

static inline int kvm_call(int fd, unsigned long request, const char *name, void *arg)
{
	int r = ioctl(fd, request, arg);

	if (r < 0) {
		printf("# kvm: %s: %s\n", name, strerror(errno));
		exit(99);
	}
	return r;
}

#define KVM_CALL(fd, request, arg)	kvm_call(fd, request, #request, (void *)(arg))

/* kvm_amd or kvm_intel: what this CPU would take; NULL: neither. */
static inline const char *kvm_module(void)
{
	static const char *const amd = "kvm_amd", *const intel = "kvm_intel";
	bool svm = !system("grep -qw svm /proc/cpuinfo");
	bool vmx = !system("grep -qw vmx /proc/cpuinfo");

	return svm ? amd : vmx ? intel : NULL;
}

static inline bool kvm_load(void)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe %s", kvm_module());
	return !system(command) && !access("/dev/kvm", R_OK | W_OK);
}

/* What was just closed drops its reference a moment later. */
static inline bool kvm_unload(void)
{
	char command[80];
	int tries;

	snprintf(command, sizeof(command), "rmmod %s 2>/dev/null", kvm_module());
	for (tries = 0; tries < 100; tries++) {
		if (!system(command))
			return !system("rmmod kvm");
		usleep(20000);
	}
	return false;
}

static inline void kvm_tables(uint8_t *memory)
{
	uint64_t *tables = (uint64_t *)(memory + KVM_TABLES_GPA);
	int i;

	tables[0] = (KVM_TABLES_GPA + 0x1000) | 3;
	tables[512] = (KVM_TABLES_GPA + 0x2000) | 3;
	for (i = 0; i < KVM_MEMORY >> 21; i++)
		tables[1024 + i] = (uint64_t)i << 21 | 0x83;
}

static inline void kvm_set_cpuid(int kvm, int vcpu)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) +
					  KVM_CPUID_MAX * sizeof(cpuid->entries[0]));

	cpuid->nent = KVM_CPUID_MAX;
	KVM_CALL(kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
	KVM_CALL(vcpu, KVM_SET_CPUID2, cpuid);
	free(cpuid);
}

static inline void kvm_set_state(int vcpu)
{
	struct kvm_segment code = {
		.limit = ~0U, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1,
	};
	struct kvm_segment data = {
		.limit = ~0U, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1,
	};
	struct kvm_regs regs = { .rip = KVM_LOAD_GPA, .rflags = 2 };
	struct kvm_sregs sregs;

	KVM_CALL(vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.cr0 = 0x80000011;
	sregs.cr3 = KVM_TABLES_GPA;
	sregs.cr4 = 0x20;
	sregs.efer = 0x500;
	KVM_CALL(vcpu, KVM_SET_SREGS, &sregs);
	KVM_CALL(vcpu, KVM_SET_REGS, &regs);
}

/* The console's lines that begin with 'not ok' or '#', on this test's own output. */
static inline void kvm_console(char c)
{
	static char line[256];
	static size_t used;

	if (c != '\n' && used < sizeof(line) - 1) {
		line[used++] = c;
		return;
	}
	line[used] = '\0';
	if (strncmp(line, "ok ", 3))
		printf("# kvm payload: %s\n", line);
	used = 0;
}

/* True when the guest has ended, with its status. */
static inline bool kvm_io(struct kvm_run *run, int *status)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	if (run->io.direction == KVM_EXIT_IO_IN)
		*data = run->io.port == 0x3fd ? 0x20 : 0xff;
	else if (run->io.port == 0x3f8)
		kvm_console(*data);
	else if (run->io.port == 0xf4)
		*status = *data;
	return run->io.direction == KVM_EXIT_IO_OUT && run->io.port == 0xf4;
}

/* This process's whole life: its exit status is the payload's. */
static inline void kvm_run_guest(struct kvm_guest *g)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = KVM_MEMORY, .userspace_addr = (uint64_t)g->memory,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu, size, status = 99;
	struct kvm_run *run;

	vm = KVM_CALL(kvm, KVM_CREATE_VM, 0);
	KVM_CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
	vcpu = KVM_CALL(vm, KVM_CREATE_VCPU, 0);
	size = KVM_CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	kvm_set_cpuid(kvm, vcpu);
	kvm_set_state(vcpu);
	do {
		KVM_CALL(vcpu, KVM_RUN, 0);
		if (run->exit_reason != KVM_EXIT_IO) {
			printf("# kvm: exit reason %u\n", run->exit_reason);
			break;
		}
	} while (!kvm_io(run, &status));
	fflush(stdout);
	_exit(status);
}

/* Start payload_@name with @args; kvm_end() waits for it. */
static inline struct kvm_guest kvm_start(const char *name, const uint64_t *args, size_t size)
{
	struct kvm_guest g;
	char path[PATH_MAX];
	int fd;

	payload_path(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	g.memory = mmap(NULL, KVM_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || g.memory == MAP_FAILED || read(fd, g.memory + KVM_LOAD_GPA, 1 << 20) <= 0)
		test_die("%s: %s", path, strerror(errno));
	close(fd);
	memcpy(g.memory + KVM_ARGS_GPA, args, size);
	kvm_tables(g.memory);
	fflush(stdout);
	g.pid = fork();
	if (!g.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* What this program has open of hv's would keep hv there. */
		close_range(3, ~0U, 0);
		kvm_run_guest(&g);
	}
	return g;
}

/* Its payload's status; 99 where KVM refused, 128 + signal where it was ended. */
static inline int kvm_end(struct kvm_guest *g)
{
	int status;

	if (waitpid(g->pid, &status, 0) != g->pid)
		status = -1;
	munmap(g->memory, KVM_MEMORY);
	g->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif /* HV_TESTS_KVM_H */
