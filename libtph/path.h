/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verdict on a pair of functions depends on: path.c finds it, verdict.c judges. */
#ifndef LIBTPH_PATH_H
#define LIBTPH_PATH_H

#include <linux/pci_regs.h>

#include "tph/tph.h"

/* A function and the bridges above it, as far as they are visible. */
struct chain {
	const struct tph_function **functions; /* the function, then the bridges above it */
	size_t count;
	const struct tph_function *top; /* the last of them */
	size_t common;			/* index of the first that is above both; count: none is */
	bool complete;			/* the last is on a root bus */
};

struct pair {
	struct chain up, down;		 /* of importer and exporter */
	const struct tph_kernel *kernel; /* NULL: one with all abilities */
	enum tph_route route[TPH_WHENS];
	const struct tph_function *redirect; /* the first that redirects; the common bridge too */
	const struct tph_function *platform; /* the first of these with chosen_by_platform() */
	const struct tph_function *hidden;   /* decides the route, but is not visible */
	const struct tph_function *root;     /* the importer's Root Port, NULL: none */
	bool no_root_port; /* an endpoint without one: the bridges are a hypervisor's */
	enum tph_seen host_seen;
	enum tph_completer host; /* for requests of the importer; never reserved */
};

/* More than a pair of a real machine has. Of a dump that has more, those that decide are kept. */
#define CAUSES_MAX 24

struct causes {
	struct tph_cause list[CAUSES_MAX]; /* those that decide the verdict first */
	size_t count;
};

/* verdict.c: depends on *pair alone. No cause has a sentence yet. */
enum tph_verdict verdict(const struct pair *pair, enum tph_when when, enum tph_width width,
			 struct causes *causes);

/* sentence.c: to be freed; NULL: no memory */
char *sentence(const struct pair *pair, const struct tph_cause *cause);

/* p2p_host.c: is a host bridge on the kernel's list for peer-to-peer? */
bool p2p_host_listed(uint16_t vendor, uint16_t device, bool same_bridge);

/* Does the kernel use this CPU's host bridges without the list? @first: first on a root bus */
enum tph_support p2p_host_cpu(const struct tph_function *first);

/* Does its ACS control send requests between its peers to the host? */
static inline bool redirects_requests(const struct tph_function *f)
{
	return f->acs.request_redirect || f->acs.egress_control;
}

/* Does Linux count it as a redirect? pci_bridge_has_acs_redir() tests for any of the three. */
static inline bool redirects(const struct tph_function *f)
{
	return redirects_requests(f) || f->acs.completion_redirect;
}

/*
 * A setting that Linux does not make: Linux turns on both redirects, or the only one that the
 * port has, and never Direct Translated. Firmware, the administrator or a vendor's tool made it.
 */
static inline bool chosen_by_platform(const struct tph_function *f)
{
	const uint16_t both = PCI_ACS_RR | PCI_ACS_CR;

	return f->acs.direct_translated || ((f->acs.capability & both) == both &&
					    f->acs.request_redirect != f->acs.completion_redirect);
}

#endif
