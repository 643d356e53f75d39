/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes text from a guest safe for a page. */
#ifndef LAB_REPORT_TEXT_H
#define LAB_REPORT_TEXT_H

#include <json-c/json.h>
#include <stdio.h>

/*
 * A string without hidden characters: control characters become their pictures
 * (U+2400 and following) or <U+202E>, invalid UTF-8 becomes U+FFFD. Tabs and
 * line ends stay; a carriage return in front of one is dropped. Of more than
 * @max bytes the rest is replaced by "…". NULL: out of memory.
 */
struct json_object *text_visible(const char *bytes, size_t len, size_t max);

/*
 * Writes @object as JSON that may stand in the script element of an HTML page:
 * no character of it begins markup or ends the element. Returns 0 or -ENOMEM; the
 * caller checks @out for errors.
 */
int text_embed(FILE *out, struct json_object *object);

#endif
