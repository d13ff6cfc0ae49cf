// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traps: a program reads the guest's accesses from a descriptor and writes the
 * answers.  struct hv_trap in linux/hv.h says what it sees.
 *
 * A vCPU makes one access at a time, so a trap has a slot for each of them:
 * idle, queued (nobody has read it), given (somebody has), answered, idle.
 * The vCPU fills it and takes the answer out; the descriptor's end does the
 * rest.  Where the vCPU is called away in between, it leaves the slot as it is
 * and comes back to it: bus_log.serial says that it is still the same access.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "core/vcpu.h"
#include "guest/guest.h"
#include "guest/handler.h"

enum slot_state { SLOT_IDLE, SLOT_QUEUED, SLOT_GIVEN, SLOT_ANSWERED };

/**
 * struct slot - one vCPU's access
 * @state: enum slot_state
 * @serial: of the access: bus_log.serial
 * @access: as user space sees it; @access.data becomes the answer
 */
struct slot {
	u8 state;
	u32 serial;
	struct hv_access access;
};

/**
 * struct trap - a trap descriptor
 * @handler: its range
 * @guest: referenced until the last descriptor is closed
 * @lock: all below
 * @readers: wait here for an access
 * @last_seq: of the last access
 * @closed: no descriptor is left
 * @ended: the guest was removed
 * @nr_slots: the guest's vCPUs; constant
 * @slots: by vCPU
 */
struct trap {
	struct handler handler;
	struct guest *guest;
	spinlock_t lock;	/* everything below but @readers */
	wait_queue_head_t readers;
	u64 last_seq;
	bool closed;
	bool ended;
	unsigned int nr_slots;
	struct slot slots[];
};

static struct trap *trap_of(struct handler *h)
{
	return container_of(h, struct trap, handler);
}

/* The vCPU's end */

/* Queue what @v waits for, unless it was before. */
static void submit(struct trap *t, struct slot *s, struct vcpu *v)
{
	const struct bus_access *a = bus_pending(v);
	bool is_new;

	spin_lock(&t->lock);
	is_new = s->state == SLOT_IDLE || s->serial != v->bus.serial;
	if (is_new) {
		s->state = SLOT_QUEUED;
		s->serial = v->bus.serial;
		s->access = (struct hv_access){
			.seq = ++t->last_seq,
			.address = a->address,
			.data = a->data,
			.vcpu = v->index,
			.size = a->size,
			.write = a->write,
		};
	}
	spin_unlock(&t->lock);
	if (is_new)
		wake_up_interruptible(&t->readers);
}

/* Is the wait over? Sets the answer, if there is one. */
static bool take_answer(struct trap *t, struct slot *s, struct vcpu *v)
{
	bool answered, closed;

	spin_lock(&t->lock);
	answered = s->state == SLOT_ANSWERED;
	closed = t->closed;
	if (answered || closed) {
		bus_answer(v, answered ? s->access.data : ~0ULL);
		s->state = SLOT_IDLE;
	}
	spin_unlock(&t->lock);
	/* A stop, a reset, a pause: the core is asked first when the vCPU comes back to it. */
	return answered || closed || (READ_ONCE(v->requests) & ~BIT(VCPU_REQ_FLUSH));
}

/* However long the program takes, whoever wants the vCPU gets it. */
static void trap_answer(struct handler *h, struct vcpu *v)
{
	struct trap *t = trap_of(h);
	struct slot *s = &t->slots[v->index];

	submit(t, s, v);
	for (;;) {
		set_current_state(TASK_IDLE);
		if (take_answer(t, s, v))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

static void trap_cancel(struct handler *h, unsigned int vcpu)
{
	struct trap *t = trap_of(h);

	spin_lock(&t->lock);
	t->slots[vcpu].state = SLOT_IDLE;
	spin_unlock(&t->lock);
}

static void trap_end(struct handler *h)
{
	struct trap *t = trap_of(h);

	spin_lock(&t->lock);
	t->ended = true;
	spin_unlock(&t->lock);
	wake_up_interruptible(&t->readers);
}

static void trap_free(struct handler *h)
{
	kfree(trap_of(h));
}

static const struct handler_ops trap_ops = {
	.answer	= trap_answer,
	.cancel	= trap_cancel,
	.end	= trap_end,
	.free	= trap_free,
};

/* The descriptor's end */

/* The queued access that came first, or NULL. t->lock held. */
static struct slot *oldest(struct trap *t)
{
	struct slot *found = NULL, *s;

	for (s = t->slots; s < t->slots + t->nr_slots; s++)
		if (s->state == SLOT_QUEUED && (!found || s->access.seq < found->access.seq))
			found = s;
	return found;
}

/* The slot whose access has @seq and is in @state, or NULL. t->lock held. */
static struct slot *find(struct trap *t, u64 seq, enum slot_state state)
{
	struct slot *s;

	for (s = t->slots; s < t->slots + t->nr_slots; s++)
		if (s->state == state && s->access.seq == seq)
			return s;
	return NULL;
}

/* 1 and the next access, 0 once there will be none, or EAGAIN. */
static int take_access(struct trap *t, struct hv_access *access)
{
	struct slot *s;
	int ret = -EAGAIN;

	spin_lock(&t->lock);
	s = oldest(t);
	if (s) {
		s->state = SLOT_GIVEN;
		*access = s->access;
		ret = 1;
	} else if (t->ended) {
		ret = 0;
	}
	spin_unlock(&t->lock);
	return ret;
}

static void give_back(struct trap *t, u64 seq)
{
	struct slot *s;

	spin_lock(&t->lock);
	s = find(t, seq, SLOT_GIVEN);
	if (s)
		s->state = SLOT_QUEUED;
	spin_unlock(&t->lock);
	wake_up_interruptible(&t->readers);
}

static __poll_t trap_events(struct trap *t)
{
	__poll_t events = EPOLLOUT | EPOLLWRNORM;

	spin_lock(&t->lock);
	if (t->ended)
		events |= EPOLLHUP | EPOLLIN | EPOLLRDNORM;
	if (oldest(t))
		events |= EPOLLIN | EPOLLRDNORM;
	spin_unlock(&t->lock);
	return events;
}

static __poll_t trap_poll(struct file *file, poll_table *wait)
{
	struct trap *t = file->private_data;

	poll_wait(file, &t->readers, wait);
	return trap_events(t);
}

static ssize_t trap_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct trap *t = file->private_data;
	struct hv_access access;
	int ret, err;

	if (len < sizeof(access))
		return -EINVAL;
	while ((ret = take_access(t, &access)) == -EAGAIN) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(t->readers, trap_events(t) & EPOLLIN);
		if (err)
			return err;
	}
	if (!ret)
		return 0;
	if (copy_to_user(buf, &access, sizeof(access))) {
		give_back(t, access.seq);
		return -EFAULT;
	}
	return sizeof(access);
}

