// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile NIC at the other end of the link: packets of arbitrary bytes, and valid packets with
 * arbitrary fields, to queue pairs of each type, some of which wait for answers. Only memory of
 * the keys may be read and written, each packet is consumed, and the NIC still runs commands.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices/cx/packet.h"
#include "tests/fuzz/input.h"
#include "tests/unit/cx_driver.h"

#define KEY_BYTES 65536u
#define PEER_LID  2u
#define PEER_QPN  0x77u
#define STEPS	  2000u
#define DOMAIN	  5u

static const uint8_t types[] = {CX_ST_RC, CX_ST_UC, CX_ST_UD, CX_ST_XRC};

struct host {
	struct driver d;
	struct qp qp[4]; /* RC, UC, UD, XRC */
	struct srq srq;
	struct cq cq;
	struct mr near, inbox;
	uint8_t incoming[CX_PACKET_MAX], outgoing[CX_PACKET_MAX];
	size_t arrived;
	uint32_t psn; /* of the NIC's last RC request */
};

static bool on_up(void *ctx)
{
	(void)ctx;
	return true;
}

static uint8_t *on_reserve(void *ctx, bool answer)
{
	(void)answer;
	return ((struct host *)ctx)->outgoing;
}

static void on_gather(void *ctx, uint8_t *to, const void *memory, size_t len)
{
	(void)ctx;
	memcpy(to, memory, len);
}

/* Each packet that the NIC sends must decode. */
static void on_send(void *ctx, size_t len)
{
	struct host *h = ctx;
	struct cx_packet p;

	if (cx_packet_decode(&p, h->outgoing, len))
		abort();
	if (p.kind == CX_PACKET_REQUEST && p.type == CX_ST_RC)
		h->psn = p.psn;
}

static bool on_waits(void *ctx)
{
	return ((struct host *)ctx)->arrived;
}

static const uint8_t *on_take(void *ctx, size_t *len)
{
	struct host *h = ctx;

	*len = h->arrived;
	return h->arrived ? h->incoming : NULL;
}

static void on_taken(void *ctx)
{
	((struct host *)ctx)->arrived = 0;
}

static void on_reset(void *ctx)
{
	(void)ctx;
}

static void start(struct host *h)
{
	const struct cx_wire wire = {h,	       on_up,	on_reserve, on_gather, on_send,
				     on_waits, on_take, on_taken,   on_reset};
	const struct cx_config config = {.wire = &wire, .tph_bits = 16, .st_entries = 64};

	memset(h, 0, sizeof(*h));
	driver_start(&h->d, &config);
	h->near = (struct mr){.addr = world_alloc(&h->d.world, KEY_BYTES), .len = KEY_BYTES};
	h->inbox = (struct mr){.addr = PEER_BASE, .len = KEY_BYTES};
	driver_create_mr(&h->d, &h->near);
	driver_create_mr(&h->d, &h->inbox);
	driver_create_cq(&h->d, &h->cq);
	driver_create_xrc_srq(&h->d, &h->srq, DOMAIN, &h->cq);
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		h->qp[i].peer_lid = PEER_LID;
		h->qp[i].ack_timeout = 31;
		if (types[i] == CX_ST_XRC)
			driver_create_xrc_qp(&h->d, &h->qp[i], DOMAIN, &h->srq);
		else
			driver_create_qp(&h->d, &h->qp[i], types[i]);
		driver_connect(&h->d, &h->qp[i], PEER_QPN);
	}
	h->d.world.request_count = 0;
}

static void arrive(struct host *h, size_t len)
{
	put_be32(h->incoming, (uint32_t)len);
	h->arrived = len;
}

static void any_bytes(struct host *h, struct input *in)
{
	size_t len = CX_PACKET_HEADER + take(in, 1);

	for (size_t i = 8; i < len; i++)
		h->incoming[i] = (uint8_t)take(in, 1);
	arrive(h, len);
}

/* Mostly @number, which the NIC knows, or up to 2 more. */
static uint32_t near_number(struct input *in, uint32_t number)
{
	unsigned how = take_byte(in);

	return how < 0xe0 ? number + how % 3 : (uint32_t)take(in, 4);
}

