// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl doctor: can this host run guests, and if not, why not?
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ctl.h"

enum result {
	OK,
	WARN,
	FAIL,
};

static const char *const result_names[] = { "ok", "warn", "fail" };

/**
 * struct doctor - an examination
 * @c: the command
 * @out: where findings go
 * @failed: one of them was FAIL
 */
struct doctor {
	struct context *c;
	struct out *out;
	bool failed;
};

/* @remedy may be "". */
static void find(struct doctor *d, const char *check, enum result result, const char *remedy,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void find(struct doctor *d, const char *check, enum result result, const char *remedy,
		 const char *fmt, ...)
{
	char detail[512], full[800];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	snprintf(full, sizeof(full), "%s%s%s", detail, *remedy ? ": " : "", remedy);
	out_row(d->out);
	out_text(d->out, "check", "CHECK", check);
	out_text(d->out, "result", "RESULT", result_names[result]);
	out_text(d->out, "finding", "FINDING", full);
	d->failed |= result == FAIL;
}

static void check_kernel(struct doctor *d)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	if (strcmp(name.machine, "x86_64"))
		find(d, "kernel", FAIL, "hv runs on x86-64 only", "Linux on %s", name.machine);
	else if (major < 6 || (major == 6 && minor < 1))
		find(d, "kernel", FAIL, "hv needs 6.1 or later", "Linux %s", name.release);
	else if (major == 6 && (minor == 1 || minor == 12))
		find(d, "kernel", OK, "", "Linux %s", name.release);
	else
		find(d, "kernel", WARN, "hv is tested with 6.1 and 6.12", "Linux %s", name.release);
}

/* A word of the first "flags" line. */
static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	while ((line = strchr(line, ' '))) {
		line++;
		if (!strncmp(line, word, len) && strchr(" \n", line[len]))
			return true;
	}
	return false;
}

/* The first line of /proc/cpuinfo that begins with @key; NULL for none. */
static char *cpu_line(const char *key)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		if (!strncmp(line, key, strlen(key))) {
			fclose(file);
			return line;
		}
	if (file)
		fclose(file);
	free(line);
	return NULL;
}

#define FIRMWARE "switch virtualization on in the firmware's setup, or nested virtualization where this host is a guest"

/* VM_CR.SVMDIS, where this may be read: kernel 6.1 shows the flag all the same. */
static bool svm_disabled(void)
{
	int fd = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);
	uint64_t vm_cr = 0;

	if (fd < 0)
		return false;
	if (pread(fd, &vm_cr, sizeof(vm_cr), 0xc0010114) != sizeof(vm_cr))
		vm_cr = 0;
	close(fd);
	return vm_cr & 0x10;
}

/* The kernel hides what the firmware has off; the CPU itself still tells. */
static void check_hidden(struct doctor *d)
{
	unsigned int a, b, c, dx;

	if (__get_cpuid(0x80000001, &a, &b, &c, &dx) && (c & 4))
		find(d, "cpu", FAIL, FIRMWARE, "AMD-V (svm) is disabled by the firmware (VM_CR)");
	else if (__get_cpuid(1, &a, &b, &c, &dx) && (c & 0x20))
		find(d, "cpu", FAIL, FIRMWARE,
		     "Intel VT-x (vmx) is locked off by the firmware (IA32_FEATURE_CONTROL)");
	else
		find(d, "cpu", FAIL, FIRMWARE, "neither svm nor vmx");
}

static void check_amd(struct doctor *d, const char *flags)
{
	if (svm_disabled())
		find(d, "cpu", FAIL, FIRMWARE, "AMD-V (svm) is disabled by the firmware (VM_CR)");
	else if (has_word(flags, "npt"))
		find(d, "cpu", OK, "", "AMD-V (svm) with nested paging (npt)");
	else
		find(d, "cpu", FAIL, "hv needs it", "AMD-V (svm) without nested paging (npt)");
}

static void check_intel(struct doctor *d)
{
	char *flags = cpu_line("vmx flags");

	if (flags && has_word(flags, "ept") && has_word(flags, "unrestricted_guest"))
		find(d, "cpu", OK, "", "Intel VT-x (vmx) with ept and unrestricted_guest");
	else
		find(d, "cpu", FAIL, "hv needs both",
		     "Intel VT-x (vmx) without ept or unrestricted_guest");
	free(flags);
}

static void check_cpu(struct doctor *d)
{
	char *flags = cpu_line("flags");

	if (flags && has_word(flags, "svm"))
		check_amd(d, flags);
	else if (flags && has_word(flags, "vmx"))
		check_intel(d);
	else
		check_hidden(d);
	if (flags && has_word(flags, "hypervisor"))
		find(d, "host", OK, "", "runs in a virtual machine itself: guests are nested");
	free(flags);
}

