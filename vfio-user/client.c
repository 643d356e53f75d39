/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's connection: logging its errors, and ending it. */
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "vfio-user/endpoint.h"

void vu_log(struct vu *vu, const char *format, ...)
{
	char what[256], line[384];
	va_list args;

	if (!vu->config.log)
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s: %s", vu->config.path, what);
	vu->config.log(vu->config.owner, line);
}

void vu_break(struct vu *vu)
{
	if (vu->broken)
		return;
	vu->broken = true;
	/* So that poll() reports it even if no caller is inside vu_process(). */
	shutdown(vu->fd, SHUT_RDWR);
}

bool vu_connected(const struct vu *vu)
{
	return vu->negotiated && !vu->broken;
}
