/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and trees on a terminal. An error is kept until table_end() returns it. */
#ifndef TPHCTL_TABLE_H
#define TPHCTL_TABLE_H

#include <libsmartcols/libsmartcols.h>
#include <stddef.h>

enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_DIM };

struct column {
	const char *name;
	int flags; /* SCOLS_FL_* */
};

struct table {
	struct libscols_table *scols;
	int ret;
};

/* @heading: show the columns' names. */
void table_begin(struct table *table, const struct column *columns, size_t count, bool heading);

/* @parent NULL: at the top. Returns NULL after an error; table_cell() ignores it then. */
struct libscols_line *table_line(struct table *table, struct libscols_line *parent);

void table_cell(struct table *table, struct libscols_line *line, size_t column, enum tone tone,
		const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Prints to standard output and frees. 0, or negative errno; with nothing in it, prints nothing. */
int table_end(struct table *table);

#endif
