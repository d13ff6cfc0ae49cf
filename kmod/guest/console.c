// SPDX-License-Identifier: GPL-2.0-only
/*
 * The console's two ends: the UART's hooks and the descriptors of those who
 * watch and type.
 *
 * Locks: platform.lock, then console.lock.  The core holds the first when it
 * calls uart_tx() and uart_rx_drained(); feeding input takes it for as long as
 * a byte is on its way from queue to UART, so two feeders cannot swap bytes.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "guest/console.h"
#include "guest/guest.h"
#include "guest/memory.h"
#include "plat/uart.h"

#define CONSOLE_CHUNK	256	/* bytes copied with interrupts off at a time */

/**
 * struct console_file - what a console descriptor keeps
 * @guest: referenced
 * @lock: serializes the readers that share the descriptor: @pos
 * @pos: the next byte to read
 * @writer: has the input side; constant
 */
struct console_file {
	struct guest *guest;
	struct mutex lock;	/* @pos */
	u64 pos;
	bool writer;
};

/*
 * Waking a reader costs the guest more than printing a hundred bytes, so the
 * wake-up for one byte waits for those behind it. Nobody sees a millisecond.
 */
#define CONSOLE_WAKE_NS		NSEC_PER_MSEC

/*
 * Waiters look at the console under its lock after they have queued
 * themselves; those who change it look for waiters after they have dropped
 * the lock.  One of the two sees the other.
 */
static void console_wake(struct console *c)
{
	if (wq_has_sleeper(&c->wq) && !test_and_set_bit(0, &c->waking))
		host_timer_start(&c->wake, host_now() + CONSOLE_WAKE_NS);
}

/* Hard interrupt. What changes from here on asks for another wake-up. */
static void console_wake_now(struct host_timer *timer)
{
	struct console *c = container_of(timer, struct console, wake);

	clear_bit(0, &c->waking);
	/* Whoever finds the bit set has changed the console before the wake-up below. */
	smp_mb__after_atomic();
	wake_up_interruptible(&c->wq);
}

int console_init(struct console *c)
{
	u8 *out = kzalloc(CONSOLE_FIRST, GFP_KERNEL_ACCOUNT);

	if (!out)
		return -ENOMEM;
	host_lock_init(&c->lock);
	ring_init(&c->out, out, CONSOLE_FIRST);
	init_waitqueue_head(&c->wq);
	host_timer_init(&c->wake, console_wake_now);
	return 0;
}

void console_destroy(struct console *c)
{
	if (!c->out.data)
		return;
	host_timer_sync(&c->wake);
	kvfree(c->out.data);
	kfree(c->in.data);
}

size_t console_footprint(const struct console *c)
{
	return READ_ONCE(c->out.size) + READ_ONCE(c->in.size);
}

/* @data of @size for @r, unless somebody was faster. c->lock held. Returns what is left over. */
static u8 *enlarge(struct ring *r, u8 *data, u32 size)
{
	u8 *old = r->data;

	if (!data || r->size == size)
		return data;
	ring_move(r, data, size);
	return old;
}

