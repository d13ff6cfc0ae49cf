// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a guest is made from.
 *
 * Settings are pairs of key and value, both strings: that is how a command
 * line and a file have them, and new ones change no interface.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "machine.h"

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

struct setting {
	const char *key;
	int (*set)(struct hvctl *h, struct hvctl_spec *spec, const char *value);
};

/* Binary units, one letter: how far to shift, or -1. */
static int unit_shift(const char *unit)
{
	static const char units[] = "KMGT";
	const char *found;

	if (!*unit)
		return 0;
	found = strchr(units, toupper((unsigned char)*unit));
	return found && !unit[1] ? 10 * (int)(found - units + 1) : -1;
}

/**
 * parse_size() - read a number of bytes
 * @text: decimal digits, perhaps followed by K, M, G or T
 * @size: result
 *
 * Return: 0, -EINVAL or -ERANGE.
 */
int parse_size(const char *text, uint64_t *size)
{
	unsigned long long value;
	char *unit;
	int shift;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &unit, 10);
	shift = unit_shift(unit);
	if (shift < 0)
		return -EINVAL;
	if (errno || value > UINT64_MAX >> shift)
		return -ERANGE;
	*size = value << shift;
	return 0;
}

static int no_memory(struct hvctl *h)
{
	return set_error(h, -ENOMEM, "out of memory");
}

static int set_string(struct hvctl *h, char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return no_memory(h);
	free(*to);
	*to = copy;
	return 0;
}

/* The name is also a directory's: "." and ".." would be other ones. */
static int set_name(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	size_t len = strlen(value);

	if (!len || len > HV_NAME_MAX || strspn(value, NAME_CHARS) != len ||
	    !strcmp(value, ".") || !strcmp(value, ".."))
		return set_error(h, -EINVAL,
				 "name: a guest's name has 1 to %d characters out of A-Z a-z 0-9 _ . -, and is not . or ..",
				 HV_NAME_MAX);
	memcpy(spec->name, value, len + 1);
	return 0;
}

static int set_memory(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	uint64_t size;
	int err = parse_size(value, &size);

	if (err == -ERANGE)
		return set_error(h, err, "memory: %s is more than any machine has", value);
	if (err)
		return set_error(h, err,
				 "memory: '%s' is no size: give one like 256M or 1G", value);
	if (size <= MACHINE_MIB)
		return set_error(h, -EINVAL,
				 "memory: %s is too little: a guest needs more than 1 MiB",
				 value);
	if (size % MACHINE_PAGE)
		return set_error(h, -EINVAL, "memory: %s is not a multiple of 4096 bytes", value);
	spec->memory = size;
	return 0;
}

static int set_kernel(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	if (spec->kernel_fd >= 0)
		return set_error(h, -EINVAL, "kernel: the guest has an image already");
	return set_string(h, &spec->kernel, value);
}

static int set_image_type(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	if (!strcmp(value, "auto"))
		spec->image = BOOT_AUTO;
	else if (!strcmp(value, "bzimage"))
		spec->image = BOOT_BZIMAGE;
	else if (!strcmp(value, "flat"))
		spec->image = BOOT_FLAT_BINARY;
	else
		return set_error(h, -EINVAL, "kernel-type: '%s' is none of auto, bzimage and flat",
				 value);
	return 0;
}

static int set_initrd(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	return set_string(h, &spec->initrd, value);
}

static int set_cmdline(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	return set_string(h, &spec->cmdline, value);
}

static int parse_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoul(text, &end, 0);
	return errno || *end || *value > max ? -EINVAL : 0;
}

static int set_debug_exit(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	unsigned long port;

	if (parse_number(value, 0xffff, &port) || !port)
		return set_error(h, -EINVAL, "debug-exit: '%s' is no I/O port between 1 and 0xffff",
				 value);
	spec->debug_exit = port;
	return 0;
}

static int set_on_reset(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	if (!strcmp(value, "reset"))
		spec->on_reset = HV_ON_RESET_RESET;
	else if (!strcmp(value, "stop"))
		spec->on_reset = HV_ON_RESET_STOP;
	else
		return set_error(h, -EINVAL, "on-reset: '%s' is neither reset nor stop", value);
	return 0;
}

