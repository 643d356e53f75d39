// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/json.h"
#include "tphctl/watch.h"

struct watch_bufs {
	struct tph_bufs *last;
};

#define BUFFER_CHARS 256

const char *watch_hints(const struct tph_hints *h, char text[WATCH_HINTS_CHARS])
{
	bool any = h->flags & (TPH_HINT_ST | TPH_HINT_ST_EXT);
	char st[16] = "", st_ext[24] = "";

	if (!any) {
		snprintf(text, WATCH_HINTS_CHARS, "%s",
			 h->flags & TPH_HINT_REQUIRED ? "closed" : "none");
		return text;
	}
	if (h->flags & TPH_HINT_ST)
		snprintf(st, sizeof(st), "8-bit 0x%02x, ", h->st);
	if (h->flags & TPH_HINT_ST_EXT)
		snprintf(st_ext, sizeof(st_ext), "16-bit 0x%04x, ", h->st_ext);
	snprintf(text, WATCH_HINTS_CHARS, "%s%s%s%s", st, st_ext, tph_ph_str(h->ph),
		 h->flags & TPH_HINT_REQUIRED ? ", required" : "");
	return text;
}

void watch_hints_to_json(struct json_object *object, const struct tph_hints *h)
{
	bool any = h->flags & (TPH_HINT_ST | TPH_HINT_ST_EXT);

	json_put_tag(object, "st", h->flags & TPH_HINT_ST, h->st, TPH_WIDTH_8);
	json_put_tag(object, "st_ext", h->flags & TPH_HINT_ST_EXT, h->st_ext, TPH_WIDTH_16);
	json_put_string(object, "ph", any ? tph_ph_str(h->ph) : NULL);
}

static const char *buffer_text(const struct tph_buf *buf, char text[BUFFER_CHARS])
{
	snprintf(text, BUFFER_CHARS, "buffer %llu (%s%s%s)", (unsigned long long)buf->inode,
		 buf->exporter, buf->name[0] ? ", " : "", buf->name);
	return text;
}

static struct json_object *buffer_object(const struct watch *w, const struct tph_buf *buf)
{
	struct json_object *object = watch_object(w);

	json_put_number(object, "inode", buf->inode);
	json_put_text(object, "exporter", buf->exporter);
	json_put_text(object, "name", buf->name);
	return object;
}

static void say_there(struct watch *w, const struct tph_buf *buf, bool there)
{
	struct json_object *object = buffer_object(w, buf);
	char text[BUFFER_CHARS];

	json_put_number(object, "bytes", buf->size_bytes);
	watch_event(w, there ? "buffer-added" : "buffer-removed", object, "%s %s, %llu bytes",
		    buffer_text(buf, text), there ? "was added" : "was removed",
		    (unsigned long long)buf->size_bytes);
}

static void compare_hints(struct watch *w, const struct tph_buf *was, const struct tph_buf *is)
{
	const struct tph_hints none = {0}, *before = was ? &was->hints : &none;
	const uint32_t taken = TPH_HINT_TAKEN_ST | TPH_HINT_TAKEN_ST_EXT;
	char text[BUFFER_CHARS], now[WATCH_HINTS_CHARS], then[WATCH_HINTS_CHARS];
	struct json_object *object;

	if (is->hints_known != TPH_SUPPORT_YES ||
	    ((before->flags & ~taken) == (is->hints.flags & ~taken) && before->st == is->hints.st &&
	     before->st_ext == is->hints.st_ext && before->ph == is->hints.ph))
		return;
	object = buffer_object(w, is);
	watch_hints_to_json(object, &is->hints);
	json_put_bool(object, "required", is->hints.flags & TPH_HINT_REQUIRED);
	watch_event(w, "buffer-hints", object, "%s hints: %s (were %s)", buffer_text(is, text),
		    watch_hints(&is->hints, now), watch_hints(before, then));
}

static void say_holder(struct watch *w, const struct tph_buf *buf, const struct tph_holder *holder,
		       bool there)
{
	struct json_object *object = buffer_object(w, buf);
	char text[BUFFER_CHARS];

	json_put_number(object, "pid", (uint64_t)holder->pid);
	json_put_text(object, "process", holder->command);
	watch_event(w, there ? "holder-added" : "holder-removed", object, "%s %s %s %d",
		    buffer_text(buf, text), there ? "is held by" : "is no longer held by",
		    holder->command, holder->pid);
}

