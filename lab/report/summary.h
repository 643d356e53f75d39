/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the report needs of a run: result.json, and the trace added up. */
#ifndef LAB_REPORT_SUMMARY_H
#define LAB_REPORT_SUMMARY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "fabric/trace_read.h"

enum {
	SERIES_MAX = 8, /* kinds of hint that are told apart; 0 is "no hint", the last "others" */
	PORTS_MAX = 33,
	FLOWS_MAX = PORTS_MAX * PORTS_MAX,
};

struct series {
	struct tlp_hint hint;
	uint64_t writes, bytes; /* to an accelerator */
};

/* A port as the trace has it. */
struct port {
	char name[TRACE_NAME_BYTES + 1];
	bool has_id;
	uint16_t id;
	unsigned below_switch; /* which one; 0: none */
};

struct flow {
	unsigned from, to;
	uint64_t tlps[4]; /* by enum tlp_kind */
	uint64_t bytes;	  /* carried by MWr and CplD */
	uint64_t hinted, dropped;
};

/* One write to an accelerator. */
struct write {
	uint64_t time_ns;
	unsigned char series, from;
};

struct summary {
	struct json_object *result;
	struct series series[SERIES_MAX];
	unsigned series_count; /* without "others" */

	const char *no_trace; /* why there is none; NULL: there is one */
	struct port ports[PORTS_MAX];
	unsigned port_count;
	struct flow flows[FLOWS_MAX];
	unsigned flow_count;
	struct write *writes;
	size_t write_count, write_room;
	uint64_t tlps, first_ns;
};

/* 0, or a negative errno. @trace NULL: there is none. One that is cut counts as far as it goes. */
int summary_load(struct summary *summary, const char *result, const char *trace);
void summary_free(struct summary *summary);

/* Of an object from result.json: "" and 0 where it has no such key. */
const char *result_text(struct json_object *object, const char *key);
int64_t result_number(struct json_object *object, const char *key);
/* NULL too where it is no array, which json_object_array_length() is not asked about. */
struct json_object *result_list(struct json_object *object, const char *key);
size_t result_length(struct json_object *list);
/* NULL: it has no such key. */
struct json_object *result_object(struct json_object *object, const char *key);

/* The hint of a pair or of what adds, and which series it is. */
struct tlp_hint result_hint(struct json_object *object);
unsigned summary_series(const struct summary *summary, const struct tlp_hint *hint);

bool port_is_accelerator(const struct port *port);
/* The entry of result.json's nics for a port, or NULL. */
struct json_object *port_nic(const struct summary *summary, const struct port *port);

#endif
