/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root's owner on this host: when hv has it, and when it lets go. Host side.
 */
#ifndef HV_ROOT_H
#define HV_ROOT_H

/*
 * After the engine was chosen: 0, -EINVAL for an unknown root= parameter or
 * -errno, with a line in the log.  Thread context.
 */
int root_init(void);

/* No guest exists: leaves every CPU as it was before hv. Thread context. */
void root_exit(void);

/*
 * A guest is about to run: NULL, or a sentence that says why none can.  Each
 * success is undone by root_put() when the guest has stopped.  Thread context.
 */
const char *root_get(void);
void root_put(void);

#endif /* HV_ROOT_H */
