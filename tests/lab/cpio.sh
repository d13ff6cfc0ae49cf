# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How the file systems of hosts and guests are put together.

pack() {
	(cd "$1" && find . -mindepth 1 | sort |
		cpio --quiet --reproducible -o -H newc -R 0:0)
}

stage() {
	local dir
	dir=$(mktemp -d "$CACHE/stage.XXXXXX")
	chmod 755 "$dir"
	echo "$dir"
}

busybox_tree() {
	local dir=$1 applet
	mkdir -p "$dir"/{bin,etc,proc,sys,dev,tmp,run,root,lib,mnt}
	cp /bin/busybox "$dir/bin/busybox"
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$dir/bin/$applet"
	done
	ln -s bin "$dir/sbin"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/etc/passwd"
	echo 'root:x:0:' >"$dir/etc/group"
}

# Whether a file has to be made anew from those behind it.
stale() {
	local out=$1 f
	shift
	[ -e "$out" ] || return 0
	for f; do
		[ ! "$f" -nt "$out" ] || return 0
	done
	return 1
}
