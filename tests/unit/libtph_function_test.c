// SPDX-License-Identifier: GPL-2.0-or-later
/* Functions, beyond what tests/golden shows of every dump. */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>

/* Each role alone. A role that is not visible counts as unknown only. */
TEST(list_by_role)
{
	static const struct {
		const char *dump;
		unsigned what;
		size_t count;
	} rows[] = {
		{"switch", TPH_LIST_REQUESTERS, 2},
		{"switch", TPH_LIST_COMPLETERS, 1},
		{"switch", TPH_LIST_REQUESTERS | TPH_LIST_COMPLETERS, 3},
		{"switch", TPH_LIST_UNKNOWN, 0},
		{"accel-none", TPH_LIST_COMPLETERS, 0},
		{"cut-64", TPH_LIST_REQUESTERS | TPH_LIST_COMPLETERS, 0},
		{"cut-64", TPH_LIST_UNKNOWN, 6},
		{"cut-256", TPH_LIST_COMPLETERS, 1},
		{"cut-256", TPH_LIST_UNKNOWN, 6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tph_ctx *ctx = open_dump(rows[i].dump);
		struct tph_bdf *list;
		size_t count;

		assert_int_equal(tph_ctx_list(ctx, rows[i].what, &list, &count), 0);
		assert_int_equal(count, rows[i].count);
		free(list);
		assert_int_equal(tph_ctx_list(ctx, 0, &list, &count), -EINVAL);
		assert_int_equal(tph_ctx_list(ctx, 1u << 4, &list, &count), -EINVAL);
		tph_ctx_unref(ctx);
	}
}

TEST(no_such_function)
{
	struct tph_bdf nowhere = bdf_of("04:00.1"), elsewhere = bdf_of("0001:04:00.0");
	struct tph_ctx *ctx = open_dump("switch");
	struct tph_st_table *table;
	struct tph_function *f;

	assert_int_equal(tph_function_read(ctx, &nowhere, &f), -ENODEV);
	assert_int_equal(tph_function_read(ctx, &elsewhere, &f), -ENODEV);
	assert_int_equal(tph_st_table_read(ctx, &nowhere, &table), -ENODEV);
	assert_false(tph_ctx_has(ctx, &nowhere));
	assert_true(tph_ctx_is_dump(ctx));
	tph_ctx_unref(ctx);
}

TEST(addresses)
{
	static const char *const wrong[] = {
		"",	   "03",	 "03:00",    "03:00.8",
		"03:20.0", "100:00.0",	 "03:00.0 ", "03:00.00",
		"x3:00.0", "0000:03:00", ":03:00.0", "0:0:03:00.0",
		"03:00.",  "-1:03:00.0", "03::00.0", "100000000:03:00.0",
	};
	struct tph_bdf bdf;
	char text[TPH_BDF_CHARS];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(tph_bdf_parse(wrong[i], &bdf), -EINVAL);
	assert_int_equal(tph_bdf_parse(NULL, &bdf), -EINVAL);
	bdf = bdf_of("3:1f.7");
	assert_string_equal(tph_bdf_format(&bdf, text), "0000:03:1f.7");
	bdf = bdf_of("10001:E1:00.0");
	assert_string_equal(tph_bdf_format(&bdf, text), "10001:e1:00.0");
	bdf = bdf_of("ffffffff:ff:1f.7");
	assert_string_equal(tph_bdf_format(&bdf, text), "ffffffff:ff:1f.7");
}

/* Every value of an enum has its own string, and other numbers have none. */
TEST(strings)
{
	for (unsigned ph = 0; ph < 4; ph++)
		assert_int_equal(tph_ph_parse(tph_ph_str(ph)), ph);
	assert_null(tph_ph_str(4));
	assert_int_equal(tph_ph_parse("Target"), -EINVAL);
	assert_int_equal(tph_ph_parse(NULL), -EINVAL);
	for (int i = 0; i <= TPH_REASON_NOT_PCIE; i++) {
		assert_non_null(tph_reason_str((enum tph_reason)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tph_reason_str((enum tph_reason)i),
						tph_reason_str((enum tph_reason)j));
	}
	assert_null(tph_reason_str((enum tph_reason)(TPH_REASON_NOT_PCIE + 1)));
	assert_non_null(tph_port_str(TPH_PORT_HOST_BRIDGE));
	assert_null(tph_port_str((enum tph_port)(TPH_PORT_HOST_BRIDGE + 1)));
	assert_null(tph_seen_str((enum tph_seen)5));
	assert_null(tph_verdict_str((enum tph_verdict)4));
	assert_null(tph_route_str((enum tph_route)4));
	assert_null(tph_enable_str(4));
	assert_null(tph_table_str(4));
	assert_null(tph_completer_str(4));
	assert_string_equal(tph_mode_str(7), "reserved");
}
