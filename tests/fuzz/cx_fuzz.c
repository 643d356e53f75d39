// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hostile guest of the NIC: it begins with working queues and keys, and then
 * writes arbitrary bytes to BARs, configuration space, commands, work requests,
 * doorbell records and all other memory. No request may have a hint that the
 * device cannot send, and after a reset the device must run commands.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/tlp_inline.h"
#include "tests/fuzz/input.h"
#include "tests/unit/cx_driver.h"

#define STEPS 300u /* of work after each access, at most */

enum { TPH_CONTROL = 8, TPH_ST_TABLE = 12 }; /* in the capability */

static void take_bytes(struct input *in, uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)take(in, 1);
}

struct guest {
	struct driver d;
	unsigned tph_bits;
	struct qp qp[2], umr, ud;
	struct srq srq;
	struct mr mr[2], pool, indirect;
	uint64_t xlt;
};

/* As the driver does: device specific mode, and the widest tags of the device. */
static void enable_tph(struct guest *g)
{
	unsigned cap = g->d.world.f->tph_cap;

	if (!g->tph_bits)
		return;
	driver_config_write(&g->d, cap + TPH_ST_TABLE + 2, 0x1234, 2);
	driver_config_write(&g->d, cap + TPH_CONTROL, g->tph_bits == 16 ? 0x302 : 0x102, 4);
}

/* A free indirect key, as that of a memory window. */
static void create_indirect(struct guest *g)
{
	uint8_t *mkc = CX_ADDR(g->d.in, create_mkey_in, memory_key_mkey_entry);

	g->indirect = (struct mr){.addr = 0, .len = 65536};
	driver_begin(&g->d);
	CX_SET(mkc, mkc, access_mode_1_0, CX_MODE_KLM);
	CX_SET(mkc, mkc, free, 1);
	CX_SET(mkc, mkc, umr_en, 1);
	CX_SET(mkc, mkc, en_rinval, 1);
	CX_SET(mkc, mkc, qpn, 0xffffff);
	CX_SET(mkc, mkc, pd, g->d.pd);
	CX_SET(mkc, mkc, mkey_7_0, 0x5a);
	CX_SET(mkc, mkc, translations_octword_size, 8);
	if (driver_command(&g->d, CX_OP_CREATE_MKEY, CX_SZ_create_mkey_in, 16))
		abort();
	g->indirect.key = (uint32_t)CX_GET(g->d.out, create_mkey_out, mkey_index) << 8 | 0x5a;
}

static void guest_start(struct guest *g, uint8_t options)
{
	const struct cx_config config = {
		.tph_bits = (options & 3) * 8 % 24,
		.st_entries = options & 4 ? CX_ST_ENTRIES : 0,
	};

	const struct srq *srq = options & 64 ? &g->srq : NULL;

	driver_start(&g->d, &config);
	g->d.cqe_size = (options & 3) == 3 ? CX_CQE_STRIDE_128_PAD : CX_CQE_STRIDE_64;
	driver_begin(&g->d);
	if (driver_command(&g->d, CX_OP_ALLOC_Q_COUNTER, 16, 16)) /* set 1 */
		abort();
	driver_create_srq(&g->d, &g->srq);
	g->tph_bits = config.tph_bits;
	enable_tph(g);
	for (unsigned i = 0; i < 2; i++) {
		g->mr[i] = (struct mr){.len = 65536, .tph = true, .ph = 2, .st_index = 1};
		g->mr[i].addr = i ? PEER_BASE : world_alloc(&g->d.world, 65536);
		driver_create_mr(&g->d, &g->mr[i]);
		driver_create_qp_of_srq(&g->d, &g->qp[i], CX_ST_RC, i ? srq : NULL);
		g->qp[i].rnr_retry = options >> 4 & 7;
		g->qp[i].min_rnr_nak = 1; /* 10 us */
	}
	driver_connect(&g->d, &g->qp[0], g->qp[1].number);
	driver_connect(&g->d, &g->qp[1], g->qp[0].number);
	driver_create_qp_of_srq(&g->d, &g->ud, CX_ST_UD, srq);
	driver_connect(&g->d, &g->ud, 0);
	driver_create_qp(&g->d, &g->umr, CX_ST_REG_UMR);
	driver_connect(&g->d, &g->umr, 0);
	g->pool = (struct mr){.addr = PEER_BASE, .len = 65536};
	driver_create_free_mr(&g->d, &g->pool);
	g->xlt = world_alloc(&g->d.world, 4096);
	create_indirect(g);
	if (options & 128) {
		uint64_t eq;

		driver_create_eq(&g->d,
				 1ull << CX_EVENT_PAGE_FAULT | 1ull << CX_EVENT_CMD |
					 1ull << CX_EVENT_CQ_ERROR,
				 0, &eq);
	}
	g->d.world.defer = options & 8;
}

