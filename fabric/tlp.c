// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/tlp.h"

#include <errno.h>
#include <string.h>

#include "fabric/tlp_flit_inline.h"

int tlp_encode(const struct tlp *tlp, uint8_t out[TLP_HEADER_MAX_BYTES])
{
	switch (tlp->kind) {
	case TLP_MRD:
	case TLP_MWR:
		if (!tlp_request_ok(tlp))
			return -EINVAL;
		return tlp->flit ? flit_put_request(tlp, out) : tlp_put_request(tlp, out);
	case TLP_CPL:
	case TLP_CPLD:
		if (!tlp_completion_ok(tlp))
			return -EINVAL;
		return tlp->flit ? flit_put_completion(tlp, out) : tlp_put_completion(tlp, out);
	}
	return -EINVAL;
}

int tlp_decode(const uint8_t *bytes, size_t captured, size_t len, struct tlp *out)
{
	int header = tlp_get(bytes, captured < len ? captured : len, out);

	if (header < 0)
		return header;
	return len - (size_t)header == tlp_payload_bytes(out) ? header : -EBADMSG;
}

int tlp_flit_decode(const uint8_t *bytes, size_t captured, size_t len, struct tlp *out)
{
	int header = flit_get_tlp(bytes, captured < len ? captured : len, out);

	if (header < 0)
		return header;
	return len - (size_t)header == tlp_payload_bytes(out) ? header : -EBADMSG;
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

const char *tlp_ph_str(uint8_t ph)
{
	static const char *const names[] = {"bidirectional", "requester", "target",
					    "target-priority"};

	return names[ph & 3];
}
