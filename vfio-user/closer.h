/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes descriptors in a separate process.
 *
 * close() may wait for another process: a FUSE server, the other end of a TCP
 * connection with SO_LINGER, the owner of an epoll instance that holds the file.
 * No signal ends some of these waits. A thread is not enough: its process
 * could not exit. The helper shares the table of descriptors
 * (CLONE_FILES) and nothing else. Single-threaded.
 */
#ifndef VFIO_USER_CLOSER_H
#define VFIO_USER_CLOSER_H

#include <stdbool.h>
#include <sys/types.h>

struct closer {
	int queue[2];	  /* a pipe of descriptors from the owner to the helper */
	int done;	  /* an eventfd: how many were closed since it was read */
	unsigned pending; /* queued, and not known to be closed */
	pid_t owner, helper;
};

/* 0, or the negative errno of pipe2(), eventfd() or clone(). Call closer_stop() in both cases. */
int closer_start(struct closer *closer);
/* Waits 200 ms at most for what is queued; then a helper that still runs is killed, not reaped. */
void closer_stop(struct closer *closer);

/* The caller must not use @fd any more. Never waits. */
void closer_close(struct closer *closer, int fd);
/*
 * True: so many descriptors wait to be closed that no more may be received from
 * the peer that sent them, until closer->done can be read.
 */
bool closer_busy(struct closer *closer);

#endif