static void check_hints(struct guest *g)
{
	for (unsigned i = 0; i < g->d.world.request_count; i++)
		if (g->d.world.requests[i].hint.st_bits > g->tph_bits ||
		    !tlp_hint_ok(&g->d.world.requests[i].hint))
			abort();
	g->d.world.request_count = 0;
}

static void guest_work(struct guest *g, struct input *in)
{
	for (unsigned i = 0; i < 20; i++) {
		world_run(&g->d.world, STEPS);
		if (!g->d.world.deferred.active)
			return;
		world_complete(&g->d.world, in->len && *in->bytes == 0xee ? -5 : 0);
	}
}

/* A command by number, known to the device or not; its input sparse or dense. */
static void send_command(struct guest *g, struct input *in)
{
	static const uint16_t opcodes[] = {
#define OPCODE(name, constant, value) value,
		CX_OPCODES(OPCODE)
#undef OPCODE
			0x7ff, /* not a command */
	};
	unsigned opcode = opcodes[take(in, 1) % (ARRAY_SIZE(opcodes))];
	unsigned how = (unsigned)take(in, 1), slot = how & 31;
	size_t in_len = how & 32 ? take(in, 2) % COMMAND_MAX : 0x118;
	uint8_t *entry = g->d.world.ram + g->d.cmdq + slot * CX_CMD_BYTES;

	driver_begin(&g->d);
	if (how & 64)
		take_bytes(in, g->d.in + take(in, 2) % 0x120, take(in, 1));
	for (unsigned n = (unsigned)take(in, 1) % 24; n; n--)
		g->d.in[take(in, 2) % 0x120] = (uint8_t)take(in, 1);
	driver_place(&g->d, slot, opcode, in_len, take(in, 2) % COMMAND_MAX);
	if (how & 128)
		entry[take(in, 1) % CX_CMD_BYTES] = (uint8_t)take(in, 1);
	driver_mmio_write(&g->d, CX_INIT_CMD_DBELL, 1u << slot | (uint32_t)take(in, 1));
}

