// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "tphctl/facts.h"
#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/tphctl.h"

const char *seen_mark(enum tph_seen seen)
{
	switch (seen) {
	case TPH_SEEN_NO:
		return "-";
	case TPH_SEEN_NOT_VISIBLE:
		return "?";
	default:
		return tph_seen_str(seen);
	}
}

const char *requester_text(const struct tph_function *f)
{
	if (f->requester.seen != TPH_SEEN_YES)
		return seen_mark(f->requester.seen);
	if (!f->requester.interrupt_vector && !f->requester.device_specific)
		return f->requester.no_st ? "no-st" : "no-mode";
	return f->requester.extended ? "16-bit" : "8-bit";
}

const char *enabled_text(const struct tph_function *f)
{
	if (f->requester.seen != TPH_SEEN_YES)
		return seen_mark(f->requester.seen);
	return tph_enable_str(f->requester.enable);
}

const char *mode_text(const struct tph_function *f)
{
	if (f->requester.seen != TPH_SEEN_YES)
		return seen_mark(f->requester.seen);
	return tph_mode_str(f->requester.mode);
}

const char *completer_text(const struct tph_function *f)
{
	if (f->completer.seen != TPH_SEEN_YES)
		return seen_mark(f->completer.seen);
	return tph_completer_str(f->completer.type);
}

const char *table_text(const struct tph_function *f, char text[TABLE_TEXT_CHARS])
{
	if (f->requester.seen != TPH_SEEN_YES)
		return seen_mark(f->requester.seen);
	if (!f->requester.table_entries)
		return tph_table_str(f->requester.table);
	snprintf(text, TABLE_TEXT_CHARS, "%s, %u", tph_table_str(f->requester.table),
		 f->requester.table_entries);
	return text;
}

const char *ids_text(const struct tph_function *f, char text[IDS_TEXT_CHARS])
{
	if (f->ids_seen != TPH_SEEN_YES)
		return seen_mark(f->ids_seen);
	snprintf(text, IDS_TEXT_CHARS, "%04x:%04x", f->vendor, f->device);
	return text;
}

const char *class_text(const struct tph_function *f, char text[IDS_TEXT_CHARS])
{
	if (f->class_seen != TPH_SEEN_YES)
		return seen_mark(f->class_seen);
	snprintf(text, IDS_TEXT_CHARS, "%06x", f->class_code);
	return text;
}

/* null: not visible */
static void put_seen_hex(struct json_object *object, const char *name, enum tph_seen seen,
			 uint32_t value, int digits)
{
	if (seen == TPH_SEEN_YES)
		json_put_hex(object, name, value, digits);
	else
		json_put(object, name, NULL);
}

static void modes_to_json(struct json_object *requester, const struct tph_function *f)
{
	struct json_object *modes = json_put_array(requester, "modes");
	const bool can[] = {f->requester.no_st, f->requester.interrupt_vector,
			    f->requester.device_specific};

	for (unsigned mode = 0; modes && mode < 3; mode++) {
		if (can[mode])
			json_object_array_add(modes, json_object_new_string(tph_mode_str(mode)));
	}
}

static void requester_to_json(struct json_object *object, const struct tph_function *f)
{
	struct json_object *requester = json_object_new_object();

	json_put_string(requester, "seen", tph_seen_str(f->requester.seen));
	if (f->requester.seen == TPH_SEEN_YES) {
		json_put_hex(requester, "offset", f->requester.offset, 3);
		json_put_hex(requester, "capability_register", f->requester.capability, 8);
		json_put_hex(requester, "control_register", f->requester.control, 8);
		modes_to_json(requester, f);
		json_put_bool(requester, "extended", f->requester.extended);
		json_put_string(requester, "st_table", tph_table_str(f->requester.table));
		json_put_number(requester, "st_table_entries", f->requester.table_entries);
		json_put_string(requester, "mode", tph_mode_str(f->requester.mode));
		json_put_string(requester, "enabled", tph_enable_str(f->requester.enable));
	}
	json_put(object, "requester", requester);
}

static void completer_to_json(struct json_object *object, const struct tph_function *f)
{
	struct json_object *completer = json_object_new_object();

	json_put_string(completer, "seen", tph_seen_str(f->completer.seen));
	if (f->completer.seen == TPH_SEEN_YES) {
		json_put_hex(completer, "devcap2", f->completer.devcap2, 8);
		json_put_string(completer, "type", tph_completer_str(f->completer.type));
		json_put_bool(completer, "prefix", f->completer.prefix);
		json_put_number(completer, "prefix_max", f->completer.prefix_max);
		json_put_bool(completer, "prefix_blocked", f->completer.prefix_blocked);
	}
	json_put(object, "completer", completer);
}

static void acs_to_json(struct json_object *object, const struct tph_function *f)
{
	struct json_object *acs = json_object_new_object();

	json_put_string(acs, "seen", tph_seen_str(f->acs.seen));
	if (f->acs.seen == TPH_SEEN_YES) {
		json_put_hex(acs, "offset", f->acs.offset, 3);
		json_put_hex(acs, "capability_register", f->acs.capability, 4);
		json_put_hex(acs, "control_register", f->acs.control, 4);
		json_put_bool(acs, "request_redirect", f->acs.request_redirect);
		json_put_bool(acs, "completion_redirect", f->acs.completion_redirect);
		json_put_bool(acs, "egress_control", f->acs.egress_control);
	}
	json_put(object, "acs", acs);
}

void ids_to_json(struct json_object *object, const struct tph_function *f)
{
	put_seen_hex(object, "vendor", f->ids_seen, f->vendor, 4);
	put_seen_hex(object, "device", f->ids_seen, f->device, 4);
}

void facts_to_json(struct json_object *object, struct tph_ctx *ctx, const struct tph_function *f)
{
	struct identity id;

	json_put_bdf(object, "function", &f->bdf);
	ids_to_json(object, f);
	put_seen_hex(object, "class", f->class_seen, f->class_code, 6);
	identity_read(ctx, f, &id);
	identity_to_json(object, &id);
	identity_free(&id);
	json_put_string(object, "kind", tph_port_str(f->port));
	if (f->completer.seen == TPH_SEEN_YES)
		json_put_bool(object, "flit", f->flit);
	else
		json_put(object, "flit", NULL);
	json_put_number(object, "config_bytes", f->config_bytes);
	requester_to_json(object, f);
	completer_to_json(object, f);
	acs_to_json(object, f);
}

struct tph_function *read_function(const char *command, struct tph_ctx *ctx,
				   const struct tph_bdf *bdf)
{
	struct tph_function *f;
	char name[TPH_BDF_CHARS];
	int ret = tph_function_read(ctx, bdf, &f);

	if (!ret)
		return f;
	fail(EXIT_FAILED, "%s: cannot read %s: %s; if it was removed meanwhile, try again", command,
	     tph_bdf_format(bdf, name), strerror(-ret));
	return NULL;
}
