// SPDX-License-Identifier: GPL-2.0-or-later
/* The PCI function: its configuration, its BARs, its steps of work, its reset. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/cx/state.h"

#define VENDOR_MELLANOX	  0x15b3u
#define DEVICE_CONNECTX_8 0x1023u
#define CLASS_INFINIBAND  0x020700u
#define REGISTER_BAR	  0u
#define MSIX_BAR	  4u
#define MSIX_BAR_BYTES	  4096u
#define MPS_BYTES	  4096u
#define INIT_SEG_END	  (CX_UAR_FIRST * CX_UAR_BYTES)
#define DB_BYTES	  8u
#define DB_EQ_BYTES	  4u
#define DB_NUMBER_MASK	  0xffffffu

static struct cx *cx_of(struct pci_function *f)
{
	return container_of(f, struct cx, f);
}

static int cx_bar_read(struct pci_function *f, unsigned bar, uint64_t offset, void *buf, size_t len)
{
	memset(buf, 0, len);
	if (bar == REGISTER_BAR && offset < INIT_SEG_END)
		cx_init_seg_read(cx_of(f), offset, buf, len);
	return 0;
}

/*
 * A doorbell is the first 8 bytes of a write; a WQE's control segment names its QP
 * there. An event queue's has 4 bytes and two places: at the first it arms as well.
 */
static void doorbell(struct cx *cx, uint64_t offset, const uint8_t *data, size_t len)
{
	uint32_t uar = (uint32_t)(offset / CX_UAR_BYTES), number;
	uint64_t at = offset % CX_UAR_BYTES;

	if (len >= DB_EQ_BYTES && (at == CX_DB_EQ_ARM || at == CX_DB_EQ_ARM + DB_BYTES)) {
		cx_eq_ring(cx, uar, get_be32(data));
		return;
	}
	if (len < DB_BYTES || offset % DB_BYTES)
		return;
	number = get_be32(data + 4);
	if (at == CX_DB_CQ_ARM)
		cx_cq_ring(cx, uar, number & DB_NUMBER_MASK, get_be32(data));
	else if (at >= CX_DB_SQ)
		cx_sq_ring(cx, uar, number >> 8);
}

static int cx_bar_write(struct pci_function *f, unsigned bar, uint64_t offset, const void *buf,
			size_t len)
{
	if (bar != REGISTER_BAR)
		return 0;
	if (offset < INIT_SEG_END)
		cx_init_seg_write(cx_of(f), offset, buf, len);
	else
		doorbell(cx_of(f), offset, buf, len);
	return 0;
}

/*
 * Peers can ring doorbells as a CPU does, so that an accelerator can start the NIC's work. A
 * doorbell is whole DWs.
 */
static void cx_mem_write(struct pci_function *f, unsigned bar, uint64_t offset,
			 const struct tlp *tlp, const uint8_t *payload)
{
	bool whole = tlp->first_be == 0xf && (tlp->length_dw == 1 || tlp->last_be == 0xf);

	if (whole)
		cx_bar_write(f, bar, offset, payload, 4u * tlp->length_dw);
}

static int cx_mem_read(struct pci_function *f, unsigned bar, uint64_t offset, const struct tlp *tlp,
		       uint8_t *payload)
{
	return cx_bar_read(f, bar, offset, payload, 4u * tlp->length_dw);
}

static bool cx_has_work(const struct cx *cx)
{
	return cx_inbound_waits(cx) || cx->transfer.qp || cx->cmd_pending ||
	       !TAILQ_EMPTY(&cx->arms) || !TAILQ_EMPTY(&cx->workers) || cx_sched_is_due(cx);
}

static bool cx_work(struct pci_function *f)
{
	struct cx *cx = cx_of(f);

	cx_port_watch(cx);
	if (!cx->inbound.qp.waits_in && cx_inbound_waits(cx))
		cx_qp_has_work(cx, &cx->inbound.qp);
	/* A transfer is finished first, since a command could remove its objects. */
	if (!cx->transfer.qp && cx->cmd_pending)
		cx_cmdq_step(cx);
	else if (!cx->transfer.qp && !TAILQ_EMPTY(&cx->arms))
		cx_cq_arm_step(cx);
	else if (!cx->transfer.qp && cx_sched_is_due(cx))
		cx_sched_wake_all(cx);
	else if (cx->transfer.qp || !TAILQ_EMPTY(&cx->workers))
		cx_qp_step(cx);
	return cx_has_work(cx);
}

static void cx_dma_done(struct pci_function *f, int status)
{
	cx_of(f)->transfer.status = status;
}

