/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the transport; not for its users. */
#ifndef VFIO_USER_ENDPOINT_H
#define VFIO_USER_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vfio-user/descriptor.h"
#include "vfio-user/dma_table.h"
#include "vfio-user/irq_sender.h"
#include "vfio-user/message.h"
#include "vfio-user/vfio_user.h"

/* The message that is arriving. */
struct vu_input {
	uint8_t *buf; /* VU_MAX_MESSAGE bytes */
	size_t have;  /* bytes of it so far */
	struct descriptors fds;
};

/* A message, or the rest of one, that the socket did not accept at once. */
struct vu_queued;

struct vu_output {
	struct vu_queued *head, **tail;
	size_t bytes;	/* queued */
	uint8_t *reply; /* VU_MAX_MESSAGE bytes to build a reply in */
};

/* DMA through the client. */
struct vu_transfer {
	bool active;
	uint16_t id;
	uint16_t command; /* VU_DMA_READ or VU_DMA_WRITE */
	void *read_into;  /* DMA_READ only */
	size_t len;	  /* bytes */
	size_t max;	  /* bytes */
};

struct vu {
	struct vu_config config; /* its path is a copy */
	dev_t socket_dev;
	ino_t socket_ino;
	int epoll_fd; /* what the owner polls; the three below and closer.done are in it */
	int listen_fd;
	int retry_fd; /* a timer: when to listen again after accept() has failed */
	int fd;	      /* the client, or -1 */
	/* epoll events requested of each */
	uint32_t listen_interest, interest, done_interest;
	bool paused;	 /* does not listen until the timer expires */
	bool negotiated; /* VERSION is done */
	bool broken;	 /* to be dropped as soon as no handler is running */
	struct closer closer;
	struct irq_sender irq_sender;
	struct vu_input in;
	struct vu_output out;
	struct dma_table dma;
	bool untrusted_logged; /* memory that must not be mapped is logged once */
	struct vu_transfer transfer;
	int *irq_fds; /* config.msix_vectors of them; -1: none */
};

/* A message of the client; a handler gets it with a length that its command allows. */
struct vu_request {
	struct vu_header header;
	const uint8_t *body;
	size_t len; /* bytes of @body */
	int *fds;   /* a handler that keeps one puts -1 in its place */
	unsigned fd_count;
};

struct vu_reply {
	uint8_t *body; /* VU_MAX_MESSAGE bytes less the header */
	size_t len;    /* bytes of @body */
	int fd;	       /* sent with it unless -1; stays open */
};

/* 0, or a negative errno for an error reply. */
typedef int vu_handler(struct vu *vu, const struct vu_request *request, struct vu_reply *reply);

/* client.c */
/* Reports an error of the client to the owner. */
void vu_log(struct vu *vu, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops the client as soon as no handler is running. */
void vu_break(struct vu *vu);

/* input.c */
/* Handles the messages that have arrived, up to a bounded number. */
void vu_receive(struct vu *vu);
void vu_input_reset(struct vu *vu);

/* output.c */
/* Sends @head and @data as one message, or queues what the socket does not accept. */
void vu_send(struct vu *vu, const void *head, size_t head_len, const void *data, size_t data_len,
	     int fd);
void vu_flush(struct vu *vu);
/* False while too many replies wait to be read, or too many descriptors wait to be closed. */
bool vu_may_read(struct vu *vu);
/* To be called whenever what may be read, or what is to be sent, has changed. */
void vu_update_interest(struct vu *vu);
void vu_output_reset(struct vu_output *out);

/* requests.c */
/* @request is a command of any kind, unchecked. */
void vu_dispatch(struct vu *vu, const struct vu_request *request);

/* version.c */
vu_handler vu_handle_version;

/* dma.c */
vu_handler vu_handle_dma_map, vu_handle_dma_unmap;
/* Drops the client if the host had no page for an access to its memory. */
void vu_check_memory(struct vu *vu);

/* transfer.c */
void vu_transfer_reply(struct vu *vu, const struct vu_request *reply);
void vu_transfer_end(struct vu *vu, int status);

/* irqs.c */
vu_handler vu_handle_irq_info, vu_handle_set_irqs;
void vu_irqs_reset(struct vu *vu);

#endif
