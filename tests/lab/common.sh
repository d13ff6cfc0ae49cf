# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the lab's scripts share. Each of them sources this first.

set -euo pipefail
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$LAB/../.." && pwd)
BUILD=$TOP/build
CACHE=${HV_LAB_CACHE:-$BUILD/lab}
# shellcheck disable=SC2034 # for those that source this
LOGS=$BUILD/lab/logs
KERNELS="6.1 6.12"
DEBUG_KERNELS="6.1-debug 6.12-debug"
HOSTS="amd amd-nrip intel"
export LC_ALL=C

me=$(basename "$0")

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }

# Root, or sudo where there is one; apt-get is the only thing that needs it.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "'$*' needs root: run this as root, or install sudo"
	fi
}

refresh_lists() {
	say "reading the package lists (apt-get update)"
	as_root apt-get -qq update </dev/null ||
		die "apt-get update failed: check the network and /etc/apt/sources.list"
}

# Debian packages to a folder, as files.
download() {
	# The sandbox user cannot write here; the signatures are checked anyway.
	(cd "$1" && shift && apt-get -qq -o APT::Sandbox::User=root download "$@")
}

# Lists older than the archive name versions that are gone: read them again.
fetch_into() {
	local dir=$1 deb
	shift
	rm -rf "$dir"
	mkdir -p "$dir/debs"
	download "$dir/debs" "$@" 2>/dev/null || {
		refresh_lists
		download "$dir/debs" "$@" || die "could not fetch $*"
	}
	for deb in "$dir"/debs/*.deb; do
		dpkg -x "$deb" "$dir/root"
	done
	rm -r "$dir/debs"
}

check_kernel_name() {
	case " $KERNELS $DEBUG_KERNELS " in
	*" $1 "*) ;;
	*) die "no kernel '$1': the lab has $KERNELS $DEBUG_KERNELS" ;;
	esac
}

check_host_name() {
	case " $HOSTS " in
	*" $1 "*) ;;
	*) die "no host '$1': the lab has $HOSTS" ;;
	esac
}

emulator_of() { if [ "$1" = amd ]; then echo qemu; else echo bochs; fi; }

# A debug kernel is that much slower.
drag_of() { case $1 in *-debug) echo 5 ;; *) echo 1 ;; esac; }

# How much slower than QEMU a HOST with a KERNEL is, roughly: time limits are that much longer.
pace_of() {
	local pace=1
	[ "$1" = amd ] || pace=5
	echo $((pace * $(drag_of "${2-}")))
}

# And how many times fewer rounds its tests run, where they can tell.
scale_of() {
	local scale=1
	[ "$1" = amd ] || scale=10
	echo $((scale * $(drag_of "${2-}")))
}

# Run a command while nobody else changes the same thing: LOCKED NAME COMMAND...
locked() {
	local name=$1
	shift
	mkdir -p "$CACHE"
	(
		flock 9
		"$@"
	) 9>"$CACHE/.lock-$name"
}

# The end of a host's log, from what went wrong on where that is in it. Frames
# that the unwinder only guesses at are left out.
last_words() {
	[ -e "$1" ] || return 0
	{
		grep -aE -m 1 -A 1000 -B 3 \
			'BUG:|WARNING:|Oops|general protection|lockup|stall|Kernel panic' "$1" ||
			tail -n 40 "$1"
	} | tr -d '\r' | grep -av '\] *? ' | head -n 80 || true
}
