// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's page: what a hostile guest can put into its result, trace and log. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/report/input.h"
#include "lab/report/summary.h"
#include "lab/report/text.h"
#include "lab/report/timeline.h"
#include "tests/test.h"
#include "util/bytes.h"
#include "util/macros.h"

static const struct tlp_hint HINT_8 = {.st_bits = 8, .ph = TLP_PH_TARGET, .st = 0x5a};

/* ---- a trace in memory ---- */

struct file {
	uint8_t bytes[1 << 16];
	size_t len;
};

static void begin(struct file *file)
{
	static const uint32_t words[] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, TRACE_LINK_TYPE};

	memcpy(file->bytes, words, sizeof(words));
	file->len = sizeof(words);
}

static void add_record(struct file *file, uint64_t time_ns, const struct trace_record *record,
		       size_t captured, size_t len)
{
	const uint32_t words[] = {(uint32_t)(time_ns / 1000000000),
				  (uint32_t)(time_ns % 1000000000), (uint32_t)captured,
				  (uint32_t)len};

	assert_true(file->len + sizeof(words) + captured <= sizeof(file->bytes));
	memcpy(file->bytes + file->len, words, sizeof(words));
	memcpy(file->bytes + file->len + sizeof(words), record, captured);
	file->len += sizeof(words) + captured;
}

static struct trace_record record_of(enum trace_kind kind, const char *from, const char *to)
{
	struct trace_record record = {.header = {.version = TRACE_VERSION, .kind = kind}};

	memcpy(record.header.from, from, strnlen(from, TRACE_NAME_BYTES));
	memcpy(record.header.to, to, strnlen(to, TRACE_NAME_BYTES));
	return record;
}

/* A write of 64 bytes, its payload not captured, as a trace without data has it. */
static void add_write(struct file *file, uint64_t time_ns, const char *from, const char *to,
		      struct tlp_hint hint)
{
	struct trace_record record = record_of(TRACE_TLP, from, to);
	struct tlp tlp;
	int len;

	tlp_request(&tlp, TLP_MWR, 0x1000, 64);
	tlp.hint = hint;
	tlp.flit = !strcmp(to, "host"); /* the link above the switch alone */
	record.header.flags = tlp.flit ? TRACE_FLIT : 0;
	len = tlp_encode(&tlp, record.bytes);
	assert_true(len > 0);
	add_record(file, time_ns, &record, sizeof(record.header) + (size_t)len,
		   sizeof(record.header) + (size_t)len + 64);
}

static void add_event(struct file *file, const char *from, const char *text, uint64_t value)
{
	struct trace_record record = record_of(TRACE_EVENT, from, "");
	size_t len = sizeof(record.header) + 8 + strlen(text);

	put_be64(record.bytes, value);
	memcpy(record.bytes + 8, text, strlen(text));
	add_record(file, 0, &record, len, len);
}

static struct json_object *summary_of(const char *result, struct file *file)
{
	struct json_object *summary = summary_new(result, strlen(result));
	FILE *stream = file->len ? fmemopen(file->bytes, file->len, "r") : NULL;

	assert_non_null(summary);
	assert_non_null(stream);
	summary_add_trace(summary, stream);
	return summary;
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(object, key, &value));
	return value;
}

static uint64_t number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(get(object, key));
}

static struct json_object *item(struct json_object *object, const char *key, size_t index)
{
	struct json_object *list = get(object, key);

	assert_true(index < json_object_array_length(list));
	return json_object_array_get_idx(list, index);
}

static bool has_note(struct json_object *summary, const char *text)
{
	struct json_object *notes = get(summary, "notes");

	for (size_t i = 0; i < json_object_array_length(notes); i++)
		if (strstr(json_object_get_string(json_object_array_get_idx(notes, i)), text))
			return true;
	return false;
}

/* ---- text ---- */

static void assert_visible(const char *bytes, size_t len, const char *expected)
{
	struct json_object *text = text_visible(bytes, len, 64);

	assert_string_equal(json_object_get_string(text), expected);
	json_object_put(text);
}

/* Line ends of a serial log become newlines; controls and marks of direction are made visible. */
TEST(text_visible)
{
	assert_visible("a\tb\r\nc\r\r\n", 9, "a\tb\nc\n");
	assert_visible("10%\r20%", 7, "10%␍20%");
	assert_visible("end\r", 4, "end␍");
	assert_visible("\x1b[31m\0x\x7f", 8, "␛[31m␀x␡");
	assert_visible("\xc2\x9b"
		       "5 \xe2\x80\xae \xe2\x80\xa8",
		       11, "<U+009B>5 <U+202E> <U+2028>");
	assert_visible("\xff\xc3", 2, "\xef\xbf\xbd\xef\xbf\xbd");
	assert_visible("ä", 2, "ä");
	assert_visible("0123456789012345678901234567890123456789012345678901234567890123+", 65,
		       "0123456789012345678901234567890123456789012345678901234567890123…");
}

