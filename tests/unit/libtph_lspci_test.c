// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compare, do not trust: every field that `lspci -vvv` prints of a dump and that
 * the library decodes, too, is the same. Skipped where there is no lspci.
 */
#define _GNU_SOURCE
#include "tests/lspci.h"
#include "tests/unit/libtph_dumps.h"

/* Intact lists: of corrupt ones lspci says other things, and rightly so. */
static const char *const dumps[] = {
	"accel-8",    "accel-none",    "cut-256",      "domain-vf",	   "rciep",  "root-16bit",
	"root-8bit",  "root-reserved", "rootport",     "root-two",	   "states", "switch",
	"switch-acs", "switch-acs-ec", "switch-plain", "switch-no-prefix",
};

static void compare_dump(const char *dump)
{
	char path[PATH_BYTES], command[PATH_BYTES + 64], *all;
	struct tph_ctx *ctx = open_dump(dump);
	struct tph_bdf *list;
	size_t count;

	snprintf(command, sizeof(command), "lspci -D -nvvv -F '%s' 2>/dev/null",
		 dump_path(dump, ".dump", path));
	all = output_of(command);
	assert_int_equal(tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count), 0);
	for (size_t i = 0; i < count; i++) {
		char *text = lspci_paragraph(all, &list[i]);
		struct tph_function *f;

		assert_int_equal(tph_function_read(ctx, &list[i], &f), 0);
		lspci_compare(dump, text, f);
		tph_function_free(f);
		free(text);
	}
	free(list);
	free(all);
	tph_ctx_unref(ctx);
}

static void compare(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(dumps[0]); i++)
		compare_dump(dumps[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(compare)};

	if (system("lspci --version >/dev/null 2>&1")) {
		puts("skipped: there is no lspci (package pciutils)");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
