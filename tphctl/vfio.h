/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI function opened through VFIO, by its own file where there is one, else by its group. */
#ifndef TPHCTL_VFIO_H
#define TPHCTL_VFIO_H

#include <stdint.h>

struct vfio {
	int device_fd;
	int parent_fd[2]; /* iommufd; or container and group */
	char where[300];  /* the file that was used last, for messages */
};

/*
 * A memory BAR as sysfs shows it, which needs neither root nor VFIO. -ENODEV: no such function.
 * -ENXIO: there is no such BAR. -ENOTSUP: it is not memory.
 */
int vfio_bar_bytes(const char *bdf, unsigned bar, uint64_t *bytes);

/* The driver the function is bound to, "" if to none. -ENODEV: no such function. */
int vfio_driver(const char *bdf, char *name, size_t len);

/* 0 or a negative errno, with the file that it is about in where. */
int vfio_open(struct vfio *vfio, const char *bdf);

/* Memory space must be on, or what is exported counts as revoked. */
int vfio_enable_memory(const struct vfio *vfio);

void vfio_close(struct vfio *vfio);

#endif
