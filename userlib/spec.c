// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a guest is made from.
 *
 * Settings are pairs of key and value, both strings: that is how a command
 * line and a file have them, and new ones change no interface.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "machine.h"

#define NAME_CHARS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

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

static const char *const image_types[] = {
	[BOOT_AUTO] = "auto",
	[BOOT_BZIMAGE] = "bzimage",
	[BOOT_FLAT_BINARY] = "flat",
};

static int set_image_type(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	for (size_t i = 0; i < sizeof(image_types) / sizeof(image_types[0]); i++) {
		if (strcmp(image_types[i], value))
			continue;
		spec->image = i;
		return 0;
	}
	return set_error(h, -EINVAL, "kernel-type: '%s' is none of auto, bzimage and flat",
			 value);
}

/* A relative one means nothing to whoever reads it elsewhere.  NULL for NULL, too. */
static const char *absolute_path(const char *path, char *buf, size_t size)
{
	if (!path || path[0] == '/' || !getcwd(buf, size))
		return path;
	if (snprintf(buf + strlen(buf), size - strlen(buf), "/%s", path) >=
	    (int)(size - strlen(buf)))
		return path;
	return buf;
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
	if (vcpus > MACHINE_VCPUS_MAX)
		return set_error(h, -EINVAL, "vcpus: a guest has at most %u vCPUs",
				 MACHINE_VCPUS_MAX);
	spec->vcpus = vcpus;
	return 0;
}

/* In the order of enum hv_pv. */
static const char *const pv_names[] = {
	"clock", "clock-stable", "steal-time", "eoi", "ipi", "tlb-flush", "unhalt",
};

#define PV_NAMES	(sizeof(pv_names) / sizeof(pv_names[0]))
#define PV_ALL		((1U << PV_NAMES) - 1)

static int pv_bit(const char *name, size_t len)
{
	for (size_t i = 0; i < PV_NAMES; i++)
		if (strlen(pv_names[i]) == len && !memcmp(pv_names[i], name, len))
			return i;
	return -1;
}

