/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * hv: the ioctl interface of /dev/hv and of the file descriptors it gives.
 *
 * Lifecycle (create, start, kill, delete, list, statistics) goes through the
 * generic netlink family in <linux/hv_netlink.h>; its specification, hv.yaml,
 * has the table of what each operation does in each state.  This header has what
 * needs a file descriptor: guest memory (mmap), registers, consoles, and
 * programs that answer a part of the guest's bus.
 *
 * Rules for every structure here: fixed-width fields only, the size is part
 * of the ioctl number, padding must be zero (EINVAL otherwise), unknown flag
 * bits are EINVAL, unknown commands are ENOTTY.
 */
#ifndef _UAPI_LINUX_HV_H
#define _UAPI_LINUX_HV_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Raised whenever something is added; never for an incompatible change. */
#define HV_API_VERSION		1

/* Longest guest name in bytes, without the terminating NUL. */
#define HV_NAME_MAX		63

/* Magic number of all hv ioctls: 0xbe is unclaimed in the kernel's ioctl-number.rst. */
#define HV_IOC			0xbe

/**
 * enum hv_engine - what runs guests on this host
 * @HV_ENGINE_NONE: nothing does
 * @HV_ENGINE_SVM: AMD-V with nested paging
 * @HV_ENGINE_VMX: Intel VT-x with EPT
 */
enum hv_engine {
	HV_ENGINE_NONE,
	HV_ENGINE_SVM,
	HV_ENGINE_VMX,
};

/* struct hv_info.features: what the CPU gives the engine. */
#define HV_FEATURE_NRIP_SAVE		(1U << 0)
#define HV_FEATURE_DECODE_ASSISTS	(1U << 1)
#define HV_FEATURE_FLUSH_BY_ASID	(1U << 2)
#define HV_FEATURE_TSC_SCALING		(1U << 3)
#define HV_FEATURE_XSAVE		(1U << 4)
#define HV_FEATURE_XSAVES		(1U << 5)
#define HV_FEATURE_VMCB_CLEAN		(1U << 6)
#define HV_FEATURE_VPID			(1U << 7)
#define HV_FEATURE_EPT_AD		(1U << 8)
#define HV_FEATURE_EPT_1G		(1U << 9)
#define HV_FEATURE_VIRTUAL_APIC		(1U << 10)	/* in x2APIC mode */
#define HV_FEATURE_APIC_ACCESS		(1U << 11)	/* and in xAPIC mode */
#define HV_FEATURE_SMALL_CODE		(1U << 12)	/* guests' code in 4 KiB pages alone */

/**
 * struct hv_info - what the module found and allows (HV_INFO)
 * @api_version: HV_API_VERSION of the module
 * @engine: one of enum hv_engine
 * @features: HV_FEATURE_* bits
 * @host_cpus: host CPUs that entered and left root at load
 * @max_guests: most guests at a time
 * @max_vcpus: most vCPUs a guest
 * @guests: guests that exist now
 * @tsc_khz: host time stamp counter's frequency, ticks a millisecond
 * @max_memory: most memory a guest, bytes
 * @version: release of the module, NUL-terminated
 */
struct hv_info {
	__u32 api_version;
	__u32 engine;
	__u32 features;
	__u32 host_cpus;
	__u32 max_guests;
	__u32 max_vcpus;
	__u32 guests;
	__u32 tsc_khz;
	__u64 max_memory;
	char version[32];
};

/**
 * struct hv_open - name a guest (HV_OPEN)
 * @id: the guest's id
 * @flags: must be 0
 * @pad: must be 0
 */
struct hv_open {
	__u64 id;
	__u32 flags;
	__u32 pad;
};

/**
 * struct hv_segment - one segment register with its hidden part
 * @base: linear base address
 * @limit: limit in bytes, as the CPU uses it (granularity applied)
 * @selector: the visible part
 * @attr: descriptor bits 40-47 in bits 0-7 and 52-55 in bits 8-11: type (0-3),
 *        S (4), DPL (5-6), P (7), AVL (8), L (9), D/B (10), G (11).  This is
 *        the layout of AMD APM vol. 2, appendix B (VMCB state-save area).
 */
struct hv_segment {
	__u64 base;
	__u32 limit;
	__u16 selector;
	__u16 attr;
};

/**
 * struct hv_dtable - GDTR or IDTR
 * @base: linear base address
 * @limit: limit in bytes
 * @pad: must be 0
 */
