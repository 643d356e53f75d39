// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams, sends and atomic operations into the accelerator's memory, and reads of it. Theory of
 * operation: the memory key determines the hint, whatever kind of message writes or reads the data,
 * so the accelerator counts the tag for each TLP; the data must be right.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "devices/accel/accel_regs.h"
#include "guest.h"
#include "util/macros.h"

#define GRH    40u
#define LEN    2000u
#define Q_KEY  0x11223344u
#define ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ)

/* Two queue pairs of one type with one shared receive queue. */
struct ends {
	struct nic *nic;
	struct ibv_srq *srq;
	struct ibv_qp *qp[2];
	struct ibv_ah *ah; /* to the own port */
	uint16_t lid;
};

static void to_init(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1};
	int mask = IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT;

	if (qp->qp_type == IBV_QPT_UD) {
		attr.qkey = Q_KEY;
		mask |= IBV_QP_QKEY;
	} else {
		attr.qp_access_flags = ACCESS | IBV_ACCESS_REMOTE_ATOMIC;
		mask |= IBV_QP_ACCESS_FLAGS;
	}
	assert_int_equal(ibv_modify_qp(qp, &attr, mask), 0);
}

static void to_rts(struct ibv_qp *qp, uint32_t peer, uint16_t lid)
{
	bool is_ud = qp->qp_type == IBV_QPT_UD;
	struct ibv_qp_attr rtr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_4096,
		.dest_qp_num = peer,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 1,
		.ah_attr = {.dlid = lid, .port_num = 1},
	};
	struct ibv_qp_attr rts = {
		.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .max_rd_atomic = 1};
	int rtr_mask = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
		       IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	int rts_mask =
		IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC;

	assert_int_equal(ibv_modify_qp(qp, &rtr, IBV_QP_STATE | (is_ud ? 0 : rtr_mask)), 0);
	assert_int_equal(
		ibv_modify_qp(qp, &rts, IBV_QP_STATE | IBV_QP_SQ_PSN | (is_ud ? 0 : rts_mask)), 0);
}

static void open_ends(struct ends *ends, struct nic *nic, enum ibv_qp_type type)
{
	struct ibv_srq_init_attr shared = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct ibv_qp_init_attr init = {.qp_type = type,
					.send_cq = nic->cq,
					.recv_cq = nic->cq,
					.cap = {.max_send_wr = 4, .max_send_sge = 1}};
	struct ibv_port_attr port;
	struct ibv_ah_attr address = {.port_num = 1};

	*ends = (struct ends){.nic = nic};
	assert_int_equal(ibv_query_port(nic->context, 1, &port), 0);
	address.dlid = ends->lid = port.lid;
	ends->ah = ibv_create_ah(nic->pd, &address);
	ends->srq = ibv_create_srq(nic->pd, &shared);
	assert_non_null(ends->ah);
	assert_non_null(ends->srq);
	init.srq = ends->srq;
	for (unsigned i = 0; i < 2; i++) {
		ends->qp[i] = ibv_create_qp(nic->pd, &init);
		assert_non_null(ends->qp[i]);
		to_init(ends->qp[i]);
	}
	for (unsigned i = 0; i < 2; i++)
		to_rts(ends->qp[i], ends->qp[!i]->qp_num, ends->lid);
}

static void close_ends(struct ends *ends)
{
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(ibv_destroy_qp(ends->qp[i]), 0);
	assert_int_equal(ibv_destroy_srq(ends->srq), 0);
	assert_int_equal(ibv_destroy_ah(ends->ah), 0);
}

/* The next completion, within seconds. */
static struct ibv_wc next_completion(struct nic *nic)
{
	time_t until = time(NULL) + (time_t)guest_limit(20);
	struct ibv_wc wc = {.status = IBV_WC_GENERAL_ERR};
	int n;

	do
		n = ibv_poll_cq(nic->cq, 1, &wc);
	while (!n && time(NULL) < until);
	assert_int_equal(n, 1);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	return wc;
}

