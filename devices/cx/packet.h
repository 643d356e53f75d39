/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet between two NICs over a link: a header, then the payload. doc/link.md is the
 * specification. A packet from the peer is checked once, by cx_packet_decode().
 */
#ifndef DEVICES_CX_PACKET_H
#define DEVICES_CX_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define CX_PACKET_HEADER   80u
#define CX_PACKET_PART	   16384u /* of a message of more than one packet */
#define CX_PACKET_GRH	   40u	  /* in front of a datagram's data */
#define CX_PACKET_DATAGRAM (4096u + CX_PACKET_GRH)
#define CX_PACKET_MAX	   (CX_PACKET_HEADER + CX_PACKET_PART)
#define CX_PSN_MASK	   0xffffffu

enum cx_packet_kind {
	CX_PACKET_REQUEST = 1, /* a part of a message, or a request for one */
	CX_PACKET_ACK,	       /* acknowledges all up to its PSN */
	CX_PACKET_DATA,	       /* the answer to a read or an atomic operation */
	CX_PACKET_NAK,	       /* code: the syndrome; 0: the packet of this PSN is missing */
	CX_PACKET_RNR,	       /* code: how long to wait, by IBTA 9.7.5.2.8 */
	CX_PACKET_KINDS,
};

#define CX_PACKET_SOLICITED 1u
#define CX_PACKET_ACK_ASKED 2u
#define CX_PACKET_HAS_GRH   4u
#define CX_PACKET_FLAGS	    7u

struct cx_packet {
	enum cx_packet_kind kind;
	uint8_t type; /* of the queue pairs: CX_ST_ */
	uint8_t opcode, flags, code, sl;
	uint16_t from_lid, to_lid;
	uint32_t from, to, psn; /* 24 bits */
	uint64_t va;		/* of the message, with its key */
	uint32_t key, total;	/* total: bytes of the message */
	uint32_t offset;	/* of this part in it */
	uint32_t immediate;	/* or the key to invalidate */
	uint32_t extra;		/* a datagram's Q_Key; the SRQ of XRC */
	uint64_t swap_add, compare;
	const uint8_t *payload; /* in the bytes that were decoded */
	uint32_t length;	/* of the payload */
};

/* The bytes of the packet that @bytes, which are at least 4, begin with; 0: not a packet. */
size_t cx_packet_size(const uint8_t *bytes);
/* The header, in front of a payload that is there already. Returns the packet's bytes. */
size_t cx_packet_encode(const struct cx_packet *packet, uint8_t *bytes);
/* 0; -EINVAL: no NIC sends such a packet. */
int cx_packet_decode(struct cx_packet *packet, const uint8_t *bytes, size_t len);

/* How many packets a message of @total bytes takes. */
static inline uint32_t cx_packet_count(uint32_t total)
{
	return total ? (total + CX_PACKET_PART - 1) / CX_PACKET_PART : 1;
}

/* The bytes of a message in the packet that begins at @offset. */
static inline uint32_t cx_packet_part(uint32_t total, uint32_t offset)
{
	return total - offset < CX_PACKET_PART ? total - offset : CX_PACKET_PART;
}

#endif
