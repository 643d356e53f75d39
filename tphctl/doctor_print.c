// SPDX-License-Identifier: GPL-2.0-or-later
/* Exams on a terminal and as JSON. */
#include <stdio.h>

#include "tphctl/doctor.h"
#include "tphctl/facts.h"
#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/table.h"
#include "tphctl/tphctl.h"

/* ", board MT2501X: ConnectX-8 …", by its Vital Product Data; "" */
static const char *board_text(const struct tph_vpd *vpd, char *text, size_t size)
{
	text[0] = '\0';
	if (vpd && (vpd->serial[0] || vpd->name[0]))
		snprintf(text, size, ", board %s%s%s", vpd->serial,
			 vpd->serial[0] && vpd->name[0] ? ": " : "", vpd->name);
	return text;
}

static void subject_line(struct table *table, struct host *host, const char *role,
			 const struct subject *subject)
{
	struct libscols_line *line = table_line(table, NULL);
	char bdf[TPH_BDF_CHARS], names[IDENTITY_CHARS], text[2 * IDENTITY_CHARS];
	char board[2 * TPH_VPD_CHARS + 16], ids[IDS_TEXT_CHARS];
	struct identity id;

	identity_read(host->ctx, subject->f, &id);
	identity_names(&id, names);
	identity_text(&id, text);
	table_cell(table, line, 0, TONE_PLAIN, "%s", role);
	table_cell(table, line, 1, TONE_PLAIN, "%s", tph_bdf_format(&subject->f->bdf, bdf));
	table_cell(table, line, 2, TONE_PLAIN, "%s%s%s%s%s%s", ids_text(subject->f, ids),
		   names[0] ? " " : "", names, text[0] ? ", " : "", text,
		   board_text(nvidia_vpd(host, &subject->f->bdf), board, sizeof(board)));
	identity_free(&id);
}

static enum tone answer_tone(enum answer answer)
{
	static const enum tone tones[] = {
		[ANSWER_OK] = TONE_GOOD, [ANSWER_NO] = TONE_BAD, [ANSWER_UNKNOWN] = TONE_WARN};

	return tones[answer];
}

static int print_steps(const struct exam *exam)
{
	static const struct column columns[] = {{"ANSWER", 0}, {"STEP", 0}, {"WHY", 0}};
	struct table table;

	table_begin(&table, columns, 3, true);
	for (size_t i = 0; i < exam->step_count; i++) {
		const struct step *step = &exam->steps[i];
		struct libscols_line *line = table_line(&table, NULL);

		table_cell(&table, line, 0, answer_tone(step->answer), "%s",
			   answer_str(step->answer));
		table_cell(&table, line, 1, TONE_PLAIN, "%s", step->title);
		table_cell(&table, line, 2, TONE_PLAIN, "%s", step->why);
	}
	return table_end(&table);
}

static int print_subjects(const struct exam *exam)
{
	static const struct column columns[] = {{"", 0}, {"", 0}, {"", 0}};
	struct table table;

	table_begin(&table, columns, 3, false);
	subject_line(&table, exam->host, "NIC", &exam->nic);
	subject_line(&table, exam->host, "accelerator", &exam->accelerator);
	return table_end(&table);
}

static void print_result(const struct exam *exam)
{
	static const char *const routes[] = {
		[TPH_ROUTE_UNKNOWN] = "the route is not known",
		[TPH_ROUTE_NONE] = "Linux maps nothing between them",
		[TPH_ROUTE_HOST] = "through the host",
		[TPH_ROUTE_DIRECT] = "direct",
	};

	printf("\npeer-to-peer  %s: %s%s\n", answer_str(exam->peers), routes[exam->path->route],
	       exam->host->dump ? ", as far as a dump shows" : "");
	printf("hints         %s: ", answer_str(exam->hints));
	for (int width = 0; width < TPH_WIDTHS; width++)
		printf("%s%s tags %s, could be %s", width ? "; " : "",
		       tph_width_str((unsigned)width),
		       tph_verdict_str(exam->path->judgements[TPH_NOW][width].verdict),
		       tph_verdict_str(exam->path->judgements[TPH_COULD_BE][width].verdict));
	putchar('\n');
	if (exam->fix_count)
		puts("\nWhat to fix, in this order:");
	for (size_t i = 0; i < exam->fix_count; i++)
		printf("%2zu. %s\n", i + 1, exam->fixes[i]);
}

