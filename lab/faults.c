// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/faults.h"

#include <inttypes.h>
#include <string.h>

#include "lab/command.h"

static struct slot *find(const struct faults_scope *scope, const char *name)
{
	for (unsigned i = 0; i < scope->count; i++)
		if (!strcmp(scope->slots[i].name, name))
			return &scope->slots[i];
	return NULL;
}

static void clear(struct slot *slot)
{
	static const struct fabric_fault none;

	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++)
		fabric_port_set_fault(slot->port, (enum fabric_fault_kind)kind, &none);
}

/* Those that were set and not cleared, the used up ones as well. */
static void show_faults(const struct slot *slot, FILE *answer)
{
	const char *before = "";

	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++) {
		const struct fabric_fault *fault =
			fabric_port_fault(slot->port, (enum fabric_fault_kind)kind);

		if (!fault->left && !fault->hits)
			continue;
		fprintf(answer, "%s{\"fault\":\"%s\",\"hits\":%" PRIu64 ",\"left\":", before,
			fabric_fault_str((enum fabric_fault_kind)kind), fault->hits);
		if (fault->left == FABRIC_FAULT_ALL)
			fputs("null", answer);
		else
			fprintf(answer, "%" PRIu64, fault->left);
		fprintf(answer, ",\"reads\":%s,\"writes\":%s", fault->reads ? "true" : "false",
			fault->writes ? "true" : "false");
		if (fault->delay_ms)
			fprintf(answer, ",\"delay_ms\":%u", fault->delay_ms);
		fputs("}", answer);
		before = ",";
	}
}

static void show(const struct faults_scope *scope, FILE *answer)
{
	fputs("{", answer);
	for (unsigned i = 0; i < scope->count; i++) {
		const struct slot *slot = &scope->slots[i];

		fprintf(answer, "%s\"%s\":{\"away\":%s,\"faults\":[", i ? "," : "", slot->name,
			slot->away ? "true" : "false");
		show_faults(slot, answer);
		fputs("]}", answer);
	}
	fputs("}", answer);
}

static const char *apply(struct slot *slot, const struct command *command)
{
	switch (command->verb) {
	case COMMAND_FAULT:
		fabric_port_set_fault(slot->port, command->kind, &command->fault);
		return NULL;
	case COMMAND_CLEAR:
		clear(slot);
		return NULL;
	case COMMAND_AWAY:
		if (command->after_s)
			return slot_set_away_after(slot, command->after_s), NULL;
		return slot_set_away(slot, true) ? "the guest has not found the device yet; say "
						   "how long after that, as in away 10s"
						 : NULL;
	case COMMAND_BACK:
		slot_set_away(slot, false);
		return NULL;
	case COMMAND_TPH:
		if (slot_claim_tph(slot, command->tph_bits))
			return "started without TPH, so the guest has not seen the capability: "
			       "start it with 8 or 16";
		return NULL;
	case COMMAND_STATUS:
		break;
	}
	return NULL;
}

bool faults_run(const struct faults_scope *scope, const char *line, size_t len, FILE *answer)
{
	struct command command;
	struct slot *slot;
	const char *wrong = command_parse(&command, line, len);

	if (!wrong && command.verb == COMMAND_STATUS) {
		show(scope, answer);
		return true;
	}
	if (!wrong) {
		slot = find(scope, command.device);
		wrong = slot ? apply(slot, &command) : "no such device here; status lists them";
	}
	if (wrong)
		fprintf(answer, "error: %s", wrong);
	else
		fputs("ok", answer);
	return !wrong;
}