void console_grow(struct guest *g)
{
	struct console *c = &g->console;
	struct charge charge;
	unsigned long flags;
	u8 *data;

	if (READ_ONCE(c->settled))
		return;
	charge_begin(g, &charge);
	/* Softly: a guest that prints is no reason to kill somebody for his memory. */
	data = kvzalloc(CONSOLE_RING, GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	charge_end(&charge);
	flags = host_lock(&c->lock);
	data = enlarge(&c->out, data, CONSOLE_RING);
	WRITE_ONCE(c->settled, true);
	host_unlock(&c->lock, flags);
	kvfree(data);
}

/*
 * Nothing can be allocated where the guest prints.  So once the first ring is half full
 * every vCPU has to leave the core before it prints again, and the other half is for what
 * they are printing at that moment: the string I/O of one exit, STRING_BATCH bytes each
 * (HV_MAX_VCPUS of them fill it), or a hypercall's, which asks first.
 */
static void ask_for_more(struct guest *g)
{
	struct console *c = &g->console;
	unsigned int i;

	c->asked = true;
	for (i = 0; i < g->nr_vcpus; i++)
		set_bit(VCPU_REQ_CONSOLE, &g->vcpus[i]->requests);
}

/* c->lock held. */
static void print(struct guest *g, const u8 *bytes, unsigned int n)
{
	struct console *c = &g->console;
	unsigned int i;

	for (i = 0; i < n; i++)
		ring_put(&c->out, bytes[i]);
	if (unlikely(!c->asked) && ring_used(&c->out) > CONSOLE_FIRST / 2)
		ask_for_more(g);
}

/* The guest prints a byte. Core; platform.lock held. */
void uart_tx(struct uart *u, u8 byte)
{
	struct guest *g = container_of(u, struct guest, platform.uart);
	struct console *c = &g->console;
	unsigned long flags = host_lock(&c->lock);

	print(g, &byte, 1);
	host_unlock(&c->lock, flags);
	console_wake(c);
}

/* A piece at a time: guest memory is read outside of the lock. */
void host_console_write(struct vcpu *v, const u8 *bytes, unsigned int n)
{
	struct console *c = &v->guest->console;
	u8 buf[CONSOLE_CHUNK];
	unsigned long flags;
	unsigned int len;

	for (; n; n -= len, bytes += len) {
		len = min_t(unsigned int, n, sizeof(buf));
		memcpy(buf, bytes, len);
		flags = host_lock(&c->lock);
		print(v->guest, buf, len);
		host_unlock(&c->lock, flags);
	}
	console_wake(c);
}

/* Two that ask at once may both be told so: the oldest goes where there was room for one. */
bool host_console_takes(struct vcpu *v, unsigned int n)
{
	struct console *c = &v->guest->console;
	unsigned long flags = host_lock(&c->lock);
	bool takes = c->settled || n <= ring_space(&c->out);

	host_unlock(&c->lock, flags);
	return takes;
}

static u32 console_peek_input(struct console *c, u8 *buf, u32 n)
{
	unsigned long flags = host_lock(&c->lock);
	u64 pos = c->in.tail;

	n = c->live ? ring_read(&c->in, &pos, buf, n) : 0;
	host_unlock(&c->lock, flags);
	return n;
}

static void console_drop_input(struct console *c, u32 n)
{
	unsigned long flags = host_lock(&c->lock);

	ring_drop(&c->in, n);
	host_unlock(&c->lock, flags);
	console_wake(c);
}

/* Hand queued input to the UART as far as its FIFO goes. platform.lock held. */
static void console_feed(struct guest *g)
{
	u8 buf[UART_FIFO];
	u32 n = min_t(u32, uart_rx_room(&g->platform), sizeof(buf));

	n = n ? console_peek_input(&g->console, buf, n) : 0;
	if (n)
		console_drop_input(&g->console, uart_feed(&g->platform, buf, n));
}

static void console_feed_locked(struct guest *g)
{
	unsigned long flags = host_lock(&g->platform.lock);

	console_feed(g);
	host_unlock(&g->platform.lock, flags);
}

/* The UART's FIFO has room again. Core; platform.lock held. */
void uart_rx_drained(struct uart *u)
{
	console_feed(container_of(u, struct guest, platform.uart));
}

void console_set_ended(struct console *c, bool ended)
{
	unsigned long flags = host_lock(&c->lock);

	c->ended = ended;
	c->live = !ended;
	if (ended)
		ring_drop(&c->in, CONSOLE_INPUT);
	host_unlock(&c->lock, flags);
	if (!ended)
		console_feed_locked(container_of(c, struct guest, console));
	wake_up_interruptible(&c->wq);
}

/* What read() and write() would find. */
static __poll_t console_events(struct console_file *f)
{
	struct console *c = &f->guest->console;
	unsigned long flags = host_lock(&c->lock);
	__poll_t events = 0;

	if (c->ended)
		events |= EPOLLHUP;
	if (c->ended || READ_ONCE(f->pos) < c->out.head)
		events |= EPOLLIN | EPOLLRDNORM;
	if (f->writer && !c->ended && ring_space(&c->in))
		events |= EPOLLOUT | EPOLLWRNORM;
	host_unlock(&c->lock, flags);
	return events;
}

static __poll_t console_poll(struct file *file, poll_table *wait)
{
	struct console_file *f = file->private_data;

	poll_wait(file, &f->guest->console.wq, wait);
	return console_events(f);
}

/* 0 once one of @events is there; EAGAIN or ERESTARTSYS. */
static int console_wait(struct kiocb *iocb, __poll_t events)
{
	struct console_file *f = iocb->ki_filp->private_data;

	if ((iocb->ki_filp->f_flags & O_NONBLOCK) || (iocb->ki_flags & IOCB_NOWAIT))
		return -EAGAIN;
	return wait_event_interruptible(f->guest->console.wq, console_events(f) & events);
}

/* The next bytes: how many, 0 at the end, EAGAIN where more may come. f->lock held. */
static int console_next(struct console_file *f, u8 *buf, size_t n)
{
	struct console *c = &f->guest->console;
	unsigned long flags = host_lock(&c->lock);
	u64 pos = f->pos;
	int got = ring_read(&c->out, &pos, buf, min_t(size_t, n, CONSOLE_CHUNK));

	WRITE_ONCE(f->pos, pos);
	if (!got && !c->ended)
		got = -EAGAIN;
	host_unlock(&c->lock, flags);
	return got;
}

static ssize_t console_copy_out(struct console_file *f, struct iov_iter *to)
{
	u8 buf[CONSOLE_CHUNK];
	ssize_t done = 0;
	size_t copied;
	int n = 0;

	while (iov_iter_count(to)) {
		n = console_next(f, buf, iov_iter_count(to));
		if (n <= 0)
			break;
		copied = copy_to_iter(buf, n, to);
		WRITE_ONCE(f->pos, f->pos + copied);
		done += copied;
		if (copied < n) {
			n = -EFAULT;
			break;
		}
	}
	return done ? done : n;
}

static ssize_t console_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct console_file *f = iocb->ki_filp->private_data;
	ssize_t n;

	do {
		n = mutex_lock_interruptible(&f->lock);
		if (n)
			return n;
		n = console_copy_out(f, to);
		mutex_unlock(&f->lock);
		if (n != -EAGAIN)
			return n;
		n = console_wait(iocb, EPOLLIN);
	} while (!n);
	return n;
}

