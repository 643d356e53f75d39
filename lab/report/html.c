// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/html.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Length of the UTF-8 character at @s, 0: there is none. RFC 3629, section 4. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (!len || len > left || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Controls but for tab and line feed have no place in a page: escapes of a terminal, 0. */
static bool is_control(unsigned char c)
{
	return (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
}

void html_bytes(FILE *out, const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *)bytes;

	while (len) {
		size_t n = utf8_length(s, len);

		if (!n || is_control(*s) || (n == 2 && s[0] == 0xc2 && s[1] < 0xa0)) {
			fputs("\xef\xbf\xbd", out);
			n = n ? n : 1;
		} else if (strchr("&<>\"'", *s)) {
			fprintf(out, "&#%d;", *s);
		} else {
			fwrite(s, 1, n, out);
		}
		s += n;
		len -= n;
	}
}

void html_text(FILE *out, const char *text)
{
	html_bytes(out, text, strlen(text));
}

void html_number(FILE *out, uint64_t number)
{
	if (number >= 1000) {
		html_number(out, number / 1000);
		fprintf(out, ",%03" PRIu64, number % 1000);
	} else {
		fprintf(out, "%" PRIu64, number);
	}
}
