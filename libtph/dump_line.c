// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What lspci writes has two kinds of lines: a heading, "0000:03:00.0 Infiniband
 * controller: …" (-vmm: "Slot:\t03:00.0"), and rows, "1a0: 17 00 01 00 …" of 16 bytes.
 * xxd and hexdump -C write rows of a file, "/sys/bus/pci/devices/0000:03:00.0/config",
 * whose name is the heading. A prefix can precede each. Lines that can be something else
 * are text.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/dump_line.h"
#include "util/macros.h"

#define OFFSET_DIGITS_MIN 2
#define OFFSET_DIGITS_MAX 8
#define DOMAIN_DIGITS_MIN 4
#define DOMAIN_DIGITS_MAX 8
/*
 * The fewest bytes of an incomplete row: "40: 42 of them" is text. The first row must have the
 * IDs, so that text is not taken for a function.
 */
#define CUT_BYTES_MIN	  1
#define DAMAGED_BYTES_MIN 2
#define ID_BYTES_MIN	  4
#define BLANKS		  " \t\r\v\f"
#define MARKS		  ">|+" BLANKS
/* xxd and hexdump -C; xxd has bytes in groups of two, hexdump no colon */
#define TOOL_DIGITS 8
/* FNV-1a of 64 bits */
#define HASH_START 0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c);
}

static unsigned hex_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 0x20) - 'a' + 10;
}

static bool is_space(char c)
{
	return isspace((unsigned char)c);
}

static bool is_end_of_word(char c)
{
	return !c || is_space(c);
}

/* Numbers and blanks change from line to line, and only some lines have a diff's "+". */
static uint64_t hash_prefix(const char *text, const char *end)
{
	uint64_t hash = HASH_START;

	for (; text < end; text++) {
		const char *tag = *text == '<' ? memchr(text, '>', (size_t)(end - text)) : NULL;

		if (tag)
			text = tag;
		else if (!isdigit((unsigned char)*text) && !is_space(*text) && *text != '+')
			hash = (hash ^ (unsigned char)*text) * HASH_PRIME;
	}
	return hash;
}

static unsigned hex_digits_before(const char *text, const char *end, unsigned most)
{
	unsigned n = 0;

	while (n < most && end - n > text && is_hex(end[-1 - (int)n]))
		n++;
	return n;
}

static bool begins_word(const char *text, const char *at)
{
	return at == text || !isalnum((unsigned char)at[-1]);
}

/* "Ethernet controller: Intel …", "3D controller: …", of -n "0200: 8086:1572", of -mm '"Eth…' */
static bool is_title(const char *text)
{
	return text[0] == '"' || ((isupper((unsigned char)text[0]) || is_hex(text[0])) &&
				  !islower((unsigned char)text[0]) && strstr(text, ": "));
}

/* What is before an address, without the label of lspci -vmm. */
static const char *skip_label(const char *text, const char *begin)
{
	static const char *const labels[] = {"Slot:", "Device:"};
	const char *end = begin;

	while (end > text && is_space(end[-1]))
		end--;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		size_t len = strlen(labels[i]);

		if ((size_t)(end - text) >= len && !memcmp(end - len, labels[i], len))
			return end - len;
	}
	return begin;
}

/* The address whose dot is at @dot, as lspci writes it, with all digits. */
static bool parse_heading(const char *text, const char *dot, struct line *line)
{
	char word[TPH_BDF_CHARS];
	const char *begin = dot - text < 5 ? text : dot - 5; /* "03:00" */
	unsigned digits;
	bool file;
	size_t len;

	if (dot - begin < 5 || !is_hex(begin[0]) || !is_hex(begin[1]) || begin[2] != ':' ||
	    !is_hex(begin[3]) || !is_hex(begin[4]) || !dot[1])
		return false;
	file = !strncmp(dot + 2, "/config", 7);
	if (!file && !is_end_of_word(dot[2]))
		return false;
	if (begin > text && begin[-1] == ':') {
		digits = hex_digits_before(text, begin - 1, DOMAIN_DIGITS_MAX + 1);
		if (digits >= DOMAIN_DIGITS_MIN && digits <= DOMAIN_DIGITS_MAX)
			begin -= digits + 1;
	}
	len = (size_t)(dot + 2 - begin);
	if (!begins_word(text, begin) || len >= sizeof(word))
		return false;
	memcpy(word, begin, len);
	word[len] = '\0';
	if (tph_bdf_parse(word, &line->bdf))
		return false;
	/* A command can precede the name of a file, but only marks precede its bytes. */
	line->prefix =
		hash_prefix(text, file ? text + strspn(text, MARKS) : skip_label(text, begin));
	line->titled = file || is_title(dot + 2 + strspn(dot + 2, BLANKS));
	return true;
}

/*
 * The bytes of a row, up to 16; returns the text after them. The characters that a tool writes
 * after two blanks can look like one more byte.
 */
static const char *parse_bytes(const char *text, bool tool, struct row *row)
{
	bool byte = true;

	row->count = 0;
	while (byte && row->count <= ROW_BYTES) {
		size_t blanks = strspn(text, BLANKS);

		text += blanks;
		byte = !(tool && row->count == ROW_BYTES && blanks > 1) && is_hex(text[0]) &&
		       is_hex(text[1]) &&
		       (is_end_of_word(text[2]) ||
			(row->count == ROW_BYTES - 1 && !isalnum((unsigned char)text[2])));
		if (byte && row->count < ROW_BYTES)
			row->bytes[row->count] =
				(uint8_t)(hex_value(text[0]) << 4 | hex_value(text[1]));
		row->count += byte;
		text += byte ? 2 : 0;
	}
	return text;
}

