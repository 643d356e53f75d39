/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLP codec: which packets are valid, and of the form off flit mode the fields, encoder
 * and decoder. Inline, because a packet costs little more than a call. Private to fabric/:
 * other folders call tlp_encode() and tlp_decode().
 */
#ifndef FABRIC_TLP_INLINE_H
#define FABRIC_TLP_INLINE_H

#include <errno.h>
#include <stdbool.h>

#include "fabric/tlp.h"
#include "util/bytes.h"

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
/* Tag[9:8], TC, Attr, TD, EP: features that this fabric lacks */
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
 * Byte enables (2.2.5): a single DW may enable any bytes, or none; two DWs in one
 * aligned quadword any, but at least one each; else the bytes are contiguous.
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
	/* The ST of a read is in the place of its byte enables: all are implied (2.2.5.1). */
	if (tlp->kind == TLP_MRD && tlp->hint.st_bits && !tlp->flit)
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
	/* No DW lies behind the last byte of Byte Count. */
	return tlp->status == TLP_STATUS_SUCCESS && tlp->length_dw >= 1 && tlp->length_dw <= 1024 &&
	       (tlp->length_dw - 1u) * 4 < (tlp->lower_addr & 3u) + tlp->byte_count;
}

/*
 * Header and prefix of a request that tlp_request_ok() holds for; returns their
 * length in bytes. 2.2.7, and 2.2.7.1.1 for the places of TH, PH and ST.
 */
TLP_INLINE unsigned tlp_put_request(const struct tlp *tlp, uint8_t *out)
{
	bool is_write = tlp->kind == TLP_MWR, is_long = tlp->addr >> 32;
	unsigned prefix = tlp->hint.st_bits == 16 ? 4 : 0;
	uint32_t byte0 = (is_write ? TLP_BYTE0_MWR : TLP_BYTE0_MRD) | (is_long ? TLP_FMT_4DW : 0);
	uint32_t dw0 = byte0 << 24 | (tlp->length_dw & TLP_DW0_LENGTH);
	uint32_t dw1 =
		(uint32_t)tlp->requester << 16 | tlp->tag << 8 | tlp->last_be << 4 | tlp->first_be;
	uint32_t st_low = tlp->hint.st & 0xff;
	uint64_t addr = tlp->addr;

	if (tlp->hint.st_bits) {
		dw0 |= TLP_DW0_TH;
		dw1 = is_write ? (dw1 & ~0xff00u) | st_low << 8 : (dw1 & ~0xffu) | st_low;
		addr |= tlp->hint.ph;
	}
	if (prefix)
		put_be32(out, (uint32_t)TLP_BYTE0_TPH_PREFIX << 24 | tlp->hint.st >> 8 << 16);
	out += prefix;
	put_be64(out, (uint64_t)dw0 << 32 | dw1);
	if (is_long)
		put_be64(out + 8, addr);
	else
		put_be32(out + 8, addr);
	return prefix + (is_long ? 16 : 12);
}

/* The same for a completion, and tlp_completion_ok(). 2.2.9; 4096 bytes are written as 0. */
TLP_INLINE unsigned tlp_put_completion(const struct tlp *tlp, uint8_t *out)
{
	uint32_t byte0 = tlp->kind == TLP_CPLD ? TLP_BYTE0_CPLD : TLP_BYTE0_CPL;

	uint32_t dw0 = byte0 << 24 | (tlp->length_dw & TLP_DW0_LENGTH);
	uint32_t dw1 = (uint32_t)tlp->completer << 16 | (uint32_t)tlp->status << 13 |
		       (tlp->byte_count & 0xfff);

	put_be64(out, (uint64_t)dw0 << 32 | dw1);
	put_be32(out + 8, (uint32_t)tlp->requester << 16 | tlp->tag << 8 | tlp->lower_addr);
	return 12;
}

/* The kind by Fmt and Type (2.2.1.1) and the length of the header proper in bytes. */
TLP_INLINE int tlp_get_kind(uint8_t byte0, enum tlp_kind *kind)
{
	uint8_t short_byte0 = byte0 & ~TLP_FMT_4DW;

	if (short_byte0 == TLP_BYTE0_MWR || short_byte0 == TLP_BYTE0_MRD) {
		*kind = short_byte0 == TLP_BYTE0_MWR ? TLP_MWR : TLP_MRD;
		return byte0 & TLP_FMT_4DW ? 16 : 12;
	}
	if (byte0 == TLP_BYTE0_CPLD || byte0 == TLP_BYTE0_CPL) {
		*kind = byte0 == TLP_BYTE0_CPLD ? TLP_CPLD : TLP_CPL;
		return 12;
	}
	/* Fmt 101b and up are reserved. */
	return byte0 >= 0xa0 ? -EBADMSG : -EOPNOTSUPP;
}

