// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Images as sealed memfds: copied once, and from then on nobody can change
 * them, neither the file's owner nor we ourselves.  What was checked is what
 * every reset of the guest gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#endif

#define CHUNK		(64 << 10)
#define SENDFILE_MAX	(1 << 30)

/* MFD_NOEXEC_SEAL came with Linux 6.3, and some sysctl settings insist on it. */
static int memfd_new(void)
{
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("hv", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("hv", flags);
	return fd < 0 ? -errno : fd;
}

static int seal(int fd)
{
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return -errno;
	return fd;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= n;
	}
	return 0;
}

/* Pipes and odd file systems: by hand. */
static int copy_by_hand(int to, int from, uint64_t max, uint64_t *len)
{
	char chunk[CHUNK];
	int err = 0;

	while (!err && *len <= max) {
		ssize_t n = read(from, chunk, sizeof(chunk));

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		err = write_all(to, chunk, n);
		*len += n;
	}
	return err ? err : -EFBIG;
}

/* One byte more than @max says that it was too much; an endless file ends there. */
static int copy(int to, int from, uint64_t max, uint64_t *len)
{
	*len = 0;
	while (*len <= max) {
		uint64_t left = max - *len + 1;
		ssize_t n = sendfile(to, from, NULL, left < SENDFILE_MAX ? left : SENDFILE_MAX);

		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL)
			return copy_by_hand(to, from, max, len);
		if (n < 0)
			return -errno;
		*len += n;
	}
	return -EFBIG;
}

/* A file that is too large is refused before it is copied. */
static int check_file(int fd, uint64_t max)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		return -EFBIG;
	return 0;
}

static int sealed_copy(int from, uint64_t max, uint64_t *len)
{
	int fd = memfd_new();
	int err;

	if (fd < 0)
		return fd;
	err = copy(fd, from, max, len);
	if (!err)
		err = seal(fd);
	if (err < 0)
		close(fd);
	return err;
}

/**
 * memfd_from_file() - a sealed copy of a file
 * @path: which
 * @max: refuse it with -EFBIG if it is longer
 * @len: its length
 *
 * Return: a descriptor or a negative errno.
 */
int memfd_from_file(const char *path, uint64_t max, uint64_t *len)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int ret;

	if (from < 0)
		return -errno;
	ret = check_file(from, max);
	if (!ret)
		ret = sealed_copy(from, max, len);
	close(from);
	return ret;
}

/**
 * memfd_from_bytes() - a sealed copy of memory
 * @bytes: what
 * @len: how many
 *
 * Return: a descriptor or a negative errno.
 */
int memfd_from_bytes(const void *bytes, size_t len)
{
	int fd = memfd_new();
	int err;

	if (fd < 0)
		return fd;
	err = write_all(fd, bytes, len);
	if (!err)
		err = seal(fd);
	if (err < 0)
		close(fd);
	return err;
}
