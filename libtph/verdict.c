// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verdict on a pair. Where all is visible and the kernel has the series it
 * is that of pcie_tph_peer_verdict() in drivers/pci/tph.c; what is stricter here
 * is said in the public header. Each step speaks if it finds the first reason.
 */
#include "libtph/path.h"

static bool say(struct tph_judgement *j, enum tph_verdict verdict, enum tph_reason reason,
		const struct tph_function *at)
{
	*j = (struct tph_judgement){.verdict = verdict, .reason = reason, .at = at->bdf};
	return true;
}

static bool none(struct tph_judgement *j, enum tph_reason reason, const struct tph_function *at)
{
	return say(j, TPH_VERDICT_NONE, reason, at);
}

static bool unknown(struct tph_judgement *j, enum tph_reason reason, const struct tph_function *at)
{
	return say(j, TPH_VERDICT_UNKNOWN, reason, at);
}

/* What the two are, for certain. */
static bool ends(const struct pair *pair, enum tph_width width, struct tph_judgement *j)
{
	const struct tph_function *from = pair->up.functions[0], *to = pair->down.functions[0];

	if (from->requester.seen == TPH_SEEN_NO)
		return none(j, TPH_REASON_NOT_REQUESTER, from);
	if (from->requester.seen == TPH_SEEN_YES) {
		if (!from->requester.interrupt_vector && !from->requester.device_specific)
			return none(j, TPH_REASON_REQUESTER_NO_ST, from);
		if (width == TPH_WIDTH_16 && !from->requester.extended)
			return none(j, TPH_REASON_REQUESTER_8BIT, from);
	}
	if (to->completer.seen == TPH_SEEN_NO)
		return none(j, TPH_REASON_NOT_COMPLETER, to);
	if (to->completer.seen == TPH_SEEN_YES) {
		if (to->completer.type == TPH_COMPLETER_NONE)
			return none(j, TPH_REASON_NOT_COMPLETER, to);
		if (to->completer.type == TPH_COMPLETER_RESERVED)
			return none(j, TPH_REASON_COMPLETER_RESERVED, to);
		if (width == TPH_WIDTH_16 && to->completer.type == TPH_COMPLETER_8)
			return none(j, TPH_REASON_COMPLETER_8BIT, to);
	}
	return false;
}

/* The reason for not having seen something of an end; @exporter: of that one. */
static enum tph_reason unseen(enum tph_seen seen, bool exporter)
{
	enum tph_reason reason = seen == TPH_SEEN_SILENT      ? TPH_REASON_IMPORTER_SILENT
				 : seen == TPH_SEEN_MALFORMED ? TPH_REASON_IMPORTER_MALFORMED
							      : TPH_REASON_IMPORTER_NOT_VISIBLE;

	/* Those of the exporter come right after those of the importer. */
	return exporter ? (enum tph_reason)(reason + 1) : reason;
}

static bool visible(const struct pair *pair, struct tph_judgement *j)
{
	const struct tph_function *from = pair->up.functions[0], *to = pair->down.functions[0];

	if (from->requester.seen != TPH_SEEN_YES)
		return unknown(j, unseen(from->requester.seen, false), from);
	if (to->completer.seen != TPH_SEEN_YES)
		return unknown(j, unseen(to->completer.seen, true), to);
	return false;
}

/* Prefixes from the function up to its Root Port, as the kernel's eetlp_prefix_max has it. */
static bool prefixes(const struct chain *chain, struct tph_judgement *j)
{
	const struct tph_function *f = NULL;

	for (size_t i = 0; i < chain->count; i++) {
		f = chain->functions[i];
		if (f->completer.seen != TPH_SEEN_YES && f->completer.seen != TPH_SEEN_NO)
			return unknown(j, TPH_REASON_PATH_NOT_VISIBLE, f);
		if (!f->completer.prefix)
			return none(j, TPH_REASON_NO_PREFIX, f);
		if (f->port == TPH_PORT_ROOT || f->port == TPH_PORT_RC_ENDPOINT)
			return false;
	}
	if (!chain->complete)
		return unknown(j, TPH_REASON_PATH_NOT_VISIBLE, f);
	return none(j, TPH_REASON_NO_PREFIX, f);
}

