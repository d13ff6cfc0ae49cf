// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What needs a descriptor: consoles, memory, registers, devices.
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

/* An ioctl on a descriptor of the guest for just this call: its result or a negative errno. */
static int guest_ioctl(struct hvctl *h, uint64_t id, unsigned long cmd, const void *arg)
{
	int guest = hvctl_guest_fd(h, id);
	int ret, err;

	if (guest < 0)
		return guest;
	ret = ioctl(guest, cmd, arg);
	err = errno;
	close(guest);
	return ret < 0 ? -err : ret;
}

int hvctl_set_regs(struct hvctl *h, uint64_t id, uint32_t vcpu, const struct hv_vcpu_state *state)
{
	struct hv_vcpu_regs regs = { .vcpu = vcpu, .state = *state };
	int err = guest_ioctl(h, id, HV_SET_REGS, &regs);

	if (err == -EBUSY)
		return set_error(h, err,
				 "the guest is running, or the vCPU has not begun: its registers cannot be set");
	if (err)
		return set_error(h, err, "cannot set vCPU %u's registers: %s", vcpu,
				 strerror(-err));
	return 0;
}

int hvctl_trap(struct hvctl *h, uint64_t id, uint32_t space, uint64_t address, uint64_t size)
{
	struct hv_trap arg = { .space = space, .address = address, .size = size };
	int fd = guest_ioctl(h, id, HV_TRAP, &arg);

	if (fd == -EBUSY)
		return set_error(h, fd, "the guest's own memory or chips are in that range");
	if (fd == -EEXIST)
		return set_error(h, fd, "another program answers in that range");
	if (fd < 0)
		return set_error(h, fd, "cannot answer %llu addresses at %#llx: %s",
				 (unsigned long long)size, (unsigned long long)address,
				 strerror(-fd));
	return fd;
}

int hvctl_ioeventfd(struct hvctl *h, uint64_t id, const struct hv_ioeventfd *arg)
{
	int err = guest_ioctl(h, id, HV_IOEVENTFD, arg);

	return err ? set_error(h, err, "ioeventfd at %#llx: %s",
			       (unsigned long long)arg->address, strerror(-err)) : 0;
}

int hvctl_irqfd(struct hvctl *h, uint64_t id, const struct hv_irqfd *arg)
{
	int err = guest_ioctl(h, id, HV_IRQFD, arg);

	return err ? set_error(h, err, "irqfd of GSI %u: %s", arg->gsi, strerror(-err)) : 0;
}

int hvctl_last_exits(struct hvctl *h, uint64_t id, uint32_t vcpu, struct hv_exit_record *records,
		     uint32_t max)
{
	struct hv_last_exits arg = { .vcpu = vcpu, .count = max, .records = (uintptr_t)records };
	int guest = hvctl_guest_fd(h, id);
	int err;

	if (guest < 0)
		return guest;
	err = ioctl(guest, HV_LAST_EXITS, &arg) ? errno : 0;
	close(guest);
	if (err)
		return set_error(h, -err, "cannot read vCPU %u's last exits: %s", vcpu,
				 err == EINVAL ? "there is no such vCPU" : strerror(err));
	return arg.count;
}
