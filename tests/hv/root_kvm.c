// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv and KVM on the same CPUs: who has SVM or VMX root, in each order in which
 * they can come and go, with a guest of each that checks what it finds.
 *
 * usage: root_kvm [MODULE.ko]     (/lib/hv.ko)
 */
#include <sys/syscall.h>

#include "kvm.h"
#include "neighbour.h"

#define MSR_EFER	0xc0000080
#define MSR_VM_HSAVE_PA	0xc0010117
#define EFER_SVME	(1ULL << 12)

static const char *module = "/lib/hv.ko";

static int insmod(const char *arguments)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	long err = syscall(SYS_finit_module, fd, arguments, 0);

	err = err ? -errno : 0;
	close(fd);
	return err;
}

static int rmmod(void)
{
	int tries, err = -1;

	for (tries = 0; err && tries < 100; tries++) {
		err = syscall(SYS_delete_module, "hv", O_NONBLOCK) ? -errno : 0;
		if (err)
			usleep(20000);
	}
	return err;
}

static int load_hv(const char *arguments)
{
	int err;

	hvctl_close(h);
	h = NULL;
	if (!access("/sys/module/hv", F_OK) && rmmod())
		test_die("hv is in use");
	err = insmod(arguments);
	if (!err && hvctl_open(&h))
		test_die("hvctl_open");
	return err;
}

static struct kvm_guest peer_start(void)
{
	static unsigned int peers;
	uint64_t args[4] = { 0x1000 + ++peers, FOREVER };
	struct kvm_guest g = kvm_start("neighbour", args, sizeof(args));

	pin(g.pid, 0);
	return g;
}

static volatile uint64_t *peer_words(struct kvm_guest *g)
{
	return (volatile uint64_t *)(g->memory + KVM_ARGS_GPA);
}

static int peer_end(struct kvm_guest *g)
{
	words_end(peer_words(g));
	return kvm_end(g);
}

/* AMD alone: what root's registers say on @cpu; -1 where they cannot be read. */
static int64_t msr(unsigned int cpu, uint32_t number)
{
	uint64_t value;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &value, 8, number) != 8)
		test_die("%s: %s (modprobe msr)", path, strerror(errno));
	close(fd);
	return value;
}

/* How many CPUs have SVME on. */
static unsigned int held(void)
{
	unsigned int cpu, n = 0;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		n += !!(msr(cpu, MSR_EFER) & EFER_SVME);
	return n;
}

static bool is_amd(void)
{
	return !strcmp(kvm_module(), "kvm_amd");
}

/* Skips what cannot be seen from outside on this vendor. */
#define CHECK_HELD(n) do { \
	if (is_amd()) \
		CHECK_EQ(held(), (n) ? sysconf(_SC_NPROCESSORS_ONLN) : 0); \
} while (0)

/* KVM is there, with no guest: hv's runs. */
static void beside_idle(void)
{
	struct own o;

	CHECK(kvm_load());
	o = own_start_on(0);
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(own_end(&o), 0);
	CHECK(kvm_unload());
}

static void kvm_first(void)
{
	struct kvm_guest k;
	struct own o;

	CHECK(kvm_load());
	k = peer_start();
	CHECK(goes_on(peer_words(&k), 5));
	o = own_start_on(0);
	CHECK(goes_on(o.words, 10));
	CHECK(goes_on(peer_words(&k), 10));
	CHECK(goes_on(o.words, 10));
	CHECK_EQ(own_end(&o), 0);
	CHECK(goes_on(peer_words(&k), 5));
	CHECK_EQ(peer_end(&k), 0);
	CHECK(kvm_unload());
}

/* KVM's module comes, its guest runs and ends, the module goes: hv's guest goes on. */
static void kvm_second(void)
{
	struct own o = own_start_on(0);
	struct kvm_guest k;

	CHECK(goes_on(o.words, 5));
	CHECK(kvm_load());
	CHECK(goes_on(o.words, 5));
	k = peer_start();
	CHECK(goes_on(peer_words(&k), 10));
	CHECK(goes_on(o.words, 10));
	CHECK_EQ(peer_end(&k), 0);
	CHECK(goes_on(o.words, 10));
	CHECK(kvm_unload());
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(own_end(&o), 0);
}

/* As KVM's last guest ends, on 6.1 root goes with it; and comes back with the next. */
static void comes_and_goes(void)
{
	struct own o = own_start_on(0);
	struct kvm_guest k;
	unsigned int i;

	CHECK(kvm_load());
	for (i = 0; i < 5; i++) {
		k = peer_start();
		CHECK(goes_on(peer_words(&k), 5));
		CHECK(goes_on(o.words, 5));
		CHECK_EQ(peer_end(&k), 0);
		CHECK(goes_on(o.words, 5));
	}
	CHECK_EQ(own_end(&o), 0);
	CHECK(kvm_unload());
}

