/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flit form of a TLP (PCIe Base 6.x sections 2.2.1.2, 2.2.2 and 2.2.10): its fields, encoder
 * and decoder. The checks that both forms share are in tlp_inline.h. Private to fabric/.
 */
#ifndef FABRIC_TLP_FLIT_INLINE_H
#define FABRIC_TLP_FLIT_INLINE_H

#include "fabric/tlp_inline.h"

/*
 * The layout, each field by its bits in a big-endian DW and nowhere else: the positions come
 * from secondary public sources (doc/trace.md), so a correction must be one line.
 */
#define FLIT_BITS(high, low) (UINT32_MAX >> (31 - (high)) & UINT32_MAX << (low))

/* The first DW. Length counts neither OHC (Orthogonal Header Content) nor the trailer. */
#define FLIT_TYPE   FLIT_BITS(31, 24)
#define FLIT_TC	    FLIT_BITS(23, 21)
#define FLIT_OHC_E  FLIT_BITS(20, 19) /* its size */
#define FLIT_OHC_C  FLIT_BITS(18, 18)
#define FLIT_OHC_B  FLIT_BITS(17, 17)
#define FLIT_OHC_A  FLIT_BITS(16, 16)
#define FLIT_TS	    FLIT_BITS(15, 13) /* the trailer's size */
#define FLIT_ATTR   FLIT_BITS(12, 10)
#define FLIT_LENGTH FLIT_BITS(9, 0)

/* The second DW, its upper half the requester, or the completer of a completion */
#define FLIT_ID		      FLIT_BITS(31, 16)
#define FLIT_EP		      FLIT_BITS(15, 15)
#define FLIT_REQ_RESERVED     FLIT_BITS(14, 14)
#define FLIT_CPL_LOWER_ADDR_6 FLIT_BITS(14, 14)
#define FLIT_TAG_HIGH	      FLIT_BITS(13, 8) /* this fabric has tags of 8 bits */
#define FLIT_TAG	      FLIT_BITS(7, 0)

/* The third DW of a completion, its upper half the requester */
#define FLIT_CPL_LOWER_ADDR_5 FLIT_BITS(15, 12) /* Lower Address[5:2] */
#define FLIT_CPL_BYTE_COUNT   FLIT_BITS(11, 0)

/* The last DW of an address */
#define FLIT_AT FLIT_BITS(1, 0)

/* OHC-A1 of a memory request; without it all bytes are enabled */
#define FLIT_A1_FEATURES FLIT_BITS(31, 8) /* No Write, PASID */
#define FLIT_A1_LAST_BE	 FLIT_BITS(7, 4)
#define FLIT_A1_FIRST_BE FLIT_BITS(3, 0)

/* OHC-A5 of a completion; without it Lower Address[1:0] and the status are 0 */
#define FLIT_A5_SEGMENTS     FLIT_BITS(31, 15)
#define FLIT_A5_RESERVED     FLIT_BITS(14, 5)
#define FLIT_A5_LOWER_ADDR_1 FLIT_BITS(4, 3) /* Lower Address[1:0] */
#define FLIT_A5_STATUS	     FLIT_BITS(2, 0)

/* OHC-B of a memory request: the hint */
#define FLIT_B_RESERVED FLIT_BITS(31, 24)
#define FLIT_B_ST	FLIT_BITS(23, 8)
#define FLIT_B_PH	FLIT_BITS(7, 6)
#define FLIT_B_HV	FLIT_BITS(5, 4)
#define FLIT_B_AMA	FLIT_BITS(3, 0) /* with its valid bit */

/* HV: which of PH and ST are valid */
enum { FLIT_HV_NONE = 0, FLIT_HV_ST8 = 1, FLIT_HV_ST16 = 3 };

/* Type: Fmt and Type of the other form, except for the read with a 3DW header. */
enum {
	FLIT_TYPE_MRD = 0x03,
	FLIT_TYPE_MRD_4DW = 0x20,
	FLIT_TYPE_MWR = 0x40,
	FLIT_TYPE_MWR_4DW = 0x60,
	FLIT_TYPE_CPL = 0x0a,
	FLIT_TYPE_CPLD = 0x4a,
};

#define FLIT_HEADER_MIN_BYTES 12

TLP_INLINE uint32_t flit_get(uint32_t dw, uint32_t field)
{
	return (dw & field) >> __builtin_ctz(field);
}

/* The bits of @value from bit @low on */
TLP_INLINE uint32_t flit_put_from(uint32_t field, uint32_t value, unsigned low)
{
	return value << (__builtin_ctz(field) - low) & field;
}

TLP_INLINE uint32_t flit_put(uint32_t field, uint32_t value)
{
	return flit_put_from(field, value, 0);
}

/* True: no OHC-A1 is needed. */
TLP_INLINE bool flit_all_enabled(const struct tlp *tlp)
{
	return tlp->first_be == 0xf && (tlp->last_be == 0xf || tlp->length_dw == 1);
}

