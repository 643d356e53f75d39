/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the page shows of a run, as one JSON object: the keys of
 * result_parse(), and
 *   peer      of two hosts the second, as such an object; it has no result. Absent: there is one
 *   notes     lines about what is not shown, or not as it is in the files
 *   log       the end of the guest's kernel log
 *   trace     null if there is none, else
 *     tlps      number of all TLPs
 *     hints     kinds of hint, in order: width, st, ph, and the TLPs and bytes
 *               written with it to an accelerator; the last are all others
 *     ports     name, id ("02:00.0" or ""), below_switch (number, 0: none), flit (1: its
 *               link is in flit mode, 2: the one above its switch, 3: both)
 *     flows     from and to (index into ports), writes, reads, completions,
 *               bytes, hinted, dropped, flit
 *     timeline  bins (how many), bin_ms, bursts (bin, start_ms), bars (bin, hint,
 *               tlps), senders (port, and the bins in which it sent)
 */
#ifndef LAB_REPORT_SUMMARY_H
#define LAB_REPORT_SUMMARY_H

#include <json-c/json.h>
#include <stdio.h>

/* From the bytes of result.json. NULL: it is no JSON object. */
struct json_object *summary_new(const char *result, size_t len);

/* A line on the page. */
void summary_note(struct json_object *summary, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sums up @file, and closes it. What cannot be read becomes a note. */
void summary_add_trace(struct json_object *summary, FILE *file);

/* The guest's log, or its end. */
void summary_add_log(struct json_object *summary, const char *bytes, size_t len);

#endif
