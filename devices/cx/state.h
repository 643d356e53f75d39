/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NIC's state, and the functions that its files share; private to devices/cx. */
#ifndef DEVICES_CX_STATE_H
#define DEVICES_CX_STATE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "devices/cx/bits.h"
#include "devices/cx/cx.h"
#include "devices/cx/layout.h"
#include "devices/cx/packet.h"
#include "devices/pci/link.h"
#include "fabric/fabric.h"
#include "util/macros.h"

#define CX_BAR0_BYTES	  (32u << 20)
#define CX_UAR_BYTES	  4096u
#define CX_UAR_FIRST	  0x10u /* UAR 1 would lie on the init segment's second page */
#define CX_MSIX_VECTORS	  16u
#define CX_PAGE_SHIFT	  12u
#define CX_WQE_MAX_BYTES  (CX_WQE_DS_MASK * CX_WQE_DS_BYTES + CX_WQE_DS_BYTES)
#define CX_MESSAGE_LOG	  30u /* bytes of one WQE's message, log2 */
#define CX_QUEUE_LOG_MAX  22u /* entries of an event or completion queue, log2 */
#define CX_OBJECTS_LOG	  16u /* objects of one kind, log2 */
#define CX_EQS		  64u
#define CX_KLM_LOG_MAX	  16u /* entries of an indirect key, log2 */
#define CX_COUNTER_SETS	  255u
#define CX_RECEIVE_MAX	  512u	     /* bytes of one receive's data segments */
#define CX_ATOMIC_OPERAND 8u	     /* bytes */
#define CX_COMMAND_MAX	  (1u << 20) /* bytes of input */
#define CX_REPLY_MAX	  CX_SZ_query_hca_cap_out
#define CX_TRANSFER_BYTES 4096u		 /* moved at once: one remote page at most */
#define CX_MEMORY_BYTES	  (512ull << 20) /* for objects, page lists and translations */

/* Objects by number. Numbers are reused as late as possible, so a stale one is seldom valid. */
struct cx_table {
	void **slot;
	uint32_t first, limit; /* numbers first..first+limit-1 */
	uint32_t slots, next;
};

/* A buffer in guest memory, as a list of its pages. */
struct cx_buffer {
	uint64_t *pages;
	uint32_t count;
	unsigned page_shift;
	uint64_t start; /* of the buffer in its first page */
};

struct cx_eq {
	struct cx_buffer buffer;
	uint8_t context[CX_SZ_eqc];
	uint64_t events; /* bit n: event type n */
	uint32_t number, uar;
	unsigned log_size, vector;
	uint32_t produced, consumed; /* consumed: as the last doorbell said */
	bool ignore_overrun, overrun;
};

enum cx_arm { CX_DISARMED, CX_ARMED_SOLICITED, CX_ARMED_ANY };

struct cx_cq {
	struct cx_buffer buffer;
	uint8_t context[CX_SZ_cqc];
	uint32_t number, uar;
	unsigned log_size, log_stride;
	uint64_t doorbell_record;
	uint32_t produced, consumed; /* consumed: as last read from the doorbell record */
	uint32_t solicited;	     /* produced, as of the last solicited completion */
	bool ignore_overrun, overrun, is_padded;
	enum cx_arm armed;
	/* an arm doorbell that is queued in cx->arms */
	uint32_t arm_word;
	bool arm_waits;
	TAILQ_ENTRY(cx_cq) turn;
};
TAILQ_HEAD(cx_cq_list, cx_cq);

struct cx_mkey {
	uint8_t context[CX_SZ_mkc];
	uint64_t *mtt;
	uint32_t mtts; /* a multiple of 8, as UMRs write them */
	/* from context */
	unsigned mode, log_page;
	uint8_t variant, ph, st_index;
	bool free, umr_enabled, length64, tph, remote_invalidate;
	bool local_read, local_write, remote_read, remote_write, remote_atomic;
	uint32_t pd, qpn;
	uint64_t start, length;
};

