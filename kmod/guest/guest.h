/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest objects: identity, state machine, memory, threads.
 *
 * Host side: ordinary thread context.
 */
#ifndef HV_GUEST_GUEST_H
#define HV_GUEST_GUEST_H

#include <linux/completion.h>
#include <linux/hashtable.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "compat.h"
#include "core/vcpu.h"
#include "guest/console.h"
#include "guest/handler.h"
#include "mmu/s2.h"

#define GUEST_MAX_SEGMENTS	64
#define GUEST_ORIGIN_MAX	32767	/* bytes, without the terminating NUL */
#define GUEST_MAX_LABELS	16
#define GUEST_LABEL_MAX		127	/* bytes of KEY=VALUE */
#define GUEST_LABEL_KEY_MAX	63

/**
 * struct region - a range of guest physical memory and what backs it
 * @gpa: first byte
 * @size: bytes
 * @file: the backing, referenced: hv's own shmem, or a user's memfd
 * @offset: of the first byte in @file; 0 in hv's own
 * @shared: it is a user's memfd
 * @writable: and counts as mapped for writing, so that it cannot be sealed against that
 */
struct region {
	u64 gpa;
	u64 size;
	struct file *file;
	u64 offset;
	bool shared;
	bool writable;
};

/**
 * struct segment - a piece of the boot manifest
 * @file: sealed memfd
 * @gpa: where it goes
 * @offset: first byte in the file
 * @length: bytes
 */
struct segment {
	struct file *file;
	u64 gpa;
	u64 offset;
	u64 length;
};

/**
 * struct guest_labels - what users call a guest for their own purposes
 * @nr: how many
 * @text: KEY=VALUE each
 */
struct guest_labels {
	unsigned int nr;
	char text[GUEST_MAX_LABELS][GUEST_LABEL_MAX + 1];
};

/**
 * struct guest_bond - the guests whose life is tied to an open file
 * @guests: their guest.bond; the global guest_table lock
 */
struct guest_bond {
	struct list_head guests;
};

/* struct guest_config.given: what guest_set() changes */
#define GUEST_GIVEN_ON_RESET		BIT(0)
#define GUEST_GIVEN_LABELS		BIT(1)
#define GUEST_GIVEN_RESTART		BIT(2)
#define GUEST_GIVEN_REMOVE_ON_STOP	BIT(3)

/**
 * struct guest_config - what a guest is made from (guest_create takes it over)
 * @name: NUL-terminated, checked by guest_create(); empty: made up
 * @vcpus: how many; 0: 1
 * @on_reset: enum hv_on_reset
 * @debug_exit_port: 0: none
 * @pv: paravirtual features, bits by enum hv_pv
 * @nr_regions: entries in @regions
 * @nr_segments: entries in @segments
 * @regions: gpa and size; of shared ones file, referenced, and offset
 * @segments: files referenced; guest_config_put() drops them
 * @origin: kmalloc'd, or NULL; guest_create() takes it
 * @has_state: @state was given
 * @state: vCPU 0's initial state
 * @given: GUEST_GIVEN_*: which of the following, and of @on_reset, were given
 * @restart: enum hv_restart
 * @remove_on_stop: remove it when it has stopped for good
 * @labels: or NULL; guest_config_put() frees them
 * @bond_file: keeps @bond; guest_config_put() drops it
 * @bond: or NULL
 */
struct guest_config {
	char name[HV_NAME_MAX + 1];
	u32 vcpus;
	u32 on_reset;
	u16 debug_exit_port;
	u32 pv;
	unsigned int nr_regions;
	unsigned int nr_segments;
	struct region regions[S2_MAX_RANGES];
	struct segment segments[GUEST_MAX_SEGMENTS];
	char *origin;
	bool has_state;
	struct hv_vcpu_state state;
	unsigned int given;
	u32 restart;
	bool remove_on_stop;
	struct guest_labels *labels;
	struct file *bond_file;
	struct guest_bond *bond;
};