int print_exam(const struct exam *exam)
{
	if (print_subjects(exam))
		return no_memory();
	putchar('\n');
	if (print_steps(exam))
		return no_memory();
	print_result(exam);
	return finish_output(EXIT_DONE);
}

/* The address and the name of the first subsystem in @subsystems that has one. */
static void end_cell(struct table *table, struct libscols_line *line, size_t column,
		     const struct subject *subject, const char *const *subsystems)
{
	const char *name = NULL;
	char bdf[TPH_BDF_CHARS];

	for (; *subsystems && !name; subsystems++)
		name = subject_name(subject, *subsystems);
	table_cell(table, line, column, TONE_PLAIN, "%s%s%s", tph_bdf_format(&subject->f->bdf, bdf),
		   name ? " " : "", name ? name : "");
}

static void verdict_cell(struct table *table, struct libscols_line *line, size_t column,
			 enum tph_verdict verdict)
{
	static const enum tone tones[] = {[TPH_VERDICT_UNKNOWN] = TONE_WARN,
					  [TPH_VERDICT_NONE] = TONE_BAD,
					  [TPH_VERDICT_BEST_EFFORT] = TONE_WARN,
					  [TPH_VERDICT_GUARANTEED] = TONE_GOOD};

	table_cell(table, line, column, tones[verdict], "%s", tph_verdict_str(verdict));
}

int print_exams(const struct exam *exams, size_t count)
{
	static const struct column columns[] = {
		{"NIC", 0},   {"ACCELERATOR", 0}, {"PEER-TO-PEER", 0},
		{"8-BIT", 0}, {"16-BIT", 0},	  {"FIRST TO FIX", 0},
	};
	static const char *const nic[] = {"infiniband", "net", NULL};
	static const char *const accelerator[] = {"drm", "accel", "vfio-dev", NULL};
	struct table table;

	table_begin(&table, columns, 6, true);
	for (size_t i = 0; i < count; i++) {
		const struct exam *exam = &exams[i];
		struct libscols_line *line = table_line(&table, NULL);
		bool travels = exam->path->route >= TPH_ROUTE_HOST;

		end_cell(&table, line, 0, &exam->nic, nic);
		end_cell(&table, line, 1, &exam->accelerator, accelerator);
		table_cell(&table, line, 2, answer_tone(exam->peers), "%s%s%s",
			   answer_str(exam->peers), travels ? ", " : "",
			   travels ? tph_route_str(exam->path->route) : "");
		verdict_cell(&table, line, 3, exam->path->judgements[TPH_NOW][0].verdict);
		verdict_cell(&table, line, 4, exam->path->judgements[TPH_NOW][1].verdict);
		table_cell(&table, line, 5, TONE_PLAIN, "%s",
			   exam->fix_count ? exam->fixes[0] : "nothing");
	}
	if (table_end(&table))
		return no_memory();
	puts("\ntphctl doctor NIC ACCELERATOR has all steps of a pair.");
	return finish_output(EXIT_DONE);
}

/* null: not known, or none */
static void put_text(struct json_object *object, const char *key, const char *text)
{
	if (text[0])
		json_put_string(object, key, text);
	else
		json_put(object, key, NULL);
}

static void put_index(struct json_object *object, const char *key, bool known, int index)
{
	if (known && index >= 0)
		json_put_number(object, key, (uint64_t)index);
	else
		json_put(object, key, NULL);
}