static int compare_pids(const struct tph_holder *a, const struct tph_holder *b)
{
	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void compare_holders(struct watch *w, const struct tph_buf *was, const struct tph_buf *is)
{
	size_t i = 0, j = 0, before = was ? was->holder_count : 0;

	while (i < before || j < is->holder_count) {
		int order = i == before ? 1
			    : j == is->holder_count
				    ? -1
				    : compare_pids(&was->holders[i], &is->holders[j]);

		if (order < 0)
			say_holder(w, is, &was->holders[i], false);
		else if (order > 0)
			say_holder(w, is, &is->holders[j], true);
		i += order <= 0;
		j += order >= 0;
	}
}

static bool alike(const struct tph_importer *a, const struct tph_importer *b)
{
	return !strcmp(a->device, b->device) && a->own_hint == b->own_hint &&
	       a->hints.flags == b->hints.flags && a->hints.st == b->hints.st &&
	       a->hints.st_ext == b->hints.st_ext && a->hints.ph == b->hints.ph;
}

struct sum {
	uint64_t attachments, mapped;
};

/* Each memory region is an importer: those of a device with the same hint are counted as one. */
static struct sum sum_up(const struct tph_buf *buf, const struct tph_importer *like)
{
	struct sum sum = {0};

	for (size_t i = 0; buf && i < buf->importer_count; i++) {
		if (!alike(&buf->importers[i], like))
			continue;
		sum.attachments++;
		sum.mapped += buf->importers[i].mapped;
	}
	return sum;
}

static bool is_first(const struct tph_buf *buf, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (alike(&buf->importers[i], &buf->importers[at]))
			return false;
	return true;
}

static void compare_importer(struct watch *w, const struct tph_buf *was, const struct tph_buf *is,
			     const struct tph_importer *importer)
{
	struct sum before = sum_up(was, importer), now = sum_up(is, importer);
	char text[BUFFER_CHARS], name[WATCH_NAME_CHARS], hints[WATCH_HINTS_CHARS];
	struct json_object *object;

	if (before.attachments == now.attachments && before.mapped == now.mapped)
		return;
	object = buffer_object(w, is);
	json_put_text(object, "device", importer->device);
	watch_hints_to_json(object, &importer->hints);
	json_put_bool(object, "own_hint", importer->own_hint);
	json_put_number(object, "attachments", now.attachments);
	json_put_number(object, "mapped", now.mapped);
	watch_event(w, "importer", object,
		    "%s importer %s, hint %s: attached %llu, mapped %llu (were %llu, %llu)",
		    buffer_text(is, text), watch_name(w, importer->device, name),
		    importer->own_hint ? "of its own" : watch_hints(&importer->hints, hints),
		    (unsigned long long)now.attachments, (unsigned long long)now.mapped,
		    (unsigned long long)before.attachments, (unsigned long long)before.mapped);
}

static void compare_importers(struct watch *w, const struct tph_buf *was, const struct tph_buf *is)
{
	for (size_t i = 0; was && i < was->importer_count; i++)
		if (is_first(was, i) && !sum_up(is, &was->importers[i]).attachments)
			compare_importer(w, was, is, &was->importers[i]);
	for (size_t i = 0; i < is->importer_count; i++)
		if (is_first(is, i))
			compare_importer(w, was, is, &is->importers[i]);
}

/* @was NULL: @is is new. */
static void compare_buffers(struct watch *w, const struct tph_buf *was, const struct tph_buf *is)
{
	if (!was)
		say_there(w, is, true);
	compare_hints(w, was, is);
	compare_holders(w, was, is);
	compare_importers(w, was, is);
}

static int compare_inodes(const struct tph_buf *a, const struct tph_buf *b)
{
	return (a->inode > b->inode) - (a->inode < b->inode);
}

/* The first that has an inode, from @i on: 0 is the inode where the kernel does not show it. */
static size_t skip_unknown(const struct tph_bufs *bufs, size_t i)
{
	while (i < bufs->count && !bufs->bufs[i].inode)
		i++;
	return i;
}

/* Two lists by inode, side by side. */
static void compare_lists(struct watch *w, const struct tph_bufs *was, const struct tph_bufs *is)
{
	size_t i = skip_unknown(was, 0), j = skip_unknown(is, 0);

	while (i < was->count || j < is->count) {
		int order = i == was->count  ? 1
			    : j == is->count ? -1
					     : compare_inodes(&was->bufs[i], &is->bufs[j]);

		if (order < 0)
			say_there(w, &was->bufs[i], false);
		else
			compare_buffers(w, order ? NULL : &was->bufs[i], &is->bufs[j]);
		i += order <= 0;
		j += order >= 0;
	}
}

int watch_bufs_look(struct watch *w)
{
	char proc[WATCH_PATH_CHARS], bufinfo[WATCH_PATH_CHARS];
	struct tph_bufs *is;
	int ret = tph_bufs_read(watch_path(w, "/proc", proc),
				watch_path(w, "/sys/kernel/debug/dma_buf/bufinfo", bufinfo), &is);

	if (ret)
		return ret;
	if (!w->bufs) {
		w->bufs = calloc(1, sizeof(*w->bufs));
		if (!w->bufs) {
			tph_bufs_free(is);
			return -ENOMEM;
		}
	} else {
		compare_lists(w, w->bufs->last, is);
	}
	tph_bufs_free(w->bufs->last);
	w->bufs->last = is;
	return 0;
}

size_t watch_bufs_count(const struct watch *w)
{
	return w->bufs->last->count;
}

bool watch_bufs_importers_known(const struct watch *w)
{
	return w->bufs->last->importers_known == TPH_SUPPORT_YES;
}

void watch_bufs_free(struct watch *w)
{
	if (w->bufs)
		tph_bufs_free(w->bufs->last);
	free(w->bufs);
	w->bufs = NULL;
}