static void set_node_desc(struct cx *cx)
{
	static const char text[] = "ConnectX-class NIC model";

	memset(cx->node_desc, 0, sizeof(cx->node_desc));
	memcpy(cx->node_desc, text, sizeof(text));
}

static void cx_reset(struct pci_function *f)
{
	struct cx *cx = cx_of(f);

	cx_objects_free(cx);
	cx_inbound_reset(cx);
	cx->cmdq_addr = 0;
	cx->cmd_pending = 0;
	cx->wake_at_ns = 0;
	cx->cap_mask1 = 0;
	cx->sent = cx->received = (struct cx_traffic){0};
	set_node_desc(cx);
}

static void cx_destroy(struct pci_function *f)
{
	cx_objects_free(cx_of(f));
	free(cx_of(f));
}

static const struct pci_function_ops cx_ops = {
	.bar_read = cx_bar_read,
	.bar_write = cx_bar_write,
	.mem_write = cx_mem_write,
	.mem_read = cx_mem_read,
	.config_written = cx_hint_config_written,
	.reset = cx_reset,
	.work = cx_work,
	.wait_ms = cx_sched_wait_ms,
	.dma_done = cx_dma_done,
	.destroy = cx_destroy,
};

static void cx_build_config(struct cx *cx)
{
	static const struct pci_identity identity = {
		.vendor = VENDOR_MELLANOX,
		.device = DEVICE_CONNECTX_8,
		.subsystem_vendor = VENDOR_MELLANOX,
		.subsystem = 1,
		.class_code = CLASS_INFINIBAND,
	};
	struct pci_function *f = &cx->f;

	f->bars[REGISTER_BAR] = (struct pci_bar){
		.size = CX_BAR0_BYTES,
		.is_64bit = true,
		.prefetchable = true,
		.mmap_fd = -1,
	};
	f->bars[MSIX_BAR] = (struct pci_bar){.size = MSIX_BAR_BYTES, .mmap_fd = -1};
	f->msix_vectors = CX_MSIX_VECTORS;
	pci_config_init(f, &identity);
	pci_config_add_bars(f);
	pci_config_add_express(f, PCI_TPH_COMPLETER_NONE, true, MPS_BYTES);
	pci_config_add_msix(f, MSIX_BAR, 0);
	if (cx->config.tph_bits)
		pci_config_add_tph(f, cx->config.tph_bits == 16, cx->config.st_entries);
	pci_config_seal(f);
}

static void cx_init_tables(struct cx *cx)
{
	const uint32_t many = 1u << CX_OBJECTS_LOG;

	cx->uars = (struct cx_table){.first = CX_UAR_FIRST,
				     .limit = CX_BAR0_BYTES / CX_UAR_BYTES - CX_UAR_FIRST};
	cx->eqs = (struct cx_table){.first = 1, .limit = CX_EQS};
	cx->pds = cx->xrcds = cx->srqs = (struct cx_table){.first = 1, .limit = many};
	cx->cqs = cx->mkeys = (struct cx_table){.first = 0x10, .limit = many};
	cx->qps = (struct cx_table){.first = 0x40, .limit = many};
	cx->counters = (struct cx_table){.first = 1, .limit = CX_COUNTER_SETS};
	TAILQ_INIT(&cx->arms);
	TAILQ_INIT(&cx->workers);
	TAILQ_INIT(&cx->sleepers);
	TAILQ_INIT(&cx->wire_waiters);
}

void cx_wire_ready(struct pci_function *f)
{
	struct cx *cx = cx_of(f);

	while (!TAILQ_EMPTY(&cx->wire_waiters))
		cx_qp_has_work(cx, TAILQ_FIRST(&cx->wire_waiters));
}

int cx_create(struct pci_function **out, const struct cx_config *config,
	      const struct pci_function_link *link)
{
	struct cx *cx;

	if (config->tph_bits != 0 && config->tph_bits != 8 && config->tph_bits != 16)
		return -EINVAL;
	if (config->st_entries > CX_ST_ENTRIES_MAX)
		return -EINVAL;
	if (config->index > 0xbffe) /* unicast LIDs are 1..0xbfff */
		return -EINVAL;
	cx = aligned_alloc(_Alignof(struct cx), sizeof(*cx));
	if (!cx)
		return -ENOMEM;
	memset(cx, 0, sizeof(*cx));
	cx->f.ops = &cx_ops;
	cx->f.link = *link;
	cx->config = *config;
	if (config->wire)
		cx->wire = *config->wire;
	cx->memory_left = CX_MEMORY_BYTES;
	set_node_desc(cx);
	cx_init_tables(cx);
	cx_build_config(cx);
	*out = &cx->f;
	return 0;
}
