/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hv.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_HV_NETLINK_H
#define _UAPI_LINUX_HV_NETLINK_H

#define HV_FAMILY_NAME		"hv"
#define HV_FAMILY_VERSION	1

/**
 * enum hv_state - A guest's state.
 * @HV_STATE_CREATED: Never started, or every start was refused.
 * @HV_STATE_RUNNING: Its vCPUs run or wait for an event.
 * @HV_STATE_PAUSED: Running, but held.
 * @HV_STATE_STOPPED: Ended, with a reason. It can be started again.
 */
enum hv_state {
	HV_STATE_CREATED,
	HV_STATE_RUNNING,
	HV_STATE_PAUSED,
	HV_STATE_STOPPED,
};

/**
 * enum hv_stop_reason - Why a guest stopped.
 * @HV_STOP_REASON_NONE: It has not stopped since its last start.
 * @HV_STOP_REASON_POWEROFF: It powered itself off.
 * @HV_STOP_REASON_RESET: It reset itself and its policy is to stop then.
 * @HV_STOP_REASON_DEBUG_EXIT: It wrote its debug-exit port. stop-status has
 *   QEMU's (value << 1) | 1.
 * @HV_STOP_REASON_TRIPLE_FAULT: A fault while delivering a double fault, and
 *   its policy is to stop then.
 * @HV_STOP_REASON_KILLED: By request, or with its cgroup; stop-detail says so then.
 * @HV_STOP_REASON_MEMORY_LIMIT: Its memory could not be had within its
 *   cgroup's limit or the host's.
 * @HV_STOP_REASON_HALTED: Halted with interrupts off, which nothing can end.
 * @HV_STOP_REASON_INTERNAL_ERROR: An exit that hv cannot handle. stop-detail
 *   says which.
 * @HV_STOP_REASON_UNMAPPED_FETCH: It fetched an instruction where it has no
 *   memory.
 * @HV_STOP_REASON_ROOT_LOST: Another owner took VMX or SVM root.
 * @HV_STOP_REASON_EXIT: It ended itself by hv's guest interface. stop-status
 *   has its status.
 */
enum hv_stop_reason {
	HV_STOP_REASON_NONE,
	HV_STOP_REASON_POWEROFF,
	HV_STOP_REASON_RESET,
	HV_STOP_REASON_DEBUG_EXIT,
	HV_STOP_REASON_TRIPLE_FAULT,
	HV_STOP_REASON_KILLED,
	HV_STOP_REASON_MEMORY_LIMIT,
	HV_STOP_REASON_HALTED,
	HV_STOP_REASON_INTERNAL_ERROR,
	HV_STOP_REASON_UNMAPPED_FETCH,
	HV_STOP_REASON_ROOT_LOST,
	HV_STOP_REASON_EXIT,
};

/**
 * enum hv_on_reset - What a guest's own reset, or its triple fault, does.
 * @HV_ON_RESET_RESET: Clear memory, apply the boot manifest and run on.
 * @HV_ON_RESET_STOP: Stop with reason reset or triple-fault.
 */
enum hv_on_reset {
	HV_ON_RESET_RESET,
	HV_ON_RESET_STOP,
};

/**
 * enum hv_pv - The features of KVM's paravirtual interface; bits of the
 *   attribute pv.
 * @HV_PV_CLOCK: kvmclock, the time as a function of the TSC.
 * @HV_PV_CLOCK_STABLE: kvmclock is one for all vCPUs, where the host's TSCs
 *   allow it.
 * @HV_PV_STEAL_TIME: How long a vCPU waited for a host CPU, and whether it
 *   runs.
 * @HV_PV_EOI: The end of an interrupt without an exit.
 * @HV_PV_IPI: One call for an IPI to many vCPUs.
 * @HV_PV_TLB_FLUSH: Flushes for vCPUs that do not run wait until they do.
 *   Needs steal-time.
 * @HV_PV_UNHALT: A vCPU that halts in a spinlock is woken by a call.
 */
enum hv_pv {
	HV_PV_CLOCK,
	HV_PV_CLOCK_STABLE,
	HV_PV_STEAL_TIME,
	HV_PV_EOI,
	HV_PV_IPI,
	HV_PV_TLB_FLUSH,
	HV_PV_UNHALT,
};

/**
 * enum hv_restart - Whether a guest that stopped by itself is started again,
 *   by the kernel alone. The first restart comes 100 ms behind the stop, each
 *   further one after twice the time, a minute at most; a guest that ran for
 *   10 seconds begins with 100 ms again. A guest that was killed, or powered
 *   off after guest-stop, stays stopped.
 * @HV_RESTART_NO: Never.
 * @HV_RESTART_ON_FAILURE: After every stop other than poweroff, reset, killed,
 *   and a debug exit of value 0 (stop-status 1).
 * @HV_RESTART_ALWAYS: After every stop that nobody asked for.
 */
