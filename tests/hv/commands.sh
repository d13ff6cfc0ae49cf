#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# hvctl as a user types it: what each command prints, as text and as JSON; its
# status; its sentence where it refuses. Guests are small programs, no kernels.
dir=/tmp/commands-$$
here=$(cd "$(dirname "$0")" && pwd)
schema=$here/hvctl.schema.json
ends=$here/payload_hello.bin ticks=$here/payload_ticker.bin
n=0 failed=0

skip() { echo "1..0 # SKIP $*" && exit 4; }
[ -c /dev/hv ] || skip "hv is not loaded"

result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		sed 's/^/# /' "$dir/out" "$dir/err"
		failed=1
	fi
}

# run STATUS hvctl's arguments: leaves out and err.
run() {
	want=$1
	shift
	timeout 60 hvctl "$@" </dev/null >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got = "$want" ] || echo "# status $got, not $want"
	[ $got = "$want" ]
}

# good NAME hvctl's arguments: status 0 and nothing on standard error.
good() {
	name=$1
	shift
	run 0 "$@" && [ ! -s "$dir/err" ]
	result $? "$name"
}

# refused STATUS WORDS hvctl's arguments: one sentence with WORDS, and no output.
refused() {
	want=$1 words=$2
	shift 2
	run "$want" "$@" && [ "$(wc -l <"$dir/err")" = 1 ] && [ ! -s "$dir/out" ] &&
		grep -q "^hvctl\( $1\)*: ." "$dir/err" && grep -q -e "$words" "$dir/err"
	result $? "$* is refused"
}

# says WORDS: on standard output of the last run.
says() {
	grep -q -e "$1" "$dir/out"
	result $? "it says '$1'"
}

# json DEFINITION STATUS hvctl's arguments [: lines]
json() {
	definition=$1 want=$2
	shift 2
	run "$want" -j "$@" && "$here/jsoncheck" "$schema" "$definition" <"$dir/out"
	result $? "-j $* is as the schema has it"
}

lines() {
	definition=$1
	shift
	run 0 -j "$@" && "$here/jsoncheck" "$schema" "$definition" lines <"$dir/out"
	result $? "-j $* is as the schema has it"
}

