// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv's own guest interface.  Arguments are registers, and so are copies.
 */
#include <linux/hv_guest.h>

#include "core/bus.h"
#include "core/hypercall.h"
#include "core/memmap.h"
#include "mmu/s2.h"

#define PAGE	BIT_ULL(S2_PAGE_SHIFT)

/* Line status register, its bit for 'a byte is there'. */
#define UART_LSR	5
#define UART_LSR_READY	BIT(0)

/* Bytes from @gpa to the end of its page, at most @len. */
static unsigned int piece_of(u64 gpa, u64 len)
{
	return min_t(u64, len, PAGE - (gpa & (PAGE - 1)));
}

/* The host's address of @gpa; NULL: *@out, and *@result if that is OUT_RESUME. */
static void *get_piece(struct vcpu *v, u64 gpa, u32 access, enum outcome *out, s64 *result)
{
	void *va;

	*out = OUT_RESUME;
	*result = HV_CALL_EFAULT;
	if (!s2_has_memory(v->s2, gpa))
		return NULL;
	va = s2_va(v->s2, gpa, access & ACCESS_WRITE ? S2_READ | S2_WRITE : S2_READ);
	if (!va) {
		v->fill_gpa = gpa;
		v->fill_access = access;
		*out = OUT_S2_FILL;
	}
	return va;
}

/**
 * struct buffer - guest memory that a call reads or writes, all of it there
 * @va: the host's addresses of its pieces, one a page
 * @len: their bytes; 0: there is no such piece
 *
 * HV_CALL_CONSOLE_MAX bytes lie in two pages at most.
 */
struct buffer {
	void *va[2];
	unsigned int len[2];
};

/* True: it is there.  False: *@out, and *@result if that is OUT_RESUME. */
static bool get_buffer(struct vcpu *v, u32 access, struct buffer *b, enum outcome *out,
		       s64 *result)
{
	u64 gpa = v->gpr[HV_RDI], len = v->gpr[HV_RSI];
	unsigned int i;

	*out = OUT_RESUME;
	*result = HV_CALL_EINVAL;
	if (len > HV_CALL_CONSOLE_MAX || gpa + len < gpa)
		return false;
	for (i = 0; i < ARRAY_SIZE(b->va); i++) {
		b->len[i] = piece_of(gpa, len);
		if (!b->len[i])
			continue;
		b->va[i] = get_piece(v, gpa, access, out, result);
		if (!b->va[i])
			return false;
		gpa += b->len[i];
		len -= b->len[i];
	}
	return true;
}

static enum outcome call_console_write(struct vcpu *v, s64 *result)
{
	struct buffer b;
	enum outcome out;
	unsigned int i;

	if (!get_buffer(v, 0, &b, &out, result))
		return out;
	if (!host_console_takes(v, b.len[0] + b.len[1]))
		return OUT_CONSOLE;
	for (i = 0; i < ARRAY_SIZE(b.va); i++)
		host_console_write(v, b.va[i], b.len[i]);
	*result = v->gpr[HV_RSI];
	return OUT_RESUME;
}

/* What is typed goes to the UART, which the guest need not know: read from there. */
static bool take_typed(struct platform *p, u8 *byte)
{
	if (!(platform_in(p, MEMMAP_COM1 + UART_LSR, 1) & UART_LSR_READY))
		return false;
	*byte = platform_in(p, MEMMAP_COM1, 1);
	return true;
}

/* Few at a time: each costs two accesses to the chip. */
#define READ_MAX	64

static enum outcome call_console_read(struct vcpu *v, s64 *result)
{
	struct buffer b;
	enum outcome out;
	unsigned int i, j, n = 0;

	if (!get_buffer(v, ACCESS_WRITE, &b, &out, result))
		return out;
	for (i = 0; i < ARRAY_SIZE(b.va); i++)
		for (j = 0; j < b.len[i] && n < READ_MAX; j++, n++)
			if (!take_typed(v->platform, b.va[i] + j))
				goto done;
done:
	*result = n;
	return OUT_RESUME;
}

static enum outcome call_time(struct vcpu *v, s64 *result)
{
	if (v->gpr[HV_RDI] == HV_CALL_CLOCK_MONOTONIC)
		*result = host_now();
	else if (v->gpr[HV_RDI] == HV_CALL_CLOCK_WALL)
		*result = host_wall();
	else
		*result = HV_CALL_EINVAL;
	return OUT_RESUME;
}

/*
 * The guest halts at the call and makes it again when something ended the
 * halt: an interrupt, which it takes first, or the timer.
 */
static enum outcome call_sleep_until(struct vcpu *v, s64 *result)
{
	u64 deadline = v->gpr[HV_RDI];

	*result = 0;
	if (host_now() >= deadline)
		return OUT_RESUME;
	host_timer_start(&v->sleep, deadline);
	return OUT_HALT;
}

static enum outcome call_yield(struct vcpu *v, s64 *result)
{
	*result = 0;
	return OUT_YIELD;
}

static enum outcome call_exit(struct vcpu *v, s64 *result)
{
	return vcpu_stop(v, HV_STOP_REASON_EXIT, v->gpr[HV_RDI], "%s", "");
}

static enum outcome call_doorbell(struct vcpu *v, s64 *result)
{
	bool heard;
	enum outcome out = bus_ring(v, v->gpr[HV_RDI], &heard);

	*result = heard ? 0 : HV_CALL_ENOENT;
	return out;
}

typedef enum outcome (*call_fn)(struct vcpu *v, s64 *result);

static const call_fn calls[] = {
	[HV_CALL_CONSOLE_WRITE - HV_CALL_BASE]	= call_console_write,
	[HV_CALL_CONSOLE_READ - HV_CALL_BASE]	= call_console_read,
	[HV_CALL_TIME - HV_CALL_BASE]		= call_time,
	[HV_CALL_SLEEP_UNTIL - HV_CALL_BASE]	= call_sleep_until,
	[HV_CALL_YIELD - HV_CALL_BASE]		= call_yield,
	[HV_CALL_EXIT - HV_CALL_BASE]		= call_exit,
	[HV_CALL_DOORBELL - HV_CALL_BASE]	= call_doorbell,
};

/* The calls that may ever be: a power of two, to be masked on speculative paths as well. */
#define CALLS_MAX	16

static_assert(ARRAY_SIZE(calls) <= CALLS_MAX);

bool hypercall_is_ours(u64 number)
{
	return number - HV_CALL_BASE < 0x10000;
}

enum outcome hypercall(struct vcpu *v, s64 *result)
{
	u64 number = v->gpr[HV_RAX] - HV_CALL_BASE;

	*result = HV_CALL_ENOSYS;
	if (number >= ARRAY_SIZE(calls))
		return OUT_RESUME;
	*result = HV_CALL_EPERM;
	if (vcpu_cpl(v))
		return OUT_RESUME;
	return calls[number & (CALLS_MAX - 1)](v, result);
}

/* Hard interrupt: the sleep is over. */
static void wake(struct host_timer *timer)
{
	struct vcpu *v = container_of(timer, struct vcpu, sleep);

	set_bit(VCPU_REQ_WAKE, &v->requests);
	host_kick(v);
}

void hypercall_init(struct vcpu *v)
{
	host_timer_init(&v->sleep, wake);
}

void hypercall_destroy(struct vcpu *v)
{
	host_timer_sync(&v->sleep);
}
