// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verdict on a pair. Where all is visible and the kernel has the series it
 * is that of pcie_tph_peer_verdict() in drivers/pci/tph.c; where it is stricter
 * the public header says so. checks[] at the end has the order of reasons.
 */
#include "libtph/path.h"

/* What is judged. */
struct question {
	const struct pair *pair;
	enum tph_when when;
	enum tph_width width;
	enum tph_route route;
	const struct tph_function *importer, *exporter;
};

/* Each writes @j and returns true, so that a check can end with its reason. */
static bool decide(struct tph_judgement *j, enum tph_verdict verdict, enum tph_reason reason,
		   const struct tph_function *at)
{
	*j = (struct tph_judgement){.verdict = verdict, .reason = reason, .at = at->bdf};
	return true;
}

static bool decide_none(struct tph_judgement *j, enum tph_reason reason,
			const struct tph_function *at)
{
	return decide(j, TPH_VERDICT_NONE, reason, at);
}

static bool decide_unknown(struct tph_judgement *j, enum tph_reason reason,
			   const struct tph_function *at)
{
	return decide(j, TPH_VERDICT_UNKNOWN, reason, at);
}

/* What the importer can never do, as far as it is visible. */
static bool check_requester(const struct question *q, struct tph_judgement *j)
{
	const struct tph_function *f = q->importer;

	if (f->requester.seen == TPH_SEEN_NO)
		return decide_none(j, TPH_REASON_NOT_REQUESTER, f);
	if (f->requester.seen != TPH_SEEN_YES)
		return false;
	if (!f->requester.interrupt_vector && !f->requester.device_specific)
		return decide_none(j, TPH_REASON_REQUESTER_NO_ST, f);
	if (q->width == TPH_WIDTH_16 && !f->requester.extended)
		return decide_none(j, TPH_REASON_REQUESTER_8BIT, f);
	return false;
}

/* What the exporter can never do, as far as it is visible. */
static bool check_completer(const struct question *q, struct tph_judgement *j)
{
	const struct tph_function *f = q->exporter;

	if (f->completer.seen == TPH_SEEN_NO)
		return decide_none(j, TPH_REASON_NOT_COMPLETER, f);
	if (f->completer.seen != TPH_SEEN_YES)
		return false;
	if (f->completer.type == TPH_COMPLETER_NONE)
		return decide_none(j, TPH_REASON_NOT_COMPLETER, f);
	if (f->completer.type == TPH_COMPLETER_RESERVED)
		return decide_none(j, TPH_REASON_COMPLETER_RESERVED, f);
	if (q->width == TPH_WIDTH_16 && f->completer.type == TPH_COMPLETER_8)
		return decide_none(j, TPH_REASON_COMPLETER_8BIT, f);
	return false;
}

static bool check_ends_seen(const struct question *q, struct tph_judgement *j)
{
	static const enum tph_reason importer_reasons[] = {
		[TPH_SEEN_NOT_VISIBLE] = TPH_REASON_IMPORTER_NOT_VISIBLE,
		[TPH_SEEN_NO_ANSWER] = TPH_REASON_IMPORTER_NO_ANSWER,
		[TPH_SEEN_MALFORMED] = TPH_REASON_IMPORTER_MALFORMED,
	};
	static const enum tph_reason exporter_reasons[] = {
		[TPH_SEEN_NOT_VISIBLE] = TPH_REASON_EXPORTER_NOT_VISIBLE,
		[TPH_SEEN_NO_ANSWER] = TPH_REASON_EXPORTER_NO_ANSWER,
		[TPH_SEEN_MALFORMED] = TPH_REASON_EXPORTER_MALFORMED,
	};

	if (q->importer->requester.seen != TPH_SEEN_YES)
		return decide_unknown(j, importer_reasons[q->importer->requester.seen],
				      q->importer);
	if (q->exporter->completer.seen != TPH_SEEN_YES)
		return decide_unknown(j, exporter_reasons[q->exporter->completer.seen],
				      q->exporter);
	return false;
}