/* The guest's threads live as long as the guest, which the descriptor holds. */
static ssize_t trap_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct trap *t = file->private_data;
	struct hv_answer answer;
	struct slot *s;

	if (len != sizeof(answer))
		return -EINVAL;
	if (copy_from_user(&answer, buf, sizeof(answer)))
		return -EFAULT;
	spin_lock(&t->lock);
	s = find(t, answer.seq, SLOT_GIVEN);
	if (s) {
		s->access.data = answer.data;
		s->state = SLOT_ANSWERED;
	}
	spin_unlock(&t->lock);
	if (!s)
		return -ENOENT;
	wake_up_process(t->guest->threads[s - t->slots]);
	return sizeof(answer);
}

/* No answer will come. How many accesses wait for one. */
static unsigned int trap_close(struct trap *t)
{
	unsigned int i, cut = 0;

	spin_lock(&t->lock);
	t->closed = true;
	for (i = 0; i < t->nr_slots; i++)
		cut += t->slots[i].state == SLOT_QUEUED || t->slots[i].state == SLOT_GIVEN;
	spin_unlock(&t->lock);
	for (i = 0; cut && i < t->nr_slots; i++)
		wake_up_process(t->guest->threads[i]);
	return cut;
}

static int trap_release(struct inode *inode, struct file *file)
{
	struct trap *t = file->private_data;
	struct guest *g = t->guest;
	unsigned int cut;

	handler_remove(g, &t->handler);
	cut = trap_close(t);
	if (!READ_ONCE(t->ended))
		api_announce_trap(g, &t->handler.range, cut);
	handler_put(&t->handler);
	guest_put(g);
	return 0;
}

static const struct file_operations trap_fops = {
	.owner		= THIS_MODULE,
	.read		= trap_read,
	.write		= trap_write,
	.poll		= trap_poll,
	.release	= trap_release,
};

static struct trap *trap_alloc(struct guest *g, const struct hv_trap *arg)
{
	struct trap *t = kzalloc(struct_size(t, slots, g->nr_vcpus), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	kref_init(&t->handler.ref);
	t->handler.ops = &trap_ops;
	t->handler.range.space = arg->space;
	t->handler.range.first = arg->address;
	t->handler.range.last = arg->address + arg->size - 1;
	t->guest = g;
	spin_lock_init(&t->lock);
	init_waitqueue_head(&t->readers);
	t->nr_slots = g->nr_vcpus;
	return t;
}

/* Once the file is there, its release undoes everything. */
static int trap_publish(struct guest *g, struct trap *t)
{
	struct file *file;
	int err, fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0) {
		handler_put(&t->handler);
		return fd;
	}
	file = anon_inode_getfile("[hv-trap]", &trap_fops, t, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		handler_put(&t->handler);
		return PTR_ERR(file);
	}
	guest_get(g);
	kref_get(&t->handler.ref);
	err = handler_add(g, &t->handler);
	if (err) {
		handler_put(&t->handler);
		t->ended = true;	/* nobody has heard of it */
		put_unused_fd(fd);
		fput(file);
		return err;
	}
	fd_install(fd, file);
	return fd;
}

int trap_open(struct guest *g, const struct hv_trap *arg)
{
	struct trap *t;

	if (arg->flags || arg->space > HV_SPACE_MMIO || !arg->size ||
	    arg->address + arg->size - 1 < arg->address)
		return -EINVAL;
	t = trap_alloc(g, arg);
	return t ? trap_publish(g, t) : -ENOMEM;
}
