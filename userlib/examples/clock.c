// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A device in user space: a guest that reads 4 bytes from port 0x5100 gets the
 * time, in seconds since 1970; one that writes there says when to stop.
 *
 *	cc clock.c -o clock $(pkg-config --cflags --libs libhvctl)
 *	./clock GUEST
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <hvctl.h>

#define PORT	0x5100

/* One access and its answer; false at the end: the guest was removed, or wrote. */
static int serve(int trap)
{
	struct hv_access access;
	struct hv_answer answer;

	if (read(trap, &access, sizeof(access)) != sizeof(access))
		return 0;
	/* An access may begin at the second byte: then that is what it gets. */
	answer.seq = access.seq;
	answer.data = (uint64_t)time(NULL) >> 8 * (access.address - PORT);
	/* A guest that was stopped meanwhile wants no answer any more. */
	if (write(trap, &answer, sizeof(answer)) < 0)
		perror("clock: answer");
	return !access.write;
}

int main(int argc, char **argv)
{
	struct hvctl *hv;
	uint64_t id;
	int trap;

	if (argc != 2 || hvctl_open(&hv)) {
		fprintf(stderr, "usage: clock GUEST\n");
		return 2;
	}
	trap = hvctl_lookup(hv, argv[1], &id) ? -1 : hvctl_trap(hv, id, HV_SPACE_PORT, PORT, 4);
	if (trap < 0) {
		fprintf(stderr, "clock: %s\n", hvctl_error(hv));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (serve(trap))
		;
	close(trap);
	hvctl_close(hv);
	return 0;
}
