// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/hv and the guest descriptors that it gives.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "api/api.h"
#include "core/engine.h"
#include "core/recorder.h"
#include "guest/guest.h"
#include "guest/handler.h"
#include "guest/memory.h"
#include "version.h"

/* Room for the argument of any ioctl here. */
union ioctl_arg {
	struct hv_info info;
	struct hv_open open;
	struct hv_console console;
	struct hv_vcpu_regs regs;
	struct hv_trap trap;
	struct hv_ioeventfd ioeventfd;
	struct hv_irqfd irqfd;
	struct hv_discard discard;
	struct hv_last_exits last_exits;
};

/**
 * struct ioctl_row - one ioctl
 * @cmd: its number, which has the argument's size and direction
 * @handler: gets the only copy of the argument; a result of 0 or more
 *           succeeds, and then the argument is copied back if @cmd says so
 */
struct ioctl_row {
	unsigned int cmd;
	long (*handler)(struct file *file, union ioctl_arg *arg);
};

static long ioctl_call(const struct ioctl_row *row, struct file *file, void __user *user)
{
	unsigned int dir = _IOC_DIR(row->cmd), size = _IOC_SIZE(row->cmd);
	union ioctl_arg arg;
	long ret;

	memset(&arg, 0, sizeof(arg));
	if ((dir & _IOC_WRITE) && copy_from_user(&arg, user, size))
		return -EFAULT;
	ret = row->handler(file, &arg);
	if (ret >= 0 && (dir & _IOC_READ) && copy_to_user(user, &arg, size))
		return -EFAULT;
	return ret;
}

static long ioctl_dispatch(const struct ioctl_row *rows, unsigned int nr, struct file *file,
			   unsigned int cmd, unsigned long user)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (rows[i].cmd == cmd)
			return ioctl_call(&rows[i], file, (void __user *)user);
	return -ENOTTY;
}

/* Guest descriptors. */

static long guest_fd_console(struct file *file, union ioctl_arg *arg)
{
	const struct hv_console *c = &arg->console;

	if (c->pad || (c->flags & ~(HV_CONSOLE_WRITE | HV_CONSOLE_TAIL)))
		return -EINVAL;
	return console_open(file->private_data, c->flags);
}

static long guest_fd_regs(struct file *file, union ioctl_arg *arg)
{
	struct guest *g = file->private_data;
	struct hv_vcpu_regs *r = &arg->regs;

	if (r->pad || r->vcpu >= g->nr_vcpus)
		return -EINVAL;
	memset(&r->state, 0, sizeof(r->state));
	return guest_get_state(g, r->vcpu, &r->state);
}

static long guest_fd_set_regs(struct file *file, union ioctl_arg *arg)
{
	const struct hv_vcpu_regs *r = &arg->regs;

	return r->pad ? -EINVAL : guest_set_state(file->private_data, r->vcpu, &r->state);
}

static long guest_fd_trap(struct file *file, union ioctl_arg *arg)
{
	return trap_open(file->private_data, &arg->trap);
}

static long guest_fd_ioeventfd(struct file *file, union ioctl_arg *arg)
{
	return ioeventfd_set(file->private_data, &arg->ioeventfd);
}

static long guest_fd_irqfd(struct file *file, union ioctl_arg *arg)
{
	return irqfd_set(file->private_data, &arg->irqfd);
}

static long guest_fd_discard(struct file *file, union ioctl_arg *arg)
{
	return memory_discard(file->private_data, arg->discard.gpa, arg->discard.size);
}

static void record_to_user(const struct recorded_exit *from, struct hv_exit_record *to)
{
	*to = (struct hv_exit_record) {
		.tsc = from->tsc,
		.rip = from->rip,
		.info = { from->info[0], from->info[1] },
		.code = from->code,
	};
	strscpy(to->name, exit_names[from->reason], sizeof(to->name));
}

/* The newest @a->count of the @n records that were copied. */
static int records_to_user(const struct recorded_exit *from, unsigned int n,
			   struct hv_last_exits *a)
{
	struct hv_exit_record __user *to = u64_to_user_ptr(a->records);
	struct hv_exit_record record;
	unsigned int i;

	a->count = min(a->count, n);
	for (i = 0; i < a->count; i++) {
		record_to_user(&from[n - a->count + i], &record);
		if (copy_to_user(&to[i], &record, sizeof(record)))
			return -EFAULT;
	}
	return 0;
}

