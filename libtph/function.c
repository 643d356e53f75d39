// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "libtph/internal.h"
#include "libtph/source.h"
#include "tph/pci_tph_regs.h"

/* Sizes of what is decoded, bytes; PCIe Base 6.x 7.5.3, 7.7.11 and 7.9.13 */
#define PCIE_BYTES_1 0x14 /* version 1, the least */
#define PCIE_BYTES_2 0x2c /* to the end of Device Control 2 */
#define PCIE_BYTES_L 0x34 /* to the end of Link Status 2 */
#define ACS_BYTES    8
#define ATS_BYTES    8
#define TPH_BYTES    0x0c

/* Device Capabilities 2: End-End TLP prefixes, how many of them */
#define PREFIXES_SHIFT 22

static enum tph_port port_of_type(unsigned type)
{
	static const enum tph_port ports[16] = {
		[0] = TPH_PORT_ENDPOINT,
		[1] = TPH_PORT_ENDPOINT,
		[4] = TPH_PORT_ROOT,
		[5] = TPH_PORT_UPSTREAM,
		[6] = TPH_PORT_DOWNSTREAM,
		[7] = TPH_PORT_PCIE_TO_PCI,
		[8] = TPH_PORT_PCI_TO_PCIE,
		[9] = TPH_PORT_RC_ENDPOINT,
		[10] = TPH_PORT_RC_EVENT_COLLECTOR,
	};

	return ports[type & 0xf];
}

static void decode_ids(const struct config *c, struct tph_function *f)
{
	uint32_t ids = 0;

	f->ids_seen = config_get32(c, PCI_VENDOR_ID, &ids);
	f->vendor = (uint16_t)ids;
	f->device = (uint16_t)(ids >> 16);
	/* The IDs of a virtual function read as all ones. */
	if ((f->ids_seen != TPH_SEEN_YES || f->vendor == 0xffff) && c->ctx->ops->read_ids)
		c->ctx->ops->read_ids(c->ctx, c->entry, f);
}

static void decode_header(const struct config *c, struct tph_function *f)
{
	uint8_t type = 0;
	uint32_t class = 0;

	decode_ids(c, f);
	f->class_seen =
		c->silent ? TPH_SEEN_NO_ANSWER : config_get32(c, PCI_CLASS_REVISION, &class);
	f->class_code = class >> 8;
	if (c->silent)
		return;
	config_get8(c, PCI_HEADER_TYPE, &type);
	f->bridge = (type & 0x7f) == PCI_HEADER_TYPE_BRIDGE;
	if (f->bridge) {
		config_get8(c, PCI_SECONDARY_BUS, &f->secondary);
		config_get8(c, PCI_SUBORDINATE_BUS, &f->subordinate);
	} else {
		config_get16(c, PCI_SUBSYSTEM_VENDOR_ID, &f->subsystem_vendor);
	}
}

static void decode_completer(const struct config *c, struct tph_function *f)
{
	uint16_t at, flags = 0, control = 0;
	uint32_t reg = 0;
	enum tph_seen seen = config_find(c, PCI_CAP_ID_EXP, PCIE_BYTES_1, &at);

	if (seen == TPH_SEEN_NO)
		f->port = f->bridge ? TPH_PORT_PCI_BRIDGE : TPH_PORT_PCI;
	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCI_EXP_FLAGS, &flags);
	if (seen == TPH_SEEN_YES) {
		f->port = port_of_type(flags >> 4);
		/* Version 1 has no second set of registers. */
		if ((flags & PCI_EXP_FLAGS_VERS) < 2)
			seen = TPH_SEEN_NO;
		else if (at + PCIE_BYTES_2 > PCI_CFG_SPACE_SIZE)
			seen = TPH_SEEN_MALFORMED;
		else
			seen = config_get32(c, at + PCI_EXP_DEVCAP2, &reg);
	}
	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCI_EXP_DEVCTL2, &control);
	/* A function in reset reads as all ones: it does not complete all types. */
	if (seen == TPH_SEEN_YES && reg == UINT32_MAX)
		seen = TPH_SEEN_NO_ANSWER;
	f->completer.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->completer.devcap2 = reg;
	f->completer.type = (enum tph_completer)((reg & PCI_EXP_DEVCAP2_TPH_COMP_MASK) >> 12);
	f->completer.prefix = reg & PCI_EXP_DEVCAP2_EE_PREFIX;
	if (f->completer.prefix)
		f->completer.prefix_max = (uint8_t)((((reg >> PREFIXES_SHIFT) + 3) & 3) + 1);
	f->completer.prefix_blocked = f->bridge && control & PCI_EXP_DEVCTL2_EE_PREFIX_BLOCK;
}

static void decode_link(const struct config *c, struct tph_function *f)
{
	uint16_t at, status = 0;

	if (f->completer.seen == TPH_SEEN_YES &&
	    config_find(c, PCI_CAP_ID_EXP, PCIE_BYTES_L, &at) == TPH_SEEN_YES)
		config_get16(c, at + PCI_EXP_LNKSTA2, &status);
	f->flit = status != UINT16_MAX && status & PCI_EXP_LNKSTA2_FLIT;
}

static void decode_ats(const struct config *c, struct tph_function *f)
{
	uint16_t at = 0, control = 0;
	enum tph_seen seen = config_find_ext(c, PCI_EXT_CAP_ID_ATS, ATS_BYTES, &at);

	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCI_ATS_CTRL, &control);
	f->ats.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->ats.offset = at;
	f->ats.enabled = control & PCI_ATS_CTRL_ENABLE;
}

