/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhvctl: set up and control hv's guests.
 *
 * A handle (struct hvctl) has no thread of its own and no lock: use one
 * handle a thread.  The library keeps no global state, prints nothing, never
 * exits, and every descriptor it opens is close-on-exec.
 *
 * Functions that return int return 0 (or what they say) on success and a
 * negative errno on failure; hvctl_error() then has a sentence about it.
 * Some errno values mean the same everywhere:
 *
 *   -ENODEV   the module is not loaded
 *   -ENOENT   no such guest
 *   -ENOEXEC  the kernel image or the initial RAM disk cannot be used
 *   -EINVAL   a setting makes no sense
 *   -EEXIST   the name is taken
 *   -EBUSY    not in this state of the guest
 *   -EPERM    this takes CAP_SYS_ADMIN or access to /dev/hv
 *
 * Structures that the library fills are allocated by the library; they may
 * grow at their end in later releases, and their first field says how large
 * they are in this one.
 */
#ifndef HVCTL_H
#define HVCTL_H

#include <stddef.h>
#include <stdint.h>

#include <linux/hv.h>
#include <linux/hv_netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HVCTL_VERSION		"0.1.0"

#if defined(__GNUC__)
#define HVCTL_API		__attribute__((visibility("default")))
#else
#define HVCTL_API
#endif

/* struct hvctl_guest.state where there is none: see there. */
#define HVCTL_STATE_NONE	0xffffffffU

struct hvctl;
struct hvctl_spec;

/* struct hvctl_exit.times */
#define HVCTL_EXIT_TIMES	24

/**
 * struct hvctl_exit - how often a vCPU left its guest for one reason
 * @next: the next reason, or NULL
 * @name: the reason
 * @count: how often
 * @times: how often it took how long from the exit to the next entry, in ticks
 *         of the host's time stamp counter, waiting included: the first less
 *         than 128, number i from 2^(6+i) to less than 2^(7+i), the last all
 *         that took longer
 */
struct hvctl_exit {
	struct hvctl_exit *next;
	char name[32];
	uint64_t count;
	uint64_t times[HVCTL_EXIT_TIMES];
};

/**
 * struct hvctl_vcpu - a vCPU
 * @next: the next one, or NULL
 * @index: its number, from 0
 * @tid: its kernel thread
 * @entries: how often the guest was entered (hvctl_stats() only)
 * @guest_ticks: host TSC ticks spent in the guest (hvctl_stats() only)
 * @exits: by reason (hvctl_stats() only)
 */
struct hvctl_vcpu {
	struct hvctl_vcpu *next;
	uint32_t index;
	uint32_t tid;
	uint64_t entries;
	uint64_t guest_ticks;
	struct hvctl_exit *exits;
};

/**
 * struct hvctl_region - a range of guest physical memory
 * @next: the next one, or NULL
 * @gpa: first address
 * @size: bytes
 * @shared: 1 where it is a program's memfd
 * @offset: and where in it, bytes
 */
struct hvctl_region {
	struct hvctl_region *next;
	uint64_t gpa;
	uint64_t size;
	uint32_t shared;
	uint64_t offset;
};

/**
 * struct hvctl_label - a label of a guest
 * @next: the next one, or NULL
 * @key: what is before the first "="
 * @value: what is behind it
 */
struct hvctl_label {
	struct hvctl_label *next;
	char key[64];
	char value[128];
};

