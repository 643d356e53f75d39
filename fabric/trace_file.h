/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file, or a pipe to a program, that a trace is written to. */
#ifndef FABRIC_TRACE_FILE_H
#define FABRIC_TRACE_FILE_H

#include <stdio.h>

/*
 * Opens @name for writing, made or emptied. A pipe whose reader does not read holds the
 * writer up for @patience_ms at most: from then on all writes fail with ETIMEDOUT, so that
 * the lab goes on and can be ended. NULL and errno: ENXIO is a pipe that no process reads.
 */
FILE *trace_file_open(const char *name, unsigned patience_ms);

#endif
