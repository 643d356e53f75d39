// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The verdict on a pair. Where all is visible and the kernel has the series it
 * is that of pcie_tph_peer_verdict() in drivers/pci/tph.c; where it is stricter
 * the public header says so. Each check adds what it finds, so that all causes
 * are known; checks[] at the end has their order.
 */
#include "libtph/path.h"
#include "util/macros.h"

/* What is judged, and what was found. */
struct question {
	const struct pair *pair;
	enum tph_when when;
	enum tph_width width;
	enum tph_route route;
	const struct tph_function *importer, *exporter;
	struct causes found;
};

/* A certain no decides before an unknown, and that before a best effort. */
static bool decides(enum tph_verdict verdict, enum tph_verdict other)
{
	return verdict != other &&
	       (verdict == TPH_VERDICT_NONE || other == TPH_VERDICT_BEST_EFFORT);
}

/* Where to store a cause; NULL: the list is full of causes that decide as much. */
static struct tph_cause *find_slot(struct causes *found, enum tph_verdict verdict)
{
	if (found->count < ARRAY_SIZE(found->list))
		return &found->list[found->count++];
	for (size_t i = found->count; i-- > 0;)
		if (decides(verdict, found->list[i].verdict))
			return &found->list[i];
	return NULL;
}

static void add(struct question *q, enum tph_verdict verdict, enum tph_reason reason,
		const struct tph_function *at)
{
	struct causes *found = &q->found;
	struct tph_cause *cause;

	for (size_t i = 0; i < found->count; i++)
		if (found->list[i].reason == reason &&
		    !tph_bdf_compare(&found->list[i].at, &at->bdf))
			return;
	cause = find_slot(found, verdict);
	if (cause)
		*cause = (struct tph_cause){.verdict = verdict, .reason = reason, .at = at->bdf};
}

static void add_none(struct question *q, enum tph_reason reason, const struct tph_function *at)
{
	add(q, TPH_VERDICT_NONE, reason, at);
}

static void add_unknown(struct question *q, enum tph_reason reason, const struct tph_function *at)
{
	add(q, TPH_VERDICT_UNKNOWN, reason, at);
}

/* What the importer can never do, as far as it is visible. */
static void check_requester(struct question *q)
{
	static const enum tph_reason unseen[] = {
		[TPH_SEEN_NOT_VISIBLE] = TPH_REASON_IMPORTER_NOT_VISIBLE,
		[TPH_SEEN_NO_ANSWER] = TPH_REASON_IMPORTER_NO_ANSWER,
		[TPH_SEEN_MALFORMED] = TPH_REASON_IMPORTER_MALFORMED,
	};
	const struct tph_function *f = q->importer;

	if (f->requester.seen == TPH_SEEN_NO)
		add_none(q, TPH_REASON_NOT_REQUESTER, f);
	else if (f->requester.seen != TPH_SEEN_YES)
		add_unknown(q, unseen[f->requester.seen], f);
	else if (!f->requester.interrupt_vector && !f->requester.device_specific)
		add_none(q, TPH_REASON_REQUESTER_NO_ST, f);
	else if (q->width == TPH_WIDTH_16 && !f->requester.extended)
		add_none(q, TPH_REASON_REQUESTER_8BIT, f);
}

/* What the exporter can never do, as far as it is visible. */
static void check_completer(struct question *q)
{
	static const enum tph_reason unseen[] = {
		[TPH_SEEN_NOT_VISIBLE] = TPH_REASON_EXPORTER_NOT_VISIBLE,
		[TPH_SEEN_NO_ANSWER] = TPH_REASON_EXPORTER_NO_ANSWER,
		[TPH_SEEN_MALFORMED] = TPH_REASON_EXPORTER_MALFORMED,
	};
	const struct tph_function *f = q->exporter;

	if (f->completer.seen != TPH_SEEN_YES && f->completer.seen != TPH_SEEN_NO)
		add_unknown(q, unseen[f->completer.seen], f);
	else if (f->completer.type == TPH_COMPLETER_NONE)
		add_none(q, TPH_REASON_NOT_COMPLETER, f);
	else if (f->completer.type == TPH_COMPLETER_RESERVED)
		add_none(q, TPH_REASON_COMPLETER_RESERVED, f);
	else if (q->width == TPH_WIDTH_16 && f->completer.type == TPH_COMPLETER_8)
		add_none(q, TPH_REASON_COMPLETER_8BIT, f);
}

