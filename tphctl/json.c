// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/json.h"
#include "tphctl/text.h"
#include "tphctl/tphctl.h"

void json_put(struct json_object *object, const char *name, struct json_object *value)
{
	if (!object || json_object_object_add(object, name, value))
		json_object_put(value);
}

void json_put_string(struct json_object *object, const char *name, const char *value)
{
	json_put(object, name, value ? json_object_new_string(value) : NULL);
}

struct json_object *json_new_text(const char *value)
{
	char *text = strdup(value);
	struct json_object *object;

	if (text)
		text_clean(text);
	object = text ? json_object_new_string(text) : NULL;
	free(text);
	return object;
}

void json_put_text(struct json_object *object, const char *name, const char *value)
{
	json_put(object, name, json_new_text(value));
}

void json_put_number(struct json_object *object, const char *name, uint64_t value)
{
	json_put(object, name, json_object_new_uint64(value));
}

void json_put_bool(struct json_object *object, const char *name, bool value)
{
	json_put(object, name, json_object_new_boolean(value));
}

void json_put_hex(struct json_object *object, const char *name, uint64_t value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", digits, (unsigned long long)value);
	json_put_string(object, name, text);
}

void json_put_bdf(struct json_object *object, const char *name, const struct tph_bdf *bdf)
{
	char text[TPH_BDF_CHARS];

	json_put_string(object, name, tph_bdf_format(bdf, text));
}

void json_put_tag(struct json_object *object, const char *name, bool there, unsigned tag,
		  enum tph_width width)
{
	if (there)
		json_put_hex(object, name, tag, width == TPH_WIDTH_16 ? 4 : 2);
	else
		json_put(object, name, NULL);
}

struct json_object *json_put_array(struct json_object *object, const char *name)
{
	struct json_object *array = json_object_new_array();

	if (object && array && !json_object_object_add(object, name, array))
		return array;
	json_object_put(array);
	return NULL;
}

struct json_object *json_begin(const char *command)
{
	struct json_object *object = json_object_new_object();

	json_put_number(object, "schema", JSON_SCHEMA);
	json_put_string(object, "command", command);
	return object;
}

int json_end(struct json_object *object, bool line)
{
	int style =
		line ? JSON_C_TO_STRING_PLAIN : JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	const char *text = object ? json_object_to_json_string_ext(
					    object, style | JSON_C_TO_STRING_NOSLASHESCAPE)
				  : NULL;
	int status = EXIT_DONE;

	if (text)
		puts(text);
	else
		status = no_memory();
	json_object_put(object);
	return finish_output(status);
}
