/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of KVM as hv makes one of a flat image: loaded at 1 MiB, long mode,
 * memory one to one.  A call that fails ends the process, with status 99.
 */
#ifndef HV_TESTS_KVM_VM_H
#define HV_TESTS_KVM_VM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KVM_MEMORY	(16 << 20)
#define KVM_LOAD_GPA	0x100000
#define KVM_GDT_GPA	0x1000
#define KVM_TABLES_GPA	0x2000
#define KVM_CPUID_MAX	256

static inline __attribute__((noreturn)) void kvm_die(const char *what)
{
	printf("# kvm: %s: %s\n", what, strerror(errno));
	exit(99);
}

static inline int kvm_call(int fd, unsigned long request, const char *name, void *arg)
{
	int r = ioctl(fd, request, arg);

	if (r < 0)
		kvm_die(name);
	return r;
}

#define KVM_CALL(fd, request, arg)	kvm_call(fd, request, #request, (void *)(arg))

/* In 2 MiB pages: memory, and the last GiB below 4 for the chips. */
static inline void kvm_tables(uint8_t *memory)
{
	uint64_t *tables = (uint64_t *)(memory + KVM_TABLES_GPA);
	int i;

	tables[0] = (KVM_TABLES_GPA + 0x1000) | 3;
	tables[512] = (KVM_TABLES_GPA + 0x2000) | 3;
	for (i = 0; i < KVM_MEMORY >> 21; i++)
		tables[1024 + i] = (uint64_t)i << 21 | 0x83;
	tables[512 + 3] = (KVM_TABLES_GPA + 0x3000) | 3;
	for (i = 0; i < 512; i++)
		tables[1536 + i] = 3ULL << 30 | (uint64_t)i << 21 | 0x83;
}

/* What an interrupt loads CS from. */
static inline void kvm_gdt(uint8_t *memory)
{
	static const uint64_t gdt[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff };

	memcpy(memory + KVM_GDT_GPA, gdt, sizeof(gdt));
}

static inline void kvm_set_cpuid(int kvm, int vcpu)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) +
					  KVM_CPUID_MAX * sizeof(cpuid->entries[0]));
	unsigned int i;

	cpuid->nent = KVM_CPUID_MAX;
	KVM_CALL(kvm, KVM_GET_SUPPORTED_CPUID, cpuid);
	/* Its local APIC has what KVM leaves to the VMM to say: x2APIC and TSC deadlines. */
	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 1)
			cpuid->entries[i].ecx |= 1U << 21 | 1U << 24;
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
	sregs.gdt.base = KVM_GDT_GPA;
	sregs.gdt.limit = 3 * 8 - 1;
	sregs.cr0 = 0x80000011;
	sregs.cr3 = KVM_TABLES_GPA;
	sregs.cr4 = 0x20;
	sregs.efer = 0x500;
	KVM_CALL(vcpu, KVM_SET_SREGS, &sregs);
	KVM_CALL(vcpu, KVM_SET_REGS, &regs);
}

/* Memory with the image of @path and tables, which others can share. */
static inline uint8_t *kvm_image(const char *path)
{
	uint8_t *memory = mmap(NULL, KVM_MEMORY, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (memory == MAP_FAILED || fd < 0 || read(fd, memory + KVM_LOAD_GPA, 1 << 20) <= 0)
		kvm_die(path);
	close(fd);
	kvm_tables(memory);
	kvm_gdt(memory);
	return memory;
}

static inline void kvm_memory(int vm, uint8_t *memory)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = KVM_MEMORY, .userspace_addr = (uint64_t)memory,
	};

	KVM_CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

/* Ready to run; @run is where KVM says why it no longer does. */
static inline int kvm_vcpu(int kvm, int vm, struct kvm_run **run)
{
	int vcpu = KVM_CALL(vm, KVM_CREATE_VCPU, 0);
	int size = KVM_CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	*run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (*run == MAP_FAILED)
		kvm_die("mmap");
	kvm_set_cpuid(kvm, vcpu);
	kvm_set_state(vcpu);
	return vcpu;
}

#endif /* HV_TESTS_KVM_VM_H */
