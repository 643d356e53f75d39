// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/faults.h"

#include <string.h>

#include <json-c/json.h>

#include "lab/command.h"
#include "lab/wire.h"

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

static struct json_object *fault_json(enum fabric_fault_kind kind, const struct fabric_fault *fault)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "fault", json_object_new_string(fabric_fault_str(kind)));
	json_object_object_add(json, "hits", json_object_new_uint64(fault->hits));
	json_object_object_add(
		json, "left",
		fault->left == FABRIC_FAULT_ALL ? NULL : json_object_new_uint64(fault->left));
	json_object_object_add(json, "reads", json_object_new_boolean(fault->reads));
	json_object_object_add(json, "writes", json_object_new_boolean(fault->writes));
	if (fault->delay_ms)
		json_object_object_add(json, "delay_ms", json_object_new_int64(fault->delay_ms));
	return json;
}

static struct json_object *link_json(const struct wire *wire)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "cut", json_object_new_boolean(wire->cut));
	json_object_object_add(json, "connected", json_object_new_boolean(wire->fd >= 0));
	json_object_object_add(json, "delay_ms", json_object_new_int64(wire->delay_ms));
	json_object_object_add(json, "packets", json_object_new_uint64(wire->packets));
	json_object_object_add(json, "lost", json_object_new_uint64(wire->lost));
	return json;
}

/* Includes the faults that were set and not cleared, with those that have no hits left. */
static struct json_object *slot_json(const struct slot *slot)
{
	struct json_object *json = json_object_new_object(), *faults = json_object_new_array();

	json_object_object_add(json, "unplugged", json_object_new_boolean(slot->unplugged));
	for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++) {
		const struct fabric_fault *fault =
			fabric_port_fault(slot->port, (enum fabric_fault_kind)kind);

		if (fault->left || fault->hits)
			json_object_array_add(faults,
					      fault_json((enum fabric_fault_kind)kind, fault));
	}
	json_object_object_add(json, "faults", faults);
	if (slot->wire)
		json_object_object_add(json, "link", link_json(slot->wire));
	return json;
}

static void show(const struct faults_scope *scope, FILE *answer)
{
	struct json_object *json = json_object_new_object();

	for (unsigned i = 0; i < scope->count; i++)
		json_object_object_add(json, scope->slots[i].name, slot_json(&scope->slots[i]));
	fputs(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN), answer);
	json_object_put(json);
}

static const char *unplug(struct slot *slot, unsigned after_s)
{
	if (after_s) {
		slot_unplug_after(slot, after_s);
		return NULL;
	}
	if (slot_unplug(slot))
		return "the guest has not found the device yet; unplug 10s unplugs it 10 s after "
		       "that";
	return NULL;
}

static const char *set_link(struct wire *wire, const struct command *command)
{
	if (!wire)
		return "the device has no link to another host: tphlab pair starts it with one";
	if (command->verb == COMMAND_CUT)
		wire_cut(wire);
	else if (command->verb == COMMAND_JOIN && wire_join(wire))
		return "cannot create the link's socket: is its disk full?";
	else if (command->verb != COMMAND_JOIN)
		wire->delay_ms = command->delay_ms;
	return NULL;
}

static const char *apply(struct slot *slot, const struct command *command)
{
	switch (command->verb) {
	case COMMAND_FAULT:
		fabric_port_set_fault(slot->port, command->kind, &command->fault);
		break;
	case COMMAND_CLEAR:
		clear(slot);
		break;
	case COMMAND_UNPLUG:
		return unplug(slot, command->after_s);
	case COMMAND_PLUG:
		slot_plug(slot);
		break;
	case COMMAND_TPH:
		if (slot_advertise_tph(slot, command->tph_bits))
			return "started without TPH, so the guest has not seen the capability: "
			       "start it with 8 or 16";
		break;
	case COMMAND_CUT:
	case COMMAND_JOIN:
	case COMMAND_LINK_DELAY:
		return set_link(slot->wire, command);
	case COMMAND_STATUS: /* of all slots: see faults_run() */
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
