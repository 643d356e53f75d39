/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fuzzer's input, consumed from the front. After its end every value is 0. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *bytes;
	size_t len;
};

/* A big-endian number of @n bytes. */
static inline uint64_t take(struct input *in, unsigned n)
{
	uint64_t value = 0;

	while (n-- && in->len) {
		value = value << 8 | *in->bytes++;
		in->len--;
	}
	return value;
}

static inline unsigned take_byte(struct input *in)
{
	return (unsigned)take(in, 1);
}

#endif