/* CX_WAIT: for dma_done(), for a time, or for the driver to resolve a page fault */
enum cx_step { CX_MORE, CX_WAIT, CX_DONE };

/* A list of data segments, and the position in it. */
struct cx_scatter {
	const uint8_t *bytes;
	unsigned size; /* bytes */
	unsigned at;   /* offset of the segment at work */
	uint32_t done; /* of its data */
};

/* An unmapped page of the responder: the driver is to map it (RAISED), or cannot (FAILED). */
enum cx_page_fault { CX_PAGE_FAULT_NONE, CX_PAGE_FAULT_RAISED, CX_PAGE_FAULT_FAILED };

/* The destination and the source of a datagram. */
struct cx_address {
	uint32_t qpn, q_key, from;
	uint16_t lid, from_lid;
	uint8_t sl;
	bool here; /* to this NIC's port */
	bool has_grh;
};

/* The progress of a message over the wire, in packets. */
struct cx_flow {
	uint32_t first_psn, packets, sent, answered;
	unsigned retries_left;
	uint64_t deadline_ns; /* when unanswered packets are sent again; 0: never */
	bool repeats;	      /* they were sent again for a gap, since the last progress */
	uint8_t *bytes;	      /* of the packet that is being filled; NULL: none is */
	uint32_t filled;      /* of its payload */
};

/* The WQE that a send queue executes, and its progress. */
struct cx_wqe {
	bool active;
	uint8_t bytes[CX_WQE_MAX_BYTES];
	unsigned size;	 /* bytes */
	unsigned blocks; /* of 64 bytes */
	uint8_t opcode;
	uint8_t syndrome; /* of its completion; 0: no error */
	struct cx_scatter data;
	uint32_t total, done;
	enum cx_page_fault page_fault;
	struct cx_address to;
	uint32_t remote_pd; /* of the keys that it may name */
	bool is_message;    /* to a peer */
	bool begun;	    /* the peer has accepted the message, or packets are being sent */
	bool is_source;	    /* its data segments are what it sends */
	struct cx_flow flow;
	unsigned rnr_left;		/* retries */
	bool fetched;			/* an atomic operation has been done at the peer */
	uint8_t old[CX_ATOMIC_OPERAND]; /* the value before that */
};

/* The receive at the head of a queue, while a message fills it. */
struct cx_receive {
	bool taken;
	uint16_t index;	   /* of the WQE, as its completion says */
	uint32_t pd;	   /* of the keys of its segments */
	uint32_t srq, cq;  /* of a shared queue: its number, and where the receive completes */
	uint64_t capacity; /* bytes */
	struct cx_scatter data;
	uint8_t bytes[CX_RECEIVE_MAX];
};

/* A shared receive queue: a list of receives that are linked by their indices. */
struct cx_srq {
	struct cx_buffer buffer;
	uint8_t context[CX_SZ_srqc];
	uint32_t number, pd, xrcd, cq; /* the last two of an XRC SRQ alone */
	unsigned log_size, log_stride;
	uint64_t doorbell_record;
	uint16_t head;		     /* index of the next receive */
	uint16_t produced, consumed; /* receives */
};

/* Requests that responders have accepted, and messages for which there was no receive. */
struct cx_counters {
	uint32_t writes, reads, atomics, no_receive;
};

/* Messages in one direction, that of their data. */
struct cx_traffic {
	uint64_t messages, octets;
};

/* A responder's record of the packets that have arrived. */
struct cx_inflow {
	uint32_t psn;		/* of the next */
	uint8_t opcode;		/* of the message that is not complete */
	uint32_t total, offset; /* of that; offset 0: there is none */
	uint32_t atomic_psn;	/* of the last atomic operation, which must be done once */
	bool has_atomic;	/* there was one */
	bool gap_told;		/* the packet that is missing now was reported */
	uint8_t atomic_old[CX_ATOMIC_OPERAND];
	enum cx_page_fault page_fault;
};

