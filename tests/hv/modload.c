// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module comes and goes, 50 times, and stays while somebody needs it.
 *
 * usage: modload [MODULE.ko] [TIMES]     (/lib/hv.ko 50)
 */
#include <sys/syscall.h>

#include "items.h"

static const char *module = "/lib/hv.ko";
static unsigned int times;

static int insmod(void)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	long err;

	if (fd < 0)
		test_die("%s: %s", module, strerror(errno));
	err = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return err ? -errno : 0;
}

static int rmmod(void)
{
	return syscall(SYS_delete_module, "hv", O_NONBLOCK) ? -errno : 0;
}

/*
 * What was just closed drops its reference a moment later, with its last file
 * or the vCPU's thread.
 */
static int rmmod_soon(void)
{
	unsigned int tries;
	int err = rmmod();

	for (tries = 0; tries < 100 && (err == -EBUSY || err == -EAGAIN); tries++) {
		usleep(10000);
		err = rmmod();
	}
	return err;
}

/* Refused, whatever the kernel's errno for that. */
static bool refused(void)
{
	int err = rmmod();

	return err == -EBUSY || err == -EAGAIN;
}

static bool has_device(void)
{
	return !access("/dev/hv", F_OK);
}

/* The library finds device and family, or says that the module is not there. */
static int opens(void)
{
	struct hvctl *h;
	struct hvctl_guest **list;
	int err = hvctl_open(&h);

	if (!err) {
		err = hvctl_list(h, &list);
		if (!err)
			hvctl_list_free(list);
	}
	hvctl_close(h);
	return err;
}

static bool has_threads(void)
{
	FILE *f = popen("ps -o comm 2>/dev/null | grep -c '^hv/'", "r");
	int n = -1;

	if (f && fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n > 0;
}

static struct hvctl *open_loaded(void)
{
	struct hvctl *h;

	if (hvctl_open(&h))
		test_die("open: %s", hvctl_error(h));
	return h;
}

static void comes_and_goes(void)
{
	unsigned int i;

	for (i = 0; i < times; i++) {
		CHECK_EQ(rmmod_soon(), 0);
		CHECK(!has_device());
		CHECK_EQ(opens(), -ENODEV);
		CHECK_EQ(insmod(), 0);
		CHECK(has_device());
		CHECK_EQ(opens(), 0);
	}
}

/* A guest that runs in between leaves nothing that holds the module. */
static void with_guests_between(void)
{
	struct hvctl *h;
	unsigned int i;
	struct items r;

	for (i = 0; i < times / 5; i++) {
		h = open_loaded();
		r = run_items(h, "exits", 0, 0);
		CHECK_ITEMS(r);
		items_free(&r);
		hvctl_close(h);
		CHECK_EQ(rmmod_soon(), 0);
		CHECK(!has_threads());
		CHECK_EQ(insmod(), 0);
	}
}

static void loaded_once(void)
{
	CHECK_EQ(insmod(), -EEXIST);
}

static void busy_in_each_state(void)
{
	struct hvctl *h = open_loaded();
	struct hvctl_guest *g;
	uint64_t id = create_spec(h, item_spec(h, "ends", 13, 0));	/* END_SPIN */

	CHECK(refused());
	CHECK_OK(h, hvctl_start(h, id));
	CHECK(refused());
	CHECK_OK(h, hvctl_kill(h, id));
	CHECK_OK(h, hvctl_wait(h, id, 10000, &g));
	CHECK_EQ(g->stop_reason, HV_STOP_REASON_KILLED);
	hvctl_guest_free(g);
	hvctl_close(h);
	/* Nobody has it open now, but it is there. */
	CHECK(refused());
	h = open_loaded();
	CHECK_OK(h, hvctl_remove(h, id));
	hvctl_close(h);
	CHECK_EQ(rmmod_soon(), 0);
	CHECK_EQ(insmod(), 0);
}

/* A console and a guest fd keep the module even where the guest is removed. */
static void busy_with_descriptors(void)
{
	struct hvctl *h = open_loaded();
	uint64_t id = create_spec(h, item_spec(h, "exits", 0, 0));
	int console = hvctl_console(h, id, 0), guest = hvctl_guest_fd(h, id);

	CHECK(console >= 0 && guest >= 0);
	CHECK_OK(h, hvctl_remove(h, id));
	hvctl_close(h);
	CHECK(refused());
	close(guest);
	CHECK(refused());
	close(console);
	CHECK_EQ(rmmod_soon(), 0);
	CHECK_EQ(insmod(), 0);
}

/* Pages of a guest that is gone, in a module that is gone. */
static void mapping_survives(void)
{
	struct hvctl *h = open_loaded();
	uint64_t id = create_spec(h, item_spec(h, "exits", 0, 0));
	volatile uint64_t *word;
	void *memory;

	CHECK_OK(h, hvctl_memory_map(h, id, 0x400000, 4096, 3, &memory));
	word = memory;
	*word = 42;
	CHECK_OK(h, hvctl_remove(h, id));
	hvctl_close(h);
	if (!rmmod_soon()) {
		CHECK_EQ(*word, 42);
		word[1] = 43;
		CHECK_EQ(insmod(), 0);
	}
	CHECK_EQ(*word, 42);
}

static const struct tap_test tests[] = {
	{ "it comes and goes", comes_and_goes },
	{ "so it does with guests in between", with_guests_between },
	{ "it loads once", loaded_once },
	{ "it stays while a guest exists, in every state", busy_in_each_state },
	{ "it stays while a descriptor is open", busy_with_descriptors },
	{ "a mapping outlives the guest", mapping_survives },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		module = argv[1];
	times = argc > 2 ? strtoul(argv[2], NULL, 0) : tap_count(50, 5);
	TEST_REQUIRE(!access(module, R_OK), "where is hv.ko? say it as the first argument");
	if (!has_device())
		insmod();
	hvctl_close(test_open());
	TEST_REQUIRE(!rmmod_soon() && !insmod(), "hv is in use, or cannot be loaded");
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
