/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sysfs shows of a PCI function, without root and VFIO. */
#ifndef TPHCTL_SYSFS_H
#define TPHCTL_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/* Size of a memory BAR. -ENODEV: no such function; -ENXIO: no such BAR; -ENOTSUP: I/O ports. */
int sysfs_bar_bytes(const char *bdf, unsigned bar, uint64_t *bytes);

/* Name of the driver that the function is bound to, "": none. -ENODEV: no such function. */
int sysfs_driver(const char *bdf, char *name, size_t len);

#endif
