/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message, for the files that execute it; private to devices/cx. */
#ifndef DEVICES_CX_MESSAGE_H
#define DEVICES_CX_MESSAGE_H

#include "devices/cx/state.h"

/* Where data is: the requester's segments; the responder's memory, by a key; its receive. */
enum cx_end { CX_LOCAL, CX_REMOTE, CX_RECEIVE };

struct cx_message_kind {
	uint8_t opcode;
	unsigned types; /* bits: types of queue pairs that have it */
	enum cx_end from, to;
	bool atomic;
	enum cx_access access; /* at a remote end */
	uint8_t completion;    /* of the responder's receive that it consumes; 0: none */
};

/* A message and its two ends, as they are at one step. */
struct cx_message {
	struct cx_qp *qp, *responder;
	struct cx_wqe *wqe;
	const struct cx_message_kind *kind;
};

static inline bool cx_is_rdma(const struct cx_message_kind *kind)
{
	return kind->from == CX_REMOTE || kind->to == CX_REMOTE;
}

static inline bool cx_is_reliable(const struct cx_qp *qp)
{
	return qp->type == CX_ST_RC || qp->type == CX_ST_XRC;
}

/* Where the remote address is in a work request, if it has one. */
static inline unsigned cx_raddr_at(const struct cx_qp *qp)
{
	return CX_CTRL_BYTES + (qp->type == CX_ST_XRC ? CX_XRC_BYTES : 0);
}

/* message.c */
const struct cx_message_kind *cx_message_kind(const struct cx_wqe *wqe);
/*
 * Reads the next data at @end into @bytes, or writes it from @bytes if @write, until *@done is
 * @len. CX_MORE: it is; CX_WAIT: call it again with the same arguments, also where no request is
 * under way, since a step moves a bounded number of segments; CX_DONE: it failed, and the syndrome
 * is set.
 */
enum cx_step cx_message_move(struct cx *cx, const struct cx_message *m, enum cx_end end, bool write,
			     uint8_t *bytes, uint32_t len, uint32_t *done);
/* Does an atomic operation at the responder. CX_MORE: it is done, and the old value is known. */
enum cx_step cx_message_fetch(struct cx *cx, const struct cx_message *m);

/* request.c */
/* Handles an answer. CX_DONE: it is handled. */
enum cx_step cx_request_answered(struct cx *cx, const struct cx_packet *p);

/* responder.c */
/* May the message be sent again to a receiver that was not ready? Counts the retry. */
bool cx_rnr_may_retry(struct cx_wqe *wqe);
uint64_t cx_rnr_wait_ns(unsigned code);
/* The queue pair that receives from @qp; NULL: none. */
struct cx_qp *cx_responder_of(struct cx *cx, const struct cx_qp *qp);
/* The access to the next data at @end, at most @len bytes. 0, or -EACCES. */
int cx_message_access(const struct cx_message *m, enum cx_end end, uint64_t len,
		      struct cx_access_req *req);
/* Sets the PD of the keys that the message may name. False: there is none. */
bool cx_responder_find_pd(struct cx *cx, const struct cx_message *m);
/* Counts a message that it has accepted: one from the link when it has the first packet. */
void cx_responder_count(struct cx *cx, const struct cx_message *m);
/* The responder's checks before data is moved. CX_MORE: it accepts the message. */
enum cx_step cx_responder_accept(struct cx *cx, const struct cx_message *m);
/* The data has arrived, the responder's receive is complete: CX_DONE. */
enum cx_step cx_responder_complete(struct cx *cx, const struct cx_message *m);
/* Refuses the request: CX_DONE, and a reliable requester gets the syndrome. */
enum cx_step cx_responder_refuse(const struct cx_message *m, unsigned syndrome);
/* The access check failed at @end: CX_DONE. */
enum cx_step cx_access_failed(struct cx *cx, const struct cx_message *m, enum cx_end end);

#endif
