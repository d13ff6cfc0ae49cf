// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What needs a descriptor: consoles, memory, registers.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

int hvctl_guest_fd(struct hvctl *h, uint64_t id)
{
	struct hv_open arg = { .id = id };
	int dev = need_device(h);
	int fd;

	if (dev < 0)
		return dev;
	fd = ioctl(dev, HV_OPEN, &arg);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return set_error(h, -ENOENT, "there is no guest with id %llu",
				 (unsigned long long)id);
	return set_error(h, -errno, "cannot open the guest: %s", strerror(errno));
}

int hvctl_console(struct hvctl *h, uint64_t id, uint32_t flags)
{
	struct hv_console arg = { .flags = flags };
	int guest = hvctl_guest_fd(h, id);
	int fd, err;

	if (guest < 0)
		return guest;
	fd = ioctl(guest, HV_CONSOLE, &arg);
	err = errno;
	close(guest);
	if (fd >= 0)
		return fd;
	if (err == EBUSY)
		return set_error(h, -err, "another console has the guest's input");
	return set_error(h, -err, "cannot open the guest's console: %s", strerror(err));
}

int hvctl_memory_map(struct hvctl *h, uint64_t id, uint64_t gpa, size_t len, int prot,
		     void **memory)
{
	int guest = hvctl_guest_fd(h, id);
	int err;

	if (guest < 0)
		return guest;
	*memory = mmap(NULL, len, prot, MAP_SHARED, guest, gpa);
	err = errno;
	close(guest);
	if (*memory != MAP_FAILED)
		return 0;
	*memory = NULL;
	return set_error(h, -err, "cannot map %zu bytes of guest memory at %#llx: %s", len,
			 (unsigned long long)gpa, strerror(err));
}

int hvctl_get_regs(struct hvctl *h, uint64_t id, uint32_t vcpu, struct hv_vcpu_state *state)
{
	struct hv_vcpu_regs regs = { .vcpu = vcpu };
	int guest = hvctl_guest_fd(h, id);
	int err;

	if (guest < 0)
		return guest;
	err = ioctl(guest, HV_GET_REGS, &regs) ? errno : 0;
	close(guest);
	if (err == EBUSY)
		return set_error(h, -err,
				 "the guest is running: its registers can be read once it has stopped");
	if (err)
		return set_error(h, -err, "cannot read vCPU %u's registers: %s", vcpu,
				 strerror(err));
	*state = regs.state;
	return 0;
}
