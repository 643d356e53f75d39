/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The endpoint that the kernel's pci_endpoint_test drives: it writes pseudo-random
 * bytes to an address, or reads and checks bytes, and raises an interrupt. As a
 * TPH requester it has no ST table: the driver writes the hint of a transfer into
 * a register.
 */
#ifndef DEVICES_EPT_EPT_H
#define DEVICES_EPT_EPT_H

#include "devices/pci/function.h"

struct ept_config {
	unsigned tph_bits; /* requester of 8- or 16-bit tags; 0: no TPH capability */
};

/* The caller frees the function by ops->destroy. 0 or -ENOMEM. */
int ept_create(struct pci_function **out, const struct ept_config *config,
	       const struct pci_function_link *link);

#endif
