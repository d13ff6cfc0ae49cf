#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own netlink tool, from uapi/hv.yaml as it is: lists, makes, runs
# and removes guests.
here=$(cd "$(dirname "$0")" && pwd)
[ -e /dev/hv ] || { echo "1..0 # SKIP hv is not loaded"; exit 4; }
[ -x "$here/python/python3" ] || { echo "1..0 # SKIP no Python with YAML here"; exit 4; }
[ -e "$here/ynl/cli.py" ] || { echo "1..0 # SKIP the kernel's YNL tool is not here"; exit 4; }
out=/tmp/ynl.out
n=0 failed=0

python() { PYTHONHOME=$here/python "$here/python/python3" "$@"; }

# The schema check needs one more module; tests/spec looks at the specification.
ynl() {
	python "$here/ynl/cli.py" --no-schema --spec "$here/hv.yaml" --output-json "$@" \
		>"$out" 2>&1
}

# The output has each of the words.
has() {
	for word; do
		grep -qF -e "$word" "$out" || { echo "# no '$word' in: $(head -c 600 "$out")" && return 1; }
	done
}

result() {
	n=$((n + 1))
	[ "$1" = 0 ] || { failed=1 && printf 'not '; }
	echo "ok $n $2"
}

state() { python -c "import sys; sys.path.insert(0, '$here'); import guest; print(guest.vcpu_state(0x1000).hex())"; }

operations() {
	ynl --list-ops && has guest-get guest-new guest-del guest-start guest-kill stats-get
}

create() {
	ynl --do guest-new --json "{\"name\": \"by-ynl\", \"debug-exit-port\": 244,
		\"region\": [{\"gpa\": 0, \"size\": 1048576}], \"vcpu-state\": \"$(state)\"}" &&
		has '"name": "by-ynl"' '"state": "created"' '"size": 1048576'
}

listed() {
	ynl --dump guest-get && has '"name": "by-ynl"' '"state": "created"' &&
		hvctl ls -a | grep -q by-ynl
}

more() {
	region='"region": [{"gpa": 4294967296, "size": 65536}]'
	ynl --do region-new --json "{\"name\": \"by-ynl\", $region}" &&
		ynl --do guest-get --json '{"name": "by-ynl"}' && has '"gpa": 4294967296' &&
		ynl --do region-del --json "{\"name\": \"by-ynl\", $region}" &&
		! ynl --do region-del --json "{\"name\": \"by-ynl\", $region}" &&
		has 'no region of that gpa and size'
}

# By what the kernel says, not by what the tool guesses.
refused() {
	! ynl --do guest-new --json "{\"name\": \"by-ynl\",
		\"region\": [{\"gpa\": 0, \"size\": 4096}], \"vcpu-state\": \"$(state)\"}"
	has 'a guest of that name exists'
}

run() {
	ynl --do guest-start --json '{"name": "by-ynl"}' || return
	ynl --dump stats-get && has '"name": "by-ynl"' '"table-pages"' || return
	# Zeros are ADD: it runs to where it has no memory, or is killed before.
	ynl --do guest-kill --json '{"name": "by-ynl"}' || has 'the guest does not run' || return
	ynl --do guest-get --json '{"name": "by-ynl"}' &&
		has '"state": "stopped"' '"stop-reason": '
}

# There is news all the while, whenever the tool gets to listen.
events() {
	ynl --subscribe events --sleep 5 &
	while kill -0 $! 2>/dev/null; do
		hvctl start by-ynl >/dev/null 2>&1
		sleep 0.2
		hvctl kill by-ynl >/dev/null 2>&1
	done
	hvctl rm -f by-ynl >/dev/null
	has 'guest-ntf' '"name": "by-ynl"'
}

gone() {
	! ynl --do guest-get --json '{"name": "by-ynl"}' && has 'there is no such guest' &&
		ynl --dump guest-get && ! grep -q by-ynl "$out"
}

echo "TAP version 13"
for test in operations create listed more refused run events gone; do
	$test
	result $? "ynl: $test"
done
echo "1..$n"
exit $failed