/*
 * A port that blocks prefixes where they would leave through it (PCIe Base 6.x
 * 7.5.3.16): a port that looks down on the exporter's side, one that looks up
 * on the importer's.
 */
static const struct tph_function *blocker(const struct pair *pair, enum tph_route route)
{
	const struct chain *up = &pair->up, *down = &pair->down;
	bool host = route == TPH_ROUTE_HOST;

	for (size_t i = 0; i < up->count && (host || i < up->common); i++)
		if (up->functions[i]->completer.prefix_blocked &&
		    up->functions[i]->port == TPH_PORT_UPSTREAM)
			return up->functions[i];
	for (size_t i = 0; i < down->count && (host || i <= down->common); i++)
		if (down->functions[i]->completer.prefix_blocked &&
		    down->functions[i]->port != TPH_PORT_UPSTREAM)
			return down->functions[i];
	return NULL;
}

static bool host_takes(const struct pair *pair, enum tph_width width)
{
	return width == TPH_WIDTH_16 ? pair->host == TPH_COMPLETER_16
				     : pair->host != TPH_COMPLETER_NONE;
}

static const struct tph_function *root_of(const struct pair *pair)
{
	return pair->root ? pair->root : pair->up.functions[pair->up.count - 1];
}

/* The root complex must understand hints that pass it: reads carry them, too. */
static bool host(const struct pair *pair, enum tph_route route, enum tph_width width,
		 struct tph_judgement *j)
{
	if (route == TPH_ROUTE_DIRECT)
		return false;
	if (route == TPH_ROUTE_NONE)
		return none(j, TPH_REASON_ACS_REDIRECT, pair->redirect);
	if (pair->host_seen != TPH_SEEN_YES)
		return unknown(j, TPH_REASON_PATH_NOT_VISIBLE, root_of(pair));
	if (host_takes(pair, width))
		return false;
	if (pair->redirect)
		return none(j, TPH_REASON_ACS_REDIRECT, pair->redirect);
	return none(j,
		    pair->host == TPH_COMPLETER_NONE ? TPH_REASON_ROOT_NOT_COMPLETER
						     : TPH_REASON_ROOT_8BIT,
		    root_of(pair));
}

static bool way(const struct pair *pair, enum tph_route route, enum tph_width width,
		struct tph_judgement *j)
{
	const struct tph_function *from = pair->up.functions[0];

	if (route == TPH_ROUTE_UNKNOWN) {
		/* Through the host or not at all: a no may be certain. */
		if ((pair->redirect || !pair->hidden) && host(pair, TPH_ROUTE_HOST, width, j) &&
		    j->verdict == TPH_VERDICT_NONE)
			return true;
		if (pair->redirect)
			return unknown(j, TPH_REASON_ACS_REDIRECT, pair->redirect);
		if (pair->hidden)
			return unknown(j, TPH_REASON_PATH_NOT_VISIBLE, pair->hidden);
		return unknown(j, TPH_REASON_ROUTE_UNKNOWN, from);
	}
	if (width == TPH_WIDTH_16) {
		const struct tph_function *blocks = blocker(pair, route);

		if (prefixes(&pair->up, j) || prefixes(&pair->down, j))
			return true;
		if (blocks)
			return none(j, TPH_REASON_PREFIX_BLOCKED, blocks);
	}
	if (route == TPH_ROUTE_NONE && !pair->redirect)
		return none(j, TPH_REASON_NO_ROUTE, from);
	return false;
}

static bool kernel(const struct pair *pair, struct tph_judgement *j)
{
	const struct tph_function *from = pair->up.functions[0];
	const struct tph_kernel *k = pair->kernel;

	if (!k)
		return false;
	if (k->tph == TPH_SUPPORT_NO)
		return none(j, TPH_REASON_KERNEL_NO_TPH, from);
	if (k->hints == TPH_SUPPORT_NO)
		return none(j, TPH_REASON_KERNEL_NO_HINTS, from);
	if (k->p2pdma == TPH_SUPPORT_NO)
		return none(j, TPH_REASON_KERNEL_NO_P2PDMA, from);
	if (k->tph == TPH_SUPPORT_UNKNOWN || k->hints == TPH_SUPPORT_UNKNOWN ||
	    k->p2pdma == TPH_SUPPORT_UNKNOWN)
		return unknown(j, TPH_REASON_KERNEL_UNKNOWN, from);
	return false;
}