/* Puts a valid command into d->in; returns its opcode. */
static unsigned fill_command(struct guest *g, struct input *in, unsigned what, size_t *len)
{
	static const uint16_t modify[] = {CX_OP_RST2INIT_QP, CX_OP_INIT2INIT_QP, CX_OP_INIT2RTR_QP,
					  CX_OP_RTR2RTS_QP,  CX_OP_RTS2RTS_QP,	 CX_OP_SQERR2RTS_QP,
					  CX_OP_SQD_RTS_QP,  CX_OP_2ERR_QP,	 CX_OP_2RST_QP};
	struct driver *d = &g->d;
	struct qp qp = g->qp[what >> 3 & 1];
	struct srq srq;
	uint8_t *info;
	unsigned opcode;
	uint64_t addr;

	switch (what & 7) {
	case 0:
		if (what & 16) {
			*len = driver_fill_resize(d, &qp.cq, (unsigned)take(in, 1) % 8, &addr);
			return CX_OP_MODIFY_CQ;
		}
		*len = driver_fill_eq(d, take(in, 4), 2, &addr);
		return CX_OP_CREATE_EQ;
	case 1:
		if (what & 16) {
			*len = driver_fill_srq(d, &srq);
			return CX_OP_CREATE_SRQ;
		}
		*len = driver_fill_cq(d, &qp.cq);
		return CX_OP_CREATE_CQ;
	case 2:
	case 3:
		*len = driver_fill_mr(d, &g->mr[what & 1]);
		return CX_OP_CREATE_MKEY;
	case 4:
		*len = driver_fill_qp(d, &qp, what >> 3 & 3); /* RC, UC, UD, XRC */
		return CX_OP_CREATE_QP;
	case 5:
		driver_begin(d);
		info = CX_ADDR(d->in, page_fault_resume_in, page_fault_info);
		CX_SET(info, trans_page_fault_info, fault_token, qp.number);
		CX_SET(info, trans_page_fault_info, error, what >> 4 & 1);
		*len = 16;
		return CX_OP_PAGE_FAULT_RESUME;
	default:
		opcode = modify[take(in, 1) % (ARRAY_SIZE(modify))];
		*len = driver_fill_modify_qp(d, &qp, opcode, g->qp[what >> 4 & 1].number);
		CX_SET(d->in, rst2init_qp_in, opt_param_mask, CX_OPT_COUNTER_SET);
		CX_SET(CX_ADDR(d->in, rst2init_qp_in, qpc), qpc, counter_set_id, what >> 5 & 1);
		return opcode;
	}
}

/* A valid command with some bytes changed. */
static void send_right_command(struct guest *g, struct input *in)
{
	unsigned what = (unsigned)take(in, 1);
	size_t len;
	unsigned opcode = fill_command(g, in, what, &len);

	for (unsigned n = (unsigned)take(in, 1) % 8; n; n--)
		g->d.in[take(in, 2) % len] = (uint8_t)take(in, 1);
	driver_place(&g->d, what >> 5, opcode, len, take(in, 2) % COMMAND_MAX);
	driver_mmio_write(&g->d, CX_INIT_CMD_DBELL, 1u << (what >> 5));
}

/* The doorbells of completion and event queues. */
static void ring(struct guest *g, struct input *in)
{
	unsigned how = (unsigned)take(in, 1);
	struct qp *qp = how & 1 ? &g->umr : how & 32 ? &g->ud : &g->qp[how >> 1 & 1];
	struct cq cq = how & 4 ? qp->recv_cq : qp->cq;

	cq.seen += (uint32_t)take(in, 1);
	if (how & 8)
		driver_mmio_write(&g->d, g->d.uar * 4096 + CX_DB_EQ_ARM + (how & 16 ? 0 : 8),
				  (uint32_t)take(in, 1) << 24 | (uint32_t)take(in, 2));
	else if (how & 16)
		driver_arm_cq_solicited(&g->d, &cq);
	else
		driver_arm_cq(&g->d, &cq);
}

/* A valid receive with some bytes changed. */
static void post_receive(struct guest *g, struct input *in)
{
	unsigned how = (unsigned)take(in, 1);
	struct qp *qp = how & 64 ? &g->ud : &g->qp[how & 1];
	struct wqe w = {.len = 0};

	for (unsigned n = how >> 1 & 3; n; n--)
		wqe_data(&w, g->mr[0].addr + take(in, 2), g->mr[0].key, (uint32_t)take(in, 2));
	for (unsigned n = how >> 4; n; n--)
		w.bytes[take(in, 1) % RQ_STRIDE] = (uint8_t)take(in, 1);
	if (qp->srq || how & 128)
		driver_post_shared(&g->d, &g->srq, &w, (uint16_t)take(in, 2) & 3);
	else
		driver_post_receive(&g->d, qp, &w);
	if (how & 8)
		put_be32(g->d.world.ram + (qp->srq ? g->srq.record : qp->record),
			 (uint32_t)take(in, 2));
}

