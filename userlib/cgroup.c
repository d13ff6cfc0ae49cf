// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A guest's own cgroup, hv.slice/NAME: its creator's session scope would
 * never empty, and its memory and time belong to it alone.
 *
 * The guest works without, so nothing here fails; it warns.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define SLICE		"hv.slice"
#define USUAL_MOUNT	"/sys/fs/cgroup"
#define MOUNTINFO	"/proc/self/mountinfo"

/* Limits, and what the kernel says where there is none. */
const struct cgroup_file cgroup_files[CGROUP_FILES + 1] = {
	{ "cpuset", "cpuset.cpus", "cpuset", "" },
	{ "cpu-weight", "cpu.weight", "cpu", "100" },
	{ "memory-limit", "memory.max", "memory", "max" },
	{ 0 }
};

/* What takes a moment is tried for a tenth of a second. */
#define TRIES		20
static const struct timespec try_pause = { .tv_nsec = 5000000 };

/* mountinfo writes space, tab, newline and backslash as octal escapes. */
static void unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		unsigned int code;

		if (*path == '\\' && sscanf(path, "\\%3o", &code) == 1) {
			*to++ = code;
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
}

/* Field 5 is the mount point; the type follows behind " - ". */
static bool is_cgroup2(const char *line, char *mount, size_t size)
{
	const char *type = strstr(line, " - ");
	char format[32];

	if (!type || strncmp(type, " - cgroup2 ", 11))
		return false;
	snprintf(format, sizeof(format), "%%*s %%*s %%*s %%*s %%%zus", size - 1);
	if (sscanf(line, format, mount) != 1)
		return false;
	unescape(mount);
	return true;
}

