/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libhvctl's files share.
 */
#ifndef HVCTL_INTERNAL_H
#define HVCTL_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <netlink/msg.h>

#include "boot.h"
#include "hvctl.h"

#define DEV_PATH	"/dev/hv"
#define SENTENCE_MAX	512
#define MEMORY_DEFAULT	(256ULL << 20)
#define MODULE_MISSING	"the hv module is not loaded: try modprobe hv"

/**
 * struct hvctl - a handle
 * @sock: generic netlink
 * @events: the same, subscribed to events; NULL until asked for
 * @family: the hv family's number
 * @dev_fd: /dev/hv, or a negative errno
 * @error: sentence of the last failure
 * @warning: sentence of what did not stop the last call
 */
struct hvctl {
	struct nl_sock *sock;
	struct nl_sock *events;
	int family;
	int dev_fd;
	char error[SENTENCE_MAX];
	char warning[SENTENCE_MAX];
};

/**
 * struct spec_segment - bytes that a caller puts into guest memory
 * @next: the next one
 * @gpa: where
 * @fd: a sealed memfd
 * @len: bytes
 */
struct spec_segment {
	struct spec_segment *next;
	uint64_t gpa;
	int fd;
	uint64_t len;
};

/**
 * struct spec_region - shared memory beside the guest's own
 * @next: the next one
 * @gpa: where
 * @size: bytes
 * @fd: a memfd
 * @offset: first byte in it
 */
struct spec_region {
	struct spec_region *next;
	uint64_t gpa;
	uint64_t size;
	int fd;
	uint64_t offset;
};

/**
 * struct hvctl_spec - what a guest is made from
 * @name: "" for one that the kernel makes up
 * @memory: bytes
 * @kernel: path of the image, or NULL
 * @kernel_fd: the image as a sealed memfd, in place of @kernel; -1 if not
 * @image: what the image is
 * @initrd: path, or NULL
 * @cmdline: or NULL
 * @cgroup: path below the cgroup2 mount, "" for none, NULL for the default
 * @vcpus: how many
 * @on_reset: enum hv_on_reset
 * @debug_exit: port, 0 for none
 * @cpuset: CPUs that it may use, NULL for all
 * @cpu_weight: of its cgroup, 0 for the kernel's default
 * @memory_limit: of its cgroup in bytes, 0 for none
 * @restart: enum hv_restart
 * @remove_on_stop: it goes when it has stopped
 * @foreground: it goes when the handle is closed that creates it
 * @labels: its labels
 * @incomplete: what of an existing guest is not here, NULL for nothing
 * @pv: paravirtual features, bits by enum hv_pv
 * @regions: shared memory
 * @segments: in the order in which they are applied, after the image's
 * @has_state: whether @state replaces the image's own
 * @state: the first vCPU's initial state
 */
struct hvctl_spec {
	char name[HV_NAME_MAX + 1];
	uint64_t memory;
	char *kernel;
	int kernel_fd;
	enum boot_image image;
	char *initrd;
	char *cmdline;
	char *cgroup;
	uint32_t vcpus;
	uint32_t on_reset;
	uint16_t debug_exit;
	char *cpuset;
	uint32_t cpu_weight;
	uint64_t memory_limit;
	char *incomplete;
	uint32_t pv;
	struct spec_region *regions;
	uint32_t restart;
	bool remove_on_stop;
	bool foreground;
	struct hvctl_label *labels;
	struct spec_segment *segments;
	bool has_state;
	struct hv_vcpu_state state;
};

/* handle.c */
int set_error(struct hvctl *h, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void set_warning(struct hvctl *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int need_device(struct hvctl *h);

/* netlink.c */
typedef int (*reply_fn)(struct nlmsghdr *hdr, void *arg);
int netlink_open(struct hvctl *h);
int netlink_subscribe(struct hvctl *h);
struct nl_msg *netlink_message(struct hvctl *h, uint8_t cmd, int flags);
int netlink_call(struct hvctl *h, struct nl_msg *msg, reply_fn reply, void *arg);

/* parse.c */
int parse_guest(struct nlmsghdr *hdr, struct hvctl_guest **guest);

/* label.c */
#define LABEL_MAX	127
#define LABELS_MAX	16
int label_check(struct hvctl *h, const char *text);
int label_add(struct hvctl_label **list, const char *text);
int label_drop(struct hvctl_label **list, const char *key);
unsigned int label_count(const struct hvctl_label *list);
void label_free(struct hvctl_label *list);

/* origin.c */
#define ORIGIN_MAX	32767	/* as hv.yaml has it */
void origin_put(struct hvctl *h, const struct hvctl_spec *spec, struct nl_msg *msg);

/* set.c */
int labels_put(struct nl_msg *msg, const struct hvctl_label *labels);

/* guest.c */
int region_put(struct nl_msg *msg, uint64_t gpa, uint64_t size, int fd, uint64_t offset);
struct nl_msg *message_about(struct hvctl *h, uint8_t cmd, uint64_t id);

/* spec.c */
#define CPU_WEIGHT_MAX	10000
#define SETTING_ROOM	8192	/* for what a setting's get() has to make up */

enum setting_kind {
	SETTING_TEXT,		/* a string in JSON */
	SETTING_SIZE,		/* a string; a number of bytes will do */
	SETTING_NUMBER,		/* a number; a string will do */
	SETTING_BOOL,		/* true or false */
	SETTING_LABEL,		/* one of an object's */
};

/**
 * struct setting - a key of a specification
 * @key: its name
 * @kind: what JSON makes of it
 * @set: from text
 * @get: to text, made up in @buf where need be; NULL if it is not set
 */
struct setting {
	const char *key;
	enum setting_kind kind;
	int (*set)(struct hvctl *h, struct hvctl_spec *spec, const char *value);
	const char *(*get)(const struct hvctl_spec *spec, char *buf, size_t size);
};

/**
 * struct contradiction - two settings that cannot both be meant
 * @key: the one that is refused
 * @other: because of this one
 * @sentence: why
 */
struct contradiction {
	const char *key;
	const char *other;
	const char *sentence;
};

extern const struct setting spec_settings[];
const struct setting *spec_setting(const char *key);
const struct contradiction *spec_contradiction(const struct hvctl_spec *spec);
int parse_size(const char *text, uint64_t *size);

/* memfd.c */
int memfd_from_file(const char *path, uint64_t max, uint64_t *len);
int memfd_from_bytes(const void *bytes, size_t len);

/* cgroup.c */
#define CGROUP_FILES	3

/**
 * struct cgroup_file - a limit
 * @key: the setting's
 * @file: the cgroup's file
 * @controller: whose that is
 * @none: what it says where there is no limit, and what takes one away
 */
struct cgroup_file {
	const char *key;
	const char *file;
	const char *controller;
	const char *none;
};

/**
 * struct cgroup_limits - limits to be set
 * @value: as the files take it, by place in cgroup_files; NULL: not this one
 */
struct cgroup_limits {
	const char *value[CGROUP_FILES];
};

extern const struct cgroup_file cgroup_files[];
void cgroup_sweep(struct hvctl *h);
int cgroup_place(struct hvctl *h, const struct hvctl_guest *guest, const char *path,
		 const struct cgroup_limits *limits);
int cgroup_limit(struct hvctl *h, const struct hvctl_guest *guest,
		 const struct cgroup_limits *limits);
void cgroup_read(const struct hvctl_guest *guest, unsigned int file, char *value, size_t size);
void cgroup_drop(const char *name);

#endif /* HVCTL_INTERNAL_H */
