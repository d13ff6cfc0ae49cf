#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# What cannot work is refused with one sentence and the right status, and leaves
# nothing behind: images, memory sizes, names, options.
#
# usage: badinput.sh KERNEL INITRD
kernel=${1:-/guest/vmlinuz} initrd=${2:-/guest/initrd}
dir=/tmp/badinput-$$
cgroups=/sys/fs/cgroup/hv.slice
n=0 failed=0

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"
[ -e "$kernel" ] || skip "no $kernel"
[ -e "$initrd" ] || skip "no $initrd"

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
	fi
}

complain() { echo "# $*"; bad=1; }

# Guests and their cgroups, as they were before the first case.
left() {
	hvctl ls -a -q
	[ ! -d "$cgroups" ] || find "$cgroups" -mindepth 1 -type d
}

# refused STATUS NAME WORDS hvctl's arguments: WORDS stand somewhere in the sentence.
refused() {
	want=$1 name=$2 words=$3 bad=0
	shift 3
	timeout 20 hvctl "$@" </dev/null >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got = "$want" ] || complain "status $got, not $want"
	[ "$(wc -l <"$dir/err")" = 1 ] || complain "not one line"
	grep -q "^hvctl $1: ." "$dir/err" || complain "another beginning"
	grep -q "$words" "$dir/err" || complain "nothing about '$words'"
	[ ! -s "$dir/out" ] || complain "output: $(head -n 1 "$dir/out")"
	[ "$(left)" = "$before" ] || complain "left behind: $(left)"
	if [ $bad != 0 ]; then
		sed 's/^/# /' "$dir/err"
		hvctl rm -f "$(tail -n 1 "$dir/out")" 2>/dev/null
	fi
	result $bad "$name"
}

both() {
	status=$1 what=$2 about=$3
	shift 3
	refused "$status" "run: $what" "$about" run "$@"
	refused "$status" "create: $what" "$about" create "$@"
}

image() { refused 126 "$1" "$2" run -d "$3"; }

images() {
	size=$(stat -L -c %s "$kernel")
	# Inside the boot sector, the header, the setup code, and the kernel proper;
	# what comes last in the file is a signature, which nobody needs.
	for len in 0 1 511 512 513 528 600 1023 1024 4096 16384 100000 \
		$((size / 2)) $((size - 4096)); do
		head -c $len "$kernel" >"$dir/image"
		if [ $len -lt 528 ]; then words=.; else words=truncated; fi
		# Without the magic number it is a flat binary, which only a guest knows.
		[ $len -gt 0 ] && [ $len -lt 520 ] && continue
		image "a kernel cut to $len bytes" "$words" "$dir/image"
	done
	cp "$kernel" "$dir/image"
	# Protocol version 2.00, then one without a 64-bit entry.
	printf '\000\002' | dd of="$dir/image" bs=1 seek=518 conv=notrunc 2>/dev/null
	image "a kernel of an old protocol" . "$dir/image"
	cp "$kernel" "$dir/image"
	printf '\000\000' | dd of="$dir/image" bs=1 seek=566 conv=notrunc 2>/dev/null
	image "a kernel without a 64-bit entry" . "$dir/image"
	refused 126 "a kernel larger than memory" memory run -d -m 8M "$kernel"
}

files() {
	image "a file that is not there" "No such file" "$dir/nothing"
	image "a directory" . "$dir"
	image "an empty file" empty /dev/null
	refused 126 "an initrd that is not there" "No such file" \
		run -d "$kernel" --initrd "$dir/nothing"
	refused 126 "an empty initrd" empty run -d "$kernel" --initrd /dev/null
	dd if=/dev/zero of="$dir/large" bs=1M seek=100 count=0 2>/dev/null
	refused 126 "an initrd larger than memory" larger \
		run -d -m 64M "$kernel" --initrd "$dir/large"
	dd if=/dev/zero of="$dir/large" bs=1M seek=60 count=0 2>/dev/null
	refused 126 "an initrd that leaves no room for the kernel" . \
		run -d -m 64M "$kernel" --initrd "$dir/large"
	refused 126 "a command line longer than the kernel takes" . \
		run -d "$kernel" --append "$(head -c 5000 /dev/zero | tr '\0' x)"
	refused 126 "an endless file" . run -d -m 64M /dev/zero
}

memory() {
	host=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	for size in 0 1 4096 512K 1M 257K 12345 '' ' ' -1 -64M 1.5G 64m64 M 64X 0x4000000 64MB \
		$((host + 1024))K 1000T 16777216T 99999999999999999999 18446744073709551616; do
		both 125 "memory '$size'" memory -m "$size" "$kernel"
	done
}

names() {
	long=$(head -c 64 /dev/zero | tr '\0' n)
	# shellcheck disable=SC2016 # as they stand
	for name in '' . .. a/b 'a b' "$long" 'ä' 'a
b' 'a*' '$(reboot)' ../../x; do
		both 125 "name '$(echo "$name" | head -n 1 | cut -c 1-20)'" name --name "$name" \
			"$kernel"
	done
	hvctl create --name taken "$kernel" --initrd "$initrd" >/dev/null || result 1 create
	before=$(left)
	both 125 "a name that is taken" "taken\|exists" --name taken "$kernel"
	hvctl rm taken
	before=$(left)
}

options() {
	refused 125 "no image" missing run
	both 125 "two images" "too many" "$kernel" "$kernel"
	both 125 "no such option" "no-such" --no-such "$kernel"
	both 125 "0 vCPUs" vcpus -c 0 "$kernel"
	both 125 "65 vCPUs" vcpus -c 65 "$kernel"
	both 125 "a debug exit port that is none" debug-exit --debug-exit 65536 "$kernel"
	both 125 "an unknown reset policy" on-reset --on-reset maybe "$kernel"
	both 125 "a cgroup that leads out" cgroup --cgroup ../x "$kernel"
	refused 127 "stats: no such guest" . stats nobody
	for command in start kill rm console logs; do
		refused 127 "$command: no such guest" . $command nobody
		refused 125 "$command: no name" . $command
	done
}

mkdir -p "$dir"
before=$(left)
echo "TAP version 13"
images
files
memory
names
options
echo "1..$n"
rm -rf "$dir"
exit $failed
