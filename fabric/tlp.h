/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transaction Layer Packets as bytes (PCIe Base 6.x section 2.2): memory reads
 * and writes, their completions, and the TPH of a request, in the form of links
 * in flit mode and in that of others. Pure functions, safe from any thread.
 */
#ifndef FABRIC_TLP_H
#define FABRIC_TLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLP_INLINE	      static inline __attribute__((always_inline))

#define TLP_PAYLOAD_MAX_BYTES 4096
#define TLP_HEADER_MAX_BYTES  24 /* a 4DW header and two DWs of OHC; with a TPH prefix 20 */

enum tlp_kind { TLP_MRD, TLP_MWR, TLP_CPL, TLP_CPLD };

/* Processing Hints (table 2-18) */
enum tlp_ph {
	TLP_PH_BIDIRECTIONAL = 0,
	TLP_PH_REQUESTER = 1,
	TLP_PH_TARGET = 2,
	TLP_PH_TARGET_PRIORITY = 3,
};

/* Completion status (table 2-34) */
enum tlp_status {
	TLP_STATUS_SUCCESS = 0,
	TLP_STATUS_UNSUPPORTED_REQUEST = 1,
	TLP_STATUS_COMPLETER_ABORT = 4,
};

/*
 * The hint of a request. Off flit mode a 16-bit tag has a prefix for its upper half, also
 * where that is 0.
 */
struct tlp_hint {
	uint8_t st_bits; /* 0: no hint; 8 or 16: the tag's namespace */
	uint8_t ph;	 /* enum tlp_ph */
	uint16_t st;	 /* 0: no preference */
};

struct tlp {
	enum tlp_kind kind;
	bool flit;	    /* the form of its bytes: that of a link in flit mode */
	uint16_t requester; /* bus 15:8, device 7:3, function 2:0 */
	uint8_t tag; /* off flit mode 0 in a decoded write with a hint: the ST takes its place */
	uint16_t length_dw; /* 1..1024; payload size of MWr and CplD, 0 for Cpl */

	/* MRd, MWr */
	struct tlp_hint hint;
	uint64_t addr; /* bytes, DW aligned; 4DW header from 4 GiB on */
	uint8_t first_be, last_be;

	/* Cpl, CplD */
	uint16_t completer;
	uint8_t status;	     /* enum tlp_status */
	uint16_t byte_count; /* bytes still to come, this packet's included; 1..4096 */
	uint8_t lower_addr;  /* bits 6:0 of the first byte's address */
};

/*
 * Writes prefix and header, or in flit mode header and OHC, to @out. Returns
 * their length in bytes, or -EINVAL for an invalid packet: length, alignment,
 * byte enables or a request crossing 4 KiB (2.2.5, 2.2.7). Off flit mode a read
 * with a hint enables all bytes, since its byte enables are implied (2.2.5.1),
 * and the tag of a write with one is not sent.
 */
int tlp_encode(const struct tlp *tlp, uint8_t out[TLP_HEADER_MAX_BYTES]);

/*
 * Reads the header of a packet of @len bytes, of which @captured are at @bytes: all of the
 * header, but not necessarily the payload. Returns the length of prefix and header in bytes.
 * -EBADMSG: cut, too long, malformed, or a reserved bit is set; -EOPNOTSUPP: a
 * type or a feature that this fabric does not have (traffic class, attributes, 10-bit tag,
 * digest, poison, address type). *@out is undefined then. A TPH prefix in front
 * of a request without TH is legal and has no meaning.
 */
int tlp_decode(const uint8_t *bytes, size_t captured, size_t len, struct tlp *out);
/*
 * The same for the form of flit mode, of header and OHC. What this fabric does not have is here
 * -EOPNOTSUPP, too: PASID, segments, AMA, OHC-C and OHC-E, a trailer. OHC that only repeats
 * defaults is legal.
 */
int tlp_flit_decode(const uint8_t *bytes, size_t captured, size_t len, struct tlp *out);

/* Copies the enabled bytes of a write's @payload; @dst is where byte 0 of its first DW belongs. */
void tlp_store(const struct tlp *tlp, const uint8_t *payload, uint8_t *dst);

/* "bidirectional", "requester", "target", "target-priority" */
const char *tlp_ph_str(uint8_t ph);

/*
 * The request for bytes [addr, addr+len), byte enables set and every other field
 * 0; @len 0 is one DW with no byte enabled. The range must not cross 4 KiB.
 */
TLP_INLINE void tlp_request(struct tlp *tlp, enum tlp_kind kind, uint64_t addr, size_t len)
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
		/* A read of no bytes is one DW with no byte enabled (2.2.5). */
		tlp->length_dw = 1;
	} else if (tlp->length_dw == 1) {
		tlp->first_be = first & last;
	} else {
		tlp->first_be = first;
		tlp->last_be = last;
	}
}

TLP_INLINE unsigned tlp_count_enables(uint8_t enables)
{
	return (enables & 1) + (enables >> 1 & 1) + (enables >> 2 & 1) + (enables >> 3 & 1);
}

/* Number of enabled bytes of a request, 0..4096. */
TLP_INLINE size_t tlp_bytes(const struct tlp *tlp)
{
	/* NOLINTNEXTLINE(*UndefinedBinaryOperatorResult): clang-tidy loses what tlp_get() wrote */
	if ((tlp->first_be & tlp->last_be) == 0xf)
		return tlp->length_dw * 4u;
	if (tlp->length_dw < 2)
		return tlp_count_enables(tlp->first_be);
	return tlp_count_enables(tlp->first_be) + (tlp->length_dw - 2) * 4u +
	       tlp_count_enables(tlp->last_be);
}

#endif