struct cx_qp {
	uint32_t number;
	uint8_t context[CX_SZ_qpc];
	struct cx_buffer buffer;
	unsigned type, state, sq_log_size, rq_log_size, rq_log_stride;
	uint64_t sq_offset, doorbell_record;
	uint32_t uar, pd, peer, send_cq, recv_cq, user_index, srq, q_key, xrcd, counters;
	uint16_t lid, peer_lid;
	uint32_t send_psn;    /* of its next message over the wire */
	unsigned ack_timeout; /* a code: 4.096 us times 2^code */
	unsigned retry_count;
	unsigned rnr_retry, min_rnr_nak;
	bool has_sq, has_rq, has_srq;
	unsigned remote_allowed;     /* bits: kinds of access */
	uint16_t produced, consumed; /* WQEs in blocks */
	uint16_t rq_produced, rq_consumed;
	bool rung;		     /* the send queue's doorbell record is to be read */
	bool privileged;	     /* the kernel's: may change keys of any kind */
	bool last_receive_told;	     /* in error: reported that it takes no more of the SRQ */
	uint64_t wake_at_ns;	     /* waits until then; 0: does not */
	uint64_t flush_poll_ns;	     /* how long it waited for the last poll of its receives */
	struct cx_qp_list *waits_in; /* workers, sleepers or wire_waiters; NULL: none */
	TAILQ_ENTRY(cx_qp) turn;
	bool wants_wire; /* it waits for a buffer of the wire */
	struct cx_wqe wqe;
	struct cx_receive receive;
	struct cx_inflow in;
};
TAILQ_HEAD(cx_qp_list, cx_qp);

/* The segment of a message that is moved at once: read at one end, written at the other. */
enum cx_transfer_phase { CX_TRANSFER_NONE, CX_TRANSFER_READ, CX_TRANSFER_WRITE };
struct cx_transfer {
	enum cx_transfer_phase phase;
	/* its owner: no other work runs until it has ended; of a datagram, until all has */
	struct cx_qp *qp;
	int status;				      /* of the request that dma_done() reported */
	_Alignas(64) uint8_t data[CX_TRANSFER_BYTES]; /* whole cache lines: it is copied twice */
	uint32_t length;
	uint64_t target;
	struct tlp_hint hint;
};

/* The packet from the wire that is being handled, one at a time. */
struct cx_inbound {
	/* represents the packet's requester, and is scheduled for this work */
	struct cx_qp qp;
	struct cx_packet packet;
	bool active;
	uint32_t done; /* of its payload */
	uint8_t *answer;
};

struct cx {
	struct pci_function f; /* first */
	struct cx_config config;
	struct cx_wire wire;
	struct cx_inbound inbound;
	struct cx_qp_list wire_waiters; /* for a buffer */

	uint64_t cmdq_addr;
	uint32_t cmd_pending; /* slots */
	uint8_t reply[CX_REPLY_MAX];

	struct cx_table uars, pds, xrcds, eqs, cqs, srqs, qps, mkeys, counters;
	struct cx_cq_list arms;
	struct cx_qp_list workers, sleepers; /* that have work now; that wait for a time */
	uint64_t wake_at_ns;		     /* when the first sleeper has work; 0: there is none */
	struct cx_transfer transfer;

	bool port_up; /* as last reported to the driver */
	uint32_t cap_mask1;
	uint8_t node_desc[64];
	struct cx_traffic sent, received; /* a message that loops back counts in both */

	uint64_t memory_left;
};

/* The status for a failed allocation or table entry. */
static inline unsigned cx_status_of(int ret)
{
	if (!ret)
		return CX_STAT_OK;
	return ret == -EINVAL ? CX_STAT_BAD_PARAM : CX_STAT_LIM;
}

static inline uint16_t cx_lid(const struct cx *cx)
{
	return (uint16_t)(cx->config.index + 1);
}

/* init_seg.c */
void cx_init_seg_read(struct cx *cx, uint64_t offset, uint8_t *buf, size_t len);
void cx_init_seg_write(struct cx *cx, uint64_t offset, const uint8_t *buf, size_t len);