/* Queue what fits: how many, EAGAIN where nothing does, EPIPE. */
static int console_queue(struct console_file *f, const u8 *buf, size_t n)
{
	struct console *c = &f->guest->console;
	unsigned long flags = host_lock(&c->lock);
	int took = c->ended ? -EPIPE : ring_add(&c->in, buf, n);

	host_unlock(&c->lock, flags);
	return took ? took : -EAGAIN;
}

static ssize_t console_copy_in(struct console_file *f, struct iov_iter *from)
{
	u8 buf[CONSOLE_CHUNK];
	ssize_t done = 0;
	size_t copied;
	int n = 0;

	while (iov_iter_count(from)) {
		copied = copy_from_iter(buf, sizeof(buf), from);
		n = copied ? console_queue(f, buf, copied) : -EFAULT;
		if (n < 0) {
			iov_iter_revert(from, copied);
			break;
		}
		iov_iter_revert(from, copied - n);
		done += n;
		console_feed_locked(f->guest);
	}
	return done ? done : n;
}

static ssize_t console_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct console_file *f = iocb->ki_filp->private_data;
	ssize_t n;

	do {
		n = console_copy_in(f, from);
		if (n != -EAGAIN)
			return n;
		n = console_wait(iocb, EPOLLOUT | EPOLLHUP);
	} while (!n);
	return n;
}

static void console_file_free(struct console_file *f)
{
	struct console *c = &f->guest->console;
	unsigned long flags;

	if (f->writer) {
		flags = host_lock(&c->lock);
		c->writer = false;
		host_unlock(&c->lock, flags);
	}
	guest_put(f->guest);
	mutex_destroy(&f->lock);
	kfree(f);
}

static int console_release(struct inode *inode, struct file *file)
{
	console_file_free(file->private_data);
	return 0;
}

static const struct file_operations console_fops = {
	.owner		= THIS_MODULE,
	.read_iter	= console_read,
	.write_iter	= console_write,
	.poll		= console_poll,
	.release	= console_release,
};

/* Take the input side and the first position as @flags ask for. */
static int console_attach(struct console_file *f, u32 flags)
{
	struct console *c = &f->guest->console;
	bool writer = flags & HV_CONSOLE_WRITE;
	unsigned long irq = host_lock(&c->lock);
	int err = writer && c->writer ? -EBUSY : 0;

	f->writer = writer && !err;
	c->writer |= f->writer;
	f->pos = (flags & HV_CONSOLE_TAIL) ? c->out.head : c->out.tail;
	host_unlock(&c->lock, irq);
	return err;
}

/* The queue for a writer's input. False: no memory. */
static bool make_input(struct console *c)
{
	unsigned long flags;
	u8 *data;

	if (READ_ONCE(c->in.size))
		return true;
	data = kzalloc(CONSOLE_INPUT, GFP_KERNEL_ACCOUNT);
	flags = host_lock(&c->lock);
	data = enlarge(&c->in, data, CONSOLE_INPUT);
	host_unlock(&c->lock, flags);
	kfree(data);
	return READ_ONCE(c->in.size);
}

int console_open(struct guest *g, u32 flags)
{
	struct console_file *f;
	int fd;

	if ((flags & HV_CONSOLE_WRITE) && !make_input(&g->console))
		return -ENOMEM;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	f->guest = guest_get(g);
	mutex_init(&f->lock);
	fd = console_attach(f, flags);
	if (!fd)
		fd = anon_inode_getfd("[hv-console]", &console_fops, f,
				      O_CLOEXEC | (f->writer ? O_RDWR : O_RDONLY));
	if (fd < 0)
		console_file_free(f);
	return fd;
}
