// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queue pairs that wait for a time to pass. All are woken when the first may be;
 * those that came too early lie down again.
 */
#include <time.h>

#include "devices/cx/state.h"

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull

uint64_t cx_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec + 1;
}

void cx_sleep(struct cx *cx, struct cx_qp *qp)
{
	cx_list_append(&cx->sleepers, &qp->node);
	if (!cx->wake_at || qp->wake_at < cx->wake_at)
		cx->wake_at = qp->wake_at;
}

bool cx_sleep_over(const struct cx *cx)
{
	return cx->wake_at && cx->wake_at <= cx_now();
}

void cx_sleep_step(struct cx *cx)
{
	cx->wake_at = 0;
	while (!cx_list_empty(&cx->sleepers))
		cx_list_append(&cx->workers, cx->sleepers.next);
}

int cx_sleep_ms(struct pci_function *f)
{
	const struct cx *cx = cx_container(f, struct cx, f);
	uint64_t now = cx_now();

	if (!cx->wake_at)
		return -1;
	return cx->wake_at <= now ? 0 : (int)((cx->wake_at - now + NS_PER_MS - 1) / NS_PER_MS);
}
