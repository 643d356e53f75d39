/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian stores into configuration space; private to devices/pci. */
#ifndef DEVICES_PCI_BYTES_H
#define DEVICES_PCI_BYTES_H

#include <stdint.h>

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

#endif