static int set_pv(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	const char *name = value;
	uint32_t pv = 0;
	size_t len;
	int bit;

	if (!strcmp(value, "on") || !strcmp(value, "off")) {
		spec->pv = value[1] == 'n' ? PV_ALL : 0;
		return 0;
	}
	for (;; name += len + 1) {
		len = strcspn(name, ",");
		bit = pv_bit(name, len);
		if (bit < 0)
			return set_error(h, -EINVAL,
					 "pv: '%.*s' is none of on, off, clock, clock-stable, steal-time, eoi, ipi, tlb-flush and unhalt",
					 (int)len, name);
		pv |= 1U << bit;
		if (!name[len])
			break;
	}
	spec->pv = pv;
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

/* As the kernel's cgroup files have it: numbers and ranges with commas between. */
static bool is_cpu_list(const char *text)
{
	do {
		size_t digits = strspn(text, "0123456789");

		text += digits;
		if (digits && *text == '-') {
			digits = strspn(++text, "0123456789");
			text += digits;
		}
		if (!digits)
			return false;
	} while (*text++ == ',');
	return !text[-1];
}

static int set_cpuset(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	if (!is_cpu_list(value))
		return set_error(h, -EINVAL,
				 "cpuset: '%s' is no list of CPUs: give one like 0-3,6", value);
	return set_string(h, &spec->cpuset, value);
}

static int set_cpu_weight(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	unsigned long weight;

	if (parse_number(value, CPU_WEIGHT_MAX, &weight) || !weight)
		return set_error(h, -EINVAL, "cpu-weight: '%s' is no weight between 1 and %d",
				 value, CPU_WEIGHT_MAX);
	spec->cpu_weight = weight;
	return 0;
}

static int set_memory_limit(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	uint64_t size;

	if (parse_size(value, &size) || !size)
		return set_error(h, -EINVAL,
				 "memory-limit: '%s' is no size: give one like 256M or 1G", value);
	spec->memory_limit = size;
	return 0;
}

static const char *const restart_names[] = {
	[HV_RESTART_NO] = "no",
	[HV_RESTART_ON_FAILURE] = "on-failure",
	[HV_RESTART_ALWAYS] = "always",
};

#define NR_RESTARTS	(sizeof(restart_names) / sizeof(restart_names[0]))

const char *hvctl_restart_name(uint32_t restart)
{
	return restart < NR_RESTARTS ? restart_names[restart] : "unknown";
}

static int set_restart(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	for (size_t i = 0; i < NR_RESTARTS; i++) {
		if (strcmp(restart_names[i], value))
			continue;
		spec->restart = i;
		return 0;
	}
	return set_error(h, -EINVAL, "restart: '%s' is none of no, on-failure and always", value);
}

static int set_bool(struct hvctl *h, const char *key, bool *to, const char *value)
{
	*to = !strcmp(value, "true");
	if (!*to && strcmp(value, "false"))
		return set_error(h, -EINVAL, "%s: '%s' is neither true nor false", key, value);
	return 0;
}

static int set_rm(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	return set_bool(h, "rm", &spec->remove_on_stop, value);
}

static int set_foreground(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	return set_bool(h, "foreground", &spec->foreground, value);
}

static int set_label(struct hvctl *h, struct hvctl_spec *spec, const char *value)
{
	int err = label_check(h, value);

	if (err)
		return err;
	if (label_add(&spec->labels, value))
		return no_memory(h);
	if (label_count(spec->labels) > LABELS_MAX)
		return set_error(h, -EINVAL, "label: a guest has at most %d labels", LABELS_MAX);
	return 0;
}

/* What a setting is, or NULL where it is the kernel's choice or there is none. */

static const char *get_name(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return spec->name[0] ? spec->name : NULL;
}

/* In the largest unit that says it exactly. */
static const char *size_text(uint64_t bytes, char *buf, size_t size)
{
	static const char units[] = "KMGT";
	int unit = -1;

	while (bytes && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buf, size, "%llu%.1s", (unsigned long long)bytes, unit < 0 ? "" : &units[unit]);
	return buf;
}

static const char *get_memory(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return size_text(spec->memory, buf, size);
}

static const char *get_kernel(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return absolute_path(spec->kernel, buf, size);
}

static const char *get_image_type(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	if (!spec->kernel)
		return NULL;
	return image_types[spec->image];
}

static const char *get_initrd(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return absolute_path(spec->initrd, buf, size);
}

static const char *get_cmdline(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return spec->cmdline;
}

static const char *number_text(unsigned long number, char *buf, size_t size)
{
	snprintf(buf, size, "%lu", number);
	return number ? buf : NULL;
}

static const char *get_debug_exit(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return number_text(spec->debug_exit, buf, size);
}

static const char *get_on_reset(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return spec->on_reset == HV_ON_RESET_STOP ? "stop" : "reset";
}

static const char *get_vcpus(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return number_text(spec->vcpus, buf, size);
}

static const char *get_pv(const struct hvctl_spec *spec, char *buf, size_t size)
{
	size_t used = 0;

	if (!spec->pv || spec->pv == PV_ALL)
		return spec->pv ? "on" : "off";
	for (size_t i = 0; i < PV_NAMES; i++)
		if (spec->pv & 1U << i)
			used += snprintf(buf + used, size - used, "%s%s", used ? "," : "",
					 pv_names[i]);
	return buf;
}

static const char *get_cgroup(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return spec->cgroup;
}

static const char *get_cpuset(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return spec->cpuset;
}

static const char *get_cpu_weight(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return number_text(spec->cpu_weight, buf, size);
}

static const char *get_memory_limit(const struct hvctl_spec *spec, char *buf, size_t size)
{
	return spec->memory_limit ? size_text(spec->memory_limit, buf, size) : NULL;
}

static const char *get_restart(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return hvctl_restart_name(spec->restart);
}

static const char *get_rm(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)buf;
	(void)size;
	return spec->remove_on_stop ? "true" : "false";
}

/* Whose descriptor it hangs on is no matter of what it is made from. */
static const char *get_nothing(const struct hvctl_spec *spec, char *buf, size_t size)
{
	(void)spec;
	(void)buf;
	(void)size;
	return NULL;
}