/* The segments in front of the data. */
static void fill_headers(struct guest *g, struct input *in, struct wqe *w, unsigned opcode,
			 const struct mr *to)
{
	wqe_init(w, opcode, true);
	switch (opcode) {
	case CX_WR_SEND:
	case CX_WR_SEND_IMM:
		return;
	case CX_WR_SEND_INVAL:
		put_be32(w->bytes + CX_CTRL_IMM, to->key);
		return;
	case CX_WR_ATOMIC_CS:
	case CX_WR_ATOMIC_FA:
		wqe_raddr(w, to->addr + take(in, 1) * 8, to->key);
		wqe_atomic(w, take(in, 1), take(in, 1));
		wqe_data(w, g->mr[0].addr + take(in, 2), g->mr[0].key, 8);
		return;
	default:
		wqe_raddr(w, to->addr + take(in, 2), to->key);
	}
}

static void fill_data(struct guest *g, struct input *in, struct wqe *w, unsigned how)
{
	for (unsigned n = how >> 4; n; n--)
		wqe_data(w, g->mr[0].addr + take(in, 2), g->mr[0].key, (uint32_t)take(in, 2));
	if (how & 4)
		wqe_inline(w, w, how & 15);
}

/* Lays out the indirect key, as a program does. */
static void fill_layout(struct guest *g, struct input *in, struct wqe *w)
{
	const uint32_t keys[] = {g->mr[0].key, g->mr[1].key, g->indirect.key, 0x400};
	uint8_t *umr = w->bytes + CX_CTRL_BYTES;
	unsigned how = (unsigned)take(in, 1);

	wqe_umr(&g->d, w, &g->indirect, 0);
	w->len -= CX_DATA_BYTES;
	umr[CX_UMR_FLAGS] = CX_UMR_INLINE;
	put_be64(umr + CX_UMR_MKEY_MASK, get_be64(umr + CX_UMR_MKEY_MASK) & ~(1ull << CX_MASK_PD));
	put_be16(umr + CX_UMR_XLT_OCTOWORDS, (uint16_t)(how & 15));
	for (unsigned n = how >> 4; n; n--) {
		put_be32(w->bytes + w->len + CX_KLM_BYTES, (uint32_t)take(in, 4));
		put_be32(w->bytes + w->len + CX_KLM_KEY, keys[take(in, 1) & 3]);
		put_be64(w->bytes + w->len + CX_KLM_VA, g->mr[0].addr + take(in, 8));
		w->len += 16;
	}
}

/* A valid work request with some bytes changed. */
static void post(struct guest *g, struct input *in)
{
	static const uint8_t opcodes[] = {CX_WR_RDMA_WRITE, CX_WR_RDMA_WRITE_IMM,
					  CX_WR_RDMA_READ,  CX_WR_SEND,
					  CX_WR_SEND_IMM,   CX_WR_ATOMIC_CS,
					  CX_WR_ATOMIC_FA,  CX_WR_SEND_INVAL,
					  CX_WR_UMR,	    0 /* a datagram */};
	unsigned how = (unsigned)take(in, 1);
	struct qp *qp = how & 1 ? &g->umr : &g->qp[how >> 1 & 1];
	const struct mr *targets[] = {&g->mr[1], &g->pool, &g->indirect, &g->mr[0]};
	struct wqe w;

	if (how & 1) {
		put_be64(g->d.world.ram + g->xlt, PEER_BASE | 3);
		wqe_umr(&g->d, &w, &g->pool, g->xlt);
	} else {
		unsigned opcode = opcodes[take(in, 1) % sizeof(opcodes)];

		if (opcode == CX_WR_UMR) {
			fill_layout(g, in, &w);
		} else if (!opcode) {
			qp = &g->ud;
			wqe_init(&w, CX_WR_SEND_IMM, true);
			wqe_address(&w, qp->number);
			fill_data(g, in, &w, how);
		} else {
			/* Of the pool, once a UMR has filled it, only the first page is mapped. */
			fill_headers(g, in, &w, opcode,
				     targets[how >> 3 & 1 ? take(in, 1) & 3 : 0]);
			fill_data(g, in, &w, how);
		}
	}
	for (unsigned n = (unsigned)take(in, 1) % 8; n; n--)
		w.bytes[take(in, 1) % (w.len + 4)] = (uint8_t)take(in, 1);
	driver_post(&g->d, qp, &w);
	if (take(in, 1) == 0x77)
		take_bytes(in, g->d.world.ram + qp->sq + CX_CTRL_QPN_DS, 4);
	driver_ring(&g->d, qp);
}

