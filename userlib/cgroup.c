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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define SLICE		"hv.slice"
#define MOUNTINFO	"/proc/self/mountinfo"

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

/* The cgroup2 mount as a directory, or a negative errno. */
static int open_mount(void)
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
			fd = open_directory(mount);
	free(line);
	fclose(info);
	return fd;
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

static int enter_path(int dir, const char *path)
{
	char *copy = strdup(path), *save = NULL;
	char *name;

	if (!copy) {
		close(dir);
		return -ENOMEM;
	}
	for (name = strtok_r(copy, "/", &save); name && dir >= 0;
	     name = strtok_r(NULL, "/", &save))
		dir = enter(dir, name);
	free(copy);
	return dir;
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

/* Controllers are the administrator's to allow: each on its own, no matter if not. */
static int open_own(int dir, const char *name)
{
	int slice = enter(dir, SLICE);

	if (slice < 0)
		return slice;
	write_file(slice, "cgroup.subtree_control", "+memory");
	write_file(slice, "cgroup.subtree_control", "+cpu");
	return enter(slice, name);
}

static int open_cgroup(const struct hvctl_guest *guest, const char *path)
{
	int dir = open_mount();

	if (dir < 0)
		return dir;
	return path ? enter_path(dir, path) : open_own(dir, guest->name);
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

/**
 * cgroup_place() - move a guest's vCPUs to their cgroup
 * @h: takes the warning
 * @guest: as guest-new described it
 * @path: below the cgroup2 mount; "" for none; NULL for the guest's own
 */
void cgroup_place(struct hvctl *h, const struct hvctl_guest *guest, const char *path)
{
	int dir, err;

	if (path && !*path)
		return;
	dir = open_cgroup(guest, path);
	if (dir < 0) {
		set_warning(h, "the guest has no cgroup of its own: %s",
			    dir == -ENOENT ? "there is no cgroup2 mount" : strerror(-dir));
		return;
	}
	err = move_vcpus(dir, guest);
	if (err)
		set_warning(h, "the guest's vCPU cannot be moved to its cgroup: %s",
			    strerror(-err));
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
