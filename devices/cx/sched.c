// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scheduling of queue pairs. Those with work take turns; those that wait for a time share one
 * timer: when the earliest time is reached, all are woken, and the others sleep again.
 */
#include "devices/cx/state.h"
#include "util/clock.h"

static void put_into(struct cx_qp_list *list, struct cx_qp *qp)
{
	cx_qp_rest(qp);
	TAILQ_INSERT_TAIL(list, qp, turn);
	qp->waits_in = list;
}

void cx_qp_rest(struct cx_qp *qp)
{
	if (qp->waits_in)
		TAILQ_REMOVE(qp->waits_in, qp, turn);
	qp->waits_in = NULL;
}

void cx_qp_has_work(struct cx *cx, struct cx_qp *qp)
{
	put_into(&cx->workers, qp);
}

void cx_qp_wake(struct cx *cx, struct cx_qp *qp)
{
	qp->rung = true;
	cx_qp_has_work(cx, qp);
}

void cx_qp_sleep(struct cx *cx, struct cx_qp *qp)
{
	put_into(&cx->sleepers, qp);
	if (!cx->wake_at_ns || qp->wake_at_ns < cx->wake_at_ns)
		cx->wake_at_ns = qp->wake_at_ns;
}

void cx_qp_await_wire(struct cx *cx, struct cx_qp *qp)
{
	put_into(&cx->wire_waiters, qp);
}

bool cx_sched_is_late(const struct cx *cx)
{
	return cx->wake_at_ns <= clock_ns();
}

void cx_sched_wake_all(struct cx *cx)
{
	cx->wake_at_ns = 0;
	while (!TAILQ_EMPTY(&cx->sleepers))
		cx_qp_has_work(cx, TAILQ_FIRST(&cx->sleepers));
}

int cx_sched_wait_ms(struct pci_function *f)
{
	const struct cx *cx = container_of(f, struct cx, f);

	return cx->wake_at_ns ? clock_ms_until(cx->wake_at_ns) : -1;
}
