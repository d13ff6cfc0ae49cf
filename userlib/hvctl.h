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

/**
 * struct hvctl_exit - how often a vCPU left its guest for one reason
 * @next: the next reason, or NULL
 * @name: the reason
 * @count: how often
 */
struct hvctl_exit {
	struct hvctl_exit *next;
	char name[32];
	uint64_t count;
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
 */
struct hvctl_region {
	struct hvctl_region *next;
	uint64_t gpa;
	uint64_t size;
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
};

/* Handles */
HVCTL_API int hvctl_open(struct hvctl **h);
HVCTL_API void hvctl_close(struct hvctl *h);
HVCTL_API const char *hvctl_error(const struct hvctl *h);
HVCTL_API const char *hvctl_warning(const struct hvctl *h);
HVCTL_API const char *hvctl_version(void);
HVCTL_API int hvctl_info(struct hvctl *h, struct hv_info *info);

/* What a guest is made from */
HVCTL_API struct hvctl_spec *hvctl_spec_new(void);
HVCTL_API void hvctl_spec_free(struct hvctl_spec *spec);
HVCTL_API int hvctl_spec_set(struct hvctl *h, struct hvctl_spec *spec, const char *key,
			     const char *value);
HVCTL_API int hvctl_spec_image(struct hvctl *h, struct hvctl_spec *spec, const void *image,
			       size_t len);
HVCTL_API int hvctl_spec_segment(struct hvctl *h, struct hvctl_spec *spec, uint64_t gpa,
				 const void *bytes, size_t len);
HVCTL_API int hvctl_spec_vcpu_state(struct hvctl *h, struct hvctl_spec *spec,
				    const struct hv_vcpu_state *state);

/* Guests */
HVCTL_API int hvctl_create(struct hvctl *h, const struct hvctl_spec *spec, uint64_t *id);
HVCTL_API int hvctl_lookup(struct hvctl *h, const char *name_or_id, uint64_t *id);
HVCTL_API int hvctl_start(struct hvctl *h, uint64_t id);
HVCTL_API int hvctl_kill(struct hvctl *h, uint64_t id);
HVCTL_API int hvctl_remove(struct hvctl *h, uint64_t id);
HVCTL_API int hvctl_get(struct hvctl *h, uint64_t id, struct hvctl_guest **guest);
HVCTL_API int hvctl_stats(struct hvctl *h, uint64_t id, struct hvctl_guest **guest);
HVCTL_API int hvctl_list(struct hvctl *h, struct hvctl_guest ***guests);
HVCTL_API int hvctl_list_stats(struct hvctl *h, struct hvctl_guest ***guests);
HVCTL_API void hvctl_guest_free(struct hvctl_guest *guest);
HVCTL_API void hvctl_list_free(struct hvctl_guest **guests);
HVCTL_API const char *hvctl_state_name(uint32_t state);
HVCTL_API const char *hvctl_stop_reason_name(uint32_t reason);

/* Events */
HVCTL_API int hvctl_events_fd(struct hvctl *h);
HVCTL_API int hvctl_events_next(struct hvctl *h, struct hvctl_guest **guest);
HVCTL_API int hvctl_wait(struct hvctl *h, uint64_t id, int timeout_ms,
			 struct hvctl_guest **guest);

/* Descriptors and memory */
HVCTL_API int hvctl_guest_fd(struct hvctl *h, uint64_t id);
HVCTL_API int hvctl_console(struct hvctl *h, uint64_t id, uint32_t flags);
HVCTL_API int hvctl_memory_map(struct hvctl *h, uint64_t id, uint64_t gpa, size_t len, int prot,
			       void **memory);
HVCTL_API int hvctl_get_regs(struct hvctl *h, uint64_t id, uint32_t vcpu,
			     struct hv_vcpu_state *state);

#ifdef __cplusplus
}
#endif

#endif /* HVCTL_H */
