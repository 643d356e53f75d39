/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest or a peer makes fabricd say. It can make it at any rate and, in
 * part, choose the words: each source has a limit by time, which no reset gives
 * back, and what a terminal would obey is shown as \xNN. Never blocks.
 */
#ifndef LAB_LOG_H
#define LAB_LOG_H

#include <stddef.h>
#include <stdint.h>

enum {
	LOG_LINES = 16, /* in LOG_SECONDS */
	LOG_SECONDS = 10,
	LOG_TEXT_BYTES = 1024,
};

/* One source. All zero: it has said nothing. */
struct log {
	uint64_t since_ns;
	unsigned lines;	 /* since then */
	unsigned hidden; /* not shown, and not yet said */
};

/*
 * Writes "fabricd: NAME: LINE" to @fd, cut to LOG_TEXT_BYTES. A line that is
 * over the limit, or that @fd, a pipe or terminal, has no room for, is not
 * shown; how many were not is said when the next one is.
 */
void log_line(struct log *log, int fd, const char *name, const char *line);

#endif
