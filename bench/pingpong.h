/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two processes and a socketpair: what a round trip costs without any work. */
#ifndef BENCH_PINGPONG_H
#define BENCH_PINGPONG_H

#include <stddef.h>
#include <sys/types.h>

struct pingpong {
	int fd;
	pid_t pid;
	size_t request, reply; /* bytes, at most 256 */
};

/*
 * 0 or a negative errno. The other process runs until pingpong_stop(). It, the
 * caller and all processes that the caller starts later share one CPU: on two, the
 * result depends on the scheduler's choice.
 */
int pingpong_start(struct pingpong *p, size_t request, size_t reply);
int pingpong_rounds(struct pingpong *p, unsigned count);
void pingpong_stop(struct pingpong *p);

/* All @len bytes or an error: 0 or a negative errno. */
int send_all(int fd, const void *bytes, size_t len);
int receive_all(int fd, void *bytes, size_t len);

#endif