/* table.c: add assigns *@number and returns 0, -ENOSPC or -ENOMEM; get and remove return NULL where
 * there is no object. */
int cx_table_add(struct cx_table *table, void *object, uint32_t *number);
static inline void *cx_table_get(const struct cx_table *table, uint32_t number)
{
	uint32_t i = number - table->first; /* a number below first wraps past all slots */

	return i < table->slots ? table->slot[i] : NULL;
}
void *cx_table_remove(struct cx_table *table, uint32_t number);
/* Any object left, removed; NULL: none. */
void *cx_table_pop(struct cx_table *table);

/* buffer.c: zeroed memory on behalf of the guest, within a budget; NULL: none left. */
void *cx_memory_get(struct cx *cx, uint64_t bytes);
void cx_memory_put(struct cx *cx, void *memory, uint64_t bytes);

/* @list, of @list_bytes, holds the pages' addresses as the driver writes them. */
int cx_buffer_init(struct cx *cx, struct cx_buffer *buffer, unsigned log_page_size,
		   unsigned page_offset, uint64_t bytes, const uint8_t *list, size_t list_bytes);
void cx_buffer_free(struct cx *cx, struct cx_buffer *buffer);
int cx_buffer_read(struct cx *cx, const struct cx_buffer *buffer, uint64_t offset, void *buf,
		   size_t len);
/* A queue entry, its last DW (with the owner bit) after all others. */
int cx_buffer_write_entry(struct cx *cx, const struct cx_buffer *buffer, uint64_t offset,
			  const uint8_t *entry, size_t len);

/* cmdq.c, cmd.c */
void cx_cmdq_step(struct cx *cx);
struct cx_command {
	const uint8_t *in;
	size_t in_len;
	uint8_t *out; /* zeroed; as long as the command's reply is */
};
/* Returns the reply's length; its status is in it. */
size_t cx_command_run(struct cx *cx, const uint8_t *in, size_t in_len, uint8_t *out);

/* The commands; each returns a CX_STAT_. */
typedef unsigned cx_command_fn(struct cx *cx, const struct cx_command *cmd);
cx_command_fn cx_cmd_accept; /* nothing to do */
cx_command_fn cx_cmd_query_hca_cap, cx_cmd_query_adapter, cx_cmd_set_issi, cx_cmd_teardown_hca;
cx_command_fn cx_cmd_access_reg, cx_cmd_query_vport_context, cx_cmd_modify_vport_context,
	cx_cmd_query_gid, cx_cmd_query_pkey, cx_cmd_query_vport_counter;
cx_command_fn cx_cmd_alloc_pd, cx_cmd_dealloc_pd, cx_cmd_alloc_uar, cx_cmd_dealloc_uar,
	cx_cmd_alloc_xrcd, cx_cmd_dealloc_xrcd, cx_cmd_alloc_q_counter, cx_cmd_dealloc_q_counter,
	cx_cmd_query_q_counter, cx_cmd_create_srq, cx_cmd_destroy_srq, cx_cmd_query_srq;
cx_command_fn cx_cmd_arm_rq;
cx_command_fn cx_cmd_create_eq, cx_cmd_destroy_eq, cx_cmd_query_eq, cx_cmd_create_cq,
	cx_cmd_destroy_cq, cx_cmd_query_cq, cx_cmd_modify_cq;
cx_command_fn cx_cmd_create_mkey, cx_cmd_query_mkey, cx_cmd_destroy_mkey, cx_cmd_page_fault_resume;
cx_command_fn cx_cmd_create_qp, cx_cmd_destroy_qp, cx_cmd_query_qp, cx_cmd_modify_qp;

/* cmd_port.c: the GID of the port */
void cx_port_gid(const struct cx *cx, uint8_t gid[16]);
/* Reports to the driver that the wire has come up or gone down. */
void cx_port_watch(struct cx *cx);