/* Header and OHC of a request that tlp_request_ok() holds for; returns their length in bytes. */
TLP_INLINE unsigned flit_put_request(const struct tlp *tlp, uint8_t *out)
{
	bool is_long = tlp->addr >> 32, all = flit_all_enabled(tlp);
	uint32_t type = tlp->kind == TLP_MWR ? (is_long ? FLIT_TYPE_MWR_4DW : FLIT_TYPE_MWR)
					     : (is_long ? FLIT_TYPE_MRD_4DW : FLIT_TYPE_MRD);
	uint32_t dw0 = flit_put(FLIT_TYPE, type) | flit_put(FLIT_LENGTH, tlp->length_dw) |
		       (all ? 0 : FLIT_OHC_A) | (tlp->hint.st_bits ? FLIT_OHC_B : 0);
	uint32_t dw1 = flit_put(FLIT_ID, tlp->requester) | flit_put(FLIT_TAG, tlp->tag);
	unsigned len = is_long ? 16 : 12;

	put_be64(out, (uint64_t)dw0 << 32 | dw1);
	if (is_long)
		put_be64(out + 8, tlp->addr);
	else
		put_be32(out + 8, tlp->addr);
	if (!all) {
		put_be32(out + len, flit_put(FLIT_A1_LAST_BE, tlp->last_be) |
					    flit_put(FLIT_A1_FIRST_BE, tlp->first_be));
		len += 4;
	}
	if (tlp->hint.st_bits) {
		uint32_t hv = tlp->hint.st_bits == 16 ? FLIT_HV_ST16 : FLIT_HV_ST8;

		put_be32(out + len, flit_put(FLIT_B_ST, tlp->hint.st) |
					    flit_put(FLIT_B_PH, tlp->hint.ph) |
					    flit_put(FLIT_B_HV, hv));
		len += 4;
	}
	return len;
}

/* The same for a completion, and tlp_completion_ok(). 4096 bytes are written as 0. */
TLP_INLINE unsigned flit_put_completion(const struct tlp *tlp, uint8_t *out)
{
	bool has_a5 = tlp->status || tlp->lower_addr & 3;
	uint32_t type = tlp->kind == TLP_CPLD ? FLIT_TYPE_CPLD : FLIT_TYPE_CPL;
	uint32_t dw0 = flit_put(FLIT_TYPE, type) | flit_put(FLIT_LENGTH, tlp->length_dw) |
		       (has_a5 ? FLIT_OHC_A : 0);
	uint32_t dw1 = flit_put(FLIT_ID, tlp->completer) | flit_put(FLIT_TAG, tlp->tag) |
		       flit_put_from(FLIT_CPL_LOWER_ADDR_6, tlp->lower_addr, 6);

	put_be64(out, (uint64_t)dw0 << 32 | dw1);
	put_be32(out + 8, flit_put(FLIT_ID, tlp->requester) |
				  flit_put_from(FLIT_CPL_LOWER_ADDR_5, tlp->lower_addr, 2) |
				  flit_put(FLIT_CPL_BYTE_COUNT, tlp->byte_count));
	if (!has_a5)
		return 12;
	put_be32(out + 12, flit_put(FLIT_A5_LOWER_ADDR_1, tlp->lower_addr) |
				   flit_put(FLIT_A5_STATUS, tlp->status));
	return 16;
}

/* By Type: the kind and the length of the header proper in bytes; 0: not supported. */
static const struct flit_type {
	uint8_t kind, header;
} flit_types[] = {
	[FLIT_TYPE_MRD] = {TLP_MRD, 12},
	[FLIT_TYPE_MRD_4DW] = {TLP_MRD, 16},
	[FLIT_TYPE_MWR] = {TLP_MWR, 12},
	[FLIT_TYPE_MWR_4DW] = {TLP_MWR, 16},
	[FLIT_TYPE_CPL] = {TLP_CPL, 12},
	[FLIT_TYPE_CPLD] = {TLP_CPLD, 12},
	[UINT8_MAX] = {0},
};

/* Features in the first two DWs that this fabric does not have. */
#define FLIT_FEATURES                                                                              \
	((uint64_t)(FLIT_TC | FLIT_OHC_E | FLIT_OHC_C | FLIT_TS | FLIT_ATTR) << 32 | FLIT_EP |     \
	 FLIT_TAG_HIGH)

/* OHC-A1 */
TLP_INLINE int flit_get_enables(uint32_t ohc_a, struct tlp *out)
{
	if (ohc_a & FLIT_A1_FEATURES)
		return -EOPNOTSUPP;
	out->first_be = flit_get(ohc_a, FLIT_A1_FIRST_BE);
	out->last_be = flit_get(ohc_a, FLIT_A1_LAST_BE);
	return tlp_byte_enables_ok(out) ? 0 : -EBADMSG;
}

/* OHC-B. Fields that are not valid by HV are ignored. */
TLP_INLINE int flit_get_hint(uint32_t ohc_b, struct tlp_hint *hint)
{
	uint32_t hv = flit_get(ohc_b, FLIT_B_HV), st = flit_get(ohc_b, FLIT_B_ST);

	if (ohc_b & (FLIT_B_RESERVED | FLIT_B_AMA))
		return ohc_b & FLIT_B_RESERVED ? -EBADMSG : -EOPNOTSUPP;
	if (hv != FLIT_HV_ST8 && hv != FLIT_HV_ST16)
		return 0;
	hint->st_bits = hv == FLIT_HV_ST16 ? 16 : 8;
	hint->ph = flit_get(ohc_b, FLIT_B_PH);
	hint->st = hv == FLIT_HV_ST16 ? st : st & 0xff;
	return 0;
}

