// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps as text: what is accepted, and that a mistake is named with its line. */
#include "tests/unit/libtph_dumps.h"

#include <errno.h>

#define LINE "00: 86 80 00 00 00 00 00 00 00 00 00 06 00 00 00 00\n"

static int parse(const char *text, size_t len, struct messages *messages, struct tph_ctx **ctx)
{
	struct tph_log log = {keep_message, messages};
	FILE *file = fmemopen((void *)text, len, "r");
	int ret;

	assert_non_null(file);
	*messages = (struct messages){0};
	ret = tph_ctx_new_dump_file(file, messages ? &log : NULL, ctx);
	fclose(file);
	return ret;
}

static void mistakes(void **state)
{
	static const struct {
		const char *text;
		int ret;
		const char *says;
	} rows[] = {
		{"\n", -ENODATA, "no PCI function"},
		{"hello\n", -ENODATA, "no PCI function"},
		{LINE, -EBADMSG, "line 1: bytes, but no function"},
		{"00:00.0 a\n10: 00\n", -EBADMSG, "line 2: the offset does not continue"},
		{"00:00.0 a\n" LINE "20: 00\n", -EBADMSG, "line 3: the offset"},
		{"00:00.0 a\n" LINE LINE, -EBADMSG, "line 3: the offset"},
		{"00:00.0 a\n00: 0\n", -EBADMSG, "line 2: not a byte"},
		{"00:00.0 a\n00: 00 1\n", -EBADMSG, "line 2: not a byte"},
		{"00:00.0 a\n00: 000\n", -EBADMSG, "line 2: not a byte"},
		{"00:00.0 a\n00: xx\n", -EBADMSG, "line 2: not a byte"},
		{"00:00.0 a\n00: -1\n", -EBADMSG, "line 2: not a byte"},
		{"00:00.0 a\n00: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n", -EBADMSG,
		 "line 2: more than 16"},
		{"00:00.0 a\nfff: 00\n", -EBADMSG, "line 2: the offset"},
		{"00:00.0 a\n" LINE "00:00.0 b\n" LINE, -EBADMSG, "0000:00:00.0 is there twice"},
	};
	struct messages messages;
	struct tph_ctx *ctx;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].text, strlen(rows[i].text), &messages, &ctx),
				 rows[i].ret);
		assert_int_equal(messages.count, 1);
		assert_non_null(strstr(messages.last, rows[i].says));
	}
	assert_int_equal(parse("00:00.0 a\n00: 0\0\n", 17, &messages, &ctx), -EBADMSG);
	assert_non_null(strstr(messages.last, "NUL"));
	assert_int_equal(tph_ctx_new_dump("/nonexistent", NULL, &ctx), -ENOENT);
	assert_int_equal(tph_ctx_new_dump("/", NULL, &ctx), -EIO);
}

/* Text of -v, long lines, no end of line at the end, carriage returns, a part of a line of bytes.
 */
static void accepted(void **state)
{
	char text[4096];
	struct messages messages;
	struct tph_bdf bdf = bdf_of("0000:00:1f.3");
	struct tph_function *f;
	struct tph_ctx *ctx;
	int n;

	(void)state;
	n = snprintf(text, sizeof(text),
		     "# %01500d 00:00.0\n00:1f.3 SMBus: a\r\n\tCapabilities: [40] x\n" LINE
		     "10: ff ff\r\n\n0001:00:00.0 b\n00: 01",
		     0);
	assert_int_equal(parse(text, (size_t)n, &messages, &ctx), 0);
	assert_int_equal(messages.count, 0);
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->vendor, 0x8086);
	assert_int_equal(f->class_code, 0x060000);
	assert_int_equal(f->config_bytes, 18);
	/* Not even the pointer to capabilities is there, but status says there are none. */
	assert_int_equal(f->requester.seen, TPH_SEEN_NO);
	tph_function_free(f);
	bdf = bdf_of("0001:00:00.0");
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->config_bytes, 1);
	assert_int_equal(f->requester.seen, TPH_SEEN_NOT_VISIBLE);
	tph_function_free(f);
	tph_ctx_unref(ctx);
}

/* Results outlive the context; a second reference keeps it. */
static void references(void **state)
{
	struct tph_bdf nic = bdf_of("05:00.0"), accel = bdf_of("03:00.0");
	struct tph_ctx *ctx = open_dump("switch"), *again = tph_ctx_ref(ctx);
	struct tph_path *path;

	(void)state;
	assert_ptr_equal(ctx, again);
	assert_null(tph_ctx_unref(ctx));
	assert_true(tph_ctx_has(again, &nic));
	assert_int_equal(tph_path_read(again, &nic, &accel, NULL, &path), 0);
	tph_ctx_unref(again);
	assert_int_equal(path->judgements[TPH_NOW][TPH_WIDTH_16].verdict, TPH_VERDICT_GUARANTEED);
	tph_path_free(path);
	assert_null(tph_ctx_ref(NULL));
	assert_null(tph_ctx_unref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes),
		cmocka_unit_test(accepted),
		cmocka_unit_test(references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