/**
 * struct hvctl_guest - what is known about a guest
 * @size: bytes of this structure
 * @state: enum hv_state; HVCTL_STATE_NONE in statistics, and in the event
 *         that says that the guest is gone
 * @id: never reused while the module is loaded
 * @name: unique
 * @stop_reason: enum hv_stop_reason
 * @stop_status: exit status that goes with it
 * @stop_detail: a sentence about the stop, or ""
 * @memory_size: bytes
 * @memory_resident: bytes that its second-level tables map
 * @table_pages: pages of those tables
 * @kernel_memory: bytes of kernel memory beyond memory and tables
 * @created_at: wall time, nanoseconds since 1970
 * @started_at: the same, 0 if it was never started
 * @stopped_at: the same, 0 if it never stopped
 * @vcpus: how many
 * @on_reset: enum hv_on_reset
 * @debug_exit_port: I/O port, 0 for none
 * @owner_uid: its creator's uid
 * @resets: how often it reset since its last start
 * @vcpu: its vCPUs
 * @region: its memory
 * @pv: paravirtual features that it is offered: bits by enum hv_pv
 * @label: its labels
 * @restart: enum hv_restart, its restart policy
 * @remove_on_stop: 1 if it goes when it has stopped
 * @bound: 1 if it goes when its creator does
 * @restarts: how often its policy restarted it since it was started last
 * @restart_at: when its policy restarts it, wall time, nanoseconds since 1970;
 *              0 if it does not
 */
struct hvctl_guest {
	uint32_t size;
	uint32_t state;
	uint64_t id;
	char name[HV_NAME_MAX + 1];
	uint32_t stop_reason;
	uint32_t stop_status;
	char stop_detail[256];
	uint64_t memory_size;
	uint64_t memory_resident;
	uint64_t table_pages;
	uint64_t kernel_memory;
	uint64_t created_at;
	uint64_t started_at;
	uint64_t stopped_at;
	uint32_t vcpus;
	uint32_t on_reset;
	uint32_t debug_exit_port;
	uint32_t owner_uid;
	uint32_t resets;
	struct hvctl_vcpu *vcpu;
	struct hvctl_region *region;
	uint32_t pv;
	struct hvctl_label *label;
	uint32_t restart;
	uint32_t remove_on_stop;
	uint32_t bound;
	uint32_t restarts;
	uint64_t restart_at;
};

/* Handles */

/**
 * hvctl_open() - open a handle
 * @h: result; also set on failure if there was memory for one, for
 *     hvctl_error(), and to be closed by hvctl_close()
 *
 * Listing works without access to /dev/hv; what needs it says so.
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_open(struct hvctl **h);

/**
 * hvctl_close() - close a handle
 * @h: which, or NULL
 *
 * Guests do not notice.
 */
HVCTL_API void hvctl_close(struct hvctl *h);

/**
 * hvctl_error() - what went wrong last
 * @h: a handle, or NULL where hvctl_open() had no memory for one
 *
 * Return: a sentence without its full stop; valid until the next call that
 * takes the handle.
 */
HVCTL_API const char *hvctl_error(const struct hvctl *h);

/**
 * hvctl_warning() - what the last hvctl_create() could not do, but went on
 * @h: a handle
 *
 * Return: a sentence without its full stop, or "".
 */
HVCTL_API const char *hvctl_warning(const struct hvctl *h);

/**
 * hvctl_version() - the library's release
 *
 * Return: for example "0.1.0".
 */
HVCTL_API const char *hvctl_version(void);

/**
 * hvctl_info() - what the module found and allows
 * @h: a handle
 * @info: result
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_info(struct hvctl *h, struct hv_info *info);

/* What a guest is made from */

/**
 * hvctl_spec_new() - an empty specification
 *
 * 256 MiB of memory, one vCPU, a guest's reset resets it.
 *
 * Return: it, or NULL if there is no memory.
 */
HVCTL_API struct hvctl_spec *hvctl_spec_new(void);

/**
 * hvctl_spec_free() - give a specification back
 * @spec: which, or NULL
 *
 * Guests that were made from it keep what they need.
 */
HVCTL_API void hvctl_spec_free(struct hvctl_spec *spec);