static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Something else may be mounted over it. */
static int open_cgroup2(const char *path)
{
	int fd = open_directory(path);
	struct statfs fs;

	if (fd >= 0 && (fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

static int search_mounts(void)
{
	FILE *info = fopen(MOUNTINFO, "re");
	char mount[4096];
	char *line = NULL;
	size_t size = 0;
	int fd = -ENOENT;

	if (!info)
		return -errno;
	while (fd < 0 && getline(&line, &size, info) > 0)
		if (is_cgroup2(line, mount, sizeof(mount)))
			fd = open_cgroup2(mount);
	free(line);
	fclose(info);
	return fd;
}

/* The cgroup2 mount as a directory, or a negative errno. A search reads all mounts: not for each guest. */
static int open_mount(void)
{
	int fd = open_cgroup2(USUAL_MOUNT);

	return fd < 0 ? search_mounts() : fd;
}

static int write_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Those that hold a limit, and no other: they are the administrator's to allow. */
static void enable(int dir, const struct cgroup_limits *limits)
{
	for (const struct cgroup_file *f = cgroup_files; f->key; f++) {
		char text[32];

		if (!limits || !limits->value[f - cgroup_files])
			continue;
		snprintf(text, sizeof(text), "+%s", f->controller);
		write_file(dir, "cgroup.subtree_control", text);
	}
}

/* Opens a directory below @dir, made if it is not there.  Takes @dir over. */
static int enter(int dir, const char *name)
{
	int fd, err;

	if (mkdirat(dir, name, 0755) && errno != EEXIST) {
		err = -errno;
		close(dir);
		return err;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	err = -errno;
	close(dir);
	return fd < 0 ? err : fd;
}

static int enter_path(int dir, const char *path, const struct cgroup_limits *limits)
{
	char *copy = strdup(path), *save = NULL;
	char *name;

	if (!copy) {
		close(dir);
		return -ENOMEM;
	}
	for (name = strtok_r(copy, "/", &save); name && dir >= 0;
	     name = strtok_r(NULL, "/", &save)) {
		enable(dir, limits);
		dir = enter(dir, name);
	}
	free(copy);
	return dir;
}

/* Memory and CPU time are counted where that costs the host nothing new. */
static int open_own(int mount, const char *name, const struct cgroup_limits *limits)
{
	int slice;

	enable(mount, limits);
	slice = enter(mount, SLICE);
	if (slice < 0)
		return slice;
	write_file(slice, "cgroup.subtree_control", "+memory");
	write_file(slice, "cgroup.subtree_control", "+cpu");
	enable(slice, limits);
	return enter(slice, name);
}

static int open_cgroup(const struct hvctl_guest *guest, const char *path,
		       const struct cgroup_limits *limits)
{
	int dir = open_mount();

	if (dir < 0)
		return dir;
	return path ? enter_path(dir, path, limits) : open_own(dir, guest->name, limits);
}

/* EINVAL: a kernel thread cannot be moved before it has run, which it soon will. */
static int move_thread(int dir, uint32_t tid)
{
	char text[16];
	int err = 0;

	snprintf(text, sizeof(text), "%u", tid);
	for (int i = 0; i < TRIES; i++) {
		err = write_file(dir, "cgroup.procs", text);
		if (err != -EINVAL)
			break;
		nanosleep(&try_pause, NULL);
	}
	return err;
}

static int move_vcpus(int dir, const struct hvctl_guest *guest)
{
	int err = 0;

	for (const struct hvctl_vcpu *v = guest->vcpu; v && !err; v = v->next)
		err = move_thread(dir, v->tid);
	return err;
}

/* The first line of a file; "" if there is none. */
static void read_line(int dir, const char *name, char *line, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, size - 1);

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* A cpuset with threads in it cannot be empty: no limit is what is around it. */
#define ALL_CPUS	"../cpuset.cpus.effective"

static int set_file(int dir, const char *file, const char *value)
{
	char cpus[4096];

	if (value[0])
		return write_file(dir, file, value);
	read_line(dir, ALL_CPUS, cpus, sizeof(cpus));
	return write_file(dir, file, cpus);
}

static int set_limits(struct hvctl *h, int dir, const struct cgroup_limits *limits)
{
	for (const struct cgroup_file *f = cgroup_files; f->key; f++) {
		const char *value = limits->value[f - cgroup_files];
		int err = value ? set_file(dir, f->file, value) : 0;

		if (err == -ENOENT)
			return set_error(h, -EOPNOTSUPP,
					 "%s: the host's cgroups have no %s controller for it",
					 f->key, f->controller);
		if (err)
			return set_error(h, err, "%s: the guest's cgroup does not take '%s': %s",
					 f->key, value, strerror(-err));
	}
	return 0;
}

static bool any_limit(const struct cgroup_limits *limits)
{
	for (int i = 0; i < CGROUP_FILES; i++)
		if (limits->value[i])
			return true;
	return false;
}

/* A limit that was asked for is worth a failure, a cgroup alone only a warning. */
static int no_cgroup(struct hvctl *h, const struct cgroup_limits *limits, const char *what, int err)
{
	const char *why = err == -ENOENT ? "there is no cgroup2 mount" : strerror(-err);

	if (any_limit(limits))
		return set_error(h, err == -ENOENT ? -EOPNOTSUPP : err, "%s: %s", what, why);
	set_warning(h, "%s: %s", what, why);
	return 0;
}

/**
 * cgroup_place() - move a guest's vCPUs to their cgroup
 * @h: takes the warning
 * @guest: as guest-new described it
 * @path: below the cgroup2 mount; "" for none; NULL for the guest's own
 * @limits: its cgroup's, where they have a value
 *
 * Return: 0, or a negative errno with a sentence if it cannot have its limits.
 */
int cgroup_place(struct hvctl *h, const struct hvctl_guest *guest, const char *path,
		 const struct cgroup_limits *limits)
{
	int dir, err;

	if (path && !*path)
		return 0;
	dir = open_cgroup(guest, path, limits);
	if (dir < 0)
		return no_cgroup(h, limits, "the guest has no cgroup of its own", dir);
	err = set_limits(h, dir, limits);
	if (!err) {
		err = move_vcpus(dir, guest);
		if (err)
			err = no_cgroup(h, limits, "the guest's vCPUs cannot be moved to its cgroup",
					err);
	}
	close(dir);
	return err;
}

/* "0::" and the path, of version 2. */
static int read_path(uint32_t tid, char *path, size_t size)
{
	char name[32], line[PATH_MAX + 16];
	int err = -ENOENT;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%u/cgroup", tid);
	file = fopen(name, "re");
	if (!file)
		return -errno;
	while (err && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "0::/", 4))
			continue;
		line[strcspn(line, "\n")] = '\0';
		err = snprintf(path, size, "%s", line + 4) < (int)size ? 0 : -ENAMETOOLONG;
	}
	fclose(file);
	return err;
}

/* Where the guest's first vCPU is: the host's root cgroup is not the guest's to limit. */
static int open_current(const struct hvctl_guest *guest, const struct cgroup_limits *limits)
{
	char path[PATH_MAX];
	int mount, err;

	if (!guest->vcpu)
		return -ENOENT;
	err = read_path(guest->vcpu->tid, path, sizeof(path));
	if (!err && !path[0])
		err = -ENOENT;
	mount = err ? err : open_mount();
	return mount < 0 ? mount : enter_path(mount, path, limits);
}

/**
 * cgroup_limit() - set limits of a guest that exists
 * @h: takes the sentence
 * @guest: which
 * @limits: those that have a value
 *
 * Return: 0 or a negative errno.
 */
int cgroup_limit(struct hvctl *h, const struct hvctl_guest *guest,
		 const struct cgroup_limits *limits)
{
	int dir = open_current(guest, limits);
	int err;

	if (dir < 0)
		return set_error(h, -EOPNOTSUPP, "the guest has no cgroup of its own");
	err = set_limits(h, dir, limits);
	close(dir);
	return err;
}

/**
 * cgroup_read() - one of a guest's limits
 * @guest: which
 * @file: its place in cgroup_files
 * @value: result; "" where there is none
 * @size: room there
 */
void cgroup_read(const struct hvctl_guest *guest, unsigned int file, char *value, size_t size)
{
	const struct cgroup_file *f = &cgroup_files[file];
	int dir = open_current(guest, NULL);
	char none[4096];

	value[0] = '\0';
	if (dir < 0)
		return;
	read_line(dir, f->file, value, size);
	snprintf(none, sizeof(none), "%s", f->none);
	if (!none[0])
		read_line(dir, ALL_CPUS, none, sizeof(none));
	if (!strcmp(value, none))
		value[0] = '\0';
	close(dir);
}

static int open_slice(void)
{
	int mount = open_mount();
	int slice;

	if (mount < 0)
		return mount;
	slice = openat(mount, SLICE, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	close(mount);
	return slice;
}

/**
 * cgroup_drop() - remove a removed guest's own cgroup
 * @name: the guest's name
 *
 * Its vCPU threads may still be on their way out: try for a moment.  What is
 * left then goes with a later guest's cgroup_sweep().
 */
void cgroup_drop(const char *name)
{
	int slice = open_slice();

	if (slice < 0)
		return;
	for (int i = 0; i < TRIES; i++) {
		if (!unlinkat(slice, name, AT_REMOVEDIR) || errno != EBUSY)
			break;
		nanosleep(&try_pause, NULL);
	}
	close(slice);
}

/*
 * A directory is made after its guest, so one whose guest cannot be found
 * was seen after that guest's end.
 */
static bool guest_exists(struct hvctl *h, const char *name)
{
	uint64_t id;

	return hvctl_lookup(h, name, &id) != -ENOENT;
}

static void sweep(struct hvctl *h, int slice)
{
	DIR *dir = fdopendir(slice);
	struct dirent *entry;

	if (!dir) {
		close(slice);
		return;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    !guest_exists(h, entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	closedir(dir);
}

/**
 * cgroup_sweep() - remove cgroups whose guests are gone
 * @h: a handle
 *
 * A guest that someone removed without us leaves its directory behind.  Only
 * if there are more directories than guests is it worth a look at each.
 */
void cgroup_sweep(struct hvctl *h)
{
	struct hv_info info;
	int slice = open_slice();
	struct stat st;

	if (slice < 0)
		return;
	if (fstat(slice, &st) || hvctl_info(h, &info) || st.st_nlink <= info.guests + 2) {
		close(slice);
		return;
	}
	sweep(h, slice);
}
