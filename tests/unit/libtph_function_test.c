// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a function is. Every dump is decoded whole and compared with a file that
 * was looked over by hand (NAME.golden); what the files cannot show is asked for.
 */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>

static const char *const dumps[] = {
	"accel-8", "accel-none", "corrupt",	 "cut-256",	     "cut-64",	 "domain-vf",
	"rciep",   "root-16bit", "root-8bit",	 "root-reserved",    "rootport", "states",
	"switch",  "switch-acs", "switch-plain", "switch-no-prefix",
};

static void print_requester(FILE *out, const struct tph_function *f)
{
	if (f->requester.seen != TPH_SEEN_YES) {
		fprintf(out, "  requester %s\n", tph_seen_name(f->requester.seen));
		return;
	}
	fprintf(out, "  requester at %03x:%s%s%s%s, table %s of %u; %s, %s\n", f->requester.offset,
		f->requester.no_st ? " no-st" : "", f->requester.interrupt_vector ? " iv" : "",
		f->requester.device_specific ? " ds" : "", f->requester.extended ? " extended" : "",
		tph_table_name(f->requester.table), f->requester.table_entries,
		tph_enable_name(f->requester.enable), tph_mode_name(f->requester.mode));
}

static void print_table(FILE *out, struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct tph_st_table *table;
	int ret = tph_st_table_read(ctx, bdf, &table);

	if (ret) {
		fprintf(out, "  entries: error %d\n", ret);
		return;
	}
	fprintf(out, "  entries: %zu of %zu,", table->count, table->declared);
	for (size_t i = 0; i < table->count && i < 4; i++)
		fprintf(out, " %04x", table->tags[i]);
	fprintf(out, " … %04x\n", table->tags[table->count - 1]);
	tph_st_table_free(table);
}

static void print_function(FILE *out, struct tph_ctx *ctx, const struct tph_bdf *bdf)
{
	struct tph_function *f;
	char text[TPH_BDF_CHARS];

	assert_int_equal(tph_function_read(ctx, bdf, &f), 0);
	fprintf(out, "%s %04x:%04x class %06x %s, %u bytes", tph_bdf_format(bdf, text), f->vendor,
		f->device, f->class_code, tph_port_name(f->port), f->config_bytes);
	if (f->bridge)
		fprintf(out, ", buses %02x-%02x", f->secondary, f->subordinate);
	fprintf(out, "\n  completer %s", tph_seen_name(f->completer.seen));
	if (f->completer.seen == TPH_SEEN_YES)
		fprintf(out, ": %s, %u prefixes%s", tph_completer_name(f->completer.type),
			f->completer.prefix_max, f->completer.prefix_blocked ? ", blocked" : "");
	fprintf(out, "\n  acs %s", tph_seen_name(f->acs.seen));
	if (f->acs.seen == TPH_SEEN_YES)
		fprintf(out, " at %03x:%s%s%s", f->acs.offset, f->acs.request_redirect ? " RR" : "",
			f->acs.completion_redirect ? " CR" : "",
			f->acs.egress_control ? " EC" : "");
	fputc('\n', out);
	print_requester(out, f);
	if (f->requester.seen != TPH_SEEN_NO)
		print_table(out, ctx, bdf);
	tph_function_free(f);
}

static char *decode_all(const char *name)
{
	struct tph_ctx *ctx = open_dump(name);
	struct tph_bdf *list;
	size_t count, size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count), 0);
	for (size_t i = 0; i < count; i++)
		print_function(out, ctx, &list[i]);
	fclose(out);
	free(list);
	tph_ctx_unref(ctx);
	return text;
}

static char *read_golden(const char *name)
{
	char path[PATH_BYTES], *text = calloc(1, 1 << 20);
	FILE *file = fopen(dump_path(name, ".golden", path), "r");

	if (!file)
		fail_msg("no %s; write it with TPH_WRITE_GOLDEN=1 and look it over", path);
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

static void golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++) {
		char *now = decode_all(dumps[i]), path[PATH_BYTES], *expected;

		if (getenv("TPH_WRITE_GOLDEN")) {
			FILE *file = fopen(dump_path(dumps[i], ".golden", path), "w");

			fputs(now, file);
			fclose(file);
		}
		expected = read_golden(dumps[i]);
		assert_string_equal(now, expected);
		free(now);
		free(expected);
	}
	/* Written is not compared, so that it cannot pass for a check. */
	if (getenv("TPH_WRITE_GOLDEN"))
		fail_msg("golden files written; run again without TPH_WRITE_GOLDEN");
}