static void vpd_to_json(struct json_object *root, const struct tph_vpd *vpd)
{
	struct json_object *object = vpd ? json_object_new_object() : NULL;

	if (object) {
		put_text(object, "name", vpd->name);
		put_text(object, "serial", vpd->serial);
		put_text(object, "v3", vpd->v3);
		put_text(object, "vu", vpd->vu);
	}
	json_put(root, "vpd", object);
}

static void subject_to_json(struct json_object *root, const char *key, struct host *host,
			    const struct subject *subject)
{
	struct json_object *object = json_object_new_object(), *names;
	const struct tph_place *place = &subject->place;
	const char *driver = subject_driver(subject);

	json_put_bdf(object, "function", &subject->f->bdf);
	ids_to_json(object, subject->f);
	json_put(object, "driver", driver ? json_new_text(driver) : NULL);
	names = json_put_array(object, "names");
	for (size_t i = 0; names && subject->names && i < subject->names->count; i++)
		json_object_array_add(names, json_new_text(subject->names->names[i].name));
	put_index(object, "iommu_group", subject->placed, place->iommu_group);
	json_put_text(object, "iommu_type", subject->placed ? place->iommu_type : "");
	put_index(object, "numa_node", subject->placed, place->numa_node);
	json_put_string(object, "ats", ats_text(subject->f));
	vpd_to_json(object, nvidia_vpd(host, &subject->f->bdf));
	json_put(root, key, object);
}

static void steps_to_json(struct json_object *root, const struct exam *exam)
{
	struct json_object *steps = json_put_array(root, "steps");

	for (size_t i = 0; steps && i < exam->step_count; i++) {
		const struct step *step = &exam->steps[i];
		struct json_object *object = json_object_new_object();

		json_put_string(object, "step", step->id);
		json_put_string(object, "answer", answer_str(step->answer));
		json_put_bool(object, "for_peer_to_peer", step->counts & FOR_PEERS);
		json_put_bool(object, "for_hints", step->counts & FOR_HINTS);
		json_put_string(object, "why", step->why);
		json_put_string(object, "what_to_do", step->todo);
		json_object_array_add(steps, object);
	}
}

static void verdicts_to_json(struct json_object *root, const struct exam *exam)
{
	for (int when = 0; when < TPH_WHENS; when++) {
		struct json_object *object = json_object_new_object();

		for (int width = 0; width < TPH_WIDTHS; width++)
			json_put_string(
				object, tph_width_str((unsigned)width),
				tph_verdict_str(exam->path->judgements[when][width].verdict));
		json_put(root, when == TPH_NOW ? "now" : "could_be", object);
	}
}

static struct json_object *exam_to_json(const struct exam *exam)
{
	struct json_object *object = json_object_new_object(), *fixes;

	subject_to_json(object, "nic", exam->host, &exam->nic);
	subject_to_json(object, "accelerator", exam->host, &exam->accelerator);
	if (exam->other_half)
		json_put_bdf(object, "other_half", &exam->other_half->bdf);
	else
		json_put(object, "other_half", NULL);
	json_put_string(object, "peer_to_peer", answer_str(exam->peers));
	json_put_string(object, "route", tph_route_str(exam->path->route));
	json_put_string(object, "requests", tph_route_str(exam->path->requests));
	json_put_string(object, "completions", tph_route_str(exam->path->completions));
	json_put_bool(object, "translated_direct", exam->path->translated_direct);
	json_put_string(object, "hints", answer_str(exam->hints));
	verdicts_to_json(object, exam);
	steps_to_json(object, exam);
	fixes = json_put_array(object, "to_fix");
	for (size_t i = 0; fixes && i < exam->fix_count; i++)
		json_object_array_add(fixes, json_object_new_string(exam->fixes[i]));
	return object;
}

int print_exams_json(const struct exam *exams, size_t count)
{
	struct json_object *root = json_begin("doctor"), *pairs;

	json_put_bool(root, "from_dump", exams[0].host->dump);
	pairs = json_put_array(root, "pairs");
	for (size_t i = 0; pairs && i < count; i++)
		json_object_array_add(pairs, exam_to_json(&exams[i]));
	return json_end(root, false);
}