static enum tph_enable wanted_enable(const struct question *q)
{
	return q->width == TPH_WIDTH_16 ? TPH_ENABLE_16 : TPH_ENABLE_8;
}

static bool is_enabled(const struct question *q)
{
	return q->importer->requester.enable == wanted_enable(q) &&
	       q->importer->requester.mode != TPH_MODE_NO_ST;
}

/* Where TPH is enabled already, the driver does not matter. */
static void check_driver(struct question *q)
{
	enum tph_support enables;

	if (q->importer->requester.seen != TPH_SEEN_YES ||
	    q->importer->requester.enable != TPH_ENABLE_OFF)
		return;
	tph_function_driver(q->importer, &enables);
	if (enables == TPH_SUPPORT_NO)
		add_none(q, TPH_REASON_DRIVER_NEVER, q->importer);
	else if (enables == TPH_SUPPORT_UNKNOWN && q->when == TPH_COULD_BE)
		add_unknown(q, TPH_REASON_DRIVER_UNKNOWN, q->importer);
}

static bool is_pcie(const struct tph_function *f)
{
	return f->port != TPH_PORT_PCI && f->port != TPH_PORT_PCI_BRIDGE;
}

/* A link carries the upper half of a 16-bit tag in flit mode, or as a prefix. */
static void check_link(struct question *q, const struct tph_function *port,
		       const struct tph_function *f)
{
	const struct tph_function *ends[] = {f, port};

	if (port->completer.seen == TPH_SEEN_YES && port->completer.prefix_blocked)
		add_none(q, TPH_REASON_PREFIX_BLOCKED, port);
	if (port->flit)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i]->completer.seen != TPH_SEEN_YES &&
		    ends[i]->completer.seen != TPH_SEEN_NO)
			add_unknown(q, TPH_REASON_PATH_NOT_VISIBLE, ends[i]);
		else if (!ends[i]->completer.prefix)
			add_none(q, TPH_REASON_NO_PREFIX, ends[i]);
}

/* Does a hint pass the hop between a function and the port above it? */
static void check_hop(struct question *q, const struct tph_function *port,
		      const struct tph_function *f)
{
	if (port->port == TPH_PORT_UNKNOWN || f->port == TPH_PORT_UNKNOWN) {
		add_unknown(q, TPH_REASON_PATH_NOT_VISIBLE,
			    port->port == TPH_PORT_UNKNOWN ? port : f);
		return;
	}
	if (is_pcie(f) && port->port == TPH_PORT_UPSTREAM) /* inside of a switch */
		return;
	if (is_pcie(f) && (port->port == TPH_PORT_ROOT || port->port == TPH_PORT_DOWNSTREAM)) {
		if (q->width == TPH_WIDTH_16)
			check_link(q, port, f);
		return;
	}
	if (q->width == TPH_WIDTH_16)
		add_none(q, TPH_REASON_NOT_PCIE, port);
	else
		add(q, TPH_VERDICT_BEST_EFFORT, TPH_REASON_NOT_PCIE_8BIT, port);
}

/* All hops of a direct route, up to the common bridge from both sides. */
static void check_hops(struct question *q)
{
	const struct chain *up = &q->pair->up, *down = &q->pair->down;

	if (q->route != TPH_ROUTE_DIRECT)
		return;
	if (up->common <= 1 && down->common <= 1) {
		add(q, TPH_VERDICT_BEST_EFFORT, TPH_REASON_SAME_DEVICE, q->exporter);
		return;
	}
	for (size_t i = 0; i < up->common; i++)
		check_hop(q, up->functions[i + 1], up->functions[i]);
	for (size_t i = 0; i < down->common; i++)
		check_hop(q, down->functions[i + 1], down->functions[i]);
}

