// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compares what libtph, tphctl, lspci and setpci read of every function of this
 * machine, while no hints are sent and while tags are programmed.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "tests/lspci.h"

#define COMMAND_BYTES 256
#define TAKEN	      (VFIO_DMA_BUF_TPH_TAKEN_ST | VFIO_DMA_BUF_TPH_TAKEN_ST_EXT)

/* Compares @key of @object, as tphctl prints it, with @reg, as setpci reads it. */
static void compare_hex(struct json_object *object, const char *key, const char *name,
			const char *reg)
{
	const char *text = json_object_get_string(json_object_object_get(object, key));
	char options[COMMAND_BYTES];
	unsigned long want;

	snprintf(options, sizeof(options), "-s %s", name);
	want = setpci(options, reg);
	if (!text || strtoul(text, NULL, 16) != want)
		fail_msg("%s: tphctl has %s %s, setpci has %s %lx", name, key, text, reg, want);
}

/* The object @key, or NULL where tphctl does not see it; @seen is the answer of libtph. */
static struct json_object *part(struct json_object *show, const char *key, enum tph_seen seen)
{
	struct json_object *object = json_object_object_get(show, key);

	assert_non_null(object);
	assert_string_equal(json_object_get_string(json_object_object_get(object, "seen")),
			    tph_seen_str(seen));
	return seen == TPH_SEEN_YES ? object : NULL;
}

/* Returns the number of entries that are not 0. */
static unsigned compare_entries(struct json_object *show, const char *name,
				const struct tph_function *f)
{
	struct json_object *entries = json_object_object_get(show, "st_entries");
	char options[COMMAND_BYTES];
	uint16_t tags[2048];
	unsigned used = 0;

	if (f->requester.table != TPH_TABLE_CAPABILITY) {
		assert_null(entries);
		return 0;
	}
	assert_int_equal(json_object_array_length(entries), f->requester.table_entries);
	snprintf(options, sizeof(options), "-s %s", name);
	setpci_entries(options, f->requester.table_entries, tags);
	for (unsigned i = 0; i < f->requester.table_entries; i++) {
		const char *shown = json_object_get_string(json_object_array_get_idx(entries, i));

		if (strtoul(shown, NULL, 16) != tags[i])
			fail_msg("%s: entry %u is %s to tphctl, %x to setpci", name, i, shown,
				 tags[i]);
		used += tags[i] != 0;
	}
	return used;
}

/* Compares tphctl with setpci on @f. Returns the number of ST entries that are not 0. */
static unsigned compare_registers(const char *name, const struct tph_function *f)
{
	char command[COMMAND_BYTES], *text;
	struct json_object *show, *object;
	unsigned used = 0;

	snprintf(command, sizeof(command), "tphctl show %s --json", name);
	text = output_of(command);
	show = json_tokener_parse(text);
	assert_non_null(show);
	compare_hex(show, "vendor", name, "VENDOR_ID");
	compare_hex(show, "device", name, "DEVICE_ID");
	object = part(show, "requester", f->requester.seen);
	if (object) {
		compare_hex(object, "capability_register", name, "ECAP_TPH+4.l");
		compare_hex(object, "control_register", name, "ECAP_TPH+8.l");
		used = compare_entries(show, name, f);
	}
	object = part(show, "completer", f->completer.seen);
	if (object)
		compare_hex(object, "devcap2", name, "CAP_EXP+24.l");
	object = part(show, "acs", f->acs.seen);
	if (object) {
		compare_hex(object, "capability_register", name, "ECAP_ACS+4.w");
		compare_hex(object, "control_register", name, "ECAP_ACS+6.w");
	}
	json_object_put(show);
	free(text);
	return used;
}

/* Compares every function. Returns the number of ST entries that are not 0. */
static unsigned compare_all(void)
{
	char *all = output_of("lspci -Dnvvv 2>/dev/null");
	unsigned used = 0, requesters = 0;
	struct tph_bdf *list;
	struct tph_ctx *ctx;
	size_t count;

	assert_int_equal(tph_ctx_new_live(NULL, NULL, &ctx), 0);
	assert_int_equal(tph_ctx_list(ctx, TPH_LIST_ALL, &list, &count), 0);
	for (size_t i = 0; i < count; i++) {
		char *text = lspci_paragraph(all, &list[i]), name[TPH_BDF_CHARS];
		struct tph_function *f;

		assert_int_equal(tph_function_read(ctx, &list[i], &f), 0);
		tph_bdf_format(&list[i], name);
		lspci_compare(name, text, f);
		used += compare_registers(name, f);
		requesters += f->requester.seen == TPH_SEEN_YES;
		tph_function_free(f);
		free(text);
	}
	print_message("%zu functions, %u of them requesters, %u ST entries in use\n", count,
		      requesters, used);
	free(list);
	free(all);
	tph_ctx_unref(ctx);
	return used;
}

GUEST_TEST(without_tags)
{
	assert_int_equal(compare_all(), 0);
}

/*
 * Theory of operation: each NIC registers buffers with hints of its own width.
 * For each tag that it took, and has a table for, an entry is in use.
 */
GUEST_TEST(with_tags)
{
	enum { TAGS = 3 };
	unsigned taken = 0, slot = 0;
	uint16_t entries[2048];

	for (unsigned i = 0; i < guest->nic_count; i++) {
		struct nic *nic = &guest->nics[i];
		bool table = guest_st_table(nic, entries) > 0;

		for (unsigned n = 0; n < TAGS && nic->tag_bits; n++) {
			struct hint hint = {nic->tag_bits, (uint16_t)(0x40 + 16 * i + n), 2};
			int fd;

			if (hint.bits > guest->completer_bits)
				break;
			fd = guest_export_hint(guest, slot++, hint);
			guest_register(guest, nic, fd);
			taken += table && guest_get_flags(guest, fd) & TAKEN;
		}
	}
	if (!slot)
		GUEST_SKIP("no NIC sends tags that the accelerator completes");
	assert_int_equal(compare_all(), taken);
}
