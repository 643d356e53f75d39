/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result that the demo's program in the guest wrote. */
#ifndef LAB_REPORT_RESULT_H
#define LAB_REPORT_RESULT_H

#include <json-c/json.h>
#include <stddef.h>

#include "fabric/tlp.h"

/*
 * Parses the @len bytes of a result.json into a new object that has every key
 * the page knows, each of its type, and no other: a string "", a number 0, a
 * list empty where the file has something else. NULL: it is no JSON object.
 */
struct json_object *result_parse(const char *bytes, size_t len);

/* The hint in an object of result_parse(), by its keys width, st and ph. */
struct tlp_hint result_hint(struct json_object *object);

#endif
