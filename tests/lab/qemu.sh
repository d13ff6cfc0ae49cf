# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with tests/lab/run
# The host `amd` for tests/lab/run: QEMU's TCG.

# An EPYC less what TCG does not have, which QEMU would warn of.
CPU=EPYC,+svm,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw
CPU=$CPU,-topoext,-nrip-save,-xsavec

# thread=single: the other kind trips an assertion of QEMU 7.2's under SVM.
machine() {
	# shellcheck disable=SC2054 # the commas are QEMU's
	emulator=(qemu-system-x86_64 -accel tcg,thread=single -machine q35
		-cpu "$CPU" -smp "$cpus" -m "$mem"
		-no-reboot -nodefaults -display none -monitor none
		-kernel "$CACHE/$kernel/vmlinuz" -initrd "$work/initrd"
		-append "$cmdline"
		-serial "file:$log"
		-chardev stdio,id=out,signal=off -serial chardev:out
		-serial "file:$work/status")
	# One instruction is one nanosecond; nothing random comes from outside.
	# shellcheck disable=SC2054
	[ -z "$det" ] || emulator+=(-icount shift=0,sleep=off -seed 1
		-rtc "base=2026-01-01T00:00:00,clock=vm")
	# shellcheck disable=SC2206 # a list of options
	emulator+=(${HV_LAB_QEMU:-})
}

# The second serial port is the emulator's own output.
open_port() { :; }
close_port() { :; }

# What the emulator said of its own end, which had this status.
emulator_words() {
	[ "$1" = 0 ] || [ "$1" = 124 ] || cat "$work/errors" >&2
}
