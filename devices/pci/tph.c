// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The TPH Requester extended capability (PCIe Base 6.x section 7.9.13). The ST
 * table, if there is one, is in the capability: entries in the MSI-X table
 * would never reach the device, the hypervisor keeps that table to itself.
 */
#include <assert.h>

#include "devices/pci/bytes.h"
#include "devices/pci/function.h"

#define EXT_CAP_FIRST  0x100
#define EXT_CAP_TPH    (1u << 16 | 0x17) /* version 1, the last in the list */
#define TPH_CAP	       0x04
#define TPH_CAP_NO_ST  (1u << 0)
#define TPH_CAP_DS     (1u << 2)
#define TPH_CAP_EXT    (1u << 8)
#define TPH_CAP_TABLE  (1u << 9) /* location: in this capability */
#define TPH_CAP_SIZE   16	 /* 26:16, entries minus 1 */
#define TPH_CTRL       0x08
#define TPH_CTRL_MODE  0x0007
#define TPH_MODE_NO_ST 0
#define TPH_MODE_DS    2
#define TPH_CTRL_EN_1  0x0100 /* TPH */
#define TPH_CTRL_EN_2  0x0200 /* with bit 8: Extended TPH */
#define TPH_ST_TABLE   0x0c

void pci_tph_set_writable(struct pci_function *f)
{
	bool extended = f->tph_cap && pci_config_get32(f, f->tph_cap + TPH_CAP) & TPH_CAP_EXT;

	if (f->tph_cap)
		put16(f->config_writable, f->tph_cap + TPH_CTRL,
		      TPH_CTRL_MODE | TPH_CTRL_EN_1 | (extended ? TPH_CTRL_EN_2 : 0));
}

void pci_config_add_tph(struct pci_function *f, bool extended, unsigned st_entries)
{
	unsigned at = f->next_ext_cap;
	uint32_t cap = TPH_CAP_NO_ST | TPH_CAP_DS;

	assert(at == EXT_CAP_FIRST);
	assert(st_entries <= (PCI_CONFIG_BYTES - EXT_CAP_FIRST - TPH_ST_TABLE) / 2);
	if (extended)
		cap |= TPH_CAP_EXT;
	if (st_entries)
		cap |= TPH_CAP_TABLE | (st_entries - 1) << TPH_CAP_SIZE;
	f->tph_cap = at;
	put32(f->config, at, EXT_CAP_TPH);
	put32(f->config, at + TPH_CAP, cap);
	f->tph_built = cap;
	pci_tph_set_writable(f);
	for (unsigned i = 0; i < st_entries; i++)
		put16(f->config_writable, at + TPH_ST_TABLE + 2 * i, 0xffff);
	f->next_ext_cap = (at + TPH_ST_TABLE + 2 * st_entries + 3) & ~3u;
}

/* Its place in the list of capabilities stays, as the hypervisor has read that; but a capability
 * of no mode and no table is good for nothing. */
void pci_tph_claim_requester(struct pci_function *f, unsigned bits)
{
	unsigned at = f->tph_cap + TPH_CAP;
	uint32_t cap = f->tph_built;

	assert(f->tph_cap);
	if (bits == 16)
		cap |= TPH_CAP_EXT;
	else
		cap &= ~TPH_CAP_EXT;
	put32(f->config_default, at, bits ? cap : 0);
}

static unsigned control(const struct pci_function *f)
{
	return f->tph_cap ? pci_config_get16(f, f->tph_cap + TPH_CTRL) : 0;
}

unsigned pci_tph_requester_bits(const struct pci_function *f)
{
	unsigned ctrl = control(f), mode = ctrl & TPH_CTRL_MODE;

	/* The other modes are not among our capabilities, nor is an enable field of 10b. */
	if ((mode != TPH_MODE_NO_ST && mode != TPH_MODE_DS) || !(ctrl & TPH_CTRL_EN_1))
		return 0;
	return ctrl & TPH_CTRL_EN_2 ? 16 : 8;
}

bool pci_tph_has_table(const struct pci_function *f)
{
	return f->tph_cap && pci_config_get32(f, f->tph_cap + TPH_CAP) & TPH_CAP_TABLE;
}

bool pci_tph_device_specific(const struct pci_function *f)
{
	return f->tph_cap && (control(f) & TPH_CTRL_MODE) == TPH_MODE_DS;
}

uint16_t pci_tph_st_entry(const struct pci_function *f, unsigned index)
{
	if (!pci_tph_has_table(f) ||
	    index > pci_config_get32(f, f->tph_cap + TPH_CAP) >> TPH_CAP_SIZE)
		return 0;
	return pci_config_get16(f, f->tph_cap + TPH_ST_TABLE + 2 * index);
}
