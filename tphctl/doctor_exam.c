// SPDX-License-Identifier: GPL-2.0-or-later
/* An exam: its steps one after the other, their result, and what to fix in which order. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "util/macros.h"

static int read_subject(const struct host *host, const struct tph_bdf *bdf, struct subject *subject)
{
	int ret = tph_function_read(host->ctx, bdf, &subject->f);

	if (ret)
		return ret;
	subject->placed = !tph_place_read(host->ctx, bdf, &subject->place);
	ret = tph_names_read(host->ctx, bdf, &subject->names);
	return ret == -ENOMEM ? ret : 0;
}

static enum answer worst(const struct exam *exam, unsigned counts)
{
	enum answer answer = ANSWER_OK;

	for (size_t i = 0; i < exam->step_count; i++) {
		const struct step *step = &exam->steps[i];

		if (!(step->counts & counts))
			continue;
		if (step->answer == ANSWER_NO)
			return ANSWER_NO;
		if (step->answer == ANSWER_UNKNOWN)
			answer = ANSWER_UNKNOWN;
	}
	return answer;
}

/* An unknown verdict may turn out better than none. */
static int rank(const struct tph_path *path, enum tph_when when, enum tph_width width)
{
	static const int ranks[] = {[TPH_VERDICT_NONE] = 0,
				    [TPH_VERDICT_UNKNOWN] = 1,
				    [TPH_VERDICT_BEST_EFFORT] = 2,
				    [TPH_VERDICT_GUARANTEED] = 3};

	return ranks[path->judgements[when][width].verdict];
}

/* The width with the better verdict now, else the one that is enabled, or could be better. */
static enum tph_width better_width(const struct exam *exam)
{
	enum tph_enable enable = exam->nic.f->requester.enable;
	int more = rank(exam->path, TPH_NOW, TPH_WIDTH_16) - rank(exam->path, TPH_NOW, TPH_WIDTH_8);

	if (!more)
		more = (enable == TPH_ENABLE_16) - (enable == TPH_ENABLE_8);
	if (!more)
		more = rank(exam->path, TPH_COULD_BE, TPH_WIDTH_16) -
		       rank(exam->path, TPH_COULD_BE, TPH_WIDTH_8);
	return more > 0 ? TPH_WIDTH_16 : TPH_WIDTH_8;
}

/*
 * The verdict on hints once a buffer has some: the driver may enable TPH only then, so TPH that
 * is off is no reason by itself.
 */
static enum tph_verdict hints_verdict(const struct exam *exam)
{
	const struct tph_judgement *now = &exam->path->judgements[TPH_NOW][exam->width];
	enum tph_support enables;

	tph_function_driver(exam->nic.f, &enables);
	if (enables != TPH_SUPPORT_YES || exam->nic.f->driver_seen == TPH_SEEN_NO)
		return now->verdict;
	for (size_t i = 0; i < now->cause_count; i++)
		if (now->causes[i].verdict == TPH_VERDICT_NONE &&
		    now->causes[i].reason != TPH_REASON_DISABLED)
			return now->verdict;
	return exam->path->judgements[TPH_COULD_BE][exam->width].verdict;
}

static enum answer hints_answer(const struct exam *exam)
{
	static const enum answer answers[] = {[TPH_VERDICT_UNKNOWN] = ANSWER_UNKNOWN,
					      [TPH_VERDICT_NONE] = ANSWER_NO,
					      [TPH_VERDICT_BEST_EFFORT] = ANSWER_OK,
					      [TPH_VERDICT_GUARANTEED] = ANSWER_OK};
	enum answer path = answers[exam->verdict];
	enum answer steps = worst(exam, FOR_HINTS);

	if (path == ANSWER_NO || steps == ANSWER_NO)
		return ANSWER_NO;
	return path == ANSWER_UNKNOWN ? path : steps;
}

static void add_fix(struct exam *exam, const char *fix)
{
	for (size_t i = 0; i < exam->fix_count; i++)
		if (!strcmp(exam->fixes[i], fix))
			return;
	if (exam->fix_count < ARRAY_SIZE(exam->fixes))
		exam->fixes[exam->fix_count++] = fix;
}

static void fix_steps(struct exam *exam, unsigned counts, enum answer answer)
{
	for (size_t i = 0; i < exam->step_count; i++)
		if (exam->steps[i].counts & counts && exam->steps[i].answer == answer &&
		    exam->steps[i].todo)
			add_fix(exam, exam->steps[i].todo);
}

/* Causes of one verdict; TPH that the driver enables later needs no fix. */
static void fix_causes(struct exam *exam, enum tph_verdict verdict)
{
	const struct tph_judgement *now = &exam->path->judgements[TPH_NOW][exam->width];

	for (size_t i = 0; i < now->cause_count; i++)
		if (now->causes[i].verdict == verdict &&
		    !(now->causes[i].reason == TPH_REASON_DISABLED &&
		      exam->verdict != now->verdict))
			add_fix(exam, exam_fix(exam, &now->causes[i]));
}

/* Peer-to-peer comes first, since hints need it; what is certain before what is not known. */
static void find_fixes(struct exam *exam)
{
	fix_steps(exam, FOR_PEERS, ANSWER_NO);
	fix_causes(exam, TPH_VERDICT_NONE);
	fix_steps(exam, FOR_HINTS, ANSWER_NO);
	fix_steps(exam, FOR_PEERS, ANSWER_UNKNOWN);
	fix_causes(exam, TPH_VERDICT_UNKNOWN);
	fix_causes(exam, TPH_VERDICT_BEST_EFFORT);
	fix_steps(exam, FOR_HINTS, ANSWER_UNKNOWN);
}

int exam_run(struct exam *exam, struct host *host, const struct tph_bdf *nic,
	     const struct tph_bdf *accelerator)
{
	const struct tph_kernel *kernel = host->facts.known ? &host->facts.kernel : NULL;
	int ret;

	*exam = (struct exam){.host = host};
	ret = read_subject(host, nic, &exam->nic);
	if (!ret)
		ret = read_subject(host, accelerator, &exam->accelerator);
	if (!ret)
		ret = tph_path_read(host->ctx, nic, accelerator, kernel, &exam->path);
	if (ret)
		return ret;
	exam->width = better_width(exam);
	exam_drivers(exam);
	exam_halves(exam);
	exam_ends(exam);
	exam_kernel(exam);
	exam_import(exam);
	exam_iommu(exam);
	exam_acs(exam);
	exam_nvidia(exam);
	exam_route(exam);
	exam_cpu_memory(exam);
	exam_machine(exam);
	exam->peers = worst(exam, FOR_PEERS);
	exam->verdict = hints_verdict(exam);
	exam->hints = hints_answer(exam);
	find_fixes(exam);
	return exam->no_memory ? -ENOMEM : 0;
}

void exam_free(struct exam *exam)
{
	for (size_t i = 0; i < exam->step_count; i++) {
		free(exam->steps[i].why);
		free(exam->steps[i].todo);
	}
	tph_path_free(exam->path);
	tph_names_free(exam->other_names);
	tph_names_free(exam->nic.names);
	tph_names_free(exam->accelerator.names);
	tph_function_free(exam->nic.f);
	tph_function_free(exam->accelerator.f);
}