/* Prefixes from the function up to its Root Port, as the kernel's eetlp_prefix_max has it. */
static bool check_prefixes(const struct chain *chain, struct tph_judgement *j)
{
	const struct tph_function *f = NULL;

	for (size_t i = 0; i < chain->count; i++) {
		f = chain->functions[i];
		if (f->completer.seen != TPH_SEEN_YES && f->completer.seen != TPH_SEEN_NO)
			return decide_unknown(j, TPH_REASON_PATH_NOT_VISIBLE, f);
		if (!f->completer.prefix)
			return decide_none(j, TPH_REASON_NO_PREFIX, f);
		if (f->port == TPH_PORT_ROOT || f->port == TPH_PORT_RC_ENDPOINT)
			return false;
	}
	if (!chain->complete)
		return decide_unknown(j, TPH_REASON_PATH_NOT_VISIBLE, f);
	return decide_none(j, TPH_REASON_NO_PREFIX, f);
}

/*
 * A port that blocks prefixes where they would leave through it (PCIe Base 6.x
 * 7.5.3.16): a port that looks down on the exporter's side, one that looks up
 * on the importer's.
 */
static const struct tph_function *find_prefix_block(const struct pair *pair, enum tph_route route)
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

/* On a route through the host the root complex must understand hints: reads carry them, too. */
static bool check_through_host(const struct question *q, enum tph_route route,
			       struct tph_judgement *j)
{
	const struct pair *pair = q->pair;

	if (route == TPH_ROUTE_DIRECT)
		return false;
	if (route == TPH_ROUTE_NONE)
		return decide_none(j, TPH_REASON_ACS_REDIRECT, pair->redirect);
	if (pair->host_seen != TPH_SEEN_YES)
		return decide_unknown(j, TPH_REASON_PATH_NOT_VISIBLE, root_of(pair));
	if (host_takes(pair, q->width))
		return false;
	if (pair->redirect)
		return decide_none(j, TPH_REASON_ACS_REDIRECT, pair->redirect);
	return decide_none(j,
			   pair->host == TPH_COMPLETER_NONE ? TPH_REASON_ROOT_NOT_COMPLETER
							    : TPH_REASON_ROOT_8BIT,
			   root_of(pair));
}

static bool check_route_known(const struct question *q, struct tph_judgement *j)
{
	const struct pair *pair = q->pair;

	if (q->route != TPH_ROUTE_UNKNOWN)
		return false;
	/* Through the host or not at all: a no may be certain. */
	if ((pair->redirect || !pair->hidden) && check_through_host(q, TPH_ROUTE_HOST, j) &&
	    j->verdict == TPH_VERDICT_NONE)
		return true;
	if (pair->redirect)
		return decide_unknown(j, TPH_REASON_ACS_REDIRECT, pair->redirect);
	if (pair->hidden)
		return decide_unknown(j, TPH_REASON_PATH_NOT_VISIBLE, pair->hidden);
	return decide_unknown(j, TPH_REASON_ROUTE_UNKNOWN, q->importer);
}

/* 16-bit tags need a prefix, which must get from one end to the other. */
static bool check_prefix_route(const struct question *q, struct tph_judgement *j)
{
	const struct tph_function *blocks;

	if (q->width != TPH_WIDTH_16)
		return false;
	if (check_prefixes(&q->pair->up, j) || check_prefixes(&q->pair->down, j))
		return true;
	blocks = find_prefix_block(q->pair, q->route);
	return blocks && decide_none(j, TPH_REASON_PREFIX_BLOCKED, blocks);
}

static bool check_route(const struct question *q, struct tph_judgement *j)
{
	return q->route == TPH_ROUTE_NONE && !q->pair->redirect &&
	       decide_none(j, TPH_REASON_NO_ROUTE, q->importer);
}

static bool check_kernel(const struct question *q, struct tph_judgement *j)
{
	const struct tph_kernel *k = q->pair->kernel;

	if (!k)
		return false;
	if (k->tph == TPH_SUPPORT_NO)
		return decide_none(j, TPH_REASON_KERNEL_NO_TPH, q->importer);
	if (k->hints == TPH_SUPPORT_NO)
		return decide_none(j, TPH_REASON_KERNEL_NO_HINTS, q->importer);
	if (k->p2pdma == TPH_SUPPORT_NO)
		return decide_none(j, TPH_REASON_KERNEL_NO_P2PDMA, q->importer);
	if (k->tph == TPH_SUPPORT_UNKNOWN || k->hints == TPH_SUPPORT_UNKNOWN ||
	    k->p2pdma == TPH_SUPPORT_UNKNOWN)
		return decide_unknown(j, TPH_REASON_KERNEL_UNKNOWN, q->importer);
	return false;
}