/**
 * hvctl_spec_set() - set one thing
 * @h: takes the sentence of a refusal, which begins with the key
 * @spec: a specification
 * @key: what
 * @value: to what
 *
 * Keys: name; memory (a size such as 256M or 1G, more than 1 MiB); kernel (a
 * path); kernel-type (auto, bzimage or flat; auto is the default); initrd (a
 * path); cmdline (a Linux kernel's default is console=ttyS0); debug-exit (an
 * I/O port); on-reset (reset or stop); vcpus; pv (on, off, or a list such as
 * clock,steal-time: the features of KVM's paravirtual interface that the guest
 * sees; on is the default); cgroup (a path below the cgroup2 mount, or empty for
 * none; the default is one of its own, hv.slice/NAME); cpuset (CPUs that it may
 * use, such as 0-3,6), cpu-weight (1 to 10000; 100 is the kernel's default) and
 * memory-limit (a size), which are its cgroup's; restart (no, on-failure or
 * always); label (KEY=VALUE, at most 16 of them); rm (true or false: it is
 * removed when it has stopped); foreground (true or false: it is killed and
 * removed when the handle that created it is closed).
 *
 * Return: 0 or a negative errno; -ENOKEY if there is no such key.
 */
HVCTL_API int hvctl_spec_set(struct hvctl *h, struct hvctl_spec *spec, const char *key,
			     const char *value);

/**
 * hvctl_spec_from_json() - set what a text says
 * @h: takes the sentence of a refusal, which names the line and the key
 * @spec: a specification; settings that the text does not have stay as they
 *        were
 * @text: one object in JSON (RFC 8259, UTF-8), a setting of hvctl_spec_set() a
 *        key.  Sizes are strings or numbers of bytes, numbers are numbers or
 *        strings, rm and foreground are true or false, and all else is strings.
 *        Labels are an object, "labels".
 * @len: bytes
 *
 * A key "status" with an object is skipped: hvctl inspect adds one.
 *
 * Return: 0 or a negative errno: -EINVAL for what is no JSON, has a key twice,
 * or makes no sense; -ENOKEY for a key that is no setting; -ENODATA for a text
 * with the key "incomplete", see hvctl_spec_to_json().  @spec may have some of
 * the settings then.
 */
HVCTL_API int hvctl_spec_from_json(struct hvctl *h, struct hvctl_spec *spec, const char *text,
				   size_t len);

/**
 * hvctl_spec_to_json() - a specification as text
 * @h: takes the sentence of a refusal
 * @spec: a specification
 * @text: result, to be freed by free(): what hvctl_spec_from_json() takes.
 *        Paths are absolute.  A key "incomplete" names what JSON does not
 *        have: an image, segments or a vCPU state that were given as bytes, or
 *        regions that are a program's memfds.
 *
 * Return: 0 or a negative errno; -EILSEQ for a setting that is not UTF-8.
 */
HVCTL_API int hvctl_spec_to_json(struct hvctl *h, const struct hvctl_spec *spec, char **text);

/**
 * hvctl_spec_of() - what an existing guest is made from
 * @h: a handle
 * @id: which guest
 * @spec: result, to be freed by hvctl_spec_free()
 *
 * Settings are as the guest has them now.  Files are named, not copied: the
 * guest has what they held when it was created.  The kernel keeps this text for
 * user space; of a guest whose creator left none, or none that this release
 * understands, it is incomplete: see hvctl_spec_to_json().
 *
 * Return: 0 or a negative errno; -ENOENT if there is no such guest.
 */
HVCTL_API int hvctl_spec_of(struct hvctl *h, uint64_t id, struct hvctl_spec **spec);

/**
 * hvctl_spec_image() - give the kernel image as bytes instead of as a path
 * @h: takes the sentence of a refusal
 * @spec: a specification
 * @image: the bytes; copied
 * @len: how many
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_spec_image(struct hvctl *h, struct hvctl_spec *spec, const void *image,
			       size_t len);

/**
 * hvctl_spec_segment() - put bytes into guest memory at each start
 * @h: takes the sentence of a refusal
 * @spec: a specification
 * @gpa: where they go; all of them inside one region of guest memory
 * @bytes: the bytes; copied
 * @len: how many, at least 1
 *
 * Segments are applied in the order in which they were added, behind those of
 * the kernel image if there is one.
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_spec_segment(struct hvctl *h, struct hvctl_spec *spec, uint64_t gpa,
				 const void *bytes, size_t len);

/**
 * hvctl_spec_region() - memory that is shared with other processes
 * @h: a handle
 * @spec: from what a guest is made
 * @gpa: first guest physical address, a multiple of 4096, beyond the memory
 *       that the key "memory" gives
 * @size: bytes, a multiple of 4096
 * @fd: a memfd with F_SEAL_SHRINK, open for writing; stays the caller's
 * @offset: first byte in it, a multiple of 4096
 *
 * It comes in addition to the guest's own memory, which its memory map names
 * alone.  Each start and reset clears it, for all who share it.
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_spec_region(struct hvctl *h, struct hvctl_spec *spec, uint64_t gpa,
				uint64_t size, int fd, uint64_t offset);

/**
 * hvctl_spec_vcpu_state() - say how the first vCPU starts
 * @h: takes the sentence of a refusal
 * @spec: a specification
 * @state: its registers, in place of those that the kernel image asks for
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_spec_vcpu_state(struct hvctl *h, struct hvctl_spec *spec,
				    const struct hv_vcpu_state *state);

/* Guests */