static void poke(struct guest *g, struct input *in)
{
	uint64_t at[] = {g->d.cmdq,	g->qp[0].rq,	    g->qp[0].record, g->umr.sq,
			 g->umr.record, g->qp[0].cq.record, g->xlt,	     g->srq.addr,
			 g->srq.record, g->ud.sq,	    take(in, 3)};
	uint64_t addr = at[take(in, 1) % (ARRAY_SIZE(at))] + take(in, 2);
	uint8_t len = take(in, 1) & 31;
	uint8_t *to = world_ptr(&g->d.world, addr, len);

	if (to)
		take_bytes(in, to, len);
}

static void access_bar(struct guest *g, struct input *in)
{
	struct pci_function *f = g->d.world.f;
	unsigned how = (unsigned)take(in, 1);
	uint64_t offset = how & 8 ? g->d.uar * 4096 + take(in, 2) % 4096
				  : take(in, how & 16 ? 2 : 4) % (32u << 20);
	size_t len = 1u << (how & 7);
	uint8_t *buf = malloc(len); /* exact, for the sanitizer */

	if (how & 8)
		offset &= ~7ull;
	take_bytes(in, buf, len);
	if (how & 8 && len > 5)
		buf[5] = 0; /* the numbers of objects are small */
	if (how & 128)
		f->ops->bar_read(f, how & 64 ? 4 : 0, offset, buf, len);
	else
		f->ops->bar_write(f, how & 64 ? 4 : 0, offset, buf, len);
	free(buf);
}

static void write_config(struct guest *g, struct input *in)
{
	unsigned offset = (unsigned)take(in, 2) & 0xfff;
	uint8_t bytes[4];

	take_bytes(in, bytes, sizeof(bytes));
	pci_config_write(g->d.world.f, offset, bytes, 1u << (bytes[0] & 1));
}

/* After a reset the device must run commands. */
static void check_alive(struct guest *g)
{
	struct driver *d = &g->d;

	if (d->world.deferred.active)
		world_complete(&d->world, 0);
	d->world.defer = false;
	pci_function_reset(d->world.f, false);
	driver_set_command_queue(d);
	driver_begin(d);
	if (driver_command(d, CX_OP_ALLOC_PD, 16, 16))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest guest;
	struct input in = {data, size};
	struct guest *g = &guest;

	guest_start(g, (uint8_t)take(&in, 1));
	for (unsigned i = 0; i < 64 && in.len; i++) {
		switch (take(&in, 1) % 14) {
		case 0:
			write_config(g, &in);
			break;
		case 1:
			access_bar(g, &in);
			break;
		case 2:
			poke(g, &in);
			break;
		case 3:
		case 4:
			post(g, &in);
			break;
		case 8:
		case 9:
			post_receive(g, &in);
			break;
		case 10:
		case 11:
			send_right_command(g, &in);
			break;
		case 12:
			ring(g, &in);
			break;
		default:
			send_command(g, &in);
			break;
		}
		guest_work(g, &in);
		check_hints(g);
	}
	check_alive(g);
	driver_stop(&g->d);
	return 0;
}