/* cmd_objects.c: all objects of all kinds */
void cx_objects_free(struct cx *cx);
/* eq.c */
/* A doorbell on page @uar; ignored unless that is the page of its queue. */
void cx_eq_ring(struct cx *cx, uint32_t uar, uint32_t word);
/* False: the guest's queue cannot be written, the event is lost. */
bool cx_eq_post(struct cx *cx, struct cx_eq *eq, uint8_t eqe[CX_EQE_BYTES]);
/* The queue for events of @type; NULL: none. */
struct cx_eq *cx_eq_for(struct cx *cx, unsigned type);
/* Posts an event about QP or SRQ @number, if there is a queue for it. */
void cx_eq_tell(struct cx *cx, unsigned type, uint32_t number);
/* Likewise, that the port is active, or down. */
void cx_eq_tell_port(struct cx *cx, bool active);
void cx_eq_free(struct cx *cx, struct cx_eq *eq);

/* cq.c */
void cx_cq_post(struct cx *cx, uint32_t number, uint8_t cqe[CX_CQE_BYTES], bool solicited);
/* The arm doorbell, likewise. */
void cx_cq_ring(struct cx *cx, uint32_t uar, uint32_t number, uint32_t word);
void cx_cq_arm_step(struct cx *cx);
void cx_cq_free(struct cx *cx, struct cx_cq *cq);

/* mkey.c */
enum cx_access {
	CX_LOCAL_READ,
	CX_LOCAL_WRITE,
	CX_REMOTE_READ,
	CX_REMOTE_WRITE,
	CX_REMOTE_ATOMIC,
	CX_REMOTE_INVALIDATE,
};
struct cx_access_req {
	uint32_t key, pd, qpn;
	bool any_pd;
	enum cx_access access;
	uint64_t va, len; /* bytes */
};
struct cx_segment {
	uint64_t addr, len; /* bytes; contiguous */
	struct tlp_hint hint;
	/* of the access; for an indirect key, of the key that is mapped */
	uint32_t key;
	uint64_t va;
};
void cx_mkey_decode(struct cx_mkey *mkey);
void cx_mkey_free(struct cx *cx, struct cx_mkey *mkey);
/* The key, if it allows the whole access; NULL: it does not. */
struct cx_mkey *cx_mkey_check(struct cx *cx, const struct cx_access_req *req);
/* The segment at which the access begins. 0, -EACCES, or -ENXIO: not mapped. */
int cx_mkey_translate(struct cx *cx, const struct cx_access_req *req, struct cx_segment *segment);

/* klm.c: the first segment of @req, by its entry in the key's list, with that entry's own key. 0 or
 * -EACCES. */
int cx_klm_find(const struct cx_mkey *mkey, const struct cx_access_req *req,
		struct cx_access_req *inner);
/* Frees @key for @req, a remote invalidation. 0; -EACCES: it does not allow that. */
int cx_mkey_invalidate(struct cx *cx, const struct cx_access_req *req);

/* hint.c */
struct tlp_hint cx_hint(const struct cx *cx, const struct cx_mkey *mkey);
void cx_hint_config_written(struct pci_function *f, unsigned offset, size_t len);

/* counters.c: in the set that @responder names, if that exists. */
void cx_count_request(struct cx *cx, const struct cx_qp *responder, enum cx_access access);
void cx_count_message(struct cx_traffic *traffic, uint32_t octets);
void cx_count_no_receive(struct cx *cx, const struct cx_qp *responder);

/* qp.c */
void cx_qp_set_state(struct cx *cx, struct cx_qp *qp, unsigned state);
void cx_qp_free(struct cx *cx, struct cx_qp *qp);

/* sched.c */
/* Puts @qp, whose doorbell record is to be read, last among those that have work. */
void cx_qp_wake(struct cx *cx, struct cx_qp *qp);
void cx_qp_has_work(struct cx *cx, struct cx_qp *qp); /* the same without its record */
void cx_qp_sleep(struct cx *cx, struct cx_qp *qp);    /* until wake_at_ns, which is set */
void cx_qp_rest(struct cx_qp *qp);		      /* until it is woken */
void cx_qp_await_wire(struct cx *cx, struct cx_qp *qp);
bool cx_sched_is_late(const struct cx *cx); /* the time of the first sleeper is reached */
static inline bool cx_sched_is_due(const struct cx *cx)
{
	return cx->wake_at_ns && cx_sched_is_late(cx);
}
void cx_sched_wake_all(struct cx *cx);
int cx_sched_wait_ms(struct pci_function *f);

