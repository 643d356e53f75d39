// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The route between two functions, by the rules that Linux has for peer-to-peer
 * DMA (calc_map_type_and_dist() in drivers/pci/p2pdma.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "libtph/internal.h"
#include "libtph/path.h"
#include "util/macros.h"

/* Each bridge is on a lower bus than what is below it, so no tree is deeper. */
#define CHAIN_MAX 257

/* The result and everything it points to. */
struct path_result {
	struct tph_path public;
	struct tph_hop *hops;
	struct tph_function *functions; /* of the hops */
	struct causes causes[TPH_WHENS][TPH_WIDTHS];
};

struct builder {
	struct tph_ctx *ctx;
	struct path_result *result;
	struct pair pair;
	const struct tph_function *up[CHAIN_MAX], *down[CHAIN_MAX];
};

static int climb(struct tph_ctx *ctx, struct entry *entry, struct chain *chain,
		 const struct tph_function *functions[CHAIN_MAX])
{
	const struct tph_function *f;
	int ret;

	chain->functions = functions;
	do {
		ret = function_of(ctx, entry, &f);
		if (ret)
			return ret;
		functions[chain->count++] = f;
		entry = f->above.seen == TPH_SEEN_YES ? ctx_find(ctx, &f->above.bdf) : NULL;
	} while (entry && chain->count < CHAIN_MAX);
	chain->top = f;
	chain->complete = f->above.seen == TPH_SEEN_NO;
	chain->common = chain->count;
	return 0;
}

static void find_common(struct chain *up, struct chain *down)
{
	for (size_t i = 0; i < down->count; i++)
		for (size_t j = 0; j < up->count; j++)
			if (!tph_bdf_compare(&down->functions[i]->bdf, &up->functions[j]->bdf)) {
				down->common = i;
				up->common = j;
				return;
			}
}

static bool has_common(const struct pair *pair)
{
	return pair->up.common < pair->up.count;
}

static void look_at_acs(struct pair *pair, const struct tph_function *f)
{
	if (redirects(f) && !pair->redirect)
		pair->redirect = f;
	if (redirects(f) && chosen_by_platform(f) && !pair->platform)
		pair->platform = f;
	if (f->acs.seen != TPH_SEEN_NO && f->acs.seen != TPH_SEEN_YES && !pair->hidden)
		pair->hidden = f;
}

/* Every function from the importer to the exporter counts, the common bridge too. */
static void find_redirect(struct pair *pair)
{
	for (size_t i = 0; i <= pair->up.common; i++)
		look_at_acs(pair, pair->up.functions[i]);
	for (size_t i = pair->down.common; i-- > 0;)
		look_at_acs(pair, pair->down.functions[i]);
}

/* What is known of a host bridge. */
struct host {
	bool listed;	      /* by the kernel */
	enum tph_support cpu; /* TPH_SUPPORT_YES: its CPU needs no list */
};

/*
 * The IDs that the kernel uses as those of a host bridge: of the first function
 * on the root bus, if it is 00.0 or a Root Port.
 */
static int find_host_bridge(const struct builder *b, const struct chain *chain, bool same_bridge,
			    struct host *host)
{
	const struct tph_bdf *top = &chain->top->bdf;
	struct tph_bdf first = {.domain = top->domain, .bus = top->bus};
	size_t i = ctx_lower_bound(b->ctx, &first);
	const struct tph_function *f;
	bool zero;
	/* There is one: the top of the chain is on that bus. */
	int ret = function_of(b->ctx, &b->ctx->entries[i], &f);

	if (ret)
		return ret;
	zero = !f->bdf.device && !f->bdf.function;
	host->listed = (zero || f->port == TPH_PORT_ROOT) &&
		       p2p_host_listed(f->vendor, f->device, same_bridge);
	host->cpu = p2p_host_cpu(f);
	/* A dump can lack the real first function. */
	if (!zero && host->cpu == TPH_SUPPORT_NO)
		host->cpu = TPH_SUPPORT_UNKNOWN;
	return 0;
}

static bool same_root_bus(const struct pair *pair)
{
	const struct tph_bdf *a = &pair->up.top->bdf;
	const struct tph_bdf *b = &pair->down.top->bdf;

	return a->domain == b->domain && a->bus == b->bus;
}

/* By the kernel's CPU, or else by the host bridges. */
static enum tph_support cpu_p2p(const struct pair *pair, const struct host *up,
				const struct host *down)
{
	if (pair->kernel && pair->kernel->cpu_p2p != TPH_SUPPORT_UNKNOWN)
		return pair->kernel->cpu_p2p;
	if (up->cpu == TPH_SUPPORT_YES || down->cpu == TPH_SUPPORT_YES)
		return TPH_SUPPORT_YES;
	if ((up->cpu == TPH_SUPPORT_NO && !up->listed) ||
	    (down->cpu == TPH_SUPPORT_NO && !down->listed))
		return TPH_SUPPORT_NO;
	return TPH_SUPPORT_UNKNOWN;
}

static int route_through_host(const struct builder *b, enum tph_route *route)
{
	const struct pair *pair = &b->pair;
	bool same = same_root_bus(pair);
	struct host up = {0}, down = {0};
	enum tph_support cpu;
	int ret = 0;

	if (pair->up.complete)
		ret = find_host_bridge(b, &pair->up, same, &up);
	if (!ret && pair->down.complete)
		ret = find_host_bridge(b, &pair->down, same, &down);
	cpu = cpu_p2p(pair, &up, &down);
	if (cpu == TPH_SUPPORT_YES || (up.listed && down.listed))
		*route = TPH_ROUTE_HOST;
	else if (cpu == TPH_SUPPORT_NO && pair->up.complete && pair->down.complete)
		*route = TPH_ROUTE_NONE;
	else
		*route = TPH_ROUTE_UNKNOWN;
	return ret;
}

/* For two functions with a common bridge. */
static int find_direct_route(struct builder *b)
{
	struct pair *pair = &b->pair;

	find_redirect(pair);
	pair->route[TPH_COULD_BE] = TPH_ROUTE_DIRECT;
	if (pair->redirect)
		return route_through_host(b, &pair->route[TPH_NOW]);
	pair->route[TPH_NOW] = pair->hidden ? TPH_ROUTE_UNKNOWN : TPH_ROUTE_DIRECT;
	return 0;
}

static int find_route(struct builder *b)
{
	struct pair *pair = &b->pair;
	int ret = 0;

	find_common(&pair->up, &pair->down);
	if (has_common(pair))
		return find_direct_route(b);
	if (!pair->up.complete)
		pair->hidden = pair->up.top;
	else if (!pair->down.complete)
		pair->hidden = pair->down.top;
	/* Where a bridge is missing there may be a common one. */
	if (!pair->up.complete || !pair->down.complete)
		pair->route[TPH_NOW] = TPH_ROUTE_UNKNOWN;
	else
		ret = route_through_host(b, &pair->route[TPH_NOW]);
	pair->route[TPH_COULD_BE] = pair->route[TPH_NOW];
	return ret;
}

/* The completer of requests that the importer sends to the host. */
static void find_host(struct pair *pair)
{
	const struct chain *up = &pair->up;

	pair->host_seen = TPH_SEEN_YES;
	/* Above a Root Complex Integrated Endpoint no register has the type. */
	if (up->functions[0]->port == TPH_PORT_RC_ENDPOINT) {
		pair->host = TPH_COMPLETER_16;
		return;
	}
	for (size_t i = 0; i < up->count && !pair->root; i++)
		if (up->functions[i]->port == TPH_PORT_ROOT)
			pair->root = up->functions[i];
	if (!pair->root) {
		/* It may be hidden: above the visible bridges, or a bridge of unknown type. */
		for (size_t i = 0; i < up->count; i++)
			if (up->functions[i]->port == TPH_PORT_UNKNOWN)
				pair->host_seen = TPH_SEEN_NOT_VISIBLE;
		if (!up->complete)
			pair->host_seen = TPH_SEEN_NOT_VISIBLE;
		/* A real endpoint is below a Root Port. */
		pair->no_root_port = pair->host_seen == TPH_SEEN_YES &&
				     up->functions[0]->port == TPH_PORT_ENDPOINT;
		if (pair->no_root_port)
			pair->host_seen = TPH_SEEN_NOT_VISIBLE;
		return;
	}
	if (pair->root->completer.seen != TPH_SEEN_NO)
		pair->host_seen = pair->root->completer.seen;
	pair->host = pair->root->completer.type;
	if (pair->host == TPH_COMPLETER_RESERVED)
		pair->host = TPH_COMPLETER_NONE;
}

static void add_hop(struct path_result *result, const struct tph_function *f, enum tph_side side,
		    bool on_route, const struct pair *pair)
{
	size_t i = result->public.hop_count++;
	/* Without a common bridge there is nothing to redirect. */
	bool counts = has_common(pair) &&
		      (side != TPH_SIDE_COMMON || f == pair->up.functions[pair->up.common]);

	result->functions[i] = *f;
	result->hops[i] = (struct tph_hop){
		.function = &result->functions[i],
		.side = side,
		.on_route = on_route,
		.redirects = counts && redirects(f),
		.redirects_requests = counts && redirects_requests(f),
		.redirects_completions = counts && f->acs.completion_redirect,
	};
}

static void add_host_bridge(struct builder *b, const struct chain *chain, enum tph_side side,
			    bool on_route)
{
	const struct tph_bdf *top = &chain->top->bdf;
	struct tph_function f = {
		.bdf = {.domain = top->domain, .bus = top->bus},
		.port = TPH_PORT_HOST_BRIDGE,
	};

	if (chain->complete)
		add_hop(b->result, &f, side, on_route, &b->pair);
}

static int list_hops(struct builder *b)
{
	const struct pair *pair = &b->pair;
	const struct chain *up = &pair->up, *down = &pair->down;
	bool host = pair->route[TPH_NOW] == TPH_ROUTE_HOST;
	bool any = host || pair->route[TPH_NOW] == TPH_ROUTE_DIRECT;
	bool one_root = same_root_bus(pair);
	size_t most = up->count + down->count + 2; /* two host bridges */

	b->result->hops = calloc(most, sizeof(*b->result->hops));
	b->result->functions = calloc(most, sizeof(*b->result->functions));
	if (!b->result->hops || !b->result->functions)
		return -ENOMEM;
	for (size_t i = 0; i < up->common; i++)
		add_hop(b->result, up->functions[i], TPH_SIDE_IMPORTER, any, pair);
	for (size_t i = up->common; i < up->count; i++)
		add_hop(b->result, up->functions[i], TPH_SIDE_COMMON,
			host || (any && i == up->common), pair);
	add_host_bridge(b, up, one_root ? TPH_SIDE_COMMON : TPH_SIDE_IMPORTER, host);
	if (!one_root)
		add_host_bridge(b, down, TPH_SIDE_EXPORTER, host);
	for (size_t i = down->common; i-- > 0;)
		add_hop(b->result, down->functions[i], TPH_SIDE_EXPORTER, any, pair);
	return 0;
}

/*
 * ACS decides at the port by which a TLP arrives at the common bridge (PCIe Base 6.x 6.12.3).
 * Ports below it forward the TLP upstream in any case.
 */
static void find_turns(struct builder *b)
{
	const struct chain *up = &b->pair.up, *down = &b->pair.down;
	struct tph_path *path = &b->result->public;
	const struct tph_function *in, *back;

	path->requests = path->completions = path->route;
	if (!has_common(&b->pair))
		return;
	in = up->functions[up->common ? up->common - 1 : 0];
	back = down->functions[down->common ? down->common - 1 : 0];
	path->requests = path->completions = TPH_ROUTE_DIRECT;
	if (redirects_requests(in))
		path->requests = TPH_ROUTE_HOST;
	else if (in->acs.seen != TPH_SEEN_YES && in->acs.seen != TPH_SEEN_NO)
		path->requests = TPH_ROUTE_UNKNOWN;
	if (back->acs.completion_redirect)
		path->completions = TPH_ROUTE_HOST;
	else if (back->acs.seen != TPH_SEEN_YES && back->acs.seen != TPH_SEEN_NO)
		path->completions = TPH_ROUTE_UNKNOWN;
	path->translated_direct = path->requests == TPH_ROUTE_HOST && in->acs.direct_translated &&
				  up->functions[0]->ats.enabled;
}

static int judge_one(const struct pair *pair, enum tph_when when, enum tph_width width,
		     struct causes *causes, struct tph_judgement *j)
{
	*j = (struct tph_judgement){
		.verdict = verdict(pair, when, width, causes),
		.at = pair->down.functions[0]->bdf,
		.sentence = "every write carries the hint to the exporter",
		.causes = causes->list,
	};
	for (; j->cause_count < causes->count; j->cause_count++) {
		struct tph_cause *cause = &causes->list[j->cause_count];

		cause->sentence = sentence(pair, cause);
		if (!cause->sentence)
			return -ENOMEM;
	}
	if (causes->count) {
		j->reason = causes->list[0].reason;
		j->at = causes->list[0].at;
		j->sentence = causes->list[0].sentence;
	}
	return 0;
}

static int judge(struct builder *b)
{
	int ret = 0;

	for (int when = 0; when < TPH_WHENS && !ret; when++)
		for (int width = 0; width < TPH_WIDTHS && !ret; width++)
			ret = judge_one(&b->pair, (enum tph_when)when, (enum tph_width)width,
					&b->result->causes[when][width],
					&b->result->public.judgements[when][width]);
	return ret;
}

static int build(struct builder *b, struct entry *importer, struct entry *exporter)
{
	struct tph_path *path = &b->result->public;
	struct pair *pair = &b->pair;
	int ret = climb(b->ctx, importer, &pair->up, b->up);

	if (!ret)
		ret = climb(b->ctx, exporter, &pair->down, b->down);
	if (!ret)
		ret = find_route(b);
	if (!ret)
		ret = list_hops(b);
	if (ret)
		return ret;
	find_host(pair);
	path->importer = importer->bdf;
	path->exporter = exporter->bdf;
	path->hops = b->result->hops;
	path->complete = pair->up.complete && pair->down.complete;
	path->common = has_common(pair) ? (int)pair->up.common : -1;
	path->route = pair->route[TPH_NOW];
	find_turns(b);
	return judge(b);
}

int tph_path_read(struct tph_ctx *ctx, const struct tph_bdf *importer,
		  const struct tph_bdf *exporter, const struct tph_kernel *kernel,
		  struct tph_path **path)
{
	struct entry *from = ctx_find(ctx, importer), *to = ctx_find(ctx, exporter);
	struct builder b = {.ctx = ctx, .pair.kernel = kernel};
	int ret;

	if (!from || !to)
		return -ENODEV;
	b.result = calloc(1, sizeof(*b.result));
	ret = b.result ? build(&b, from, to) : -ENOMEM;
	if (ret)
		tph_path_free(b.result ? &b.result->public : NULL);
	else
		*path = &b.result->public;
	return ret;
}

void tph_path_free(struct tph_path *path)
{
	struct path_result *result;

	if (!path)
		return;
	result = container_of(path, struct path_result, public);
	for (int when = 0; when < TPH_WHENS; when++)
		for (int width = 0; width < TPH_WIDTHS; width++)
			for (size_t i = 0; i < result->causes[when][width].count; i++)
				free((char *)result->causes[when][width].list[i].sentence);
	free(result->functions);
	free(result->hops);
	free(result);
}