/* @ohc: behind the header proper */
TLP_INLINE int flit_get_request(uint64_t dws, uint64_t addr, enum tlp_kind kind, const uint8_t *ohc,
				struct tlp *out)
{
	uint32_t dw0 = dws >> 32, dw1 = dws;
	int ret = 0;

	if (dws & (FLIT_FEATURES | FLIT_REQ_RESERVED) || addr & FLIT_AT)
		return dws & FLIT_REQ_RESERVED || (addr & FLIT_AT) == FLIT_AT ? -EBADMSG
									      : -EOPNOTSUPP;
	*out = (struct tlp){
		.kind = kind,
		.flit = true,
		.requester = flit_get(dw1, FLIT_ID),
		.tag = flit_get(dw1, FLIT_TAG),
		.length_dw = ((dw0 - 1) & FLIT_LENGTH) + 1,
		.addr = addr,
		.first_be = 0xf,
		.last_be = (dw0 & FLIT_LENGTH) == 1 ? 0 : 0xf,
	};
	if (dw0 & FLIT_OHC_A) {
		ret = flit_get_enables(get_be32(ohc), out);
		ohc += 4;
	}
	if (!ret && dw0 & FLIT_OHC_B)
		ret = flit_get_hint(get_be32(ohc), &out->hint);
	if (ret)
		return ret;
	return tlp_crosses_boundary(out) ? -EBADMSG : 0;
}

/* A completion's header and OHC from @len bytes, 12 or more: their length, or a negative errno. */
TLP_INLINE int flit_get_completion(const uint8_t *bytes, size_t len, uint64_t dws,
				   enum tlp_kind kind, struct tlp *out)
{
	uint32_t dw0 = dws >> 32, dw1 = dws, dw2 = get_be32(bytes + 8), ohc_a = 0;
	uint32_t count = flit_get(dw2, FLIT_CPL_BYTE_COUNT);
	int whole = 12;

	if (dw0 & FLIT_OHC_B)
		return -EBADMSG;
	if (dw0 & FLIT_OHC_A) {
		if (len < 16)
			return -EBADMSG;
		ohc_a = get_be32(bytes + 12);
		if (ohc_a & FLIT_A5_RESERVED)
			return -EBADMSG;
		if (ohc_a & FLIT_A5_SEGMENTS)
			return -EOPNOTSUPP;
		whole = 16;
	}
	if (dws & FLIT_FEATURES)
		return -EOPNOTSUPP;
	*out = (struct tlp){
		.kind = kind,
		.flit = true,
		.requester = flit_get(dw2, FLIT_ID),
		.tag = flit_get(dw1, FLIT_TAG),
		/* Without data it is 0. */
		.length_dw = kind == TLP_CPL ? dw0 & FLIT_LENGTH : ((dw0 - 1) & FLIT_LENGTH) + 1,
		.completer = flit_get(dw1, FLIT_ID),
		.status = flit_get(ohc_a, FLIT_A5_STATUS),
		.byte_count = count ? count : 4096,
		.lower_addr = flit_get(dw1, FLIT_CPL_LOWER_ADDR_6) << 6 |
			      flit_get(dw2, FLIT_CPL_LOWER_ADDR_5) << 2 |
			      flit_get(ohc_a, FLIT_A5_LOWER_ADDR_1),
	};
	return tlp_completion_ok(out) ? whole : -EBADMSG;
}

/* Header and OHC from the @len bytes at @bytes: their length, or a negative errno. */
TLP_INLINE int flit_get_tlp(const uint8_t *bytes, size_t len, struct tlp *out)
{
	const struct flit_type *type;
	uint64_t dws, addr;
	unsigned whole;
	int ret;

	if (len < FLIT_HEADER_MIN_BYTES)
		return -EBADMSG;
	dws = get_be64(bytes);
	type = &flit_types[flit_get(dws >> 32, FLIT_TYPE)];
	if (!type->header)
		return -EOPNOTSUPP;
	if (!tlp_is_request(type->kind))
		return flit_get_completion(bytes, len, dws, type->kind, out);
	whole = type->header + (dws >> 32 & FLIT_OHC_A ? 4 : 0) + (dws >> 32 & FLIT_OHC_B ? 4 : 0);
	if (len < whole)
		return -EBADMSG;
	if (type->header == 16) {
		addr = get_be64(bytes + 8);
		/* An address below 4 GiB takes the short header (2.2.4.1). */
		ret = addr >> 32 ? flit_get_request(dws, addr, type->kind, bytes + 16, out)
				 : -EBADMSG;
	} else {
		addr = get_be32(bytes + 8);
		ret = flit_get_request(dws, addr, type->kind, bytes + 12, out);
	}
	return ret ? ret : (int)whole;
}

#endif