/* The bits of the first DW that must be 0, requests and completions alike. */
TLP_INLINE int tlp_check_dw0(uint32_t dw0, bool is_request)
{
	const uint32_t none_of = TLP_DW0_RESERVED | TLP_DW0_AT | TLP_DW0_FEATURES;
	uint32_t at = dw0 & TLP_DW0_AT;

	/* Completions have no address type and no hint. */
	if (!is_request && (at || dw0 & TLP_DW0_TH))
		return -EBADMSG;
	if (!(dw0 & none_of))
		return 0;
	return dw0 & TLP_DW0_RESERVED || at == TLP_DW0_AT_NO_SUCH ? -EBADMSG : -EOPNOTSUPP;
}

/* 1024 is written as 0. */
TLP_INLINE uint16_t tlp_get_length(uint32_t dw0)
{
	return ((dw0 - 1) & TLP_DW0_LENGTH) + 1;
}

/*
 * TH is set: the ST is in the place of the tag of a write, of the byte enables of a read
 * (2.2.7.1.1).
 */
TLP_INLINE void tlp_get_hint(uint32_t dw1, uint8_t ph, const uint8_t *prefix, struct tlp *out)
{
	uint16_t st_high = prefix ? prefix[1] << 8 : 0;

	out->hint.st_bits = prefix ? 16 : 8;
	out->hint.ph = ph;
	if (out->kind == TLP_MWR) {
		out->hint.st = st_high | (dw1 >> 8 & 0xff);
		out->tag = 0;
	} else {
		out->hint.st = st_high | (dw1 & 0xff);
		out->first_be = 0xf;
		out->last_be = out->length_dw > 1 ? 0xf : 0;
	}
}

/* @bytes: the header proper, @len bytes; @prefix: the TPH prefix in front of it, or NULL */
TLP_INLINE int tlp_get_request(const uint8_t *bytes, unsigned len, const uint8_t *prefix,
			       enum tlp_kind kind, struct tlp *out)
{
	uint64_t dws = get_be64(bytes);
	uint32_t dw0 = dws >> 32, dw1 = dws;
	uint64_t addr = len == 16 ? get_be64(bytes + 8) : get_be32(bytes + 8);

	/* An address below 4 GiB takes the short header (2.2.4.1). */
	if (len == 16 && !(addr >> 32))
		return -EBADMSG;
	*out = (struct tlp){
		.kind = kind,
		.requester = dw1 >> 16,
		.tag = dw1 >> 8,
		.length_dw = tlp_get_length(dw0),
		.addr = addr & ~3ull,
		.first_be = dw1 & 0xf,
		.last_be = dw1 >> 4 & 0xf,
	};
	if (dw0 & TLP_DW0_TH)
		tlp_get_hint(dw1, addr & 3, prefix, out);
	else if (addr & 3)
		return -EBADMSG;
	/* Every value of length, alignment and hint is valid; the rest is checked. */
	return tlp_crosses_boundary(out) || !tlp_byte_enables_ok(out) ? -EBADMSG : 0;
}

/* 2.2.9 */
TLP_INLINE int tlp_get_completion(const uint8_t *bytes, enum tlp_kind kind, struct tlp *out)
{
	uint64_t dws = get_be64(bytes);
	uint32_t dw0 = dws >> 32, dw1 = dws, dw2 = get_be32(bytes + 8);

	*out = (struct tlp){
		.kind = kind,
		.requester = dw2 >> 16,
		.tag = dw2 >> 8,
		/* Without data it is 0. */
		.length_dw = kind == TLP_CPL ? dw0 & TLP_DW0_LENGTH : tlp_get_length(dw0),
		.completer = dw1 >> 16,
		.status = dw1 >> 13 & 7,
		.byte_count = dw1 & 0xfff ? dw1 & 0xfff : 4096,
		.lower_addr = dw2 & 0x7f,
	};
	/* Only PCI-X completers set BCM; bit 7 of the last byte is reserved. */
	if (dw1 & TLP_CPL_BCM || dw2 & 0x80)
		return -EBADMSG;
	return tlp_completion_ok(out) ? 0 : -EBADMSG;
}

/* Prefix and header from the @len bytes at @bytes: their length, or a negative errno. */
TLP_INLINE int tlp_get(const uint8_t *bytes, size_t len, struct tlp *out)
{
	const uint8_t *prefix = NULL;
	enum tlp_kind kind;
	int header, ret;

	if (!len)
		return -EBADMSG;
	if (bytes[0] == TLP_BYTE0_TPH_PREFIX) {
		if (len < 8)
			return -EBADMSG;
		prefix = bytes;
		bytes += 4;
		len -= 4;
		/* Bytes 2 and 3 are reserved, and a request has at most one TPH prefix. */
		if (prefix[2] || prefix[3] || bytes[0] == TLP_BYTE0_TPH_PREFIX)
			return -EBADMSG;
	}
	header = tlp_get_kind(bytes[0], &kind);
	if (header < 0)
		return header;
	if (len < (size_t)header)
		return -EBADMSG;

	ret = tlp_check_dw0(get_be32(bytes), tlp_is_request(kind));
	if (ret)
		return ret;
	if (tlp_is_request(kind))
		ret = tlp_get_request(bytes, header, prefix, kind, out);
	else
		ret = prefix ? -EBADMSG : tlp_get_completion(bytes, kind, out);
	return ret ? ret : header + (prefix ? 4 : 0);
}

#endif
