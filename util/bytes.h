/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Little- and big-endian values at any address, which need not be aligned. The
 * caller checks the length.
 */
#ifndef UTIL_BYTES_H
#define UTIL_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* Two functions per width and byte order, such as get_le32(at) and put_le32(at, value). */
#define UTIL_BYTES_PAIR(order, bits)                                                               \
	static inline uint##bits##_t get_##order##bits(const void *at)                             \
	{                                                                                          \
		uint##bits##_t value;                                                              \
                                                                                                   \
		memcpy(&value, at, sizeof(value));                                                 \
		return order##bits##toh(value);                                                    \
	}                                                                                          \
	static inline void put_##order##bits(void *at, uint##bits##_t value)                       \
	{                                                                                          \
		value = hto##order##bits(value);                                                   \
		memcpy(at, &value, sizeof(value));                                                 \
	}

UTIL_BYTES_PAIR(le, 16)
UTIL_BYTES_PAIR(le, 32)
UTIL_BYTES_PAIR(le, 64)
UTIL_BYTES_PAIR(be, 16)
UTIL_BYTES_PAIR(be, 32)
UTIL_BYTES_PAIR(be, 64)

#undef UTIL_BYTES_PAIR

#endif
