// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration space: building it, accessing it, resetting it (PCIe Base 6.x
 * section 7.5, 7.7.2, 7.9.13).
 *
 * There is no Power Management capability, though 5.3 wants one of every
 * function: neither vfio-pci nor mlx5 needs it, and without it Linux keeps the
 * function in D0, so there is no state in which BARs silently stop decoding.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "devices/pci/bytes.h"
#include "devices/pci/function.h"

/* Type 0 header */
#define HDR_VENDOR	     0x00
#define HDR_DEVICE	     0x02
#define HDR_COMMAND	     0x04
#define HDR_STATUS	     0x06
#define HDR_REVISION	     0x08
#define HDR_CACHE_LINE	     0x0c
#define HDR_BAR0	     0x10
#define HDR_SUBSYSTEM_VENDOR 0x2c
#define HDR_SUBSYSTEM	     0x2e
#define HDR_CAP_POINTER	     0x34
#define HDR_INTERRUPT_LINE   0x3c
#define HDR_BYTES	     0x40

#define COMMAND_MEMORY	     0x0002
#define COMMAND_BUS_MASTER   0x0004
#define COMMAND_PARITY	     0x0040
#define COMMAND_SERR	     0x0100
#define COMMAND_INTX_DISABLE 0x0400
#define STATUS_CAP_LIST	     0x0010

#define BAR_64BIT	     0x4
#define BAR_PREFETCH	     0x8
#define BAR_FLAGS	     0xfu
#define BAR_SMALLEST	     16
#define CONFIG_PCI_END	     0x100 /* extended capabilities from here */

/* PCI Express capability, 7.5.3 */
#define CAP_EXPRESS	     0x10
#define EXP_BYTES	     0x3c
#define EXP_FLAGS	     0x02
#define EXP_FLAGS_V2	     0x0002 /* type 0: Endpoint */
#define EXP_DEVCAP	     0x04
#define EXP_DEVCAP_EXT_TAG   (1u << 5)
#define EXP_DEVCAP_RBER	     (1u << 15)
#define EXP_DEVCAP_FLR	     (1u << 28)
#define EXP_DEVCTL	     0x08
#define EXP_DEVCTL_DEFAULT   0x2810 /* relaxed ordering, no snoop, MPS 128, MRRS 512 */
#define EXP_DEVCTL_WRITABLE  0x79ff /* all but phantom functions, aux power, FLR */
#define EXP_DEVCTL_MPS	     0x00e0
#define EXP_DEVCTL_FLR	     0x8000
#define EXP_LNKCAP	     0x0c
#define EXP_LNKCAP_VALUE     ((1u << 22) | (16u << 4) | 5u) /* x16, 32 GT/s, no ASPM */
#define EXP_LNKCTL	     0x10
#define EXP_LNKCTL_WRITABLE  0x00cb /* ASPM, RCB, common clock, extended synch */
#define EXP_LNKSTA	     0x12
#define EXP_LNKSTA_VALUE     ((16u << 4) | 5u)
#define EXP_DEVCAP2	     0x24
#define EXP_DEVCAP2_NO_CTO   (1u << 4) /* completion timeout can be disabled */
#define EXP_DEVCAP2_TPH	     12
#define EXP_DEVCAP2_EXT_FMT  (1u << 20)
#define EXP_DEVCAP2_PREFIX   (1u << 21)
#define EXP_DEVCAP2_1_PREFIX (1u << 22)
#define EXP_DEVCAP2_PREFIXES (EXP_DEVCAP2_EXT_FMT | EXP_DEVCAP2_PREFIX | EXP_DEVCAP2_1_PREFIX)
#define EXP_DEVCTL2	     0x28
#define EXP_DEVCTL2_WRITABLE 0x0010
#define EXP_LNKCAP2	     0x2c
#define EXP_LNKCAP2_VALUE    0x3e /* 2.5 to 32 GT/s */
#define EXP_LNKCTL2	     0x30
#define EXP_LNKCTL2_DEFAULT  5
#define EXP_LNKCTL2_WRITABLE 0x000f

/* MSI-X capability, 7.7.2 */
#define CAP_MSIX	   0x11
#define MSIX_BYTES	   0x0c
#define MSIX_CONTROL	   0x02
#define MSIX_CONTROL_WRITE 0xc000 /* enable, function mask */
#define MSIX_TABLE	   0x04
#define MSIX_PENDING	   0x08
#define MSIX_ENTRY_BYTES   16
#define MSIX_VECTORS_MAX   2048

uint16_t pci_config_get16(const struct pci_function *f, unsigned offset)
{
	if (offset > PCI_CONFIG_BYTES - 2)
		return 0xffff;
	return (uint16_t)(f->config[offset] | f->config[offset + 1] << 8);
}

uint32_t pci_config_get32(const struct pci_function *f, unsigned offset)
{
	if (offset > PCI_CONFIG_BYTES - 4)
		return 0xffffffff;
	return pci_config_get16(f, offset) | (uint32_t)pci_config_get16(f, offset + 2) << 16;
}

