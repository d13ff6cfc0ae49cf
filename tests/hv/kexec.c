// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load a kernel to go to, for tests of a host that goes down.
 *
 * usage: kexec now|panic KERNEL INITRD COMMANDLINE
 *
 * now: goes there at once; panic: the next panic does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int die(const char *what)
{
	fprintf(stderr, "kexec: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long flags;
	int kernel, initrd;

	if (argc != 5 || (strcmp(argv[1], "now") && strcmp(argv[1], "panic"))) {
		fprintf(stderr, "usage: kexec now|panic KERNEL INITRD COMMANDLINE\n");
		return 2;
	}
	flags = strcmp(argv[1], "now") ? KEXEC_FILE_ON_CRASH : 0;
	kernel = open(argv[2], O_RDONLY | O_CLOEXEC);
	initrd = open(argv[3], O_RDONLY | O_CLOEXEC);
	if (kernel < 0 || initrd < 0)
		return die("open");
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[4]) + 1, argv[4], flags))
		return die("kexec_file_load");
	if (flags)
		return 0;
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	return die("reboot");
}