struct hv_dtable {
	__u64 base;
	__u16 limit;
	__u16 pad[3];
};

/* Index of the general registers in struct hv_vcpu_state.gpr: the hardware's numbers. */
enum hv_gpr {
	HV_RAX, HV_RCX, HV_RDX, HV_RBX, HV_RSP, HV_RBP, HV_RSI, HV_RDI,
	HV_R8, HV_R9, HV_R10, HV_R11, HV_R12, HV_R13, HV_R14, HV_R15,
	HV_NR_GPRS
};

/**
 * struct hv_vcpu_state - architectural state of a vCPU
 * @gpr: general registers, indexed by enum hv_gpr
 * @rip: instruction pointer
 * @rflags: flags
 * @cr0: control registers, as the guest reads them
 * @cr2: page fault address
 * @cr3: page table root
 * @cr4: feature enables
 * @cr8: task priority
 * @efer: extended features, as the guest reads them (no SVME)
 * @es: segments
 * @cs: code
 * @ss: stack
 * @ds: data
 * @fs: FS
 * @gs: GS
 * @ldtr: local descriptor table
 * @tr: task register
 * @gdtr: global descriptor table
 * @idtr: interrupt descriptor table
 *
 * Boot manifests carry one as the vCPU's initial state; every register that
 * is not named here starts at its reset value.
 */
struct hv_vcpu_state {
	__u64 gpr[HV_NR_GPRS];
	__u64 rip;
	__u64 rflags;
	__u64 cr0;
	__u64 cr2;
	__u64 cr3;
	__u64 cr4;
	__u64 cr8;
	__u64 efer;
	struct hv_segment es;
	struct hv_segment cs;
	struct hv_segment ss;
	struct hv_segment ds;
	struct hv_segment fs;
	struct hv_segment gs;
	struct hv_segment ldtr;
	struct hv_segment tr;
	struct hv_dtable gdtr;
	struct hv_dtable idtr;
};

/**
 * struct hv_vcpu_regs - a vCPU's state (HV_GET_REGS, HV_SET_REGS)
 * @vcpu: which vCPU, 0-based
 * @pad: must be 0
 * @state: filled in, or replaces the vCPU's
 *
 * The guest must not be running, or on its way to a pause: EBUSY otherwise.
 * EINVAL: there is no such vCPU, or HV_SET_REGS with padding or with bits that the
 * guest's CPU lacks, as for guest-new; what does not go together stops the guest
 * when it is entered.
 *
 * HV_SET_REGS in state created changes the boot manifest: every start and
 * reset begins with it (vCPU 0 only: EBUSY for the others, which begin at their
 * start-up message).  In state paused it changes where the guest goes on: an
 * exception that was to be delivered and an access that waits for a trap's
 * answer are dropped.  In state stopped it changes what HV_GET_REGS says, until
 * the next start.  ENOENT: the guest was removed.
 */
struct hv_vcpu_regs {
	__u32 vcpu;
	__u32 pad;
	struct hv_vcpu_state state;
};

/**
 * enum hv_space - where an address counts
 * @HV_SPACE_PORT: I/O ports, 0 to 0xffff
 * @HV_SPACE_MMIO: guest physical addresses without memory
 * @HV_SPACE_DOORBELL: numbers of HV_CALL_DOORBELL (linux/hv_guest.h), 0 to
 *   0xffff: for ioeventfds alone
 */
enum hv_space {
	HV_SPACE_PORT,
	HV_SPACE_MMIO,
	HV_SPACE_DOORBELL,
};

/**
 * struct hv_trap - answer a range of addresses (HV_TRAP)
 * @space: enum hv_space
 * @flags: must be 0
 * @address: first address
 * @size: how many, at least 1
 *
 * From now on the guest's accesses that lie whole in the range wait for the
 * returned descriptor; those that cross its edge see an empty bus there.
 *
 * read() gives one access, a struct hv_access, and blocks until there is one
 * (EAGAIN with O_NONBLOCK); EINVAL where the buffer is too small, 0 once the
 * guest was removed.  write() takes its struct hv_answer, and nothing else
 * (EINVAL): the guest goes on.  ENOENT: no access that was read waits with
 * this sequence number, or not any more: the guest has stopped or was reset.
 * poll() works; POLLHUP says that the guest was removed.
 *
 * Each vCPU has one access at a time and waits for its answer, to writes too;
 * several vCPUs have several.  An access that a string instruction or a large
 * or unaligned operand makes comes in pieces of 1, 2, 4 or 8 bytes.  A waiting
 * vCPU can be stopped, reset and paused; after a pause it still waits.
 *
 * The trap outlives stops and starts, and ends with the last descriptor: what
 * waits then, and comes later, sees an empty bus (reads give all ones, writes
 * are lost), and the netlink event trap-ntf says so.
 *
 * EINVAL (flags, or addresses that do not exist), EBUSY (a chip or memory is
 * in the range), EEXIST (another trap is), ENOSPC (256 traps and ioeventfds a
 * guest), ENOENT (the guest was removed).
 */
