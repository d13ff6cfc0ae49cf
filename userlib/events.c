// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events, and waiting for a guest to stop.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "internal.h"

int hvctl_events_fd(struct hvctl *h)
{
	int err = netlink_subscribe(h);

	return err ? err : nl_socket_get_fd(h->events);
}

struct event {
	struct hvctl_guest **guest;
	int err;
};

static int on_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *genl = nlmsg_data(nlmsg_hdr(msg));
	struct event *event = arg;

	if (genl->cmd == HV_CMD_GUEST_NTF && !*event->guest)
		event->err = parse_guest(nlmsg_hdr(msg), event->guest);
	return NL_OK;
}

/* Events are nobody's answers: their sequence numbers mean nothing. */
static int any_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

static int read_event(struct hvctl *h, struct event *event)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, event);
	err = nl_recvmsgs(h->events, cb);
	nl_cb_put(cb);
	if (err == -NLE_AGAIN)
		return -EAGAIN;
	/* libnl says NLE_NOMEM for ENOBUFS: the kernel had to drop events. */
	if (err == -NLE_NOMEM)
		return -ENOBUFS;
	return err < 0 ? -EIO : event->err;
}

int hvctl_events_next(struct hvctl *h, struct hvctl_guest **guest)
{
	struct event event = { .guest = guest };
	int err = netlink_subscribe(h);

	*guest = NULL;
	if (err)
		return err;
	while (!err && !*guest)
		err = read_event(h, &event);
	if (!err || err == -EAGAIN)
		return err;
	if (err == -ENOBUFS)
		return set_error(h, err,
				 "events came faster than they were read, and some are lost");
	return set_error(h, err, "cannot read hv's events: %s", strerror(-err));
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* One that its policy restarts has not come to its end. */
static bool is_over(const struct hvctl_guest *guest)
{
	return guest->state == HV_STATE_STOPPED && !guest->restart_at;
}

/*
 * True once @guest is set: the guest with @id stopped. The queue may still hold
 * the end of an earlier run: one that began before @started does not count.
 */
static bool next_stop(struct hvctl *h, uint64_t id, uint64_t started, struct hvctl_guest **guest,
		      int *err)
{
	for (;;) {
		*err = hvctl_events_next(h, guest);
		if (*err)
			return false;
		if ((*guest)->id == id && (*guest)->started_at >= started && is_over(*guest))
			return true;
		hvctl_guest_free(*guest);
		*guest = NULL;
	}
}

/* How a guest ended that is gone, if the queue still knows. */
static int last_words(struct hvctl *h, uint64_t id, struct hvctl_guest **guest)
{
	struct hvctl_guest *event, *last = NULL;
	int err = -EAGAIN;

	while (h->events && next_stop(h, id, 0, &event, &err)) {
		hvctl_guest_free(last);
		last = event;
	}
	*guest = last;
	return last ? 0 : set_error(h, -ENOENT, "the guest is gone");
}

/* -EAGAIN and when it was started if it runs, or never has. */
static int get_if_stopped(struct hvctl *h, uint64_t id, struct hvctl_guest **guest,
			  uint64_t *started)
{
	int err = hvctl_get(h, id, guest);

	if (err || is_over(*guest))
		return err;
	*started = (*guest)->started_at;
	hvctl_guest_free(*guest);
	*guest = NULL;
	return -EAGAIN;
}

/*
 * Events take CAP_SYS_ADMIN.  Who has none, but /dev/hv or a guest of his own,
 * looks again and again.
 */
#define LOOK_AGAIN_MS	50
#define LOOK_LATEST_MS	60000

static int sleep_until(struct hvctl *h, long long deadline)
{
	struct pollfd pfd = { .fd = -1, .events = POLLIN };
	long long left = deadline < 0 ? LOOK_LATEST_MS : deadline - now_ms();
	int most = h->events ? LOOK_LATEST_MS : LOOK_AGAIN_MS;

	if (left <= 0)
		return set_error(h, -ETIMEDOUT, "the guest has not stopped yet");
	if (h->events)
		pfd.fd = nl_socket_get_fd(h->events);
	if (poll(&pfd, 1, left > most ? most : (int)left) < 0)
		return set_error(h, -errno, "%s", strerror(errno));
	return 0;
}

/* An event that was lost does no harm: the next look sees what it said. */
static int next_or_again(struct hvctl *h, uint64_t id, uint64_t started,
			 struct hvctl_guest **guest)
{
	int err = -EAGAIN;

	if (h->events && next_stop(h, id, started, guest, &err))
		return 0;
	return err == -ENOBUFS ? -EAGAIN : err;
}

int hvctl_wait(struct hvctl *h, uint64_t id, int timeout_ms, struct hvctl_guest **guest)
{
	long long deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	uint64_t started = 0;
	int err;

	*guest = NULL;
	/* Subscribed before looking: a stop in between is in the queue. */
	err = netlink_subscribe(h);
	if (err && err != -EPERM)
		return err;
	do {
		err = get_if_stopped(h, id, guest, &started);
		if (err == -ENOENT)
			return last_words(h, id, guest);
		if (err != -EAGAIN)
			return err;
		err = sleep_until(h, deadline);
		if (!err)
			err = next_or_again(h, id, started, guest);
	} while (err == -EAGAIN);
	return err;
}
