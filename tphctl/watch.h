/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of tphctl watch: each reads its state, compares it with the last, prints the changes.
 */
#ifndef TPHCTL_WATCH_H
#define TPHCTL_WATCH_H

#include <json-c/json.h>

#include "tph/tph.h"
#include "tphctl/tphctl.h"

#define WATCH_PATH_CHARS 4096

struct watch_functions;
struct watch_bufs;

struct watch {
	bool json;
	const char *root;	/* "" or a folder with a proc and a sys */
	struct machine machine; /* the functions at the last look */
	/* The functions on the command line; none: all */
	struct tph_bdf *only;
	size_t only_count;
	struct watch_functions *functions;
	struct watch_bufs *bufs;
	bool failed; /* out of memory, or the output could not be written */
};

/* ---- watch_say.c ---- */

const char *watch_path(const struct watch *w, const char *path, char text[WATCH_PATH_CHARS]);
bool watch_wants(const struct watch *w, const struct tph_bdf *bdf);

/* A new object for an event; NULL: the output is text. */
struct json_object *watch_object(const struct watch *w);
/* Prints a line: @object, which it frees, or the text. */
void watch_event(struct watch *w, const char *event, struct json_object *object, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

#define WATCH_NAME_CHARS 160
/* "0000:05:00.0 (mlx5_0 ens1f0)" of a kernel's name of a device */
const char *watch_name(const struct watch *w, const char *device, char text[WATCH_NAME_CHARS]);

/* ---- watch_functions.c: TPH control and ST entries. 0, or -ENOMEM ---- */

int watch_functions_look(struct watch *w);
size_t watch_functions_count(const struct watch *w);
void watch_functions_free(struct watch *w);

/* ---- watch_bufs.c: dma-bufs, hints, holders, importers. 0, or a negative errno ---- */

int watch_bufs_look(struct watch *w);
size_t watch_bufs_count(const struct watch *w);
bool watch_bufs_importers_known(const struct watch *w);
void watch_bufs_free(struct watch *w);

/* "8-bit 0x5a, 16-bit 0x1234, target, required", "none" */
#define WATCH_HINTS_CHARS 96
const char *watch_hints(const struct tph_hints *hints, char text[WATCH_HINTS_CHARS]);
void watch_hints_to_json(struct json_object *object, const struct tph_hints *hints);

/* ---- watch_trace.c: importers that ask for a hint, by the kernel's tracepoint ---- */

struct watch_trace {
	int fd; /* -1: there is no tracepoint */
	char instance[WATCH_PATH_CHARS];
	char line[1024]; /* the next line, as far as it was read */
	size_t len;
};

/* 0, or a negative errno: no such tracepoint, or not root. */
int watch_trace_begin(struct watch *w, struct watch_trace *trace);
void watch_trace_read(struct watch *w, struct watch_trace *trace);
void watch_trace_end(struct watch_trace *trace);

#endif