struct hv_trap {
	__u32 space;
	__u32 flags;
	__u64 address;
	__u64 size;
};

/**
 * struct hv_access - an access of the guest, as a trap descriptor reads it
 * @seq: names it in the answer; counts up
 * @address: port or guest physical address of its first byte
 * @data: what is written, zero-extended; 0 for a read
 * @vcpu: which vCPU
 * @size: bytes: 1, 2, 4, or with HV_SPACE_MMIO 8; need not be aligned
 * @write: 1 for a write, 0 for a read
 * @pad: 0
 */
struct hv_access {
	__u64 seq;
	__u64 address;
	__u64 data;
	__u32 vcpu;
	__u8 size;
	__u8 write;
	__u8 pad[2];
};

/**
 * struct hv_answer - what a trap descriptor takes
 * @seq: hv_access.seq
 * @data: what is read: its low hv_access.size bytes count; ignored for a write
 */
struct hv_answer {
	__u64 seq;
	__u64 data;
};

/* struct hv_ioeventfd.flags */
#define HV_IOEVENTFD_MATCH	(1U << 0)	/* only where @data is written */
#define HV_IOEVENTFD_REMOVE	(1U << 1)	/* the one that was made with the rest the same */

/**
 * struct hv_ioeventfd - signal an eventfd when the guest writes (HV_IOEVENTFD)
 * @space: enum hv_space
 * @flags: HV_IOEVENTFD_* bits
 * @address: of the write's first byte, or the doorbell's number
 * @data: with HV_IOEVENTFD_MATCH what has to be written, no wider than @size;
 *        0 otherwise
 * @size: bytes of the write: 1, 2, 4, 8 (HV_SPACE_MMIO only), or 0 for any
 *        without HV_IOEVENTFD_MATCH; 0 for a doorbell
 * @fd: the eventfd; -1 with HV_IOEVENTFD_REMOVE
 *
 * Adds 1 to the eventfd for each such write; the guest goes on at once, and no
 * trap sees it.  Reads, and other writes to @address, go where they would
 * without it.  It holds the eventfd until it is removed or the guest is, through
 * stops and starts and when @fd is closed.  With an irqfd of another guest on
 * the same eventfd, a doorbell rings there, and no process need be alive.
 *
 * EINVAL (flags, sizes, data or addresses that do not exist, or an @fd that is
 * none), EBADF, EBUSY (a chip or memory is there), EEXIST (another takes some
 * of the same writes), ENOSPC (256 traps and ioeventfds a guest), ENOENT
 * (nothing to remove, or the guest was removed).
 */
struct hv_ioeventfd {
	__u32 space;
	__u32 flags;
	__u64 address;
	__u64 data;
	__u32 size;
	__s32 fd;
};

/* struct hv_irqfd.flags */
#define HV_IRQFD_REMOVE		(1U << 0)	/* the one of @gsi */

/**
 * struct hv_irqfd - raise an interrupt when an eventfd is signalled (HV_IRQFD)
 * @gsi: 0 to 15: the ISA interrupt, at PIC and IOAPIC; 16 to 23: the IOAPIC's pin
 * @flags: HV_IRQFD_* bits
 * @fd: the eventfd; -1 with HV_IRQFD_REMOVE
 * @pad: must be 0
 *
 * Each time the eventfd is signalled, its count is taken and the line goes up
 * and down: an edge.  While the guest does not run and is not paused, signals
 * are lost.  It holds the eventfd until it is removed or the guest is.
 *
 * EINVAL (flags, padding, @gsi beyond 23, or an @fd that is no eventfd), EBADF,
 * EBUSY (a chip drives the line), EEXIST (another irqfd does), ENOENT (nothing
 * to remove, or the guest was removed).
 */
struct hv_irqfd {
	__u32 gsi;
	__u32 flags;
	__s32 fd;
	__u32 pad;
};

