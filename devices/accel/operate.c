// SPDX-License-Identifier: GPL-2.0-or-later
/* The operations on data in flight. */
#include <string.h>

#include "devices/accel/ingress.h"

static bool whole_dws(const struct tlp *tlp)
{
	return tlp->first_be == 0xf && (tlp->length_dw == 1 || tlp->last_be == 0xf);
}

static uint32_t load32(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void store32(uint8_t *to, uint32_t value)
{
	to[0] = value & 0xff;
	to[1] = value >> 8 & 0xff;
	to[2] = value >> 16 & 0xff;
	to[3] = value >> 24;
}

static uint32_t add_f32(uint32_t a, uint32_t b)
{
	float x, y;

	_Static_assert(sizeof(float) == sizeof(uint32_t), "float is binary32");
	memcpy(&x, &a, sizeof(x));
	memcpy(&y, &b, sizeof(y));
	x += y;
	memcpy(&a, &x, sizeof(a));
	return a;
}

bool ingress_operate(unsigned op, const struct tlp *tlp, const uint8_t *payload, uint8_t *dst)
{
	size_t len = 4 * (size_t)tlp->length_dw;

	if (op == ACCEL_OP_STORE) {
		tlp_store(tlp, payload, dst);
		return true;
	}
	if (!tlp_bytes(tlp))
		return true;
	if (!whole_dws(tlp))
		return false;
	if (op == ACCEL_OP_ADD_U32) {
		for (size_t i = 0; i < len; i += 4)
			store32(dst + i, load32(dst + i) + load32(payload + i));
	} else {
		for (size_t i = 0; i < len; i += 4)
			store32(dst + i, add_f32(load32(dst + i), load32(payload + i)));
	}
	return true;
}