static bool host_takes(const struct pair *pair, enum tph_width width)
{
	return width == TPH_WIDTH_16 ? pair->host == TPH_COMPLETER_16
				     : pair->host != TPH_COMPLETER_NONE;
}

static const struct tph_function *root_of(const struct pair *pair)
{
	return pair->root ? pair->root : pair->up.top;
}

static void add_not_visible_host(struct question *q)
{
	if (q->pair->no_root_port)
		add_unknown(q, TPH_REASON_NO_ROOT_PORT, q->importer);
	else
		add_unknown(q, TPH_REASON_PATH_NOT_VISIBLE, root_of(q->pair));
}

static void add_redirect(struct question *q, enum tph_verdict verdict)
{
	const struct pair *pair = q->pair;

	if (pair->platform)
		add(q, verdict, TPH_REASON_ACS_PLATFORM, pair->platform);
	else
		add(q, verdict, TPH_REASON_ACS_REDIRECT, pair->redirect);
}

/* A root complex need not keep a hint, and no register says whether it passes prefixes. */
static bool host_drops(const struct question *q)
{
	if (q->pair->no_root_port)
		return false;
	if (q->width == TPH_WIDTH_16)
		return true;
	return q->pair->host_seen == TPH_SEEN_YES && !host_takes(q->pair, q->width);
}

static enum tph_reason drop_reason(const struct pair *pair)
{
	if (pair->host_seen != TPH_SEEN_YES || pair->host == TPH_COMPLETER_16)
		return TPH_REASON_HOST_16BIT;
	return pair->host == TPH_COMPLETER_NONE ? TPH_REASON_ROOT_NOT_COMPLETER
						: TPH_REASON_ROOT_8BIT;
}

/* On a route through the host the root complex must be a completer: reads carry hints, too. */
static void check_through_host(struct question *q)
{
	const struct pair *pair = q->pair;
	bool drops = host_drops(q);

	if (pair->redirect)
		add_redirect(q, drops ? TPH_VERDICT_NONE : TPH_VERDICT_BEST_EFFORT);
	else if (drops)
		add_none(q, drop_reason(pair), root_of(pair));
	if (!drops && pair->host_seen != TPH_SEEN_YES)
		add_not_visible_host(q);
	else if (!drops && !pair->redirect)
		add(q, TPH_VERDICT_BEST_EFFORT, TPH_REASON_HOST_BRIDGE, root_of(pair));
}

static void check_unknown_route(struct question *q)
{
	const struct pair *pair = q->pair;

	/* The route is through the host or none: a no can be certain. */
	if ((pair->redirect || !pair->hidden) && host_drops(q)) {
		check_through_host(q);
		return;
	}
	if (pair->redirect)
		add_redirect(q, TPH_VERDICT_UNKNOWN);
	else if (pair->hidden)
		add_unknown(q, TPH_REASON_PATH_NOT_VISIBLE, pair->hidden);
	else if (pair->no_root_port)
		add_unknown(q, TPH_REASON_NO_ROOT_PORT, q->importer);
	else
		add_unknown(q, TPH_REASON_ROUTE_UNKNOWN, q->importer);
}

static void check_route(struct question *q)
{
	const struct pair *pair = q->pair;

	if (q->route == TPH_ROUTE_UNKNOWN)
		check_unknown_route(q);
	else if (q->route == TPH_ROUTE_NONE && pair->redirect)
		add_redirect(q, TPH_VERDICT_NONE);
	else if (q->route == TPH_ROUTE_NONE)
		add_none(q, TPH_REASON_NO_ROUTE, q->importer);
	else if (q->route == TPH_ROUTE_HOST)
		check_through_host(q);
}

static void check_kernel(struct question *q)
{
	const struct tph_kernel *k = q->pair->kernel;

	if (!k)
		return;
	if (k->tph == TPH_SUPPORT_NO)
		add_none(q, TPH_REASON_KERNEL_NO_TPH, q->importer);
	if (k->hints == TPH_SUPPORT_NO)
		add_none(q, TPH_REASON_KERNEL_NO_HINTS, q->importer);
	if (k->p2pdma == TPH_SUPPORT_NO)
		add_none(q, TPH_REASON_KERNEL_NO_P2PDMA, q->importer);
	if (k->tph == TPH_SUPPORT_UNKNOWN || k->hints == TPH_SUPPORT_UNKNOWN ||
	    k->p2pdma == TPH_SUPPORT_UNKNOWN)
		add_unknown(q, TPH_REASON_KERNEL_UNKNOWN, q->importer);
}