/* struct hv_console.flags */
#define HV_CONSOLE_WRITE	(1U << 0)	/* claim the input side: EBUSY if another has it */
#define HV_CONSOLE_TAIL		(1U << 1)	/* start at the end, not at the oldest byte */

/**
 * struct hv_console - open the guest's console (HV_CONSOLE)
 * @flags: HV_CONSOLE_* bits
 * @pad: must be 0
 *
 * The descriptor reads what the guest printed, from the oldest byte still in
 * its ring, and takes input where HV_CONSOLE_WRITE was granted.  read()
 * blocks until there is more (EAGAIN with O_NONBLOCK) and returns 0 once the
 * guest has stopped and everything was read; it goes on after a start.
 * write() takes what fits into the guest's 4 KiB input queue, and blocks (or
 * EAGAIN) when nothing does; EPIPE when the guest has stopped.  poll() works
 * for both.
 *
 * EBUSY (another has the input side), EINVAL (flags or padding), ENOMEM, EMFILE.
 */
struct hv_console {
	__u32 flags;
	__u32 pad;
};

/**
 * struct hv_discard - drop what is in a range of guest memory (HV_DISCARD)
 * @gpa: first byte, a multiple of 4096
 * @size: bytes, a multiple of 4096, at least one page
 *
 * The host gets the pages back; the guest, running or not, and mappings of its
 * memory read zeroes there from now on.  EINVAL where the range is not whole
 * pages of one region.  The next start or reset applies the boot manifest anew.
 */
struct hv_discard {
	__u64 gpa;
	__u64 size;
};

/* Exits that a vCPU's flight recorder keeps. */
#define HV_LAST_EXITS_MAX	256

/**
 * struct hv_exit_record - an exit, as it was before it was handled
 * @tsc: host time stamp counter when the CPU had left the guest
 * @rip: the guest's instruction pointer: of the instruction that exited
 * @info: the CPU's qualifications: EXITINFO1 and EXITINFO2 on SVM
 * @code: the CPU's own exit code: the lower half of EXITCODE on SVM
 * @pad: 0
 * @name: the reason, as statistics call it; NUL-terminated
 */
struct hv_exit_record {
	__u64 tsc;
	__u64 rip;
	__u64 info[2];
	__u32 code;
	__u32 pad;
	char name[16];
};

/**
 * struct hv_last_exits - read a vCPU's flight recorder (HV_LAST_EXITS)
 * @vcpu: which vCPU, 0-based
 * @count: records that fit at @records; on return how many were written there
 * @records: user address of struct hv_exit_record[@count]
 * @total: on return, exits that the vCPU has ever had; must be 0
 *
 * The last exits, oldest first: as many as fit, as there were, and as the
 * recorder keeps (HV_LAST_EXITS_MAX).  In any state, also after an abnormal
 * stop; a start does not clear them.  While the vCPU runs, some of the oldest
 * may be missing: it recorded over them meanwhile.
 *
 * EINVAL for a vCPU that is not there, EFAULT, ENOMEM.
 */
struct hv_last_exits {
	__u32 vcpu;
	__u32 count;
	__u64 records;
	__u64 total;
};

/* On /dev/hv. */
#define HV_INFO		_IOR(HV_IOC, 0x00, struct hv_info)
#define HV_OPEN		_IOW(HV_IOC, 0x01, struct hv_open)	/* returns a guest fd; ENOENT */

/*
 * On a guest fd.  mmap() at an offset that is a guest physical address maps
 * the guest's memory, MAP_SHARED only, within one region.
 */
#define HV_CONSOLE	_IOW(HV_IOC, 0x10, struct hv_console)	/* returns a console fd */
#define HV_GET_REGS	_IOWR(HV_IOC, 0x11, struct hv_vcpu_regs)
#define HV_SET_REGS	_IOW(HV_IOC, 0x12, struct hv_vcpu_regs)
#define HV_TRAP		_IOW(HV_IOC, 0x20, struct hv_trap)	/* returns a trap fd */
#define HV_IOEVENTFD	_IOW(HV_IOC, 0x21, struct hv_ioeventfd)
#define HV_IRQFD	_IOW(HV_IOC, 0x22, struct hv_irqfd)
#define HV_DISCARD	_IOW(HV_IOC, 0x13, struct hv_discard)
#define HV_LAST_EXITS	_IOWR(HV_IOC, 0x18, struct hv_last_exits)

#endif /* _UAPI_LINUX_HV_H */
