// SPDX-License-Identifier: GPL-2.0-or-later
/* util/: byte order at odd addresses, UTF-8 that is cut, overlong or out of range, control
 * characters. */
#include "tests/test.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/macros.h"
#include "util/utf8.h"

TEST(bytes_keep_their_order_at_odd_addresses)
{
	uint8_t bytes[16] = {0};

	put_be32(bytes + 1, 0x01020304);
	assert_int_equal(bytes[1], 1);
	assert_int_equal(get_le32(bytes + 1), 0x04030201);
	put_le64(bytes + 3, UINT64_C(0x0102030405060708));
	assert_int_equal(bytes[3], 8);
	assert_int_equal(get_be64(bytes + 3), UINT64_C(0x0807060504030201));
	put_le16(bytes + 5, 0xabcd);
	assert_int_equal(get_be16(bytes + 5), 0xcdab);
}

TEST(only_valid_utf8_decodes)
{
	static const struct {
		const char *bytes;
		size_t len, count;
		uint32_t codepoint;
	} cases[] = {
		{"a", 1, 1, 'a'},
		{"", 0, 0, 0},
		{"\xc3\xa4", 2, 2, 0xe4},
		{"\xc3\xa4", 1, 0, 0},
		{"\xc0\x80", 2, 0, 0},
		{"\xc1\xbf", 2, 0, 0},
		{"\x80", 1, 0, 0},
		{"\xe2\x82\xac", 3, 3, 0x20ac},
		{"\xe0\x9f\xbf", 3, 0, 0},
		{"\xed\xa0\x80", 3, 0, 0},
		{"\xf0\x9f\x98\x80", 4, 4, 0x1f600},
		{"\xf0\x8f\xbf\xbf", 4, 0, 0},
		{"\xf4\x90\x80\x80", 4, 0, 0},
		/* Lead bytes of no character, with valid bytes behind them. */
		{"\xf5\x80\x80\x80", 4, 0, 0},
		{"\xf8\x90\x80\x80", 4, 0, 0},
		{"\xfc\x80\x80\x80", 4, 0, 0},
		{"\xff", 1, 0, 0},
		{"\xc3(", 2, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t codepoint = 0;

		assert_int_equal(utf8_decode(cases[i].bytes, cases[i].len, &codepoint),
				 cases[i].count);
		assert_int_equal(codepoint, cases[i].codepoint);
	}
}

TEST(terminal_controls_are_recognised)
{
	static const uint32_t controls[] = {0,	  0x1b,	  0x7f,	  0x80,	 0x9b,
					    0x9f, 0x2028, 0x202e, 0x2066};
	static const uint32_t others[] = {' ', '~', 0xa0, 0xe4, 0x200d, 0x2030, 0x1f600};

	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		assert_true(utf8_is_control(controls[i]));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(utf8_is_control(others[i]));
}

TEST(the_clock_does_not_run_backwards)
{
	uint64_t before = clock_ns();

	assert_true(clock_ns() >= before);
}

TEST(container_of_finds_the_structure)
{
	struct {
		int first, second;
	} whole;

	assert_ptr_equal(container_of(&whole.second, __typeof__(whole), second), &whole);
}
