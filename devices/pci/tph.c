// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TPH Requester extended capability (PCIe Base 6.x section 7.9.13). The ST
 * table, if there is one, is in the capability: a hypervisor emulates the MSI-X
 * table, so the device would not get entries there.
 */
#include <assert.h>

#include "devices/pci/function.h"
#include "tph/pci_tph_regs.h"
#include "util/bytes.h"

#define EXT_CAP_TPH (1u << 16 | PCI_EXT_CAP_ID_TPH) /* version 1, the last in the list */

#define CTRL_WRITABLE(cap)                                                                         \
	(PCI_TPH_CTRL_MODE_SEL_MASK | PCI_TPH_REQ_TPH_ONLY << 8 |                                  \
	 ((cap)&PCI_TPH_CAP_EXT_TPH ? PCI_TPH_CTRL_REQ_EN_MASK : 0))

void pci_config_add_tph(struct pci_function *f, bool extended, unsigned st_entries)
{
	unsigned at = f->next_ext_cap;
	uint32_t cap = PCI_TPH_CAP_ST_NS | PCI_TPH_CAP_ST_DS;

	assert(at == PCI_CFG_SPACE_SIZE);
	assert(st_entries <= (PCI_CONFIG_BYTES - PCI_CFG_SPACE_SIZE - PCI_TPH_BASE_SIZEOF) / 2);
	if (extended)
		cap |= PCI_TPH_CAP_EXT_TPH;
	if (st_entries)
		cap |= PCI_TPH_LOC_CAP | (st_entries - 1) << PCI_TPH_CAP_ST_SHIFT;
	f->tph_cap = at;
	put_le32(f->config + at, EXT_CAP_TPH);
	put_le32(f->config + at + PCI_TPH_CAP, cap);
	f->tph_built = cap;
	put_le16(f->config_writable + at + PCI_TPH_CTRL, CTRL_WRITABLE(cap));
	for (unsigned i = 0; i < st_entries; i++)
		put_le16(f->config_writable + at + PCI_TPH_BASE_SIZEOF + 2 * i, 0xffff);
	f->next_ext_cap = (at + PCI_TPH_BASE_SIZEOF + 2 * st_entries + 3) & ~3u;
}

/*
 * A hypervisor has read the list, so the capability stays in it, without a mode or a table: then
 * TPH cannot be enabled.
 */
void pci_tph_advertise_requester(struct pci_function *f, unsigned bits)
{
	unsigned at = f->tph_cap;
	uint32_t cap = f->tph_built;

	assert(f->tph_cap);
	if (bits == 16)
		cap |= PCI_TPH_CAP_EXT_TPH;
	else
		cap &= ~PCI_TPH_CAP_EXT_TPH;
	put_le32(f->config_default + at + PCI_TPH_CAP, bits ? cap : 0);
	put_le16(f->config_writable_default + at + PCI_TPH_CTRL, bits ? CTRL_WRITABLE(cap) : 0);
}

static unsigned control(const struct pci_function *f)
{
	return f->tph_cap ? pci_config_get16(f, f->tph_cap + PCI_TPH_CTRL) : 0;
}

unsigned pci_tph_requester_bits(const struct pci_function *f)
{
	unsigned ctrl = control(f), mode = ctrl & PCI_TPH_CTRL_MODE_SEL_MASK;

	if (mode != PCI_TPH_ST_NS_MODE && mode != PCI_TPH_ST_DS_MODE)
		return 0; /* no other is advertised */
	switch (ctrl >> 8 & 3) {
	case PCI_TPH_REQ_TPH_ONLY:
		return 8;
	case PCI_TPH_REQ_EXT_TPH:
		return 16;
	default: /* off; 10b is reserved */
		return 0;
	}
}

bool pci_tph_has_table(const struct pci_function *f)
{
	return f->tph_cap && pci_config_get32(f, f->tph_cap + PCI_TPH_CAP) & PCI_TPH_LOC_CAP;
}

bool pci_tph_device_specific(const struct pci_function *f)
{
	return f->tph_cap && (control(f) & PCI_TPH_CTRL_MODE_SEL_MASK) == PCI_TPH_ST_DS_MODE;
}

uint16_t pci_tph_st_entry(const struct pci_function *f, unsigned index)
{
	if (!pci_tph_has_table(f) ||
	    index > pci_config_get32(f, f->tph_cap + PCI_TPH_CAP) >> PCI_TPH_CAP_ST_SHIFT)
		return 0;
	return pci_config_get16(f, f->tph_cap + PCI_TPH_BASE_SIZEOF + 2 * index);
}
