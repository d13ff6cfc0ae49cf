// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making a guest: load its images into sealed memfds, plan its memory, and
 * hand everything to the kernel in one message, so that there is a whole
 * guest or none whenever we are killed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "internal.h"

/**
 * struct creation - a guest being made
 * @spec: from what
 * @fd: sealed memfds, indexed by enum boot_source
 * @len: their lengths
 * @own_kernel: @fd of the kernel is ours to close
 * @plan: what goes where
 */
struct creation {
	const struct hvctl_spec *spec;
	int fd[3];
	uint64_t len[3];
	bool own_kernel;
	struct boot_plan plan;
};

static int file_error(struct hvctl *h, const char *what, const char *path, int err)
{
	if (err == -EFBIG)
		return set_error(h, -ENOEXEC, "the %s %s is larger than the guest's memory", what,
				 path);
	return set_error(h, -ENOEXEC, "cannot read the %s %s: %s", what, path, strerror(-err));
}

static int load_file(struct hvctl *h, struct creation *c, enum boot_source source,
		     const char *what, const char *path)
{
	int fd = memfd_from_file(path, c->spec->memory, &c->len[source]);

	if (fd < 0)
		return file_error(h, what, path, fd);
	c->fd[source] = fd;
	return 0;
}

static int load_initrd(struct hvctl *h, struct creation *c)
{
	int err = load_file(h, c, BOOT_FROM_INITRD, "initial RAM disk", c->spec->initrd);

	if (!err && !c->len[BOOT_FROM_INITRD])
		return set_error(h, -ENOEXEC, "the initial RAM disk %s is empty",
				 c->spec->initrd);
	return err;
}

static int load_kernel(struct hvctl *h, struct creation *c)
{
	if (c->spec->kernel) {
		c->own_kernel = true;
		return load_file(h, c, BOOT_FROM_KERNEL, "kernel", c->spec->kernel);
	}
	c->fd[BOOT_FROM_KERNEL] = c->spec->kernel_fd;
	c->len[BOOT_FROM_KERNEL] = lseek(c->spec->kernel_fd, 0, SEEK_END);
	return 0;
}

static int plan_image(struct hvctl *h, struct creation *c, const uint8_t *image)
{
	const struct hvctl_spec *spec = c->spec;
	const struct boot_input in = {
		.kernel = image,
		.kernel_len = c->len[BOOT_FROM_KERNEL],
		.initrd_len = c->len[BOOT_FROM_INITRD],
		.cmdline = spec->cmdline,
		.memory = spec->memory,
		.vcpus = spec->vcpus,
	};
	int err = boot_load(&c->plan, &in, spec->image);

	return err ? set_error(h, err, "%s%s%s", spec->kernel ? spec->kernel : "",
			       spec->kernel ? ": " : "", c->plan.error) : 0;
}

static int map_and_plan(struct hvctl *h, struct creation *c)
{
	size_t len = c->len[BOOT_FROM_KERNEL];
	void *image;
	int err;

	/* mmap() takes no empty file; the loaders have a sentence for it. */
	if (!len)
		return plan_image(h, c, (const uint8_t *)"");
	image = mmap(NULL, len, PROT_READ, MAP_PRIVATE, c->fd[BOOT_FROM_KERNEL], 0);
	if (image == MAP_FAILED)
		return set_error(h, -errno, "cannot map the kernel image: %s", strerror(errno));
	err = plan_image(h, c, image);
	munmap(image, len);
	return err;
}

/* Without an image a guest is what the caller says: segments and registers. */
static int check_no_image(struct hvctl *h, const struct hvctl_spec *spec)
{
	if (!spec->has_state)
		return set_error(h, -EINVAL,
				 "kernel: the guest has neither an image nor a vCPU state");
	if (spec->initrd || spec->cmdline)
		return set_error(h, -EINVAL,
				 "%s: the guest has no kernel image that it could go with",
				 spec->initrd ? "initrd" : "cmdline");
	return 0;
}

