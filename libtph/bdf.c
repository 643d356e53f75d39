// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "libtph/internal.h"

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

/* One to @max_digits hexadecimal digits; what follows them, or NULL. */
static const char *hex_field(const char *text, int max_digits, uint32_t *value)
{
	int n = 0;

	*value = 0;
	for (; n < max_digits && isxdigit((unsigned char)text[n]); n++)
		*value = *value << 4 | hex_digit(text[n]);
	return n ? text + n : NULL;
}

int tph_bdf_parse(const char *text, struct tph_bdf *bdf)
{
	uint32_t part[3] = {0}, domain = 0, function;
	int n = 0;

	if (!text)
		return -EINVAL;
	/* Two or three fields between colons; the function's dot ends the last. */
	for (;; text++) {
		text = hex_field(text, 8, &part[n]);
		if (!text)
			return -EINVAL;
		n++;
		if (*text != ':' || n == 3)
			break;
	}
	if (n < 2 || *text != '.')
		return -EINVAL;
	text = hex_field(text + 1, 1, &function);
	if (!text || *text)
		return -EINVAL;
	if (n == 3)
		domain = part[0];
	if (part[n - 2] > 0xff || part[n - 1] > 0x1f || function > 7)
		return -EINVAL;
	*bdf = (struct tph_bdf){
		.domain = domain,
		.bus = (uint8_t)part[n - 2],
		.device = (uint8_t)part[n - 1],
		.function = (uint8_t)function,
	};
	return 0;
}

char *tph_bdf_format(const struct tph_bdf *bdf, char text[TPH_BDF_CHARS])
{
	snprintf(text, TPH_BDF_CHARS, "%04x:%02x:%02x.%x", bdf->domain, bdf->bus, bdf->device,
		 bdf->function);
	return text;
}

int tph_bdf_compare(const struct tph_bdf *a, const struct tph_bdf *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bus != b->bus)
		return a->bus - b->bus;
	if (a->device != b->device)
		return a->device - b->device;
	return a->function - b->function;
}
