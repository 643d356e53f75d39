/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

/* Time of @id in ns: CLOCK_MONOTONIC, or CLOCK_REALTIME for the time of day. */
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

/* A timeout for poll(): ms until @at_ns, rounded up so that poll() does not end early; 0: due. */
static inline int clock_ms_until(uint64_t at_ns)
{
	uint64_t now = clock_ns();

	return at_ns <= now ? 0 : (int)((at_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

#endif
