// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pci/link.h"

#include <stdarg.h>
#include <stdio.h>

#include "fabric/fabric.h"

void pci_log(struct pci_function *f, const char *format, ...)
{
	char line[256];
	va_list args;

	if (!f->link.log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	f->link.log(f->link.ctx, line);
}

int pci_dma_read(struct pci_function *f, uint64_t addr, void *buf, size_t len)
{
	return f->link.read(f->link.ctx, addr, buf, len, NULL, FABRIC_NOWAIT);
}

int pci_dma_write(struct pci_function *f, uint64_t addr, const void *data, size_t len)
{
	return f->link.write(f->link.ctx, addr, data, len, NULL, FABRIC_NOWAIT);
}
