/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small user of KVM, for hv's neighbour: it runs a payload of payload.h as hv
 * does, with a console and the debug exit.  Each guest has a process of its own.
 */
#ifndef HV_TESTS_KVM_H
#define HV_TESTS_KVM_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "harness.h"
#include "kvm_vm.h"

#define KVM_ARGS_GPA	0x20000

/**
 * struct kvm_guest - a guest of KVM
 * @pid: of the process that runs it
 * @memory: its memory, shared with that process
 */
struct kvm_guest {
	pid_t pid;
	uint8_t *memory;
};

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
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu, status = 99;
	struct kvm_run *run;

	vm = KVM_CALL(kvm, KVM_CREATE_VM, 0);
	kvm_memory(vm, g->memory);
	vcpu = kvm_vcpu(kvm, vm, &run);
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

	payload_path(name, path);
	g.memory = kvm_image(path);
	memcpy(g.memory + KVM_ARGS_GPA, args, size);
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
