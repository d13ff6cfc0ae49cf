// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvctl's instance of the kernel's tracer: instances/hvctl-PID in tracefs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracefs.h"

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCES	TRACEFS "/instances"
#define PREFIX		"hvctl-"

const char *const tracefs_events[] = { "entry", "exit", "inject", "s2_fault", "state", NULL };

static int write_file(const struct tracefs *t, const char *file, const char *text)
{
	char path[256];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", t->path, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* The instance of an hvctl that was killed: its number is nobody's any more. */
static bool is_stale(const char *name)
{
	char *end;
	long pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return false;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	return !*end && pid > 0 && (pid == getpid() || (kill(pid, 0) && errno == ESRCH));
}

static void remove_stale(void)
{
	DIR *dir = opendir(INSTANCES);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (is_stale(entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	closedir(dir);
}

static int make_instance(struct context *c, struct tracefs *t)
{
	if (access(INSTANCES, F_OK) && errno == ENOENT)
		return fail(c, "the tracer is not at " TRACEFS
			    ": mount -t tracefs tracefs " TRACEFS);
	if (access(TRACEFS "/events/hv", F_OK) && errno == ENOENT)
		return fail(c, "this kernel, or this hv, was built without tracepoints");
	remove_stale();
	snprintf(t->path, sizeof(t->path), INSTANCES "/" PREFIX "%ld", (long)getpid());
	if (!mkdir(t->path, 0700))
		return 0;
	fail(c, "cannot make %s: %s", t->path, strerror(errno));
	t->path[0] = '\0';
	return STATUS_FAILED;
}

int tracefs_open(struct context *c, struct tracefs *t)
{
	char path[128];
	int status;

	*t = (struct tracefs){ .pipe = -1 };
	status = make_instance(c, t);
	if (status)
		return status;
	/* A clock that user space can read, too. */
	write_file(t, "trace_clock", "mono");
	snprintf(path, sizeof(path), "%s/trace_pipe", t->path);
	t->pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return t->pipe < 0 ? fail(c, "cannot open %s: %s", path, strerror(errno)) : 0;
}

int tracefs_enable(struct context *c, struct tracefs *t, const char *event, uint64_t guest)
{
	char file[64], filter[40];
	int err;

	snprintf(file, sizeof(file), "events/hv/hv_%s/filter", event);
	snprintf(filter, sizeof(filter), "guest == %llu", (unsigned long long)guest);
	err = write_file(t, file, filter);
	snprintf(file, sizeof(file), "events/hv/hv_%s/enable", event);
	if (!err)
		err = write_file(t, file, "1");
	return err ? fail(c, "cannot turn hv_%s on: %s", event, strerror(-err)) : 0;
}

/* An instance is removed with what is on in it, once its pipe is closed. */
void tracefs_close(struct tracefs *t)
{
	if (t->pipe >= 0)
		close(t->pipe);
	if (t->path[0])
		rmdir(t->path);
}