void pci_config_init(struct pci_function *f, const struct pci_identity *id)
{
	memset(f->config, 0, sizeof(f->config));
	memset(f->config_writable, 0, sizeof(f->config_writable));
	f->pcie_cap = f->msix_cap = f->tph_cap = 0;
	f->next_cap = HDR_BYTES;
	f->next_ext_cap = CONFIG_PCI_END;

	put16(f->config, HDR_VENDOR, id->vendor);
	put16(f->config, HDR_DEVICE, id->device);
	put16(f->config, HDR_SUBSYSTEM_VENDOR, id->subsystem_vendor);
	put16(f->config, HDR_SUBSYSTEM, id->subsystem);
	put32(f->config, HDR_REVISION, id->class_code << 8 | id->revision);
	put16(f->config_writable, HDR_COMMAND,
	      COMMAND_MEMORY | COMMAND_BUS_MASTER | COMMAND_PARITY | COMMAND_SERR |
		      COMMAND_INTX_DISABLE);
	f->config_writable[HDR_CACHE_LINE] = 0xff;
	f->config_writable[HDR_INTERRUPT_LINE] = 0xff;
}

void pci_config_add_bars(struct pci_function *f)
{
	for (unsigned i = 0; i < PCI_BAR_COUNT; i++) {
		const struct pci_bar *bar = &f->bars[i];
		unsigned at = HDR_BAR0 + 4 * i;
		uint64_t mask = ~(bar->size - 1);

		if (!bar->size)
			continue;
		assert(bar->size >= BAR_SMALLEST && !(bar->size & (bar->size - 1)));
		f->config[at] =
			(bar->is_64bit ? BAR_64BIT : 0) | (bar->prefetchable ? BAR_PREFETCH : 0);
		put32(f->config_writable, at, (uint32_t)mask);
		if (bar->is_64bit) {
			i++;
			assert(i < PCI_BAR_COUNT && !f->bars[i].size);
			put32(f->config_writable, at + 4, (uint32_t)(mask >> 32));
		} else {
			assert(bar->size <= 1u << 31);
		}
	}
}

/* Links a capability of @bytes in front of the others; returns its offset. */
static unsigned add_cap(struct pci_function *f, uint8_t id, unsigned bytes)
{
	unsigned at = f->next_cap;

	assert(at + bytes <= CONFIG_PCI_END);
	f->config[at] = id;
	f->config[at + 1] = f->config[HDR_CAP_POINTER];
	f->config[HDR_CAP_POINTER] = (uint8_t)at;
	f->config[HDR_STATUS] |= STATUS_CAP_LIST;
	f->next_cap = (at + bytes + 3) & ~3u;
	return at;
}

static unsigned log2_of(unsigned value)
{
	unsigned log = 0;

	while (value >>= 1)
		log++;
	return log;
}

static uint32_t devcap2(enum pci_tph_completer completer, bool prefixes)
{
	return EXP_DEVCAP2_NO_CTO | (uint32_t)completer << EXP_DEVCAP2_TPH |
	       (prefixes ? EXP_DEVCAP2_PREFIXES : 0);
}

void pci_config_add_express(struct pci_function *f, enum pci_tph_completer completer, bool prefixes,
			    unsigned mps_bytes)
{
	unsigned at = add_cap(f, CAP_EXPRESS, EXP_BYTES);
	uint8_t *config = f->config, *writable = f->config_writable;

	assert(mps_bytes >= 128 && mps_bytes <= 4096 && !(mps_bytes & (mps_bytes - 1)));
	f->pcie_cap = at;
	put16(config, at + EXP_FLAGS, EXP_FLAGS_V2);
	put32(config, at + EXP_DEVCAP,
	      EXP_DEVCAP_FLR | EXP_DEVCAP_RBER | EXP_DEVCAP_EXT_TAG | log2_of(mps_bytes / 128));
	put16(config, at + EXP_DEVCTL, EXP_DEVCTL_DEFAULT);
	put16(writable, at + EXP_DEVCTL, EXP_DEVCTL_WRITABLE);

	put32(config, at + EXP_LNKCAP, EXP_LNKCAP_VALUE);
	put16(writable, at + EXP_LNKCTL, EXP_LNKCTL_WRITABLE);
	put16(config, at + EXP_LNKSTA, EXP_LNKSTA_VALUE);

	put32(config, at + EXP_DEVCAP2, devcap2(completer, prefixes));
	put16(writable, at + EXP_DEVCTL2, EXP_DEVCTL2_WRITABLE);
	put32(config, at + EXP_LNKCAP2, EXP_LNKCAP2_VALUE);
	put16(config, at + EXP_LNKCTL2, EXP_LNKCTL2_DEFAULT);
	put16(writable, at + EXP_LNKCTL2, EXP_LNKCTL2_WRITABLE);
}

void pci_tph_claim_completer(struct pci_function *f, enum pci_tph_completer completer)
{
	put32(f->config_default, f->pcie_cap + EXP_DEVCAP2,
	      devcap2(completer, completer == PCI_TPH_COMPLETER_16));
}

