// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files of tphctl watch share: names, and the line of an event. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/text.h"
#include "tphctl/tphctl.h"
#include "tphctl/watch.h"

#define NS_PER_MS  1000000
#define TIME_CHARS 48

const char *watch_path(const struct watch *w, const char *path, char text[WATCH_PATH_CHARS])
{
	snprintf(text, WATCH_PATH_CHARS, "%s%s", w->root, path);
	return text;
}

bool watch_wants(const struct watch *w, const struct tph_bdf *bdf)
{
	for (size_t i = 0; i < w->only_count; i++)
		if (!tph_bdf_compare(&w->only[i], bdf))
			return true;
	return !w->only_count;
}

const char *watch_name(const struct watch *w, const char *device, char text[WATCH_NAME_CHARS])
{
	char names[IDENTITY_CHARS] = "";
	struct identity id = {0};
	struct tph_bdf bdf;

	if (!tph_bdf_parse(device, &bdf) && !tph_names_read(w->machine.ctx, &bdf, &id.names)) {
		identity_names(&id, names);
		identity_free(&id);
	}
	snprintf(text, WATCH_NAME_CHARS, names[0] ? "%.24s (%s)" : "%s%s", device, names);
	return text;
}

/* In text the local time of day, in JSON RFC 3339 in UTC. */
static const char *time_text(bool json, char text[TIME_CHARS])
{
	struct timespec now;
	struct tm tm;
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	if (json)
		gmtime_r(&now.tv_sec, &tm);
	else
		localtime_r(&now.tv_sec, &tm);
	used = strftime(text, TIME_CHARS, json ? "%FT%T" : "%T", &tm);
	snprintf(text + used, TIME_CHARS - used, ".%03ld%s", now.tv_nsec / NS_PER_MS,
		 json ? "Z" : "");
	return text;
}

struct json_object *watch_object(const struct watch *w)
{
	return w->json ? json_object_new_object() : NULL;
}

static void print_object(struct watch *w, const char *event, struct json_object *details)
{
	struct json_object *object = json_begin("watch");
	char time[TIME_CHARS];

	json_put_string(object, "time", time_text(true, time));
	json_put_string(object, "event", event);
	json_object_object_foreach(details, key, value)
		json_put(object, key, json_object_get(value));
	json_object_put(details);
	if (json_end(object, true))
		w->failed = true;
}

void watch_event(struct watch *w, const char *event, struct json_object *object, const char *format,
		 ...)
{
	char time[TIME_CHARS], *text;
	va_list args;
	int len;

	if (w->json && object) {
		print_object(w, event, object);
		return;
	}
	va_start(args, format);
	len = w->json ? -1 : vasprintf(&text, format, args);
	va_end(args);
	if (len < 0) {
		w->failed = true;
		no_memory();
		return;
	}
	text_clean(text);
	printf("%s %s\n", time_text(false, time), text);
	free(text);
	if (finish_output(EXIT_DONE))
		w->failed = true;
}