/**
 * struct guest - one virtual machine
 *
 * Locks: L is @lock, G is the global guest_table lock, F is @fill_lock.  L is
 * held for short times only; those who wait for a state change read with
 * READ_ONCE() what is L's, and run_wq is woken behind every change.
 *
 * @ref: object lifetime; the table holds one until guest_remove()
 * @id: constant
 * @name: constant
 * @owner: creator's uid in the initial user namespace; constant
 * @born: whole, so that others may find it; G
 * @dead: removed from the table; G
 * @doomed: its bond is broken: it is to be killed and removed; set once, any context
 * @bond: in struct guest_bond.guests, or empty; G
 * @bound: was created with a bond; constant
 * @retire: kills it where it is doomed, and removes it
 * @news: what is said of the guest is said in the order in which it came to be
 * @lock: state and times; taken inside @news
 * @state: enum hv_state; L; changes are announced after the lock is dropped
 * @want: what the vCPUs meet for, WANT_* of life.c; L
 * @ending: why it is to stop; L
 * @inside: vCPUs in the core or on their way there and back; L
 * @leading: the leader boots the guest, with the lock dropped; L
 * @starts: how often it was started; L
 * @boots: which start has booted last; L
 * @boot_error: of the last start; L
 * @pauses: how often it was paused; L
 * @held: paused, and no timer fires; L
 * @held_at, @held_tsc: host_now() and host_tsc() then, or at a reset since; L
 * @stop_asked: the power button was pressed since the last start; L
 * @restart: enum hv_restart; L
 * @remove_on_stop: L
 * @restarts: by policy, since it was started by hand; L
 * @backoff: ns from the last stop to its restart; L
 * @restart_at: host_now() of the restart that is due, 0: none; L
 * @restart_wall: the same as wall ns; L
 * @labels: NULL: none; L
 * @stop: why it stopped; L
 * @resets: since the last start; L
 * @created_at, @started_at, @stopped_at: wall ns; L
 * @run_wq: the vCPU threads and those who wait for a state wait here
 * @booted_ns: host_now() of the last start or reset; L
 * @on_reset: enum hv_on_reset; L
 * @nr_regions, @regions: see guest/region.h for who may change and who may read them
 * @nr_segments, @segments: boot manifest; constant after creation
 * @boot_state: vCPU 0 at start and reset; L until the first start, then constant
 * @origin: what its creator says of it, or NULL; constant
 * @memory_size: sum of the regions, bytes; L and G for changes
 * @fill_lock: fills of the second-level tables
 * @s2: second-level tables; F for changes
 * @platform: chips
 * @console: the ring
 * @handlers: programs and eventfds on its bus
 * @vcpus_wanted: @nr_vcpus once it is whole; constant
 * @thread_up: a vCPU's thread has begun; creation only
 * @nr_vcpus, @vcpus, @threads: constant after creation
 * @kills: of each thread's cgroup, as guest/cgroup.c last saw them; its own lock
 * @apic_page: see struct platform; NULL: none; constant
 * @yielded_to: index of the vCPU that another one last gave its CPU to; no lock, a hint
 * @zaps: how often pages were taken out of @s2 and its files; F for changes
 * @kernel_memory: bytes held beyond guest pages, tables and the console; constant
 * @log_limit: of host_log()
 */
struct guest {
	struct kref ref;
	u64 id;
	char name[HV_NAME_MAX + 1];
	kuid_t owner;
	bool born;
	bool dead;
	bool doomed;
	struct list_head bond;
	bool bound;
	struct work_struct retire;
	struct mutex news;
	struct mutex lock;
	u32 state;
	unsigned int want;
	struct vcpu_stop ending;
	unsigned int inside;
	bool leading;
	u64 starts;
	u64 boots;
	int boot_error;
	u64 pauses;
	bool held;
	u64 held_at;
	u64 held_tsc;
	bool stop_asked;
	u32 restart;
	bool remove_on_stop;
	u32 restarts;
	u64 backoff;
	u64 restart_at;
	u64 restart_wall;
	struct guest_labels *labels;
	struct vcpu_stop stop;
	u32 resets;
	u64 created_at;
	u64 started_at;
	u64 stopped_at;
	wait_queue_head_t run_wq;
	u64 booted_ns;
	u32 on_reset;
	unsigned int nr_regions;
	struct region regions[S2_MAX_RANGES];
	unsigned int nr_segments;
	struct segment *segments;
	struct hv_vcpu_state boot_state;
	char *origin;
	u64 memory_size;
	struct mutex fill_lock;
	struct s2 s2;
	struct platform platform;
	struct console console;
	struct handlers handlers;
	struct completion thread_up;
	unsigned int vcpus_wanted;
	unsigned int nr_vcpus;
	struct vcpu *vcpus[HV_MAX_VCPUS];
	struct task_struct *threads[HV_MAX_VCPUS];
	struct cgroup_kills kills[HV_MAX_VCPUS];
	struct page *apic_page;
	unsigned int yielded_to;
	unsigned long zaps;
	u64 kernel_memory;
	struct ratelimit_state log_limit;
};

