#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# memtest86+, as Debian has it: a program for bare metal that is no Linux runs its
# tests on two processors, up to the one that only waits.
#
# usage: guest_memtest.sh [IMAGE]
image=${1:-/guest/memtest86+}
name=memtest-$$

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"
[ -e "$image" ] || skip "no $image"

result() { if [ "$2" = 0 ]; then echo "ok $1 $3"; else echo "not ok $1 $3" && failed=1; fi; }

# Its screen, less what moves the cursor and colours it.
screen() { hvctl logs $name | tr '\033' '\n' | sed 's/^\[[0-9;?]*[A-Za-z]//'; }
shows() { screen | grep -q "$1"; }
runs() { hvctl ls -q --filter name=$name --filter state=running | grep -q .; }

failed=0
echo "TAP version 13"
echo "1..4"
hvctl create --name $name -m 16M --cpus 2 "$image" -- console=ttyS0,115200 >/dev/null &&
	hvctl start $name >/dev/null
result 1 $? "it starts"
while runs && ! shows '#10  *\['; do sleep 1; done
shows '#10  *\['
result 2 $? "it comes to its last test"
shows 'SMP: 2T'
result 3 $? "on two processors"
shows 'Errors: 0' && ! shows 'Errors: *[1-9]'
result 4 $? "without an error"
[ $failed = 0 ] || { screen | tail -n 40; hvctl ls -a; }
hvctl rm -f $name >/dev/null
exit $failed
