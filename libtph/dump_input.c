// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "libtph/dump_input.h"
#include "util/macros.h"

#define UTF16 "it is UTF-16; convert it with iconv -f UTF-16 -t UTF-8"
#define HTML  "it is HTML; copy the dump out of the page, or save the page as text"

/* Lines of text, each followed by a blank one, that make a doubled file */
#define DOUBLED_LINES_MIN 16

/* How files that are not text begin; letters in any case. */
static const struct {
	const char *bytes;
	size_t len;
	const char *problem;
} kinds[] = {
	{"\x1f\x8b", 2, "it is compressed by gzip; unpack it with zcat"},
	{"BZh", 3, "it is compressed by bzip2; unpack it with bzcat"},
	{"\xfd"
	 "7zXZ",
	 5, "it is compressed by xz; unpack it with xzcat"},
	{"\x28\xb5\x2f\xfd", 4, "it is compressed by zstd; unpack it with zstdcat"},
	{"PK\x03\x04", 4, "it is a zip archive; unpack it with unzip"},
	{"%PDF-", 5, "it is PDF; make text of it with pdftotext -layout"},
	{"\xff\xfe", 2, UTF16},
	{"\xfe\xff", 2, UTF16},
	{"<!doctype html", 14, HTML},
	{"<html", 5, HTML},
	{"<?xml", 5, HTML},
};

static int read_block(struct input *in)
{
	errno = 0;
	in->at = 0;
	in->have = fread(in->block, 1, sizeof(in->block), in->file);
	if (in->have || !ferror(in->file))
		return 0;
	return errno ? -errno : -EIO;
}

/* No two lines with text follow each other in the first block. */
static bool is_doubled(const char *text, size_t len)
{
	unsigned lines = 0;
	bool was_text = false;

	for (const char *end = text + len; text < end;) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		bool is_text = false;

		next = next ? next + 1 : end;
		for (; text < next; text++)
			is_text = is_text || !isspace((unsigned char)*text);
		if (is_text && was_text)
			return false;
		lines += is_text;
		was_text = is_text;
	}
	return lines >= DOUBLED_LINES_MIN;
}

int input_begin(struct input *in, FILE *file)
{
	static const char bom[] = "\xef\xbb\xbf";
	int ret;

	memset(in, 0, offsetof(struct input, block));
	in->file = file;
	ret = read_block(in);
	if (in->have >= 3 && !memcmp(in->block, bom, 3))
		in->at = 3;
	in->doubled = is_doubled(in->block + in->at, in->have - in->at);
	return ret;
}

/* UTF-16 without a byte order mark: at the beginning every other byte is 0. */
static bool is_utf16(const char *text, size_t len)
{
	size_t pairs = (len < 64 ? len : 64) / 2, first = 0, second = 0;

	for (size_t i = 0; i < pairs; i++) {
		first += !text[2 * i];
		second += !text[2 * i + 1];
	}
	return pairs > 1 && (first == pairs) != (second == pairs);
}

const char *input_problem(const struct input *in)
{
	const char *text = in->block + in->at;
	size_t len = in->have - in->at;

	if (!len)
		return "it is empty; write the dump with lspci -xxxx, as root";
	if (is_utf16(text, len))
		return UTF16;
	while (len && strchr(" \t\r\n", *text) && *text) {
		text++;
		len--;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (len >= kinds[i].len && !strncasecmp(text, kinds[i].bytes, kinds[i].len))
			return kinds[i].problem;
	return NULL;
}

/* Adds the block's bytes of the line; true: the line is complete. */
static bool take_block(struct input *in, size_t *len)
{
	const char *from = in->block + in->at;
	const char *end = memchr(from, '\n', in->have - in->at);
	size_t count = end ? (size_t)(end - from) : in->have - in->at;
	size_t available = INPUT_LINE_CHARS - 1 - *len;

	memcpy(in->line + *len, from, count < available ? count : available);
	*len += count < available ? count : available;
	in->at += count + (end != NULL);
	return end;
}

static void blank_out(char *text, const char *what)
{
	size_t len = strlen(what);

	for (char *at = text; (at = strstr(at, what)); at += len)
		memset(at, ' ', len);
}

/* "\033[01;31m" and the like, which a terminal's log has. */
static void blank_out_colours(char *text)
{
	for (char *at = text; (at = strstr(at, "\033["));) {
		size_t len = 2 + strspn(at + 2, "0123456789;?");

		len += at[len] != '\0';
		memset(at, ' ', len);
	}
}

/* Invisible characters become blanks: no-break spaces, byte order marks, NUL. */
static void clean(struct input *in, size_t len)
{
	static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x8b",
					     "\xef\xbb\xbf"};

	in->line[len] = '\0';
	for (char *nul; (nul = memchr(in->line, '\0', len));) {
		in->binary = true;
		*nul = ' ';
	}
	/* Most lines have none of them. */
	if (strpbrk(in->line, "\xc2\xe2\xef"))
		for (size_t i = 0; i < ARRAY_SIZE(blanks); i++)
			blank_out(in->line, blanks[i]);
	if (strchr(in->line, '\033'))
		blank_out_colours(in->line);
}

int input_next(struct input *in)
{
	bool any = false, ends = false;
	size_t len = 0;
	int ret;

	while (!ends) {
		if (in->at == in->have) {
			ret = read_block(in);
			if (ret)
				return ret;
			if (!in->have)
				break;
		}
		any = true;
		ends = take_block(in, &len);
	}
	in->number++;
	clean(in, len);
	return any;
}