static void fields_of_choice(struct host *h, struct input *in)
{
	static const uint8_t opcodes[] = {
		CX_WR_SEND,	      CX_WR_SEND_IMM,  CX_WR_SEND_INVAL, CX_WR_RDMA_WRITE,
		CX_WR_RDMA_WRITE_IMM, CX_WR_RDMA_READ, CX_WR_ATOMIC_CS,	 CX_WR_ATOMIC_FA,
	};
	unsigned type = take_byte(in) % ARRAY_SIZE(types);
	struct cx_packet p = {
		.kind = (enum cx_packet_kind)(1 + take_byte(in) % 5),
		.type = types[type],
		.opcode = opcodes[take_byte(in) % 8],
		.flags = take_byte(in) & CX_PACKET_FLAGS,
		.code = (uint8_t)take_byte(in),
		.from_lid = PEER_LID,
		.to_lid = 1,
		.from = PEER_QPN,
		.to = h->qp[type].number,
		.va = h->inbox.addr + take(in, 2),
		.key = near_number(in, h->inbox.key),
		.total = (uint32_t)take(in, 2),
		.immediate = near_number(in, h->inbox.key),
		.extra = types[type] == CX_ST_XRC ? near_number(in, h->srq.number) : Q_KEY,
		.swap_add = take(in, 1),
		.compare = take(in, 1),
	};

	p.psn = near_number(in, p.kind == CX_PACKET_REQUEST ? 0 : h->psn) & CX_PSN_MASK;
	p.offset = (uint32_t)(take_byte(in) % 4) * CX_PACKET_PART;
	if (p.type == CX_ST_UD)
		p.length = p.total < CX_PACKET_DATAGRAM ? p.total : CX_PACKET_DATAGRAM;
	else if (p.offset < p.total)
		p.length = cx_packet_part(p.total, p.offset);
	if (p.kind != CX_PACKET_REQUEST && p.kind != CX_PACKET_DATA)
		p.length = 0;
	if (p.kind == CX_PACKET_REQUEST && p.opcode >= CX_WR_RDMA_READ)
		p.length = 0;
	arrive(h, cx_packet_encode(&p, h->incoming));
}

static void post(struct host *h, struct input *in)
{
	static const uint8_t opcodes[] = {CX_WR_RDMA_WRITE, CX_WR_RDMA_READ, CX_WR_ATOMIC_FA};
	unsigned which = take_byte(in) % 3;
	struct wqe w;

	wqe_init(&w, opcodes[which], true);
	wqe_raddr(&w, 0x1000, 0x1234);
	if (which == 2)
		wqe_atomic(&w, 1, 0);
	wqe_data(&w, h->near.addr, h->near.key, which == 2 ? 8 : (uint32_t)take(in, 2) % KEY_BYTES);
	driver_post(&h->d, &h->qp[0], &w);
	driver_ring(&h->d, &h->qp[0]);
}

static void post_receive(struct host *h, struct input *in)
{
	struct wqe w = {.len = 0};
	unsigned type = take_byte(in) % ARRAY_SIZE(types);

	wqe_data(&w, h->inbox.addr, h->inbox.key, (uint32_t)take(in, 2) % KEY_BYTES);
	if (types[type] == CX_ST_XRC)
		driver_post_shared(&h->d, &h->srq, &w, (h->srq.head + 1) % (1u << SRQ_LOG));
	else
		driver_post_receive(&h->d, &h->qp[type], &w);
}

static bool is_within(const struct mr *mr, const struct request *r)
{
	return r->addr >= mr->addr && r->len <= mr->len && r->addr - mr->addr <= mr->len - r->len;
}

static void check_requests(struct host *h)
{
	for (unsigned i = 0; i < h->d.world.request_count; i++)
		if (!is_within(&h->near, &h->d.world.requests[i]) &&
		    !is_within(&h->inbox, &h->d.world.requests[i]))
			abort();
	h->d.world.request_count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct host host;
	struct input in = {data, size};
	struct host *h = &host;

	start(h);
	for (unsigned i = 0; i < 64 && in.len; i++) {
		switch (take_byte(&in) % 8) {
		case 0:
			any_bytes(h, &in);
			break;
		case 1:
			post(h, &in);
			break;
		case 2:
			post_receive(h, &in);
			break;
		default:
			fields_of_choice(h, &in);
		}
		for (unsigned step = 0; step < STEPS && h->d.world.f->ops->work(h->d.world.f);
		     step++)
			;
		check_requests(h);
		if (h->arrived)
			abort();
	}
	driver_query_state(&h->d, &h->qp[0]);
	driver_stop(&h->d);
	return 0;
}
