/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ConnectX-class NIC as a PCI function: InfiniBand port, command interface,
 * event and completion queues, memory keys with TPH, and queue pairs whose
 * messages loop back to queue pairs of the same NIC. The in-tree mlx5_core and
 * mlx5_ib drivers work on it; doc/nic.md is its data sheet.
 */
#ifndef DEVICES_CX_H
#define DEVICES_CX_H

#include "devices/pci/function.h"

#define CX_ST_ENTRIES	  64u	/* a usual size of the ST table */
#define CX_ST_ENTRIES_MAX 1024u /* an mkey can name 255 of them */

struct cx_config {
	unsigned tph_bits;   /* Steering Tags it can send: 0 none, 8, or 16 (and 8) */
	unsigned st_entries; /* of the ST table in the TPH capability; 0: an mkey's index is the tag
			      */
	unsigned index;	     /* 0..0xbffe: makes GUIDs and LID (index + 1) unique in a lab */
};

/* -EINVAL: an invalid configuration; -ENOMEM. The owner ends it with ops->destroy(). */
int cx_create(struct pci_function **out, const struct cx_config *config,
	      const struct pci_function_link *link);

#endif