/* Would the kernel enable this width? pcie_enable_tph() and pcie_enable_tph_peer(). */
static void check_can_enable(struct question *q)
{
	const struct pair *pair = q->pair;
	enum tph_support peers = pair->kernel ? pair->kernel->peers : TPH_SUPPORT_YES;

	if (pair->host_seen != TPH_SEEN_YES) {
		if (q->width == TPH_WIDTH_16 || peers != TPH_SUPPORT_YES)
			add_not_visible_host(q);
	} else if (pair->host == TPH_COMPLETER_NONE) {
		if (peers == TPH_SUPPORT_NO)
			add_none(q, TPH_REASON_KERNEL_NO_PEERS, root_of(pair));
		if (peers == TPH_SUPPORT_UNKNOWN)
			add_unknown(q, TPH_REASON_KERNEL_UNKNOWN, root_of(pair));
	} else if (!host_takes(pair, q->width)) {
		add_none(q, TPH_REASON_ROOT_8BIT, root_of(pair));
	}
}

/* Why this width is not enabled now. */
static void check_control(struct question *q)
{
	const struct tph_kernel *kernel = q->pair->kernel;
	enum tph_enable enable = q->importer->requester.enable;
	enum tph_support driver;

	tph_function_driver(q->importer, &driver);
	if (enable == TPH_ENABLE_OFF && kernel && kernel->disabled == TPH_SUPPORT_YES)
		add_none(q, TPH_REASON_KERNEL_DISABLED, q->importer);
	else if (enable == TPH_ENABLE_OFF && driver != TPH_SUPPORT_NO)
		add_none(q, TPH_REASON_DISABLED, q->importer);
	else if (enable == TPH_ENABLE_RESERVED)
		add_none(q, TPH_REASON_ENABLE_RESERVED, q->importer);
	else if (enable != TPH_ENABLE_OFF && q->importer->requester.mode == TPH_MODE_NO_ST)
		add_none(q, TPH_REASON_MODE_NO_ST, q->importer);
	else if (enable == TPH_ENABLE_8)
		add_none(q, TPH_REASON_ENABLED_8BIT, q->importer);
	else if (enable == TPH_ENABLE_16)
		add_none(q, TPH_REASON_ENABLED_16BIT, q->importer);
}

static void check_enabled(struct question *q)
{
	if (q->importer->requester.seen != TPH_SEEN_YES || is_enabled(q))
		return;
	check_can_enable(q);
	if (q->when == TPH_NOW)
		check_control(q);
}

/* In this order: what cannot be changed first. */
static void (*const checks[])(struct question *q) = {
	check_requester, check_completer, check_driver,	 check_hops,
	check_route,	 check_kernel,	  check_enabled,
};

/* The causes that decide the verdict, then the others. */
static void sort_causes(const struct causes *found, struct causes *sorted)
{
	static const enum tph_verdict order[] = {TPH_VERDICT_NONE, TPH_VERDICT_UNKNOWN,
						 TPH_VERDICT_BEST_EFFORT};

	sorted->count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t j = 0; j < found->count; j++)
			if (found->list[j].verdict == order[i])
				sorted->list[sorted->count++] = found->list[j];
}

enum tph_verdict verdict(const struct pair *pair, enum tph_when when, enum tph_width width,
			 struct causes *causes)
{
	struct question q = {
		.pair = pair,
		.when = when,
		.width = width,
		.route = pair->route[when],
		.importer = pair->up.functions[0],
		.exporter = pair->down.functions[0],
	};

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](&q);
	sort_causes(&q.found, causes);
	return causes->count ? causes->list[0].verdict : TPH_VERDICT_GUARANTEED;
}