static bool check_host(const struct question *q, struct tph_judgement *j)
{
	return check_through_host(q, q->route, j);
}

/* Would the kernel enable this width? pcie_enable_tph() and pcie_enable_tph_peer(). */
static bool cannot_enable(const struct question *q, struct tph_judgement *j)
{
	const struct pair *pair = q->pair;
	enum tph_support peers = pair->kernel ? pair->kernel->peers : TPH_SUPPORT_YES;

	if (pair->host_seen != TPH_SEEN_YES) {
		if (q->width == TPH_WIDTH_16 || peers != TPH_SUPPORT_YES)
			return decide_unknown(j, TPH_REASON_PATH_NOT_VISIBLE, root_of(pair));
		return false;
	}
	if (pair->host == TPH_COMPLETER_NONE) {
		if (peers == TPH_SUPPORT_NO)
			return decide_none(j, TPH_REASON_KERNEL_NO_PEERS, root_of(pair));
		if (peers == TPH_SUPPORT_UNKNOWN)
			return decide_unknown(j, TPH_REASON_KERNEL_UNKNOWN, root_of(pair));
		return false;
	}
	if (!host_takes(pair, q->width))
		return decide_none(j, TPH_REASON_ROOT_8BIT, root_of(pair));
	return false;
}

/* Why this width is not enabled now. */
static bool not_enabled(const struct question *q, struct tph_judgement *j)
{
	const struct tph_kernel *kernel = q->pair->kernel;
	enum tph_enable enable = q->importer->requester.enable;

	/* The verdict is none in any case; a width that the kernel cannot enable is the reason. */
	if (cannot_enable(q, j) && j->verdict == TPH_VERDICT_NONE)
		return true;
	if (enable == TPH_ENABLE_OFF)
		return decide_none(j,
				   kernel && kernel->disabled == TPH_SUPPORT_YES
					   ? TPH_REASON_KERNEL_DISABLED
					   : TPH_REASON_DISABLED,
				   q->importer);
	if (enable == TPH_ENABLE_RESERVED)
		return decide_none(j, TPH_REASON_ENABLE_RESERVED, q->importer);
	if (q->importer->requester.mode == TPH_MODE_NO_ST)
		return decide_none(j, TPH_REASON_MODE_NO_ST, q->importer);
	return decide_none(
		j, enable == TPH_ENABLE_8 ? TPH_REASON_ENABLED_8BIT : TPH_REASON_ENABLED_16BIT,
		q->importer);
}

static bool check_enabled(const struct question *q, struct tph_judgement *j)
{
	enum tph_enable wanted = q->width == TPH_WIDTH_16 ? TPH_ENABLE_16 : TPH_ENABLE_8;

	if (q->importer->requester.enable == wanted &&
	    q->importer->requester.mode != TPH_MODE_NO_ST)
		return false;
	return q->when == TPH_NOW ? not_enabled(q, j) : cannot_enable(q, j);
}

/* Nothing stands in the way of the hint: what is promised depends on the route. */
static bool check_promise(const struct question *q, struct tph_judgement *j)
{
	if (q->route == TPH_ROUTE_DIRECT)
		return decide(j, TPH_VERDICT_GUARANTEED, TPH_REASON_NONE, q->exporter);
	if (q->pair->redirect)
		return decide(j, TPH_VERDICT_BEST_EFFORT, TPH_REASON_ACS_REDIRECT,
			      q->pair->redirect);
	return decide(j, TPH_VERDICT_BEST_EFFORT, TPH_REASON_HOST_BRIDGE, root_of(q->pair));
}

/* In this order; the first that decides is the reason. The last always does. */
static bool (*const checks[])(const struct question *q, struct tph_judgement *j) = {
	check_requester, check_completer, check_ends_seen, check_route_known, check_prefix_route,
	check_route,	 check_kernel,	  check_host,	   check_enabled,     check_promise,
};

struct tph_judgement verdict(const struct pair *pair, enum tph_when when, enum tph_width width)
{
	struct question q = {
		.pair = pair,
		.when = when,
		.width = width,
		.route = pair->route[when],
		.importer = pair->up.functions[0],
		.exporter = pair->down.functions[0],
	};
	struct tph_judgement j;
	size_t i = 0;

	while (!checks[i](&q, &j))
		i++;
	return j;
}
