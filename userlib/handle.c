// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles and their sentences.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <netlink/socket.h>

#include "internal.h"

/* Notes a sentence and returns @err, so that callers can return both at once. */
int set_error(struct hvctl *h, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(h->error, sizeof(h->error), fmt, ap);
	va_end(ap);
	return err;
}

/* The first warning stays: what follows is usually a consequence. */
void set_warning(struct hvctl *h, const char *fmt, ...)
{
	va_list ap;

	if (h->warning[0])
		return;
	va_start(ap, fmt);
	vsnprintf(h->warning, sizeof(h->warning), fmt, ap);
	va_end(ap);
}

/* The device, or the sentence that says why it could not be opened. */
int need_device(struct hvctl *h)
{
	if (h->dev_fd >= 0)
		return h->dev_fd;
	if (h->dev_fd == -ENOENT || h->dev_fd == -ENODEV || h->dev_fd == -ENXIO)
		return set_error(h, -ENODEV,
				 "there is no " DEV_PATH ": is the hv module loaded (modprobe hv)?");
	return set_error(h, h->dev_fd, "cannot open " DEV_PATH ": %s%s", strerror(-h->dev_fd),
			 h->dev_fd == -EACCES ? "; become root or a member of its group" : "");
}

int hvctl_open(struct hvctl **h)
{
	struct hvctl *new = calloc(1, sizeof(*new));

	*h = new;
	if (!new)
		return -ENOMEM;
	new->dev_fd = open(DEV_PATH, O_RDWR | O_CLOEXEC);
	if (new->dev_fd < 0)
		new->dev_fd = -errno;
	return netlink_open(new);
}

void hvctl_close(struct hvctl *h)
{
	if (!h)
		return;
	nl_socket_free(h->sock);
	nl_socket_free(h->events);
	if (h->dev_fd >= 0)
		close(h->dev_fd);
	free(h);
}

const char *hvctl_error(const struct hvctl *h)
{
	return h ? h->error : "out of memory";
}

const char *hvctl_warning(const struct hvctl *h)
{
	return h ? h->warning : "";
}

const char *hvctl_version(void)
{
	return HVCTL_VERSION;
}

int hvctl_info(struct hvctl *h, struct hv_info *info)
{
	int fd = need_device(h);

	if (fd < 0)
		return fd;
	if (ioctl(fd, HV_INFO, info))
		return set_error(h, -errno, "cannot ask the hv module what it has: %s",
				 strerror(errno));
	return 0;
}
