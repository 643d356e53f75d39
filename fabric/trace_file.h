/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file, or a pipe to a program, that a trace is written to. */
#ifndef FABRIC_TRACE_FILE_H
#define FABRIC_TRACE_FILE_H

#include <stdio.h>

/*
 * Opens @name for writing; creates or truncates it. A pipe whose reader does not read delays
 * a write by @patience_ms at most: from then on all writes fail with ETIMEDOUT, so that the lab
 * continues and can be stopped. NULL and errno: ENXIO is a pipe that no process reads.
 */
FILE *trace_file_open(const char *name, unsigned patience_ms);

#endif
