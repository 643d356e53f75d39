/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both list and show print of a function. */
#ifndef TPHCTL_FACTS_H
#define TPHCTL_FACTS_H

#include "tph/tph.h"

struct json_object;

/* "-" no, "?" not visible, else the name; not for TPH_SEEN_YES */
const char *seen_mark(enum tph_seen seen);

/* What it can send: "no-mode", "no-st", "8-bit", "16-bit" or a seen_mark() */
const char *requester_text(const struct tph_function *f);
const char *enabled_text(const struct tph_function *f);
const char *mode_text(const struct tph_function *f);
const char *completer_text(const struct tph_function *f);

#define IDS_TEXT_CHARS 16
const char *ids_text(const struct tph_function *f, char text[IDS_TEXT_CHARS]);
const char *class_text(const struct tph_function *f, char text[IDS_TEXT_CHARS]);

#define TABLE_TEXT_CHARS 32
/* "capability, 64", "none", … */
const char *table_text(const struct tph_function *f, char text[TABLE_TEXT_CHARS]);

/* Vendor and device; null: not visible. */
void ids_to_json(struct json_object *object, const struct tph_function *f);
/* All but the entries of the ST table. */
void facts_to_json(struct json_object *object, struct tph_ctx *ctx, const struct tph_function *f);

/* NULL: it could not be read, which was reported in the name of @command. */
struct tph_function *read_function(const char *command, struct tph_ctx *ctx,
				   const struct tph_bdf *bdf);

#endif
