/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both directions of the TLP codec share: where the fields are and which
 * packets can be at all. Private to fabric/.
 */
#ifndef FABRIC_TLP_RULES_H
#define FABRIC_TLP_RULES_H

#include <stdbool.h>

#include "fabric/tlp.h"

#define TLP_INLINE static inline __attribute__((always_inline))

/* Byte 0: Fmt 7:5 and Type 4:0 (table 2-3) */
enum {
	TLP_BYTE0_MRD = 0x00,
	TLP_BYTE0_MWR = 0x40,
	TLP_BYTE0_CPL = 0x0a,
	TLP_BYTE0_CPLD = 0x4a,
	TLP_BYTE0_TPH_PREFIX = 0x90,

	TLP_FMT_4DW = 0x20,
};

/* The first DW of a header, big-endian (2.2.1) */
#define TLP_DW0_TH	   0x00010000u
#define TLP_DW0_RESERVED   0x00020000u
#define TLP_DW0_AT	   0x00000c00u
#define TLP_DW0_AT_NO_SUCH 0x00000c00u
/* Tag[9:8], TC, Attr, TD, EP: features this fabric has not */
#define TLP_DW0_FEATURES 0x00fcf000u
#define TLP_DW0_LENGTH	 0x000003ffu

/* The DW of a completion that holds status, BCM and byte count (2.2.9) */
#define TLP_CPL_BCM	     0x1000u

#define TLP_REQUEST_BOUNDARY 4096u /* bytes; no request crosses one (2.2.7) */

TLP_INLINE bool tlp_has_data(enum tlp_kind kind)
{
	return kind == TLP_MWR || kind == TLP_CPLD;
}

TLP_INLINE size_t tlp_payload_bytes(const struct tlp *tlp)
{
	return tlp_has_data(tlp->kind) ? tlp->length_dw * 4u : 0;
}

TLP_INLINE bool tlp_is_request(enum tlp_kind kind)
{
	return kind == TLP_MRD || kind == TLP_MWR;
}

/*
 * Byte enables (2.2.5): a single DW may enable any bytes, or none; two DWs in
 * one aligned quadword any but none in either; else the bytes are contiguous.
 */
TLP_INLINE bool tlp_byte_enables_ok(const struct tlp *tlp)
{
	const unsigned up_to_the_end = 1u << 0x8 | 1u << 0xc | 1u << 0xe | 1u << 0xf;
	const unsigned from_the_start = 1u << 0x1 | 1u << 0x3 | 1u << 0x7 | 1u << 0xf;

	if (tlp->first_be > 0xf || tlp->last_be > 0xf)
		return false;
	if ((tlp->first_be & tlp->last_be) == 0xf)
		return tlp->length_dw > 1;
	if (tlp->length_dw == 1)
		return tlp->last_be == 0;
	if (tlp->length_dw == 2 && !(tlp->addr & 7))
		return tlp->first_be && tlp->last_be;
	return (up_to_the_end >> tlp->first_be & 1) && (from_the_start >> tlp->last_be & 1);
}

TLP_INLINE unsigned tlp_count_enables(uint8_t enables)
{
	return (enables & 1) + (enables >> 1 & 1) + (enables >> 2 & 1) + (enables >> 3 & 1);
}

/* tlp_bytes() */
TLP_INLINE size_t tlp_enabled_bytes(const struct tlp *tlp)
{
	if ((tlp->first_be & tlp->last_be) == 0xf)
		return tlp->length_dw * 4u;
	if (tlp->length_dw < 2)
		return tlp_count_enables(tlp->first_be);
	return tlp_count_enables(tlp->first_be) + (tlp->length_dw - 2) * 4u +
	       tlp_count_enables(tlp->last_be);
}

/* tlp_request() */
TLP_INLINE void tlp_set_range(struct tlp *tlp, enum tlp_kind kind, uint64_t addr, size_t len)
{
	unsigned head = addr & 3;
	unsigned first = 0xf << head & 0xf;
	unsigned last = 0xf >> (-(head + len) & 3);

	*tlp = (struct tlp){
		.kind = kind,
		.addr = addr & ~3ull,
		.length_dw = (head + len + 3) / 4,
	};
	if (!len) {
		/* A read of nothing is one DW with no byte enabled (2.2.5). */
		tlp->length_dw = 1;
	} else if (tlp->length_dw == 1) {
		tlp->first_be = first & last;
	} else {
		tlp->first_be = first;
		tlp->last_be = last;
	}
}

TLP_INLINE bool tlp_hint_ok(const struct tlp_hint *hint)
{
	switch (hint->st_bits) {
	case 0:
		return true;
	case 8:
		return hint->st <= 0xff && hint->ph <= TLP_PH_TARGET_PRIORITY;
	case 16:
		return hint->ph <= TLP_PH_TARGET_PRIORITY;
	default:
		return false;
	}
}

TLP_INLINE bool tlp_crosses_boundary(const struct tlp *tlp)
{
	return tlp->addr % TLP_REQUEST_BOUNDARY + tlp->length_dw * 4u > TLP_REQUEST_BOUNDARY;
}

TLP_INLINE bool tlp_request_ok(const struct tlp *tlp)
{
	if (!tlp->length_dw || (tlp->addr & 3) || !tlp_hint_ok(&tlp->hint) ||
	    tlp_crosses_boundary(tlp))
		return false;
	/* The ST of a read stands where its byte enables would: all are implied (2.2.5.1). */
	if (tlp->kind == TLP_MRD && tlp->hint.st_bits)
		return tlp->first_be == 0xf && tlp->last_be == (tlp->length_dw > 1 ? 0xf : 0);
	return tlp_byte_enables_ok(tlp);
}

TLP_INLINE bool tlp_completion_ok(const struct tlp *tlp)
{
	/* TH is for requests (2.2.7). */
	if (tlp->hint.st_bits)
		return false;
	if (tlp->byte_count < 1 || tlp->byte_count > 4096 || tlp->lower_addr > 0x7f)
		return false;
	if (tlp->kind == TLP_CPL)
		return tlp->length_dw == 0 && (tlp->status == TLP_STATUS_SUCCESS ||
					       tlp->status == TLP_STATUS_UNSUPPORTED_REQUEST ||
					       tlp->status == TLP_STATUS_COMPLETER_ABORT);
	/* No DW behind the last byte that is still to come. */
	return tlp->status == TLP_STATUS_SUCCESS && tlp->length_dw >= 1 && tlp->length_dw <= 1024 &&
	       (tlp->length_dw - 1u) * 4 < (tlp->lower_addr & 3u) + tlp->byte_count;
}

#endif
