/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes descriptors in a process of its own.
 *
 * close() may wait for whoever serves or shares the file: a FUSE server, the
 * other end of a TCP connection with SO_LINGER, the owner of an epoll instance.
 * Some of these waits no signal ends, so that not even a thread will do: its
 * process could not exit. The helper shares the table of descriptors
 * (CLONE_FILES) and nothing else. Single-threaded.
 */
#ifndef VFIO_USER_CLOSER_H
#define VFIO_USER_CLOSER_H

#include <stdbool.h>
#include <sys/types.h>

struct closer {
	int queue[2];	  /* a pipe of descriptors: the helper reads, we write */
	int done;	  /* an eventfd: how many were closed since it was read */
	unsigned pending; /* queued, and not seen to be closed */
	pid_t owner, helper;
};

/* 0, or what pipe2(), eventfd() or clone() say; closer_stop() is due either way. */
int closer_start(struct closer *closer);
/* Waits for what is queued, but not for long: a helper that hangs is left behind. */
void closer_stop(struct closer *closer);

/* @fd is gone for the caller from now on. Never waits. */
void closer_close(struct closer *closer, int fd);
/*
 * So many descriptors wait to be closed that no more may be taken from the peer
 * who sent them. Ends when closer->done can be read.
 */
bool closer_busy(struct closer *closer);

#endif
