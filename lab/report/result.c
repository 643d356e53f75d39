// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/result.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/text.h"

enum { TEXT_MAX = 2048, LIST_MAX = 256 };

enum type { END, TEXT, NUMBER, BOOL, LIST, OBJECT };

struct key {
	enum type type;
	const char *name;
	const struct key *keys; /* of an object, or of each in a list */
};

static const struct key partition_keys[] = {
	{NUMBER, "partition", NULL},
	{NUMBER, "tlps", NULL},
	{NUMBER, "bytes", NULL},
	{END, NULL, NULL},
};

static const struct key pair_keys[] = {
	{TEXT, "buffer", NULL},	 {TEXT, "nic", NULL},	   {NUMBER, "bytes", NULL},
	{NUMBER, "width", NULL}, {TEXT, "st", NULL},	   {TEXT, "ph", NULL},
	{BOOL, "data_ok", NULL}, {BOOL, "ok", NULL},	   {TEXT, "why", NULL},
	{NUMBER, "tlps", NULL},	 {NUMBER, "hinted", NULL}, {LIST, "partitions", partition_keys},
	{END, NULL, NULL},
};

static const struct key adder_keys[] = {
	{TEXT, "nic", NULL},	{TEXT, "outcome", NULL},  {NUMBER, "bytes", NULL},
	{NUMBER, "tlps", NULL}, {NUMBER, "hinted", NULL}, {LIST, "partitions", partition_keys},
	{END, NULL, NULL},
};

static const struct key add_keys[] = {
	{NUMBER, "width", NULL}, {TEXT, "st", NULL},	     {TEXT, "ph", NULL},
	{BOOL, "ok", NULL},	 {LIST, "nics", adder_keys}, {END, NULL, NULL},
};

static const struct key nic_keys[] = {
	{TEXT, "name", NULL},
	{TEXT, "bdf", NULL},
	{NUMBER, "width", NULL},
	{END, NULL, NULL},
};

static const struct key rule_keys[] = {
	{NUMBER, "width", NULL},   {TEXT, "st", NULL}, {NUMBER, "partition", NULL},
	{TEXT, "operation", NULL}, {END, NULL, NULL},
};

static const struct key buffer_keys[] = {
	{TEXT, "name", NULL},
	{TEXT, "fdinfo", NULL},
	{END, NULL, NULL},
};

static const struct key result_keys[] = {
	{BOOL, "ok", NULL},	    {TEXT, "kernel", NULL},	    {TEXT, "topology", NULL},
	{LIST, "pairs", pair_keys}, {OBJECT, "add", add_keys},	    {LIST, "nics", nic_keys},
	{LIST, "rules", rule_keys}, {LIST, "buffers", buffer_keys}, {END, NULL, NULL},
};

static struct json_object *pick(struct json_object *from, const struct key *keys);

static struct json_object *pick_list(struct json_object *from, const struct key *keys)
{
	struct json_object *list = json_object_new_array();
	size_t count =
		json_object_is_type(from, json_type_array) ? json_object_array_length(from) : 0;

	for (size_t i = 0; i < count && i < LIST_MAX; i++)
		json_object_array_add(list, pick(json_object_array_get_idx(from, i), keys));
	return list;
}

static struct json_object *pick_text(struct json_object *from)
{
	if (!json_object_is_type(from, json_type_string))
		return json_object_new_string("");
	return text_visible(json_object_get_string(from), (size_t)json_object_get_string_len(from),
			    TEXT_MAX);
}

static struct json_object *pick_value(struct json_object *from, const struct key *key)
{
	bool number = json_object_is_type(from, json_type_int);

	switch (key->type) {
	case TEXT:
		return pick_text(from);
	case NUMBER:
		return json_object_new_uint64(number ? json_object_get_uint64(from) : 0);
	case BOOL:
		return json_object_new_boolean(json_object_is_type(from, json_type_boolean) &&
					       json_object_get_boolean(from));
	case LIST:
		return pick_list(from, key->keys);
	default:
		return pick(from, key->keys);
	}
}

/* @from may be anything, NULL too. */
static struct json_object *pick(struct json_object *from, const struct key *keys)
{
	struct json_object *to = json_object_new_object();

	for (const struct key *key = keys; key->type != END; key++) {
		struct json_object *value = NULL;

		if (json_object_is_type(from, json_type_object))
			json_object_object_get_ex(from, key->name, &value);
		json_object_object_add(to, key->name, pick_value(value, key));
	}
	return to;
}

struct json_object *result_parse(const char *bytes, size_t len)
{
	struct json_tokener *tokener = len <= INT32_MAX ? json_tokener_new() : NULL;
	struct json_object *from, *result = NULL;

	if (!tokener)
		return NULL;
	from = json_tokener_parse_ex(tokener, bytes, (int)len);
	if (json_object_is_type(from, json_type_object))
		result = pick(from, result_keys);
	json_object_put(from);
	json_tokener_free(tokener);
	return result;
}

static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

struct tlp_hint result_hint(struct json_object *object)
{
	uint64_t width = json_object_get_uint64(json_object_object_get(object, "width"));
	struct tlp_hint hint = {.st_bits = (uint8_t)width};

	if (width != 8 && width != 16)
		return (struct tlp_hint){0};
	hint.st = (uint16_t)strtoul(text_of(object, "st"), NULL, 0);
	for (uint8_t ph = 0; ph < 4; ph++)
		if (!strcmp(text_of(object, "ph"), tlp_ph_str(ph)))
			hint.ph = ph;
	return hint;
}
