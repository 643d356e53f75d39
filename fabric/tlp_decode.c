// SPDX-License-Identifier: GPL-2.0-or-later
#include "fabric/tlp_codec.h"

int tlp_decode(const uint8_t *bytes, size_t len, struct tlp *out)
{
	int header = tlp_get(bytes, len, out);

	if (header < 0)
		return header;
	return len - header == tlp_payload_bytes(out) ? header : -EBADMSG;
}

int tlp_decode_header(const uint8_t *bytes, size_t header_len, size_t payload_len, struct tlp *out)
{
	int header = tlp_get(bytes, header_len, out);

	if (header < 0)
		return header;
	if ((size_t)header != header_len || payload_len != tlp_payload_bytes(out))
		return -EBADMSG;
	return header;
}
