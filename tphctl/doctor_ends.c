// SPDX-License-Identifier: GPL-2.0-or-later
/* TPH of the two functions, and hints to the CPU's memory. */
#include <stdio.h>

#include "tphctl/doctor.h"
#include "tphctl/facts.h"

/* Unknown if it is not visible. */
static enum answer seen_answer(enum tph_seen seen)
{
	return seen == TPH_SEEN_YES ? ANSWER_OK : seen == TPH_SEEN_NO ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* TPH is off, and there is a driver that turns it on. */
static bool waits(const struct tph_function *f)
{
	enum tph_support enables;

	tph_function_driver(f, &enables);
	return f->requester.enable == TPH_ENABLE_OFF && enables == TPH_SUPPORT_YES &&
	       f->driver_seen != TPH_SEEN_NO;
}

static void requester(struct exam *exam)
{
	static const char id[] = "requester", title[] = "NIC sends hints";
	const struct tph_function *f = exam->nic.f;
	enum answer answer = seen_answer(f->requester.seen);
	bool can = f->requester.interrupt_vector || f->requester.device_specific;
	char table[TABLE_TEXT_CHARS];

	if (f->requester.seen == TPH_SEEN_NO)
		exam_add(exam, id, title, FOR_HINTS, answer, "no TPH Requester capability");
	else if (f->requester.seen != TPH_SEEN_YES)
		exam_add(exam, id, title, FOR_HINTS, answer, "its capabilities: %s",
			 tph_seen_str(f->requester.seen));
	else if (!can)
		exam_add(exam, id, title, FOR_HINTS, ANSWER_NO,
			 "its only mode is No-ST, so every tag is 0");
	else
		exam_add(exam, id, title, FOR_HINTS,
			 f->requester.enable == TPH_ENABLE_8 ||
					 f->requester.enable == TPH_ENABLE_16 || waits(f)
				 ? ANSWER_OK
				 : ANSWER_NO,
			 "it can send %s tags; enabled now: %s%s, mode %s, ST table %s",
			 requester_text(f), enabled_text(f),
			 waits(f) ? " (its driver may wait for a buffer with hints)" : "",
			 mode_text(f), table_text(f, table));
}

static void completer(struct exam *exam)
{
	static const char id[] = "completer", title[] = "accelerator takes hints";
	const struct tph_function *f = exam->accelerator.f;
	bool takes = f->completer.type == TPH_COMPLETER_8 || f->completer.type == TPH_COMPLETER_16;

	if (f->completer.seen == TPH_SEEN_YES)
		exam_add(exam, id, title, FOR_HINTS, takes ? ANSWER_OK : ANSWER_NO,
			 takes ? "it is a TPH completer: %s"
			       : "it is not a TPH completer (Device Capabilities 2: %s)",
			 f->completer.type == TPH_COMPLETER_16 ? "8-bit and 16-bit tags"
							       : completer_text(f));
	else
		exam_add(exam, id, title, FOR_HINTS, seen_answer(f->completer.seen),
			 f->completer.seen == TPH_SEEN_NO
				 ? "it is not a TPH completer: it has no Device Capabilities 2"
				 : "Device Capabilities 2: %s",
			 tph_seen_str(f->completer.seen));
}

void exam_ends(struct exam *exam)
{
	requester(exam);
	completer(exam);
}

static const struct tph_function *root_port(const struct tph_path *path)
{
	for (size_t i = 0; i < path->hop_count && path->hops[i].side != TPH_SIDE_EXPORTER; i++)
		if (path->hops[i].function->port == TPH_PORT_ROOT)
			return path->hops[i].function;
	return NULL;
}

/* Number of entries of the ST table with a tag, which is from firmware or from a buffer. */
static size_t tags_in_table(const struct exam *exam)
{
	struct tph_st_table *table;
	size_t tags = 0;

	if (tph_st_table_read(exam->host->ctx, &exam->nic.f->bdf, &table))
		return 0;
	for (size_t i = 0; i < table->count; i++)
		tags += table->tags[i] != 0;
	tph_st_table_free(table);
	return tags;
}

static void root_takes_hints(struct exam *exam, const struct tph_function *root)
{
	static const char id[] = "cpu-memory", title[] = "hints to CPU memory";
	const struct tph_function *f = exam->nic.f;
	char name[TPH_BDF_CHARS];
	size_t tags;

	tph_bdf_format(&root->bdf, name);
	if (f->requester.seen != TPH_SEEN_YES || f->requester.enable == TPH_ENABLE_OFF) {
		exam_add(exam, id, title, 0,
			 f->requester.seen > TPH_SEEN_YES ? ANSWER_UNKNOWN : ANSWER_NO,
			 "Root Port %s completes %s tags, but the NIC sends none", name,
			 completer_text(root));
		return;
	}
	tags = tags_in_table(exam);
	exam_add(exam, id, title, 0, tags ? ANSWER_OK : ANSWER_UNKNOWN,
		 "Root Port %s completes %s tags; a CPU's tag comes from firmware (_DSM of the "
		 "host bridge), and Linux does not show it; ST entries with a tag now: %zu",
		 name, completer_text(root), tags);
	if (!tags)
		exam_todo(exam, "for such hints an RDMA program names a CPU with a DMAH "
				"(ibv_alloc_dmah); bnxt_en does so by itself");
}

void exam_cpu_memory(struct exam *exam)
{
	static const char id[] = "cpu-memory", title[] = "hints to CPU memory";
	const struct tph_function *root = root_port(exam->path);
	char name[TPH_BDF_CHARS];

	if (!root)
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN,
			 "no Root Port above the NIC is visible");
	else if (root->completer.seen > TPH_SEEN_YES)
		exam_add(exam, id, title, 0, ANSWER_UNKNOWN, "Root Port %s: %s",
			 tph_bdf_format(&root->bdf, name), tph_seen_str(root->completer.seen));
	else if (root->completer.type != TPH_COMPLETER_8 &&
		 root->completer.type != TPH_COMPLETER_16)
		exam_add(exam, id, title, 0, ANSWER_NO, "Root Port %s is not a TPH completer",
			 tph_bdf_format(&root->bdf, name));
	else
		root_takes_hints(exam, root);
}
