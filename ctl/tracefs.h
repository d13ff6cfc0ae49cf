/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An instance of the kernel's tracer that is hvctl's own: nobody else's tracing
 * is touched, and with it goes everything that was turned on.
 */
#ifndef CTL_TRACEFS_H
#define CTL_TRACEFS_H

#include "ctl.h"

/* Events of the system "hv", NULL-terminated, without their "hv_". */
extern const char *const tracefs_events[];

/**
 * struct tracefs - an instance
 * @path: its directory, or ""
 * @pipe: its trace_pipe, not blocking, or -1
 */
struct tracefs {
	char path[96];
	int pipe;
};

/* 0, or the exit status after a sentence; tracefs_close() undoes either. */
int tracefs_open(struct context *c, struct tracefs *t);

/* Turn hv_@event on for one guest. 0, or the exit status after a sentence. */
int tracefs_enable(struct context *c, struct tracefs *t, const char *event, uint64_t guest);

void tracefs_close(struct tracefs *t);

#endif /* CTL_TRACEFS_H */