static bool module_loaded(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

static void check_module(struct doctor *d)
{
	if (module_loaded("hv"))
		find(d, "module", OK, "", "hv is loaded");
	else
		find(d, "module", FAIL, "modprobe hv, or insmod hv.ko", "hv is not loaded");
}

static void check_device(struct doctor *d)
{
	if (!access("/dev/hv", R_OK | W_OK))
		find(d, "device", OK, "", "/dev/hv can be opened");
	else if (errno == ENOENT)
		find(d, "device", FAIL, "it comes with the module", "there is no /dev/hv");
	else
		find(d, "device", FAIL, "become root or a member of its group",
		     "/dev/hv cannot be opened (%s)", strerror(errno));
}

static void check_engine(struct doctor *d)
{
	struct hv_info info;

	if (hvctl_open(&d->c->h) || hvctl_info(d->c->h, &info)) {
		find(d, "engine", FAIL, "", "%s", hvctl_error(d->c->h));
		return;
	}
	if (info.engine == HV_ENGINE_NONE)
		find(d, "engine", FAIL, "the kernel log says why (dmesg | grep hv)",
		     "the module found nothing that runs guests");
	else
		find(d, "engine", OK, "", "%s on %u CPUs, %u of %u guests",
		     info.engine == HV_ENGINE_SVM ? "svm" : "vmx", info.host_cpus, info.guests,
		     info.max_guests);
	if (info.api_version != HV_API_VERSION)
		find(d, "interface", WARN, "install hvctl and the module from the same release",
		     "the module's version is %u, hvctl's is %u", info.api_version,
		     HV_API_VERSION);
}

/* Another hypervisor's module, or NULL: those that kmod/root.c knows. */
static const char *peer(void)
{
	static const char *const names[] = { "kvm_amd", "kvm_intel", "vboxdrv", "vmmon" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (module_loaded(names[i]))
			return names[i];
	return NULL;
}

static void check_peer(struct doctor *d)
{
	if (peer())
		find(d, "kvm", OK, "", "%s is loaded: its guests and hv's run side by side", peer());
	else
		find(d, "kvm", OK, "", "no other hypervisor is loaded");
}

/* When the module holds VMX or SVM root: its parameter, and who keeps it from that. */
static void check_root(struct doctor *d)
{
	FILE *file = fopen("/sys/module/hv/parameters/root", "re");
	char mode[16] = "";

	if (file && fscanf(file, "%15s", mode) != 1)
		mode[0] = '\0';
	if (file)
		fclose(file);
	if (!mode[0])
		return;
	if (peer())
		find(d, "root", OK, "", "borrowed for each stay in a guest, since %s is loaded (root=%s)",
		     peer(), mode);
	else
		find(d, "root", OK, "", "held %s (root=%s)",
		     strcmp(mode, "load") ? "while a guest runs" : "from load on", mode);
}

/* Lockdown, which Secure Boot switches on, lets only modules in that the kernel can verify. */
static void check_lockdown(struct doctor *d)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char modes[80] = "[none]";

	if (file && !fgets(modes, sizeof(modes), file))
		strcpy(modes, "[none]");
	if (file)
		fclose(file);
	if (strstr(modes, "[none]"))
		find(d, "lockdown", OK, "", "the kernel takes unsigned modules");
	else if (module_loaded("hv"))
		find(d, "lockdown", OK, "", "the kernel is locked down, and trusts hv's signature");
	else
		find(d, "lockdown", FAIL,
		     "sign hv.ko with a key that the kernel trusts (mokutil --import), or switch Secure Boot off",
		     "the kernel is locked down and takes no unsigned module");
}

static void check_cgroup(struct doctor *d)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file && !found && getline(&line, &size, file) > 0)
		found = strstr(line, " - cgroup2 ");
	if (file)
		fclose(file);
	free(line);
	if (found)
		find(d, "cgroup", OK, "", "there is a cgroup2 mount");
	else
		find(d, "cgroup", WARN, "mount -t cgroup2 none /sys/fs/cgroup",
		     "no cgroup2 mount: guests get no cgroup of their own");
}

static int run(struct context *c)
{
	struct doctor d = { .c = c };
	const char *value;
	int status;

	while (next_option(c, &value))
		;
	status = expect_arguments(c, 0, 0);
	if (status)
		return status;
	d.out = out_new(c, OUT_TABLE);
	check_kernel(&d);
	check_cpu(&d);
	check_module(&d);
	check_device(&d);
	check_engine(&d);
	check_peer(&d);
	check_root(&d);
	check_lockdown(&d);
	check_cgroup(&d);
	status = out_end(d.out);
	return d.failed ? STATUS_FAILED : status;
}

const struct command cmd_doctor = {
	.name = "doctor", .args = "", .help = "Say whether this host can run guests, and if not, why",
	.run = run,
};
