/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts: MSI-X alone, one eventfd per vector. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio-user/endpoint.h"

int vu_handle_irq_info(struct vu *vu, const struct vu_request *request, struct vu_reply *reply)
{
	struct vfio_irq_info body;

	memcpy(&body, request->body, sizeof(body));
	if (body.argsz < sizeof(body) || body.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	body.argsz = sizeof(body);
	body.count = body.index == VFIO_PCI_MSIX_IRQ_INDEX ? vu->config.msix_vectors : 0;
	body.flags = body.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	memcpy(reply->body, &body, sizeof(body));
	reply->len = sizeof(body);
	return 0;
}

/*
 * Checks the kernel's name for it, since that calls no file system. Any other
 * descriptor would be kept, and fail only when it is to be signalled.
 */
static bool is_eventfd(int fd)
{
	static const char expected[] = "anon_inode:[eventfd]";
	char path[32], target[sizeof(expected)];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, target, sizeof(target));
	return len == sizeof(expected) - 1 && memcmp(target, expected, sizeof(expected) - 1) == 0;
}

static void set_vector(struct vu *vu, unsigned vector, int fd)
{
	if (vu->irq_fds[vector] >= 0)
		closer_close(&vu->closer, vu->irq_fds[vector]);
	vu->irq_fds[vector] = fd;
}

void vu_irqs_reset(struct vu *vu)
{
	unsigned i;

	for (i = 0; i < vu->config.msix_vectors; i++)
		set_vector(vu, i, -1);
}

/* No vector changes where one descriptor is invalid. */
static int set_eventfds(struct vu *vu, const struct vu_request *request, unsigned start,
			unsigned count)
{
	unsigned i;

	if (!count || (request->fd_count && request->fd_count != count))
		return -EINVAL;
	for (i = 0; i < request->fd_count; i++)
		if (!is_eventfd(request->fds[i]))
			return -EINVAL;
	for (i = 0; i < count; i++) {
		set_vector(vu, start + i, request->fd_count ? request->fds[i] : -1);
		if (request->fd_count)
			request->fds[i] = -1;
	}
	return 0;
}

int vu_handle_set_irqs(struct vu *vu, const struct vu_request *request, struct vu_reply *reply)
{
	unsigned vectors = vu->config.msix_vectors;
	struct vfio_irq_set body;

	(void)reply;
	memcpy(&body, request->body, sizeof(body));
	if (body.argsz < sizeof(body) || body.index != VFIO_PCI_MSIX_IRQ_INDEX ||
	    body.start > vectors || body.count > vectors - body.start)
		return -EINVAL;
	switch (body.flags) {
	case VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER:
		return set_eventfds(vu, request, body.start, body.count);
	case VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER:
		/* With a count it would request interrupts, which no client does. */
		if (body.start || body.count || request->fd_count)
			return -EINVAL;
		vu_irqs_reset(vu);
		return 0;
	default:
		return -EINVAL;
	}
}

void vu_irq(struct vu *vu, unsigned vector)
{
	int ret;

	if (vector >= vu->config.msix_vectors || vu->irq_fds[vector] < 0)
		return;
	ret = irq_sender_send(&vu->irq_sender, vu->irq_fds[vector]);
	if (ret < 0)
		vu_log(vu, "cannot signal vector %u: %s", vector, strerror(-ret));
}
