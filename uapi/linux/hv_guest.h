/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * hv_guest.h: the interface of hv to the guests that know it.
 *
 * For unikernels and small test guests: a console, time, sleep and an end,
 * without a chip to be programmed.  It has no state of its own beside the
 * console's queues: nothing has to be set up first, and a reset needs no care.
 *
 * Detection.  CPUID leaf 0x40000000 has HV_GUEST_SIGNATURE in EBX, ECX and EDX
 * (12 bytes in this order) and the highest of these leaves in EAX.  Leaf
 * 0x40000001 has the interface's version in EAX: 1.  What a version has, later
 * ones have too.
 *
 * Calls.  VMMCALL on AMD's CPUs, VMCALL on Intel's (CPUID leaf 0 says whose it
 * is), at CPL 0.  The other one, without prefixes, does the same in more time.
 *
 *	RAX		number, HV_CALL_*; on return the result
 *	RDI, RSI	arguments
 *
 * All other registers, and the flags, are kept.  A result below zero is an
 * error, one of HV_CALL_E*:
 *
 *	HV_CALL_EPERM	called at CPL 1 to 3
 *	HV_CALL_ENOENT	nobody is there
 *	HV_CALL_EFAULT	an address without memory
 *	HV_CALL_EINVAL	an argument out of its range
 *	HV_CALL_ENOSYS	no such call
 *
 * Outside of 64-bit mode the upper halves of the registers are not the guest's
 * to set: addresses are below 4 GiB then, and only the lower half of a result
 * can be read.  Addresses are guest physical.
 */
#ifndef _UAPI_LINUX_HV_GUEST_H
#define _UAPI_LINUX_HV_GUEST_H

#define HV_GUEST_CPUID			0x40000000
#define HV_GUEST_CPUID_VERSION		0x40000001
#define HV_GUEST_SIGNATURE		"hvhvhvhvhvhv"
#define HV_GUEST_VERSION		1

#define HV_CALL_EPERM			(-1)
#define HV_CALL_ENOENT			(-2)
#define HV_CALL_EFAULT			(-14)
#define HV_CALL_EINVAL			(-22)
#define HV_CALL_ENOSYS			(-38)

/* Far from KVM's numbers, which begin at 1 and which hv may offer as well. */
#define HV_CALL_BASE			0x68760000

/*
 * HV_CALL_CONSOLE_WRITE: print bytes.
 *
 * RDI: address of the first; RSI: how many, at most HV_CALL_CONSOLE_MAX.  They
 * need not lie in one page.  All are printed, or none.  Each is read once: what
 * another vCPU writes there meanwhile may or may not be printed.
 *
 * Result: RSI; HV_CALL_EINVAL, HV_CALL_EFAULT.
 */
#define HV_CALL_CONSOLE_WRITE		0x68760000
#define HV_CALL_CONSOLE_MAX		4096

/*
 * HV_CALL_CONSOLE_READ: take bytes that were typed.
 *
 * RDI: address of a buffer; RSI: its size, at most HV_CALL_CONSOLE_MAX.  Does
 * not wait.  A guest uses this or COM1 to read, not both: they are one queue.
 *
 * Result: how many bytes, perhaps fewer than there are; 0 if there are none;
 * HV_CALL_EINVAL, HV_CALL_EFAULT.
 */
#define HV_CALL_CONSOLE_READ		0x68760001

/*
 * HV_CALL_TIME: what time it is.
 *
 * RDI: which clock.  HV_CALL_CLOCK_MONOTONIC never jumps and has no relation to
 * the guest's start; HV_CALL_CLOCK_WALL counts from 1970, UTC.
 *
 * Result: nanoseconds; HV_CALL_EINVAL.
 */
#define HV_CALL_TIME			0x68760002
#define HV_CALL_CLOCK_MONOTONIC		0
#define HV_CALL_CLOCK_WALL		1

/*
 * HV_CALL_SLEEP_UNTIL: let the CPU sleep.
 *
 * RDI: until when, on the monotonic clock, nanoseconds.  Interrupts that the
 * guest can take are taken meanwhile, with RIP at the call: the guest returns
 * to it and sleeps on.  A time in the past returns at once.
 *
 * Result: 0.
 */
#define HV_CALL_SLEEP_UNTIL		0x68760003

/*
 * HV_CALL_YIELD: let others run.
 *
 * Result: 0.
 */
#define HV_CALL_YIELD			0x68760004

/*
 * HV_CALL_EXIT: end the guest.
 *
 * RDI: its status, 32 bits: stop-status, with stop-reason exit.  Does not return.
 */
#define HV_CALL_EXIT			0x68760005

/*
 * HV_CALL_DOORBELL: tell somebody else that there is something to look at.
 *
 * RDI: which doorbell, 0 to 0xffff.  Who hears it is set up on the host, with an
 * ioeventfd in HV_SPACE_DOORBELL: a program, or, by an irqfd on the same eventfd,
 * another guest, to which it is an edge of an interrupt line.  Rings that come
 * faster than they are heard are one.
 *
 * Result: 0; HV_CALL_ENOENT where nobody was set up to hear it.
 */
#define HV_CALL_DOORBELL		0x68760006

#endif /* _UAPI_LINUX_HV_GUEST_H */
