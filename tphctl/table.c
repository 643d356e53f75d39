// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tphctl/table.h"
#include "tphctl/text.h"

static bool coloured(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
}

void table_begin(struct table *table, const struct column *columns, size_t count, bool heading)
{
	table->scols = scols_new_table();
	table->ret = table->scols ? 0 : -ENOMEM;
	if (table->ret)
		return;
	scols_table_enable_colors(table->scols, coloured());
	scols_table_enable_noheadings(table->scols, !heading);
	scols_table_enable_minout(table->scols, 1);
	for (size_t i = 0; i < count; i++) {
		if (!scols_table_new_column(table->scols, columns[i].name, 0, columns[i].flags))
			table->ret = -ENOMEM;
	}
}

struct libscols_line *table_line(struct table *table, struct libscols_line *parent)
{
	struct libscols_line *line;

	if (table->ret)
		return NULL;
	line = scols_table_new_line(table->scols, parent);
	if (!line)
		table->ret = -ENOMEM;
	return line;
}

static const char *tone_name(enum tone tone)
{
	static const char *const names[] = {[TONE_GOOD] = "green",
					    [TONE_WARN] = "brown",
					    [TONE_BAD] = "red",
					    [TONE_DIM] = "darkgray"};

	return names[tone];
}

void table_cell(struct table *table, struct libscols_line *line, size_t column, enum tone tone,
		const char *format, ...)
{
	struct libscols_cell *cell;
	char *text;
	va_list args;
	int len;

	if (table->ret)
		return;
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0) {
		table->ret = -ENOMEM;
		return;
	}
	text_clean(text);
	cell = scols_line_get_cell(line, column);
	if (!cell || scols_cell_refer_data(cell, text)) {
		free(text);
		table->ret = -ENOMEM;
		return;
	}
	if (tone != TONE_PLAIN)
		table->ret = scols_cell_set_color(cell, tone_name(tone));
}

int table_end(struct table *table)
{
	if (!table->ret && !scols_table_is_empty(table->scols))
		table->ret = scols_print_table(table->scols);
	scols_unref_table(table->scols);
	return table->ret;
}
