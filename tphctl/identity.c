// SPDX-License-Identifier: GPL-2.0-or-later
#include <pci/pci.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/identity.h"
#include "tphctl/json.h"
#include "tphctl/tphctl.h"

/* libpci's error callback, which must not return. */
__attribute__((noreturn, format(printf, 1, 2))) static void give_up(char *format, ...)
{
	va_list args;

	fputs("tphctl: cannot read the names of vendors and devices: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; update pci.ids (package pci.ids)\n", stderr);
	exit(EXIT_FAILED);
}

__attribute__((format(printf, 1, 2))) static void ignore(char *format, ...)
{
	(void)format;
}

/*
 * libpci ends the program if memory runs out or the file is malformed, so only the command uses
 * it, not the library. It reads pci.ids once.
 */
static struct pci_access *open_ids(void)
{
	static struct pci_access *access;
	char *path = getenv("TPHCTL_PCI_IDS");

	if (access)
		return access;
	access = pci_alloc();
	/* pci_init() would set them, and scan the devices. */
	access->error = give_up;
	access->warning = ignore;
	access->debug = ignore;
	if (path)
		pci_set_name_list_path(access, path, 0);
	return access;
}

static void read_ids(const struct tph_function *f, struct identity *id)
{
	const int flags = PCI_LOOKUP_NO_NUMBERS | PCI_LOOKUP_NO_HWDB;
	struct pci_access *ids = open_ids();

	if (f->ids_seen != TPH_SEEN_YES)
		return;
	if (!pci_lookup_name(ids, id->vendor, sizeof(id->vendor), flags | PCI_LOOKUP_VENDOR,
			     f->vendor))
		id->vendor[0] = '\0';
	if (!pci_lookup_name(ids, id->device, sizeof(id->device), flags | PCI_LOOKUP_DEVICE,
			     f->vendor, f->device))
		id->device[0] = '\0';
}

void identity_read(struct tph_ctx *ctx, const struct tph_function *f, struct identity *id)
{
	*id = (struct identity){0};
	read_ids(f, id);
	snprintf(id->driver, sizeof(id->driver), "%s", f->driver);
	if (tph_names_read(ctx, &f->bdf, &id->names))
		id->names = NULL;
}

void identity_free(struct identity *id)
{
	tph_names_free(id->names);
}

const char *identity_text(const struct identity *id, char text[2 * IDENTITY_CHARS])
{
	snprintf(text, 2 * IDENTITY_CHARS, "%s%s%s", id->vendor,
		 id->vendor[0] && id->device[0] ? " " : "", id->device);
	return text;
}

const char *identity_names(const struct identity *id, char text[IDENTITY_CHARS])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; id->names && i < id->names->count && used < IDENTITY_CHARS; i++)
		used += (size_t)snprintf(text + used, IDENTITY_CHARS - used, "%s%s", i ? " " : "",
					 id->names->names[i].name);
	return text;
}

static void put_known(struct json_object *object, const char *name, const char *value)
{
	if (value[0])
		json_put_text(object, name, value);
	else
		json_put(object, name, NULL);
}

void identity_to_json(struct json_object *object, const struct identity *id)
{
	struct json_object *names;

	put_known(object, "vendor_name", id->vendor);
	put_known(object, "device_name", id->device);
	put_known(object, "driver", id->driver);
	names = json_put_array(object, "names");
	for (size_t i = 0; names && id->names && i < id->names->count; i++) {
		struct json_object *name = json_object_new_object();

		json_put_string(name, "subsystem", id->names->names[i].subsystem);
		json_put_text(name, "name", id->names->names[i].name);
		json_object_array_add(names, name);
	}
}
