/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudorandom numbers, the same ones for a seed (xorshift64*, Vigna 2016). */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline struct random random_start(uint64_t seed)
{
	/* A state of 0 would stay 0, and small seeds would start with similar numbers. */
	return (struct random){(seed + 1) * 0x9e3779b97f4a7c15};
}

static inline uint32_t random_u32(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (uint32_t)(random->state * 0x2545f4914f6cdd1d >> 32);
}

static inline uint64_t random_u64(struct random *random)
{
	return (uint64_t)random_u32(random) << 32 | random_u32(random);
}

/* 0 to @limit - 1 */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return random_u32(random) % limit;
}

/* True once in @of times. */
static inline bool random_once(struct random *random, uint32_t of)
{
	return random_below(random, of) == 0;
}

#endif
