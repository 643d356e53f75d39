/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verdict on a pair of functions depends on: path.c finds it, verdict.c judges. */
#ifndef LIBTPH_PATH_H
#define LIBTPH_PATH_H

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
	const struct tph_kernel *kernel; /* NULL: one that can all of it */
	enum tph_route route[TPH_WHENS];
	const struct tph_function *redirect; /* the first that redirects around the common bridge */
	const struct tph_function *hidden;   /* decides the route, but could not be seen */
	const struct tph_function *root;     /* the importer's Root Port, NULL: none */
	enum tph_seen host_seen;
	enum tph_completer host; /* of what the importer sends to it; never reserved */
};

/* verdict.c: depends on *pair alone. Its sentence is NULL. */
struct tph_judgement verdict(const struct pair *pair, enum tph_when when, enum tph_width width);

/* sentence.c: NULL, no memory. To be freed. */
char *sentence(const struct pair *pair, const struct tph_judgement *judgement);

/* p2p_host.c: is a host bridge on the kernel's list for peer-to-peer? */
bool p2p_host_listed(uint16_t vendor, uint16_t device, bool same_bridge);

/* Does its ACS control send requests between its peers to the host? */
static inline bool redirects(const struct tph_function *f)
{
	return f->acs.request_redirect || f->acs.completion_redirect || f->acs.egress_control;
}

#endif
