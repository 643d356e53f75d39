// SPDX-License-Identifier: GPL-2.0-or-later
/* The command queue: 32 slots in guest memory; what is longer than 16 bytes is in mailboxes. */
#include <stdlib.h>
#include <string.h>

#include "devices/cx/state.h"

#define ENTRY_TYPE   7u
#define INLINE_BYTES 16u
#define BLOCK_DATA   512u
#define OWNED_BY_HW  1u

/* Delivery status, bits 7:1 of the entry's last byte; not 0: the command did not run. */
enum { DELIVERED = 0, DELIVERY_FW_ERR = 0x6, DELIVERY_BAD_ENTRY = 0x10 };

/* Reads as many mailboxes as the length needs, so a circular chain ends, too. */
static int mailbox_read(struct cx *cx, uint64_t addr, uint8_t *to, size_t len)
{
	uint8_t block[CX_BLOCK_BYTES];

	while (len) {
		size_t part = len < BLOCK_DATA ? len : BLOCK_DATA;
		int ret = pci_dma_read(&cx->f, addr, block, sizeof(block));

		if (ret)
			return ret;
		memcpy(to, block + CX_BLOCK_DATA, part);
		addr = get_be64(block + CX_BLOCK_NEXT);
		to += part;
		len -= part;
	}
	return 0;
}

static int mailbox_write(struct cx *cx, uint64_t addr, const uint8_t *from, size_t len)
{
	uint8_t next[8];

	while (len) {
		size_t part = len < BLOCK_DATA ? len : BLOCK_DATA;
		int ret = pci_dma_write(&cx->f, addr + CX_BLOCK_DATA, from, part);

		if (!ret)
			ret = pci_dma_read(&cx->f, addr + CX_BLOCK_NEXT, next, sizeof(next));
		if (ret)
			return ret;
		addr = get_be64(next);
		from += part;
		len -= part;
	}
	return 0;
}

/* The whole input of a command; NULL: it cannot be read. */
static uint8_t *command_gather(struct cx *cx, const uint8_t *entry, size_t len)
{
	uint8_t *in = calloc(1, len < INLINE_BYTES ? INLINE_BYTES : len);

	if (!in)
		return NULL;
	memcpy(in, entry + CX_CMD_IN, INLINE_BYTES);
	if (len > INLINE_BYTES && mailbox_read(cx, get_be64(entry + CX_CMD_IN_PTR),
					       in + INLINE_BYTES, len - INLINE_BYTES)) {
		free(in);
		return NULL;
	}
	return in;
}

/* Runs the command of @entry and puts its reply there and into the mailboxes. */
static unsigned command_execute(struct cx *cx, uint8_t *entry)
{
	size_t in_len = get_be32(entry + CX_CMD_INLEN);
	size_t out_len = get_be32(entry + CX_CMD_OUTLEN);
	size_t reply_len;
	uint8_t *in;

	if (entry[CX_CMD_TYPE] != ENTRY_TYPE)
		return DELIVERY_BAD_ENTRY;
	if (in_len > CX_COMMAND_MAX) /* its opcode is inline; the length 0 is refused */
		in_len = 0;
	in = command_gather(cx, entry, in_len);
	if (!in) {
		pci_log(&cx->f, "a command's mailboxes cannot be read");
		return DELIVERY_FW_ERR;
	}
	reply_len = cx_command_run(cx, in, in_len, cx->reply);
	free(in);
	if (reply_len > out_len)
		reply_len = out_len;
	memcpy(entry + CX_CMD_OUT, cx->reply, INLINE_BYTES);
	if (reply_len > INLINE_BYTES &&
	    mailbox_write(cx, get_be64(entry + CX_CMD_OUT_PTR), cx->reply + INLINE_BYTES,
			  reply_len - INLINE_BYTES)) {
		pci_log(&cx->f, "a command's reply cannot be written to its mailboxes");
		return DELIVERY_FW_ERR;
	}
	return DELIVERED;
}

static void command_event(struct cx *cx, struct cx_eq *eq, unsigned slot)
{
	uint8_t eqe[CX_EQE_BYTES] = {0};

	eqe[CX_EQE_TYPE] = CX_EVENT_CMD;
	put_be32(eqe + CX_EQE_CMD_VECTOR, 1u << slot);
	cx_eq_post(cx, eq, eqe);
}

void cx_cmdq_step(struct cx *cx)
{
	unsigned slot = (unsigned)__builtin_ctz(cx->cmd_pending);
	uint64_t addr = cx->cmdq_addr + slot * CX_CMD_BYTES;
	uint8_t entry[CX_CMD_BYTES];
	bool had_queue = cx_eq_for(cx, CX_EVENT_CMD);
	struct cx_eq *eq;

	cx->cmd_pending &= cx->cmd_pending - 1;
	if (!cx->cmdq_addr || pci_dma_read(&cx->f, addr, entry, sizeof(entry))) {
		pci_log(&cx->f, "command doorbell for slot %u, without a readable queue", slot);
		return;
	}
	if (!(entry[CX_CMD_STATUS_OWN] & OWNED_BY_HW))
		return; /* a doorbell for a command that is already done */
	entry[CX_CMD_STATUS_OWN] = (uint8_t)(command_execute(cx, entry) << 1);
	/* the owner bit last: a driver may poll for it */
	if (pci_dma_write(&cx->f, addr + CX_CMD_OUT, entry + CX_CMD_OUT, INLINE_BYTES) ||
	    pci_dma_write(&cx->f, addr + CX_CMD_TOKEN, entry + CX_CMD_TOKEN, 4)) {
		pci_log(&cx->f, "the reply of command slot %u cannot be written", slot);
		return;
	}
	/* The driver polls for the command that creates or destroys the event queue: it would
	 * take an event for the end of an earlier command. */
	eq = cx_eq_for(cx, CX_EVENT_CMD);
	if (had_queue && eq)
		command_event(cx, eq, slot);
}
