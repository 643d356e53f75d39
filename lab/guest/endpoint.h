/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An endpoint of the kernel's pci_endpoint_test, which writes to a dma-buf on an ioctl: an importer
 * that is no RDMA NIC. Not thread-safe. Functions return 0 or a negative errno.
 */
#ifndef LAB_GUEST_ENDPOINT_H
#define LAB_GUEST_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tph/tph.h"

struct endpoint {
	int fd;
	struct tph_bdf bdf;
	unsigned tag_bits; /* 0, 8 or 16: what its writes can carry */
};

struct endpoint_write {
	uint32_t checksum; /* endpoint_checksum() of the bytes written */
	bool had_hint;
};

/* The @nth one, from 0, ready to write. -ENOENT: there are not so many. */
int endpoint_open(struct endpoint *endpoint, unsigned nth);
/* Writes @bytes that the endpoint generates to @offset of the dma-buf. -EPERM: it does not send a
 * required hint. */
int endpoint_write(const struct endpoint *endpoint, int dmabuf_fd, uint64_t offset, uint32_t bytes,
		   struct endpoint_write *written);
/* PCITEST_DMABUF_WRITE with any @flags. */
int endpoint_call(const struct endpoint *endpoint, int dmabuf_fd, uint64_t offset, uint32_t bytes,
		  uint32_t flags, struct endpoint_write *written);
uint32_t endpoint_checksum(const uint8_t *bytes, size_t len);

#endif