words() {
	refused 125 "start or stats" sta
	refused 125 "did you mean start" strat
	refused 125 "lists them" xyzzy
	good "a beginning is enough" vers
	for command in $(hvctl help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		good "help $command" help "$command"
		says "^usage: hvctl .*$command"
		refused 125 "no option --no-such" "$command" --no-such
		refused 125 "no option -9" "$command" -9
	done
	refused 125 "could be --memory" run --me
	refused 125 "did you mean --filter" ls --flter x=y
	refused 125 "takes no value" ls --all=yes
	refused 125 "needs a value" run --memory
}

creating() {
	good "create" create --name one -m 16M --debug-exit 0xf4 -l env=test -l tier=a "$ends"
	says '^one$'
	json guest_name 0 create --name two -m 16M "$ticks"
	json inspect 0 inspect one
	grep -q '"labels": { "env": "test", "tier": "a" }' "$dir/out"
	result $? "inspect has the labels"
	hvctl inspect one >"$dir/one.json"
	hvctl create -f "$dir/one.json" --name again >/dev/null
	hvctl inspect again >"$dir/again.json"
	sed '/"name"/d; /"status"/d' "$dir/one.json" >"$dir/a"
	sed '/"name"/d; /"status"/d' "$dir/again.json" >"$dir/b"
	cmp "$dir/a" "$dir/b" >"$dir/out" 2>"$dir/err"
	result $? "create -f makes the same from inspect"
	hvctl rm again
	refused 125 "name exists\|taken" create -f "$dir/one.json"
	printf '{\n "memory": "16M",\n "colour": 1\n}\n' >"$dir/bad"
	refused 125 "line 3: colour" create -f "$dir/bad"
	printf '{\n "memory": "16M",\n "memory": 1\n}\n' >"$dir/bad"
	refused 125 "line 3: memory: .*line 2" create -f "$dir/bad"
	printf '{\n "memory": "16M"\n' >"$dir/bad"
	refused 125 "line 3: a comma" create -f "$dir/bad"
	printf '{\n "cgroup": "",\n "cpuset": "0"\n}\n' >"$dir/bad"
	refused 125 "line 3: cpuset: contradicts cgroup" create -f "$dir/bad"
	refused 125 "No such file" create -f "$dir/nothing"
	for bad in "--cpuset x" "--cpuset 0-" "--cpu-weight 0" "--memory-limit x" "--label x" \
		"--restart maybe" "--label =x" "--cpus 0"; do
		# shellcheck disable=SC2086 # two words
		refused 125 "$(echo "$bad" | sed 's/^--\([a-z-]*\).*/\1/; s/cpus$/vcpus/')" create $bad "$ends"
	done
	refused 125 "contradicts --detach" run -d --foreground "$ends"
}

running() {
	good "start" start one two
	run 15 wait one
	says '^one: debug-exit 15$'
	json results 15 wait one
	json results 127 wait nobody
	refused 125 "has not stopped" wait -t 0 two
	refused 127 "no guest is called 'nobody'" wait nobody
	refused 125 "no number" wait -t x two
	good "ls" ls
	says '^ *ID  NAME  STATE'
	says ' two   running '
	json ls 0 ls -a
	json ids 0 ls -a -q
	json names 0 ls --names
	good "a filter by state" ls --filter state=stopped --names
	says '^one$'
	good "a filter by label" ls -a --filter env=te* --names
	says '^one$'
	good "another way to say it" ls -a --filter label=tier=b --names
	[ ! -s "$dir/out" ]
	result $? "nothing else passes"
	refused 125 "no filter" ls --filter state
	lines top_line top -n 1
	json stats 0 stats --no-stream
	json results 125 kill one two
	refused 125 "" kill two
	json doctor 0 doctor
}

memory() {
	good "mem ls" mem ls one
	says '^GPA   *SIZE   *MEMORY'
	json mem_ls 0 mem ls one
	good "mem write" mem write one 0x1ffe "de ad be ef"
	good "mem read" mem read one 0x1ffe 4
	says '0000000000001ffe  de ad be ef'
	json mem_read 0 mem read one 0x1ffe 4
	grep -q '"bytes":"deadbeef"' "$dir/out"
	result $? "JSON has the bytes"
	refused 125 "no memory at" mem read one 0x1000000 1
	refused 125 "no memory at" mem read one 0xffffff 2
	refused 125 "no row of bytes" mem write one 0 "1 2"
	refused 125 "no number of bytes" mem read one 0 x
	refused 125 "say what to do" mem
	refused 125 "missing" mem read one
	good "mem map" mem map one 0x4000000 2M
	good "and it is there" mem write one 0x4000000 "c0 de"
	good "mem ls" mem ls one
	says '^0x4000000   *2M   *own'
	refused 125 "has memory there" mem map one 0x4100000 4K
	refused 125 "whole pages" mem map one 0x5000000 1
	refused 125 "cannot open" mem map -f "$dir/nothing" one 0x5000000 4K
	refused 125 "must be a memfd" mem map -f "$dir/out" one 0x5000000 4K
	good "its specification is incomplete" inspect one
	says '"incomplete": "regions"'
	refused 125 "no region of one begins" mem unmap one 0x4100000
	refused 125 "boot manifest" mem unmap one 0
	good "mem unmap" mem unmap one 0x4000000
	refused 125 "no memory at" mem read one 0x4000000 1
	good "its specification is whole again" inspect one
	! grep -q incomplete "$dir/out"
	result $? "nothing is incomplete"
	good "regs" regs one
	says '^rip  *0x'
	json regs 0 regs one
	refused 125 "vCPUs 0 to 0" regs --vcpu 1 one
}

# CPUID, then HLT with interrupts off, which stops it: not a normal end.
recorder() {
	printf '\017\242\372\364' >"$dir/halts"
	hvctl create --name halts -m 16M "$dir/halts" >/dev/null
	good "no exits before the first start" inspect --last-exits halts
	[ ! -s "$dir/out" ]
	result $? "nothing is shown"
	json last_exits 0 inspect --last-exits halts
	hvctl start halts
	run 125 wait halts
	result $? "it ends as no guest should"
	json last_exits 0 inspect --last-exits halts
	good "last exits after an abnormal stop" inspect --last-exits halts
	says '^GUEST  VCPU  *+TICKS  *EXIT  *RIP '
	says '^halts  *0  *[0-9]*  *cpuid  *0x100000 '
	tail -n 1 "$dir/out" | grep -q '^halts  *0  *[0-9]*  *hlt  *0x100003 '
	result $? "the last is what ended it"
	json exits 0 stats --exits halts
	json histogram 0 stats --histogram halts
	good "histogram" stats --histogram halts
	says '^halts  *0  *cpuid  *<\|>= [0-9]'
	refused 127 "no guest" inspect --last-exits halts nobody
	hvctl rm halts
}

events() {
	hvctl -j events -n 3 >"$dir/events" 2>"$dir/err" &
	pid=$!
	sleep 1
	hvctl start two
	hvctl kill two
	hvctl rm two
	wait $pid
	"$here/jsoncheck" "$schema" events_line lines <"$dir/events" >"$dir/out" &&
		[ "$(sed 's/.*"event":"\([a-z]*\)".*/\1/' "$dir/events" | tr '\n' ' ')" = "running stopped gone " ]
	result $? "events of a start, a kill and a removal"
}

# is STATE NAME
is() {
	run 0 ls -a --filter "name=$2" --filter "state=$1" -q && [ -s "$dir/out" ]
	result $? "$2 is $1"
}

gone() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		hvctl ls -a --names | grep -qx "$1" || return 0
		sleep 1
	done
	return 1
}

