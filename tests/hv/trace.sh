#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# Tracepoints and hvctl trace: one guest's events and no other's, text and JSON;
# nothing stays on, also after a SIGKILL.
tracing=/sys/kernel/tracing
here=$(cd "$(dirname "$0")" && pwd)
payload=$here/payload_ticker.bin
dir=/tmp/trace-$$
n=0 failed=0

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing || skip "no tracefs"
[ -d $tracing/events/hv ] || skip "this kernel has no tracepoints"

result() {
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n $1"; else echo "not ok $n $1" && failed=1; fi
}

# has FILE WORDS: a line of it has them.
has() { grep -q -- "$2" "$1" || { echo "# nothing like '$2' in $1:" && tail -n 5 "$1" | sed 's/^/# /' && false; }; }
instances() { find $tracing/instances -mindepth 1 -maxdepth 1 -name 'hvctl-*' | grep -c .; }

# A guest that ticks, and one beside it.
mkdir -p "$dir"
hvctl create --name one -m 16M "$payload" >/dev/null || exit 1
hvctl create --name two -m 16M "$payload" >/dev/null || exit 1
id=$(hvctl -j ls -a | sed 's/[{]/\n/g' | sed -n 's/.*"id": *\([0-9]*\),.*"name": *"one".*/\1/p')

# Waits until there is an instance with everything on, at most 20 s.
wait_on() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ "$(cat $tracing/instances/hvctl-*/events/hv/hv_state/enable 2>/dev/null)" = 1 ] &&
			return 0
		sleep 1
	done
	return 1
}

for e in entry exit inject s2_fault state; do
	[ -e $tracing/events/hv/hv_$e/format ] || failed=1
done
result "the tracepoints are there" $failed

hvctl trace --lines 300 one >"$dir/text" &
wait_on && hvctl start one two && wait $!
result "300 events of a guest, then it ends" $?
[ "$(grep -c . "$dir/text")" = 300 ]
result "a line each" $?
has "$dir/text" '^ *[0-9]*\.[0-9]\{6\}   -  state     state=running' &&
	has "$dir/text" '  0  entry     rip=0x10' &&
	has "$dir/text" '  0  exit      reason=pio rip=0x1.* info1=0x3f8' &&
	has "$dir/text" '  0  s2_fault  gpa=0x.* access=.* memory=1'
result "they say what happened" $?
[ "$(instances)" = 0 ] && [ "$(cat $tracing/events/hv/enable)" = 0 ]
result "nothing is left on" $?

hvctl -j trace --events inject -n 5 one >"$dir/json"
[ "$(grep -c . "$dir/json")" = 5 ] &&
	has "$dir/json" '"event": *"inject".*"type": *"interrupt", *"vector": *64'
result "JSON lines, of the events that were asked for" $?
"$here/jsoncheck" "$here/hvctl.schema.json" trace_line lines <"$dir/json"
result "as the schema has them" $?
! grep -v "\"guest\": *$id\b" "$dir/json"
result "of no other guest" $?

hvctl trace one >/dev/null &
wait_on
kill -KILL $!
wait $! 2>/dev/null
[ "$(instances)" = 1 ]
result "a SIGKILL leaves an instance" $?
hvctl trace -n 1 one >/dev/null
[ "$(instances)" = 0 ]
result "which the next one removes" $?

hvctl trace one >/dev/null &
wait_on
kill -TERM $! && wait $!
result "a SIGTERM ends it well" $?
[ "$(instances)" = 0 ]
result "and leaves nothing" $?

hvctl trace --events state one >"$dir/end" &
wait_on && hvctl kill one && hvctl rm one && wait $!
result "it ends with the guest" $?
has "$dir/end" 'state=stopped stop_reason=killed' && has "$dir/end" 'state=gone'
result "whose end it tells" $?
hvctl trace --events nothing two 2>"$dir/err"
[ $? = 125 ] && has "$dir/err" "hvctl trace: there is no event 'nothing'"
result "an unknown event" $?
hvctl trace nobody 2>"$dir/err"
[ $? = 127 ] && has "$dir/err" "nobody"
result "an unknown guest" $?

hvctl rm -f two >/dev/null
rm -rf "$dir"
echo "1..$n"
exit $failed
