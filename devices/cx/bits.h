/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit fields in what the driver writes and reads; private to devices/cx. */
#ifndef DEVICES_CX_BITS_H
#define DEVICES_CX_BITS_H

#include <stdint.h>

#include "devices/cx/layout.h"
#include "util/bytes.h"

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

/* @field of a structure that begins at @outer. */
static inline uint32_t cx_field_within(uint32_t outer, uint32_t field)
{
	return field + (outer & 0xffff0000);
}

uint64_t cx_bits_get(const uint8_t *base, uint32_t field);
void cx_bits_set(uint8_t *base, uint32_t field, uint64_t value);
/* Any width. */
void cx_bits_copy(uint8_t *to, const uint8_t *from, uint32_t field);

#endif