enum hv_restart {
	HV_RESTART_NO,
	HV_RESTART_ON_FAILURE,
	HV_RESTART_ALWAYS,
};

enum {
	HV_A_GUEST_PAD = 1,
	HV_A_GUEST_ID,
	HV_A_GUEST_NAME,
	HV_A_GUEST_DEV_FD,
	HV_A_GUEST_STATE,
	HV_A_GUEST_STOP_REASON,
	HV_A_GUEST_STOP_STATUS,
	HV_A_GUEST_STOP_DETAIL,
	HV_A_GUEST_MEMORY_SIZE,
	HV_A_GUEST_MEMORY_RESIDENT,
	HV_A_GUEST_VCPUS,
	HV_A_GUEST_ON_RESET,
	HV_A_GUEST_DEBUG_EXIT_PORT,
	HV_A_GUEST_REGION,
	HV_A_GUEST_SEGMENT,
	HV_A_GUEST_VCPU_STATE,
	HV_A_GUEST_VCPU,
	HV_A_GUEST_OWNER_UID,
	HV_A_GUEST_CREATED_AT,
	HV_A_GUEST_STARTED_AT,
	HV_A_GUEST_STOPPED_AT,
	HV_A_GUEST_RESETS,
	HV_A_GUEST_TABLE_PAGES,
	HV_A_GUEST_KERNEL_MEMORY,
	HV_A_GUEST_TRAP,
	HV_A_GUEST_ORIGIN,
	HV_A_GUEST_PV,
	HV_A_GUEST_LABEL,
	HV_A_GUEST_RESTART,
	HV_A_GUEST_REMOVE_ON_STOP,
	HV_A_GUEST_BIND_FD,
	HV_A_GUEST_BOUND,
	HV_A_GUEST_RESTARTS,
	HV_A_GUEST_RESTART_AT,

	__HV_A_GUEST_MAX,
	HV_A_GUEST_MAX = (__HV_A_GUEST_MAX - 1)
};

enum {
	HV_A_REGION_PAD = 1,
	HV_A_REGION_GPA,
	HV_A_REGION_SIZE,
	HV_A_REGION_FD,
	HV_A_REGION_OFFSET,

	__HV_A_REGION_MAX,
	HV_A_REGION_MAX = (__HV_A_REGION_MAX - 1)
};

enum {
	HV_A_SEGMENT_PAD = 1,
	HV_A_SEGMENT_GPA,
	HV_A_SEGMENT_FD,
	HV_A_SEGMENT_OFFSET,
	HV_A_SEGMENT_LENGTH,

	__HV_A_SEGMENT_MAX,
	HV_A_SEGMENT_MAX = (__HV_A_SEGMENT_MAX - 1)
};

enum {
	HV_A_VCPU_PAD = 1,
	HV_A_VCPU_INDEX,
	HV_A_VCPU_TID,
	HV_A_VCPU_EXIT,
	HV_A_VCPU_ENTRIES,
	HV_A_VCPU_GUEST_TICKS,

	__HV_A_VCPU_MAX,
	HV_A_VCPU_MAX = (__HV_A_VCPU_MAX - 1)
};

enum {
	HV_A_TRAP_PAD = 1,
	HV_A_TRAP_SPACE,
	HV_A_TRAP_ADDRESS,
	HV_A_TRAP_SIZE,
	HV_A_TRAP_CUT,

	__HV_A_TRAP_MAX,
	HV_A_TRAP_MAX = (__HV_A_TRAP_MAX - 1)
};

enum {
	HV_A_EXIT_PAD = 1,
	HV_A_EXIT_NAME,
	HV_A_EXIT_COUNT,
	HV_A_EXIT_TIMES,

	__HV_A_EXIT_MAX,
	HV_A_EXIT_MAX = (__HV_A_EXIT_MAX - 1)
};

enum {
	HV_CMD_GUEST_GET = 1,
	HV_CMD_GUEST_NEW,
	HV_CMD_GUEST_DEL,
	HV_CMD_GUEST_START,
	HV_CMD_GUEST_KILL,
	HV_CMD_STATS_GET,
	HV_CMD_GUEST_NTF,
	HV_CMD_TRAP_NTF,
	HV_CMD_GUEST_STOP,
	HV_CMD_GUEST_PAUSE,
	HV_CMD_GUEST_RESUME,
	HV_CMD_GUEST_RESET,
	HV_CMD_GUEST_SET,
	HV_CMD_REGION_NEW,
	HV_CMD_REGION_DEL,

	__HV_CMD_MAX,
	HV_CMD_MAX = (__HV_CMD_MAX - 1)
};

#define HV_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_HV_NETLINK_H */
