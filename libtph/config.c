// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Configuration space and its two lists of capabilities (PCIe Base 6.x 7.5.1.1,
 * 7.6.3). What is beyond the visible end is TPH_SEEN_NOT_VISIBLE, never zero.
 */
#include "libtph/internal.h"
#include "libtph/source.h"
#include "util/bytes.h"

#define CAP_FIRST     PCI_STD_HEADER_SIZEOF
#define EXT_CAP_FIRST PCI_CFG_SPACE_SIZE

static bool read_bytes(const struct config *c, unsigned offset, void *buf, size_t len)
{
	if (offset > c->bytes || len > c->bytes - offset)
		return false;
	return c->ctx->ops->read(c->ctx, c->entry, offset, buf, len);
}

enum tph_seen config_get8(const struct config *c, unsigned offset, uint8_t *value)
{
	return read_bytes(c, offset, value, 1) ? TPH_SEEN_YES : TPH_SEEN_NOT_VISIBLE;
}

enum tph_seen config_get16(const struct config *c, unsigned offset, uint16_t *value)
{
	uint8_t b[2];

	if (!read_bytes(c, offset, b, sizeof(b)))
		return TPH_SEEN_NOT_VISIBLE;
	*value = get_le16(b);
	return TPH_SEEN_YES;
}

enum tph_seen config_get32(const struct config *c, unsigned offset, uint32_t *value)
{
	uint8_t b[4];

	if (!read_bytes(c, offset, b, sizeof(b)))
		return TPH_SEEN_NOT_VISIBLE;
	*value = get_le32(b);
	return TPH_SEEN_YES;
}

void config_open(struct config *c, struct tph_ctx *ctx, struct entry *entry)
{
	uint32_t id = 0, class = 0;

	*c = (struct config){.ctx = ctx, .entry = entry};
	c->bytes = ctx->ops->visible_bytes(ctx, entry);
	/* The IDs are not enough: those of a virtual function are all ones, too. */
	c->silent = config_get32(c, 0, &id) == TPH_SEEN_YES &&
		    config_get32(c, PCI_CLASS_REVISION, &class) == TPH_SEEN_YES &&
		    id == UINT32_MAX && class == UINT32_MAX;
}

/* Where the first of the list is; 0: there is no list. */
static enum tph_seen first_capability(const struct config *c, uint8_t *at)
{
	uint8_t header;
	uint16_t status;

	*at = 0;
	if (config_get16(c, PCI_STATUS, &status) != TPH_SEEN_YES ||
	    config_get8(c, PCI_HEADER_TYPE, &header) != TPH_SEEN_YES)
		return TPH_SEEN_NOT_VISIBLE;
	if (!(status & PCI_STATUS_CAP_LIST))
		return TPH_SEEN_YES;
	return config_get8(c,
			   (header & 0x7f) == PCI_HEADER_TYPE_CARDBUS ? PCI_CB_CAPABILITY_LIST
								      : PCI_CAPABILITY_LIST,
			   at);
}

enum tph_seen config_find(const struct config *c, uint8_t id, unsigned len, uint16_t *offset)
{
	bool seen[PCI_CFG_SPACE_SIZE / 4] = {false};
	uint8_t at;

	if (c->silent)
		return TPH_SEEN_NO_ANSWER;
	if (first_capability(c, &at) != TPH_SEEN_YES)
		return TPH_SEEN_NOT_VISIBLE;
	while (at) {
		uint16_t header; /* id, pointer to the next */

		at &= 0xfc;
		if (at < CAP_FIRST || seen[at / 4])
			return TPH_SEEN_MALFORMED;
		seen[at / 4] = true;
		if (config_get16(c, at, &header) != TPH_SEEN_YES)
			return TPH_SEEN_NOT_VISIBLE;
		if ((header & 0xff) == id) {
			if (at + len > PCI_CFG_SPACE_SIZE)
				return TPH_SEEN_MALFORMED;
			*offset = at;
			return TPH_SEEN_YES;
		}
		at = (uint8_t)(header >> 8);
	}
	return TPH_SEEN_NO;
}

enum tph_seen config_find_ext(const struct config *c, uint16_t id, unsigned len, uint16_t *offset)
{
	bool seen[PCI_CFG_SPACE_EXP_SIZE / 4] = {false};
	uint16_t pcie;
	/* Without PCI Express there is no extended space, so the answer is a certain no. */
	enum tph_seen found = config_find(c, PCI_CAP_ID_EXP, 2, &pcie);
	unsigned at = EXT_CAP_FIRST;

	if (found != TPH_SEEN_YES)
		return found;
	while (at) {
		uint32_t header; /* id 15:0, version 19:16, next 31:20 */

		if (at < EXT_CAP_FIRST || seen[at / 4])
			return TPH_SEEN_MALFORMED;
		seen[at / 4] = true;
		if (config_get32(c, at, &header) != TPH_SEEN_YES)
			return TPH_SEEN_NOT_VISIBLE;
		/* An empty list is zeroes, or all ones where nothing answers. */
		if (at == EXT_CAP_FIRST && (!header || header == UINT32_MAX))
			return TPH_SEEN_NO;
		if ((header & 0xffff) == id) {
			if (at + len > PCI_CFG_SPACE_EXP_SIZE)
				return TPH_SEEN_MALFORMED;
			*offset = (uint16_t)at;
			return TPH_SEEN_YES;
		}
		at = header >> 20 & 0xffc;
	}
	return TPH_SEEN_NO;
}
