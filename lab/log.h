/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines that a guest or a peer makes fabricd print. The guest or peer chooses their rate and part
 * of their text: each source has a limit by time, which a reset does not restore, and control
 * characters are shown as \xNN. Never blocks.
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

/* One source of lines. All zero: none yet. */
struct log {
	uint64_t since_ns;
	unsigned lines;	 /* since then */
	unsigned hidden; /* lines not shown since the last one shown */
};

/*
 * Writes "fabricd: NAME: LINE" to @fd, cut to LOG_TEXT_BYTES. A line over the
 * limit, or that @fd (a pipe or a terminal) cannot accept now, is not shown; the
 * next line has the number of lines not shown.
 */
void log_line(struct log *log, int fd, const char *name, const char *line);

#endif
