// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The text of a dump: what `lspci -x`, -xxx and -xxxx write. A line that begins
 * with the function's address, then lines of a hexadecimal offset, a colon and up
 * to 16 bytes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/dump_text.h"
#include "libtph/internal.h"

#define LINE_CHARS     512
#define BYTES_PER_LINE 16

struct reader {
	struct tph_ctx *ctx;
	struct entry *entry; /* the last function that began */
	unsigned line;
};

static int malformed(const struct reader *d, const char *why)
{
	ctx_log(d->ctx, TPH_LOG_ERROR, "line %u: %s; write the dump with lspci -xxxx", d->line,
		why);
	return -EBADMSG;
}

/* The first word, if it is an address and not too long to be one. */
static bool begins_function(const char *line, struct tph_bdf *bdf)
{
	char word[TPH_BDF_CHARS];
	size_t len = strcspn(line, " \t\r\n");

	if (!len || len >= sizeof(word))
		return false;
	memcpy(word, line, len);
	word[len] = '\0';
	return !tph_bdf_parse(word, bdf);
}

/* "f0:" or "100:", then a blank: the offset of a line of bytes. */
static bool begins_bytes(const char *line, unsigned *offset, const char **rest)
{
	size_t digits = strspn(line, "0123456789abcdefABCDEF");

	if ((digits != 2 && digits != 3) || line[digits] != ':' ||
	    !(line[digits + 1] == ' ' || line[digits + 1] == '\t'))
		return false;
	*offset = (unsigned)strtoul(line, NULL, 16);
	*rest = line + digits + 1;
	return true;
}

static int make_room(struct entry *entry)
{
	uint16_t size = entry->allocated ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	uint8_t *bytes;

	if (entry->length + BYTES_PER_LINE <= entry->allocated)
		return 0;
	bytes = realloc(entry->bytes, size);
	if (!bytes)
		return -ENOMEM;
	entry->bytes = bytes;
	entry->allocated = size;
	return 0;
}

static int take_bytes(struct reader *d, unsigned offset, const char *text)
{
	struct entry *entry = d->entry;
	int ret, n = 0;

	if (!entry)
		return malformed(d, "bytes, but no function that they are of");
	if (offset != entry->length || offset > PCI_CFG_SPACE_EXP_SIZE - BYTES_PER_LINE)
		return malformed(d, "the offset does not continue the line before");
	ret = make_room(entry);
	if (ret)
		return ret;
	for (;;) {
		char *end;

		text += strspn(text, " \t\r\n");
		if (!*text)
			break;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    (text[2] && !isspace((unsigned char)text[2])))
			return malformed(d, "not a byte of two hexadecimal digits");
		if (n++ == BYTES_PER_LINE)
			return malformed(d, "more than 16 bytes");
		entry->bytes[entry->length++] = (uint8_t)strtoul(text, &end, 16);
		text = end;
	}
	return 0;
}

static int take_line(struct reader *d, const char *line)
{
	struct tph_bdf bdf;
	const char *rest;
	unsigned offset;

	if (begins_bytes(line, &offset, &rest))
		return take_bytes(d, offset, rest);
	if (begins_function(line, &bdf)) {
		d->entry = ctx_add(d->ctx, &bdf);
		return d->entry ? 0 : -ENOMEM;
	}
	return 0;
}

static int take_file(struct reader *d, FILE *file)
{
	bool begins = true; /* of a line; long ones come in pieces */
	char line[LINE_CHARS];

	while (fgets(line, sizeof(line), file)) {
		size_t len = strlen(line);
		bool ends = len && line[len - 1] == '\n';
		int ret;

		d->line += begins;
		if (!ends && len < sizeof(line) - 1 && !feof(file))
			return malformed(d, "a NUL character");
		ret = begins ? take_line(d, line) : 0;
		if (ret)
			return ret;
		begins = ends;
	}
	return ferror(file) ? -EIO : 0;
}

int dump_read_text(struct tph_ctx *ctx, FILE *file)
{
	struct reader d = {.ctx = ctx};
	int ret = take_file(&d, file);

	if (ret)
		return ret;
	if (!ctx->count) {
		ctx_log(ctx, TPH_LOG_ERROR,
			"no PCI function in it; write the dump with lspci -xxxx");
		return -ENODATA;
	}
	return ctx_sort(ctx) ? -EBADMSG : 0;
}