static void decode_acs(const struct config *c, struct tph_function *f)
{
	uint16_t at = 0, cap = 0, control = 0;
	enum tph_seen seen = config_find_ext(c, PCI_EXT_CAP_ID_ACS, ACS_BYTES, &at);

	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCI_ACS_CAP, &cap);
	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCI_ACS_CTRL, &control);
	f->acs.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->acs.offset = at;
	f->acs.capability = cap;
	f->acs.control = control;
	f->acs.request_redirect = control & PCI_ACS_RR;
	f->acs.completion_redirect = control & PCI_ACS_CR;
	f->acs.egress_control = control & PCI_ACS_EC;
	f->acs.direct_translated = control & PCI_ACS_DT;
}

static void decode_requester(const struct config *c, struct tph_function *f)
{
	uint32_t cap = 0, control = 0;
	uint16_t at = 0;
	enum tph_seen seen = config_find_ext(c, PCI_EXT_CAP_ID_TPH, TPH_BYTES, &at);

	if (seen == TPH_SEEN_YES)
		seen = config_get32(c, at + PCI_TPH_CAP, &cap);
	if (seen == TPH_SEEN_YES)
		seen = config_get32(c, at + PCI_TPH_CTRL, &control);
	if (seen == TPH_SEEN_YES && cap == UINT32_MAX)
		seen = TPH_SEEN_NO_ANSWER;
	f->requester.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->requester.offset = at;
	f->requester.capability = cap;
	f->requester.control = control;
	f->requester.no_st = cap & PCI_TPH_CAP_ST_NS;
	f->requester.interrupt_vector = cap & PCI_TPH_CAP_ST_IV;
	f->requester.device_specific = cap & PCI_TPH_CAP_ST_DS;
	f->requester.extended = cap & PCI_TPH_CAP_EXT_TPH;
	f->requester.table = (enum tph_table)((cap & PCI_TPH_CAP_LOC_MASK) >> 9);
	/* Without a table the size means nothing. */
	if (f->requester.table == TPH_TABLE_CAPABILITY || f->requester.table == TPH_TABLE_MSIX)
		f->requester.table_entries =
			(uint16_t)(((cap & PCI_TPH_CAP_ST_MASK) >> PCI_TPH_CAP_ST_SHIFT) + 1);
	f->requester.mode = control & PCI_TPH_CTRL_MODE_SEL_MASK;
	f->requester.enable = (enum tph_enable)((control & PCI_TPH_CTRL_REQ_EN_MASK) >> 8);
}

static void decode(struct tph_ctx *ctx, struct entry *entry, struct tph_function *f)
{
	struct config c;

	config_open(&c, ctx, entry);
	*f = (struct tph_function){.bdf = entry->bdf, .config_bytes = c.bytes};
	decode_header(&c, f);
	decode_completer(&c, f);
	decode_link(&c, f);
	decode_acs(&c, f);
	decode_ats(&c, f);
	decode_requester(&c, f);
	ctx->ops->find_above(ctx, entry, f);
	f->driver_seen = TPH_SEEN_NOT_VISIBLE;
	if (ctx->ops->find_driver)
		ctx->ops->find_driver(ctx, entry, f);
}

int function_of(struct tph_ctx *ctx, struct entry *entry, const struct tph_function **f)
{
	if (!entry->function) {
		entry->function = malloc(sizeof(*entry->function));
		if (!entry->function)
			return -ENOMEM;
		decode(ctx, entry, entry->function);
	}
	*f = entry->function;
	return 0;
}

int tph_function_read(struct tph_ctx *ctx, const struct tph_bdf *bdf,
		      struct tph_function **function)
{
	struct entry *entry = ctx_find(ctx, bdf);
	const struct tph_function *f;
	struct tph_function *copy;
	int ret = entry ? function_of(ctx, entry, &f) : -ENODEV;

	if (ret)
		return ret;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *f;
	*function = copy;
	return 0;
}

void tph_function_free(struct tph_function *function)
{
	free(function);
}

static bool is_unknown(enum tph_seen seen)
{
	return seen != TPH_SEEN_NO && seen != TPH_SEEN_YES;
}

/* TPH_LIST_* of a function. */
static unsigned roles(const struct tph_function *f)
{
	unsigned what = TPH_LIST_ALL;

	if (f->requester.seen == TPH_SEEN_YES)
		what |= TPH_LIST_REQUESTERS;
	if (f->completer.type == TPH_COMPLETER_8 || f->completer.type == TPH_COMPLETER_16)
		what |= TPH_LIST_COMPLETERS;
	if (is_unknown(f->requester.seen) || is_unknown(f->completer.seen))
		what |= TPH_LIST_UNKNOWN;
	return what;
}

/* Fills @list, which has space for all functions, with those that match @what. */
static int list_roles(struct tph_ctx *ctx, unsigned what, struct tph_bdf *list, size_t *count)
{
	const struct tph_function *f;

	*count = 0;
	for (size_t i = 0; i < ctx->count; i++) {
		int ret = what & TPH_LIST_ALL ? 0 : function_of(ctx, &ctx->entries[i], &f);

		if (ret)
			return ret;
		if (what & TPH_LIST_ALL || what & roles(f))
			list[(*count)++] = ctx->entries[i].bdf;
	}
	return 0;
}

int tph_ctx_list(struct tph_ctx *ctx, unsigned what, struct tph_bdf **list, size_t *count)
{
	struct tph_bdf *found;
	size_t n;
	int ret;

	if (!what ||
	    what & ~(TPH_LIST_REQUESTERS | TPH_LIST_COMPLETERS | TPH_LIST_UNKNOWN | TPH_LIST_ALL))
		return -EINVAL;
	found = calloc(ctx->count + 1, sizeof(*found));
	ret = found ? list_roles(ctx, what, found, &n) : -ENOMEM;
	if (ret) {
		free(found);
		return ret;
	}
	*list = found;
	*count = n;
	return 0;
}
