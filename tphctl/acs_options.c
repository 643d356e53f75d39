// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ACS of a port by the kernel's command line. The options are parsed as Linux does it
 * (__pci_config_acs() of drivers/pci/pci.c): a list of [FLAGS@]DEVICE with ; between, where
 * the first that matches counts, config_acs= after disable_acs_redir=.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tphctl/doctor.h"
#include "util/cmdline.h"

#define REDIRECTS (PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC)

bool acs_flags_parse(const char *text, size_t len, struct acs_change *change)
{
	*change = (struct acs_change){0};
	for (size_t i = 0; i < len; i++) {
		uint16_t bit = len - i <= 16 ? (uint16_t)(1u << (len - i - 1)) : 0;

		if (text[i] == '0' || text[i] == '1')
			change->mask |= bit;
		if (text[i] == '1')
			change->value |= bit;
		if (!strchr("01xX", text[i]))
			return false;
	}
	return true;
}

/* "pci:15b3:1979", where 0 is any; further fields are of the subsystem. */
static bool fits_ids(const char *text, const struct tph_function *port)
{
	unsigned vendor = 0, device = 0;

	return sscanf(text, "%x:%x", &vendor, &device) == 2 &&
	       (!vendor || vendor == port->vendor) && (!device || device == port->device);
}

static bool is_address(const char *text, const struct tph_bdf *bdf)
{
	struct tph_bdf parsed;

	return !tph_bdf_parse(text, &parsed) && !tph_bdf_compare(&parsed, bdf);
}

/*
 * "0000:00:01.0/02.0": an address, then the device and function number below each bridge.
 * @path is cut from its end on.
 */
static bool fits_path(struct tph_ctx *ctx, char *path, const struct tph_function *port)
{
	char *slash = strrchr(path, '/'), name[80];
	struct tph_function *bridge;
	bool fits;

	if (!slash)
		return is_address(path, &port->bdf);
	*slash = '\0';
	snprintf(name, sizeof(name), "%x:%x:%s", port->bdf.domain, port->bdf.bus, slash + 1);
	if (!is_address(name, &port->bdf) || port->above.seen != TPH_SEEN_YES ||
	    tph_function_read(ctx, &port->above.bdf, &bridge))
		return false;
	fits = fits_path(ctx, path, bridge);
	tph_function_free(bridge);
	return fits;
}

static bool fits(struct tph_ctx *ctx, const char *device, const struct tph_function *port)
{
	char path[64];

	if (!strncmp(device, "pci:", 4))
		return fits_ids(device + 4, port);
	return snprintf(path, sizeof(path), "%s", device) < (int)sizeof(path) &&
	       fits_path(ctx, path, port);
}

/* The first item of @list that is about @port. */
static bool find_item(struct tph_ctx *ctx, char *list, bool flags, const struct tph_function *port,
		      struct acs_change *change, char *item, size_t size)
{
	char *rest = list, *word;

	while ((word = strsep(&rest, ";"))) {
		char *at = flags ? strchr(word, '@') : NULL;

		if (flags && (!at || !acs_flags_parse(word, (size_t)(at - word), change)))
			return false;
		if (!fits(ctx, at ? at + 1 : word, port))
			continue;
		snprintf(item, size, "%s", word);
		return true;
	}
	return false;
}

/* The value of an option within a "pci=" word. NULL: it is not there. */
static char *option_value(char *word, const char *name)
{
	char *rest = word, *option;
	size_t len = strlen(name);

	while ((option = strsep(&rest, ",")))
		if (!strncmp(option, name, len))
			return option + len;
	return NULL;
}

static void look_at(struct tph_ctx *ctx, const char *word, const char *name, bool flags,
		    const struct tph_function *port, struct acs_option *option)
{
	struct acs_change change = {.mask = REDIRECTS};
	char *copy = strdup(word), *value = copy ? option_value(copy, name) : NULL;
	uint16_t wrong;
	char item[64];

	if (value && find_item(ctx, value, flags, port, &change, item, sizeof(item))) {
		wrong = (port->acs.control ^ change.value) & change.mask & port->acs.capability;
		option->in_effect = !wrong;
		snprintf(option->text, sizeof(option->text), "pci=%s%s", name, item);
	}
	free(copy);
}

void acs_option_find(const struct host *host, const struct tph_function *port,
		     struct acs_option *option)
{
	char *copy = strdup(host->facts.cmdline), *rest = copy;

	*option = (struct acs_option){0};
	while (rest && *rest) {
		const char *word = cmdline_next_word(&rest);

		if (strncmp(word, "pci=", 4))
			continue;
		look_at(host->ctx, word + 4, "disable_acs_redir=", false, port, option);
		look_at(host->ctx, word + 4, "config_acs=", true, port, option);
	}
	free(copy);
}