enum pci_tph_completer pci_tph_completer_type(const struct pci_function *f)
{
	return (enum pci_tph_completer)(
		pci_config_get32(f, f->pcie_cap + EXP_DEVCAP2) >> EXP_DEVCAP2_TPH & 3);
}

void pci_config_add_msix(struct pci_function *f, unsigned bar, uint32_t offset)
{
	unsigned at = add_cap(f, CAP_MSIX, MSIX_BYTES);
	uint32_t table_bytes = f->msix_vectors * MSIX_ENTRY_BYTES;

	assert(f->msix_vectors >= 1 && f->msix_vectors <= MSIX_VECTORS_MAX);
	assert(bar < PCI_BAR_COUNT && !(offset & 7));
	assert(offset + (uint64_t)table_bytes + (f->msix_vectors + 63) / 64 * 8 <=
	       f->bars[bar].size);
	f->msix_cap = at;
	put16(f->config, at + MSIX_CONTROL, (uint16_t)(f->msix_vectors - 1));
	put16(f->config_writable, at + MSIX_CONTROL, MSIX_CONTROL_WRITE);
	put32(f->config, at + MSIX_TABLE, offset | bar);
	put32(f->config, at + MSIX_PENDING, (offset + table_bytes) | bar);
}

void pci_config_seal(struct pci_function *f)
{
	memcpy(f->config_default, f->config, sizeof(f->config));
}

static bool in_range(unsigned offset, size_t len)
{
	return offset <= PCI_CONFIG_BYTES && len <= PCI_CONFIG_BYTES - offset;
}

int pci_config_read(struct pci_function *f, unsigned offset, void *buf, size_t len)
{
	if (!in_range(offset, len))
		return -EINVAL;
	memcpy(buf, f->config + offset, len);
	return 0;
}

/* What was under way ends with the state that it belongs to (6.6.2). */
static void to_defaults(struct pci_function *f)
{
	if (f->link.cancel)
		f->link.cancel(f->link.ctx);
	memcpy(f->config, f->config_default, sizeof(f->config));
	pci_tph_set_writable(f);
}

void pci_function_reset(struct pci_function *f)
{
	to_defaults(f);
	if (f->ops->reset)
		f->ops->reset(f);
}

/* FLR spares what belongs to the link rather than to the function (6.6.2). */
static void function_level_reset(struct pci_function *f)
{
	unsigned devctl_at = f->pcie_cap + EXP_DEVCTL;
	uint16_t mps = pci_config_get16(f, devctl_at) & EXP_DEVCTL_MPS;
	uint16_t lnkctl = pci_config_get16(f, f->pcie_cap + EXP_LNKCTL);
	uint16_t devctl;

	to_defaults(f);
	devctl = pci_config_get16(f, devctl_at) & (uint16_t)~EXP_DEVCTL_MPS;
	put16(f->config, devctl_at, devctl | mps);
	put16(f->config, f->pcie_cap + EXP_LNKCTL, lnkctl);
	if (f->ops->reset)
		f->ops->reset(f);
}

int pci_config_write(struct pci_function *f, unsigned offset, const void *buf, size_t len)
{
	unsigned flr_at = f->pcie_cap + EXP_DEVCTL + 1;
	const uint8_t *bytes = buf;
	bool writable = false;

	if (!in_range(offset, len))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		uint8_t mask = f->config_writable[offset + i];
		uint8_t *byte = &f->config[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (bytes[i] & mask));
		writable |= mask != 0;
	}
	if (f->pcie_cap && flr_at >= offset && flr_at - offset < len &&
	    bytes[flr_at - offset] & EXP_DEVCTL_FLR >> 8)
		function_level_reset(f);
	else if (writable && f->ops->config_written)
		f->ops->config_written(f, offset, len);
	return 0;
}

bool pci_function_bar_window(const struct pci_function *f, unsigned bar, uint64_t *base,
			     uint64_t *size)
{
	uint64_t address, last_possible = UINT32_MAX;

	if (bar >= PCI_BAR_COUNT || !f->bars[bar].size ||
	    !(pci_config_get16(f, HDR_COMMAND) & COMMAND_MEMORY))
		return false;
	address = pci_config_get32(f, HDR_BAR0 + 4 * bar) & ~BAR_FLAGS;
	if (f->bars[bar].is_64bit) {
		address |= (uint64_t)pci_config_get32(f, HDR_BAR0 + 4 * bar + 4) << 32;
		last_possible = UINT64_MAX;
	}
	/* As QEMU does: 0 is not assigned yet, and all ones is a guest that sizes the BAR. */
	if (!address || address + (f->bars[bar].size - 1) >= last_possible)
		return false;
	*base = address;
	*size = f->bars[bar].size;
	return true;
}

bool pci_function_bus_master(const struct pci_function *f)
{
	return pci_config_get16(f, HDR_COMMAND) & COMMAND_BUS_MASTER;
}
