// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/tphctl.h"

int parse_u64(const char *text, uint64_t *value)
{
	char *end;
	unsigned long long n;

	/* strtoull() accepts blanks and signs, wraps negative numbers, and reads 010 as 8. */
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	if (errno)
		return -errno;
	if (*end)
		return -EINVAL;
	*value = n;
	return 0;
}

int parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	char digits[32];
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	int ret;

	if (!len || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len + 1);
	if (unit)
		digits[len - 1] = '\0';
	ret = parse_u64(digits, bytes);
	if (ret)
		return ret;
	if (*bytes > UINT64_MAX >> shift)
		return -ERANGE;
	*bytes <<= shift;
	return 0;
}
