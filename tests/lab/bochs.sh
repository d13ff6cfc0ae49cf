# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # variables shared with tests/lab/run
# The hosts `amd-nrip` and `intel` for tests/lab/run: Bochs.
declare -A MODELS=([amd-nrip]=trinity_apu [intel]=corei7_skylake_x)

# Bochs boots as a PC does: from a CD. A reset would boot it once more, so the
# kernel's way to reset is a triple fault, which is the emulator's end. The rate
# of the TSC is the emulator's, whatever the CPUID leaf of skylake_x says. And
# the kernel's cryptography tests itself for a third of its boot; not here. CPUs idle
# by HLT: Bochs's MONITOR flushes the wrong address (a physical one as if it were
# linear), so that MWAIT sleeps through what the other CPU writes, up to a second.
disc() {
	local cd=$work/cd
	mkdir -p "$cd/isolinux"
	cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 \
		"$cd/isolinux"
	cp -L "$CACHE/$kernel/vmlinuz" "$cd/vmlinuz"
	mv "$work/initrd" "$cd/initrd"
	cat >"$cd/isolinux/isolinux.cfg" <<-END
	SERIAL 0 115200
	DEFAULT host
	PROMPT 0
	LABEL host
	KERNEL /vmlinuz
	APPEND initrd=/initrd reboot=t tsc_early_khz=100000 cryptomgr.notests idle=halt $cmdline
	END
	xorriso -as mkisofs -quiet -o "$work/disc" -b isolinux/isolinux.bin \
		-c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table \
		"$cd" 2>"$work/errors" || { cat "$work/errors" >&2; die "xorriso failed"; }
	rm -r "$cd"
}

# The second serial port: a pipe, or in interactive mode this terminal.
port() {
	if [ -n "$interactive" ]; then
		echo "mode=term, dev=$(tty)"
	else
		mkfifo "$work/out"
		echo "mode=file, dev=$work/out"
	fi
}

# A guest's triple fault on SVM is a panic first, and an exit to its host then.
cpus_go_on() {
	local i
	[ "$host" = intel ] || for ((i = 0; i < cpus; i++)); do
		printf ', cpu%d=report' $i
	done
}

# HV_LAB_BOCHS: more of them, HV_LAB_DEBUGGER: a file of what its debugger is to do
# before it goes on.
# sync=none and a fixed date: the clocks count instructions, in every run alike.
settings() {
	cat <<-END
	cpu: model=${MODELS[$host]}, count=$cpus, quantum=32, ips=100000000, reset_on_triple_fault=0
	megs: $mem
	romimage: file=/usr/share/bochs/BIOS-bochs-latest
	vgaromimage: file=/usr/share/vgabios/vgabios.bin
	ata0-master: type=cdrom, path=$work/disc, status=inserted
	boot: cdrom
	clock: sync=none, time0=1767225600
	com1: enabled=1, mode=file, dev=$log
	com2: enabled=1, $(port)
	com3: enabled=1, mode=file, dev=$work/status
	display_library: term
	sound: driver=dummy, waveout=/dev/null
	log: $work/emulator.log
	panic: action=fatal$(cpus_go_on)
	error: action=ignore
	info: action=ignore
	debug: action=ignore
	${HV_LAB_BOCHS:-}
	END
}

# Its display is a terminal that it makes itself, and it stops when nobody reads
# what it draws there.
watch_display() {
	local line screen
	while IFS= read -r line; do
		case $line in *'connected to screen "'*) break ;; esac
	done
	screen=${line#*\"}
	stty -F "${screen%\"*}" raw
	cat "${screen%\"*}" >/dev/null 2>&1 &
	cat >/dev/null
}

# It wants one more, and overflows a buffer of its own in a small one. This build
# comes with its debugger, which has to be told to go on, at each triple fault too.
run_bochs() {
	set -o pipefail
	script -qefc "stty rows 50 cols 132
		exec bochs -q -f $work/settings -rc $work/debugger" \
		/dev/null </dev/null | watch_display
}

machine() {
	disc
	settings >"$work/settings"
	cat "${HV_LAB_DEBUGGER:-/dev/null}" >"$work/debugger"
	printf 'c\n%.0s' {1..10000} >>"$work/debugger"
	export work
	export -f run_bochs watch_display
	emulator=(bash -c run_bochs)
}

open_port() {
	terminal=
	if [ -n "$interactive" ]; then
		terminal=$(stty -g)
	else
		cat "$work/out" &
		reader=$!
	fi
}

# If the emulator never opened the pipe, its reader still waits for somebody to.
close_port() {
	if [ -n "$terminal" ]; then
		stty "$terminal"
	else
		: <>"$work/out"
		wait "$reader"
	fi
}

# Every end is a panic of the emulator's, which it writes down, and so is the good one.
emulator_words() {
	grep -a '>>PANIC<<' "$work/emulator.log" | grep -v 'soft power off' >&2 || true
}