/* Refused here, because the images are copied before the kernel is asked. */
static int check_memory(struct hvctl *h, const struct hvctl_spec *spec)
{
	struct hv_info info;
	int err = hvctl_info(h, &info);

	if (err)
		return err;
	if (spec->memory > info.max_memory)
		return set_error(h, -ERANGE,
				 "memory: %llu MiB are more than the %llu MiB that this host has for a guest",
				 (unsigned long long)(spec->memory >> 20),
				 (unsigned long long)(info.max_memory >> 20));
	return 0;
}

static int load_images(struct hvctl *h, struct creation *c)
{
	const struct hvctl_spec *spec = c->spec;
	int err = load_kernel(h, c);

	if (!err && spec->initrd)
		err = load_initrd(h, c);
	return err ? err : map_and_plan(h, c);
}

static int check_spec(struct hvctl *h, const struct hvctl_spec *spec)
{
	const struct contradiction *c = spec_contradiction(spec);

	if (c)
		return set_error(h, -EINVAL, "%s: contradicts %s: %s", c->key, c->other,
				 c->sentence);
	if (spec->incomplete)
		return set_error(h, -ENODATA,
				 "incomplete: the guest came from a program that kept this to itself: %s",
				 spec->incomplete);
	return check_memory(h, spec);
}

static int plan_boot(struct hvctl *h, struct creation *c)
{
	const struct hvctl_spec *spec = c->spec;
	int err = check_spec(h, spec);

	if (err)
		return err;
	err = boot_plan_init(&c->plan, spec->memory);
	if (err)
		return set_error(h, err, "%s", c->plan.error);
	if (!spec->kernel && spec->kernel_fd < 0)
		return check_no_image(h, spec);
	err = load_images(h, c);
	if (err)
		return err;
	c->fd[BOOT_FROM_MADE] = memfd_from_bytes(c->plan.made, c->plan.made_len);
	if (c->fd[BOOT_FROM_MADE] < 0)
		return set_error(h, c->fd[BOOT_FROM_MADE], "cannot keep the boot parameters: %s",
				 strerror(-c->fd[BOOT_FROM_MADE]));
	return 0;
}

