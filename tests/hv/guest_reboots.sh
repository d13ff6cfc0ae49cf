#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Debian's kernel in a guest that nobody watches: it reboots itself, again and
# again; two of them run at once; one that powers off, panics or halts says so.
#
# shellcheck disable=SC2317 # wait_for calls them
# usage: guest_reboots.sh KERNEL INITRD
kernel=${1:-/guest/vmlinuz} initrd=${2:-/guest/initrd}
up="hv guest: user space reached"
n=0 failed=0

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"
[ -e "$kernel" ] || skip "no $kernel"
[ -e "$initrd" ] || skip "no $initrd"

result() {
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n $1"; else echo "not ok $n $1" && failed=1; fi
}

# start NAME WHAT: by a process that is gone when this returns.
start() {
	hvctl run -d --name "$1" -m 256M "$kernel" --initrd "$initrd" \
		-- console=ttyS0 "hvtest=$2" >/dev/null
}

field() { hvctl -j ls -a | sed 's/[,{]/\n/g' | grep -A 30 "\"name\": *\"$1\"" |
	sed -n "s/.*\"$2\": *\"\{0,1\}\([^\"}]*\).*/\1/p" | head -n 1; }

ups() { hvctl logs "$1" | grep -c "$up"; }

# wait_for SECONDS COMMAND...
wait_for() {
	left=$1
	shift
	while [ "$left" -gt 0 ]; do
		"$@" && return 0
		sleep 1
		left=$((left - 1))
	done
	return 1
}

reset_twice() { [ "$(field again resets)" -ge 2 ] && [ "$(ups again)" -ge 3 ]; }
both_up() { [ "$(ups one)" -ge 1 ] && [ "$(ups two)" -ge 1 ]; }
stopped() { [ "$(field "$1" state)" = stopped ]; }
ticks() { hvctl logs "$1" | grep -c '^tick'; }
ticks_on() { [ "$(ticks "$1")" -gt "$2" ]; }

echo "TAP version 13"
start again reboot
wait_for 120 reset_twice
result "it reboots itself twice with no process alive" $?
[ $failed = 0 ] || { hvctl ls -a; hvctl logs again --tail 30; }
hvctl rm -f again

start one tick
start two tick
wait_for 90 both_up
result "two guests at once" $?
was_one=$(ticks one) was_two=$(ticks two)
wait_for 30 ticks_on one "$was_one" && wait_for 30 ticks_on two "$was_two"
result "both go on" $?
hvctl kill one
result "one is killed" $?
was_two=$(ticks two)
wait_for 30 ticks_on two "$was_two"
result "the other goes on" $?
[ "$(field one stop_reason)" = killed ]
result "the reason of the one" $?
hvctl rm -f one two

start off poweroff
wait_for 60 stopped off && [ "$(field off stop_reason)" = poweroff ]
result "power-off is a reason" $?
hvctl rm -f off
[ -z "$(hvctl ls -a -q)" ]
result "nothing is left" $?
echo "1..$n"
exit $failed