/**
 * hvctl_create() - make a guest
 * @h: a handle
 * @spec: from what; can be used again
 * @id: result
 *
 * It is there as a whole or not at all.  What did not matter enough to fail,
 * such as a cgroup that could not be made, is in hvctl_warning() afterwards.
 *
 * Return: 0 or a negative errno; -ENOEXEC if an image cannot be used, -EEXIST
 * if the name is taken.
 */
HVCTL_API int hvctl_create(struct hvctl *h, const struct hvctl_spec *spec, uint64_t *id);

/**
 * hvctl_lookup() - find a guest
 * @h: a handle
 * @name_or_id: what the user typed
 * @id: result
 *
 * What consists of digits is an id if there is a guest with it, and a name
 * otherwise.
 *
 * Return: 0 or a negative errno; -ENOENT if there is none.
 */
HVCTL_API int hvctl_lookup(struct hvctl *h, const char *name_or_id, uint64_t *id);

/**
 * hvctl_start() - start a created or stopped guest
 * @h: a handle
 * @id: which
 *
 * Its memory is cleared and its boot manifest applied.
 *
 * Return: 0 or a negative errno; -EBUSY if it runs.
 */
HVCTL_API int hvctl_start(struct hvctl *h, uint64_t id);

/**
 * hvctl_stop() - press a running guest's power button
 * @h: a handle
 * @id: which
 *
 * It is up to the guest what follows, and this does not wait for it: see
 * hvctl_wait() and hvctl_kill().  A paused guest notices when it goes on.
 *
 * Return: 0 or a negative errno; -EBUSY if it does not run.
 */
HVCTL_API int hvctl_stop(struct hvctl *h, uint64_t id);

/**
 * hvctl_pause() - hold a running guest
 * @h: a handle
 * @id: which
 *
 * Return: 0 when none of its vCPUs runs any more, or a negative errno; -EBUSY
 * if it does not run, or is paused already.
 */
HVCTL_API int hvctl_pause(struct hvctl *h, uint64_t id);

/**
 * hvctl_resume() - let a paused guest go on
 * @h: a handle
 * @id: which
 *
 * Return: 0 or a negative errno; -EBUSY if it is not paused.
 */
HVCTL_API int hvctl_resume(struct hvctl *h, uint64_t id);

/**
 * hvctl_reset() - press a running guest's reset button
 * @h: a handle
 * @id: which
 *
 * Its memory is cleared and its boot manifest applied, whatever its on-reset
 * says.  This does not wait for it.
 *
 * Return: 0 or a negative errno; -EBUSY if it neither runs nor is paused.
 */
HVCTL_API int hvctl_reset(struct hvctl *h, uint64_t id);

/**
 * hvctl_set() - change a guest that exists
 * @h: a handle
 * @id: which
 * @key: on-reset, restart, rm, cpuset, cpu-weight or memory-limit, as for
 *       hvctl_spec_set(); label, which adds one or gives it another value; or
 *       unlabel, which takes the one with the key @value away
 * @value: to what; "none" takes cpuset, cpu-weight or memory-limit away
 *
 * It counts at once, and until the guest is removed.
 *
 * Return: 0 or a negative errno; -ENOKEY if there is no such key, -EOPNOTSUPP
 * for a limit of a guest that has no cgroup of its own, -ENOENT if there is no
 * such guest, -ENODATA if it has no such label.
 */
