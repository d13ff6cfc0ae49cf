// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl events
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "ctl.h"

static const struct option_row options[] = {
	{ "filter", 0, "KEY=VALUE", "only guests with this id, name, state, stop or label", NULL },
	{ "count", 'n', "N", "end after so many", NULL },
	{ 0 }
};

#define NS_PER_S	1000000000ULL

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static const char *time_text(char *buf, size_t size, uint64_t ns)
{
	time_t seconds = ns / NS_PER_S;
	struct tm tm;
	size_t len;

	len = strftime(buf, size, "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &tm));
	snprintf(buf + len, size - len, ".%03u", (unsigned int)(ns / 1000000 % 1000));
	return buf;
}

static int print_event(struct out *out, const struct hvctl_guest *guest)
{
	uint64_t now = now_ns();
	char text[64], stop[320];

	out_row(out);
	out_number(out, "time", "TIME", now, time_text(text, sizeof(text), now));
	out_number(out, "id", "ID", guest->id, NULL);
	out_text(out, "name", "NAME", guest->name);
	out_text(out, "event", "EVENT", hvctl_state_name(guest->state));
	out_colour(out, state_colour(guest));
	out_text(out, NULL, "STOP", stop_text(stop, sizeof(stop), guest));
	add_stop(out, guest);
	return out_flush(out);
}

/* What was lost is worth a line of its own: whoever counts has to list again. */
static int print_loss(struct context *c, struct out *out)
{
	if (!c->json) {
		note(c, "%s; hvctl ls -a says how the guests are now", hvctl_error(c->h));
		return 0;
	}
	out_row(out);
	out_number(out, "time", NULL, now_ns(), NULL);
	out_text(out, "event", NULL, "lost");
	return out_flush(out);
}

static int next(struct context *c, struct hvctl_guest **guest)
{
	struct pollfd pfd = { .fd = hvctl_events_fd(c->h), .events = POLLIN };
	int err;

	if (pfd.fd < 0)
		return pfd.fd;
	while ((err = hvctl_events_next(c->h, guest)) == -EAGAIN)
		poll(&pfd, 1, -1);
	return err;
}

static int follow(struct context *c, const struct filters *filters, uint64_t count)
{
	struct out *out = out_new(c, OUT_STREAM);
	bool endless = !count;
	int status = 0;

	while (!status && (endless || count)) {
		struct hvctl_guest *guest = NULL;
		int err = next(c, &guest);

		if (err == -ENOBUFS) {
			status = print_loss(c, out);
		} else if (err) {
			status = fail_library(c, err);
		} else if (filter_passes(filters, guest)) {
			status = print_event(out, guest);
			count--;
		}
		hvctl_guest_free(guest);
	}
	return out_end(out) && !status ? STATUS_FAILED : status;
}

static int run(struct context *c)
{
	struct filters filters = { 0 };
	const struct option_row *row;
	const char *value;
	uint64_t count = 0;
	int status = 0;

	while (!status && (row = next_option(c, &value))) {
		if (is_option(row, "filter"))
			status = filter_add(c, &filters, value);
		else
			status = take_number(c, row, value, UINT32_MAX, &count);
	}
	if (!status)
		status = expect_arguments(c, 0, 0);
	if (!status)
		status = open_library(c);
	return status ? status : follow(c, &filters, count);
}

const struct command cmd_events = {
	.name = "events", .args = "", .help = "Print changes of guests' states as they happen",
	.text = "An event is called as the state that the guest is in then: created, running, paused, "
		"stopped, or gone once it is removed. Takes CAP_SYS_ADMIN.",
	.options = options, .run = run,
};
