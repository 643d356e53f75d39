/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* Time of @id in ns. CLOCK_MONOTONIC unless a time of day is wanted. */
static inline uint64_t clock_ns_of(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_ns(void)
{
	return clock_ns_of(CLOCK_MONOTONIC);
}

/* For poll(): the ms from now to @at_ns, rounded up, so that it is due after them; 0: it is. */
static inline int clock_ms_until(uint64_t at_ns)
{
	uint64_t now = clock_ns();

	return at_ns <= now ? 0 : (int)((at_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

#endif
