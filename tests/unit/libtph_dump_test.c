// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps as text. The forms in which users paste dumps are in the golden tests. */
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
	ret = tph_ctx_new_dump_file(file, &log, ctx);
	fclose(file);
	return ret;
}

static int parse_file(const char *path, struct messages *messages, struct tph_ctx **ctx)
{
	struct tph_log log = {keep_message, messages};

	*messages = (struct messages){0};
	return tph_ctx_new_dump(path, &log, ctx);
}

/* A message has the line of what is missing or cannot be read; the rest of the dump is used. */
TEST(damage)
{
	static const struct {
		const char *text;
		int ret;
		unsigned messages;
		const char *says; /* is in the last of them */
	} rows[] = {
		{"", -EBADMSG, 1, "it is empty"},
		{"\n", -ENODATA, 1, "no function in it"},
		{"hello\n", -ENODATA, 1, "no function in it"},
		{"00:00.0 a: b\n", -ENODATA, 1, "text about functions"},
		{LINE, -ENODATA, 2, "not the addresses"},
		{"00:00.0 a\n\n" LINE, -ENODATA, 2, "not the addresses"},
		{"00:00.0 a\n00: 0\n", -ENODATA, 1, "none of their bytes"},
		{"00:00.0 a\n00: 30 apples\n", -ENODATA, 1, "none of their bytes"},
		{"00:00.0 a\n00: 10 20 30 minutes\n", -ENODATA, 1, "none of their bytes"},
		{"00:00.0 a\n00: 000\n", -ENODATA, 1, "none of their bytes"},
		{"00:00.0 a\n00: -1 00 00 00\n", -ENODATA, 1, "none of their bytes"},
		{"00:00.0 a\n08: 00 00 00 00\n", -ENODATA, 1, "none of their bytes"},
		{"00:00.0 a\n1000: 00 00 00 00\n", -ENODATA, 1, "none of their bytes"},
		{"00:20.0 a\n" LINE, -ENODATA, 2, "not the addresses"},
		{"0:00.0 a\n" LINE, -ENODATA, 2, "not the addresses"},
		{"00:00.0 a\n" LINE, 0, 0, ""},
		{"00:00.0 a\n10: 00\n", 0, 2, "line 2: only 1 of 16"},
		{"00:00.0 a\n" LINE "20: 00 00 0\n", 0, 2, "line 3: only 2 of 16"},
		{"00:00.0 a\n" LINE "10: 00 00 zz 00\n", 0, 1, "line 3: only 2 of 16"},
		{"00:00.0 a\n" LINE LINE, 0, 1, "line 3: bytes at 0x00 without the address"},
		{"00:00.0 a\n" LINE LINE "10: 00 00\n20: 00 00\n", 0, 1, "line 3: "},
		{"00:00.0 a\n" LINE "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n", 0,
		 1, "line 3: more than 16"},
		/* The characters behind the bytes of xxd -g 1 are not bytes. */
		{"00:00.0 a\n00000000: 61 62 20 00 00 00 00 00 00 00 00 00 00 00 00 00  ab ....\n",
		 0, 0, ""},
		{"00:00.0 a\n" LINE "00:00.0 b\n" LINE, 0, 0, ""},
		{"00:00.0 a\n" LINE "0000:00:00.0 b\n00: 86 81 00 00\n", 0, 2,
		 "line 3: 0000:00:00.0 has other bytes than at line 1"},
		{"> 00:00.0 a\n" LINE, -ENODATA, 2, "not the addresses"},
	};
	struct messages messages;
	struct tph_ctx *ctx;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* fmemopen() need not accept 0 bytes. */
		int ret = rows[i].text[0]
				  ? parse(rows[i].text, strlen(rows[i].text), &messages, &ctx)
				  : parse_file("/dev/null", &messages, &ctx);

		if (ret != rows[i].ret || messages.count != rows[i].messages ||
		    !strstr(messages.last, rows[i].says))
			fail_msg("row %zu: %d, %u messages: %s", i, ret, messages.count,
				 messages.last);
		if (!ret)
			tph_ctx_unref(ctx);
	}
	assert_int_equal(parse_file("/nonexistent", &messages, &ctx), -ENOENT);
	assert_int_equal(parse_file("/", &messages, &ctx), -EISDIR);
}

/* The number of messages is limited, however many lines cannot be read. */
TEST(many_warnings)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct messages messages;
	struct tph_ctx *ctx;

	for (unsigned i = 0; i < 1000; i++)
		fprintf(out, "%02x:%02x.0 a\n10: 00\n\n", i / 32, i % 32);
	fclose(out);
	assert_int_equal(parse(text, size, &messages, &ctx), 0);
	assert_true(messages.count < 100);
	assert_non_null(strstr(messages.last, "1950 more"));
	tph_ctx_unref(ctx);
	free(text);
}

/* Missing bytes are "not visible", before and behind those of the dump. */
TEST(gaps)
{
	static const char text[] = "00:01.0 a\n20: 00 00\n\n"
				   "00:02.0 b\n" LINE "40: 10 00 02 00\n";
	struct messages messages;
	struct tph_bdf bdf = bdf_of("00:01.0");
	struct tph_function *f;
	struct tph_ctx *ctx;

	assert_int_equal(parse(text, strlen(text), &messages, &ctx), 0);
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->ids_seen, TPH_SEEN_NOT_VISIBLE);
	assert_int_equal(f->vendor, 0);
	assert_int_equal(f->class_seen, TPH_SEEN_NOT_VISIBLE);
	assert_int_equal(f->config_bytes, 0x22);
	assert_int_equal(f->requester.seen, TPH_SEEN_NOT_VISIBLE);
	tph_function_free(f);
	bdf = bdf_of("00:02.0");
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->ids_seen, TPH_SEEN_YES);
	assert_int_equal(f->config_bytes, 0x44);
	tph_function_free(f);
	tph_ctx_unref(ctx);
}

/* Text of -v, long lines, no newline at the end, carriage returns, a line of bytes that is cut. */
TEST(accepted)
{
	char text[4096];
	struct messages messages;
	struct tph_bdf bdf = bdf_of("0000:00:1f.3");
	struct tph_function *f;
	struct tph_ctx *ctx;
	int n;

	n = snprintf(text, sizeof(text),
		     "# %01500d 00:00.0\n00:1f.3 SMBus: a\r\n\tCapabilities: [40] x\n" LINE
		     "10: ff ff\r\n\n0001:00:00.0 b\n00: 01 02 03 04",
		     0);
	assert_int_equal(parse(text, (size_t)n, &messages, &ctx), 0);
	assert_int_equal(messages.count, 2);
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->vendor, 0x8086);
	assert_int_equal(f->class_code, 0x060000);
	assert_int_equal(f->config_bytes, 18);
	/* The pointer to capabilities is missing, but Status says that there are none. */
	assert_int_equal(f->requester.seen, TPH_SEEN_NO);
	tph_function_free(f);
	bdf = bdf_of("0001:00:00.0");
	assert_int_equal(tph_function_read(ctx, &bdf, &f), 0);
	assert_int_equal(f->config_bytes, 4);
	assert_int_equal(f->requester.seen, TPH_SEEN_NOT_VISIBLE);
	tph_function_free(f);
	tph_ctx_unref(ctx);
}

/* Results outlive the context; a second reference keeps it. */
TEST(references)
{
	struct tph_bdf nic = bdf_of("05:00.0"), accel = bdf_of("03:00.0");
	struct tph_ctx *ctx = open_dump("switch"), *again = tph_ctx_ref(ctx);
	struct tph_path *path;

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
