/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * core/host.h for user space: the unit tests compile the core with this in
 * place of kmod/core/host.h. Time stands still until mock_advance(); timers,
 * kicks and locks are counted and checked.
 */
#ifndef HV_CORE_HOST_H
#define HV_CORE_HOST_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

struct vcpu;

/* The kernel's helpers that the core uses. */

#define U64_MAX			UINT64_MAX
#define U32_MAX			UINT32_MAX
#define BITS_PER_LONG		64
#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_MSEC		1000000L
#define NSEC_PER_USEC		1000L
#define PAGE_SHIFT		12
#define PAGE_SIZE		4096UL
#define PAGE_MASK		(~(PAGE_SIZE - 1))

#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))

#define __printf(f, a)		__attribute__((format(printf, f, a)))
#define __packed		__attribute__((packed))
#define __aligned(n)		__attribute__((aligned(n)))
#define __maybe_unused		__attribute__((unused))
#define noinline		__attribute__((noinline))
#define noinstr
#define fallthrough		__attribute__((fallthrough))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" ::: "memory")
#define __force
#define __user
#define __must_check		__attribute__((warn_unused_result))

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define BUILD_BUG_ON(c)		_Static_assert(!(c), #c)
#define static_assert(...)	_Static_assert(__VA_ARGS__, "")
#define container_of(p, t, m)	((t *)((char *)(p) - offsetof(t, m)))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((a) - 1)) == 0)

/* Written out, so that both sides are evaluated once. */
#define mock_cmp(a, op, b) ({ \
	__auto_type mock_a = (a); \
	__auto_type mock_b = (b); \
	mock_a op mock_b ? mock_a : mock_b; })
#define min(a, b)		mock_cmp(a, <, b)
#define max(a, b)		mock_cmp(a, >, b)
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(t, v, lo, hi)	clamp((t)(v), (t)(lo), (t)(hi))

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, o, n)	__sync_val_compare_and_swap(p, o, n)
#define try_cmpxchg(p, o, n) \
	__atomic_compare_exchange_n(p, o, n, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define cmpxchg64(p, o, n)	__sync_val_compare_and_swap(p, o, n)
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)

typedef struct {
	int counter;
} atomic_t;

static inline int atomic_read(const atomic_t *a)
{
	return READ_ONCE(a->counter);
}

static inline int atomic_inc_return(atomic_t *a)
{
	return __atomic_add_fetch(&a->counter, 1, __ATOMIC_SEQ_CST);
}

static inline void set_bit(long n, unsigned long *map)
{
	__atomic_fetch_or(&map[n / 64], BIT(n % 64), __ATOMIC_SEQ_CST);
}

static inline void clear_bit(long n, unsigned long *map)
{
	__atomic_fetch_and(&map[n / 64], ~BIT(n % 64), __ATOMIC_SEQ_CST);
}

static inline bool test_and_set_bit(long n, unsigned long *map)
{
	return __atomic_fetch_or(&map[n / 64], BIT(n % 64), __ATOMIC_SEQ_CST) & BIT(n % 64);
}

static inline bool test_and_clear_bit(long n, unsigned long *map)
{
	return __atomic_fetch_and(&map[n / 64], ~BIT(n % 64), __ATOMIC_SEQ_CST) & BIT(n % 64);
}

static inline bool test_bit(long n, const unsigned long *map)
{
	return map[n / 64] & BIT(n % 64);
}

static inline void __set_bit(long n, unsigned long *map)
{
	map[n / 64] |= BIT(n % 64);
}

static inline void __clear_bit(long n, unsigned long *map)
{
	map[n / 64] &= ~BIT(n % 64);
}

static inline unsigned long __fls(unsigned long word)
{
	return 63 - __builtin_clzl(word);
}

static inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline u64 mul_u64_u32_div(u64 a, u32 mul, u32 divisor)
{
	return (unsigned __int128)a * mul / divisor;
}

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline s64 div_s64(s64 a, s32 b)
{
	return a / b;
}

static inline u64 div_u64_rem(u64 a, u32 b, u32 *rem)
{
	*rem = a % b;
	return a / b;
}

/* host.h's own. A lock that is taken twice or freed untaken aborts the test. */

typedef struct {
	bool held;
	unsigned long times;	/* that it was taken */
} host_lock_t;

static inline void host_lock_init(host_lock_t *l)
{
	l->held = false;
}

static inline unsigned long host_lock(host_lock_t *l)
{
	if (l->held)
		abort();
	l->held = true;
	l->times++;
	return 0;
}

static inline void host_unlock(host_lock_t *l, unsigned long flags)
{
	if (!l->held || flags)
		abort();
	l->held = false;
}

struct host_timer {
	void (*fn)(struct host_timer *timer);
	u64 deadline;
	bool queued;
	struct host_timer *next;
};

u64 host_now(void);
u64 host_wall(void);
u64 host_tsc(void);
u64 host_ticks(void);
u32 host_tsc_khz(void);
bool host_tsc_stable(void);
void host_timer_init(struct host_timer *timer, void (*fn)(struct host_timer *timer));
void host_timer_start(struct host_timer *timer, u64 deadline);
void host_timer_stop(struct host_timer *timer);
void host_timer_sync(struct host_timer *timer);
void host_kick(struct vcpu *vcpu);
u64 host_steal(struct vcpu *vcpu);
__printf(2, 3) void host_log(struct vcpu *vcpu, const char *fmt, ...);

#define host_trace(event, vcpu)	do { } while (0)

static inline void *host_va(u64 hpa)
{
	return (void *)(uintptr_t)hpa;
}

static inline u64 host_hpa(const void *va)
{
	return (uintptr_t)va;
}

#endif /* HV_CORE_HOST_H */
