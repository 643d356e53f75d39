/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vfio-user/irq_sender.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESULTS_MAX 64

int irq_sender_open(struct irq_sender *sender)
{
	*sender = (struct irq_sender){.null = open("/dev/null", O_RDONLY | O_CLOEXEC)};
	if (sender->null < 0 || syscall(SYS_io_setup, RESULTS_MAX, &sender->context) < 0)
		return -errno;
	return 0;
}

void irq_sender_close(struct irq_sender *sender)
{
	if (sender->context)
		syscall(SYS_io_destroy, sender->context);
	if (sender->null >= 0)
		close(sender->null);
	*sender = (struct irq_sender){.null = -1};
}

/* Empties the ring; a read of /dev/null has ended before io_submit() returns. */
static void drop_results(struct irq_sender *sender)
{
	struct io_event results[RESULTS_MAX];

	syscall(SYS_io_getevents, sender->context, 0L, (long)RESULTS_MAX, results, NULL);
	sender->unread = 0;
}

int irq_sender_send(struct irq_sender *sender, int eventfd)
{
	char byte;
	struct iocb request = {
		.aio_lio_opcode = IOCB_CMD_PREAD,
		.aio_fildes = (uint32_t)sender->null,
		.aio_buf = (uintptr_t)&byte,
		.aio_nbytes = 1,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)eventfd,
	};
	struct iocb *requests[] = {&request};

	if (sender->unread == RESULTS_MAX)
		drop_results(sender);
	if (syscall(SYS_io_submit, sender->context, 1L, requests) < 0)
		return -errno;
	sender->unread++;
	return 0;
}
