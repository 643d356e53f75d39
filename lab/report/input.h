/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the guest may have written, or replaced by something else. */
#ifndef LAB_REPORT_INPUT_H
#define LAB_REPORT_INPUT_H

#include <stddef.h>

/*
 * Opens a regular file for reading; never follows a link and never blocks. A file
 * descriptor, or a negative errno: -ELOOP for a link, -EINVAL for another kind of
 * file.
 */
int input_open(const char *name);

/* Reads all of a file into @bytes, which the caller frees. -EFBIG if it has more than @max bytes.
 */
int input_read(const char *name, size_t max, char **bytes, size_t *len);

/* As input_read(), but of a larger file the last @max bytes. Returns 1 then. */
int input_read_tail(const char *name, size_t max, char **bytes, size_t *len);

#endif
