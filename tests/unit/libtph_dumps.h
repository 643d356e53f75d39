/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of libtph: its dumps, and the messages that it logged. */
#ifndef TESTS_UNIT_LIBTPH_DUMPS_H
#define TESTS_UNIT_LIBTPH_DUMPS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tph/tph.h"

#define PATH_BYTES 512

struct messages {
	unsigned count;
	char last[512];
};

static inline void keep_message(void *data, enum tph_log_level level, const char *message)
{
	struct messages *m = data;

	(void)level;
	m->count++;
	snprintf(m->last, sizeof(m->last), "%s", message);
}

/* The folder of the dumps is TPH_DUMPS; meson makes them in the build folder. */
static inline const char *dump_path(const char *name, const char *suffix, char path[PATH_BYTES])
{
	const char *dir = getenv("TPH_DUMPS");

	if (!dir)
		fail_msg("TPH_DUMPS is not set: meson test sets it");
	snprintf(path, PATH_BYTES, "%s/%s%s", dir, name, suffix);
	return path;
}

static inline struct tph_ctx *open_dump(const char *name)
{
	static struct messages messages; /* the context keeps its address */
	struct tph_log log = {keep_message, &messages};
	struct tph_ctx *ctx = NULL;
	char path[PATH_BYTES];
	int ret = tph_ctx_new_dump(dump_path(name, ".dump", path), &log, &ctx);

	if (ret)
		fail_msg("%s: %s: %s", path, strerror(-ret), messages.last);
	return ctx;
}

static inline struct tph_bdf bdf_of(const char *text)
{
	struct tph_bdf bdf;

	assert_int_equal(tph_bdf_parse(text, &bdf), 0);
	return bdf;
}

#endif
