#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# The kernel's own KVM comes up on this host and goes: it is what others compare
# hv with, and it says that the host is a host.
vendor=amd
! grep -qw vmx /proc/cpuinfo || vendor=intel
modprobe kvm_$vendor && test -c /dev/kvm && rmmod kvm_$vendor kvm
