// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/command.h"

#include <string.h>

enum { WORDS_MAX = 6 }; /* one more than any command has */

struct words {
	char *word[WORDS_MAX];
	unsigned count, at;
};

/* Consumes and returns the next word if it is @want, or any where @want is NULL; else NULL. */
static const char *take(struct words *words, const char *want)
{
	const char *word = words->at < words->count ? words->word[words->at] : NULL;

	if (!word || (want && strcmp(word, want)))
		return NULL;
	words->at++;
	return word;
}

/* A whole number from 1 to @max, followed by @unit. */
static bool number(const char *word, const char *unit, unsigned max, unsigned *out)
{
	uint64_t value = 0;

	for (; *word >= '0' && *word <= '9'; word++) {
		value = value * 10 + (uint64_t)(*word - '0');
		if (value > max)
			return false;
	}
	*out = (unsigned)value;
	return value && !strcmp(word, unit);
}

static const char *parse_tph(struct command *out, struct words *words)
{
	if (take(words, "none"))
		out->tph_bits = 0;
	else if (take(words, "8"))
		out->tph_bits = 8;
	else if (take(words, "16"))
		out->tph_bits = 16;
	else
		return "tph: none, 8 or 16";
	out->verb = COMMAND_TPH;
	return NULL;
}

static const char *parse_unplug(struct command *out, struct words *words)
{
	const char *word = take(words, NULL);

	out->verb = COMMAND_UNPLUG;
	if (word && !number(word, "s", COMMAND_UNPLUG_S_MAX, &out->after_s))
		return "unplug: now, or how long after the guest has found it, from 1s to 600s";
	return NULL;
}

static const char *parse_link(struct command *out, struct words *words)
{
	const char *word;

	if (take(words, "cut")) {
		out->verb = COMMAND_CUT;
	} else if (take(words, "up")) {
		out->verb = COMMAND_JOIN;
	} else if (take(words, "delay")) {
		out->verb = COMMAND_LINK_DELAY;
		word = take(words, NULL);
		if (word && !strcmp(word, "none"))
			return NULL;
		if (!word || !number(word, "ms", COMMAND_DELAY_MS_MAX, &out->delay_ms))
			return "link delay: how long, from 1ms to 10000ms, or none";
	} else {
		return "link: cut, up or delay";
	}
	return NULL;
}

static const char *parse_fault(struct command *out, struct words *words)
{
	const bool of_reads = out->kind == FABRIC_FAULT_REORDER || out->kind == FABRIC_FAULT_LOSE;
	bool lasts = out->kind == FABRIC_FAULT_REORDER || out->kind == FABRIC_FAULT_DELAY;
	unsigned count;
	const char *word;

	out->verb = COMMAND_FAULT;
	out->fault = (struct fabric_fault){.reads = true, .writes = !of_reads};
	if (out->kind == FABRIC_FAULT_DELAY) {
		word = take(words, NULL);
		if (!word || !number(word, "ms", COMMAND_DELAY_MS_MAX, &out->fault.delay_ms))
			return "delay: how long, from 1ms to 10000ms";
	}
	out->fault.left = lasts ? FABRIC_FAULT_ALL : 1;
	if (take(words, "all")) {
		out->fault.left = FABRIC_FAULT_ALL;
	} else if (words->at < words->count &&
		   number(words->word[words->at], "", 1000000000, &count)) {
		words->at++;
		out->fault.left = count;
	}
	if (take(words, "reads"))
		out->fault.writes = false;
	else if (!of_reads && take(words, "writes"))
		out->fault.reads = false;
	return NULL;
}

static const char *parse_verb(struct command *out, struct words *words)
{
	const char *verb = take(words, NULL);

	if (!verb)
		return "no command for the device; doc/faults.md lists them";
	if (!strcmp(verb, "tph"))
		return parse_tph(out, words);
	if (!strcmp(verb, "clear")) {
		out->verb = COMMAND_CLEAR;
		return NULL;
	}
	if (!strcmp(verb, "unplug"))
		return parse_unplug(out, words);
	if (!strcmp(verb, "plug")) {
		out->verb = COMMAND_PLUG;
		return NULL;
	}
	if (!strcmp(verb, "link"))
		return parse_link(out, words);
	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++) {
		if (strcmp(verb, fabric_fault_str((enum fabric_fault_kind)kind)))
			continue;
		out->kind = (enum fabric_fault_kind)kind;
		return parse_fault(out, words);
	}
	return "no such fault: drop, delay, corrupt, reorder, ur, ca, lose, clear, unplug, plug, "
	       "tph or link";
}

/* Splits @text in place, into words of visible ASCII between spaces. */
static const char *split(struct words *words, char *text, size_t len)
{
	bool inside = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ' ') {
			text[i] = '\0';
			inside = false;
			continue;
		}
		if (text[i] < '!' || text[i] > '~')
			return "invalid character; a command is visible ASCII and spaces";
		if (!inside && words->count == WORDS_MAX)
			return "too many words";
		if (!inside)
			words->word[words->count++] = text + i;
		inside = true;
	}
	text[len] = '\0';
	return NULL;
}

const char *command_parse(struct command *out, const char *line, size_t len)
{
	char text[COMMAND_LINE_MAX + 1];
	struct words words = {.count = 0};
	const char *device, *wrong;

	*out = (struct command){.verb = COMMAND_STATUS};
	if (len > COMMAND_LINE_MAX)
		return "the line is too long";
	memcpy(text, line, len);
	wrong = split(&words, text, len);
	if (wrong)
		return wrong;
	if (!take(&words, "status")) {
		device = take(&words, NULL);
		if (!device || strlen(device) >= sizeof(out->device))
			return "begin with a device, such as accel0 or nic0";
		memcpy(out->device, device, strlen(device) + 1);
		wrong = parse_verb(out, &words);
	}
	if (!wrong && words.at < words.count)
		wrong = "too many words, or an invalid count";
	return wrong;
}
