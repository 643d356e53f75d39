// SPDX-License-Identifier: GPL-2.0-or-later
/* The result as JSON: what was written, what the accelerator counted, what the kernel reports. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "lab/demo/demo.h"
#include "util/macros.h"

static void put_text(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, value ? json_object_new_string(value) : NULL);
}

static void put_number(struct json_object *object, const char *name, uint64_t value)
{
	json_object_object_add(object, name, json_object_new_uint64(value));
}

static void put_bool(struct json_object *object, const char *name, bool value)
{
	json_object_object_add(object, name, json_object_new_boolean(value));
}

/* A tag with its width; "st" is null where no TLP had a hint. */
static void put_tag(struct json_object *object, unsigned tag_bits, unsigned tag)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%x", tag);
	put_number(object, "width", tag_bits);
	put_text(object, "st", tag_bits ? text : NULL);
}

/* Appends an object to @array and returns it. */
static struct json_object *append(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	json_object_array_add(array, object);
	return object;
}

static struct json_object *put_array(struct json_object *object, const char *name)
{
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, name, array);
	return array;
}

static void put_counters(struct json_object *object, const struct accel_counters *c,
			 const struct accel_share *shares)
{
	struct json_object *partitions;

	put_number(object, "tlps", c->tlps);
	put_number(object, "hinted", c->tlps - c->plain);
	partitions = put_array(object, "partitions");
	for (unsigned i = 0; i < ACCEL_PARTITIONS; i++) {
		struct json_object *partition;

		if (!shares[i].tlps)
			continue;
		partition = append(partitions);
		put_number(partition, "partition", i);
		put_number(partition, "tlps", shares[i].tlps);
		put_number(partition, "bytes", shares[i].bytes);
	}
}

static void put_pairs(struct json_object *result, const struct report *report)
{
	struct json_object *pairs = put_array(result, "pairs");

	for (unsigned i = 0; i < report->pair_count; i++) {
		const struct pair *pair = &report->pairs[i];
		struct json_object *object = append(pairs);

		put_text(object, "buffer", pair->buffer->name);
		put_text(object, "nic", pair->nic->name);
		put_number(object, "nic_width", pair->nic->tag_bits);
		put_number(object, "bytes", pair->bytes);
		put_tag(object, pair->seen.tag_bits, pair->seen.tag);
		put_text(object, "ph", pair->seen.tag_bits ? tph_ph_str(pair->seen.ph) : NULL);
		put_bool(object, "data_ok", pair->data_ok);
		put_bool(object, "ok", pair->ok);
		put_text(object, "why", pair->why);
		put_counters(object, &pair->counters, pair->shares);
	}
}

static void put_add(struct json_object *result, const struct report *report)
{
	struct json_object *add, *nics;

	if (!report->add)
		return;
	add = json_object_new_object();
	json_object_object_add(result, "add", add);
	put_tag(add, report->add->tag_bits, report->add->tag);
	put_text(add, "ph", tph_ph_str(report->add->ph));
	put_bool(add, "ok", report->add->ok);
	nics = put_array(add, "nics");
	for (unsigned i = 0; i < report->nic_count; i++) {
		const struct add_try *try = &report->add->tries[i];
		struct json_object *nic = append(nics);

		put_text(nic, "nic", report->nics[i].name);
		put_text(nic, "outcome", add_word(try->outcome));
		put_number(nic, "bytes", try->counters.bytes);
		put_counters(nic, &try->counters, try->shares);
	}
}

static void put_endpoint(struct json_object *result, const struct endpoint_result *endpoint)
{
	const struct pair *pair = &endpoint->pair;
	struct json_object *object;
	char name[TPH_BDF_CHARS];

	if (!endpoint || !endpoint->tried)
		return;
	object = json_object_new_object();
	json_object_object_add(result, "endpoint", object);
	put_text(object, "bdf", tph_bdf_format(&endpoint->bdf, name));
	put_text(object, "buffer", pair->buffer->name);
	put_tag(object, pair->seen.tag_bits, pair->seen.tag);
	put_text(object, "ph", pair->seen.tag_bits ? tph_ph_str(pair->seen.ph) : NULL);
	put_number(object, "bytes", pair->counters.bytes);
	put_number(object, "tlps", pair->counters.tlps);
	put_number(object, "hinted", pair->counters.tlps - pair->counters.plain);
	put_bool(object, "data_ok", pair->data_ok);
	put_bool(object, "ok", pair->ok);
}

static void put_nics(struct json_object *result, const struct report *report)
{
	struct json_object *nics = put_array(result, "nics");

	for (unsigned i = 0; i < report->nic_count; i++) {
		struct json_object *nic = append(nics);
		char name[TPH_BDF_CHARS];
		struct tph_bdf bdf;

		put_text(nic, "name", report->nics[i].name);
		put_text(nic, "bdf",
			 nic_bdf(&report->nics[i], &bdf) ? "" : tph_bdf_format(&bdf, name));
		put_number(nic, "width", report->nics[i].tag_bits);
	}
}

/* What the accelerator does with each tag, from its registers. */
static void put_rules(struct json_object *result, const struct accel *accel)
{
	static const char *const operations[] = {"store", "add u32", "add f32", "reserved"};
	struct json_object *rules = put_array(result, "rules");

	for (unsigned slot = 0; slot < ACCEL_RULES; slot++) {
		struct json_object *object;
		uint32_t rule;

		if (accel_read_rule(accel, slot, &rule) || !rule)
			continue;
		object = append(rules);
		put_tag(object, rule & ACCEL_RULE_EXT ? 16 : 8, rule & ACCEL_RULE_ST_MASK);
		put_number(object, "partition",
			   (rule & ACCEL_RULE_PARTITION_MASK) >> ACCEL_RULE_PARTITION_SHIFT);
		put_text(object, "operation",
			 operations[(rule & ACCEL_RULE_OP_MASK) >> ACCEL_RULE_OP_SHIFT]);
	}
}

/* What any process that holds the buffer can read of its hints. */
static void put_buffers(struct json_object *result, const struct report *report)
{
	struct json_object *buffers = put_array(result, "buffers");

	for (size_t i = 0; i < report->buffer_count; i++) {
		struct json_object *object = append(buffers);
		char path[64], text[1024] = "";
		FILE *info;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", report->buffers[i].fd);
		info = fopen(path, "re");
		if (info) {
			text[fread(text, 1, sizeof(text) - 1, info)] = '\0';
			fclose(info);
		}
		put_text(object, "name", report->buffers[i].name);
		put_text(object, "fdinfo", text);
	}
}

int report_json(const struct report *report, const char *path)
{
	struct json_object *result = json_object_new_object();
	struct utsname uts;
	int ret;

	uname(&uts);
	put_bool(result, "ok", report->ok);
	put_text(result, "kernel", uts.release);
	put_text(result, "topology", report->topology);
	put_pairs(result, report);
	put_add(result, report);
	put_endpoint(result, report->endpoint);
	put_nics(result, report);
	put_rules(result, report->accel);
	put_buffers(result, report);
	ret = json_object_to_file_ext(path, result, JSON_C_TO_STRING_PLAIN) ? -EIO : 0;
	json_object_put(result);
	if (ret)
		fprintf(stderr,
			"p2p_demo: cannot write %s: %s; choose another --json, or free space there\n",
			path, json_util_get_last_err());
	return ret;
}
