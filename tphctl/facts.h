/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a function is, in words that list and show share. */
#ifndef TPHCTL_FACTS_H
#define TPHCTL_FACTS_H

#include "tph/tph.h"

struct json_object;

/* "-" for no, "?" for what is not visible, a word for the rest; not for TPH_SEEN_YES. */
const char *seen_mark(enum tph_seen seen);

/* What it can send: "no-st", "8-bit", "16-bit" or a mark. */
const char *requester_word(const struct tph_function *f);
const char *enabled_word(const struct tph_function *f);
const char *mode_word(const struct tph_function *f);
const char *completer_word(const struct tph_function *f);

#define TABLE_WORD_CHARS 32
/* "capability, 64", "none", … */
const char *table_word(const struct tph_function *f, char text[TABLE_WORD_CHARS]);

/* Everything but the entries. */
void facts_to_json(struct json_object *object, const struct tph_function *f);

/* Reads with an error said, as list, show and path need it; NULL then. */
struct tph_function *read_function(const char *command, struct tph_ctx *ctx,
				   const struct tph_bdf *bdf);

#endif
