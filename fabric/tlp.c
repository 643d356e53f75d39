// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "fabric/tlp_rules.h"

void tlp_request(struct tlp *tlp, enum tlp_kind kind, uint64_t addr, size_t len)
{
	tlp_set_range(tlp, kind, addr, len);
}

static void store_dw(uint8_t enables, const uint8_t *payload, uint8_t *dst)
{
	for (unsigned i = 0; i < 4; i++)
		if (enables >> i & 1)
			dst[i] = payload[i];
}

void tlp_store(const struct tlp *tlp, const uint8_t *payload, uint8_t *dst)
{
	size_t from = 0, to = tlp->length_dw * 4u;

	if (tlp->first_be != 0xf) {
		store_dw(tlp->first_be, payload, dst);
		from = 4;
	}
	if (tlp->length_dw > 1 && tlp->last_be != 0xf) {
		to -= 4;
		store_dw(tlp->last_be, payload + to, dst + to);
	}
	if (to > from)
		memcpy(dst + from, payload + from, to - from);
}

size_t tlp_bytes(const struct tlp *tlp)
{
	return tlp_enabled_bytes(tlp);
}

const char *tlp_ph_word(uint8_t ph)
{
	static const char *const words[] = {"bidirectional", "requester", "target",
					    "target-priority"};

	return words[ph & 3];
}