static void post_receive(struct ends *ends, const struct ibv_mr *mr)
{
	struct ibv_sge to = {.addr = 0, .length = GUEST_SLICE_BYTES, .lkey = mr->lkey};
	struct ibv_recv_wr wr = {.wr_id = 7, .sg_list = &to, .num_sge = 1}, *bad;

	assert_int_equal(ibv_post_srq_recv(ends->srq, &wr, &bad), 0);
}

static struct ibv_send_wr request(struct ends *ends, struct ibv_sge *local, enum ibv_wr_opcode op,
				  uint32_t len)
{
	*local = (struct ibv_sge){.addr = (uintptr_t)ends->nic->stage,
				  .length = len,
				  .lkey = ends->nic->stage_mr->lkey};
	return (struct ibv_send_wr){
		.sg_list = local, .num_sge = 1, .opcode = op, .send_flags = IBV_SEND_SIGNALED};
}

static void check_memory(struct guest *guest, unsigned slot, uint64_t at, const void *want,
			 size_t len)
{
	uint8_t memory[LEN];

	assert_int_equal(accel_read(&guest->accel, &guest->accel.memory,
				    slot * GUEST_SLICE_BYTES + at, memory, len),
			 0);
	assert_memory_equal(memory, want, len);
}

/* A send into memory whose hint is @want, through the shared queue, between @ends. */
static void check_send(struct guest *guest, struct ends *ends, const struct ibv_mr *mr,
		       unsigned slot, struct hint want)
{
	bool is_ud = ends->qp[0]->qp_type == IBV_QPT_UD;
	struct ibv_sge from;
	struct ibv_send_wr wr = request(ends, &from, IBV_WR_SEND, LEN), *bad;
	unsigned received = 0;

	if (is_ud) {
		wr.wr.ud.ah = ends->ah;
		wr.wr.ud.remote_qpn = ends->qp[1]->qp_num;
		wr.wr.ud.remote_qkey = Q_KEY;
	}
	for (unsigned i = 0; i < LEN; i++)
		ends->nic->stage[i] = (uint8_t)(i * 7 + slot);
	post_receive(ends, mr);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	assert_int_equal(ibv_post_send(ends->qp[0], &wr, &bad), 0);
	for (unsigned i = 0; i < 2; i++) {
		struct ibv_wc wc = next_completion(ends->nic);

		if (wc.opcode != IBV_WC_RECV)
			continue;
		received++;
		assert_int_equal(wc.wr_id, 7);
		assert_int_equal(wc.byte_len, LEN + (is_ud ? GRH : 0));
		if (is_ud)
			assert_int_equal(wc.src_qp, ends->qp[0]->qp_num);
	}
	assert_int_equal(received, 1);
	check_memory(guest, slot, is_ud ? GRH : 0, ends->nic->stage, LEN);
	guest_check_counters(guest, want);
}

static uint64_t counter(struct guest *guest, unsigned reg)
{
	uint64_t value;

	assert_int_equal(accel_read(&guest->accel, &guest->accel.regs, reg, &value, 8), 0);
	return value;
}

static void check_atomic(struct guest *guest, struct ends *ends, const struct ibv_mr *mr,
			 unsigned slot, struct hint want)
{
	uint64_t memory = 41, expected = 42, old;
	struct ibv_sge to;
	struct ibv_send_wr wr = request(ends, &to, IBV_WR_ATOMIC_FETCH_AND_ADD, 8), *bad;

	wr.wr.atomic.remote_addr = 64;
	wr.wr.atomic.rkey = mr->rkey;
	wr.wr.atomic.compare_add = 1;
	assert_int_equal(accel_write(&guest->accel, &guest->accel.memory,
				     slot * GUEST_SLICE_BYTES + 64, &memory, 8),
			 0);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	assert_int_equal(ibv_post_send(ends->qp[0], &wr, &bad), 0);
	next_completion(ends->nic);
	memcpy(&old, ends->nic->stage, 8);
	assert_int_equal(old, 41);
	guest_check_counters(guest, want); /* takes the snapshot that counter() reads */
	assert_int_equal(counter(guest, ACCEL_REG_READS), 1);
	assert_int_equal(counter(guest, ACCEL_REG_READS_HINTED), want.bits ? 1 : 0);
	check_memory(guest, slot, 64, &expected, 8);
}

