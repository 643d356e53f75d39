/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vfio-user server: one PCI function offered to one QEMU device over a UNIX
 * socket. The transport only: messages, regions, DMA maps and interrupts, but
 * not what the function does with them.
 *
 * Nothing here blocks, whatever a client sends (descriptor.h). The owner polls
 * vu_fd() and calls vu_process(). All calls come from one thread.
 *
 * Unlike libvfio-user's server, this one sends the descriptor of a region that
 * can be mapped with the first reply to GET_REGION_INFO and without a
 * sparse-mmap capability: the region is mapped as a whole. QEMU accepts both.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

struct vu_region {
	uint64_t size; /* bytes; 0: no such region */
	/*
	 * -1: every access is a message; else the client may map it whole, but may
	 * send messages too, and the file must be that long and sealed against
	 * shrinking (F_SEAL_SHRINK): the client gets the descriptor. The owner keeps it open
	 * until vu_destroy().
	 */
	int mmap_fd;
	uint64_t mmap_offset; /* bytes into mmap_fd, whole pages */
};

/*
 * What the owner implements; reset, disconnected and dma_done may be NULL.
 * Offsets and lengths are checked against the region before the call: there is
 * at least one byte, and at most 1 MiB. None may call vu_process() or
 * vu_destroy(); all other calls are allowed.
 */
struct vu_ops {
	/* Return 0, or a negative errno that is sent as an error reply. */
	int (*region_read)(void *owner, unsigned region, uint64_t offset, void *buf, size_t len);
	/* Must not wait for anything of this peer: queue the work and return. */
	int (*region_write)(void *owner, unsigned region, uint64_t offset, const void *buf,
			    size_t len);
	void (*reset)(void *owner);
	/*
	 * The peer has disconnected; the endpoint listens for the next one. Only for a
	 * peer that was vu_connected(). Called after dma_done(-ENOTCONN) for a transfer
	 * that was under way. vu_destroy() calls neither.
	 */
	void (*disconnected)(void *owner);
	/*
	 * A transfer started by vu_dma_read() or vu_dma_write() has ended: 0, the
	 * errno of the client's error reply (QEMU: -ENODEV for an address that the
	 * IOMMU blocks or no device claims), -EPROTO for a reply that does not match, or
	 * -ENOTCONN.
	 */
	void (*dma_done)(void *owner, int status);
};

struct vu_config {
	const char *path;				/* socket path; created with mode 0600 */
	struct vu_region regions[VFIO_PCI_NUM_REGIONS]; /* by VFIO's index: BAR n is n */
	unsigned msix_vectors;				/* 0: no MSI-X */
	const struct vu_ops *ops;
	void *owner;
	/*
	 * One line of text about an error of the peer; may be NULL. A peer can cause
	 * any number of lines, so the owner bounds their rate.
	 */
	void (*log)(void *owner, const char *line);
};

struct vu;

/*
 * Creates the socket and listens; @config is copied. The socket file of a server
 * that has ended is replaced. 0, or a negative errno: -EADDRINUSE (a server
 * listens there, or it is no socket), -ENAMETOOLONG (path above 107 bytes),
 * -EINVAL (an operation or a path missing, a region beyond the end of its
 * mmap_fd, more than 2048 vectors), -ENOMEM, -EAGAIN (fs.aio-max-nr is used up),
 * and the errno of socket(), bind() or clone(). Starts a helper process, see closer.h.
 */
int vu_create(struct vu **out, const struct vu_config *config);
/* Closes, unmaps and removes everything, the socket file too. NULL is fine. */
void vu_destroy(struct vu *vu);

/* The descriptor to poll for POLLIN, always the same. */
int vu_fd(const struct vu *vu);
/* To be called when it can be read. Never fails: a broken peer is logged and dropped. */
void vu_process(struct vu *vu);

/* A client is connected and has negotiated the protocol. */
bool vu_connected(const struct vu *vu);

/*
 * Guest memory at DMA address @addr that the client mapped with a descriptor.
 * *@len is cut to what is contiguous there. NULL: not mapped, not allowed in
 * that direction, or without a pointer (then vu_dma_read/write): mapped
 * without a descriptor, or with one whose file is not memory sealed against
 * shrinking, since its owner could turn any access into a SIGBUS. The pointer
 * is valid until the next vu_process(). The guest may change the memory at any
 * time: read a value once, then check the copy.
 *
 * Where the host has no page for an access, the access has no effect and the
 * client is dropped: vu_create() installs a handler of SIGBUS for such memory.
 * Any other SIGBUS goes to the previous handler.
 */
void *vu_dma_ptr(struct vu *vu, uint64_t addr, size_t *len, bool write);

/*
 * DMA through the client, for memory without a descriptor, mostly another device's
 * BAR. One at a time; @buf must stay valid until ops->dma_done, which is never called
 * from within these functions. 0: started. -EBUSY: one is under way. -ENOTCONN.
 * -EMSGSIZE: more than vu_dma_max() bytes. -EINVAL: none, or beyond 2^64. There
 * is no time limit: a client that never replies keeps it under way.
 */
int vu_dma_read(struct vu *vu, uint64_t addr, void *buf, size_t len);
int vu_dma_write(struct vu *vu, uint64_t addr, const void *buf, size_t len);
/* Bytes: 16 KiB, or less if the client has a lower limit; 0 while none is connected. */
size_t vu_dma_max(const struct vu *vu);

/* Signals an MSI-X vector; without an eventfd for it nothing happens, as on a masked function. */
void vu_irq(struct vu *vu, unsigned vector);

#endif
