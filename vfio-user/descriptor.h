/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that a peer sends. All of them come in through this file.
 *
 * The rule: a peer chooses the file behind a descriptor, and its server, too.
 * Until it is known what the file is, nothing is done with it that could wait.
 *
 *  - What it is, the kernel alone says: F_GET_SEALS asks no file system and
 *    takes no lock. A seal never goes away, so it is read before the size.
 *  - Only memory sealed against shrinking is mapped, stat()ed or closed here
 *    (F_SEAL_SHRINK is to be had with memfd_create() alone). Huge pages are
 *    not: a hole in them may find no page to fill it. dma_guard.h has the
 *    rest, a machine that is out of memory.
 *  - An eventfd is signalled by irq_sender.h, which never waits.
 *  - Whatever else comes, an eventfd too, is given to closer.h unseen.
 *  - The kernel itself closes what is left in a queue or finds no room: so there is room
 *    for all that a message can carry, and the closer closes the peer's socket.
 *
 * What remains: a process at its limit of descriptors (RLIMIT_NOFILE) has the
 * kernel close what does not fit, so the owner sees to it that
 * DESCRIPTOR_ROOM are free for each peer. Before Linux 6.8, sendmsg() may
 * collect the garbage of all UNIX sockets once 16,000 descriptors are under way.
 */
#ifndef VFIO_USER_DESCRIPTOR_H
#define VFIO_USER_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vfio-user/closer.h"

enum {
	DESCRIPTORS_KEPT = 16, /* of a message; further ones are closed */
	/* That Linux lets a message carry (SCM_MAX_FD), and as many again that wait to be closed.
	 */
	DESCRIPTOR_ROOM = 2 * 253,
};

/* Those of one message. All zero: none. */
struct descriptors {
	int fds[DESCRIPTORS_KEPT]; /* one that was taken out of it is -1 */
	unsigned count;
	bool lost; /* more came than are kept, or than this process may open */
};

/* As recv() without waiting: bytes, or a negative errno; what comes along is added to @got. */
ssize_t descriptor_receive(int socket, void *buf, size_t len, struct descriptors *got,
			   struct closer *closer);
/* True: memory that cannot shrink. Its pages stay where they are mapped. */
bool descriptor_is_memory(int fd);
/* Closes any descriptor that a peer has sent. Does not wait. */
void descriptor_close(int fd, struct closer *closer);
/* Closes all of @got and empties it. */
void descriptors_close(struct descriptors *got, struct closer *closer);
/* Ends a connection and closes our end, with all that is still queued in it. */
void descriptor_close_socket(int socket, struct closer *closer);

#endif