/* Module parameters: most of all guests together. */
extern unsigned int guest_max;
extern unsigned int guest_max_vcpus;
extern unsigned long guest_max_memory;	/* MiB; 0: no limit */

/* Module load and unload. */
int guest_init(void);
void guest_exit(void);

/**
 * guest_create() - make a guest, whole or not at all
 * @config: checked here; its files are taken over on success (and nulled)
 * @ack: gets the sentence for a refusal; may be NULL
 *
 * Return: the guest in state created with a reference for the caller, or
 * ERR_PTR: EINVAL (malformed), EEXIST (name taken), ENOSPC (more than the
 * module allows), ENOMEM, EPERM (memfd not sealed), EFAULT never.
 */
struct guest *guest_create(struct guest_config *config, struct netlink_ext_ack *ack);

/* Drop what of a config guest_create() did not take. */
void guest_config_put(struct guest_config *config);

/*
 * The operations, as the table in hv.yaml has them.  0; EBUSY where the state
 * forbids it; ENOENT for a guest that is gone; EINTR for a caller that is killed,
 * while the guest goes on with what it was told; ETIMEDOUT for a kill or a pause that is
 * still under way after 30 s; @ack gets the sentence.
 *
 * Start and kill return when that is done, a pause when no vCPU runs; a reset
 * and a stop are only begun.  ENOMEM from a start: no memory for the manifest.
 */
int guest_start(struct guest *g, struct netlink_ext_ack *ack);
int guest_stop(struct guest *g, struct netlink_ext_ack *ack);
int guest_kill(struct guest *g, struct netlink_ext_ack *ack);
int guest_pause(struct guest *g, struct netlink_ext_ack *ack);
int guest_resume(struct guest *g, struct netlink_ext_ack *ack);
int guest_reset(struct guest *g, struct netlink_ext_ack *ack);
int guest_remove(struct guest *g, struct netlink_ext_ack *ack);

/* Remove it from another thread, soon; kill it before where it is doomed. Any thread. */
void guest_retire(struct guest *g);

/* What @c->given names; takes the labels over. ENOENT, EINTR as above. */
int guest_set(struct guest *g, struct guest_config *c, struct netlink_ext_ack *ack);

/* A bond with no guests. */
void guest_bond_init(struct guest_bond *bond);

/* The file is closed: its guests are killed and removed, soon. */
void guest_bond_break(struct guest_bond *bond);

/* Look up: a reference, or NULL. */
struct guest *guest_by_id(u64 id);
struct guest *guest_by_name(const char *name);

/* The guest with the lowest id >= @id, for dumps: a reference, or NULL. */
struct guest *guest_next(u64 id);

/* The same, of those that are so. @is_so is called with the table's lock held. */
struct guest *guest_next_that(u64 id, bool (*is_so)(struct guest *g));

struct guest *guest_get(struct guest *g);
void guest_put(struct guest *g);

unsigned int guest_count(void);

/*
 * @g's share of the module's limit for memory, bytes: 0 or ENOSPC with a sentence.
 * @g->lock held.
 */
int guest_grow(struct guest *g, u64 size, struct netlink_ext_ack *ack);
void guest_shrink(struct guest *g, u64 size);

/* The region that holds all of [gpa, gpa + size), or NULL. Locks: see guest/region.h. */
struct region *guest_region(struct guest *g, u64 gpa, u64 size);

/* vCPU state: EBUSY while the guest runs or boots. Takes @g->lock. */
int guest_get_state(struct guest *g, unsigned int vcpu, struct hv_vcpu_state *state);

/* Could it be the guest's CPU? 0, or EINVAL with a sentence; @ack may be NULL. */
int guest_check_state(const struct hv_vcpu_state *state, struct netlink_ext_ack *ack);

/* As HV_SET_REGS says; the caller has looked at its own padding. Takes @g->lock. */
int guest_set_state(struct guest *g, unsigned int vcpu, const struct hv_vcpu_state *state);

/* Implemented by api/: tells listeners that @g was created, changed its state or went. */
void api_announce(struct guest *g);

/* Memory now mapped by second-level tables, and table pages: for statistics. */
u64 guest_resident(struct guest *g);
u64 guest_table_pages(struct guest *g);

#endif /* HV_GUEST_GUEST_H */