HVCTL_API int hvctl_set(struct hvctl *h, uint64_t id, const char *key, const char *value);

/**
 * hvctl_kill() - stop a running guest at once
 * @h: a handle
 * @id: which
 *
 * Return: 0 when it has stopped, or a negative errno.
 */
HVCTL_API int hvctl_kill(struct hvctl *h, uint64_t id);

/**
 * hvctl_remove() - remove a guest that does not run
 * @h: a handle
 * @id: which
 *
 * Return: 0 or a negative errno; -EBUSY if it runs.
 */
HVCTL_API int hvctl_remove(struct hvctl *h, uint64_t id);

/**
 * hvctl_get() - describe a guest
 * @h: a handle
 * @id: which
 * @guest: result, to be freed by hvctl_guest_free()
 *
 * Return: 0 or a negative errno; -ENOENT if there is none.
 */
HVCTL_API int hvctl_get(struct hvctl *h, uint64_t id, struct hvctl_guest **guest);

/**
 * hvctl_stats() - a guest's counters
 * @h: a handle
 * @id: which
 * @guest: result, to be freed by hvctl_guest_free(); has the id, the name,
 *         the memory figures, and the vCPUs with their exits
 *
 * Return: 0 or a negative errno; -ENOENT if there is none.
 */
HVCTL_API int hvctl_stats(struct hvctl *h, uint64_t id, struct hvctl_guest **guest);

/**
 * hvctl_list() - all guests that the caller may see
 * @h: a handle
 * @guests: result, NULL-terminated, to be freed by hvctl_list_free()
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_list(struct hvctl *h, struct hvctl_guest ***guests);

/**
 * hvctl_list_stats() - counters of all guests that the caller may see
 * @h: a handle
 * @guests: result, NULL-terminated, to be freed by hvctl_list_free()
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_list_stats(struct hvctl *h, struct hvctl_guest ***guests);

/**
 * hvctl_guest_free() - give a guest's description back
 * @guest: which, or NULL
 */
HVCTL_API void hvctl_guest_free(struct hvctl_guest *guest);

/**
 * hvctl_list_free() - give a list of guests back
 * @guests: which, or NULL
 */
HVCTL_API void hvctl_list_free(struct hvctl_guest **guests);

/**
 * hvctl_state_name() - a state as the specification calls it
 * @state: enum hv_state
 *
 * Return: for example "running"; "gone" for HVCTL_STATE_NONE; "unknown" if a
 * newer module has more.
 */
HVCTL_API const char *hvctl_state_name(uint32_t state);

/**
 * hvctl_stop_reason_name() - a stop reason as the specification calls it
 * @reason: enum hv_stop_reason
 *
 * Return: for example "poweroff"; "unknown" if a newer module has more.
 */
HVCTL_API const char *hvctl_stop_reason_name(uint32_t reason);

/**
 * hvctl_restart_name() - a restart policy as the specification calls it
 * @restart: enum hv_restart
 *
 * Return: for example "on-failure"; "unknown" if a newer module has more.
 */
HVCTL_API const char *hvctl_restart_name(uint32_t restart);

/* Events */

/**
 * hvctl_events_fd() - a descriptor that is readable when there are events
 * @h: a handle
 *
 * Events count from the first call on.  The descriptor belongs to the handle:
 * poll it, and read with hvctl_events_next().
 *
 * Return: the descriptor or a negative errno.
 */
HVCTL_API int hvctl_events_fd(struct hvctl *h);

/**
 * hvctl_events_next() - read an event
 * @h: a handle
 * @guest: result: the guest as it was right after the change; to be freed by
 *         hvctl_guest_free()
 *
 * Return: 0, -EAGAIN when there is none left, -ENOBUFS when events were
 * lost (list again), or another negative errno.
 */
HVCTL_API int hvctl_events_next(struct hvctl *h, struct hvctl_guest **guest);

