// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "libtph/internal.h"

/* Header, PCIe Base 6.x 7.5.1 */
#define VENDOR_ID     0x00
#define DEVICE_ID     0x02
#define CLASS_REV     0x08
#define HEADER_TYPE   0x0e
#define HEADER_BRIDGE 1
#define SECONDARY     0x19
#define SUBORDINATE   0x1a

/* PCI Express capability, 7.5.3 */
#define CAP_PCIE	  0x10
#define PCIE_FLAGS	  0x02 /* version 3:0, type 7:4 */
#define PCIE_DEVCAP2	  0x24
#define PCIE_DEVCTL2	  0x28
#define PCIE_BYTES_1	  0x14 /* version 1, the least */
#define PCIE_BYTES_2	  0x2c /* to the end of Device Control 2 */
#define DEVCAP2_COMPLETER 12   /* 13:12 */
#define DEVCAP2_PREFIX	  (1u << 21)
#define DEVCAP2_PREFIXES  22 /* 23:22, 0 means 4 */
#define DEVCTL2_BLOCK	  (1u << 15)

/* ACS, 7.7.11 */
#define EXT_CAP_ACS 0x0d
#define ACS_CAP	    0x04
#define ACS_CTRL    0x06
#define ACS_BYTES   8
#define ACS_RR	    (1u << 2)
#define ACS_CR	    (1u << 3)
#define ACS_EC	    (1u << 5)

/* TPH Requester, 7.9.13 */
#define EXT_CAP_TPH   0x17
#define TPH_CAP	      0x04
#define TPH_CTRL      0x08
#define TPH_BYTES     0x0c
#define TPH_CAP_NO_ST (1u << 0)
#define TPH_CAP_IV    (1u << 1)
#define TPH_CAP_DS    (1u << 2)
#define TPH_CAP_EXT   (1u << 8)
#define TPH_CAP_TABLE 9	 /* 10:9 */
#define TPH_CAP_SIZE  16 /* 26:16, minus 1 */
#define TPH_CTRL_EN   8	 /* 9:8 */

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
	unsigned long value;

	config_get16(c, VENDOR_ID, &f->vendor);
	config_get16(c, DEVICE_ID, &f->device);
	/* A virtual function shows no ids of its own, but the kernel knows them. */
	if (f->vendor != 0xffff || tph_ctx_is_dump(c->ctx))
		return;
	if (!live_attribute(c->ctx, &f->bdf, "vendor", &value))
		f->vendor = (uint16_t)value;
	if (!live_attribute(c->ctx, &f->bdf, "device", &value))
		f->device = (uint16_t)value;
}

static void decode_header(const struct config *c, struct tph_function *f)
{
	uint8_t type = 0;
	uint32_t class = 0;

	decode_ids(c, f);
	if (c->silent)
		return;
	if (config_get32(c, CLASS_REV, &class) == TPH_SEEN_YES)
		f->class_code = class >> 8;
	config_get8(c, HEADER_TYPE, &type);
	f->bridge = (type & 0x7f) == HEADER_BRIDGE;
	if (f->bridge) {
		config_get8(c, SECONDARY, &f->secondary);
		config_get8(c, SUBORDINATE, &f->subordinate);
	}
}

