// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "tphctl/text.h"
#include "util/utf8.h"

void text_clean(char *text)
{
	size_t left = strlen(text);
	char *out = text;

	while (left) {
		uint32_t codepoint;
		size_t len = utf8_decode(text, left, &codepoint);

		if (len && !utf8_is_control(codepoint)) {
			memmove(out, text, len);
			out += len;
		} else {
			*out++ = '?';
		}
		text += len ? len : 1;
		left -= len ? len : 1;
	}
	*out = '\0';
}
