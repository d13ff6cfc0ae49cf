/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's console: a ring that keeps what it printed, many readers, one
 * writer.
 *
 * The guest's side (uart_tx, uart_rx_drained) is called from the core:
 * interrupts off, never waits.  It overwrites the oldest byte when the ring is
 * full, so a slow reader delays nobody; it goes on at the oldest byte kept.
 */
#ifndef HV_GUEST_CONSOLE_H
#define HV_GUEST_CONSOLE_H

#include <linux/wait.h>

#include "core/host.h"
#include "core/ring.h"

/* Bytes, powers of two. */
#define CONSOLE_FIRST	(8 * 1024)	/* of output kept, as long as a guest prints little */
#define CONSOLE_RING	(64 * 1024)	/* of output kept */
#define CONSOLE_INPUT	4096		/* of input queued, once there was a writer */

/**
 * struct console - output ring and input queue
 * @lock: all below but @wq and @wake; interrupts off; taken inside platform.lock
 * @out: what the guest printed, the last @out.size bytes
 * @in: what the UART has yet to take; none before the first writer
 * @asked: the vCPUs have been asked to leave the core for console_grow()
 * @settled: @out does not grow any more
 * @writer: somebody holds the input side
 * @ended: the guest has stopped: readers get end of file once they have all
 * @live: the guest runs: the UART takes input. Neither, before the first start
 * @wq: readers and the writer wait here
 * @waking: bit 0: @wake is on its way
 * @wake: wakes @wq a moment after something has changed
 */
struct console {
	host_lock_t lock;
	struct ring out;
	struct ring in;
	bool asked;
	bool settled;
	bool writer;
	bool ended;
	bool live;
	wait_queue_head_t wq;
	unsigned long waking;
	struct host_timer wake;
};

int console_init(struct console *c);

/* The UART is quiet and no descriptor is left; or console_init() was not called or failed. */
void console_destroy(struct console *c);

/**
 * console_set_ended() - the guest has started, was reset, stopped or went
 * @c: the console of a struct guest
 * @ended: it stopped or was removed: wakes readers and writers, drops input
 *
 * With @ended false it hands queued input to the UART: call it after the
 * platform's reset at every start and at every reset.  Thread context;
 * platform.lock is not held.
 */
void console_set_ended(struct console *c, bool ended);

struct guest;

/*
 * Keep CONSOLE_RING bytes from now on, paid by the guest's cgroup.  Where there is no
 * memory for them it stays as it is, for good: that much less of the guest's output is
 * kept.  Thread context.
 */
void console_grow(struct guest *g);

/* Bytes that it holds. No lock. */
size_t console_footprint(const struct console *c);

/* A new console descriptor for @g (flags: HV_CONSOLE_*), or -errno. */
int console_open(struct guest *g, u32 flags);

#endif /* HV_GUEST_CONSOLE_H */
