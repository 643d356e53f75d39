/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of devices/pci share and no one else: little-endian stores, and a hook. */
#ifndef DEVICES_PCI_BYTES_H
#define DEVICES_PCI_BYTES_H

#include <stdint.h>

struct pci_function;

static inline void put16(uint8_t *space, unsigned offset, uint16_t value)
{
	space[offset] = value & 0xff;
	space[offset + 1] = value >> 8;
}

static inline void put32(uint8_t *space, unsigned offset, uint32_t value)
{
	put16(space, offset, value & 0xffff);
	put16(space, offset + 2, value >> 16);
}

/* tph.c: which bits of the control register can be set depends on what is claimed. */
void pci_tph_set_writable(struct pci_function *f);

#endif
