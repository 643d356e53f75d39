// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of steps, and helpers of the files that add to it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "tphctl/text.h"

const char *answer_str(enum answer answer)
{
	static const char *const names[] = {"ok", "no", "unknown"};

	return names[answer];
}

static char *format_text(struct exam *exam, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0) {
		exam->no_memory = true;
		return NULL;
	}
	text_clean(text);
	return text;
}

void exam_add(struct exam *exam, const char *id, const char *title, unsigned counts,
	      enum answer answer, const char *format, ...)
{
	struct step *step = &exam->steps[exam->step_count];
	va_list args;

	if (exam->step_count == STEPS_MAX)
		return;
	va_start(args, format);
	*step = (struct step){.id = id, .title = title, .counts = counts, .answer = answer};
	step->why = format_text(exam, format, args);
	va_end(args);
	exam->step_count++;
}

void exam_todo(struct exam *exam, const char *format, ...)
{
	struct step *step = &exam->steps[exam->step_count - 1];
	va_list args;

	va_start(args, format);
	free(step->todo);
	step->todo = format_text(exam, format, args);
	va_end(args);
}

const char *name_of(const struct tph_names *names, const char *subsystem)
{
	for (size_t i = 0; names && i < names->count; i++)
		if (!strcmp(names->names[i].subsystem, subsystem))
			return names->names[i].name;
	return NULL;
}

const char *subject_name(const struct subject *subject, const char *subsystem)
{
	return name_of(subject->names, subsystem);
}

const char *subject_driver(const struct subject *subject)
{
	return subject->f->driver_seen == TPH_SEEN_YES ? subject->f->driver : NULL;
}

const char *exam_fix(const struct exam *exam, const struct tph_cause *cause)
{
	return cause->reason == TPH_REASON_ACS_REDIRECT && exam->acs_fix ? exam->acs_fix
									 : cause->sentence;
}
