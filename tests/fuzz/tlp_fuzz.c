// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes may come from a link, in flit mode or not. Decoding them must not
 * crash, and an accepted TLP must encode to the same bytes. The same input is also
 * read as a struct tlp: if it encodes, its bytes must decode to it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/tlp.h"

static void require(int condition)
{
	if (!condition)
		abort();
}

static size_t payload_bytes(const struct tlp *tlp)
{
	return tlp->kind == TLP_MWR || tlp->kind == TLP_CPLD ? tlp->length_dw * 4u : 0;
}

static int same(const struct tlp *a, const struct tlp *b)
{
	return a->kind == b->kind && a->flit == b->flit && a->requester == b->requester &&
	       a->tag == b->tag && a->length_dw == b->length_dw &&
	       a->hint.st_bits == b->hint.st_bits && a->hint.ph == b->hint.ph &&
	       a->hint.st == b->hint.st && a->addr == b->addr && a->first_be == b->first_be &&
	       a->last_be == b->last_be && a->completer == b->completer && a->status == b->status &&
	       a->byte_count == b->byte_count && a->lower_addr == b->lower_addr;
}

/* A prefix in front of a request without TH is legal, but never encoded. */
static size_t unused_prefix_bytes(const uint8_t *header, const struct tlp *tlp)
{
	return header[0] == 0x90 && !tlp->hint.st_bits ? 4 : 0;
}

static int decode(int flit, const uint8_t *bytes, size_t captured, size_t len, struct tlp *out)
{
	return flit ? tlp_flit_decode(bytes, captured, len, out)
		    : tlp_decode(bytes, captured, len, out);
}

/* OHC that only repeats the default values is legal, but never encoded. */
static void accepted_flit(const uint8_t *header, int len, const struct tlp *tlp)
{
	uint8_t again[TLP_HEADER_MAX_BYTES], same_bytes[TLP_HEADER_MAX_BYTES];
	int again_len = tlp_encode(tlp, again);
	struct tlp decoded;

	require(again_len > 0 && again_len <= len);
	require(tlp_flit_decode(again, again_len, again_len + payload_bytes(tlp), &decoded) ==
		again_len);
	require(same(tlp, &decoded));
	if (again_len < len)
		return;
	memcpy(same_bytes, header, len);
	if (tlp->hint.st_bits == 8) /* the upper half of ST is ignored */
		same_bytes[len - 3] = 0;
	require(!memcmp(same_bytes, again, len));
}

static void accepted(const uint8_t *header, int len, const struct tlp *tlp)
{
	uint8_t again[TLP_HEADER_MAX_BYTES];
	size_t skip = unused_prefix_bytes(header, tlp);

	require(tlp_bytes(tlp) <= TLP_PAYLOAD_MAX_BYTES);
	if (tlp->flit) {
		accepted_flit(header, len, tlp);
		return;
	}
	require(tlp_encode(tlp, again) == len - (int)skip);
	require(!memcmp(header + skip, again, len - skip));
}

static void fuzz_decode(int flit, const uint8_t *data, size_t size)
{
	static uint8_t memory[TLP_PAYLOAD_MAX_BYTES];
	struct tlp tlp, header;
	int len = decode(flit, data, size, size, &tlp);

	if (len >= 0) {
		accepted(data, len, &tlp);
		require(decode(flit, data, len, size, &header) == len);
		require(same(&tlp, &header));
		if (tlp.kind == TLP_MWR)
			tlp_store(&tlp, data + len, memory);
	}
	/* Bytes without the whole payload: these occur more often than whole packets. */
	for (size_t payload = 0; payload <= TLP_PAYLOAD_MAX_BYTES;
	     payload += payload ? payload : 4) {
		len = decode(flit, data, size, size + payload, &tlp);
		if (len < 0)
			continue;
		require((size_t)len <= size && size + payload - len == payload_bytes(&tlp));
		accepted(data, len, &tlp);
	}
}

/* The fields that are encoded for a TLP of its kind. */
static struct tlp meaningful(const struct tlp *tlp)
{
	struct tlp out = {.kind = tlp->kind,
			  .flit = tlp->flit,
			  .requester = tlp->requester,
			  .tag = tlp->tag,
			  .length_dw = tlp->length_dw};

	if (tlp->kind == TLP_CPL || tlp->kind == TLP_CPLD) {
		out.completer = tlp->completer;
		out.status = tlp->status;
		out.byte_count = tlp->byte_count;
		out.lower_addr = tlp->lower_addr;
		return out;
	}
	out.addr = tlp->addr;
	out.first_be = tlp->first_be;
	out.last_be = tlp->last_be;
	if (tlp->hint.st_bits)
		out.hint = tlp->hint;
	if (tlp->hint.st_bits && tlp->kind == TLP_MWR && !tlp->flit)
		out.tag = 0;
	return out;
}

static void fuzz_encode(const uint8_t *data, size_t size)
{
	uint8_t bytes[TLP_HEADER_MAX_BYTES], raw[40] = {0};
	struct tlp tlp, decoded;
	int len;

	memcpy(raw, data, size < sizeof(raw) ? size : sizeof(raw));
	tlp = (struct tlp){
		.kind = raw[0] & 3,
		.flit = raw[0] >> 2 & 1,
		.tag = raw[1],
		.requester = raw[2] | raw[3] << 8,
		.length_dw = raw[4] | raw[5] << 8,
		.first_be = raw[6],
		.last_be = raw[7],
		.hint = {.st_bits = raw[8], .ph = raw[9], .st = raw[10] | raw[11] << 8},
		.completer = raw[12] | raw[13] << 8,
		.status = raw[14],
		.lower_addr = raw[15],
		.byte_count = raw[16] | raw[17] << 8,
	};
	memcpy(&tlp.addr, raw + 18, sizeof(tlp.addr));
	len = tlp_encode(&tlp, bytes);
	if (len < 0)
		return;
	require(decode(tlp.flit, bytes, len, len + payload_bytes(&tlp), &decoded) == len);
	tlp = meaningful(&tlp);
	require(same(&decoded, &tlp));
	accepted(bytes, len, &decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_decode(0, data, size);
	fuzz_decode(1, data, size);
	fuzz_encode(data, size);
	return 0;
}
