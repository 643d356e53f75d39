// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The way between two functions, by the rules that Linux has for peer-to-peer
 * DMA (calc_map_type_and_dist() in drivers/pci/p2pdma.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "libtph/internal.h"

/* Bus numbers fall on the way up, so this is enough for any tree. */
#define CHAIN_MAX 257

struct bridge {
	struct entry *entry;
	uint8_t secondary, subordinate;
};

/* What the caller gets, with all it points to. */
struct box {
	struct tph_path public;
	struct tph_function *functions;
	size_t function_count;
	struct tph_hop *hops;
	char *sentences[TPH_WHENS * TPH_WIDTHS];
};

struct builder {
	struct tph_ctx *ctx;
	struct bridge *bridges;
	size_t bridge_count;
	struct box *box;
	struct pair pair;
	const struct tph_function *up[CHAIN_MAX], *down[CHAIN_MAX];
};

static int find_bridges(struct builder *b)
{
	b->bridges = calloc(b->ctx->count + 1, sizeof(*b->bridges));
	if (!b->bridges)
		return -ENOMEM;
	for (size_t i = 0; i < b->ctx->count; i++) {
		struct bridge *bridge = &b->bridges[b->bridge_count];
		struct tph_function f;
		struct config config;

		config_open(&config, b->ctx, &b->ctx->entries[i]);
		function_decode(&config, &f);
		if (!f.bridge || f.secondary <= f.bdf.bus)
			continue;
		*bridge = (struct bridge){&b->ctx->entries[i], f.secondary, f.subordinate};
		b->bridge_count++;
	}
	return 0;
}

/*
 * The bridge above a function, NULL: none was found. A virtual function may be
 * on a bus of its own, which no bridge begins but the innermost covers.
 */
static struct entry *bridge_above(const struct builder *b, const struct tph_function *f)
{
	bool virtual = f->vendor == 0xffff || !tph_ctx_is_dump(b->ctx);
	const struct bridge *best = NULL;

	for (size_t i = 0; i < b->bridge_count; i++) {
		const struct bridge *bridge = &b->bridges[i];

		if (bridge->entry->bdf.domain != f->bdf.domain || bridge->secondary > f->bdf.bus ||
		    bridge->subordinate < f->bdf.bus ||
		    (!virtual && bridge->secondary != f->bdf.bus))
			continue;
		if (!best || bridge->secondary > best->secondary)
			best = bridge;
	}
	return best ? best->entry : NULL;
}

static bool on_root_bus(const struct builder *b, const struct tph_function *f)
{
	return !tph_ctx_is_dump(b->ctx) || !f->bdf.bus || f->port == TPH_PORT_ROOT ||
	       f->port == TPH_PORT_RC_ENDPOINT || f->port == TPH_PORT_RC_EVENT_COLLECTOR;
}

static const struct tph_function *decode(struct builder *b, struct entry *entry)
{
	struct tph_function *f = &b->box->functions[b->box->function_count++];
	struct config config;

	config_open(&config, b->ctx, entry);
	function_decode(&config, f);
	return f;
}

static void climb(struct builder *b, struct entry *entry, struct chain *chain,
		  const struct tph_function *functions[CHAIN_MAX])
{
	const struct tph_function *f = NULL;

	chain->functions = functions;
	while (entry && chain->count < CHAIN_MAX) {
		f = decode(b, entry);
		functions[chain->count++] = f;
		entry = bridge_above(b, f);
	}
	chain->complete = on_root_bus(b, f);
	chain->common = chain->count;
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

static bool redirects(const struct tph_function *f)
{
	return f->acs.request_redirect || f->acs.completion_redirect || f->acs.egress_control;
}

static void look_at_acs(struct pair *pair, const struct tph_function *f)
{
	if (redirects(f) && !pair->redirect)
		pair->redirect = f;
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

/* The ids that the kernel takes for those of a host bridge. */
static bool host_listed(const struct builder *b, const struct chain *chain, bool same_bridge)
{
	const struct tph_bdf *top = &chain->functions[chain->count - 1]->bdf;

	for (size_t i = 0; i < b->ctx->count; i++) {
		struct entry *entry = &b->ctx->entries[i];
		struct tph_function f;
		struct config config;

		if (entry->bdf.domain != top->domain || entry->bdf.bus != top->bus)
			continue;
		config_open(&config, b->ctx, entry);
		function_decode(&config, &f);
		if ((f.bdf.device || f.bdf.function) && f.port != TPH_PORT_ROOT)
			return false;
		return p2p_host_listed(f.vendor, f.device, same_bridge);
	}
	return false;
}

static bool same_root_bus(const struct pair *pair)
{
	const struct tph_bdf *a = &pair->up.functions[pair->up.count - 1]->bdf;
	const struct tph_bdf *b = &pair->down.functions[pair->down.count - 1]->bdf;

	return a->domain == b->domain && a->bus == b->bus;
}

static enum tph_route route_through_host(const struct builder *b)
{
	const struct pair *pair = &b->pair;
	bool same = same_root_bus(pair);

	if (pair->kernel && pair->kernel->cpu_p2p == TPH_SUPPORT_YES)
		return TPH_ROUTE_HOST;
	if (!pair->up.complete || !pair->down.complete)
		return TPH_ROUTE_UNKNOWN;
	if (host_listed(b, &pair->up, same) && (same || host_listed(b, &pair->down, false)))
		return TPH_ROUTE_HOST;
	if (pair->kernel && pair->kernel->cpu_p2p == TPH_SUPPORT_NO)
		return TPH_ROUTE_NONE;
	return TPH_ROUTE_UNKNOWN;
}

static void find_route(struct builder *b)
{
	struct pair *pair = &b->pair;

	find_common(&pair->up, &pair->down);
	if (has_common(pair)) {
		find_redirect(pair);
		pair->route[TPH_COULD_BE] = TPH_ROUTE_DIRECT;
		pair->route[TPH_NOW] = pair->redirect ? route_through_host(b)
				       : pair->hidden ? TPH_ROUTE_UNKNOWN
						      : TPH_ROUTE_DIRECT;
		return;
	}
	if (!pair->up.complete)
		pair->hidden = pair->up.functions[pair->up.count - 1];
	else if (!pair->down.complete)
		pair->hidden = pair->down.functions[pair->down.count - 1];
	/* Where a bridge is missing there may be a common one. */
	pair->route[TPH_NOW] = pair->hidden ? TPH_ROUTE_UNKNOWN : route_through_host(b);
	pair->route[TPH_COULD_BE] = pair->route[TPH_NOW];
}

/* What completes what the importer sends to the host. */
static void find_host(struct pair *pair)
{
	const struct chain *up = &pair->up;

	pair->host_seen = TPH_SEEN_YES;
	/* Nothing above a Root Complex Integrated Endpoint has a register that would tell. */
	if (up->functions[0]->port == TPH_PORT_RC_ENDPOINT) {
		pair->host = TPH_COMPLETER_16;
		return;
	}
	for (size_t i = 0; i < up->count && !pair->root; i++)
		if (up->functions[i]->port == TPH_PORT_ROOT)
			pair->root = up->functions[i];
	if (!pair->root) {
		/* It may be hidden: above what was seen, or a bridge of a type that was not. */
		for (size_t i = 0; i < up->count; i++)
			if (up->functions[i]->port == TPH_PORT_UNKNOWN)
				pair->host_seen = TPH_SEEN_CUT;
		if (!up->complete)
			pair->host_seen = TPH_SEEN_CUT;
		return;
	}
	if (pair->root->completer.seen != TPH_SEEN_NO)
		pair->host_seen = pair->root->completer.seen;
	pair->host = pair->root->completer.type;
	if (pair->host == TPH_COMPLETER_RESERVED)
		pair->host = TPH_COMPLETER_NONE;
}

static void add_hop(struct box *box, const struct tph_function *f, enum tph_side side, bool on_way,
		    const struct pair *pair)
{
	struct tph_hop *hop = &box->hops[box->public.hop_count++];

	hop->function = f;
	hop->side = side;
	hop->on_way = on_way;
	/* Where the ways do not meet there is nothing to redirect. */
	hop->redirects = has_common(pair) && redirects(f) &&
			 (side != TPH_SIDE_COMMON || f == pair->up.functions[pair->up.common]);
}

static void add_host_bridge(struct builder *b, const struct chain *chain, enum tph_side side,
			    bool on_way)
{
	struct tph_function *f = &b->box->functions[b->box->function_count++];
	const struct tph_bdf *top = &chain->functions[chain->count - 1]->bdf;

	if (!chain->complete)
		return;
	f->bdf = (struct tph_bdf){.domain = top->domain, .bus = top->bus};
	f->port = TPH_PORT_HOST_BRIDGE;
	add_hop(b->box, f, side, on_way, &b->pair);
}

static void draw(struct builder *b)
{
	const struct pair *pair = &b->pair;
	const struct chain *up = &pair->up, *down = &pair->down;
	bool host = pair->route[TPH_NOW] == TPH_ROUTE_HOST;
	bool way = host || pair->route[TPH_NOW] == TPH_ROUTE_DIRECT;
	bool one_root = same_root_bus(pair);

	b->box->public.common = has_common(pair) ? (int)up->common : -1;
	for (size_t i = 0; i < up->common; i++)
		add_hop(b->box, up->functions[i], TPH_SIDE_IMPORTER, way, pair);
	for (size_t i = up->common; i < up->count; i++)
		add_hop(b->box, up->functions[i], TPH_SIDE_COMMON, host || (way && i == up->common),
			pair);
	add_host_bridge(b, up, one_root ? TPH_SIDE_COMMON : TPH_SIDE_IMPORTER, host);
	if (!one_root)
		add_host_bridge(b, down, TPH_SIDE_EXPORTER, host);
	for (size_t i = down->common; i-- > 0;)
		add_hop(b->box, down->functions[i], TPH_SIDE_EXPORTER, way, pair);
}

static int judge(struct builder *b)
{
	char **text = b->box->sentences;

	for (int when = 0; when < TPH_WHENS; when++)
		for (int width = 0; width < TPH_WIDTHS; width++) {
			struct tph_judgement *j = &b->box->public.judgements[when][width];

			*j = verdict(&b->pair, (enum tph_when)when, (enum tph_width)width);
			*text = sentence(&b->pair, j);
			if (!*text)
				return -ENOMEM;
			j->sentence = *text++;
		}
	return 0;
}

static int build(struct builder *b, struct entry *importer, struct entry *exporter)
{
	struct box *box = b->box;
	size_t most = 2 * CHAIN_MAX + 2;
	int ret = find_bridges(b);

	if (ret)
		return ret;
	box->functions = calloc(most, sizeof(*box->functions));
	box->hops = calloc(most, sizeof(*box->hops));
	if (!box->functions || !box->hops)
		return -ENOMEM;
	climb(b, importer, &b->pair.up, b->up);
	climb(b, exporter, &b->pair.down, b->down);
	find_route(b);
	find_host(&b->pair);
	draw(b);
	box->public.importer = importer->bdf;
	box->public.exporter = exporter->bdf;
	box->public.hops = box->hops;
	box->public.complete = b->pair.up.complete && b->pair.down.complete;
	box->public.route = b->pair.route[TPH_NOW];
	return judge(b);
}

int tph_path_read(struct tph_ctx *ctx, const struct tph_bdf *importer,
		  const struct tph_bdf *exporter, const struct tph_kernel *kernel,
		  struct tph_path **path)
{
	struct entry *from = ctx_find(ctx, importer), *to = ctx_find(ctx, exporter);
	struct builder *b;
	int ret;

	if (!from || !to)
		return -ENODEV;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->ctx = ctx;
	b->pair.kernel = kernel;
	b->box = calloc(1, sizeof(*b->box));
	ret = b->box ? build(b, from, to) : -ENOMEM;
	if (ret)
		tph_path_free(b->box ? &b->box->public : NULL);
	else
		*path = &b->box->public;
	free(b->bridges);
	free(b);
	return ret;
}

void tph_path_free(struct tph_path *path)
{
	struct box *box = (struct box *)path; /* its first member */

	if (!box)
		return;
	for (int i = 0; i < TPH_WHENS * TPH_WIDTHS; i++)
		free(box->sentences[i]);
	free(box->functions);
	free(box->hops);
	free(box);
}