/**
 * hvctl_wait() - wait until a guest has stopped, and stays so
 * @h: a handle
 * @id: which
 * @timeout_ms: how long at most, -1 for ever
 * @guest: result, to be freed by hvctl_guest_free()
 *
 * A guest that its restart policy starts again has not stopped.  Whoever wants
 * to know how a guest ended that is removed then calls hvctl_events_fd() before
 * its start.
 *
 * Return: 0, -ETIMEDOUT, -EINTR when a signal came, -ENOENT when the guest is
 * gone, or another negative errno.
 */
HVCTL_API int hvctl_wait(struct hvctl *h, uint64_t id, int timeout_ms,
			 struct hvctl_guest **guest);

/* Descriptors and memory */

/**
 * hvctl_guest_fd() - a descriptor of a guest
 * @h: a handle
 * @id: which
 *
 * For the ioctls of <linux/hv.h>.  The caller closes it.
 *
 * Return: the descriptor or a negative errno; -ENOENT if there is no such
 * guest.
 */
HVCTL_API int hvctl_guest_fd(struct hvctl *h, uint64_t id);

/**
 * hvctl_console() - open a guest's console
 * @h: a handle
 * @id: which
 * @flags: HV_CONSOLE_WRITE to be its one writer, HV_CONSOLE_TAIL to skip what
 *         it printed so far
 *
 * See struct hv_console for how reads and writes behave.  The caller closes
 * the descriptor.
 *
 * Return: the descriptor or a negative errno; -EBUSY if there is a writer.
 */
HVCTL_API int hvctl_console(struct hvctl *h, uint64_t id, uint32_t flags);

/**
 * hvctl_memory_map() - map guest memory
 * @h: a handle
 * @id: which guest
 * @gpa: first guest physical address, a multiple of 4096
 * @len: bytes, within one region
 * @prot: PROT_READ, PROT_WRITE or both
 * @memory: result; munmap() it.  It stays valid when the guest is removed.
 *
 * Return: 0 or a negative errno.
 */
HVCTL_API int hvctl_memory_map(struct hvctl *h, uint64_t id, uint64_t gpa, size_t len, int prot,
			       void **memory);

/**
 * hvctl_memory_read() - copy bytes out of guest memory
 * @h: a handle
 * @id: which guest
 * @gpa: guest physical address of the first
 * @bytes: where they go
 * @len: how many; they may lie in several regions that touch
 *
 * The guest may run meanwhile, and change what is being read.
 *
 * Return: 0 or a negative errno; -ENXIO if there is no memory at one of the
 * addresses, and then nothing was copied.
 */
HVCTL_API int hvctl_memory_read(struct hvctl *h, uint64_t id, uint64_t gpa, void *bytes,
				size_t len);

/**
 * hvctl_memory_write() - copy bytes into guest memory
 * @h: a handle
 * @id: which guest
 * @gpa: guest physical address of the first
 * @bytes: what is written
 * @len: how many; they may lie in several regions that touch
 *
 * They are gone with the next start or reset, which apply the boot manifest:
 * hvctl_spec_segment() is for what shall stay.
 *
 * Return: 0 or a negative errno; -ENXIO if there is no memory at one of the
 * addresses, and then nothing was copied.
 */
HVCTL_API int hvctl_memory_write(struct hvctl *h, uint64_t id, uint64_t gpa, const void *bytes,
				 size_t len);

/**
 * hvctl_memory_add() - give a guest that does not run more memory
 * @h: a handle
 * @id: which guest; pause it if it runs
 * @gpa: first guest physical address, a multiple of 4096
 * @size: bytes, a multiple of 4096
 * @fd: a memfd to share with the guest, as for hvctl_spec_region(); -1: memory of its own
 * @offset: of the first byte in @fd, a multiple of 4096; 0 without one
 *
 * The guest is not told that it has more than it was booted with.
 *
 * Return: 0 or a negative errno; -EBUSY while the guest runs or a program
 * answers there, -EEXIST if it has memory there, -EINVAL if the range is none
 * that a guest can have, -EPERM if the memfd is not sealed as it must be,
 * -ENOSPC if the guest or the module has as much as it may.
 */
