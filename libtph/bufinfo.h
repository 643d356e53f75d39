/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file dma_buf/bufinfo of debugfs, which has every dma-buf and its importers:
 *
 *	00002097\t00080007\t00000007\t00000003\tvfio_pci_core\t00000009\tring
 *		fence ...			any number of them
 *		Attached Devices:
 *		0000:05:00.0	tph: st=0x5a ph=2 mapped=1
 *	Total 1 devices attached
 *
 * A process chooses the name, which can have line breaks where the kernel does not
 * escape them. It is too short to look like another buffer, and it precedes the
 * last line "Attached Devices:", after which importers are parsed.
 */
#ifndef LIBTPH_BUFINFO_H
#define LIBTPH_BUFINFO_H

#include "libtph/fdinfo.h"

#define BUFINFO_DEVICE_CHARS 64

struct bufinfo_importer {
	char device[BUFINFO_DEVICE_CHARS];
	struct tph_importer public; /* without the device */
};

struct bufinfo {
	FILE *file;
	char line[512]; /* the next to be parsed; "": none was read */
	struct fdinfo buf;
	struct bufinfo_importer *importers;
	size_t count, allocated;
};

/* Fills in @b->buf and the importers of the next buffer: 1; 0: there is none; -ENOMEM. */
int bufinfo_next(struct bufinfo *b);

#endif
