/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator: a PCI function whose data sheet is doc/accel.md. */
#ifndef DEVICES_ACCEL_ACCEL_H
#define DEVICES_ACCEL_ACCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "devices/pci/function.h"

struct accel_config {
	uint64_t memory_bytes; /* size of BAR0: a power of two from 1 MiB; 0: 64 MiB */
	enum pci_tph_completer completer;
	bool trapped; /* BAR0 has no mmap_fd: every CPU access is a call */
	bool pm;      /* Power Management, and so D3hot */
};

/*
 * @link is copied; of its members only log and cancel are used, and may be NULL. The
 * function never sends requests, so it needs no bus master. Free it with
 * ops->destroy. 0; -EINVAL: an invalid config; -ENOMEM; or the error of memfd_create() or mmap().
 */
int accel_create(struct pci_function **out, const struct accel_config *config,
		 const struct pci_function_link *link);

#endif