/* Would the kernel enable this width? pcie_enable_tph() and pcie_enable_tph_peer(). */
static bool cannot_enable(const struct pair *pair, enum tph_width width, struct tph_judgement *j)
{
	enum tph_support peers = pair->kernel ? pair->kernel->peers : TPH_SUPPORT_YES;

	if (pair->host_seen != TPH_SEEN_YES) {
		if (width == TPH_WIDTH_16 || peers != TPH_SUPPORT_YES)
			return unknown(j, TPH_REASON_PATH_NOT_VISIBLE, root_of(pair));
		return false;
	}
	if (pair->host == TPH_COMPLETER_NONE) {
		if (peers == TPH_SUPPORT_NO)
			return none(j, TPH_REASON_KERNEL_NO_PEERS, root_of(pair));
		if (peers == TPH_SUPPORT_UNKNOWN)
			return unknown(j, TPH_REASON_KERNEL_UNKNOWN, root_of(pair));
		return false;
	}
	if (!host_takes(pair, width))
		return none(j, TPH_REASON_ROOT_8BIT, root_of(pair));
	return false;
}

static bool enabled(const struct pair *pair, enum tph_width width)
{
	const struct tph_function *from = pair->up.functions[0];

	return from->requester.enable == (width == TPH_WIDTH_16 ? TPH_ENABLE_16 : TPH_ENABLE_8) &&
	       from->requester.mode != TPH_MODE_NO_ST;
}

/* Why it is not. */
static bool not_enabled(const struct pair *pair, enum tph_width width, struct tph_judgement *j)
{
	const struct tph_function *from = pair->up.functions[0];
	enum tph_enable enable = from->requester.enable;

	/* If it cannot be changed that is the reason, but it is a no either way. */
	if (cannot_enable(pair, width, j) && j->verdict == TPH_VERDICT_NONE)
		return true;
	if (enable == TPH_ENABLE_OFF)
		return none(j,
			    pair->kernel && pair->kernel->disabled == TPH_SUPPORT_YES
				    ? TPH_REASON_KERNEL_DISABLED
				    : TPH_REASON_DISABLED,
			    from);
	if (enable == TPH_ENABLE_RESERVED)
		return none(j, TPH_REASON_ENABLE_RESERVED, from);
	if (from->requester.mode == TPH_MODE_NO_ST)
		return none(j, TPH_REASON_MODE_NO_ST, from);
	return none(j, enable == TPH_ENABLE_8 ? TPH_REASON_ENABLED_8BIT : TPH_REASON_ENABLED_16BIT,
		    from);
}

struct tph_judgement verdict(const struct pair *pair, enum tph_when when, enum tph_width width)
{
	enum tph_route route = pair->route[when];
	struct tph_judgement j = {.verdict = TPH_VERDICT_GUARANTEED};

	if (ends(pair, width, &j) || visible(pair, &j) || way(pair, route, width, &j) ||
	    kernel(pair, &j) || host(pair, route, width, &j))
		return j;
	if (!enabled(pair, width) &&
	    (when == TPH_NOW ? not_enabled(pair, width, &j) : cannot_enable(pair, width, &j)))
		return j;
	if (route == TPH_ROUTE_DIRECT)
		say(&j, TPH_VERDICT_GUARANTEED, TPH_REASON_NONE, pair->down.functions[0]);
	else if (pair->redirect)
		say(&j, TPH_VERDICT_BEST_EFFORT, TPH_REASON_ACS_REDIRECT, pair->redirect);
	else
		say(&j, TPH_VERDICT_BEST_EFFORT, TPH_REASON_HOST_BRIDGE, root_of(pair));
	return j;
}
