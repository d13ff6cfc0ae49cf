#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Debian's kernel, as it comes, with several vCPUs: all come up, go offline, come
# back and run.
#
# usage: guest_smp.sh KERNEL CPUS[:OPTION]...     (OPTION is one of hvctl run)
kernel=${1:-/guest/vmlinuz} initrd=/guest/initrd
name=smp-$$
shift
[ $# -gt 0 ] || set -- 2

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"
[ -e "$kernel" ] || skip "no $kernel"
[ -e "$initrd" ] || skip "no $initrd"

number=0 failed=0
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; else echo "not ok $number $2" && failed=1 bad=1; fi
}

said() {
	hvctl logs $name | grep -q "hv guest: $1"
	result $? "$cpus: $2"
}

# One guest: its CPUs, and an option of hvctl run or nothing.
run() {
	cpus=$1 bad=0
	shift
	hvctl run --name $name -m 256M -c "$cpus" "$@" "$kernel" --initrd "$initrd" \
		-- console=ttyS0 hvtest=smp </dev/null >/dev/null
	result $? "$cpus: it powers itself off"
	said "$cpus online" "all are online"
	said "1 left" "they go offline"
	said "$cpus again" "they come back"
	said "cpu$((cpus - 1)) runs" "the last one runs"
	[ $bad = 0 ] || hvctl logs --tail 80 $name
	[ $bad = 0 ] || hvctl ls -a
	hvctl logs $name | grep "hv guest: clock" | sed 's/^/# /'
	hvctl rm -f $name
}

echo "TAP version 13"
echo "1..$((5 * $#))"
for guest; do
	case $guest in
	*:*) run "${guest%%:*}" "${guest#*:}" ;;
	*) run "$guest" ;;
	esac
done
exit $failed