/* sq.c */
/* A doorbell, likewise. */
void cx_sq_ring(struct cx *cx, uint32_t uar, uint32_t number);
void cx_qp_step(struct cx *cx);

/* srq.c */
/* Reads the next receive: its segments to @bytes, *@size of them, and its index. 0; -EAGAIN: none
 * is posted; -EINVAL, -EFAULT: the queue cannot be used. */
int cx_srq_take(struct cx *cx, struct cx_srq *srq, uint8_t bytes[CX_RECEIVE_MAX], unsigned *size,
		uint16_t *index);
void cx_srq_free(struct cx *cx, struct cx_srq *srq);

/* rq.c */
/* Fills @qp->receive from the head of its own queue, of its SRQ, or of @srq, which an XRC message
 * names. 0; -EAGAIN: none is posted; -EINVAL, -EFAULT: the queue cannot be used. */
int cx_rq_take(struct cx *cx, struct cx_qp *qp, uint32_t srq);
/* Completes what has been taken, filled by the message of @wqe; @opcode is the completion's. */
void cx_rq_complete(struct cx *cx, struct cx_qp *qp, const struct cx_wqe *wqe, uint8_t opcode);
/* Completes it with an error, and puts the queue pair into error. */
void cx_rq_fail(struct cx *cx, struct cx_qp *qp, unsigned syndrome);
/* Flushes one receive of a queue pair in error. */
enum cx_step cx_rq_flush(struct cx *cx, struct cx_qp *qp);

/* scatter.c */
/* 0 and the sum of all data, in bytes, or -EINVAL: not a list. @bytes stays the caller's. */
int cx_scatter_init(struct cx_scatter *scatter, const uint8_t *bytes, unsigned size,
		    bool has_inline, uint64_t *total);
struct cx_data_segment {
	const uint8_t *data; /* inline; NULL: at @va by @key */
	uint32_t key, left;  /* left: bytes */
	uint64_t va;
};
/* The next data; false: the list has ended. */
bool cx_scatter_next(struct cx_scatter *scatter, struct cx_data_segment *segment);

/* page_fault.c: reports that the rest of @qp's message, at @va by @rkey, is not mapped for a
 * read, or for a @write. False: the driver has no queue for that, or could not map it. */
bool cx_page_fault_raise(struct cx *cx, struct cx_qp *qp, uint32_t rkey, uint64_t va, bool write);

/* datagram.c: replaces the address by the GRH, as the first data segment. 0 or a syndrome. */
unsigned cx_datagram_begin(struct cx *cx, struct cx_qp *qp);

/* umr.c, message.c: begin returns a CX_SYND_ or 0; step sets wqe.syndrome on an error. */
unsigned cx_umr_begin(struct cx *cx, struct cx_qp *qp);
enum cx_step cx_umr_step(struct cx *cx, struct cx_qp *qp);
unsigned cx_message_begin(struct cx *cx, struct cx_qp *qp);
enum cx_step cx_message_step(struct cx *cx, struct cx_qp *qp);

/* request.c */
/* Does its message, or what it sends next, go over the wire? Then cx_request_step() executes it. */
bool cx_is_on_wire(const struct cx *cx, const struct cx_qp *qp);
enum cx_step cx_request_step(struct cx *cx, struct cx_qp *qp);

/* inbound.c */
/* Has a packet arrived? */
static inline bool cx_inbound_waits(const struct cx *cx)
{
	return cx->wire.waits && cx->wire.waits(cx->wire.ctx);
}
/* One step of the work on a packet. */
enum cx_step cx_inbound_step(struct cx *cx);
void cx_inbound_reset(struct cx *cx);

#endif
