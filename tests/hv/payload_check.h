/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks in a payload. Each is a line on the console, 'ok NAME' or 'not ok
 * NAME' with what came and what was wanted; run_items() on the host reads them.
 * main() ends with check_result().
 */
#ifndef HV_TESTS_PAYLOAD_CHECK_H
#define HV_TESTS_PAYLOAD_CHECK_H

#include "payload.h"

/* What the host put there for this run: see item_spec(). */
#define PAYLOAD_ARGS	((const volatile u64 *)0x20000)

static u32 checks_failed __attribute__((unused));

static inline void check_eq(const char *name, u64 got, u64 want)
{
	puts(got == want ? "ok " : "not ok ");
	puts(name);
	if (got != want) {
		puts(": ");
		puthex(got);
		puts(", not ");
		puthex(want);
		checks_failed++;
	}
	puts("\n");
}

static inline void check(const char *name, bool good)
{
	check_eq(name, good, true);
}

static inline void note(const char *name, u64 value)
{
	puts("# ");
	puts(name);
	puts(" ");
	puthex(value);
	puts("\n");
}

static inline u32 check_result(void)
{
	return checks_failed > 100 ? 100 : checks_failed;
}

/*
 * Exceptions that are wanted. TRY() runs instructions; where one of them
 * faults, execution goes on behind them and fault_* say what came: the label
 * 1 stands on the instruction that is to fault, 2 behind the last.
 */
volatile u64 try_rip __attribute__((weak));
volatile u64 try_resume __attribute__((weak));
volatile u64 fault_vector __attribute__((weak));
volatile u64 fault_error __attribute__((weak));
volatile u64 fault_rip __attribute__((weak));
volatile u64 fault_rflags __attribute__((weak));
volatile u64 fault_count __attribute__((weak));

#define NO_FAULT	0x100

#define TRY_BEGIN \
	"movq $1f, try_rip\n\tmovq $2f, try_resume\n\tmovq $0x100, fault_vector\n\t" \
	"movq $-1, fault_error\n"
#define TRY_END		"\n2:\n\tmovq $0, try_resume\n\t"
#define TRY(insn)	TRY_BEGIN "1:\t" insn TRY_END

static inline void caught(struct frame *f, u64 vector, u64 error)
{
	if (!try_resume) {
		note("unexpected exception, vector", vector);
		note("error code", error);
		note("rip", f->rip);
		note("cr2", read_cr2());
		payload_exit(120);
		for (;;)
			hlt();
	}
	fault_vector = vector;
	fault_error = error;
	fault_rip = f->rip;
	fault_rflags = f->rflags;
	fault_count++;
	f->rip = try_resume;
	f->rflags &= ~(1ULL << 8);	/* or it would go on stepping */
}

#define CATCH(n) \
	static HANDLER void catch_##n(struct frame *f) { caught(f, n, 0); }
#define CATCH_ERROR(n) \
	static HANDLER void catch_##n(struct frame *f, u64 error) { caught(f, n, error); }

CATCH(0) CATCH(1) CATCH(3) CATCH(4) CATCH(5) CATCH(6) CATCH(7)
CATCH_ERROR(8) CATCH_ERROR(10) CATCH_ERROR(11) CATCH_ERROR(12) CATCH_ERROR(13)
CATCH_ERROR(14) CATCH(16) CATCH_ERROR(17) CATCH(19)

static inline void catch_all(void)
{
	static void *const handlers[20] = {
		[0] = catch_0, [1] = catch_1, [3] = catch_3, [4] = catch_4, [5] = catch_5,
		[6] = catch_6, [7] = catch_7, [8] = catch_8, [10] = catch_10,
		[11] = catch_11, [12] = catch_12, [13] = catch_13, [14] = catch_14,
		[16] = catch_16, [17] = catch_17, [19] = catch_19,
	};
	u32 i;

	for (i = 0; i < 20; i++)
		if (handlers[i])
			idt_set(i, handlers[i]);
	idt_load();
}

/* The exception of the last TRY(): vector, error code, and RIP at its label 1. */
static inline void check_fault(const char *name, u64 vector, u64 error)
{
	bool good = fault_vector == vector && fault_error == error && fault_rip == try_rip;

	check(name, good);
	if (good)
		return;
	note("vector", fault_vector);
	note("error code", fault_error);
	note("rip", fault_rip);
	note("wanted rip", try_rip);
}

static inline void check_no_fault(const char *name)
{
	check_eq(name, fault_vector, NO_FAULT);
}

#endif /* HV_TESTS_PAYLOAD_CHECK_H */
