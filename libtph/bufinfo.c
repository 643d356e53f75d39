// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/bufinfo.h"
#include "libtph/textfile.h"
#include "util/macros.h"

/* The kernel pads numbers to this length. */
#define DIGITS_MIN 8

enum { FIELD_SIZE, FIELD_FLAGS, FIELD_MODE, FIELD_COUNT, FIELD_EXPORTER, FIELD_INODE, FIELD_NAME };
#define FIELDS (FIELD_NAME + 1)

static bool parse_number(const char *text, int base, size_t digits, uint64_t *number)
{
	char *end;

	if (!isxdigit((unsigned char)text[0]) || strlen(text) < digits)
		return false;
	errno = 0;
	*number = strtoull(text, &end, base);
	return !errno && !*end;
}

/* Parses the first line of a buffer and splits it at its tabs; false: it is another line. */
static bool parse_buffer(char *line, struct fdinfo *buf)
{
	char *fields[FIELDS], *rest = line;
	uint64_t unused;
	int n = 0;

	if (!isdigit((unsigned char)line[0]))
		return false;
	while (n < FIELDS && rest) {
		fields[n] = n == FIELD_NAME ? rest : strsep(&rest, "\t");
		n++;
	}
	*buf = (struct fdinfo){0};
	if (n < FIELDS || !parse_number(fields[FIELD_SIZE], 10, DIGITS_MIN, &buf->size_bytes) ||
	    !parse_number(fields[FIELD_FLAGS], 16, DIGITS_MIN, &unused) ||
	    !parse_number(fields[FIELD_MODE], 16, DIGITS_MIN, &unused) ||
	    !parse_number(fields[FIELD_COUNT], 10, DIGITS_MIN, &buf->references) ||
	    !parse_number(fields[FIELD_INODE], 10, DIGITS_MIN, &buf->inode))
		return false;
	snprintf(buf->exporter, sizeof(buf->exporter), "%s", fields[FIELD_EXPORTER]);
	if (strcmp(fields[FIELD_NAME], "<none>"))
		snprintf(buf->name, sizeof(buf->name), "%s", fields[FIELD_NAME]);
	return true;
}

/* "st=0x5a" and the like: the hint that the importer stated for its writes */
static void take_word(struct tph_importer *importer, char *word)
{
	char *value = strchr(word, '=');
	uint64_t number;

	if (!strcmp(word, "own"))
		importer->own_hint = true;
	if (!value)
		return;
	*value++ = '\0';
	if (!parse_number(value, 0, 1, &number) || number > UINT32_MAX)
		return;
	if (!strcmp(word, "st") && number <= UINT8_MAX) {
		importer->hints.flags |= TPH_HINT_ST;
		importer->hints.st = (uint8_t)number;
	} else if (!strcmp(word, "st_ext") && number <= UINT16_MAX) {
		importer->hints.flags |= TPH_HINT_ST_EXT;
		importer->hints.st_ext = (uint16_t)number;
	} else if (!strcmp(word, "ph") && number <= TPH_PH_TARGET_PRIORITY) {
		importer->hints.ph = (uint8_t)number;
	} else if (!strcmp(word, "mapped")) {
		importer->mapped = (uint32_t)number;
	}
}

static int take_importer(struct bufinfo *b, char *line)
{
	char *rest = line, *device = strsep(&rest, "\t"), *word;
	struct bufinfo_importer *importer;

	if (b->count == b->allocated) {
		size_t n = b->count ? 2 * b->count : 4;
		struct bufinfo_importer *more = reallocarray(b->importers, n, sizeof(*more));

		if (!more)
			return -ENOMEM;
		b->importers = more;
		b->allocated = n;
	}
	importer = &b->importers[b->count++];
	*importer = (struct bufinfo_importer){0};
	snprintf(importer->device, sizeof(importer->device), "%s", device);
	while ((word = strsep(&rest, " ")))
		take_word(&importer->public, word);
	return 0;
}

/* The lines of a buffer after its first, up to the first of the next buffer. */
static int take_lines(struct bufinfo *b)
{
	static const char attached[] = "\tAttached Devices:";
	struct fdinfo next;
	char copy[sizeof(b->line)];
	bool importers = false;
	int ret = 0;

	b->count = 0;
	while (!ret && textfile_line(b->file, b->line, sizeof(b->line))) {
		memcpy(copy, b->line, sizeof(copy));
		if (parse_buffer(copy, &next))
			return 0;
		if (!strcmp(b->line, attached)) {
			importers = true;
			b->count = 0;
		} else if (importers && b->line[0] == '\t') {
			ret = take_importer(b, b->line + 1);
		} else {
			importers = false;
		}
	}
	b->line[0] = '\0';
	return ret;
}

int bufinfo_next(struct bufinfo *b)
{
	int ret;

	/* Lines of the heading */
	while (!b->line[0] || !parse_buffer(b->line, &b->buf))
		if (!textfile_line(b->file, b->line, sizeof(b->line)))
			return 0;
	ret = take_lines(b);
	return ret ? ret : 1;
}
