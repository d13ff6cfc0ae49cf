#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Debian's kernel, as it comes, reaches user space in a guest and powers it off.
#
# usage: guest_boots.sh KERNEL INITRD
kernel=${1:-/guest/vmlinuz} initrd=${2:-/guest/initrd}
name=boots-$$

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"
[ -e "$kernel" ] || skip "no $kernel"
[ -e "$initrd" ] || skip "no $initrd"

result() { if [ "$2" = 0 ]; then echo "ok $1 $3"; else echo "not ok $1 $3" && failed=1; fi; }

failed=0
echo "TAP version 13"
echo "1..3"
hvctl run --name $name -m 256M "$kernel" --initrd "$initrd" \
	-- console=ttyS0 hvtest=poweroff </dev/null >/dev/null
result 1 $? "it runs to its end"
hvctl logs $name | grep -q "hv guest: user space reached"
result 2 $? "it reaches user space"
hvctl -j ls -a | grep -q poweroff
result 3 $? "it powers itself off"
[ $failed = 0 ] || hvctl logs --tail 40 $name
[ $failed = 0 ] || hvctl ls -a
hvctl rm -f $name
exit $failed
