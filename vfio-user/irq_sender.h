/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals eventfds that belong to a peer, and never waits. write() waits while
 * the counter is full; the peer can fill it at any time and clear O_NONBLOCK.
 * Linux AIO does not wait: it signals the eventfd of a request
 * (IOCB_FLAG_RESFD) when the request, here a read of /dev/null, has ended.
 */
#ifndef VFIO_USER_IRQ_SENDER_H
#define VFIO_USER_IRQ_SENDER_H

#include <linux/aio_abi.h>

struct irq_sender {
	aio_context_t context; /* 0: none */
	int null;	       /* /dev/null */
	unsigned unread;       /* results in the context's ring */
};

/*
 * 0, or the negative errno of open() or io_setup() (-EAGAIN: fs.aio-max-nr is
 * used up). Call irq_sender_close() after an error, too.
 */
int irq_sender_open(struct irq_sender *sender);
void irq_sender_close(struct irq_sender *sender);
/*
 * Adds 1 to @eventfd's counter, or nothing where it is full: an interrupt is
 * pending then. 0, -EINVAL (not an eventfd), or another errno of io_submit().
 */
int irq_sender_send(struct irq_sender *sender, int eventfd);

#endif