/* The line ends here, or within the byte that begins here. */
static bool is_cut(const char *rest)
{
	return !rest[0] || (is_hex(rest[0]) && !rest[strspn(rest + 1, BLANKS) + 1]);
}

/* The bytes of a row of xxd, in groups of two; their characters follow. */
static void parse_pairs(const char *text, struct row *row)
{
	bool pair = true;

	row->count = 0;
	while (pair && row->count < ROW_BYTES) {
		text += strspn(text, BLANKS);
		pair = is_hex(text[0]) && is_hex(text[1]) && is_hex(text[2]) && is_hex(text[3]) &&
		       is_end_of_word(text[4]);
		for (int i = 0; pair && i < 4; i += 2)
			row->bytes[row->count++] =
				(uint8_t)(hex_value(text[i]) << 4 | hex_value(text[i + 1]));
		text += pair ? 4 : 0;
	}
}

/* The offset of a row; false: it is not an offset of configuration space. */
static bool parse_offset(const char *digits, struct row *row)
{
	unsigned long offset = strtoul(digits, NULL, 16);

	row->index = (uint8_t)(offset / ROW_BYTES);
	return offset % ROW_BYTES == 0 && offset < PCI_CFG_SPACE_EXP_SIZE;
}

/* The row of hexdump -C whose offset ends at @blank: it is complete, with its characters. */
static bool parse_hexdump(const char *text, const char *blank, struct line *line)
{
	const char *begin = blank - TOOL_DIGITS;

	if (blank - text < TOOL_DIGITS || blank[1] != ' ' || !begins_word(text, begin) ||
	    hex_digits_before(text, blank, TOOL_DIGITS) < TOOL_DIGITS ||
	    !parse_offset(begin, &line->row) || *parse_bytes(blank, true, &line->row) != '|' ||
	    line->row.count != ROW_BYTES)
		return false;
	line->prefix = hash_prefix(text, begin);
	line->hexdump = true;
	return true;
}

/* The offset after the last row of hexdump: nothing else is on the line. */
static bool parse_end(const char *text, const char *begin, struct line *line)
{
	size_t digits = strspn(begin, "0123456789abcdef");

	if (digits != TOOL_DIGITS || begin[digits + strspn(begin + digits, BLANKS)])
		return false;
	line->end = (unsigned)strtoul(begin, NULL, 16);
	line->prefix = hash_prefix(text, begin);
	return line->end <= PCI_CFG_SPACE_EXP_SIZE;
}

/* The row whose colon is at @colon. */
static bool parse_row(const char *text, const char *colon, struct line *line)
{
	unsigned digits = hex_digits_before(text, colon, OFFSET_DIGITS_MAX + 1);
	const char *begin = colon - digits, *rest;
	struct row *row = &line->row;

	if (digits < OFFSET_DIGITS_MIN || digits > OFFSET_DIGITS_MAX || !begins_word(text, begin) ||
	    !is_space(colon[1]))
		return false;
	if (!parse_offset(begin, row))
		return false;
	line->prefix = hash_prefix(text, begin);
	if (digits == TOOL_DIGITS) {
		parse_pairs(colon + 1, row);
		if (row->count == ROW_BYTES)
			return true;
	}
	rest = parse_bytes(colon + 1, digits == TOOL_DIGITS, row);
	if (row->count < (!row->index	 ? ID_BYTES_MIN
			  : is_cut(rest) ? CUT_BYTES_MIN
					 : DAMAGED_BYTES_MIN))
		return false;
	/* After 16 bytes their characters or a note can follow, but no other byte. */
	if (row->count > ROW_BYTES)
		row->count = 0;
	return true;
}

/* Parses at each @mark of the line until one fits. */
static bool find(const char *text, char mark, struct line *line,
		 bool (*parse)(const char *text, const char *mark, struct line *line))
{
	for (const char *at = strchr(text, mark); at; at = strchr(at + 1, mark))
		if (parse(text, at, line))
			return true;
	return false;
}

/* The rest of an interrupted row is not a prefix, though it has only digits. */
static uint64_t hash_text(const char *text)
{
	const char *end = text + strlen(text);

	while (end > text && is_space(end[-1]))
		end--;
	return end > text && is_hex(end[-1]) ? 0 : hash_prefix(text, end);
}

void line_parse(const char *text, struct line *line)
{
	size_t marks = strspn(text, MARKS);

	line->hexdump = false;
	if (!text[marks])
		line->kind = LINE_BLANK;
	else if (!strncmp(text + marks, "@@ ", 3))
		line->kind = LINE_HUNK;
	else if (find(text, ':', line, parse_row) || find(text, ' ', line, parse_hexdump))
		line->kind = LINE_ROW;
	else if (text[marks] == '*' && !text[marks + 1 + strspn(text + marks + 1, BLANKS)])
		line->kind = LINE_REPEAT;
	else if (parse_end(text, text + marks, line))
		line->kind = LINE_END;
	else if (find(text, '.', line, parse_heading))
		line->kind = LINE_HEADING;
	else
		line->kind = LINE_TEXT;
	if (line->kind == LINE_TEXT)
		line->prefix = hash_text(text);
}
