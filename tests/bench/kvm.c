// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exit figures on KVM, with its in-kernel interrupt controllers and timer.
 *
 * usage: kvm PAYLOAD
 */
#include "../hv/kvm_vm.h"
#include "bench.h"

static void run(int vcpu, const struct kvm_run *run)
{
	do {
		KVM_CALL(vcpu, KVM_RUN, 0);
		if (run->exit_reason != KVM_EXIT_IO)
			die("KVM gave up: exit reason %u", run->exit_reason);
	} while (run->io.port != BENCH_PORT);
}

int main(int argc, char **argv)
{
	struct kvm_pit_config pit = { 0 };
	struct kvm_run *shared;
	uint8_t *memory;
	int kvm, vm, vcpu;

	if (argc != 2)
		die("usage: kvm PAYLOAD");
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm: %s", strerror(errno));
	vm = KVM_CALL(kvm, KVM_CREATE_VM, 0);
	KVM_CALL(vm, KVM_CREATE_IRQCHIP, 0);
	KVM_CALL(vm, KVM_CREATE_PIT2, &pit);
	memory = kvm_image(argv[1]);
	kvm_memory(vm, memory);
	vcpu = kvm_vcpu(kvm, vm, &shared);
	run(vcpu, shared);
	print_samples("kvm", (struct samples *)(memory + BENCH_GPA));
	return 0;
}
