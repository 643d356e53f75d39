/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON as doc/tphctl-json.md describes it. */
#ifndef TPHCTL_JSON_H
#define TPHCTL_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "tph/tph.h"

#define JSON_SCHEMA 2

/*
 * Adds @value to @object, which owns it from then on; names are constants. @object NULL, out of
 * memory: frees @value. @value NULL: null.
 */
void json_put(struct json_object *object, const char *name, struct json_object *value);
void json_put_string(struct json_object *object, const char *name, const char *value);
/* As json_put_string(), for text that is not trusted; see text.h. */
void json_put_text(struct json_object *object, const char *name, const char *value);
struct json_object *json_new_text(const char *value);
void json_put_number(struct json_object *object, const char *name, uint64_t value);
void json_put_bool(struct json_object *object, const char *name, bool value);
/* "0x0012": hexadecimal with this many digits */
void json_put_hex(struct json_object *object, const char *name, uint64_t value, int digits);
void json_put_bdf(struct json_object *object, const char *name, const struct tph_bdf *bdf);
/* A tag, or null if it is not set: "0x5a" of 8 bits, "0x005a" of 16. */
void json_put_tag(struct json_object *object, const char *name, bool there, unsigned tag,
		  enum tph_width width);
/* A new empty array within @object, owned by it. */
struct json_object *json_put_array(struct json_object *object, const char *name);

/* A new object for the output of @command. */
struct json_object *json_begin(const char *command);

/* Prints to standard output on one line if @line, and frees. An exit status. */
int json_end(struct json_object *object, bool line);

#endif
