/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian values and bit fields in bytes of the driver's; private to devices/cx. */
#ifndef DEVICES_CX_BITS_H
#define DEVICES_CX_BITS_H

#include <stdint.h>

#include "devices/cx/layout.h"

/* A field of layout.h in the structure at @base; CX_GET() up to 64 bits wide. */
#define CX_GET(base, structure, field)	      cx_bits_get(base, CX_##structure##_##field)
#define CX_SET(base, structure, field, value) cx_bits_set(base, CX_##structure##_##field, value)
/* Where a field that is a structure begins. */
#define CX_ADDR(base, structure, field) ((base) + (CX_##structure##_##field >> 16) / 8)

static inline unsigned cx_field_offset(uint32_t field)
{
	return field >> 16;
}

static inline unsigned cx_field_width(uint32_t field)
{
	return field & 0xffff;
}

/* The field that is @field of a structure which begins @outer's offset further on. */
static inline uint32_t cx_field_within(uint32_t outer, uint32_t field)
{
	return field + (outer & 0xffff0000);
}

uint64_t cx_bits_get(const uint8_t *base, uint32_t field);
void cx_bits_set(uint8_t *base, uint32_t field, uint64_t value);
/* Any width. */
void cx_bits_copy(uint8_t *to, const uint8_t *from, uint32_t field);

static inline uint16_t cx_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t cx_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t cx_be64(const uint8_t *p)
{
	return (uint64_t)cx_be32(p) << 32 | cx_be32(p + 4);
}

static inline void cx_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void cx_put32(uint8_t *p, uint32_t v)
{
	cx_put16(p, (uint16_t)(v >> 16));
	cx_put16(p + 2, (uint16_t)v);
}

static inline void cx_put64(uint8_t *p, uint64_t v)
{
	cx_put32(p, (uint32_t)(v >> 32));
	cx_put32(p + 4, (uint32_t)v);
}

#endif
