/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMA devices by netlink, as `rdma` asks for them: <rdma/rdma_netlink.h>. Thread-safe, each
 * with a socket of its own.
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

/* Each message of an answer. False: enough. */
typedef bool (*nldev_fn)(void *ctx, const struct nlmsghdr *message);

/* A socket that is the caller's; skips the test where there is none. */
int nldev_open(void);
/* Sends @command and calls @each with the answer's messages. 0, or the errno that came back. */
int nldev_ask(int fd, unsigned command, uint16_t flags, const struct nldev_attr *attrs,
	      unsigned count, nldev_fn each, void *ctx);
/* Fails the running test where there is no such device. */
uint32_t nldev_index(int fd, const struct nic *nic);

/* What the kernel tells of a region, of the driver's attributes those about hints. */
struct nldev_mr {
	bool found;
	char tph[16]; /* "": nothing is said */
	uint32_t ph, st_index, err;
};

/* Dumps all regions of @index, and finds the one with this key. 0 or the errno. */
int nldev_find_mr(int fd, uint32_t index, uint32_t lkey, struct nldev_mr *mr);

#endif