static struct ibv_mr *register_all(struct guest *guest, struct nic *nic, unsigned slot,
				   struct hint hint)
{
	int fd = guest_export_hint(guest, slot, hint);
	struct ibv_mr *mr = ibv_reg_dmabuf_mr(nic->pd, 0, GUEST_SLICE_BYTES, 0, fd,
					      ACCESS | IBV_ACCESS_REMOTE_ATOMIC);

	assert_non_null(mr);
	return mr;
}

static void check_nic(struct guest *guest, struct nic *nic)
{
	static const struct hint none;
	struct hint hint = {nic->tag_bits, 0x5b, 2};
	struct ibv_mr *plain = register_all(guest, nic, 0, none);
	struct ibv_mr *hinted = register_all(guest, nic, 1, hint);
	static const enum ibv_qp_type types[] = {IBV_QPT_UD, IBV_QPT_RC};

	for (unsigned i = 0; i < 2; i++) {
		struct ends ends;

		open_ends(&ends, nic, types[i]);
		check_send(guest, &ends, plain, 0, none);
		check_send(guest, &ends, hinted, 1, hint);
		if (types[i] == IBV_QPT_RC) {
			check_atomic(guest, &ends, plain, 0, none);
			check_atomic(guest, &ends, hinted, 1, hint);
		}
		close_ends(&ends);
	}
	assert_int_equal(ibv_dereg_mr(plain), 0);
	assert_int_equal(ibv_dereg_mr(hinted), 0);
}

static void check_read(struct guest *guest, struct nic *nic, unsigned slot, struct hint hint)
{
	static const struct {
		size_t from, to, len;
	} cases[] = {{0, 0, 64}, {1, 2, 3}, {4095, 1, 2}, {3, 5, 9001}, {0, 0, GUEST_SLICE_BYTES}};
	struct ibv_mr *mr = guest_register(guest, nic, guest_export_hint(guest, slot, hint));
	struct accel_counters counters;
	uint8_t memory[GUEST_SLICE_BYTES];

	for (unsigned i = 0; i < sizeof(memory); i++)
		memory[i] = (uint8_t)(i * 13 + (i >> 8) + slot);
	assert_int_equal(accel_write(&guest->accel, &guest->accel.memory, slot * GUEST_SLICE_BYTES,
				     memory, sizeof(memory)),
			 0);
	assert_int_equal(accel_clear_counters(&guest->accel), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(nic->stage, 0xee, GUEST_SLICE_BYTES + 64);
		assert_int_equal(guest_rdma_read(nic, mr, cases[i].to, cases[i].from, cases[i].len),
				 0);
		assert_memory_equal(nic->stage + cases[i].to, memory + cases[i].from, cases[i].len);
		assert_int_equal(nic->stage[cases[i].to + cases[i].len], 0xee);
	}
	assert_int_equal(accel_read_counters(&guest->accel, &counters), 0);
	assert_true(counter(guest, ACCEL_REG_READS) >= GUEST_SLICE_BYTES / 4096);
	assert_int_equal(counter(guest, ACCEL_REG_READS_HINTED),
			 hint.bits ? counter(guest, ACCEL_REG_READS) : 0);
}

static void check_reads(struct guest *guest, struct nic *nic)
{
	check_read(guest, nic, 0, (struct hint){0});
	check_read(guest, nic, 1, (struct hint){nic->tag_bits, 0x5a, 2});
}

GUEST_TEST(reads)
{
	guest_with_each_width(guest, check_reads);
}

GUEST_TEST(messages)
{
	guest_with_each_width(guest, check_nic);
}
