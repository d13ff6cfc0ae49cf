#!/bin/sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests before this one, and the module that was unloaded behind them,
# have left allocated that nobody points to.
leaks=/sys/kernel/debug/kmemleak

[ -w $leaks ] || { echo "1..0 # SKIP this kernel has no kmemleak"; exit 4; }
# An object has to be 5 s old, and to be found in two scans.
sleep 6
echo scan >$leaks
sleep 1
echo scan >$leaks
cat $leaks
[ -z "$(cat $leaks)" ]
result=$?
echo "TAP version 13"
[ $result = 0 ] || printf 'not '
echo "ok 1 no memory was lost"
echo "1..1"
exit $result
