// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data of the demo's report that a guest can choose: a length of two bytes,
 * that many bytes of result.json, and a trace, which is also read as the kernel's
 * log. The output must be JSON without markup characters, in valid UTF-8 without
 * control characters, and each write of the trace must be in a bar.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/summary.h"
#include "lab/report/text.h"
#include "lab/report/timeline.h"
#include "util/bytes.h"
#include "util/utf8.h"

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_embedded(struct json_object *summary)
{
	struct json_object *again;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	require(!text_embed(out, summary));
	fclose(out);
	for (size_t at = 0, n; at < len; at += n) {
		uint32_t codepoint = 0;

		n = utf8_decode(text + at, len - at, &codepoint);
		require(n && !utf8_is_control(codepoint));
		require(codepoint != '<' && codepoint != '>' && codepoint != '&');
	}
	again = json_tokener_parse(text);
	require(json_object_equal(again, summary));
	json_object_put(again);
	free(text);
}

static uint64_t get(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

/* The sum of @key over a list. */
static uint64_t sum(struct json_object *object, const char *list, const char *key)
{
	struct json_object *entries = json_object_object_get(object, list);
	uint64_t total = 0;

	for (size_t i = 0; i < json_object_array_length(entries); i++)
		total += get(json_object_array_get_idx(entries, i), key);
	return total;
}

static void check_trace(struct json_object *trace)
{
	struct json_object *timeline, *bars;

	if (!trace)
		return;
	timeline = json_object_object_get(trace, "timeline");
	bars = json_object_object_get(timeline, "bars");
	require(sum(trace, "hints", "tlps") == sum(timeline, "bars", "tlps"));
	for (size_t i = 0; i < json_object_array_length(bars); i++)
		require(get(json_object_array_get_idx(bars, i), "bin") < TIMELINE_BINS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t result_len = size < 2 ? 0 : get_le16(data), trace_len;
	struct json_object *summary;

	if (size < 3 || result_len > size - 3)
		return 0;
	trace_len = size - 2 - result_len;
	summary = summary_new((const char *)data + 2, result_len);
	if (!summary)
		summary = summary_new("{}", 2);
	summary_add_trace(summary, fmemopen((void *)(data + 2 + result_len), trace_len, "r"));
	summary_add_log(summary, (const char *)data + 2 + result_len, trace_len);
	check_trace(json_object_object_get(summary, "trace"));
	check_embedded(summary);
	json_object_put(summary);
	return 0;
}