HVCTL_API int hvctl_memory_add(struct hvctl *h, uint64_t id, uint64_t gpa, uint64_t size, int fd,
			       uint64_t offset);

/**
 * hvctl_memory_delete() - take a region of memory from a guest that does not run
 * @h: a handle
 * @id: which guest; pause it if it runs
 * @gpa: a region's first address
 * @size: and its bytes
 *
 * Mappings of it stay as they are.
 *
 * Return: 0 or a negative errno; -ENXIO if no region is just that, -EBUSY
 * while the guest runs or where its boot manifest writes to it, -EINVAL if it
 * is the last one.
 */
HVCTL_API int hvctl_memory_delete(struct hvctl *h, uint64_t id, uint64_t gpa, uint64_t size);

/**
 * hvctl_get_regs() - a vCPU's registers
 * @h: a handle
 * @id: which guest
 * @vcpu: which vCPU
 * @state: result
 *
 * Return: 0 or a negative errno; -EBUSY while the guest runs.
 */
HVCTL_API int hvctl_get_regs(struct hvctl *h, uint64_t id, uint32_t vcpu,
			     struct hv_vcpu_state *state);

/**
 * hvctl_set_regs() - change a vCPU's registers
 * @h: a handle
 * @id: which guest
 * @vcpu: which vCPU
 * @state: all of them; begin with what hvctl_get_regs() says
 *
 * See struct hv_vcpu_regs for what that means in each state of the guest.
 *
 * Return: 0 or a negative errno; -EBUSY while the guest runs, -EINVAL if the
 * guest's CPU could not be in that state.
 */
HVCTL_API int hvctl_set_regs(struct hvctl *h, uint64_t id, uint32_t vcpu,
			     const struct hv_vcpu_state *state);

/* Devices */

/**
 * hvctl_trap() - answer the guest's accesses to a range
 * @h: a handle
 * @id: which guest
 * @space: HV_SPACE_PORT or HV_SPACE_MMIO
 * @address: first address
 * @size: how many
 *
 * See struct hv_trap for how to read accesses from the descriptor and write
 * answers to it.  The caller closes it, which ends the trap.
 *
 * Return: the descriptor or a negative errno; -EBUSY if a chip or memory is in
 * the range, -EEXIST if another trap is.
 */
HVCTL_API int hvctl_trap(struct hvctl *h, uint64_t id, uint32_t space, uint64_t address,
			 uint64_t size);

/**
 * hvctl_ioeventfd() - signal an eventfd when the guest writes
 * @h: a handle
 * @id: which guest
 * @arg: what write and which eventfd, or which ioeventfd to remove
 *
 * Return: 0 or a negative errno, as struct hv_ioeventfd lists them.
 */
HVCTL_API int hvctl_ioeventfd(struct hvctl *h, uint64_t id, const struct hv_ioeventfd *arg);

/**
 * hvctl_irqfd() - raise an interrupt when an eventfd is signalled
 * @h: a handle
 * @id: which guest
 * @arg: which interrupt and which eventfd, or which irqfd to remove
 *
 * Return: 0 or a negative errno, as struct hv_irqfd lists them.
 */
HVCTL_API int hvctl_irqfd(struct hvctl *h, uint64_t id, const struct hv_irqfd *arg);

/**
 * hvctl_last_exits() - a vCPU's flight recorder
 * @h: a handle
 * @id: which guest, in any state
 * @vcpu: which vCPU
 * @records: result, oldest first
 * @max: records that fit there; HV_LAST_EXITS_MAX is all there ever are
 *
 * See struct hv_last_exits.
 *
 * Return: how many records there are, or a negative errno; -EINVAL if there is
 * no such vCPU.
 */
HVCTL_API int hvctl_last_exits(struct hvctl *h, uint64_t id, uint32_t vcpu,
			       struct hv_exit_record *records, uint32_t max);

#ifdef __cplusplus
}
#endif

#endif /* HVCTL_H */