/* No string can end the script element, or begin a comment in it. */
TEST(text_embed)
{
	struct json_object *object = json_object_new_string("</script><!--&\"\\\xe2\x80\xa8");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(text_embed(out, object), 0);
	fclose(out);
	assert_string_equal(text, "\"\\u003c/script\\u003e\\u003c!--\\u0026\\\"\\\\\\u2028\"");
	free(text);
	json_object_put(object);
}

/* ---- result.json ---- */

/* Each key of the summary has its type, whatever types result.json has. */
TEST(result_types)
{
	static const char result[] =
		"{\"ok\":1,\"kernel\":7,\"pairs\":{},\"add\":[],\"nics\":[3,{\"name\":null,\"width\":\"8\"}],"
		"\"buffers\":[{\"name\":\"</script>\",\"fdinfo\":\"a\\u0000\\u001b\",\"more\":1}]}";
	struct json_object *summary = summary_new(result, strlen(result));

	assert_non_null(summary);
	assert_false(json_object_get_boolean(get(summary, "ok")));
	assert_string_equal(json_object_get_string(get(summary, "kernel")), "");
	assert_int_equal(json_object_array_length(get(summary, "pairs")), 0);
	assert_int_equal(json_object_array_length(get(get(summary, "add"), "nics")), 0);
	assert_string_equal(json_object_get_string(get(item(summary, "nics", 0), "name")), "");
	assert_int_equal(number(item(summary, "nics", 1), "width"), 0);
	assert_string_equal(json_object_get_string(get(item(summary, "buffers", 0), "name")),
			    "</script>");
	assert_string_equal(json_object_get_string(get(item(summary, "buffers", 0), "fdinfo")),
			    "a␀␛");
	assert_null(json_object_object_get(item(summary, "buffers", 0), "more"));
	json_object_put(summary);
}

