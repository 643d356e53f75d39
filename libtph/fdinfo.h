/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/PID/fdinfo/FD of a dma-buf, as dma_buf_show_fdinfo() of the kernel
 * writes it:
 *
 *	ino:	9
 *	lock:	...			any number of them
 *	size:	2097152
 *	count:	3
 *	exp_name:	vfio_pci_core
 *	name:	ring			if it has one
 *	tph:	st=0x5a ph=2		with the kernel series
 *
 * A process chooses the name and the locks. The name can have line breaks in
 * kernels that do not escape it, so everything above it can be trusted and of
 * what follows it only the last line "tph:" is used. That line can be trusted
 * where the kernel writes it: then it is the last one.
 */
#ifndef LIBTPH_FDINFO_H
#define LIBTPH_FDINFO_H

#include <stdio.h>

#include "tph/tph.h"

#define FDINFO_EXPORTER_CHARS 64  /* the name of a kernel module or driver */
#define FDINFO_NAME_CHARS     160 /* DMA_BUF_NAME_LEN is 32; four characters for each when escaped */

struct fdinfo {
	uint64_t inode; /* 0: the kernel does not tell, before Linux 5.14 */
	uint64_t size_bytes, references;
	bool hints_shown; /* it has a line "tph:" */
	struct tph_hints hints;
	char exporter[FDINFO_EXPORTER_CHARS], name[FDINFO_NAME_CHARS];
};

/* True: @file is the fdinfo of a dma-buf and @info is filled. */
bool fdinfo_read(FILE *file, struct fdinfo *info);

#endif
