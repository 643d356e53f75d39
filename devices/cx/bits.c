// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/cx/bits.h"

static unsigned bit_get(const uint8_t *base, unsigned bit)
{
	return base[bit / 8] >> (7 - bit % 8) & 1;
}

static void bit_set(uint8_t *base, unsigned bit, unsigned value)
{
	uint8_t mask = (uint8_t)(1u << (7 - bit % 8));

	if (value)
		base[bit / 8] |= mask;
	else
		base[bit / 8] &= (uint8_t)~mask;
}

uint64_t cx_bits_get(const uint8_t *base, uint32_t field)
{
	unsigned offset = cx_field_offset(field);
	uint64_t value = 0;

	for (unsigned i = 0; i < cx_field_width(field); i++)
		value = value << 1 | bit_get(base, offset + i);
	return value;
}

void cx_bits_set(uint8_t *base, uint32_t field, uint64_t value)
{
	unsigned offset = cx_field_offset(field);
	unsigned width = cx_field_width(field);

	for (unsigned i = 0; i < width; i++)
		bit_set(base, offset + i, value >> (width - 1 - i) & 1);
}

void cx_bits_copy(uint8_t *to, const uint8_t *from, uint32_t field)
{
	unsigned offset = cx_field_offset(field);

	for (unsigned i = 0; i < cx_field_width(field); i++)
		bit_set(to, offset + i, bit_get(from, offset + i));
}
