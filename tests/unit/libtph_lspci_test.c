// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every field of a dump that both `lspci -vvv` and the library decode is the same,
 * and so is each register that setpci reads. Skipped where there is no lspci.
 */
#include <glob.h>

#include "tests/lspci.h"
#include "tests/unit/libtph_dumps.h"

/* The ST table, which lspci -vvv does not print. */
static void compare_entries(struct tph_ctx *ctx, const struct tph_function *f, const char *options)
{
	uint16_t tags[2048];
	struct tph_st_table *table;

	if (f->requester.table != TPH_TABLE_CAPABILITY || tph_st_table_read(ctx, &f->bdf, &table))
		return;
	setpci_entries(options, (unsigned)table->count, tags);
	assert_memory_equal(table->tags, tags, table->count * sizeof(*tags));
	tph_st_table_free(table);
}

static void compare_registers(const char *path, struct tph_ctx *ctx, const struct tph_function *f)
{
	char options[PATH_BYTES + 64], name[TPH_BDF_CHARS];

	snprintf(options, sizeof(options), "-A dump -O dump.name='%s' -s %s", path,
		 tph_bdf_format(&f->bdf, name));
	if (f->requester.seen == TPH_SEEN_YES) {
		assert_int_equal(f->requester.capability, setpci(options, "ECAP_TPH+4.l"));
		assert_int_equal(f->requester.control, setpci(options, "ECAP_TPH+8.l"));
		compare_entries(ctx, f, options);
	}
	if (f->completer.seen == TPH_SEEN_YES)
		assert_int_equal(f->completer.devcap2, setpci(options, "CAP_EXP+24.l"));
	if (f->acs.seen == TPH_SEEN_YES) {
		assert_int_equal(f->acs.capability, setpci(options, "ECAP_ACS+4.w"));
		assert_int_equal(f->acs.control, setpci(options, "ECAP_ACS+6.w"));
	}
	if (f->ats.seen == TPH_SEEN_YES)
		assert_int_equal(f->ats.enabled, setpci(options, "ECAP_ATS+6.w") >> 15);
	if (f->flit)
		assert_int_equal(setpci(options, "CAP_EXP+32.w") & 0x400, 0x400);
}

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
		compare_registers(path, ctx, f);
		tph_function_free(f);
		free(text);
	}
	free(list);
	free(all);
	tph_ctx_unref(ctx);
}

/*
 * All but corrupt, whose invalid lists lspci decodes differently, and eight-by-eight, which repeats
 * functions of switch-plain eight times.
 */
TEST(compare)
{
	char path[PATH_BYTES];
	glob_t dumps;

	assert_int_equal(glob(dump_path("*", ".dump", path), 0, NULL, &dumps), 0);
	assert_true(dumps.gl_pathc > 30);
	for (size_t i = 0; i < dumps.gl_pathc; i++) {
		char *name = basename(dumps.gl_pathv[i]);

		*strrchr(name, '.') = '\0';
		if (strcmp(name, "corrupt") && strcmp(name, "eight-by-eight"))
			compare_dump(name);
	}
	globfree(&dumps);
}

int test_begin(int argc, char **argv, void **state)
{
	(void)argc;
	(void)argv;
	(void)state;
	if (system("lspci --version >/dev/null 2>&1")) {
		puts("skipped: there is no lspci (package pciutils)");
		return TEST_SKIPPED;
	}
	return 0;
}