static void decode_completer(const struct config *c, struct tph_function *f)
{
	uint16_t at, flags = 0, control = 0;
	uint32_t reg = 0;
	enum tph_seen seen = config_find(c, CAP_PCIE, PCIE_BYTES_1, &at);

	if (seen == TPH_SEEN_NO)
		f->port = f->bridge ? TPH_PORT_PCI_BRIDGE : TPH_PORT_PCI;
	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCIE_FLAGS, &flags);
	if (seen == TPH_SEEN_YES) {
		f->port = port_of_type(flags >> 4);
		/* Version 1 has no second set of registers. */
		if ((flags & 0xf) < 2)
			seen = TPH_SEEN_NO;
		else if (at + PCIE_BYTES_2 > CONFIG_PCI_BYTES)
			seen = TPH_SEEN_MALFORMED;
		else
			seen = config_get32(c, at + PCIE_DEVCAP2, &reg);
	}
	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + PCIE_DEVCTL2, &control);
	/* A function in reset is no completer of everything. */
	if (seen == TPH_SEEN_YES && reg == UINT32_MAX)
		seen = TPH_SEEN_SILENT;
	f->completer.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->completer.devcap2 = reg;
	f->completer.type = (enum tph_completer)(reg >> DEVCAP2_COMPLETER & 3);
	f->completer.prefix = reg & DEVCAP2_PREFIX;
	if (f->completer.prefix)
		f->completer.prefix_max = (uint8_t)((((reg >> DEVCAP2_PREFIXES) + 3) & 3) + 1);
	f->completer.prefix_blocked = f->bridge && control & DEVCTL2_BLOCK;
}

static void decode_acs(const struct config *c, struct tph_function *f)
{
	uint16_t at = 0, cap = 0, control = 0;
	enum tph_seen seen = config_find_ext(c, EXT_CAP_ACS, ACS_BYTES, &at);

	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + ACS_CAP, &cap);
	if (seen == TPH_SEEN_YES)
		seen = config_get16(c, at + ACS_CTRL, &control);
	f->acs.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->acs.offset = at;
	f->acs.capability = cap;
	f->acs.control = control;
	f->acs.request_redirect = control & ACS_RR;
	f->acs.completion_redirect = control & ACS_CR;
	f->acs.egress_control = control & ACS_EC;
}

static void decode_requester(const struct config *c, struct tph_function *f)
{
	uint32_t cap = 0, control = 0;
	uint16_t at = 0;
	enum tph_seen seen = config_find_ext(c, EXT_CAP_TPH, TPH_BYTES, &at);

	if (seen == TPH_SEEN_YES)
		seen = config_get32(c, at + TPH_CAP, &cap);
	if (seen == TPH_SEEN_YES)
		seen = config_get32(c, at + TPH_CTRL, &control);
	if (seen == TPH_SEEN_YES && cap == UINT32_MAX)
		seen = TPH_SEEN_SILENT;
	f->requester.seen = seen;
	if (seen != TPH_SEEN_YES)
		return;
	f->requester.offset = at;
	f->requester.capability = cap;
	f->requester.control = control;
	f->requester.no_st = cap & TPH_CAP_NO_ST;
	f->requester.interrupt_vector = cap & TPH_CAP_IV;
	f->requester.device_specific = cap & TPH_CAP_DS;
	f->requester.extended = cap & TPH_CAP_EXT;
	f->requester.table = (enum tph_table)(cap >> TPH_CAP_TABLE & 3);
	/* Without a table the size means nothing. */
	if (f->requester.table == TPH_TABLE_CAPABILITY || f->requester.table == TPH_TABLE_MSIX)
		f->requester.table_entries = (uint16_t)((cap >> TPH_CAP_SIZE & 0x7ff) + 1);
	f->requester.mode = control & 7;
	f->requester.enable = (enum tph_enable)(control >> TPH_CTRL_EN & 3);
}

void function_decode(const struct config *c, struct tph_function *f)
{
	*f = (struct tph_function){.bdf = c->entry->bdf, .config_bytes = c->bytes};
	decode_header(c, f);
	decode_completer(c, f);
	decode_acs(c, f);
	decode_requester(c, f);
}

int tph_function_read(struct tph_ctx *ctx, const struct tph_bdf *bdf,
		      struct tph_function **function)
{
	struct entry *entry = ctx_find(ctx, bdf);
	struct tph_function *f;
	struct config config;

	if (!entry)
		return -ENODEV;
	f = malloc(sizeof(*f));
	if (!f)
		return -ENOMEM;
	config_open(&config, ctx, entry);
	function_decode(&config, f);
	*function = f;
	return 0;
}

void tph_function_free(struct tph_function *function)
{
	free(function);
}
