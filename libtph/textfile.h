/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text files of the kernel, read line by line in a fixed amount of memory, and their folders. */
#ifndef LIBTPH_TEXTFILE_H
#define LIBTPH_TEXTFILE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>

/* Opens the folder @name in the folder @dir, to be listed; NULL and errno. @dir stays open. */
DIR *folder_open(int dir, const char *name);

/*
 * The next line without its newline. Of a line that does not fit, the first
 * @size - 1 bytes; the rest of it is read and dropped. False at the end of the
 * file and after an error.
 */
bool textfile_line(FILE *file, char *line, size_t size);

#endif
