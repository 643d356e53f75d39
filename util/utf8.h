/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 from a source that is not trusted. */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at @bytes, of which @len bytes may be read, to
 * @codepoint. Returns its length in bytes, 1 to 4; 0 if there is no valid
 * character. RFC 3629, section 4.
 */
static inline size_t utf8_decode(const char *bytes, size_t len, uint32_t *codepoint)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)bytes;
	uint32_t value;
	size_t count;

	if (!len)
		return 0;
	count = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (!count || count > len || s[0] > 0xf4)
		return 0;
	value = count == 1 ? s[0] : s[0] & (0x7fu >> count);
	for (size_t i = 1; i < count; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	if (value < least[count] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*codepoint = value;
	return count;
}

/*
 * Does @codepoint control a terminal or an HTML page instead of being shown? C0
 * and C1 controls, DEL, line and paragraph separators, and the marks that change
 * the direction of the text (Unicode, section 23.2).
 */
static inline bool utf8_is_control(uint32_t codepoint)
{
	return codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0) || codepoint == 0x61c ||
	       codepoint == 0x200e || codepoint == 0x200f ||
	       (codepoint >= 0x2028 && codepoint <= 0x202e) ||
	       (codepoint >= 0x2066 && codepoint <= 0x2069);
}

#endif
