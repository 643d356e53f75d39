/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Both ends for the transport's tests: an owner that records its calls, and a
 * client that sends bytes. The client defines the wire format separately (numbers
 * as in QEMU's traces), so that the tests detect an error in message.h.
 */
#ifndef VFIO_USER_CLIENT_H
#define VFIO_USER_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "tests/test.h"
#include "vfio-user/vfio_user.h"

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP = 2,
	CMD_DMA_UNMAP = 3,
	CMD_GET_INFO = 4,
	CMD_REGION_INFO = 5,
	CMD_IRQ_INFO = 7,
	CMD_SET_IRQS = 8,
	CMD_REGION_READ = 9,
	CMD_REGION_WRITE = 10,
	CMD_DMA_READ = 11,
	CMD_DMA_WRITE = 12,
	CMD_RESET = 13,

	FLAG_REPLY = 1,
	FLAG_NO_REPLY = 0x10,
	FLAG_ERROR = 0x20,
};

#define BAR_SIZE    (4u << 20) /* region 0: messages only */
#define MEM_SIZE    (2u << 20) /* region 2: mappable */
#define CONFIG_SIZE 4096u
#define VECTORS	    20u

/* A 64-bit value as two 32-bit words of a message. */
#define WORDS(value) (uint32_t)(uint64_t)(value), (uint32_t)((uint64_t)(value) >> 32)

/* One endpoint, its owner and its client. */
struct endpoint {
	struct vu *vu;
	struct vu_config config;
	char dir[64], path[96];
	int client; /* the client's socket, or -1 */
	uint8_t *bar;
	uint8_t space[CONFIG_SIZE];
	int mem_fd;
	/* what the owner has recorded */
	unsigned reads, writes, resets, disconnects, logs;
	unsigned dma_ends;
	int dma_status;
	bool dma_ended_first; /* before disconnected() */
	char log[512];
	int refuse; /* what the next region access returns */
	/* when set, a write to region 0 starts a DMA read from there into dma_buf */
	uint64_t dma_on_write;
	uint8_t dma_buf[4096];
};

struct message {
	uint16_t id, command;
	uint32_t size, flags, error;
	uint8_t *body; /* size - 16 bytes; message_free() */
	int fd;	       /* received with it, or -1 */
};

void endpoint_open(struct endpoint *e);
void endpoint_close(struct endpoint *e);
/* Runs the server until it has no more to do. */
void pump(struct endpoint *e);

void client_connect(struct endpoint *e);
/* Connects and agrees on the version as QEMU does. */
void client_handshake(struct endpoint *e);
void client_close(struct endpoint *e);
/* sendmsg() of @bytes with up to 64 descriptors, without waiting; returns its result. */
ssize_t send_with(int socket, const void *bytes, size_t len, const int *fds, size_t fd_count);
/* Sends all of it, pumping when the socket is full. */
void client_send_bytes(struct endpoint *e, const void *bytes, size_t len, const int *fds,
		       unsigned fd_count);
void client_send(struct endpoint *e, uint16_t id, uint16_t command, uint32_t flags,
		 const void *body, size_t len, int fd);
/* The next message, after pump(); false: none. */
bool client_receive(struct endpoint *e, struct message *m);
/* True: the server has closed the connection. */
bool client_dropped(struct endpoint *e);
void message_free(struct message *m);
/* Sends, expects the one reply to it, returns its errno. */
int call(struct endpoint *e, uint16_t command, const void *body, size_t len, int fd,
	 struct message *reply);

int dma_map(struct endpoint *e, uint64_t addr, uint64_t size, uint64_t offset, uint32_t flags,
	    int fd);
int dma_unmap(struct endpoint *e, uint64_t addr, uint64_t size);
/* Writes 4 bytes to region 7 and reads them back. */
void assert_alive(struct endpoint *e);

/* Memory as QEMU's memory-backend-memfd,share=on makes it; page n is filled with n. */
int guest_memory(size_t size, bool sealed);
unsigned open_fds(void);
/* As open_fds(), once it is @expected, or after 5 s: another process closes what a client sent. */
unsigned open_fds_after(unsigned expected);

#endif
