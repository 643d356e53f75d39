// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libtph/fdinfo.h"
#include "libtph/textfile.h"
#include "util/macros.h"

#define LINE_CHARS 512

enum field {
	FIELD_INODE,
	FIELD_SIZE,
	FIELD_COUNT,
	FIELD_EXPORTER,
	FIELD_NAME,
	FIELD_HINTS,
	FIELDS
};

static const char *const field_names[FIELDS] = {
	[FIELD_INODE] = "ino",	       [FIELD_SIZE] = "size", [FIELD_COUNT] = "count",
	[FIELD_EXPORTER] = "exp_name", [FIELD_NAME] = "name", [FIELD_HINTS] = "tph",
};

/* Cuts "field:\tvalue" in two. FIELDS: a line of another kind. */
static enum field split(char *line, char **value)
{
	char *colon = strchr(line, ':');
	int field = 0;

	if (!colon)
		return FIELDS;
	*colon = '\0';
	*value = colon + 1 + strspn(colon + 1, " \t");
	while (field < FIELDS && strcmp(line, field_names[field]))
		field++;
	return (enum field)field;
}

static bool parse_number(const char *text, int base, uint64_t most, uint64_t *number)
{
	unsigned long long value;
	char *end;

	/* strtoull() accepts blanks and signs. */
	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno || *end || value > most)
		return false;
	*number = value;
	return true;
}

static void take_word(struct tph_hints *hints, char *word)
{
	static const struct {
		const char *key;
		uint32_t flag;
	} switches[] = {
		{"required", TPH_HINT_REQUIRED},
		{"taken_st", TPH_HINT_TAKEN_ST},
		{"taken_st_ext", TPH_HINT_TAKEN_ST_EXT},
	};
	char *value = strchr(word, '=');
	uint64_t number;

	if (!value)
		return;
	*value++ = '\0';
	if (!parse_number(value, 0, UINT16_MAX, &number))
		return;
	if (!strcmp(word, "st") && number <= UINT8_MAX) {
		hints->flags |= TPH_HINT_ST;
		hints->st = (uint8_t)number;
	} else if (!strcmp(word, "st_ext")) {
		hints->flags |= TPH_HINT_ST_EXT;
		hints->st_ext = (uint16_t)number;
	} else if (!strcmp(word, "ph") && number <= TPH_PH_TARGET_PRIORITY) {
		hints->ph = (uint8_t)number;
	}
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (!strcmp(word, switches[i].key) && number)
			hints->flags |= switches[i].flag;
}

static void take_hints(struct fdinfo *info, char *value)
{
	char *rest = value, *word;

	info->hints = (struct tph_hints){0};
	info->hints_shown = true;
	while ((word = strsep(&rest, " \t")))
		take_word(&info->hints, word);
}

static void take_field(struct fdinfo *info, enum field field, char *value)
{
	switch (field) {
	case FIELD_INODE:
		parse_number(value, 10, UINT64_MAX, &info->inode);
		break;
	case FIELD_SIZE:
		parse_number(value, 10, UINT64_MAX, &info->size_bytes);
		break;
	case FIELD_COUNT:
		parse_number(value, 10, UINT64_MAX, &info->references);
		break;
	case FIELD_EXPORTER:
		snprintf(info->exporter, sizeof(info->exporter), "%s", value);
		break;
	case FIELD_NAME:
		snprintf(info->name, sizeof(info->name), "%s", value);
		break;
	case FIELD_HINTS:
		take_hints(info, value);
		break;
	case FIELDS:
		break;
	}
}

bool fdinfo_read(FILE *file, struct fdinfo *info)
{
	bool seen[FIELDS + 1] = {false}, hints_above_name = false;
	char line[LINE_CHARS], *value = NULL;

	*info = (struct fdinfo){0};
	while (textfile_line(file, line, sizeof(line))) {
		enum field field = split(line, &value);

		if (seen[FIELD_NAME] ? field != FIELD_HINTS || hints_above_name : seen[field])
			continue;
		take_field(info, field, value);
		seen[field] = field != FIELDS;
		hints_above_name |= field == FIELD_HINTS && !seen[FIELD_NAME];
	}
	return seen[FIELD_SIZE] && seen[FIELD_COUNT] && seen[FIELD_EXPORTER];
}