/* In the order in which a file has them. */
const struct setting spec_settings[] = {
	{ "name", SETTING_TEXT, set_name, get_name },
	{ "memory", SETTING_SIZE, set_memory, get_memory },
	{ "vcpus", SETTING_NUMBER, set_vcpus, get_vcpus },
	{ "pv", SETTING_TEXT, set_pv, get_pv },
	{ "kernel", SETTING_TEXT, set_kernel, get_kernel },
	{ "kernel-type", SETTING_TEXT, set_image_type, get_image_type },
	{ "initrd", SETTING_TEXT, set_initrd, get_initrd },
	{ "cmdline", SETTING_TEXT, set_cmdline, get_cmdline },
	{ "on-reset", SETTING_TEXT, set_on_reset, get_on_reset },
	{ "debug-exit", SETTING_NUMBER, set_debug_exit, get_debug_exit },
	{ "restart", SETTING_TEXT, set_restart, get_restart },
	{ "rm", SETTING_BOOL, set_rm, get_rm },
	{ "foreground", SETTING_BOOL, set_foreground, get_nothing },
	{ "label", SETTING_LABEL, set_label, get_nothing },
	{ "cgroup", SETTING_TEXT, set_cgroup, get_cgroup },
	{ "cpuset", SETTING_TEXT, set_cpuset, get_cpuset },
	{ "cpu-weight", SETTING_NUMBER, set_cpu_weight, get_cpu_weight },
	{ "memory-limit", SETTING_SIZE, set_memory_limit, get_memory_limit },
	{ 0 }
};

/**
 * spec_setting() - find a setting
 * @key: its name
 *
 * Return: its row, or NULL.
 */
const struct setting *spec_setting(const char *key)
{
	for (const struct setting *s = spec_settings; s->key; s++)
		if (!strcmp(s->key, key))
			return s;
	return NULL;
}

/**
 * spec_contradiction() - settings that cannot both be meant
 * @spec: a specification
 *
 * Return: the first pair, or NULL.
 */
const struct contradiction *spec_contradiction(const struct hvctl_spec *spec)
{
	static const struct contradiction list[] = {
		{ "cpuset", "cgroup", "a guest without a cgroup has no CPUs of its own" },
		{ "cpu-weight", "cgroup", "a guest without a cgroup has no weight" },
		{ "memory-limit", "cgroup", "a guest without a cgroup has no limit" },
	};
	bool no_cgroup = spec->cgroup && !spec->cgroup[0];
	const bool holds[] = {
		no_cgroup && spec->cpuset,
		no_cgroup && spec->cpu_weight,
		no_cgroup && spec->memory_limit,
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (holds[i])
			return &list[i];
	return NULL;
}

struct hvctl_spec *hvctl_spec_new(void)
{
	struct hvctl_spec *spec = calloc(1, sizeof(*spec));

	if (!spec)
		return NULL;
	spec->memory = MEMORY_DEFAULT;
	spec->vcpus = 1;
	spec->on_reset = HV_ON_RESET_RESET;
	spec->pv = PV_ALL;
	spec->kernel_fd = -1;
	return spec;
}

void hvctl_spec_free(struct hvctl_spec *spec)
{
	struct spec_segment *segment;
	struct spec_region *region;

	if (!spec)
		return;
	while ((region = spec->regions)) {
		spec->regions = region->next;
		close(region->fd);
		free(region);
	}
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
	free(spec->cpuset);
	free(spec->incomplete);
	label_free(spec->labels);
	free(spec);
}

int hvctl_spec_set(struct hvctl *h, struct hvctl_spec *spec, const char *key, const char *value)
{
	const struct setting *setting = spec_setting(key);

	if (!setting)
		return set_error(h, -ENOKEY, "%s: there is no such setting", key);
	return setting->set(h, spec, value);
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

int hvctl_spec_region(struct hvctl *h, struct hvctl_spec *spec, uint64_t gpa, uint64_t size,
		      int fd, uint64_t offset)
{
	struct spec_region *region = calloc(1, sizeof(*region));

	if (!region)
		return no_memory(h);
	region->gpa = gpa;
	region->size = size;
	region->offset = offset;
	region->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (region->fd < 0) {
		int err = -errno;

		free(region);
		return set_error(h, err, "region: the memfd cannot be kept: %s", strerror(-err));
	}
	region->next = spec->regions;
	spec->regions = region;
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