static long guest_fd_last_exits(struct file *file, union ioctl_arg *arg)
{
	struct hv_last_exits *a = &arg->last_exits;
	struct guest *g = file->private_data;
	struct recorded_exit *copy;
	unsigned int n;
	int err;

	if (a->vcpu >= g->nr_vcpus || a->total)
		return -EINVAL;
	copy = kmalloc_array(RECORDER_EXITS, sizeof(*copy), GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	n = recorder_read(&g->vcpus[a->vcpu]->recorder, copy, &a->total);
	err = records_to_user(copy, n, a);
	kfree(copy);
	return err;
}

static const struct ioctl_row guest_ioctls[] = {
	{ HV_CONSOLE, guest_fd_console },
	{ HV_GET_REGS, guest_fd_regs },
	{ HV_SET_REGS, guest_fd_set_regs },
	{ HV_TRAP, guest_fd_trap },
	{ HV_IOEVENTFD, guest_fd_ioeventfd },
	{ HV_IRQFD, guest_fd_irqfd },
	{ HV_DISCARD, guest_fd_discard },
	{ HV_LAST_EXITS, guest_fd_last_exits },
};

static long guest_fd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ioctl_dispatch(guest_ioctls, ARRAY_SIZE(guest_ioctls), file, cmd, arg);
}

/*
 * The mapping becomes one of the region's own file, whose operations do the
 * faults: nothing of hv is on that path, and the mapping may outlive the
 * guest.
 */
static int guest_fd_mmap(struct file *file, struct vm_area_struct *vma)
{
	u64 gpa = (u64)vma->vm_pgoff << PAGE_SHIFT, offset;
	struct file *memory;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	memory = memory_file(file->private_data, gpa, vma->vm_end - vma->vm_start, &offset);
	if (!memory)
		return -ENXIO;
	vma->vm_pgoff = offset >> PAGE_SHIFT;
	vma_set_file(vma, memory);
	fput(memory);
	return call_mmap(vma->vm_file, vma);
}

static int guest_fd_release(struct inode *inode, struct file *file)
{
	guest_put(file->private_data);
	return 0;
}

static const struct file_operations guest_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= guest_fd_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= guest_fd_mmap,
	.release	= guest_fd_release,
};

/* /dev/hv. */

static long device_info(struct file *file, union ioctl_arg *arg)
{
	struct hv_info *info = &arg->info;

	engine_info(info);
	info->api_version = HV_API_VERSION;
	info->max_guests = guest_max;
	info->max_vcpus = HV_MAX_VCPUS;
	info->guests = guest_count();
	info->max_memory = (u64)totalram_pages() << PAGE_SHIFT;
	strscpy(info->version, HV_VERSION, sizeof(info->version));
	return 0;
}

static long device_open_guest(struct file *file, union ioctl_arg *arg)
{
	struct guest *g;
	int fd;

	if (arg->open.flags || arg->open.pad)
		return -EINVAL;
	g = guest_by_id(arg->open.id);
	if (!g)
		return -ENOENT;
	fd = anon_inode_getfd("[hv-guest]", &guest_fops, g, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		guest_put(g);
	return fd;
}

static const struct ioctl_row device_ioctls[] = {
	{ HV_INFO, device_info },
	{ HV_OPEN, device_open_guest },
};

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ioctl_dispatch(device_ioctls, ARRAY_SIZE(device_ioctls), file, cmd, arg);
}

static int device_open(struct inode *inode, struct file *file)
{
	struct guest_bond *bond = kzalloc(sizeof(*bond), GFP_KERNEL_ACCOUNT);

	if (!bond)
		return -ENOMEM;
	guest_bond_init(bond);
	file->private_data = bond;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	guest_bond_break(file->private_data);
	kfree(file->private_data);
	return 0;
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "hv",
	.fops	= &device_fops,
	.mode	= 0600,
};

bool api_device_is(const struct file *file)
{
	return file->f_op == &device_fops;
}

struct guest_bond *api_device_bond(const struct file *file)
{
	return api_device_is(file) ? file->private_data : NULL;
}

int api_device_register(void)
{
	return misc_register(&device);
}

void api_device_unregister(void)
{
	misc_deregister(&device);
}
