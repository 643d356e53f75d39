// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/utf8.h"

static void put_control(FILE *out, uint32_t codepoint)
{
	if (codepoint < 0x20)
		fprintf(out, "\xe2\x90%c", 0x80 + (int)codepoint); /* U+2400 + codepoint */
	else if (codepoint == 0x7f)
		fputs("\xe2\x90\xa1", out); /* U+2421 */
	else
		fprintf(out, "<U+%04X>", codepoint);
}

/* A serial line ends with one or more carriage returns and a line feed. */
static bool ends_line(const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && bytes[i] == '\r')
		i++;
	return i && i < len && bytes[i] == '\n';
}

static void put_visible(FILE *out, const char *bytes, size_t len)
{
	while (len) {
		uint32_t codepoint;
		size_t n = utf8_decode(bytes, len, &codepoint);

		if (!n)
			fputs("\xef\xbf\xbd", out);
		else if (codepoint == '\t' || codepoint == '\n' || !utf8_is_control(codepoint))
			fwrite(bytes, 1, n, out);
		else if (!ends_line(bytes, len))
			put_control(out, codepoint);
		n = n ? n : 1;
		bytes += n;
		len -= n;
	}
}

struct json_object *text_visible(const char *bytes, size_t len, size_t max)
{
	struct json_object *string = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_visible(out, bytes, len < max ? len : max);
	if (len > max)
		fputs("\xe2\x80\xa6", out);
	if (!fclose(out) && size <= INT32_MAX)
		string = json_object_new_string_len(text, (int)size);
	free(text);
	return string;
}

/* U+2028 and U+2029, which end a line in older JavaScript; @json is left at the last byte. */
static void put_separator(FILE *out, const char **json)
{
	fprintf(out, "\\u20%02x", (unsigned char)(*json)[2] & 0x3f);
	*json += 2;
}

int text_embed(FILE *out, struct json_object *object)
{
	const char *json = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!json)
		return -ENOMEM;
	for (; *json; json++) {
		/* In JSON these occur only within a string. */
		if (strchr("<>&", *json))
			fprintf(out, "\\u%04x", *json);
		else if (!strncmp(json, "\xe2\x80\xa8", 3) || !strncmp(json, "\xe2\x80\xa9", 3))
			put_separator(out, &json);
		else
			fputc(*json, out);
	}
	return 0;
}
