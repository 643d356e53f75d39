// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ept/ept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/ept/ept_regs.h"
#include "util/bytes.h"
#include "util/macros.h"

#define BAR_BYTES    4096u
#define CHUNK_BYTES  4096u /* what one step of work transfers */
#define MSIX_VECTORS 2u

struct ept {
	struct pci_function function;
	uint8_t regs[EPT_REGS_BYTES];
	uint8_t chunk[CHUNK_BYTES];
	uint32_t command; /* under way; 0: none */
	uint32_t done;	  /* bytes transferred */
	uint32_t crc;	  /* of these bytes */
	uint32_t random;
	bool waiting; /* for the fabric */
};

static struct ept *ept_of(struct pci_function *f)
{
	return container_of(f, struct ept, function);
}

static uint32_t reg(const struct ept *ept, unsigned at)
{
	return get_le32(ept->regs + at);
}

static void set_reg(struct ept *ept, unsigned at, uint32_t value)
{
	put_le32(ept->regs + at, value);
}

/* As crc32_le() of the kernel: neither end is inverted. */
static uint32_t crc32_le(uint32_t crc, const uint8_t *bytes, size_t len)
{
	while (len--) {
		crc ^= *bytes++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* The tag is the driver's, of the width that the control register enables now. */
static struct tlp_hint hint_of(const struct ept *ept)
{
	const struct pci_function *f = &ept->function;
	unsigned bits = pci_tph_requester_bits(f);
	uint32_t tph = reg(ept, EPT_REG_TPH);
	struct tlp_hint hint = {
		.st_bits = (uint8_t)bits,
		.ph = (tph & EPT_TPH_PH) >> EPT_TPH_PH_SHIFT,
	};

	if (!(tph & EPT_TPH_ENABLE) || !bits)
		return (struct tlp_hint){0};
	if (pci_tph_device_specific(f))
		hint.st = (uint16_t)(tph & (bits == 8 ? 0xff : EPT_TPH_ST));
	return hint;
}

static void raise_irq(struct ept *ept)
{
	uint32_t number = reg(ept, EPT_REG_IRQ_NUMBER);
	struct pci_function_link *link = &ept->function.link;

	set_reg(ept, EPT_REG_STATUS, reg(ept, EPT_REG_STATUS) | EPT_STATUS_IRQ);
	if (number && number <= MSIX_VECTORS)
		link->msix(link->ctx, number - 1);
}

static void end_command(struct ept *ept, bool ok)
{
	if (ept->command == EPT_COMMAND_WRITE) {
		set_reg(ept, EPT_REG_CHECKSUM, ept->crc);
		set_reg(ept, EPT_REG_STATUS, ok ? EPT_STATUS_WRITE_OK : EPT_STATUS_WRITE_FAIL);
	} else {
		ok = ok && ept->crc == reg(ept, EPT_REG_CHECKSUM);
		set_reg(ept, EPT_REG_STATUS, ok ? EPT_STATUS_READ_OK : EPT_STATUS_READ_FAIL);
	}
	ept->command = 0;
	raise_irq(ept);
}

static uint64_t address(const struct ept *ept)
{
	return get_le64(ept->regs + (ept->command == EPT_COMMAND_READ ? EPT_REG_SRC : EPT_REG_DST));
}

/* The transfer has bytes, and the last one has an address: a longer one would continue at 0. */
static bool size_is_valid(const struct ept *ept)
{
	uint32_t size = reg(ept, EPT_REG_SIZE);

	return size && size - 1 <= UINT64_MAX - address(ept);
}

static size_t chunk_len(const struct ept *ept)
{
	uint32_t left = reg(ept, EPT_REG_SIZE) - ept->done;

	return left < CHUNK_BYTES ? left : CHUNK_BYTES;
}

static void chunk_done(struct ept *ept, int status)
{
	size_t len = chunk_len(ept);

	ept->waiting = false;
	if (!status) {
		ept->crc = crc32_le(ept->crc, ept->chunk, len);
		ept->done += (uint32_t)len;
	}
	if (status || ept->done == reg(ept, EPT_REG_SIZE))
		end_command(ept, !status);
}

static int transfer_chunk(struct ept *ept)
{
	struct pci_function_link *link = &ept->function.link;
	struct tlp_hint hint = hint_of(ept);
	size_t len = chunk_len(ept);

	if (ept->command == EPT_COMMAND_READ)
		return link->read(link->ctx, address(ept) + ept->done, ept->chunk, len, &hint, 0);
	for (size_t i = 0; i < len; i++) {
		ept->random = ept->random * 1664525u + 1013904223u;
		ept->chunk[i] = (uint8_t)(ept->random >> 24);
	}
	return link->write(link->ctx, address(ept) + ept->done, ept->chunk, len, &hint, 0);
}

static bool ept_work(struct pci_function *f)
{
	struct ept *ept = ept_of(f);
	int ret;

	if (!ept->command || ept->waiting)
		return false;
	if (ept->command == EPT_COMMAND_MSIX) {
		ept->command = 0;
		raise_irq(ept);
		return false;
	}
	ret = transfer_chunk(ept);
	ept->waiting = ret == -EINPROGRESS;
	if (!ept->waiting)
		chunk_done(ept, ret);
	return ept->command && !ept->waiting;
}

static void ept_dma_done(struct pci_function *f, int status)
{
	struct ept *ept = ept_of(f);

	if (ept->waiting)
		chunk_done(ept, status);
}

static int ept_bar_read(struct pci_function *f, unsigned bar, uint64_t offset, void *buf,
			size_t len)
{
	struct ept *ept = ept_of(f);

	memset(buf, 0, len);
	if (bar == EPT_BAR_REGS && offset < EPT_REGS_BYTES)
		memcpy(buf, ept->regs + offset,
		       len < EPT_REGS_BYTES - offset ? len : EPT_REGS_BYTES - offset);
	return 0;
}

/* Starts the command if this endpoint has it; ignores others, as the driver expects. */
static void start_command(struct ept *ept)
{
	uint32_t command = reg(ept, EPT_REG_COMMAND);
	bool transfers = command == EPT_COMMAND_READ || command == EPT_COMMAND_WRITE;

	set_reg(ept, EPT_REG_COMMAND, 0);
	if (command != EPT_COMMAND_MSIX && !transfers)
		return;
	set_reg(ept, EPT_REG_STATUS, 0);
	ept->command = command;
	ept->done = 0;
	ept->crc = ~0u;
	if (transfers && !size_is_valid(ept))
		end_command(ept, false);
}

static int ept_bar_write(struct pci_function *f, unsigned bar, uint64_t offset, const void *buf,
			 size_t len)
{
	struct ept *ept = ept_of(f);

	/* Writes are of whole registers, and ignored while a command uses them. */
	if (bar != EPT_BAR_REGS || len != 4 || offset % 4 || offset + len > EPT_REGS_BYTES ||
	    offset == EPT_REG_CAPS || ept->command)
		return 0;
	memcpy(ept->regs + offset, buf, len);
	if (offset == EPT_REG_COMMAND)
		start_command(ept);
	return 0;
}

static void ept_reset(struct pci_function *f)
{
	struct ept *ept = ept_of(f);

	memset(ept->regs, 0, sizeof(ept->regs));
	set_reg(ept, EPT_REG_CAPS,
		EPT_CAP_UNALIGNED | EPT_CAP_MSIX | (f->tph_cap ? EPT_CAP_TPH : 0));
	ept->command = 0;
	ept->waiting = false;
}

static void ept_destroy(struct pci_function *f)
{
	free(ept_of(f));
}

static const struct pci_function_ops ept_ops = {
	.bar_read = ept_bar_read,
	.bar_write = ept_bar_write,
	.reset = ept_reset,
	.work = ept_work,
	.dma_done = ept_dma_done,
	.destroy = ept_destroy,
};

static void build_config(struct pci_function *f, const struct ept_config *config)
{
	static const struct pci_identity identity = {
		.vendor = EPT_PCI_VENDOR,
		.device = EPT_PCI_DEVICE,
		.class_code = 0xff0000,
	};

	f->bars[EPT_BAR_REGS].size = BAR_BYTES;
	f->bars[EPT_BAR_MSIX].size = BAR_BYTES;
	f->msix_vectors = MSIX_VECTORS;
	pci_config_init(f, &identity);
	pci_config_add_bars(f);
	pci_config_add_express(f, PCI_TPH_COMPLETER_NONE, true, TLP_PAYLOAD_MAX_BYTES);
	pci_config_add_msix(f, EPT_BAR_MSIX, 0);
	if (config->tph_bits)
		pci_config_add_tph(f, config->tph_bits == 16, 0);
	pci_config_seal(f);
}

int ept_create(struct pci_function **out, const struct ept_config *config,
	       const struct pci_function_link *link)
{
	struct ept *ept = calloc(1, sizeof(*ept));
	struct pci_function *f;

	if (!ept)
		return -ENOMEM;
	f = &ept->function;
	f->ops = &ept_ops;
	f->link = *link;
	for (unsigned i = 0; i < PCI_BAR_COUNT; i++)
		f->bars[i].mmap_fd = -1;
	build_config(f, config);
	ept_reset(f);
	*out = f;
	return 0;
}