/* Each role on its own, and what cannot be told is neither one nor the other. */
static void list_by_role(void **state)
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
		{"cut-64", TPH_LIST_UNKNOWN, 8},
		{"cut-256", TPH_LIST_COMPLETERS, 1},
		{"cut-256", TPH_LIST_UNKNOWN, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
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

static void no_such_function(void **state)
{
	struct tph_bdf nowhere = bdf_of("04:00.1"), elsewhere = bdf_of("0001:04:00.0");
	struct tph_ctx *ctx = open_dump("switch");
	struct tph_st_table *table;
	struct tph_function *f;

	(void)state;
	assert_int_equal(tph_function_read(ctx, &nowhere, &f), -ENODEV);
	assert_int_equal(tph_function_read(ctx, &elsewhere, &f), -ENODEV);
	assert_int_equal(tph_st_table_read(ctx, &nowhere, &table), -ENODEV);
	assert_false(tph_ctx_has(ctx, &nowhere));
	assert_true(tph_ctx_is_dump(ctx));
	tph_ctx_unref(ctx);
}

static void addresses(void **state)
{
	static const char *const wrong[] = {
		"",	   "03",	 "03:00",    "03:00.8",
		"03:20.0", "100:00.0",	 "03:00.0 ", "03:00.00",
		"x3:00.0", "0000:03:00", ":03:00.0", "0:0:03:00.0",
		"03:00.",  "-1:03:00.0", "03::00.0", "100000000:03:00.0",
	};
	struct tph_bdf bdf;
	char text[TPH_BDF_CHARS];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(tph_bdf_parse(wrong[i], &bdf), -EINVAL);
	assert_int_equal(tph_bdf_parse(NULL, &bdf), -EINVAL);
	bdf = bdf_of("3:1f.7");
	assert_string_equal(tph_bdf_format(&bdf, text), "0000:03:1f.7");
	bdf = bdf_of("10001:E1:00.0");
	assert_string_equal(tph_bdf_format(&bdf, text), "10001:e1:00.0");
	bdf = bdf_of("ffffffff:ff:1f.7");
	assert_string_equal(tph_bdf_format(&bdf, text), "ffffffff:ff:1f.7");
}

/* Every number of an enum has a word of its own, and no other has. */
static void words(void **state)
{
	(void)state;
	for (unsigned ph = 0; ph < 4; ph++)
		assert_int_equal(tph_ph_parse(tph_ph_word(ph)), ph);
	assert_null(tph_ph_word(4));
	assert_int_equal(tph_ph_parse("Target"), -EINVAL);
	assert_int_equal(tph_ph_parse(NULL), -EINVAL);
	for (int i = 0; i <= TPH_REASON_HOST_BRIDGE; i++) {
		assert_non_null(tph_reason_id((enum tph_reason)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(tph_reason_id((enum tph_reason)i),
						tph_reason_id((enum tph_reason)j));
	}
	assert_null(tph_reason_id((enum tph_reason)(TPH_REASON_HOST_BRIDGE + 1)));
	assert_non_null(tph_port_name(TPH_PORT_HOST_BRIDGE));
	assert_null(tph_port_name((enum tph_port)(TPH_PORT_HOST_BRIDGE + 1)));
	assert_null(tph_seen_name((enum tph_seen)5));
	assert_null(tph_verdict_name((enum tph_verdict)4));
	assert_null(tph_route_name((enum tph_route)4));
	assert_null(tph_enable_name(4));
	assert_null(tph_table_name(4));
	assert_null(tph_completer_name(4));
	assert_string_equal(tph_mode_name(7), "reserved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(list_by_role),
		cmocka_unit_test(no_such_function),
		cmocka_unit_test(addresses),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
