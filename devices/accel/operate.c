// SPDX-License-Identifier: GPL-2.0-or-later
/* The operations of rules on the data of a write. */
#include <string.h>

#include "devices/accel/ingress.h"
#include "util/bytes.h"

static bool whole_dws(const struct tlp *tlp)
{
	return tlp->first_be == 0xf && (tlp->length_dw == 1 || tlp->last_be == 0xf);
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
			put_le32(dst + i, get_le32(dst + i) + get_le32(payload + i));
	} else {
		for (size_t i = 0; i < len; i += 4)
			put_le32(dst + i, add_f32(get_le32(dst + i), get_le32(payload + i)));
	}
	return true;
}
