// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/facts.h"
#include "tphctl/json.h"
#include "tphctl/watch.h"

/* A function at a look. */
struct seen {
	struct tph_bdf bdf;
	struct tph_function *f;	    /* NULL: it has no TPH capability, and is not read again */
	struct tph_st_table *table; /* NULL: none, or it cannot be read */
};

struct watch_functions {
	struct seen *list; /* by address */
	size_t count;
};

static void free_seen(struct seen *seen)
{
	tph_function_free(seen->f);
	tph_st_table_free(seen->table);
	seen->f = NULL;
	seen->table = NULL;
}

static void free_functions(struct watch_functions *functions)
{
	for (size_t i = 0; functions && i < functions->count; i++)
		free_seen(&functions->list[i]);
	if (functions)
		free(functions->list);
	free(functions);
}

/* @had: it was seen before with TPH, so that it is a change if it has none now. */
static int read_seen(struct watch *w, struct seen *seen, bool had)
{
	int ret = tph_function_read(w->machine.ctx, &seen->bdf, &seen->f);

	if (ret)
		return ret;
	if (seen->f->requester.seen == TPH_SEEN_NO && !had) {
		free_seen(seen);
		return 0;
	}
	ret = tph_st_table_read(w->machine.ctx, &seen->bdf, &seen->table);
	if (ret)
		seen->table = NULL;
	return ret == -ENOMEM ? ret : 0;
}

static struct json_object *function_object(const struct watch *w, const struct tph_bdf *bdf)
{
	struct json_object *object = watch_object(w);

	json_put_bdf(object, "function", bdf);
	return object;
}

static const char *name_of(const struct watch *w, const struct tph_bdf *bdf,
			   char text[WATCH_NAME_CHARS])
{
	char address[TPH_BDF_CHARS];

	return watch_name(w, tph_bdf_format(bdf, address), text);
}

static void say_control(struct watch *w, const struct tph_function *was,
			const struct tph_function *is)
{
	struct json_object *object = function_object(w, &is->bdf);
	char name[WATCH_NAME_CHARS];

	json_put_string(object, "enabled", enabled_text(is));
	json_put_string(object, "mode", mode_text(is));
	json_put_string(object, "enabled_before", enabled_text(was));
	json_put_string(object, "mode_before", mode_text(was));
	watch_event(w, "requester", object, "%s TPH: %s, mode %s (was %s, mode %s)",
		    name_of(w, &is->bdf, name), enabled_text(is), mode_text(is), enabled_text(was),
		    mode_text(was));
}

static void say_entry(struct watch *w, const struct tph_bdf *bdf, size_t index, unsigned was,
		      unsigned is)
{
	struct json_object *object = function_object(w, bdf);
	char name[WATCH_NAME_CHARS];

	json_put_number(object, "index", index);
	json_put_hex(object, "st", is, 4);
	json_put_hex(object, "st_before", was, 4);
	watch_event(w, "st-entry", object, "%s ST entry %zu: 0x%04x (was 0x%04x)",
		    name_of(w, bdf, name), index, is, was);
}

static void compare_tables(struct watch *w, const struct seen *was, const struct seen *is)
{
	size_t count;

	if (!was->table || !is->table)
		return;
	count = was->table->count < is->table->count ? was->table->count : is->table->count;
	for (size_t i = 0; i < count; i++)
		if (was->table->tags[i] != is->table->tags[i])
			say_entry(w, &is->bdf, i, was->table->tags[i], is->table->tags[i]);
}

static void compare_functions(struct watch *w, const struct seen *was, const struct seen *is)
{
	if (!was->f || !is->f)
		return;
	if (was->f->requester.seen != is->f->requester.seen ||
	    was->f->requester.control != is->f->requester.control)
		say_control(w, was->f, is->f);
	compare_tables(w, was, is);
}

static void say_there(struct watch *w, const struct tph_bdf *bdf, bool there)
{
	char name[WATCH_NAME_CHARS];

	watch_event(w, there ? "function-added" : "function-removed", function_object(w, bdf),
		    "%s %s", name_of(w, bdf, name), there ? "was added" : "was removed");
}

/* Two lists by address, side by side. */
static void compare_lists(struct watch *w, const struct watch_functions *was,
			  const struct watch_functions *is)
{
	size_t i = 0, j = 0;

	while (i < was->count || j < is->count) {
		const struct seen *a = i < was->count ? &was->list[i] : NULL;
		const struct seen *b = j < is->count ? &is->list[j] : NULL;
		int order = !a ? 1 : !b ? -1 : tph_bdf_compare(&a->bdf, &b->bdf);

		if (order < 0)
			say_there(w, &a->bdf, false);
		else if (order > 0)
			say_there(w, &b->bdf, true);
		else
			compare_functions(w, a, b);
		i += order <= 0;
		j += order >= 0;
	}
}

static int compare_to_seen(const void *bdf, const void *seen)
{
	return tph_bdf_compare(bdf, &((const struct seen *)seen)->bdf);
}

/* The function at the last look; NULL: it was not there. */
static const struct seen *find_seen(const struct watch_functions *was, const struct tph_bdf *bdf)
{
	return was ? bsearch(bdf, was->list, was->count, sizeof(struct seen), compare_to_seen)
		   : NULL;
}

static int read_list(struct watch *w, struct watch_functions *is)
{
	struct tph_bdf *bdfs;
	size_t count;
	int ret = tph_ctx_list(w->machine.ctx, TPH_LIST_ALL, &bdfs, &count);

	if (ret)
		return ret;
	is->list = calloc(count + 1, sizeof(*is->list));
	ret = is->list ? 0 : -ENOMEM;
	for (size_t i = 0; !ret && i < count; i++) {
		const struct seen *before = find_seen(w->functions, &bdfs[i]);

		if (!watch_wants(w, &bdfs[i]))
			continue;
		is->list[is->count].bdf = bdfs[i];
		if (!before || before->f)
			ret = read_seen(w, &is->list[is->count], before != NULL);
		is->count++;
	}
	free(bdfs);
	return ret;
}

int watch_functions_look(struct watch *w)
{
	struct watch_functions *is = calloc(1, sizeof(*is));
	int ret = is ? read_list(w, is) : -ENOMEM;

	if (ret) {
		free_functions(is);
		return ret;
	}
	if (w->functions)
		compare_lists(w, w->functions, is);
	free_functions(w->functions);
	w->functions = is;
	return 0;
}

size_t watch_functions_count(const struct watch *w)
{
	size_t count = 0;

	for (size_t i = 0; w->functions && i < w->functions->count; i++) {
		const struct tph_function *f = w->functions->list[i].f;

		count += f && f->requester.seen == TPH_SEEN_YES;
	}
	return count;
}

void watch_functions_free(struct watch *w)
{
	free_functions(w->functions);
	w->functions = NULL;
}
