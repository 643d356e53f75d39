/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sysfs shows of a PCI function, which needs neither root nor VFIO. */
#ifndef TPHCTL_SYSFS_H
#define TPHCTL_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/* A memory BAR. -ENODEV: no such function. -ENXIO: no such BAR. -ENOTSUP: it is not memory. */
int sysfs_bar_bytes(const char *bdf, unsigned bar, uint64_t *bytes);

/* The driver the function is bound to, "" if to none. -ENODEV: no such function. */
int sysfs_driver(const char *bdf, char *name, size_t len);

#endif
