/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transaction Layer Packets as bytes (PCIe Base 6.x section 2.2, non-flit
 * mode): memory reads and writes, their completions, and the TPH of a request.
 * Pure functions; safe from any thread.
 */
#ifndef FABRIC_TLP_H
#define FABRIC_TLP_H

#include <stddef.h>
#include <stdint.h>

#define TLP_PAYLOAD_MAX_BYTES 4096
#define TLP_HEADER_MAX_BYTES  20 /* TPH prefix and a 4DW header */

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

/* The hint of a request. A 16-bit tag travels as a prefix; it may be small. */
struct tlp_hint {
	uint8_t st_bits; /* 0: no hint, TH clear; 8 or 16: the tag's namespace */
	uint8_t ph;	 /* enum tlp_ph */
	uint16_t st;	 /* 0: no preference */
};

struct tlp {
	enum tlp_kind kind;
	uint16_t requester; /* bus 15:8, device 7:3, function 2:0 */
	uint8_t tag;	    /* 0 in a decoded memory write with a hint: its byte carries the ST */
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
 * Writes prefix and header to @out. Returns their length in bytes, or -EINVAL
 * for a packet that cannot be: length, alignment, byte enables or a request
 * crossing 4 KiB (2.2.5, 2.2.7). A read with a hint enables all bytes: its
 * byte enables are implied (2.2.5.1). The tag of a write with one is not sent.
 */
int tlp_encode(const struct tlp *tlp, uint8_t out[TLP_HEADER_MAX_BYTES]);

/*
 * Reads a packet whose header starts at @bytes; @len counts all its bytes, the
 * payload's included. Returns the length of prefix and header in bytes.
 * -EBADMSG: cut, too long, malformed, or a reserved bit is set; -EOPNOTSUPP: a
 * type or a feature this fabric has not (traffic class, attributes, 10-bit tag,
 * digest, poison, address type). *@out is undefined then. A TPH prefix in front
 * of a request without TH is legal and says nothing.
 */
int tlp_decode(const uint8_t *bytes, size_t len, struct tlp *out);
/* The same where the payload lies elsewhere: @bytes holds the header alone. */
int tlp_decode_header(const uint8_t *bytes, size_t header_len, size_t payload_len, struct tlp *out);

/*
 * The request for bytes [addr, addr+len), byte enables set and every other field
 * 0; @len 0 is one DW with no byte enabled. The caller keeps to 4 KiB.
 */
void tlp_request(struct tlp *tlp, enum tlp_kind kind, uint64_t addr, size_t len);

/* Copies the enabled bytes of a write's @payload; @dst is where byte 0 of its first DW belongs. */
void tlp_store(const struct tlp *tlp, const uint8_t *payload, uint8_t *dst);

/* Number of enabled bytes of a request, 0..4096. */
size_t tlp_bytes(const struct tlp *tlp);

/* "bidirectional", "requester", "target", "target-priority" */
const char *tlp_ph_word(uint8_t ph);

#endif