TEST(result_not_object)
{
	static const char *const wrong[] = {"", "[]", "{", "null", "7", "\"x\"", "{\"ok\":"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_null(summary_new(wrong[i], strlen(wrong[i])));
}

/* A long list and a long text are cut. */
TEST(result_bounds)
{
	enum { LEN = 200000 };
	static char result[LEN + 64];
	struct json_object *summary;
	size_t len = (size_t)sprintf(result, "{\"kernel\":\"");

	memset(result + len, 'x', 5000);
	len += 5000;
	len += (size_t)sprintf(result + len, "\",\"pairs\":[0");
	while (len < LEN)
		len += (size_t)sprintf(result + len, ",0");
	len += (size_t)sprintf(result + len, "]}");
	summary = summary_new(result, len);
	assert_non_null(summary);
	assert_int_equal(json_object_array_length(get(summary, "pairs")), 256);
	assert_true(json_object_get_string_len(get(summary, "kernel")) < 2100);
	json_object_put(summary);
}

/* ---- the trace ---- */

static const char PAIRS[] =
	"{\"pairs\":[{\"width\":0},{\"width\":8,\"st\":\"0x5a\",\"ph\":\"target\"}]}";

TEST(trace_sums)
{
	struct file file;
	struct json_object *summary, *trace, *flow;

	begin(&file);
	add_event(&file, "accel0", "below_switch", 1);
	add_event(&file, "nic0", "requester_id", 0x0408);
	add_event(&file, "nic0", "flit", 2);
	add_write(&file, 1000, "nic0", "accel0", HINT_8);
	add_write(&file, 2000, "nic0", "accel0", HINT_8);
	add_write(&file, 3000, "nic0", "accel0", (struct tlp_hint){0});
	add_write(&file, 4000, "nic0", "host", (struct tlp_hint){.st_bits = 16, .st = 7});
	add_write(&file, 5000, "nic0", "accel0", (struct tlp_hint){.st_bits = 16, .st = 7});
	summary = summary_of(PAIRS, &file);
	trace = get(summary, "trace");
	assert_int_equal(number(trace, "tlps"), 5);
	assert_int_equal(number(item(trace, "hints", 0), "tlps"), 1);
	assert_int_equal(number(item(trace, "hints", 1), "bytes"), 128);
	assert_int_equal(number(item(trace, "hints", TRACE_HINTS_MAX - 1), "tlps"), 1);
	assert_int_equal(number(item(trace, "ports", 0), "below_switch"), 1);
	assert_string_equal(json_object_get_string(get(item(trace, "ports", 1), "id")), "04:01.0");
	flow = item(trace, "flows", 0);
	assert_int_equal(number(flow, "from"), 1);
	assert_int_equal(number(flow, "to"), 0);
	assert_int_equal(number(flow, "writes"), 4);
	assert_int_equal(number(flow, "hinted"), 3);
	assert_int_equal(number(flow, "flit"), 0);
	assert_int_equal(number(item(trace, "flows", 1), "hinted"), 1);
	assert_int_equal(number(item(trace, "flows", 1), "flit"), 1);
	assert_int_equal(number(item(trace, "ports", 0), "flit"), 0);
	assert_int_equal(number(item(trace, "ports", 1), "flit"), 2);
	assert_int_equal(json_object_array_length(get(summary, "notes")), 0);
	json_object_put(summary);
}

static uint64_t bar_sum(struct json_object *timeline)
{
	struct json_object *bars = get(timeline, "bars");
	uint64_t sum = 0;

	for (size_t i = 0; i < json_object_array_length(bars); i++) {
		assert_true(number(json_object_array_get_idx(bars, i), "bin") < TIMELINE_BINS);
		sum += number(json_object_array_get_idx(bars, i), "tlps");
	}
	return sum;
}

/* Times may be in any order and of any size: each write is in a bin. */
TEST(trace_times)
{
	static const uint64_t rows[][6] = {
		{5, 5, 5, 5, 5, 5},
		{6000000000, 5000000000, 4000000000, 3, 2, 1},
		{0, 4294967295000000000, 0, 4294967295999999999, 1, 2},
		{1, 1000000000, 2000000000, 2000000001, 4000000000000000000, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct json_object *summary, *timeline;
		struct file file;

		begin(&file);
		for (unsigned k = 0; k < 6; k++)
			add_write(&file, rows[i][k], "nic0", "accel0", HINT_8);
		summary = summary_of(PAIRS, &file);
		timeline = get(get(summary, "trace"), "timeline");
		assert_int_equal(bar_sum(timeline), 6);
		assert_true(json_object_get_double(get(timeline, "bin_ms")) > 0);
		assert_int_equal(has_note(summary, "clock"), i != 0);
		json_object_put(summary);
	}
}

/* Bursts with long waits between them have one scale, and their number is limited. */
TEST(trace_bursts)
{
	struct json_object *summary, *timeline, *bursts;
	struct file file;

	begin(&file);
	for (uint64_t burst = 0; burst < 20; burst++)
		for (uint64_t k = 0; k < 3; k++)
			add_write(&file, burst * 1000000000 + k * 1000, "nic0", "accel0", HINT_8);
	summary = summary_of(PAIRS, &file);
	timeline = get(get(summary, "trace"), "timeline");
	bursts = get(timeline, "bursts");
	assert_int_equal(bar_sum(timeline), 60);
	assert_in_range(json_object_array_length(bursts), 1, TIMELINE_BURSTS_MAX);
	json_object_put(summary);
}

TEST(trace_many_ports)
{
	struct json_object *summary;
	struct file file;

	begin(&file);
	for (unsigned i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof(name), "<b>%u", i);
		add_write(&file, i, name, "accel0", HINT_8);
	}
	summary = summary_of(PAIRS, &file);
	assert_int_equal(json_object_array_length(get(get(summary, "trace"), "ports")),
			 TRACE_PORTS_MAX);
	assert_int_equal(bar_sum(get(get(summary, "trace"), "timeline")), TRACE_PORTS_MAX - 1);
	assert_true(has_note(summary, "9 TLPs of the others"));
	json_object_put(summary);
}

/* A trace that is cut is shown up to there, with a note; what is no trace leaves a note. */
TEST(trace_cut)
{
	struct file file;

	begin(&file);
	add_write(&file, 1, "nic0", "accel0", HINT_8);
	add_write(&file, 2, "nic0", "accel0", HINT_8);
	for (size_t len = file.len - 1; len; len--) {
		struct json_object *summary;
		uint64_t tlps;

		file.len = len;
		summary = summary_of(PAIRS, &file);
		tlps = get(summary, "trace") ? number(get(summary, "trace"), "tlps") : 0;
		assert_true(tlps <= 1);
		assert_true(
			json_object_array_length(get(summary, "notes")) == 1 ||
			(tlps == 1 && (len - 24) % (16 + sizeof(struct trace_header) + 12) == 0));
		json_object_put(summary);
	}
}

/* ---- files ---- */

static char dir[] = "/tmp/report-test.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

TEST(input)
{
	char *bytes, target[128];
	size_t len;
	FILE *file;

	assert_non_null(mkdtemp(dir));
	file = fopen(in_dir("file"), "w");
	fputs("0123456789", file);
	fclose(file);
	snprintf(target, sizeof(target), "%s", in_dir("file"));
	assert_int_equal(symlink(target, in_dir("link")), 0);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);

	assert_int_equal(input_read(in_dir("link"), 100, &bytes, &len), -ELOOP);
	assert_int_equal(input_read(in_dir("fifo"), 100, &bytes, &len), -EINVAL);
	assert_int_equal(input_read(dir, 100, &bytes, &len), -EINVAL);
	assert_int_equal(input_read("/dev/zero", 100, &bytes, &len), -EINVAL);
	assert_int_equal(input_read(in_dir("none"), 100, &bytes, &len), -ENOENT);
	assert_int_equal(input_read(in_dir("file"), 9, &bytes, &len), -EFBIG);
	assert_int_equal(input_read(in_dir("file"), 10, &bytes, &len), 0);
	assert_int_equal(len, 10);
	free(bytes);
	assert_int_equal(input_read_tail(in_dir("file"), 4, &bytes, &len), 1);
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "6789", 4);
	free(bytes);
	unlink(in_dir("fifo"));
	unlink(in_dir("link"));
	unlink(in_dir("file"));
	rmdir(dir);
}
