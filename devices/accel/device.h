/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator's state; private to devices/accel. */
#ifndef DEVICES_ACCEL_DEVICE_H
#define DEVICES_ACCEL_DEVICE_H

#include "devices/accel/ingress.h"
#include "devices/pci/function.h"

struct accel {
	struct pci_function function;
	int memory_fd;
	struct ingress ingress;
};

/* BAR2. [offset, offset+len) is within it. */
void accel_regs_read(const struct accel *accel, uint32_t offset, uint8_t *buf, size_t len);
void accel_regs_write(struct accel *accel, uint32_t offset, const uint8_t *bytes, size_t len);

#endif
