/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers of pci_endpoint_test in BAR0, little-endian. Names and places are
 * those of Documentation/PCI/endpoint/pci-test-function.rst of the kernel; the
 * register EPT_REG_TPH and EPT_CAP_TPH are of Documentation/misc-devices/pci-endpoint-test.rst.
 */
#ifndef DEVICES_EPT_EPT_REGS_H
#define DEVICES_EPT_EPT_REGS_H

#define EPT_PCI_VENDOR	      0x16c3
#define EPT_PCI_DEVICE	      0xedda

#define EPT_BAR_REGS	      0
#define EPT_BAR_MSIX	      2

#define EPT_REG_MAGIC	      0x00
#define EPT_REG_COMMAND	      0x04
#define EPT_REG_STATUS	      0x08
#define EPT_REG_SRC	      0x0c /* 64 bits */
#define EPT_REG_DST	      0x14 /* 64 bits */
#define EPT_REG_SIZE	      0x1c /* bytes */
#define EPT_REG_CHECKSUM      0x20
#define EPT_REG_IRQ_TYPE      0x24
#define EPT_REG_IRQ_NUMBER    0x28 /* from 1 */
#define EPT_REG_FLAGS	      0x2c
#define EPT_REG_CAPS	      0x30
#define EPT_REG_TPH	      0x40
#define EPT_REGS_BYTES	      0x44

#define EPT_COMMAND_MSIX      (1u << 2)
#define EPT_COMMAND_READ      (1u << 3)
#define EPT_COMMAND_WRITE     (1u << 4)

#define EPT_STATUS_READ_OK    (1u << 0)
#define EPT_STATUS_READ_FAIL  (1u << 1)
#define EPT_STATUS_WRITE_OK   (1u << 2)
#define EPT_STATUS_WRITE_FAIL (1u << 3)
#define EPT_STATUS_IRQ	      (1u << 6)

#define EPT_CAP_UNALIGNED     (1u << 0)
#define EPT_CAP_MSIX	      (1u << 2)
#define EPT_CAP_TPH	      (1u << 12)

#define EPT_TPH_ST	      0x0000ffffu
#define EPT_TPH_PH	      0x00030000u
#define EPT_TPH_PH_SHIFT      16
#define EPT_TPH_ENABLE	      (1u << 31)

#endif
