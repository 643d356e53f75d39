// SPDX-License-Identifier: GPL-2.0-or-later
/* What tphctl replaces in names and paths before it prints them. */
#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tphctl/text.h"
#include "util/macros.h"

/* Controls, marks of direction and bytes that are no UTF-8 become "?"; all else stays. */
TEST(clean)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"", ""},
		{"ring 0", "ring 0"},
		{"caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80",
		 "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80"},
		{"a\033[31m\n\tb\x7f", "a?[31m??b?"},
		{"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "???\xc2\xa0"},
		{"\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9", "????"},
		{"\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xa8\xd8\x9c", "????"},
		{"\xff\x80 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80", "?? ?? ??? ????"},
		{"cut \xe2\x80", "cut ??"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", rows[i].text);
		text_clean(text);
		assert_string_equal(text, rows[i].shown);
	}
}