static int put_segment(struct nl_msg *msg, uint64_t gpa, int fd, uint64_t offset, uint64_t length)
{
	struct nlattr *nest = nla_nest_start(msg, HV_A_GUEST_SEGMENT);

	if (!nest || nla_put_u64(msg, HV_A_SEGMENT_GPA, gpa) ||
	    nla_put_s32(msg, HV_A_SEGMENT_FD, fd) ||
	    nla_put_u64(msg, HV_A_SEGMENT_OFFSET, offset) ||
	    nla_put_u64(msg, HV_A_SEGMENT_LENGTH, length))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_memory(struct nl_msg *msg, const struct creation *c)
{
	const struct boot_plan *plan = &c->plan;
	const struct spec_segment *segment;
	const struct spec_region *region;
	int err = 0;

	for (unsigned int i = 0; i < plan->nr_regions && !err; i++)
		err = region_put(msg, plan->region[i].start, plan->region[i].size, -1, 0);
	for (region = c->spec->regions; region && !err; region = region->next)
		err = region_put(msg, region->gpa, region->size, region->fd, region->offset);
	for (unsigned int i = 0; i < plan->nr_pieces && !err; i++) {
		const struct boot_piece *piece = &plan->piece[i];

		err = put_segment(msg, piece->gpa, c->fd[piece->source], piece->offset,
				  piece->length);
	}
	for (segment = c->spec->segments; segment && !err; segment = segment->next)
		err = put_segment(msg, segment->gpa, segment->fd, 0, segment->len);
	return err;
}

static int put_settings(struct hvctl *h, struct nl_msg *msg, const struct hvctl_spec *spec)
{
	if (spec->name[0] && nla_put_string(msg, HV_A_GUEST_NAME, spec->name))
		return -EMSGSIZE;
	if (nla_put_u32(msg, HV_A_GUEST_VCPUS, spec->vcpus) ||
	    nla_put_u32(msg, HV_A_GUEST_ON_RESET, spec->on_reset) ||
	    nla_put_u32(msg, HV_A_GUEST_PV, spec->pv))
		return -EMSGSIZE;
	if (nla_put_u32(msg, HV_A_GUEST_RESTART, spec->restart) ||
	    nla_put_u8(msg, HV_A_GUEST_REMOVE_ON_STOP, spec->remove_on_stop) ||
	    labels_put(msg, spec->labels))
		return -EMSGSIZE;
	if (spec->foreground && nla_put_s32(msg, HV_A_GUEST_BIND_FD, h->dev_fd))
		return -EMSGSIZE;
	if (spec->debug_exit && nla_put_u16(msg, HV_A_GUEST_DEBUG_EXIT_PORT, spec->debug_exit))
		return -EMSGSIZE;
	return 0;
}

static int put_guest(struct hvctl *h, struct nl_msg *msg, const struct creation *c)
{
	const struct hv_vcpu_state *state = c->spec->has_state ? &c->spec->state : &c->plan.state;
	int err = put_settings(h, msg, c->spec);

	if (!err)
		err = put_memory(msg, c);
	if (!err && nla_put(msg, HV_A_GUEST_VCPU_STATE, sizeof(*state), state))
		err = -EMSGSIZE;
	if (!err)
		origin_put(h, c->spec, msg);
	return err;
}

static int take_guest(struct nlmsghdr *hdr, void *arg)
{
	struct hvctl_guest **guest = arg;

	return *guest ? 0 : parse_guest(hdr, guest);
}

static int send_guest(struct hvctl *h, const struct creation *c, struct hvctl_guest **guest)
{
	struct nl_msg *msg = netlink_message(h, HV_CMD_GUEST_NEW, 0);
	int err;

	*guest = NULL;
	if (msg && put_guest(h, msg, c)) {
		nlmsg_free(msg);
		return set_error(h, -EINVAL, "the guest has too many segments");
	}
	err = netlink_call(h, msg, take_guest, guest);
	if (!err && !*guest)
		err = set_error(h, -EPROTO, "the hv module gave no answer");
	return err;
}

static int place(struct hvctl *h, const struct hvctl_spec *spec, const struct hvctl_guest *guest)
{
	char buf[CGROUP_FILES][SETTING_ROOM];
	struct cgroup_limits limits;

	for (int i = 0; i < CGROUP_FILES; i++)
		limits.value[i] = spec_setting(cgroup_files[i].key)->get(spec, buf[i],
									  sizeof(buf[i]));
	return cgroup_place(h, guest, spec->cgroup, &limits);
}

/* The guest runs only after this: one that cannot have its limits goes again. */
static int finish(struct hvctl *h, const struct creation *c, uint64_t *id)
{
	char sentence[SENTENCE_MAX];
	struct hvctl_guest *guest;
	int err = send_guest(h, c, &guest);

	if (!err) {
		*id = guest->id;
		err = place(h, c->spec, guest);
		if (err) {
			memcpy(sentence, h->error, sizeof(sentence));
			hvctl_remove(h, guest->id);
			set_error(h, err, "%s", sentence);
		}
	}
	hvctl_guest_free(guest);
	return err;
}

static void creation_free(struct creation *c)
{
	if (c->own_kernel && c->fd[BOOT_FROM_KERNEL] >= 0)
		close(c->fd[BOOT_FROM_KERNEL]);
	if (c->fd[BOOT_FROM_INITRD] >= 0)
		close(c->fd[BOOT_FROM_INITRD]);
	if (c->fd[BOOT_FROM_MADE] >= 0)
		close(c->fd[BOOT_FROM_MADE]);
	free(c);
}

int hvctl_create(struct hvctl *h, const struct hvctl_spec *spec, uint64_t *id)
{
	struct creation *c = calloc(1, sizeof(*c));
	int err;

	h->warning[0] = '\0';
	if (!c)
		return set_error(h, -ENOMEM, "out of memory");
	c->spec = spec;
	c->fd[0] = -1;
	c->fd[1] = -1;
	c->fd[2] = -1;
	err = plan_boot(h, c);
	if (!err) {
		cgroup_sweep(h);
		err = finish(h, c, id);
	}
	creation_free(c);
	return err;
}
