/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of struct pci_function_link that every device makes. */
#ifndef DEVICES_PCI_LINK_H
#define DEVICES_PCI_LINK_H

#include "devices/pci/function.h"

/* Logs one line about an error of the guest. The link bounds their rate. */
void pci_log(struct pci_function *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * DMA of control structures, without a hint and with FABRIC_NOWAIT.
 * 0 or a negative errno, as fabric_read() and fabric_write().
 */
int pci_dma_read(struct pci_function *f, uint64_t addr, void *buf, size_t len);
int pci_dma_write(struct pci_function *f, uint64_t addr, const void *data, size_t len);

#endif
