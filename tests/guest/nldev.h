/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMA devices by netlink, as the command rdma reads them: <rdma/rdma_netlink.h>. Thread-safe if
 * each thread has its own socket.
 */
#ifndef TESTS_GUEST_NLDEV_H
#define TESTS_GUEST_NLDEV_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/guest/rdma_loop.h"

struct nldev_attr {
	uint16_t id;
	uint32_t value;
};

/* Called for each message of an answer. False: the rest is not needed. */
typedef bool (*nldev_fn)(void *ctx, const struct nlmsghdr *message);

/* A socket, which the caller closes; skips the test if the kernel has none. */
int nldev_open(void);
/* Sends @command and calls @each with the answer's messages. 0, or the errno of the answer. */
int nldev_ask(int fd, unsigned command, uint16_t flags, const struct nldev_attr *attrs,
	      unsigned count, nldev_fn each, void *ctx);
/* Fails the running test if there is no such device. */
uint32_t nldev_index(int fd, const struct nic *nic);

/* What the kernel returns of a region: of the driver's attributes those about hints. */
struct nldev_mr {
	bool found;
	char tph[16]; /* "": not in the answer */
	uint32_t ph, st_index, err;
};

/* Dumps all regions of @index, and finds the one with this key. 0 or the errno. */
int nldev_find_mr(int fd, uint32_t index, uint32_t lkey, struct nldev_mr *mr);

#endif
