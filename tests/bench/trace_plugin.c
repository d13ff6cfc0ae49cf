// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's: the path of one exit. Of each instruction named, it notes
 * the addresses of all that runs, guest and host, from one of its executions
 * until the guest goes on.
 *
 * Arguments: out=FILE, nr=N (which execution), pc=ADDRESS for each instruction.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Debian has no package with qemu-plugin.h: what is used of it, API version 1. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

typedef uint64_t qemu_plugin_id_t;
typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_cb)(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb,
					    int flags, void *data);

#define EXPORT	__attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* The payload is linked to, and mapped at, the page at 1 MiB. */
#define GUEST_FIRST	0x100000
#define GUEST_LAST	0x100fff

#define MAX_PCS		16

static struct { uint64_t pc; unsigned long seen; } wanted[MAX_PCS];
static unsigned int nr_wanted;
static unsigned long wanted_nr = 500;
static bool tracing;
static FILE *out;

static void executed(unsigned int cpu, void *data)
{
	uint64_t pc = (uint64_t)data;
	unsigned int i;

	(void)cpu;
	if (pc >= GUEST_FIRST && pc <= GUEST_LAST) {
		tracing = false;
		for (i = 0; i < nr_wanted; i++)
			if (wanted[i].pc == pc && ++wanted[i].seen == wanted_nr)
				tracing = true;
		if (tracing)
			fprintf(out, "exit %" PRIx64 "\n", pc);
	} else if (tracing) {
		fprintf(out, "%" PRIx64 "\n", pc);
	}

}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0,
						       (void *)qemu_plugin_insn_vaddr(insn));
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
			       char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
		else if (!strncmp(argv[i], "nr=", 3))
			wanted_nr = strtoul(argv[i] + 3, NULL, 0);
		else if (!strncmp(argv[i], "pc=", 3) && nr_wanted < MAX_PCS)
			wanted[nr_wanted++].pc = strtoull(argv[i] + 3, NULL, 0);
	}
	if (!out || !nr_wanted)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