static int set_vcpus(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	unsigned long vcpus;

	if (parse_number(value, UINT32_MAX, &vcpus) || !vcpus)
		return set_error(h, -EINVAL, "vcpus: '%s' is no number of CPUs", value);
	if (vcpus > VCPUS_MAX)
		return set_error(h, -EINVAL, "vcpus: a guest has at most %u vCPUs", VCPUS_MAX);
	spec->vcpus = vcpus;
	return 0;
}

/* A component ".." could lead out of the cgroup file system. */
static bool leads_up(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len;
		path += strspn(path, "/");
	}
	return false;
}

static int set_cgroup(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	if (leads_up(value))
		return set_error(h, -EINVAL,
				 "cgroup: a path below the cgroup2 mount has no '..' in it");
	return set_string(h, &spec->cgroup, value);
}

static const struct setting settings[] = {
	{ "name", set_name },
	{ "memory", set_memory },
	{ "kernel", set_kernel },
	{ "kernel-type", set_image_type },
	{ "initrd", set_initrd },
	{ "cmdline", set_cmdline },
	{ "debug-exit", set_debug_exit },
	{ "on-reset", set_on_reset },
	{ "vcpus", set_vcpus },
	{ "cgroup", set_cgroup },
};

struct hvctl_spec *hvctl_spec_new(void)
{
	struct hvctl_spec *spec = calloc(1, sizeof(*spec));

	if (!spec)
		return NULL;
	spec->memory = MEMORY_DEFAULT;
	spec->vcpus = 1;
	spec->on_reset = HV_ON_RESET_RESET;
	spec->kernel_fd = -1;
	return spec;
}

void hvctl_spec_free(struct hvctl_spec *spec)
{
	struct spec_segment *segment;

	if (!spec)
		return;
	while ((segment = spec->segments)) {
		spec->segments = segment->next;
		close(segment->fd);
		free(segment);
	}
	if (spec->kernel_fd >= 0)
		close(spec->kernel_fd);
	free(spec->kernel);
	free(spec->initrd);
	free(spec->cmdline);
	free(spec->cgroup);
	free(spec);
}

int hvctl_spec_set(struct hvctl *h, struct hvctl_spec *spec, const char *key, const char *value)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (!strcmp(settings[i].key, key))
			return settings[i].set(h, spec, value);
	return set_error(h, -ENOKEY, "%s: there is no such setting", key);
}

int hvctl_spec_image(struct hvctl *h, struct hvctl_spec *spec, const void *image, size_t len)
{
	int fd;

	if (spec->kernel || spec->kernel_fd >= 0)
		return set_error(h, -EINVAL, "kernel: the guest has an image already");
	fd = memfd_from_bytes(image, len);
	if (fd < 0)
		return set_error(h, fd, "kernel: cannot keep a copy: %s", strerror(-fd));
	spec->kernel_fd = fd;
	return 0;
}

int hvctl_spec_segment(struct hvctl *h, struct hvctl_spec *spec, uint64_t gpa, const void *bytes,
		       size_t len)
{
	struct spec_segment *segment, **end = &spec->segments;

	if (!len)
		return set_error(h, -EINVAL, "segment: there is nothing in it");
	segment = calloc(1, sizeof(*segment));
	if (!segment)
		return no_memory(h);
	segment->gpa = gpa;
	segment->len = len;
	segment->fd = memfd_from_bytes(bytes, len);
	if (segment->fd < 0) {
		int err = segment->fd;

		free(segment);
		return set_error(h, err, "segment: cannot keep a copy: %s", strerror(-err));
	}
	while (*end)
		end = &(*end)->next;
	*end = segment;
	return 0;
}

int hvctl_spec_vcpu_state(struct hvctl *h, struct hvctl_spec *spec,
			  const struct hv_vcpu_state *state)
{
	(void)h;
	spec->state = *state;
	spec->has_state = true;
	return 0;
}
