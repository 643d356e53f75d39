// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Vital Product Data: resources with a tag and a length; the read-only one has keywords of
 * two letters. They come from the device, so nothing in them is trusted.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libtph/internal.h"
#include "util/file.h"
#include "util/macros.h"

#define VPD_BYTES_MAX 32768 /* its address has 15 bits */

#define TAG_LARGE     0x80
#define TAG_NAME      0x82
#define TAG_READ_ONLY 0x90
#define TAG_END	      0x78
#define TAG_SMALL     0xf8 /* of a small resource; the other bits are its length */

/* Text without blanks and zeros at its end; "" if it has other bytes than printable ASCII. */
static void take_text(const uint8_t *data, size_t len, char text[TPH_VPD_CHARS])
{
	while (len && (data[len - 1] == ' ' || !data[len - 1]))
		len--;
	if (text[0] || len >= TPH_VPD_CHARS)
		return;
	for (size_t i = 0; i < len; i++)
		if (data[i] < ' ' || data[i] > '~')
			return;
	memcpy(text, data, len);
	text[len] = '\0';
}

static void take_keyword(const uint8_t *keyword, const uint8_t *data, size_t len,
			 struct tph_vpd *vpd)
{
	const struct {
		const char *name;
		char *text;
	} known[] = {{"SN", vpd->serial}, {"V3", vpd->v3}, {"VU", vpd->vu}};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!memcmp(keyword, known[i].name, 2))
			take_text(data, len, known[i].text);
}

static void take_keywords(const uint8_t *data, size_t len, struct tph_vpd *vpd)
{
	while (len >= 3 && data[2] <= len - 3) {
		size_t size = 3u + data[2];

		take_keyword(data, data + 3, data[2], vpd);
		data += size;
		len -= size;
	}
}

static void parse(const uint8_t *data, size_t len, struct tph_vpd *vpd)
{
	while (len && (data[0] & TAG_SMALL) != TAG_END) {
		bool large = data[0] & TAG_LARGE;
		size_t header = large ? 3 : 1, size;

		if (len < header)
			return;
		size = large ? data[1] | (size_t)data[2] << 8 : data[0] & 7u;
		if (size > len - header)
			return;
		if (data[0] == TAG_NAME)
			take_text(data + header, size, vpd->name);
		else if (data[0] == TAG_READ_ONLY)
			take_keywords(data + header, size, vpd);
		data += header + size;
		len -= header + size;
	}
}

/* Reads the file up to its end or to an error. The number of bytes, or a negative errno. */
static ssize_t read_all(int fd, uint8_t *data, size_t size)
{
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, data + have, size - have);
		if (n > 0)
			have += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 && !have ? -errno : (ssize_t)have;
}

static int read_file(int fd, struct tph_vpd *vpd)
{
	struct tph_vpd found = {0};
	uint8_t *data = malloc(VPD_BYTES_MAX);
	ssize_t len = data ? read_all(fd, data, VPD_BYTES_MAX) : -ENOMEM;

	if (len > 0)
		parse(data, (size_t)len, &found);
	free(data);
	if (len < 0)
		return (int)len;
	if (!found.name[0] && !found.serial[0] && !found.v3[0] && !found.vu[0])
		return -EBADMSG;
	*vpd = found;
	return 0;
}

int tph_vpd_read(struct tph_ctx *ctx, const struct tph_bdf *bdf, struct tph_vpd *vpd)
{
	int folder = ctx_open_folder(ctx, bdf), fd, ret;

	if (folder < 0)
		return folder;
	fd = file_open(folder, "vpd");
	ret = fd < 0 ? -errno : read_file(fd, vpd);
	if (fd >= 0)
		close(fd);
	close(folder);
	return ret;
}
