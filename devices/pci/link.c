// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pci/link.h"

#include <stdarg.h>
#include <stdio.h>

#include "fabric/fabric.h"
#include "util/clock.h"

#define LOG_PERIOD_NS (60 * NS_PER_S)
#define LOG_LINES     64 /* in that time */

void pci_log(struct pci_function *f, const char *format, ...)
{
	uint64_t now = clock_ns();
	char line[256];
	va_list args;

	if (!f->link.log)
		return;
	if (now - f->log_since_ns >= LOG_PERIOD_NS) {
		f->log_since_ns = now;
		f->log_lines = 0;
	}
	if (f->log_lines >= LOG_LINES)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	f->link.log(f->link.ctx, line);
	if (++f->log_lines == LOG_LINES)
		f->link.log(f->link.ctx, "more lines than these are not shown for a minute");
}

int pci_dma_read(struct pci_function *f, uint64_t addr, void *buf, size_t len)
{
	return f->link.read(f->link.ctx, addr, buf, len, NULL, FABRIC_NOWAIT);
}

int pci_dma_write(struct pci_function *f, uint64_t addr, const void *data, size_t len)
{
	return f->link.write(f->link.ctx, addr, data, len, NULL, FABRIC_NOWAIT);
}
