// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv's guest interface: its payload looks at results, this side at the console
 * and at the end.
 */
#include <sys/eventfd.h>

#include "items.h"

static struct hvctl *h;

static void results(void)
{
	uint64_t id = create_spec(h, item_spec(h, "calls", 0, 0));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);
	char *text = console_text(h, id);
	bool written = strstr(text, "ok written by a call\n") &&
		       strstr(text, "ok written by the other call\n");
	unsigned int good = show_items(text);

	free(text);
	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_DEBUG_EXIT);
	CHECK_EQ(payload_status(g), 0);
	CHECK(good > 30);
	CHECK(written);
	hvctl_guest_free(g);
}

static void end(void)
{
	uint64_t id = create_spec(h, item_spec(h, "calls", 1, 0));
	struct hvctl_guest *g = run_or_kill(h, id, ITEM_MS);

	CHECK_OK(h, hvctl_remove(h, id));
	CHECK_STR(hvctl_stop_reason_name(g->stop_reason), "exit");
	CHECK_EQ(g->stop_status, 7);
	hvctl_guest_free(g);
}

#define DOORBELL	7
#define DOORBELL_PIN	5

/* What @from rings interrupts @to; the kernel alone keeps the eventfd. */
static void connect(uint64_t from, uint64_t to)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	struct hv_ioeventfd rung = {
		.space = HV_SPACE_DOORBELL, .address = DOORBELL, .fd = fd,
	};
	struct hv_irqfd heard = { .gsi = DOORBELL_PIN, .fd = fd };

	CHECK_OK(h, hvctl_ioeventfd(h, from, &rung));
	CHECK_OK(h, hvctl_irqfd(h, to, &heard));
	close(fd);
}

static void doorbells(void)
{
	uint64_t ring = create_spec(h, item_spec(h, "calls", 2, 0));
	uint64_t answer = create_spec(h, item_spec(h, "calls", 3, 0));
	struct hvctl_guest *g;
	char *text;

	connect(ring, answer);
	connect(answer, ring);
	CHECK_OK(h, hvctl_start(h, answer));
	g = run_or_kill(h, ring, ITEM_MS);
	text = console_text(h, ring);
	CHECK_EQ(show_items(text), 4);
	CHECK_EQ(payload_status(g), 0);
	free(text);
	hvctl_guest_free(g);
	CHECK_OK(h, hvctl_kill(h, answer));
	CHECK_OK(h, hvctl_remove(h, answer));
	CHECK_OK(h, hvctl_remove(h, ring));
}

static int refused(struct hv_ioeventfd arg)
{
	uint64_t id = create_spec(h, item_spec(h, "calls", 0, 0));
	int fd = eventfd(0, EFD_CLOEXEC), err;

	arg.space = HV_SPACE_DOORBELL;
	arg.fd = fd;
	err = hvctl_ioeventfd(h, id, &arg);
	close(fd);
	hvctl_remove(h, id);
	return err;
}

static void doorbells_refused(void)
{
	CHECK_EQ(refused((struct hv_ioeventfd){ .address = 0xffff }), 0);
	CHECK_EQ(refused((struct hv_ioeventfd){ .address = 0x10000 }), -EINVAL);
	CHECK_EQ(refused((struct hv_ioeventfd){ .size = 1 }), -EINVAL);
	CHECK_EQ(refused((struct hv_ioeventfd){ .data = 1 }), -EINVAL);
	CHECK_EQ(refused((struct hv_ioeventfd){ .flags = HV_IOEVENTFD_MATCH }), -EINVAL);
}

static const struct tap_test tests[] = {
	{ "results, limits and errors", results },
	{ "a guest that ends itself", end },
	{ "doorbells from guest to guest and back", doorbells },
	{ "doorbells that are refused", doorbells_refused },
};

int main(void)
{
	h = test_open();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
