/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that a peer sends. All of them are received, checked and closed by
 * the functions of this file.
 *
 * The rule: the peer chooses the file behind a descriptor and the process that
 * serves the file. No call that could wait is made with a descriptor until the
 * kind of its file is known.
 *
 *  - F_GET_SEALS comes first: it calls no file system and takes no lock. Seals
 *    are never removed, so they are read before the size.
 *  - Only memory sealed against shrinking is mapped, given to fstat() or closed
 *    here; memfd_create() alone makes it. Huge pages are refused, since the
 *    peer can free one that the kernel cannot replace. dma_guard.h is for a
 *    machine that is out of memory.
 *  - irq_sender.h signals eventfds and never waits.
 *  - closer.h closes every other descriptor, eventfds included.
 *  - The kernel itself closes descriptors for which a receiver has no space and
 *    those in the queue of a socket that is closed. So the buffer is as large
 *    as a message can be, and closer.h closes the sockets of peers, too.
 *
 * What remains: the kernel closes descriptors above the limit of the process
 * (RLIMIT_NOFILE), so the owner keeps DESCRIPTOR_CAPACITY free for each peer.
 * Before Linux 6.8, sendmsg() may collect the garbage of all UNIX sockets once
 * 16,000 descriptors are under way.
 */
#ifndef VFIO_USER_DESCRIPTOR_H
#define VFIO_USER_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vfio-user/closer.h"

enum {
	DESCRIPTORS_KEPT = 16, /* of a message; further ones are closed */
	/* Those of the largest message (SCM_MAX_FD), and as many that wait to be closed. */
	DESCRIPTOR_CAPACITY = 2 * 253,
};

/* Those of one message. All zero: none. */
struct descriptors {
	int fds[DESCRIPTORS_KEPT]; /* -1: another owner has it now */
	unsigned count;
	bool lost; /* more were sent than are kept, or than this process may open */
};

/* As recv() without waiting: bytes, or a negative errno; adds the descriptors to @got. */
ssize_t descriptor_receive(int socket, void *buf, size_t len, struct descriptors *got,
			   struct closer *closer);
/* True: memory that cannot shrink (memfd, not of huge pages). Never waits. */
bool descriptor_is_memory(int fd);
/* Closes any descriptor that a peer has sent. Does not wait. */
void descriptor_close(int fd, struct closer *closer);
/* Closes all of @got and empties it. */
void descriptors_close(struct descriptors *got, struct closer *closer);
/* Ends a connection and closes @socket, with all that is still queued in it. */
void descriptor_close_socket(int socket, struct closer *closer);

#endif