/* Two of each, four takers for one CPU's tags. */
static void two_of_each(void)
{
	struct own o[2] = { own_start_on(0), own_start_on(0) };
	struct kvm_guest k[2];
	unsigned int i;

	CHECK(kvm_load());
	for (i = 0; i < 2; i++)
		k[i] = peer_start();
	for (i = 0; i < 2; i++) {
		CHECK(goes_on(o[i].words, 10));
		CHECK(goes_on(peer_words(&k[i]), 10));
	}
	for (i = 0; i < 2; i++) {
		CHECK_EQ(own_end(&o[i]), 0);
		CHECK_EQ(peer_end(&k[i]), 0);
	}
	CHECK(kvm_unload());
}

static void hv_loads_beside(void)
{
	struct kvm_guest k;
	struct own o;

	CHECK(kvm_load());
	k = peer_start();
	CHECK(goes_on(peer_words(&k), 5));
	CHECK_EQ(load_hv(""), 0);
	o = own_start_on(0);
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(own_end(&o), 0);
	CHECK_EQ(load_hv("root=load"), 0);
	o = own_start_on(0);
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(own_end(&o), 0);
	CHECK(goes_on(peer_words(&k), 5));
	CHECK_EQ(peer_end(&k), 0);
	CHECK(kvm_unload());
}

/* With nobody else there, root is hv's while a guest runs, or from load on. */
static void held_alone(void)
{
	struct own o;

	CHECK_EQ(load_hv("root=banana"), -EINVAL);
	CHECK_EQ(load_hv("root=demand"), 0);
	CHECK_HELD(0);
	o = own_start_on(0);
	CHECK(goes_on(o.words, 5));
	CHECK_HELD(1);
	CHECK_EQ(own_end(&o), 0);
	CHECK_HELD(0);
	CHECK_EQ(load_hv("root=load"), 0);
	CHECK_HELD(1);
	o = own_start_on(0);
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(own_end(&o), 0);
	CHECK_HELD(1);
}

/* Held, and let go of before KVM looks; taken again when it is gone. */
static void held_until_kvm(void)
{
	struct kvm_guest k;
	struct own o;

	CHECK_EQ(load_hv("root=load"), 0);
	o = own_start_on(0);
	CHECK(goes_on(o.words, 5));
	CHECK(kvm_load());
	k = peer_start();
	CHECK(goes_on(peer_words(&k), 5));
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(peer_end(&k), 0);
	CHECK(goes_on(o.words, 5));
	CHECK(kvm_unload());
	CHECK_HELD(1);
	CHECK(goes_on(o.words, 5));
	CHECK_EQ(own_end(&o), 0);
	CHECK_HELD(1);
}

/* Nothing of hv's is left in a CPU. */
static void left_clean(void)
{
	unsigned int cpu;

	CHECK_EQ(load_hv("root=load"), 0);
	hvctl_close(h);
	h = NULL;
	CHECK_EQ(rmmod(), 0);
	CHECK_HELD(0);
	for (cpu = 0; is_amd() && cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		CHECK_EQ(msr(cpu, MSR_VM_HSAVE_PA), 0);
	CHECK_EQ(load_hv(""), 0);
}

static const struct tap_test tests[] = {
	{ "KVM is there and idle: hv's guest runs", beside_idle },
	{ "KVM runs a guest: hv's runs beside it", kvm_first },
	{ "hv runs a guest: KVM comes, runs one, and goes", kvm_second },
	{ "KVM's last guest ends, again and again", comes_and_goes },
	{ "two guests of each", two_of_each },
	{ "hv loads while KVM runs a guest", hv_loads_beside },
	{ "alone, hv holds root as it was told", held_alone },
	{ "what hv holds it lets go of for KVM", held_until_kvm },
	{ "it leaves the CPUs as they were", left_clean },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		module = argv[1];
	TEST_REQUIRE(!access(module, R_OK), "where is hv.ko? say it as the first argument");
	TEST_REQUIRE(kvm_module(), "this CPU runs no guests");
	TEST_REQUIRE(access("/dev/kvm", F_OK), "KVM is there already");
	TEST_REQUIRE(kvm_load() && kvm_unload(), "there is no KVM here");
	TEST_REQUIRE(!is_amd() || !system("modprobe msr"), "there is no msr module");
	if (load_hv(""))
		test_die("insmod %s: %s", module, strerror(errno));
	say_pace();
	return tap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
