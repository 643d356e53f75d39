// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/cx/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "devices/cx/layout.h"
#include "util/bytes.h"

#define MAGIC	      0x54483031u /* "TH01" */
#define MESSAGE_MAX   (1u << 30)
#define OPERAND	      8u
#define NUMBER_MASK   0xffffffu
#define RNR_CODE_MASK 0x1fu

/* Where a header's fields are, in bytes. */
enum {
	AT_SIZE = 0,
	AT_MAGIC = 4,
	AT_KIND = 8,
	AT_TYPE,
	AT_OPCODE,
	AT_FLAGS,
	AT_FROM_LID = 12,
	AT_TO_LID = 14,
	AT_FROM = 16, /* below a code */
	AT_TO = 20,   /* below a service level */
	AT_PSN = 24,
	AT_KEY = 28,
	AT_VA = 32,
	AT_TOTAL = 40,
	AT_OFFSET = 44,
	AT_IMMEDIATE = 48,
	AT_EXTRA = 52,
	AT_SWAP_ADD = 56,
	AT_COMPARE = 64,
	AT_RESERVED = 72,
};

size_t cx_packet_size(const uint8_t *bytes)
{
	uint32_t size = get_be32(bytes + AT_SIZE);

	return size >= CX_PACKET_HEADER && size <= CX_PACKET_MAX ? size : 0;
}

size_t cx_packet_encode(const struct cx_packet *p, uint8_t *bytes)
{
	put_be32(bytes + AT_SIZE, CX_PACKET_HEADER + p->length);
	put_be32(bytes + AT_MAGIC, MAGIC);
	bytes[AT_KIND] = (uint8_t)p->kind;
	bytes[AT_TYPE] = p->type;
	bytes[AT_OPCODE] = p->opcode;
	bytes[AT_FLAGS] = p->flags;
	put_be16(bytes + AT_FROM_LID, p->from_lid);
	put_be16(bytes + AT_TO_LID, p->to_lid);
	put_be32(bytes + AT_FROM, (uint32_t)p->code << 24 | p->from);
	put_be32(bytes + AT_TO, (uint32_t)p->sl << 24 | p->to);
	put_be32(bytes + AT_PSN, p->psn);
	put_be32(bytes + AT_KEY, p->key);
	put_be64(bytes + AT_VA, p->va);
	put_be32(bytes + AT_TOTAL, p->total);
	put_be32(bytes + AT_OFFSET, p->offset);
	put_be32(bytes + AT_IMMEDIATE, p->immediate);
	put_be32(bytes + AT_EXTRA, p->extra);
	put_be64(bytes + AT_SWAP_ADD, p->swap_add);
	put_be64(bytes + AT_COMPARE, p->compare);
	put_be64(bytes + AT_RESERVED, 0);
	return CX_PACKET_HEADER + p->length;
}

static bool is_atomic(const struct cx_packet *p)
{
	return p->opcode == CX_WR_ATOMIC_CS || p->opcode == CX_WR_ATOMIC_FA;
}

static bool asks_for_data(const struct cx_packet *p)
{
	return p->opcode == CX_WR_RDMA_READ || is_atomic(p);
}

static bool type_has_opcode(const struct cx_packet *p)
{
	bool reliable = p->type == CX_ST_RC || p->type == CX_ST_XRC;

	switch (p->opcode) {
	case CX_WR_SEND:
	case CX_WR_SEND_IMM:
		return reliable || p->type == CX_ST_UC || p->type == CX_ST_UD;
	case CX_WR_RDMA_WRITE:
	case CX_WR_RDMA_WRITE_IMM:
		return reliable || p->type == CX_ST_UC;
	case CX_WR_SEND_INVAL:
	case CX_WR_RDMA_READ:
	case CX_WR_ATOMIC_CS:
	case CX_WR_ATOMIC_FA:
		return reliable;
	}
	return false;
}

/* A datagram is whole; a part of another message begins at a multiple of its size. */
static bool part_is_valid(const struct cx_packet *p)
{
	if (p->type == CX_ST_UD)
		return !p->offset && p->total >= CX_PACKET_GRH && p->total <= CX_PACKET_DATAGRAM;
	if (is_atomic(p) && p->total != OPERAND)
		return false;
	return p->total <= MESSAGE_MAX && p->offset % CX_PACKET_PART == 0 &&
	       (p->offset < p->total || !p->offset);
}

static uint32_t part_length(const struct cx_packet *p)
{
	return p->type == CX_ST_UD ? p->total : cx_packet_part(p->total, p->offset);
}

static bool is_valid(const struct cx_packet *p)
{
	bool has_data =
		p->kind == CX_PACKET_REQUEST ? !asks_for_data(p) : p->kind == CX_PACKET_DATA;

	if (!type_has_opcode(p) || !part_is_valid(p) || p->flags & ~CX_PACKET_FLAGS)
		return false;
	if (p->kind == CX_PACKET_DATA && !asks_for_data(p))
		return false;
	if (p->kind != CX_PACKET_REQUEST && p->type != CX_ST_RC && p->type != CX_ST_XRC)
		return false;
	if (p->kind == CX_PACKET_RNR && p->code > RNR_CODE_MASK)
		return false;
	return p->length == (has_data ? part_length(p) : 0);
}

int cx_packet_decode(struct cx_packet *p, const uint8_t *bytes, size_t len)
{
	if (len < CX_PACKET_HEADER || cx_packet_size(bytes) != len ||
	    get_be32(bytes + AT_MAGIC) != MAGIC)
		return -EINVAL;
	if (bytes[AT_KIND] < CX_PACKET_REQUEST || bytes[AT_KIND] >= CX_PACKET_KINDS)
		return -EINVAL;
	*p = (struct cx_packet){
		.kind = (enum cx_packet_kind)bytes[AT_KIND],
		.type = bytes[AT_TYPE],
		.opcode = bytes[AT_OPCODE],
		.flags = bytes[AT_FLAGS],
		.code = bytes[AT_FROM],
		.sl = bytes[AT_TO] & 0xf,
		.from_lid = get_be16(bytes + AT_FROM_LID),
		.to_lid = get_be16(bytes + AT_TO_LID),
		.from = get_be32(bytes + AT_FROM) & NUMBER_MASK,
		.to = get_be32(bytes + AT_TO) & NUMBER_MASK,
		.psn = get_be32(bytes + AT_PSN) & CX_PSN_MASK,
		.key = get_be32(bytes + AT_KEY),
		.va = get_be64(bytes + AT_VA),
		.total = get_be32(bytes + AT_TOTAL),
		.offset = get_be32(bytes + AT_OFFSET),
		.immediate = get_be32(bytes + AT_IMMEDIATE),
		.extra = get_be32(bytes + AT_EXTRA),
		.swap_add = get_be64(bytes + AT_SWAP_ADD),
		.compare = get_be64(bytes + AT_COMPARE),
		.payload = bytes + CX_PACKET_HEADER,
		.length = (uint32_t)len - CX_PACKET_HEADER,
	};
	return is_valid(p) ? 0 : -EINVAL;
}
