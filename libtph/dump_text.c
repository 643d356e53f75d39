// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions of a dump. Rows belong to the heading above them that has the same
 * prefix. A blank line ends a function, and offsets only grow: rows that belong to no
 * function by these rules are left out. Warnings have the lines of rows that are left out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "libtph/dump_input.h"
#include "libtph/dump_line.h"
#include "libtph/dump_text.h"

#define WARNINGS_MAX 50
/* Headings without rows that are kept: one for each prefix. */
#define HEADINGS 4

struct heading {
	struct tph_bdf bdf;
	uint64_t prefix;
	unsigned line; /* 0: none */
	bool titled;
};

struct reader {
	struct tph_ctx *ctx;
	struct input *in;
	struct heading headings[HEADINGS]; /* since the last blank line */
	size_t next_heading;
	struct heading current; /* the function whose rows are read: the context's last */
	unsigned next_offset;	/* of its next row */
	bool after_blank;
	bool was_blank; /* the last line */
	bool hexdump;	/* wrote the last row */
	bool repeats;	/* rows up to the next offset equal the last one */
	bool strays;	/* the rows before this line belong to no function */
	bool headings_seen, rows_seen;
	unsigned warnings;
};

static void warn(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct reader *r, const char *format, ...)
{
	char text[256];
	va_list args;

	if (++r->warnings > WARNINGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ctx_log(r->ctx, TPH_LOG_WARNING, "line %u: %s", r->in->number, text);
}

/* The address of the function whose rows are read. */
static const char *name(const struct reader *r, char text[TPH_BDF_CHARS])
{
	return tph_bdf_format(&r->current.bdf, text);
}

static void forget_headings(struct reader *r)
{
	for (size_t i = 0; i < HEADINGS; i++)
		r->headings[i].line = 0;
}

static void take_blank(struct reader *r)
{
	r->after_blank = true;
	forget_headings(r);
}

/* The next lines of a diff can be of another function. */
static void take_hunk(struct reader *r)
{
	r->current.line = 0;
	forget_headings(r);
}

/* A heading without rows that has this prefix; NULL: there is none. */
static struct heading *find_heading(struct reader *r, uint64_t prefix)
{
	for (size_t i = 0; i < HEADINGS; i++)
		if (r->headings[i].line && r->headings[i].prefix == prefix)
			return &r->headings[i];
	return NULL;
}

static void take_heading(struct reader *r, const struct line *line)
{
	struct heading *heading = find_heading(r, line->prefix);

	if (!heading)
		heading = &r->headings[r->next_heading++ % HEADINGS];
	else if (heading->titled && !line->titled)
		return;
	*heading = (struct heading){line->bdf, line->prefix, r->in->number, line->titled};
	r->headings_seen = true;
	r->strays = false;
}

/* A line that has only the prefix of a function is blank. */
static void take_text(struct reader *r, const struct line *line)
{
	if (find_heading(r, line->prefix) || (r->current.line && r->current.prefix == line->prefix))
		take_blank(r);
}

/* Whether the row is the current function's. */
static bool continues(const struct reader *r, const struct line *line, unsigned offset)
{
	if (!r->current.line || line->prefix != r->current.prefix || offset < r->next_offset)
		return false;
	if (!r->after_blank)
		return true;
	/* A blank line within a function, but not at an offset where many dumps end. */
	return offset == r->next_offset && offset != PCI_STD_HEADER_SIZEOF &&
	       offset != PCI_CFG_SPACE_SIZE;
}

static int begin_function(struct reader *r, struct heading *heading)
{
	struct entry *entry = ctx_add(r->ctx, &heading->bdf);

	if (!entry)
		return -ENOMEM;
	entry->line = heading->line;
	r->current = *heading;
	r->next_offset = 0;
	r->after_blank = false;
	r->repeats = false;
	forget_headings(r);
	return 0;
}

static struct row *add_row(struct entry *entry)
{
	if (entry->row_count == entry->rows_allocated) {
		uint16_t n = entry->row_count ? 2 * entry->row_count : 4;
		struct row *rows = reallocarray(entry->rows, n, sizeof(*rows));

		if (!rows)
			return NULL;
		entry->rows = rows;
		entry->rows_allocated = n;
	}
	return &entry->rows[entry->row_count++];
}

static void check_row(struct reader *r, const struct line *line, unsigned offset)
{
	char bdf[TPH_BDF_CHARS];

	if (offset > r->next_offset)
		warn(r, "%s has no bytes from 0x%02x to 0x%02x", name(r, bdf), r->next_offset,
		     offset - 1);
	if (line->row.count < ROW_BYTES)
		warn(r, "only %u of 16 bytes can be read; the others of %s at 0x%02x are left out",
		     line->row.count, name(r, bdf), offset);
}

/* Rows that belong to no function: one warning for consecutive rows. */
static void take_stray(struct reader *r, const struct line *line, unsigned offset)
{
	if (!r->strays)
		warn(r, "bytes at 0x%02x without the address of their function are left out",
		     offset);
	r->strays = true;
	/* They are of the next function, whose heading is missing, and so are those below. */
	if (line->prefix == r->current.prefix)
		r->current.line = 0;
}

/* The rows that hexdump left out, up to @offset: they equal the one before. */
static int repeat_row(struct reader *r, unsigned offset)
{
	struct entry *entry = &r->ctx->entries[r->ctx->count - 1];

	for (; r->repeats && r->next_offset < offset; r->next_offset += ROW_BYTES) {
		const struct row last = entry->rows[entry->row_count - 1];
		struct row *row = add_row(entry);

		if (!row)
			return -ENOMEM;
		*row = last;
		row->index = (uint8_t)(r->next_offset / ROW_BYTES);
	}
	r->repeats = false;
	return 0;
}

/* Where hexdump says that the bytes of the current function end. */
static int take_end(struct reader *r, const struct line *line)
{
	return r->current.line && line->prefix == r->current.prefix ? repeat_row(r, line->end) : 0;
}

static int keep_row(struct reader *r, const struct line *line, unsigned offset)
{
	struct row *row;

	check_row(r, line, offset);
	r->next_offset = offset + ROW_BYTES;
	r->hexdump = line->hexdump;
	r->after_blank = false;
	r->strays = false;
	row = add_row(&r->ctx->entries[r->ctx->count - 1]);
	if (!row)
		return -ENOMEM;
	*row = line->row;
	return 0;
}

static int take_row(struct reader *r, const struct line *line)
{
	unsigned offset = line->row.index * ROW_BYTES;
	struct heading *heading = find_heading(r, line->prefix);
	bool goes_on = continues(r, line, offset);
	int ret;

	r->rows_seen = true;
	if (!line->row.count) {
		warn(r, "more than 16 bytes; they are left out");
		return 0;
	}
	/* Between two rows a line of text can look like a heading. */
	if (heading && !(goes_on && offset && offset == r->next_offset)) {
		ret = begin_function(r, heading);
		return ret ? ret : keep_row(r, line, offset);
	}
	if (goes_on) {
		ret = repeat_row(r, offset);
		return ret ? ret : keep_row(r, line, offset);
	}
	take_stray(r, line, offset);
	return 0;
}

static int take_line(struct reader *r, const struct line *line)
{
	bool put_in = r->in->doubled && !r->was_blank;

	r->was_blank = line->kind == LINE_BLANK;
	switch (line->kind) {
	case LINE_BLANK:
		if (!put_in)
			take_blank(r);
		return 0;
	case LINE_HUNK:
		take_hunk(r);
		return 0;
	case LINE_HEADING:
		take_heading(r, line);
		return 0;
	case LINE_ROW:
		return take_row(r, line);
	case LINE_REPEAT:
		r->repeats = r->current.line && r->hexdump && !r->after_blank;
		return 0;
	case LINE_END:
		return take_end(r, line);
	case LINE_TEXT:
		take_text(r, line);
		return 0;
	}
	return 0;
}

static int take_lines(struct reader *r)
{
	struct line line;
	int ret;

	while ((ret = input_next(r->in)) > 0) {
		line_parse(r->in->line, &line);
		ret = take_line(r, &line);
		if (ret)
			return ret;
	}
	if (r->warnings > WARNINGS_MAX)
		ctx_log(r->ctx, TPH_LOG_WARNING, "and %u more such lines",
			r->warnings - WARNINGS_MAX);
	return ret;
}

static const char *why_nothing(const struct reader *r)
{
	if (r->in->binary)
		return "it is not text";
	if (r->rows_seen)
		return "there are bytes in it, but not the addresses of their functions";
	if (r->headings_seen)
		return "there is text about functions in it, but none of their bytes";
	return "there is no function in it";
}

static int read_lines(struct reader *r, FILE *file)
{
	int ret = input_begin(r->in, file);
	const char *problem;

	if (ret)
		return ret;
	problem = input_problem(r->in);
	if (problem) {
		ctx_log(r->ctx, TPH_LOG_ERROR, "%s", problem);
		return -EBADMSG;
	}
	ret = take_lines(r);
	if (ret || r->ctx->count)
		return ret;
	ctx_log(r->ctx, TPH_LOG_ERROR, "%s; write the dump with lspci -xxxx, as root",
		why_nothing(r));
	return -ENODATA;
}

int dump_read_text(struct tph_ctx *ctx, FILE *file)
{
	struct input *in = malloc(sizeof(*in));
	struct reader r = {.ctx = ctx, .in = in};
	int ret = in ? read_lines(&r, file) : -ENOMEM;

	free(in);
	return ret;
}
