#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The examples of userlib/examples do what their first lines say.
here=$(dirname "$0")
[ -e /dev/hv ] || { echo "1..0 # SKIP hv is not loaded"; exit 4; }
n=0 failed=0

result() {
	n=$((n + 1))
	[ "$1" = 0 ] || { failed=1 && printf 'not '; }
	echo "ok $n $2"
}

guest_seconds() {
	hvctl logs clocked | tr -d '\r' | sed -n 's/^seconds 0*//p'
}

# The guest's clock is the host's, within the time that this takes.
clock() {
	before=$(date +%s)
	hvctl create --name clocked -m 16M --debug-exit 0xf4 --on-reset stop \
		"$here/payload_clock.bin" >/dev/null || return
	"$here/example_clock" clocked >/tmp/clock.out 2>&1 &
	pid=$!
	while ! grep -q ready /tmp/clock.out; do
		kill -0 $pid || { cat /tmp/clock.out && return 1; }
		sleep 0.1
	done
	hvctl start clocked >/dev/null && wait $pid || return
	while [ "$(hvctl ls -q)" ]; do sleep 0.1; done
	said=$(guest_seconds)
	said=$((0x${said:-0}))
	echo "# it is $said, between $before and $(date +%s)"
	[ $said -ge "$before" ] && [ $said -le "$(date +%s)" ]
}

# A program that has nobody to serve says so.
clock_alone() {
	! "$here/example_clock" nobody 2>/tmp/clock.err && grep -q "no guest is called" /tmp/clock.err
}

python() {
	[ -x "$here/python/python3" ] || return 0
	PYTHONHOME=$here/python "$here/python/python3" "$@"
}

python_run() {
	[ -x "$here/python/python3" ] || { echo "# no Python here" && return 0; }
	python "$here/guest.py" run made-by-python "$here/payload_flat32.bin"
	[ $? = 42 ]
}

python_list() {
	[ -x "$here/python/python3" ] || return 0
	python "$here/guest.py" list | grep -q '^[0-9]* clocked stopped$' || return
	# Nothing is left behind by what is refused.
	python "$here/guest.py" run clocked "$here/payload_flat32.bin" 2>/tmp/python.err
	[ $? = 125 ] && grep -q 'a guest of that name exists' /tmp/python.err
}

echo "TAP version 13"
clock
result $? "clock: a device in user space"
clock_alone
result $? "clock: no guest"
python_run
result $? "guest.py: a guest over netlink alone"
python_list
result $? "guest.py: a list of guests, and a refusal"
hvctl rm -f clocked >/dev/null
echo "1..$n"
exit $failed