controlling() {
	hvctl create --name three -m 16M "$ticks" >/dev/null
	refused 125 "" pause three
	good "start" start three
	json results 0 pause three
	is paused three
	refused 125 "" pause three
	good "regs of a paused guest" regs three
	json results 0 resume three
	is running three
	refused 125 "" resume three
	json results 0 reset three
	json results 0 stop -t 0 three
	is stopped three
	refused 125 "" stop three
	refused 125 "" reset three
	good "restart of one that has stopped" restart three
	json results 0 restart -t 0 three
	is running three
	hvctl kill three
	refused 125 "no number" stop -t x three
	refused 127 "no guest" stop nobody
}

updating() {
	json results 0 update -l a=b -l c=d --unlabel a --restart on-failure --on-reset stop three
	json inspect 0 inspect three
	for words in '"labels": { "c": "d" }' '"restart": "on-failure"' '"on-reset": "stop"'; do
		says "$words"
	done
	good "limits" update --cpuset 0 --cpu-weight 50 --memory-limit 32M three
	hvctl inspect three >"$dir/out"
	for words in '"cpuset": "0"' '"cpu-weight": 50' '"memory-limit": "32M"'; do
		says "$words"
	done
	good "no limits" update --cpuset none --cpu-weight none --memory-limit none three
	hvctl inspect three >"$dir/out"
	grep -q 'cpuset\|weight\|limit' "$dir/out"
	result $((!$?)) "they are gone"
	refused 125 "no label" update --unlabel x three
	refused 125 "say what to change" update three
	for bad in "--restart maybe" "--cpuset x" "--cpu-weight 0" "--memory-limit x" "--label x" \
		"--rm maybe" "--on-reset x"; do
		# shellcheck disable=SC2086 # two words
		refused 125 "$(echo "$bad" | sed 's/^--\([a-z-]*\).*/\1/')" update $bad three
	done
	hvctl rm three
}

going() {
	run 15 run --rm --name four -m 16M --debug-exit 0xf4 "$ends"
	result $? "run --rm ends with the guest's status"
	gone four
	result $? "and the guest is gone"
	hvctl run --foreground --name five -m 16M "$ticks" </dev/null >/dev/null 2>&1 &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		hvctl ls --names | grep -qx five && break
		sleep 1
	done
	is running five
	kill -9 $pid
	gone five
	result $? "run --foreground takes its guest along"
}

ending() {
	json prune 0 prune
	grep -q '"name":"one"' "$dir/out"
	result $? "prune removes what has stopped"
	good "nothing is left" ls -a
	[ ! -s "$dir/out" ]
	result $? "and nothing is shown"
}

mkdir -p "$dir"
touch "$dir/out" "$dir/err"
echo "TAP version 13"
words
creating
running
memory
recorder
events
controlling
updating
going
ending
echo "1..$n"
hvctl rm -f one two three four five >/dev/null 2>&1
rm -rf "$dir"
exit $failed
